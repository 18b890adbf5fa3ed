//! The arguments, as clap reads them. No logic beyond that.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Parser, Subcommand, ValueEnum};
use kullback::estimate::{Estimator, SampleEstimator};
use kullback_table::{Compat, SampleSize, Test};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold());

/// How far apart two distributions or two tables are, in nats or bits.
#[derive(Debug, Parser)]
#[command(
    name = "kullback",
    version,
    styles = STYLES,
    args_override_self = true,
    disable_help_subcommand = true,
    arg_required_else_help = false,
    after_help = "Exit code: 0 done, 1 a --check found drift, 2 an error."
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command takes, before or after its name.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Print one JSON object; infinities and NaN are strings
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Unit of entropies and divergences
    #[arg(long, global = true, value_enum, default_value_t = Unit::Nats)]
    pub(crate) unit: Unit,
    /// Number of threads [default: one a core]; results do not depend on it
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// No progress bar
    #[arg(long, global = true)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Unit {
    Nats,
    Bits,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Discrete(Discrete),
    Drift(Drift),
    Family(Family),
    Logits(Logits),
    Merge(Merge),
    Profile(Profile),
    Samples(Samples),
    /// List every divergence that `discrete --measure` knows
    Measures,
}

/// Compare two discrete distributions
///
/// Each side is an inline list `0.2,0.8`, a one-dimensional `.npy` file of any real type, or a table's column
/// `table.csv#column`, `table.parquet#column`. Entries are weights: they are normalised, not checked to sum to one.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kullback discrete [OPTIONS] <P> <Q>")]
pub(crate) struct Discrete {
    // Optional to clap only: after `--measure NAME` they are read as names at first, see `command::discrete`.
    /// The truth: what the data follow
    #[arg(value_name = "P", allow_hyphen_values = true, value_parser = not_an_option)]
    pub(crate) p: Option<String>,
    /// The model: what stands in for the truth
    #[arg(value_name = "Q", allow_hyphen_values = true, value_parser = not_an_option)]
    pub(crate) q: Option<String>,
    /// Print these divergences only; `kullback measures` lists them
    #[arg(long, value_name = "NAME", num_args = 1.., value_parser = not_an_option)]
    pub(crate) measure: Vec<String>,
    /// none, epsilon=1e-8 (added to each probability) or additive=0.5 (to each weight)
    #[arg(long, value_name = "RULE", default_value = "none")]
    pub(crate) smoothing: String,
    /// List the categories that carry KL(P‖Q)
    #[arg(long)]
    pub(crate) contributions: bool,
}

