//! Two tables: one pass to find edges and values, one to count, then the comparison.

use std::path::{Path, PathBuf};

use kullback::estimate::{Estimator, benjamini_hochberg};
use rayon::prelude::*;

use crate::{
    cells::Cells,
    chain::chain,
    compare::compare,
    compat::{self, Asked, Compat},
    error::TableError,
    family::Family,
    profile::{BinCounts, Edges, Fixed, MAX_NAMED, NamedCounts, NumericScan, State, Values, chosen},
    report::{ColumnDrift, DriftReport, Kind, Status, Test},
    selection::{RowSelection, select_rows},
    source::{Column, Meter, Table, Wanted},
    threads::on_threads,
    timeline::{Axis, timeline},
};

/// A column's sample is up to 2 MB, so that this bounds the memory for tables of any width.
const COLUMNS_AT_ONCE: usize = 128;

/// How to compare.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DriftOptions {
    /// Estimator of `kl` and `kl_reverse`.
    pub estimator: Estimator,
    /// Bins of a numeric column: quantiles of the reference, 1 to 10,000.
    pub bins: usize,
    /// A profile whose edges numeric columns are counted between, in the place of quantiles of the reference.
    pub edges: Option<PathBuf>,
    /// Columns with an adjusted p-value below this drifted.
    pub alpha: f64,
    /// Where p-values come from.
    pub test: Test,
    /// Which columns.
    pub columns: ColumnSelection,
    /// Which rows, and how much each counts.
    pub rows: RowSelection,
    /// Also compare periods of the current table: those of a column, `month`, or of dates, `COLUMN:month`.
    pub by: Option<String>,
    /// Also compare these columns together, two or more in the order of the chain rule: KL(a, b) = KL(a) + KL(b given a).
    pub joint: Vec<Vec<String>>,
    /// Also say what another tool says of each column: see [`Compat`]. Reads all numbers and all distinct
    /// texts of four columns at a time into memory. Not for profiles, nor beside weights.
    pub compat: Option<Compat>,
    /// Threads to read with; `None` for all. The report does not depend on it.
    pub threads: Option<usize>,
}

impl Default for DriftOptions {
    fn default() -> Self {
        Self {
            estimator: Estimator::default(),
            bins: 10,
            edges: None,
            alpha: 0.05,
            test: Test::default(),
            columns: ColumnSelection::default(),
            rows: RowSelection::default(),
            by: None,
            joint: Vec::new(),
            compat: None,
            threads: None,
        }
    }
}

/// The columns to compare.
#[derive(Debug, Clone, Default)]
pub struct ColumnSelection {
    /// These only; `None` for all. Each must be in one of the tables.
    pub include: Option<Vec<String>>,
    /// Not these. Each must be in one of the tables.
    pub exclude: Vec<String>,
}

