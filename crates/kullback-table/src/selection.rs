//! The rows to compare, as asked for, made into a rule for each table.

use std::{fmt, str::FromStr};

use crate::{
    error::TableError,
    family::Family,
    profile::State,
    rows::{AnyOf, Effective, RowRule, RowTally, each_weight},
    source::{Meter, Table, Wanted},
};

/// Which rows to compare, in both tables.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RowSelection {
    /// Columns and values that they must have, each the label that the report has for it: `AA`, `7`, `2013-07-04`, `true`, `null`.
    /// Of several values of one column any will do; of several columns all must hold.
    pub filter: Vec<(String, String)>,
    /// A column of numbers of 0 or more that says how much each row stands for, as in a survey: *not* how many equal rows it
    /// replaces. All counts are then sums of weights, scaled to L. Kish's effective sample size (Σw)²/Σw², from which intervals and
    /// p-values follow; what a weight leaves below 2⁻³³ of the largest counts as 0. Bins are cut at quantiles of the rows.
    pub weights: Option<String>,
    /// Only so many rows of each table, drawn by a hash of their numbers, before the filter.
    pub sample: Option<SampleSize>,
}

/// How many rows to take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SampleSize {
    /// So many, or all if there are no more.
    Rows(u64),
    /// About this part of them, above 0 and below 1.
    Fraction(f64),
}

impl fmt::Display for SampleSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(rows) => rows.fmt(f),
            Self::Fraction(fraction) => fraction.fmt(f),
        }
    }
}

impl FromStr for SampleSize {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "expected a number of rows, or a fraction between 0 and 1 such as 0.1";
        match (text.parse::<u64>(), text.parse::<f64>()) {
            (Ok(rows), _) if rows > 0 => Ok(Self::Rows(rows)),
            (_, Ok(fraction)) if fraction > 0.0 && fraction < 1.0 => Ok(Self::Fraction(fraction)),
            _ => Err(expected),
        }
    }
}

/// A table with the rows that count, and their effective number if they have weights.
pub(crate) struct Selected {
    pub(crate) effective: Option<Effective>,
    pub(crate) notes: Vec<String>,
}

/// Gives both tables their rules, and says what came of it. The reference is the first.
pub(crate) fn select_rows(
    tables: [&mut Table; 2],
    selection: &RowSelection,
    meter: &Meter<'_>,
) -> Result<[Selected; 2], TableError> {
    let [reference, current] = tables;
    // One unit for both, so that their counts can be added.
    let scale = match &selection.weights {
        Some(column) => {
            let largest = largest_weight(reference, column)?.max(largest_weight(current, column)?);
            Some((column.clone(), unit_of(largest)))
        }
        None => None,
    };
    Ok([
        apply(reference, "the reference", selection, scale.clone(), meter)?,
        apply(current, "the current table", selection, scale, meter)?,
    ])
}

fn apply(
    table: &mut Table,
    side: &str,
    selection: &RowSelection,
    weights: Option<(String, f64)>,
    meter: &Meter<'_>,
) -> Result<Selected, TableError> {
    let mut rule = RowRule { weights, ..RowRule::default() };
    for (column, value) in &selection.filter {
        if let Some(any) = rule.conditions.iter_mut().find(|any| any.column == *column) {
            any.values.push(value.clone());
            continue;
        }
        let Some(known) = table.column(column) else { return Err(table.lacks(column)) };
        if known.family == Family::Unsupported {
            return Err(TableError::ColumnType {
                path: table.path.clone(),
                column: column.clone(),
                found: known.type_name.clone(),
                expected: "numbers, dates, booleans or text, to filter by",
            });
        }
        rule.conditions.push(AnyOf { column: column.clone(), values: vec![value.clone()] });
    }
    rule.sample = match selection.sample {
        None => None,
        Some(SampleSize::Rows(rows)) if rows >= table.rows => None,
        Some(SampleSize::Rows(rows)) => Some(table.sample_limit(rows)),
        Some(SampleSize::Fraction(fraction)) if fraction > 0.0 && fraction < 1.0 => {
            Some((fraction * 2_f64.powi(64)) as u64)
        }
        Some(SampleSize::Fraction(fraction)) => {
            return Err(TableError::Option {
                name: "sample",
                value: fraction.to_string(),
                expected: "a number of rows, or a fraction between 0 and 1",
            });
        }
    };
    let mut selected = Selected { effective: None, notes: Vec::new() };
    if rule.is_all() {
        return Ok(selected);
    }
    let all = table.rows;
    table.rule = rule;
    let rows = vec![Wanted { columns: Vec::new(), state: State::Rows(RowTally::default()) }];
    let Some(State::Rows(tally)) = table.scan(rows, meter)?.pop() else { return Ok(selected) };
    if tally.rows == 0 {
        return Err(TableError::NoRows { path: table.path.clone(), asked: asked(selection), rows: all });
    }
    table.rows = tally.rows;
    if table.rule.sample.is_some() {
        selected.notes.push(format!("a sample of {side}: {} of {all} rows", tally.rows));
    }
    if let Some((column, _)) = &table.rule.weights {
        let effective = tally.effective();
        selected.notes.push(format!(
            "{} rows of {side}, weighted by {column}, say as much as {:.1} of equal weight",
            tally.rows, effective.size
        ));
        selected.effective = Some(effective);
    }
    Ok(selected)
}

/// What rows were asked for, for an error.
fn asked(selection: &RowSelection) -> String {
    let mut asked: Vec<String> = selection.filter.iter().map(|(column, value)| format!("{column}={value}")).collect();
    asked.extend(selection.weights.iter().map(|column| format!("{column} above 0")));
    asked.extend(selection.sample.iter().map(|size| format!("a sample of {size}")));
    asked.join(" and ")
}

fn largest_weight(table: &Table, column: &str) -> Result<f64, TableError> {
    if table.column(column).is_none() {
        return Err(table.lacks(column));
    }
    let mut largest = 0.0_f64;
    table.each_batch(column, &mut |path, first, array| {
        each_weight(path, column, array, first, &mut |weight| largest = largest.max(weight))
    })?;
    Ok(largest)
}

/// What makes weights whole numbers below 2³²: a power of two, so that equal weights stay equal and 2³² rows can be added.
fn unit_of(largest: f64) -> f64 {
    if largest > 0.0 { 2_f64.powi(31 - (largest.log2().floor() as i32).clamp(-900, 900)) } else { 1.0 }
}