/// Compare two tables: which columns changed, by how much, and whether by chance
///
/// Tables are .parquet, .csv, .csv.gz, .csv.zst or .arrow files, a folder or glob of them, or what `kullback profile` made of one.
/// KL is KL(current‖reference): what
/// coding today's data with yesterday's model costs.
#[derive(Debug, clap::Args)]
pub(crate) struct Drift {
    /// The table to compare with (yesterday's data, the training set)
    #[arg(value_name = "REFERENCE")]
    pub(crate) reference: PathBuf,
    /// The table in question (today's data)
    #[arg(value_name = "CURRENT")]
    pub(crate) current: PathBuf,
    /// Compare these columns only
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) columns: Option<Vec<String>>,
    /// Leave these columns out
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) exclude: Vec<String>,
    /// Only rows with this value, as the report writes it: carrier=AA, month=7, dest=null; may be repeated: any of a column's values,
    /// all of several columns
    #[arg(long = "where", value_name = "COLUMN=VALUE", value_parser = condition)]
    pub(crate) filter: Vec<(String, String)>,
    /// Rows count by this column of numbers of 0 or more, as in a survey; p-values are those of the effective number of rows
    #[arg(long, value_name = "COLUMN")]
    pub(crate) weights: Option<String>,
    /// Only so many rows of each table, or a fraction of them such as 0.1, before --where
    #[arg(long, value_name = "N|FRACTION")]
    pub(crate) sample: Option<SampleSize>,
    /// Also compare each period of the current table: the values of a column, or day, week, month, quarter or year of the column
    /// of dates, or COLUMN:month; a column of that name comes first
    #[arg(long, value_name = "COLUMN|UNIT")]
    pub(crate) by: Option<String>,
    /// Also compare these columns together: carrier,dep_delay is KL(carrier) + KL(dep_delay given carrier); may be repeated
    #[arg(long, value_name = "A,B[,…]")]
    pub(crate) joint: Vec<String>,
    /// Bins of a numeric column, cut at quantiles of the reference
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) bins: usize,
    /// A column drifted if its adjusted p-value is below this
    #[arg(long, value_name = "A", default_value_t = 0.05)]
    pub(crate) alpha: f64,
    /// Where p-values come from: g (χ², or permutations where counts are small), permutation (always), or ordered (numeric columns by a
    /// test that knows the order of bins and finds shifts more surely; best with --bins 50)
    #[arg(long, value_name = "NAME", default_value_t, value_parser = test)]
    pub(crate) test: Test,
    /// Cut numeric columns at this profile's edges instead
    #[arg(long, value_name = "REF.profile.json")]
    pub(crate) edges: Option<PathBuf>,
    /// Estimator of KL: zhang-grabchak (little bias, always finite), plugin, miller-madow, jeffreys-prior, laplace, perks or
    /// shrinkage
    #[arg(long, value_name = "NAME", default_value_t)]
    pub(crate) estimator: Estimator,
    /// Also say what another tool would: evidently, great-expectations, tfdv or psi-deciles, by its own bins, constants and threshold;
    /// drifted, --check and exit codes stay ours. Reads whole columns into memory, four at a time
    #[arg(long, value_name = "TOOL")]
    pub(crate) compat: Option<Compat>,
    /// Exit with 1 if any column drifted, or with --thresholds, if any is over one of its limits
    #[arg(long)]
    pub(crate) check: bool,
    /// Limits of columns: [default] and [columns.NAME], each with any of alpha, kl, psi, nulls, ignore. Fails: an adjusted p-value
    /// below alpha; the lower end of KL's interval above kl (nats); PSI less its expectation without drift above psi; a share of
    /// nulls further than nulls from the reference's
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) thresholds: Option<PathBuf>,
    /// Write a test case a column, for CI services
    #[arg(long, value_name = "OUT.xml")]
    pub(crate) junit: Option<PathBuf>,
    /// Write a report: a page to look at (.html), a picture (.svg, .png) or a table (.csv, .md)
    #[arg(long, value_name = "OUT.html|svg|png|csv|md")]
    pub(crate) report: Option<PathBuf>,
}

/// Keep what is needed of a table to compare others with it
///
/// The profile has no rows: counts by value, counts between quantiles, and of columns with more than 65,536 distinct values a
/// sample. `kullback drift` takes it in the place of the table, `kullback merge` makes one of several.
#[derive(Debug, clap::Args)]
pub(crate) struct Profile {
    /// Files, folders and globs that together are one table
    #[arg(value_name = "TABLE", required = true)]
    pub(crate) tables: Vec<PathBuf>,
    /// Where to write the profile
    #[arg(short, long, value_name = "OUT.profile.json")]
    pub(crate) output: PathBuf,
    /// Count numbers between this profile's edges: comparisons with it, and merges of profiles that share them, are exact
    #[arg(long, value_name = "REF.profile.json")]
    pub(crate) edges: Option<PathBuf>,
}

/// Make one profile of those of a table's parts
///
/// What was counted by value or between the same edges adds up exactly, in any order; samples of rows merge into a sample.
#[derive(Debug, clap::Args)]
pub(crate) struct Merge {
    /// The profiles of the parts
    #[arg(value_name = "PROFILE", required = true)]
    pub(crate) profiles: Vec<PathBuf>,
    /// Where to write the profile of the whole
    #[arg(short, long, value_name = "OUT.profile.json")]
    pub(crate) output: PathBuf,
}

