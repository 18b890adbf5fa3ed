//! The current table in periods.

use std::sync::Arc;

use kullback::estimate::CountInterval;
use rayon::prelude::*;

use crate::{
    calendar::Unit,
    cells::Cells,
    compare::Tested,
    drift::{DriftOptions, adjust},
    error::TableError,
    family::Family,
    joint::{JointCounts, KeyScan, MAX_PERIODS},
    profile::State,
    report::{Period, PeriodColumn, Timeline},
    rows::Effective,
    source::{Meter, Table, Wanted},
};

/// What divides a table into periods.
#[derive(Debug)]
pub(crate) struct Axis {
    column: String,
    family: Family,
    unit: Option<Unit>,
}

impl Axis {
    /// A column by its name; a unit of the table's only column of dates; or `COLUMN:unit`. In this order: a column that is called
    /// `month` wins.
    pub(crate) fn find(by: &str, table: &Table) -> Result<Self, TableError> {
        if let Some(column) = table.column(by) {
            let axis = Self { column: column.name.clone(), family: column.family, unit: None };
            return if column.family == Family::Unsupported { Err(axis.unfit(table)) } else { Ok(axis) };
        }
        let instants: Vec<&str> = table
            .columns
            .iter()
            .filter(|column| column.family == Family::Instant)
            .map(|column| column.name.as_str())
            .collect();
        let (column, unit) = match (by.parse::<Unit>(), by.rsplit_once(':')) {
            (Ok(unit), _) => match instants.as_slice() {
                [only] => (*only, unit),
                [] => return Err(option(by, "a column; the table has none of dates that could be divided")),
                [first, ..] => {
                    let of = instants.join(", ");
                    return Err(option(&format!("{by}, of which of {of}?"), &format!("such as {first}:{by}")));
                }
            },
            (_, Some((column, unit))) if table.column(column).is_some() => match unit.parse::<Unit>() {
                Ok(unit) => (column, unit),
                Err(()) => return Err(option(by, "COLUMN:day, :week, :month, :quarter or :year")),
            },
            _ => return Err(table.lacks(by)),
        };
        let family = table.column(column).map_or(Family::Null, |column| column.family);
        let axis = Self { column: column.to_owned(), family, unit: Some(unit) };
        if family == Family::Instant { Ok(axis) } else { Err(axis.unfit(table)) }
    }

    fn unfit(&self, table: &Table) -> TableError {
        let found = table.column(&self.column).map_or_else(String::new, |column| column.type_name.clone());
        TableError::ColumnType {
            path: table.path.clone(),
            column: self.column.clone(),
            found,
            expected: if self.unit.is_some() { "dates or timestamps" } else { "values that can divide a table" },
        }
    }

    fn title(&self) -> String {
        match self.unit {
            Some(unit) => format!("{unit} of {}", self.column),
            None => self.column.clone(),
        }
    }
}

fn option(value: &str, expected: &str) -> TableError {
    TableError::By { value: value.to_owned(), expected: expected.to_owned() }
}