/// Compares two tables column by column, each a `.parquet`, `.csv`, `.tsv`, `.csv.gz`, `.csv.zst`, `.arrow` or `.feather` file, a
/// folder of them or a glob, where a column that only some files have is null in the others; or the `.profile.json` of one
/// ([`profile`](crate::profile())). `progress` is called with the bytes read and the bytes to read, as far as is known.
///
/// Memory does not grow with the number of rows, but for [`DriftOptions::compat`].
///
/// # Errors
/// [`TableError`]: a table that is missing, empty or damaged, a chosen column that neither table has, an option out of range.
/// Differences between the schemas are not errors; they are in the report.
pub fn drift(
    reference: impl AsRef<Path>,
    current: impl AsRef<Path>,
    options: &DriftOptions,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<DriftReport, TableError> {
    let (reference, current) = (reference.as_ref(), current.as_ref());
    let out_of_range = |name, value: String, expected| Err(TableError::Option { name, value, expected });
    if !(options.alpha > 0.0 && options.alpha < 1.0) {
        return out_of_range("alpha", options.alpha.to_string(), "a number between 0 and 1");
    }
    if !(1..=10_000).contains(&options.bins) {
        return out_of_range("bins", options.bins.to_string(), "1 to 10000");
    }
    if let (Some(tool), Some(_)) = (options.compat, &options.rows.weights) {
        return out_of_range("compat", format!("{tool} beside weights"), "no weights, which that tool does not know");
    }
    on_threads(options.threads, || run(reference, current, options, progress))
}

fn run(
    reference: &Path,
    current: &Path,
    options: &DriftOptions,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<DriftReport, TableError> {
    let meter = Meter::new(progress);
    let edges = Edges::read(options.edges.as_deref())?;
    let mut reference = Table::open(reference, &meter)?;
    let mut current = Table::open(current, &meter)?;
    let axis = options.by.as_ref().map(|by| Axis::find(by, &current)).transpose()?;
    let names = select(&reference, &current, &options.columns)?;
    let [old, new] = select_rows([&mut reference, &mut current], &options.rows, &meter)?;
    let mut plans: Vec<Plan> = names.into_iter().map(|name| Plan::new(name, &reference, &current)).collect();
    let others = match options.compat {
        Some(tool) => {
            let asked: Vec<Asked<'_>> = plans.iter().map(Plan::asked).collect();
            compat::compat(tool, &asked, &reference, &current, &meter)?.into_iter().map(Some).collect()
        }
        None => vec![None; plans.len()],
    };
    let mut cells = Vec::with_capacity(plans.len());
    for plans in plans.chunks_mut(COLUMNS_AT_ONCE) {
        cells.extend(count(plans, &reference, &current, options.bins, &edges, &meter)?);
    }
    let cells: Vec<Cells> = cells.into_iter().map(|cells| cells.weighted(old.effective, new.effective)).collect();

    let columns: Result<Vec<ColumnDrift>, TableError> = plans
        .into_par_iter()
        .zip(&cells)
        .zip(others)
        .map(|((plan, cells), other)| {
            let column = compare(plan.name, plan.status, cells, plan.notes, options)?;
            Ok(ColumnDrift { compat: other, ..column })
        })
        .collect();
    let mut columns: Vec<(ColumnDrift, &Cells)> = columns?.into_iter().zip(&cells).collect();
    adjust(columns.iter_mut().map(|(column, _)| (column.p_value, &mut column.p_adjusted)));
    for (column, _) in &mut columns {
        column.drifted = column.p_adjusted.is_some_and(|p| p < options.alpha);
    }
    columns.sort_by(|a, b| by_evidence(&a.0, &b.0));
    let compared: Vec<(&str, &Cells)> = columns
        .iter()
        .filter(|(column, _)| column.kl.is_some())
        .map(|(column, cells)| (column.column.as_str(), *cells))
        .collect();
    let timeline = match axis {
        Some(axis) => Some(timeline(&axis, &current, new.effective, &compared, options, &meter)?),
        None => None,
    };
    let mut joint = Vec::with_capacity(options.joint.len());
    for columns in &options.joint {
        let columns = together(columns, &compared, &reference)?;
        joint.push(chain(&columns, [(&current, new.effective), (&reference, old.effective)], options, &meter)?);
    }
    meter.finish();
    Ok(DriftReport {
        rows_reference: reference.rows,
        rows_current: current.rows,
        alpha: options.alpha,
        estimator: options.estimator,
        columns: columns.into_iter().map(|(column, _)| column).collect(),
        timeline,
        joint,
        notes: [
            reference.notes,
            current.notes,
            old.notes,
            new.notes,
            options.compat.iter().map(|tool| tool.note().to_owned()).collect(),
        ]
        .concat(),
    })
}

/// The columns of a chain with their cells.
fn together<'a>(
    names: &[String],
    compared: &[(&'a str, &'a Cells)],
    table: &Table,
) -> Result<Vec<(&'a str, &'a Cells)>, TableError> {
    let twice = names.iter().enumerate().any(|(at, name)| names[..at].contains(name));
    if names.len() < 2 || twice {
        let expected = "two or more columns, each once, such as carrier,dep_delay";
        return Err(TableError::Option { name: "joint", value: format!("`{}`", names.join(",")), expected });
    }
    let find = |name: &String| {
        let known = compared.iter().find(|(known, _)| known == name);
        known.copied().ok_or_else(|| TableError::no_column(&table.path, name, compared.iter().map(|(name, _)| *name)))
    };
    names.iter().map(find).collect()
}

/// The chosen columns: those of the reference in its order, then those that only the current table has.
fn select(reference: &Table, current: &Table, selection: &ColumnSelection) -> Result<Vec<String>, TableError> {
    let mut names: Vec<String> = reference.columns.iter().map(|column| column.name.clone()).collect();
    names.extend(
        current
            .columns
            .iter()
            .filter(|column| reference.column(&column.name).is_none())
            .map(|column| column.name.clone()),
    );
    for asked in selection.include.iter().flatten().chain(&selection.exclude) {
        if !names.contains(asked) {
            return Err(TableError::no_column(&reference.path, asked, names.iter().map(String::as_str)));
        }
    }
    if let Some(include) = &selection.include {
        names.retain(|name| include.contains(name));
    }
    names.retain(|name| !selection.exclude.contains(name));
    Ok(names)
}

/// What to do with one column.
struct Plan {
    name: String,
    status: Status,
    family: Family,
    notes: Vec<String>,
}

impl Plan {
    fn new(name: String, reference: &Table, current: &Table) -> Self {
        let plan = |name, status, family, notes| Self { name, status, family, notes };
        let (old, new) = match (reference.column(&name), current.column(&name)) {
            (Some(old), Some(new)) => (old, new),
            (old, new) => {
                let family = old.or(new).map_or(Family::Null, |column| column.family);
                let status = if old.is_some() { Status::OnlyInReference } else { Status::OnlyInCurrent };
                return plan(name, status, family, vec![format!("{status}: not compared")]);
            }
        };
        let family = old.family.common(new.family);
        let of = |side: &str, column: &Column| -> Vec<String> {
            column.notes.iter().map(|note| format!("{side}: {note}")).collect()
        };
        let mut notes = [of("reference", old), of("current table", new)].concat();
        let families = [old.family, new.family];
        if family == Family::Unsupported {
            notes.push(format!(
                "{} in the reference, {} in the current table: not compared",
                old.type_name, new.type_name
            ));
            return plan(name, Status::Unsupported, family, notes);
        }
        if old.family != new.family && !families.contains(&Family::Null) {
            notes.push(format!("retyped from {} to {}: compared as text", old.type_name, new.type_name));
        } else if old.type_name != new.type_name && old.declared && new.declared {
            notes.push(format!("retyped from {} to {}", old.type_name, new.type_name));
        }
        plan(name, Status::Compared, family, notes)
    }

    fn asked(&self) -> Asked<'_> {
        Asked { name: &self.name, family: self.family, status: self.status }
    }

    fn compared(&self) -> bool {
        self.status == Status::Compared
    }
}