/// Compare two distributions of parametric families
///
/// Each side is a family with its parameters, by position or by name: 'normal(0, 1)', 'gamma(2, rate=3)',
/// 'mixture(0.3 normal(0, 1), 0.7 student_t(3, 4, 2))', 'multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]])'; lists and
/// matrices may be files, @matrix.npy. The value comes from a formula where there is one, otherwise from a sum, an integral
/// or, for mixtures of vectors, an average over random points, with a bound on its error.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kullback family [OPTIONS] <P> <Q>\n       kullback family --list")]
pub(crate) struct Family {
    /// The truth
    #[arg(value_name = "P", allow_hyphen_values = true, value_parser = not_an_option)]
    pub(crate) p: Option<String>,
    /// The model: what stands in for the truth
    #[arg(value_name = "Q", allow_hyphen_values = true, value_parser = not_an_option)]
    pub(crate) q: Option<String>,
    /// Print these divergences instead of KL in both directions: js, hellinger, bhattacharyya, tv, renyi=0.5, …
    #[arg(long, value_name = "NAME", num_args = 1.., value_parser = not_an_option)]
    pub(crate) measure: Vec<String>,
    /// Draw both densities and what each place adds to KL(P‖Q); - draws into the terminal
    #[arg(long, value_name = "OUT.svg|OUT.png|-")]
    pub(crate) plot: Option<PathBuf>,
    /// List the families and their parameters
    #[arg(long)]
    pub(crate) list: bool,
}

/// Compare two models' logits, row by row
///
/// Each side is an array of rows × vocabulary: a file.npy, file.npz[#array] or file.safetensors[#tensor] of float64, float32, float16 or
/// bfloat16. P is the truth (teacher, old policy, base model), Q the model of it (student, candidate, quantised copy).
#[derive(Debug, clap::Args)]
pub(crate) struct Logits {
    /// The truth: the teacher's logits
    #[arg(value_name = "P")]
    pub(crate) p: String,
    /// The model: the student's logits, as many rows and columns
    #[arg(value_name = "Q")]
    pub(crate) q: String,
    /// Divide all logits by T
    #[arg(long, value_name = "T", default_value_t = 1.0, allow_negative_numbers = true)]
    pub(crate) temperature: f64,
    /// kl, reverse-kl, jeffreys, js, gjs=β, skew-kl=λ, tv, renyi=α, hellinger, chi2 or another of `kullback measures`;
    /// may be given several times [default: kl]
    #[arg(long, visible_alias = "measure", value_name = "NAME")]
    pub(crate) divergence: Vec<String>,
    /// Write the gradient of the printed mean for the logits of Q
    #[arg(long, value_name = "OUT.npy")]
    pub(crate) gradient: Option<PathBuf>,
    /// Write the value of each row
    #[arg(long, value_name = "OUT.npy")]
    pub(crate) per_row: Option<PathBuf>,
    /// Multiply values and gradient by T²
    #[arg(long)]
    pub(crate) scale_t2: bool,
}

/// Estimate KL(X‖Y) from two samples
///
/// Each side is a `.npy` array of numbers or of points × coordinates, or a table (.parquet, .csv, .csv.gz, .arrow):
/// `table.csv#column`, `table.csv#a,b`, or all its columns of numbers. X is drawn from the truth, Y from the model of it.
#[derive(Debug, clap::Args)]
pub(crate) struct Samples {
    /// The sample of the truth
    #[arg(value_name = "X")]
    pub(crate) x: String,
    /// The sample of the model; a table without column names has those of X
    #[arg(value_name = "Y")]
    pub(crate) y: String,
    /// knn-ensemble (several numbers of neighbours, weighed against their bias), knn (one number), histogram, kde, or classifier (a lower
    /// bound)
    #[arg(long, value_name = "NAME", default_value_t)]
    pub(crate) estimator: SampleEstimator,
    /// Neighbours; implies --estimator knn, whose default is 5
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) k: Option<usize>,
    /// The probability that the interval is to cover the truth
    #[arg(long, value_name = "C", default_value_t = 0.95, allow_negative_numbers = true)]
    pub(crate) confidence: f64,
}

fn test(name: &str) -> Result<Test, &'static str> {
    let known = [Test::G, Test::Permutation, Test::Ordered];
    known.into_iter().find(|test| test.to_string() == name).ok_or("expected g, permutation or ordered")
}

/// Lists may begin with a minus sign, so clap hands over mistyped options as well.
fn not_an_option(text: &str) -> Result<String, &'static str> {
    match text.starts_with("--") {
        true => Err("no such option; see --help"),
        false => Ok(text.to_owned()),
    }
}

/// `column=value`; a name may not have an equals sign in it, a value may.
fn condition(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((column, value)) if !column.is_empty() => Ok((column.to_owned(), value.to_owned())),
        _ => Err("expected COLUMN=VALUE, such as carrier=AA"),
    }
}
