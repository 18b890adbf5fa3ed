//! What `drift` reports.

use std::fmt;

use crate::compat::CompatDrift;

/// How the rows of a column are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Between quantiles of the reference.
    Numeric,
    /// By value.
    Categorical,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Numeric => "numeric",
            Self::Categorical => "categorical",
        })
    }
}

/// What can be said of a column at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// Both sides have it, with values in common.
    Compared,
    /// Both sides have it, with no value in common: a key of the table, such as its month, or a complete change.
    Disjoint,
    /// Both sides hold one and the same value, or nothing but nulls: there is nothing to test.
    Constant,
    /// Only the current table has it.
    OnlyInCurrent,
    /// Only the reference has it.
    OnlyInReference,
    /// Nested, binary or interval: not compared.
    Unsupported,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Compared => "compared",
            Self::Disjoint => "disjoint",
            Self::Constant => "constant",
            Self::OnlyInCurrent => "only in current",
            Self::OnlyInReference => "only in reference",
            Self::Unsupported => "unsupported",
        })
    }
}

/// Where a p-value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Test {
    /// The G test: χ² where every expected count is at least 5, else permutations of the counts. See [`g_test`](kullback::estimate::g_test).
    #[default]
    G,
    /// The G test, always by permutations. See [`permutation_test`](kullback::estimate::permutation_test).
    Permutation,
    /// Numeric columns by a test that knows the order of bins and finds a shift more surely, best with 50 bins; the others by the G
    /// test. See [`ordered_test`](kullback::estimate::ordered_test).
    Ordered,
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::G => "g",
            Self::Permutation => "permutation",
            Self::Ordered => "ordered",
        })
    }
}

/// The comparison of two tables.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DriftReport {
    /// Rows of the reference table.
    pub rows_reference: u64,
    /// Rows of the current table.
    pub rows_current: u64,
    /// The false discovery rate asked for.
    pub alpha: f64,
    /// The estimator of `kl` and `kl_reverse`.
    pub estimator: kullback::estimate::Estimator,
    /// Every column of either table once (or those chosen), the strongest evidence first.
    pub columns: Vec<ColumnDrift>,
    /// The current table along time, where that was asked for.
    pub timeline: Option<Timeline>,
    /// Columns together, where that was asked for.
    pub joint: Vec<JointDrift>,
    /// What a reader should know of the whole, in plain words: a sample, weights.
    pub notes: Vec<String>,
}

impl DriftReport {
    /// True if any column drifted: what `--check` asks.
    #[must_use]
    pub fn drifted(&self) -> bool {
        self.columns.iter().any(|column| column.drifted)
    }
}

/// One column of two tables. All divergences are in nats, and `None` where the column is not in both tables or is of a type
/// that is not compared.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ColumnDrift {
    /// The column's name.
    pub column: String,
    /// How its rows are counted.
    pub kind: Kind,
    /// Whether and how it could be compared.
    pub status: Status,
    /// Bins or values counted: the length of `contributions`.
    pub bins: usize,
    /// KL(current‖reference). An estimate may be slightly negative; it is never clamped. +∞ with the plug-in estimator
    /// where the reference leaves a bin empty that the current table fills.
    pub kl: Option<f64>,
    /// KL(reference‖current), by the same estimator.
    pub kl_reverse: Option<f64>,
    /// Lower and upper end of the 95 % interval for KL(current‖reference) over these bins, whichever estimator `kl` is by: see
    /// [`CountInterval`](kullback::estimate::CountInterval). The lower end may be negative.
    pub interval: Option<(f64, f64)>,
    /// Bins that the current table fills and the reference leaves empty.
    pub zero_cells: Option<usize>,
    /// The share of the current table's rows in those bins.
    pub zero_mass: Option<f64>,
    /// What the plug-in KL of as many rows and bins is expected to be without drift.
    pub kl_null: Option<f64>,
    /// Jensen–Shannon divergence of the two normalised histograms, weights ½ and ½.
    pub jensen_shannon: Option<f64>,
    /// Population stability index, Σ(p−q)ln(p/q): +∞ where a bin is empty on one side.
    pub psi: Option<f64>,
    /// What `psi` is expected to be without drift, for as many rows and bins.
    pub psi_null: Option<f64>,
    /// The two-sample G statistic, 2(N+M)·JS weighted by sample size. A below or above bin that the reference leaves empty
    /// is joined to its neighbour for it, for the degrees of freedom and for the p-value.
    pub g: Option<f64>,
    /// Bins that hold anything, less one.
    pub degrees_of_freedom: Option<u64>,
    /// Probability of a G this large without drift; `None` where there is nothing to test.
    pub p_value: Option<f64>,
    /// Which test `p_value` is from: permutations, too, where χ² was asked for and a bin's expected count is below 5.
    pub test: Test,
    /// Benjamini–Hochberg over the columns with a p-value.
    pub p_adjusted: Option<f64>,
    /// `p_adjusted < alpha`.
    pub drifted: bool,
    /// Nulls among the reference's rows; `None` if it lacks the column.
    pub null_fraction_reference: Option<f64>,
    /// Nulls among the current table's rows; `None` if it lacks the column.
    pub null_fraction_current: Option<f64>,
    /// Every bin or value counted: numeric ones in order, values by frequency; then `other`, `NaN` and `null`.
    pub contributions: Vec<Contribution>,
    /// What another tool says of it, where that was asked for.
    pub compat: Option<CompatDrift>,
    /// What a reader should know, in plain words.
    pub notes: Vec<String>,
}

