//! Other tools' numbers beside ours, for whoever changes from one of them: their bins, constants and thresholds as they are, whatever
//! we think of them.
//!
//! A slow path of its own that nothing else goes through: the tools decide about bins with all values in hand, so their columns are read
//! into memory, 8 bytes a number and each distinct text, a few columns at a time, once from each table.

mod evidently;
mod great_expectations;
mod numpy;
mod psi_deciles;
mod raw;
mod tfdv;

use std::{fmt, str::FromStr};

use crate::{
    error::TableError,
    family::Family,
    profile::State,
    report::Status,
    source::{Meter, Table, Wanted},
};

pub(crate) use raw::Raw;
use raw::{Dtype, Side};

/// As many columns are in memory at a time.
const COLUMNS_AT_ONCE: usize = 4;

/// A tool whose numbers are wanted, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compat {
    /// [Evidently](https://github.com/evidentlyai/evidently) 0.7.23 on pandas.
    Evidently,
    /// [Great Expectations](https://github.com/great-expectations/great_expectations) 1.24 on pandas:
    /// `expect_column_kl_divergence_to_be_less_than` with a partition of the reference.
    GreatExpectations,
    /// [TensorFlow Data Validation](https://github.com/tensorflow/data-validation): the formulas of its `anomalies/metrics.cc` on exact
    /// counts, where it estimates counts from a sketch of quantiles.
    Tfdv,
    /// The population stability index between deciles of the reference, as the recipe goes that is copied from place to place:
    /// `np.percentile`, `np.histogram`, 0.0001 for an empty bin.
    PsiDeciles,
}

impl Compat {
    /// Every tool.
    pub const ALL: [Self; 4] = [Self::Evidently, Self::GreatExpectations, Self::Tfdv, Self::PsiDeciles];

    /// What it is asked for by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Evidently => "evidently",
            Self::GreatExpectations => "great-expectations",
            Self::Tfdv => "tfdv",
            Self::PsiDeciles => "psi-deciles",
        }
    }

    /// What a reader should know of all its numbers.
    pub(crate) const fn note(self) -> &'static str {
        match self {
            Self::Evidently => {
                "compat evidently: by the rules of Evidently 0.7.23 on pandas; its tests (K-S, chi-square, z) where it takes them by \
                 default, up to 1000 values of the reference (K-S: and 10000 of the current table)"
            }
            Self::GreatExpectations => {
                "compat great-expectations: expect_column_kl_divergence_to_be_less_than of 1.24 on pandas, with automatic bins of the \
                 reference; nothing held out for what the reference lacks, so that it says None where the current table has that"
            }
            Self::Tfdv => {
                "compat tfdv: by the formulas of TFDV's metrics.cc, in bits, on exact counts in ten buckets of each table's range; TFDV \
                 itself estimates these counts from a sketch of quantiles, so that its numbers differ a little for numeric columns"
            }
            Self::PsiDeciles => {
                "compat psi-deciles: the recipe leaves out nulls, NaN, infinities and what lies outside the reference's range"
            }
        }
    }

    fn statistics(self, reference: &Side<'_>, current: &Side<'_>) -> Result<Vec<CompatStatistic>, String> {
        match self {
            Self::Evidently => evidently::statistics(reference, current),
            Self::GreatExpectations => great_expectations::statistics(reference, current),
            Self::Tfdv => tfdv::statistics(reference, current),
            Self::PsiDeciles => psi_deciles::statistics(reference, current),
        }
    }
}

impl fmt::Display for Compat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Compat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let names = Self::ALL.map(Self::name);
        let found = Self::ALL.into_iter().find(|tool| tool.name() == text);
        found.ok_or_else(|| format!("expected one of {}", names.join(", ")))
    }
}

/// What another tool says of a column.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CompatDrift {
    /// Which.
    pub tool: Compat,
    /// Its statistics, none where it has nothing to say.
    pub statistics: Vec<CompatStatistic>,
    /// Why there are none.
    pub reason: Option<String>,
}

/// One statistic of another tool.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct CompatStatistic {
    /// As that tool calls it.
    pub statistic: &'static str,
    /// In that tool's unit; `None` where it reports none.
    pub value: Option<f64>,
    /// From which on that tool says that the column drifted; `None` where it has no default.
    pub threshold: Option<f64>,
    /// What that tool says with its own threshold: never the verdict of this crate.
    pub drifted: Option<bool>,
}

impl CompatStatistic {
    /// Drifted from the threshold on.
    fn at_least(statistic: &'static str, value: f64, threshold: f64) -> Self {
        Self { statistic, value: Some(value), threshold: Some(threshold), drifted: Some(value >= threshold) }
    }
}

/// A column as the comparison sees it.
pub(crate) struct Asked<'a> {
    pub(crate) name: &'a str,
    pub(crate) family: Family,
    pub(crate) status: Status,
}

/// What the tool says of each column, in their order.
///
/// # Errors
/// [`TableError`]: a profile, which has no rows; a damaged table.
pub(crate) fn compat(
    tool: Compat,
    asked: &[Asked<'_>],
    reference: &Table,
    current: &Table,
    meter: &Meter<'_>,
) -> Result<Vec<CompatDrift>, TableError> {
    let mut answers = Vec::with_capacity(asked.len());
    for asked in asked.chunks(COLUMNS_AT_ONCE) {
        let wanted = || -> Vec<Wanted> {
            let comparable = asked.iter().filter(|column| column.obstacle(reference, current).is_none());
            comparable.map(|column| Wanted::one(column.name, State::Raw(Box::new(Raw::new(column.family))))).collect()
        };
        let (old, new) = rayon::join(|| reference.scan(wanted(), meter), || current.scan(wanted(), meter));
        let mut read = old?.into_iter().zip(new?);
        for column in asked {
            let said = match column.obstacle(reference, current) {
                Some(reason) => Err(reason),
                None => match read.next() {
                    Some((State::Raw(mut old), State::Raw(mut new))) => {
                        let old = Side::new(&mut old, reference.column(column.name));
                        let new = Side::new(&mut new, current.column(column.name));
                        tool.statistics(&old, &new)
                    }
                    _ => Err("was not read".to_owned()),
                },
            };
            answers.push(match said {
                Ok(statistics) => CompatDrift { tool, statistics, reason: None },
                Err(reason) => CompatDrift { tool, statistics: Vec::new(), reason: Some(reason) },
            });
        }
    }
    Ok(answers)
}

impl Asked<'_> {
    /// Why no tool can compare it.
    fn obstacle(&self, reference: &Table, current: &Table) -> Option<String> {
        if self.status != Status::Compared {
            return Some(self.status.to_string());
        }
        let (old, new) = (reference.column(self.name)?, current.column(self.name)?);
        let other = |a: Family, b: Family| a != b && a != Family::Null && b != Family::Null;
        match self.family {
            _ if other(old.family, new.family) => Some("the two tables have it in different types".to_owned()),
            Family::Number | Family::Text | Family::Null => None,
            family => Some(format!("only numbers and text are compared so, not values of kind {}", family.name())),
        }
    }
}