/// Every period against the whole reference, and against the period before it.
///
/// `columns` are those compared, with the cells of the whole comparison; that which makes the periods is passed over.
pub(crate) fn timeline(
    axis: &Axis,
    table: &Table,
    effective: Option<Effective>,
    columns: &[(&str, &Cells)],
    options: &DriftOptions,
    meter: &Meter<'_>,
) -> Result<Timeline, TableError> {
    let columns: Vec<(&str, &Cells)> = columns.iter().filter(|(name, _)| *name != axis.column).copied().collect();
    let scan = State::Keys(Box::new(KeyScan::new(axis.family, axis.unit)));
    let keys = match table.scan(vec![Wanted::one(&axis.column, scan)], meter)?.pop() {
        Some(State::Keys(keys)) => keys.into_coder(),
        _ => None,
    };
    let Some((names, coder)) = keys else {
        let hint = if axis.family == Family::Instant && axis.unit != Some(Unit::Year) {
            format!(", or a longer unit such as {}:month", axis.column)
        } else {
            String::new()
        };
        return Err(option(
            &format!("{}, which makes more than {MAX_PERIODS} periods", axis.title()),
            &format!("a column of at most {MAX_PERIODS} values{hint}"),
        ));
    };

    // Each column beside the periods; and the periods alone, for their rows.
    let periods = Arc::new(coder);
    let joint = |coders: &[_]| JointCounts::new(coders).map(|joint| State::Joint(Box::new(joint)));
    let mut wanted = vec![];
    for (name, cells) in &columns {
        let coders = [Arc::clone(&periods), Arc::new(cells.coder.clone())];
        let columns = vec![axis.column.clone(), (*name).to_owned()];
        wanted.extend(joint(&coders).map(|state| Wanted { columns, state }));
    }
    wanted.extend(joint(&[Arc::clone(&periods)]).map(|state| Wanted::one(&axis.column, state)));
    let mut counts = Vec::with_capacity(wanted.len());
    let lens = columns.iter().map(|(_, cells)| cells.coder.len).chain([1]);
    for (state, len) in table.scan(wanted, meter)?.into_iter().zip(lens) {
        let State::Joint(joint) = state else { continue };
        let Some(joint) = joint.into_counts() else { return Err(TableError::too_many(&[&axis.column])) };
        counts.push(dense(&joint, names.len(), len, effective));
    }
    let rows = counts.pop().unwrap_or_default();

    let compared: Result<Vec<Vec<Option<PeriodColumn>>>, TableError> =
        columns.par_iter().zip(&counts).map(|(&(name, cells), counts)| along(name, cells, counts, options)).collect();
    let mut compared: Vec<_> = compared?.into_iter().map(Vec::into_iter).collect();
    let mut periods: Vec<Period> = names
        .into_iter()
        .zip(rows)
        .map(|(name, rows)| Period {
            name,
            rows: rows.iter().sum(),
            columns: compared.iter_mut().filter_map(|columns| columns.next().flatten()).collect(),
        })
        .collect();
    let columns = periods.iter_mut().flat_map(|period| &mut period.columns);
    adjust(columns.map(|column| (column.p_value, &mut column.p_adjusted)));
    Ok(Timeline { by: axis.title(), periods })
}

/// The counts of every period, cell by cell.
fn dense(
    counts: &hashbrown::HashMap<u64, u64>,
    periods: usize,
    cells: usize,
    effective: Option<Effective>,
) -> Vec<Vec<u64>> {
    let mut dense = vec![vec![0; cells]; periods];
    for (&key, &count) in counts {
        dense[key as usize / cells][key as usize % cells] = count;
    }
    match effective {
        Some(effective) => dense.into_iter().map(|period| effective.counts(period.into_iter())).collect(),
        None => dense,
    }
}

/// One column in every period. `None` where no row of it is left, as weights may do.
fn along(
    name: &str,
    cells: &Cells,
    periods: &[Vec<u64>],
    options: &DriftOptions,
) -> Result<Vec<Option<PeriodColumn>>, TableError> {
    let (_, reference) = cells.counts();
    let mut previous: Option<&Vec<u64>> = None;
    let mut columns = Vec::with_capacity(periods.len());
    for current in periods {
        if current.iter().all(|&count| count == 0) {
            columns.push(None);
            continue;
        }
        columns.push(Some(PeriodColumn {
            column: name.to_owned(),
            kl: options.estimator.kl(current, &reference)?.value,
            interval: CountInterval::default().kl(current, &reference)?,
            kl_previous: match previous {
                Some(previous) => Some(options.estimator.kl(current, previous)?.value),
                None => None,
            },
            p_value: Tested::new(cells, current, &reference, options.test)?.p_value,
            p_adjusted: None,
        }));
        previous = Some(current);
    }
    Ok(columns)
}