/// The current table in periods, each compared with the reference and with the period before it.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Timeline {
    /// What the periods are: a column's values, or months of a column of dates.
    pub by: String,
    /// Those that hold rows, in order. Rows without a value there are in none.
    pub periods: Vec<Period>,
}

/// One period of a [`Timeline`].
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Period {
    /// Its name: `2013-07`, or the value of the column.
    pub name: String,
    /// Rows of the current table in it; with weights, how many of equal weight say as much.
    pub rows: u64,
    /// The compared columns, in the order of [`DriftReport::columns`].
    pub columns: Vec<PeriodColumn>,
}

/// One column in one period; the bins are those of the whole comparison.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct PeriodColumn {
    /// The column's name.
    pub column: String,
    /// KL(period‖reference), nats.
    pub kl: f64,
    /// The 95 % interval of that.
    pub interval: (f64, f64),
    /// KL(period‖period before), nats; `None` in the first.
    pub kl_previous: Option<f64>,
    /// Probability of as large a difference from the reference without drift; `None` where there is nothing to test.
    pub p_value: Option<f64>,
    /// Benjamini–Hochberg over all columns and periods.
    pub p_adjusted: Option<f64>,
}

/// Several columns together: by the chain rule KL(a, b) = KL(a) + KL(b given a).
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct JointDrift {
    /// The columns, in the order of the chain.
    pub columns: Vec<String>,
    /// KL of all of them together, nats: the sum of the parts.
    pub kl: f64,
    /// One a column.
    pub parts: Vec<ConditionalDrift>,
}

/// One column given those before it in the chain.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ConditionalDrift {
    /// The column.
    pub column: String,
    /// What it is given.
    pub given: Vec<String>,
    /// KL(current‖reference) of it given these, nats.
    pub kl: f64,
    /// The G statistic of the conditional part.
    pub g: f64,
    /// Its degrees of freedom.
    pub degrees_of_freedom: u64,
    /// Probability of a G this large if the column is distributed as before given the others, whatever became of those; `None` where
    /// there is nothing to test.
    pub p_value: Option<f64>,
    /// `p_value` is from permutations within the combinations of `given` and not from χ².
    pub permuted: bool,
    /// The 20 combinations that carry most of `kl`, by size; they add up to it when all are listed. `bin` is `[40, 1301]` of
    /// the first column and `EV: [40, 1301]` given the value EV.
    pub contributions: Vec<Contribution>,
}

/// One bin or value.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Contribution {
    /// Its name: `[2, 7)`, `below 0`, a value, `other`, `NaN`, `null`.
    pub bin: String,
    /// Rows of the reference in it; with weights, how many of equal weight say as much.
    pub reference: u64,
    /// Rows of the current table in it.
    pub current: u64,
    /// Its signed part of `kl`.
    pub nats: f64,
}
