//! Which of its column's cells a row falls into.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use hashbrown::HashMap;

use crate::{
    bins::Bins,
    calendar::Unit,
    family::{Texts, flat, read_numbers},
    profile::within_limit,
};

/// The code of a row that is in no cell.
pub(crate) const NOWHERE: u32 = u32::MAX;

/// What tells the cells of a column apart.
#[derive(Debug, Clone, Default)]
pub(crate) enum Keys {
    /// Nulls only.
    #[default]
    Nothing,
    /// Bins, and the cell of each position, below and above included.
    Bins(Bins, Vec<u32>),
    /// The bits of numbers.
    Numbers(HashMap<u64, u32>),
    /// The bits of the numbers of periods.
    Periods(Unit, HashMap<u64, u32>),
    Texts(HashMap<Arc<str>, u32>),
}

/// Turns the values of a column into the numbers of their cells.
#[derive(Debug, Clone)]
pub(crate) struct Coder {
    pub(crate) keys: Keys,
    /// The cells of values without a key, of NaN and of null; [`NOWHERE`] if there is none.
    pub(crate) other: u32,
    pub(crate) nan: u32,
    pub(crate) null: u32,
    /// How many cells.
    pub(crate) len: usize,
}

impl Default for Coder {
    fn default() -> Self {
        Self { keys: Keys::Nothing, other: NOWHERE, nan: NOWHERE, null: NOWHERE, len: 0 }
    }
}

impl Coder {
    /// The cell of every row; `None` for an array of a type that was not asked for.
    pub(crate) fn codes(&self, array: &ArrayRef) -> Option<Vec<u32>> {
        let array = flat(array)?;
        let nulls = array.logical_nulls();
        let null = |row| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
        if matches!(self.keys, Keys::Nothing) || *array.data_type() == DataType::Null {
            return Some((0..array.len()).map(|row| if null(row) { self.null } else { self.other }).collect());
        }
        if let Keys::Texts(cells) = &self.keys {
            let texts = Texts::of(&array)?;
            let cell = |row| match null(row) {
                true => self.null,
                false => texts.with(row, |text| cells.get(&*within_limit(text)).copied().unwrap_or(self.other)),
            };
            return Some((0..array.len()).map(cell).collect());
        }
        let mut numbers = Vec::with_capacity(array.len());
        if !read_numbers(&array, &mut numbers) {
            return None;
        }
        let cell = |row: usize| match numbers[row] {
            _ if null(row) => self.null,
            number if number.is_nan() => self.nan,
            number => self.of_number(number),
        };
        Some((0..array.len()).map(cell).collect())
    }

    fn of_number(&self, number: f64) -> u32 {
        let known =
            |cells: &HashMap<u64, u32>, number: f64| cells.get(&number.to_bits()).copied().unwrap_or(self.other);
        match &self.keys {
            Keys::Bins(bins, cells) => cells[bins.position(number)],
            Keys::Numbers(cells) => known(cells, number),
            Keys::Periods(unit, cells) => known(cells, unit.period(number)),
            Keys::Nothing | Keys::Texts(_) => self.other,
        }
    }
}
