//! Tables made into profiles.

use std::path::{Path, PathBuf};

use super::{
    BinCounts, NumericScan, State, Summary, Values,
    file::{FORMAT, VERSION},
    number::Number,
    store::{Profile, ProfileColumn, StoredBins, between},
};
use crate::{
    bins::Bins,
    error::TableError,
    family::Family,
    source::{Column, Meter, Table, Wanted},
    threads::on_threads,
};

/// How to make a profile.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ProfileOptions {
    /// A profile whose edges columns of numbers are counted between, instead of quantiles of their own. No sample is kept then, so
    /// that merging is exact, bit for bit.
    pub edges: Option<PathBuf>,
    /// Threads to read with; `None` for all. The profile does not depend on it.
    pub threads: Option<usize>,
}

/// Quantiles of a column, as [`DriftOptions::default`](crate::DriftOptions) has them.
const BINS: usize = 10;

/// Makes a profile of a table: files, folders or globs, as [`drift`](crate::drift()) takes them, which together are one table. `progress`
/// is called with the bytes read and the bytes to read, as far as is known.
///
/// Memory does not grow with the number of rows. The table is read once, and columns with more than 65,536 distinct numbers once
/// more.
///
/// # Errors
/// [`TableError`]: a table that is missing, empty or damaged, or an option out of range.
pub fn profile(
    paths: &[PathBuf],
    options: &ProfileOptions,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Profile, TableError> {
    let edges = Edges::read(options.edges.as_deref())?;
    on_threads(options.threads, || run(paths, &edges, progress))
}

/// The edges of another profile, column by column.
#[derive(Debug, Default)]
pub(crate) struct Edges(Option<Profile>);

impl Edges {
    /// Those of the profile, if there is one.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self, TableError> {
        Ok(Self(path.map(Profile::read).transpose()?))
    }

    /// How it counts a column of this family.
    pub(crate) fn of(&self, name: &str, family: Family) -> Fixed<'_> {
        match self.0.as_ref().and_then(|profile| profile.column(name)) {
            Some(column) if column.family_of_values() != family => Fixed::Unknown,
            Some(column) if column.by_value() => Fixed::ByValue,
            Some(column) => column.edges().map_or(Fixed::Unknown, |(edges, wanted)| Fixed::Edges(edges, wanted)),
            None => Fixed::Unknown,
        }
    }
}

/// How another profile counts a column of numbers.
pub(crate) enum Fixed<'a> {
    /// Between these edges; that many were asked for.
    Edges(&'a Bins, usize),
    ByValue,
    /// It does not.
    Unknown,
}

fn run(paths: &[PathBuf], edges: &Edges, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Profile, TableError> {
    let meter = Meter::new(progress);
    let table = Table::open_all(paths, &meter)?;
    if table.columns.first().is_some_and(|column| table.profiled(&column.name).is_some()) {
        return Err(TableError::ProfileForRows { path: table.path });
    }
    let question = |column: &Column| match column.family {
        Family::Text => State::Texts(Values::default()),
        family if family.is_numeric() => State::Summary(Box::new(Summary::new(NumericScan::new(family, BINS)))),
        _ => State::Nulls { rows: 0, nulls: 0 },
    };
    let wanted = table.columns.iter().map(|column| Wanted::one(&column.name, question(column)));
    let seen = table.scan(wanted.collect(), &meter)?;
    let mut columns: Vec<ProfileColumn> =
        table.columns.iter().zip(seen).map(|(column, state)| first_look(column, state, edges)).collect();

    let open = |column: &&mut ProfileColumn| column.bins.as_ref().is_some_and(|bins| bins.counts.is_empty());
    let questions = columns.iter_mut().filter(open).filter_map(|column| {
        let edges = column.bins.as_ref()?.edges.clone();
        Some(Wanted::one(&column.name, State::Bins(Box::new(BinCounts::new(edges)))))
    });
    let counted = table.scan(questions.collect(), &meter)?;
    for (column, state) in columns.iter_mut().filter(open).zip(counted) {
        if let (Some(bins), State::Bins(counted)) = (&mut column.bins, state) {
            bins.counts = counted.counts;
        }
    }
    meter.finish();
    Ok(Profile { format: FORMAT.to_owned(), version: VERSION, rows: table.rows, columns })
}

/// A column after the first pass; bins without counts are still to be counted.
pub(super) fn first_look(column: &Column, state: State, edges: &Edges) -> ProfileColumn {
    let (nulls, _) = state.nulls_and_rows();
    let mut made = ProfileColumn {
        name: column.name.clone(),
        family: column.family,
        type_name: column.type_name.clone(),
        declared: column.declared,
        nulls,
        nans: state.nans(),
        range: None,
        bins: None,
        numbers: None,
        texts: None,
    };
    match state {
        State::Texts(values) => made.texts = Some(values.counts.into_bag()),
        State::Summary(summary) => {
            let Summary { scan, values } = *summary;
            made.range = scan.range().map(|(low, high)| (Number(low), Number(high)));
            let bag = values.counts.into_bag().map(|bits| Number(f64::from_bits(*bits)));
            let whole = bag.is_whole();
            let of_other = edges.of(&column.name, column.family);
            let fixed = matches!(of_other, Fixed::Edges(..));
            let edges = match of_other {
                Fixed::Edges(edges, wanted) => Some((edges.clone(), wanted)),
                Fixed::ByValue => None,
                Fixed::Unknown => (!scan.by_value()).then(|| (scan.into_bins(), BINS)),
            };
            made.bins = edges.map(|(edges, wanted)| {
                let counts = if whole { between(&edges, &bag) } else { Vec::new() };
                StoredBins { wanted, fixed, edges, counts }
            });
            made.numbers = (whole || !fixed).then_some(bag);
        }
        _ => {}
    }
    made
}