/// The counts of every column on both sides.
fn count(
    plans: &mut [Plan],
    reference: &Table,
    current: &Table,
    bins: usize,
    edges: &Edges,
    meter: &Meter<'_>,
) -> Result<Vec<Cells>, TableError> {
    let nulls = || State::Nulls { rows: 0, nulls: 0 };
    let first_look = |plan: &Plan| match plan.family {
        _ if !plan.compared() => nulls(),
        family if family.is_numeric() => match edges.of(&plan.name, family) {
            Fixed::Edges(edges, _) => State::Bins(Box::new(BinCounts::new(edges.clone()))),
            Fixed::ByValue => State::Numbers(Values::default()),
            Fixed::Unknown => State::Scan(Box::new(NumericScan::new(family, bins))),
        },
        Family::Text => State::Texts(Values::default()),
        _ => nulls(),
    };
    let first = scan(reference, plans, plans.iter().map(|plan| Some(first_look(plan))).collect(), meter)?;
    // With the reference's edges known, one pass over the current table is enough; numbers counted by value need
    // the same first look as text.
    let questions: Vec<Option<State>> = first.into_par_iter().map(|state| state.map(settle)).collect();
    let of_current = questions.iter().map(|state| state.as_ref().map(State::fresh)).collect();
    let again =
        questions.iter().map(|state| state.as_ref().filter(|state| state.needs_rescan()).map(State::fresh)).collect();
    let both = |old, new| {
        let plans: &[Plan] = plans;
        rayon::join(|| scan(reference, plans, old, meter), || scan(current, plans, new, meter))
    };
    let (recounted, current_first) = both(again, of_current);
    let current_first = current_first?;
    let reference_first: Vec<Option<State>> =
        recounted?.into_iter().zip(questions).map(|(new, old)| new.or(old)).collect();

    // Values too many to count whole: those to name are known now.
    let named: Vec<Option<State>> = reference_first
        .iter()
        .zip(&current_first)
        .map(|(old, new)| name_values(old.as_ref()?, new.as_ref()?))
        .collect();
    let fresh = || named.iter().map(|state| state.as_ref().map(State::fresh)).collect();
    let (reference_named, current_named) = both(fresh(), fresh());
    let (reference_named, current_named) = (reference_named?, current_named?);

    let old = reference_named.into_iter().zip(reference_first).map(|(named, first)| named.or(first));
    let new = current_named.into_iter().zip(current_first).map(|(named, first)| named.or(first));
    let mut cells: Vec<Cells> =
        plans.iter().zip(old.zip(new)).map(|(plan, (old, new))| Cells::new(plan.family, old, new)).collect();
    for (plan, cells) in plans.iter_mut().zip(&mut cells) {
        plan.notes.extend(sampled(&mut cells.nulls_reference, "the reference", reference, &plan.name));
        plan.notes.extend(sampled(&mut cells.nulls_current, "the current table", current, &plan.name));
    }
    Ok(cells)
}

