//! One numeric column of a table, as weights.

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
    let (mut weights, mut numbers) = (Vec::new(), Vec::new());
    table.each_batch(name, &mut |file, first, array| {
        let array = flat(array).ok_or_else(wrong_type)?;
        if let Some(nulls) = array.logical_nulls().filter(|nulls| nulls.null_count() > 0) {
            let row = first + nulls.iter().position(|valid| !valid).unwrap_or(0) as u64;
            let found = "null".to_owned();
            return Err(TableError::Value {
                path: file.to_owned(),
                column: name.to_owned(),
                row,
                found,
                expected: "a number in every row",
            });
        }
        if !read_numbers(&array, &mut numbers) {
            return Err(wrong_type());
        }
        weights.append(&mut numbers);
        Ok(())
    })?;
    Ok(weights)
}
