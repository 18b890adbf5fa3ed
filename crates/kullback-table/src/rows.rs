//! Which rows of a table count, and how much.

use std::path::Path;

use arrow_array::{Array, ArrayRef};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use hashbrown::HashMap;

use crate::{
    error::TableError,
    family::{Family, Texts, flat, read_numbers},
    sample::RowId,
};

/// The rows of one batch: which count, and the weight of each.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    /// `None`: all of them.
    pub(crate) counted: Option<BooleanBuffer>,
    /// In the units of the rule; `None`: 1 each.
    pub(crate) weights: Option<Vec<u64>>,
    /// Of those that count.
    pub(crate) total: u64,
}

impl Rows {
    /// All rows of a batch, each once.
    pub(crate) fn all(len: usize) -> Self {
        Self { counted: None, weights: None, total: len as u64 }
    }

    fn new(len: usize, counted: Option<BooleanBuffer>, weights: Option<Vec<u64>>) -> Self {
        let mut rows = Self { counted, weights, total: len as u64 };
        rows.total = rows.sum_over(rows.counted.as_ref(), len);
        rows
    }

    /// The weight of the rows that are set.
    pub(crate) fn sum_over(&self, set: Option<&BooleanBuffer>, len: usize) -> u64 {
        match (set, &self.weights) {
            (None, None) => len as u64,
            (Some(set), None) => set.count_set_bits() as u64,
            (None, Some(weights)) => weights.iter().sum(),
            (Some(set), Some(weights)) => set.set_indices().map(|row| weights[row]).sum(),
        }
    }

    /// The rows that count and are not null; `None` for all.
    pub(crate) fn valid(&self, nulls: Option<&NullBuffer>) -> Option<BooleanBuffer> {
        match (nulls, &self.counted) {
            (None, counted) => counted.clone(),
            (Some(nulls), None) => Some(nulls.inner().clone()),
            (Some(nulls), Some(counted)) => Some(nulls.inner() & counted),
        }
    }
}

/// Decides which rows of a table count, by columns that stand beside those that are counted. Every format streams these columns
/// along, so nothing about the rows is ever kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct RowRule {
    /// All must hold.
    pub(crate) conditions: Vec<AnyOf>,
    /// The column of weights, and what one of its units is multiplied by to become whole.
    pub(crate) weights: Option<(String, f64)>,
    /// Rows whose hash is below this are in the sample.
    pub(crate) sample: Option<u64>,
}

/// A column holds one of some values, given as their labels.
#[derive(Debug, Clone)]
pub(crate) struct AnyOf {
    pub(crate) column: String,
    pub(crate) values: Vec<String>,
}

impl RowRule {
    /// Every row counts once.
    pub(crate) fn is_all(&self) -> bool {
        self.conditions.is_empty() && self.weights.is_none() && self.sample.is_none()
    }

    /// The columns to stream along, in the order in which [`rows`](Self::rows) takes them.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &String> {
        self.conditions.iter().map(|any| &any.column).chain(self.weights.iter().map(|(column, _)| column))
    }

    /// The rows of the batch of `len` rows from row `row` of file `file` on.
    pub(crate) fn rows(
        &self,
        path: &Path,
        arrays: &[ArrayRef],
        first: RowId,
        row: u64,
        len: usize,
    ) -> Result<Rows, TableError> {
        if self.is_all() {
            return Ok(Rows::all(len));
        }
        let mut counted = self.sample.map(|limit| BooleanBuffer::collect_bool(len, |row| first.hash(row) < limit));
        for (condition, array) in self.conditions.iter().zip(arrays) {
            let holds = condition.holds(path, array)?;
            counted = Some(counted.map_or(holds.clone(), |counted| &counted & &holds));
        }
        let weights = match (&self.weights, arrays.last()) {
            (Some((column, scale)), Some(array)) => Some(fixed(path, column, array, row, *scale)?),
            _ => None,
        };
        // A row without weight is not there.
        if let Some(weights) = &weights {
            let some = BooleanBuffer::collect_bool(len, |row| weights[row] > 0);
            counted = Some(counted.map_or(some.clone(), |counted| &counted & &some));
        }
        Ok(Rows::new(len, counted, weights))
    }
}