/// A note, where a profile could count a sample of the rows only; the nulls of all rows take the place of the sample's.
fn sampled(nulls: &mut Option<(u64, u64)>, side: &str, table: &Table, column: &str) -> Option<String> {
    let all = table.profiled(column)?;
    let (_, rows) = nulls.replace(all)?;
    (rows < all.1).then(|| {
        // Hoeffding's bound.
        let error = 100.0 * (2e6_f64.ln() / (2.0 * rows as f64)).sqrt();
        format!(
            "{side} is a profile that has a sample of {rows} rows for these bins: shares are off by at most {error:.1} % of the \
             rows, but for a chance of 1 in a million"
        )
    })
}

/// Streams a table into the states there are, for the columns that it has.
fn scan(
    table: &Table,
    plans: &[Plan],
    states: Vec<Option<State>>,
    meter: &Meter<'_>,
) -> Result<Vec<Option<State>>, TableError> {
    let mut at = Vec::new();
    let mut wanted = Vec::new();
    for (index, (plan, state)) in plans.iter().zip(states).enumerate() {
        if let Some(state) = state
            && table.column(&plan.name).is_some()
        {
            at.push(index);
            wanted.push(Wanted::one(&plan.name, state));
        }
    }
    let mut seen: Vec<Option<State>> = plans.iter().map(|_| None).collect();
    for (index, state) in at.into_iter().zip(table.scan(wanted, meter)?) {
        seen[index] = Some(state);
    }
    Ok(seen)
}

/// What the first look at the reference decides: bins or values.
fn settle(state: State) -> State {
    match state {
        State::Scan(scan) if scan.by_value() => State::Numbers(Values::default()),
        State::Scan(scan) => State::Bins(Box::new(BinCounts::new(scan.into_bins()))),
        state => state,
    }
}

/// The question for another pass, if one side has too many values to count whole.
fn name_values(old: &State, new: &State) -> Option<State> {
    match (old, new) {
        (State::Texts(old), State::Texts(new)) if !(old.counts.is_whole() && new.counts.is_whole()) => {
            Some(State::NamedTexts(Values::of(NamedCounts::new(&chosen(old, new, MAX_NAMED)))))
        }
        (State::Numbers(old), State::Numbers(new)) if !(old.counts.is_whole() && new.counts.is_whole()) => {
            Some(State::NamedNumbers(Values::of(NamedCounts::new(&chosen(old, new, MAX_NAMED)))))
        }
        _ => None,
    }
}

/// Benjamini–Hochberg over the p-values that there are, each to its place.
pub(crate) fn adjust<'a>(tested: impl Iterator<Item = (Option<f64>, &'a mut Option<f64>)>) {
    let (p_values, places): (Vec<f64>, Vec<_>) = tested.filter_map(|(p, place)| Some((p?, place))).unzip();
    for (place, adjusted) in places.into_iter().zip(benjamini_hochberg(&p_values)) {
        *place = Some(adjusted);
    }
}

/// Drifted columns by their evidence; then what is disjoint because each side is one key, such as the month of a month's file;
/// then the rest.
fn by_evidence(a: &ColumnDrift, b: &ColumnDrift) -> std::cmp::Ordering {
    let group = |column: &ColumnDrift| match (column.status, column.p_value) {
        (Status::Disjoint, _) if column.bins == 2 => 1,
        (_, Some(_)) if column.drifted => 0,
        (_, Some(_)) => 2,
        (Status::OnlyInCurrent | Status::OnlyInReference, None) => 3,
        _ => 4,
    };
    let p = |column: &ColumnDrift| column.p_adjusted.unwrap_or(1.0);
    let g = |column: &ColumnDrift| column.g.unwrap_or(0.0);
    group(a)
        .cmp(&group(b))
        .then(p(a).total_cmp(&p(b)))
        .then(g(b).total_cmp(&g(a)))
        .then_with(|| a.column.cmp(&b.column))
}

/// The kind of a column that was not counted.
pub(crate) fn kind_of(family: Family) -> Kind {
    if family.is_numeric() { Kind::Numeric } else { Kind::Categorical }
}
