//! Numeric columns of a table: one as weights, several as points.

use std::path::Path;

use arrow_array::Array;

use crate::{
    error::TableError,
    family::{Family, flat, read_numbers},
    source::{Meter, Table},
};

/// The values of a numeric column, `table.csv#column` or `table.parquet#column` (any table that [`drift`](crate::drift()) reads).
///
/// # Errors
/// [`TableError`]: a missing or damaged table, no such column, a column that is not of numbers, or a null (its row is named).
pub fn read_column(spec: &str) -> Result<Vec<f64>, TableError> {
    let Some((path, name)) = spec.rsplit_once('#') else {
        return Err(TableError::Option {
            name: "column",
            value: format!("`{spec}`"),
            expected: "TABLE#COLUMN, such as table.csv#count",
        });
    };
    let path = Path::new(path);
    let table = Table::open(path, &Meter::new(&|_, _| {}))?;
    let mut weights = Vec::new();
    each_batch(path, &table, name, &mut |file, first, numbers, null| {
        if let Some(row) = (0..numbers.len()).find(|&row| null(row)) {
            return Err(TableError::Value {
                path: file.to_owned(),
                column: name.to_owned(),
                row: first + row as u64,
                found: "null".to_owned(),
                expected: "a number in every row",
            });
        }
        weights.extend_from_slice(numbers);
        Ok(())
    })?;
    Ok(weights)
}

/// Rows of numeric columns, as points.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Points {
    /// The columns' names: a coordinate each.
    pub columns: Vec<String>,
    /// Row-major.
    pub values: Vec<f64>,
    /// Rows that were left out because one of the columns is null there.
    pub incomplete: u64,
}

/// Several numeric columns of a table as points, a row each; `None` takes every column of numbers.
///
/// # Errors
/// [`TableError`]: a missing or damaged table, no such column, a column that is not of numbers, or no column of numbers.
pub fn read_points(path: &Path, columns: Option<&[String]>) -> Result<Points, TableError> {
    let table = Table::open(path, &Meter::new(&|_, _| {}))?;
    let numeric = || table.columns.iter().filter(|column| column.family == Family::Number);
    let columns: Vec<String> = match columns {
        // A name may have a comma in it.
        Some(names) if names.len() > 1 && table.column(&names.join(",")).is_some() => vec![names.join(",")],
        Some(names) => names.to_vec(),
        None => numeric().map(|column| column.name.clone()).collect(),
    };
    if columns.is_empty() {
        return Err(TableError::NoNumbers { path: path.to_owned() });
    }
    let rows = usize::try_from(table.rows).unwrap_or(usize::MAX);
    let mut complete = vec![true; rows];
    let mut sides = Vec::with_capacity(columns.len());
    for name in &columns {
        let mut all: Vec<f64> = Vec::with_capacity(rows);
        each_batch(path, &table, name, &mut |_, _, numbers, null| {
            for (row, complete) in complete.iter_mut().skip(all.len()).take(numbers.len()).enumerate() {
                *complete &= !null(row);
            }
            all.extend_from_slice(numbers);
            Ok(())
        })?;
        sides.push(all);
    }
    let kept = || complete.iter().enumerate().filter(|(_, complete)| **complete).map(|(row, _)| row);
    let mut values = Vec::with_capacity(kept().count() * columns.len());
    for row in kept() {
        values.extend(sides.iter().filter_map(|column| column.get(row)));
    }
    let incomplete = complete.iter().filter(|complete| !**complete).count() as u64;
    Ok(Points { columns, values, incomplete })
}

/// Takes the file, the number of the first row, a batch of numbers, and which of them are null.
type Visit<'a> = dyn FnMut(&Path, u64, &[f64], &dyn Fn(usize) -> bool) -> Result<(), TableError> + 'a;

/// Every batch of a numeric column, in order.
fn each_batch(path: &Path, table: &Table, name: &str, visit: &mut Visit<'_>) -> Result<(), TableError> {
    let Some(column) = table.column(name) else {
        return Err(TableError::no_column(path, name, table.columns.iter().map(|column| column.name.as_str())));
    };
    let wrong_type = || TableError::ColumnType {
        path: path.to_owned(),
        column: name.to_owned(),
        found: column.type_name.clone(),
        expected: "numbers",
    };
    if !matches!(column.family, Family::Number | Family::Null) {
        return Err(wrong_type());
    }
    let mut numbers = Vec::new();
    table.each_batch(name, &mut |file, first, array| {
        let array = flat(array).ok_or_else(wrong_type)?;
        if !read_numbers(&array, &mut numbers) {
            return Err(wrong_type());
        }
        let nulls = array.logical_nulls();
        visit(file, first, &numbers, &|row| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)))
    })
}