impl AnyOf {
    fn holds(&self, path: &Path, array: &ArrayRef) -> Result<BooleanBuffer, TableError> {
        let unsupported = || TableError::ColumnType {
            path: path.to_owned(),
            column: self.column.clone(),
            found: array.data_type().to_string(),
            expected: "numbers, dates, booleans or text",
        };
        let nulls = array.logical_nulls();
        let is_null = |row| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
        let null_wanted = self.wants("null");
        let array = flat(array).ok_or_else(unsupported)?;
        let family = Family::of(array.data_type());
        if family == Family::Null {
            return Ok(BooleanBuffer::collect_bool(array.len(), |_| null_wanted));
        }
        if family.is_numeric() {
            let mut numbers = Vec::new();
            if !read_numbers(&array, &mut numbers) {
                return Err(unsupported());
            }
            // Labels are slow to write, and values repeat.
            let mut known = HashMap::<u64, bool>::new();
            let mut is_wanted =
                |number: f64| *known.entry(number.to_bits()).or_insert_with(|| self.wants(&family.label(number)));
            return Ok(BooleanBuffer::collect_bool(array.len(), |row| match is_null(row) {
                true => null_wanted,
                false => is_wanted(numbers[row]),
            }));
        }
        let texts = Texts::of(&array).ok_or_else(unsupported)?;
        Ok(BooleanBuffer::collect_bool(array.len(), |row| match is_null(row) {
            true => null_wanted,
            false => texts.with(row, |text| self.wants(text)),
        }))
    }

    fn wants(&self, label: &str) -> bool {
        self.values.iter().any(|value| value == label)
    }
}

/// Weights in whole units; an error names the row of one that is none.
fn fixed(path: &Path, column: &str, array: &ArrayRef, first: u64, scale: f64) -> Result<Vec<u64>, TableError> {
    let mut weights = Vec::with_capacity(array.len());
    each_weight(path, column, array, first, &mut |weight| weights.push((weight * scale).round() as u64))?;
    Ok(weights)
}

/// Visits the weights in an array whose first row is `first`.
pub(crate) fn each_weight(
    path: &Path,
    column: &str,
    array: &ArrayRef,
    first: u64,
    visit: &mut dyn FnMut(f64),
) -> Result<(), TableError> {
    let wrong_type = || TableError::ColumnType {
        path: path.to_owned(),
        column: column.to_owned(),
        found: array.data_type().to_string(),
        expected: "weights: numbers of 0 or more",
    };
    let array = flat(array).ok_or_else(wrong_type)?;
    let mut numbers = Vec::new();
    if !matches!(Family::of(array.data_type()), Family::Number | Family::Null) || !read_numbers(&array, &mut numbers) {
        return Err(wrong_type());
    }
    let nulls = array.logical_nulls();
    for (row, &weight) in numbers.iter().enumerate() {
        let null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
        if null || !(weight >= 0.0 && weight.is_finite()) {
            return Err(TableError::Value {
                path: path.to_owned(),
                column: column.to_owned(),
                row: first + row as u64,
                found: if null { "null".to_owned() } else { Family::Number.label(weight) },
                expected: "a weight: a finite number of 0 or more",
            });
        }
        visit(weight);
    }
    Ok(())
}

/// How many rows count, and how unequally.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RowTally {
    pub(crate) rows: u64,
    weight: u64,
    squares: u128,
}

impl RowTally {
    pub(crate) fn update(&mut self, rows: &Rows) {
        self.weight += rows.total;
        let Some(weights) = &rows.weights else {
            self.rows += rows.total;
            self.squares += u128::from(rows.total);
            return;
        };
        // Every row of some weight counts.
        for &weight in rows.valid(None).iter().flat_map(|counted| counted.set_indices()).map(|row| &weights[row]) {
            self.rows += 1;
            self.squares += u128::from(weight) * u128::from(weight);
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.weight += other.weight;
        self.squares += other.squares;
    }

    /// L. Kish's effective sample size (1965), (Σw)²/Σw²: so many rows of equal weight say as much.
    pub(crate) fn effective(self) -> Effective {
        let weight = self.weight as f64;
        Effective { size: weight * weight / (self.squares as f64).max(1.0), weight }
    }
}

/// Turns sums of weights into counts that tests may take for rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effective {
    /// The effective sample size.
    pub(crate) size: f64,
    weight: f64,
}

impl Effective {
    /// Counts that add up to the effective size of these rows, each within 1 of its share: the largest remainders are rounded up.
    pub(crate) fn counts(&self, weights: impl Iterator<Item = u64>) -> Vec<u64> {
        let exact: Vec<f64> = weights.map(|weight| weight as f64 / self.weight * self.size).collect();
        let mut counts: Vec<u64> = exact.iter().map(|x| x.floor() as u64).collect();
        let missing = (exact.iter().sum::<f64>().round() as u64).saturating_sub(counts.iter().sum());
        let mut order: Vec<usize> = (0..exact.len()).collect();
        order.sort_by(|&a, &b| exact[b].fract().total_cmp(&exact[a].fract()).then(a.cmp(&b)));
        for &cell in order.iter().take(missing as usize) {
            counts[cell] += 1;
        }
        counts
    }
}
