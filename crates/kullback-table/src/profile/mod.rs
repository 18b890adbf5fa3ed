//! Mergeable states that columns are streamed through. All are exactly associative and commutative: a table gives the same
//! profile whatever the batches, row groups and threads it was read in.

mod answer;
mod bag;
mod categorical;
mod file;
mod make;
mod merge;
mod number;
mod numeric;
mod store;

pub(crate) use bag::Bag;

pub(crate) use categorical::{MAX_NAMED, NamedCounts, ValueCounts, Values, chosen, within_limit};
pub(crate) use make::{Edges, Fixed};
pub(crate) use numeric::{BinCounts, NumericScan};
pub use {
    make::{ProfileOptions, profile},
    merge::merge,
    store::{Profile, ProfileColumn},
};

use std::{borrow::Cow, sync::Arc};

use arrow_array::{Array, ArrayRef};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;

use crate::{
    compat::Raw,
    family::{Texts, flat, read_numbers},
    joint::{JointCounts, KeyScan},
    rows::{RowTally, Rows},
    sample::RowId,
};

/// What one column is streamed into.
#[derive(Debug, Clone)]
pub(crate) enum State {
    /// How many nulls.
    Nulls { rows: u64, nulls: u64 },
    /// Range, quantiles and distinct values of a numeric column.
    Scan(Box<NumericScan>),
    /// The same, and counts by value: what a profile is made of.
    Summary(Box<Summary>),
    /// Counts between known edges.
    Bins(Box<BinCounts>),
    /// Counts of text by value.
    Texts(Values<ValueCounts<Arc<str>>>),
    /// Counts of numbers by value.
    Numbers(Values<ValueCounts<u64>>),
    /// Counts of chosen texts and of all others.
    NamedTexts(Values<NamedCounts<Arc<str>>>),
    /// Counts of chosen numbers and of all others.
    NamedNumbers(Values<NamedCounts<u64>>),
    /// The rows themselves, without any column.
    Rows(RowTally),
    /// The distinct values of a column that divides the table.
    Keys(Box<KeyScan>),
    /// Counts of combinations of several columns.
    Joint(Box<JointCounts>),
    /// All values, for tools that work in memory.
    Raw(Box<Raw>),
}

impl State {
    /// Adds a batch of the columns asked for, whose first row is `first`. False if an array is of a type that this state cannot
    /// take.
    pub(crate) fn update(&mut self, arrays: &[ArrayRef], first: RowId, rows: &Rows) -> bool {
        match (self, arrays) {
            (Self::Rows(tally), _) => tally.update(rows),
            (Self::Joint(joint), arrays) => return joint.update(arrays, rows),
            (Self::Keys(keys), [array]) => return keys.update(array, rows),
            (state, [array]) => return state.update_one(array, first, rows),
            _ => return false,
        }
        true
    }

    fn update_one(&mut self, array: &ArrayRef, first: RowId, rows: &Rows) -> bool {
        if let Self::Nulls { rows: all, nulls } = self {
            let batch = Batch::of(array, first, rows);
            *all += batch.rows;
            *nulls += batch.nulls;
            return true;
        }
        let texts = matches!(self, Self::Texts(_) | Self::NamedTexts(_));
        let coded = texts && matches!(array.data_type(), DataType::Dictionary(..));
        let Some(array) = (if coded { Some(array.clone()) } else { flat(array) }) else { return false };
        let batch = Batch::of(&array, first, rows);
        match self {
            Self::Nulls { .. } => {}
            Self::Texts(values) => return values.update_texts(&batch),
            Self::NamedTexts(values) => return values.update_texts(&batch),
            Self::Raw(raw) => return raw.update(&batch),
            state => {
                let mut numbers = Vec::with_capacity(array.len());
                if !read_numbers(&array, &mut numbers) {
                    return false;
                }
                match state {
                    Self::Scan(scan) => scan.update(&batch, &numbers),
                    Self::Summary(summary) => {
                        summary.scan.update(&batch, &numbers);
                        summary.values.update_numbers(&batch, &numbers);
                    }
                    Self::Bins(bins) => bins.update(&batch, &numbers),
                    Self::Numbers(values) => values.update_numbers(&batch, &numbers),
                    Self::NamedNumbers(values) => values.update_numbers(&batch, &numbers),
                    _ => {}
                }
            }
        }
        true
    }

    /// Asks for what only rows can answer: a profile, which has none, cannot.
    pub(crate) fn needs_rows(&self) -> bool {
        matches!(self, Self::Rows(_) | Self::Keys(_) | Self::Joint(_) | Self::Raw(_))
    }

    /// Nothing was counted yet: the edges or values to count have only just been found.
    pub(crate) fn needs_rescan(&self) -> bool {
        match self {
            Self::Bins(bins) => bins.rows == 0,
            Self::Numbers(values) => values.rows == 0,
            _ => false,
        }
    }

    pub(crate) fn nulls_and_rows(&self) -> (u64, u64) {
        match self {
            Self::Nulls { rows, nulls } => (*nulls, *rows),
            Self::Scan(_) | Self::Rows(_) | Self::Keys(_) | Self::Joint(_) => (0, 0),
            Self::Raw(raw) => (raw.nulls(), raw.rows()),
            Self::Summary(summary) => (summary.values.nulls, summary.values.rows),
            Self::Bins(bins) => (bins.nulls, bins.rows),
            Self::Texts(values) => (values.nulls, values.rows),
            Self::Numbers(values) => (values.nulls, values.rows),
            Self::NamedTexts(values) => (values.nulls, values.rows),
            Self::NamedNumbers(values) => (values.nulls, values.rows),
        }
    }

    pub(crate) fn nans(&self) -> u64 {
        match self {
            Self::Bins(bins) => bins.nans,
            Self::Summary(summary) => summary.values.nans,
            Self::Numbers(values) => values.nans,
            Self::NamedNumbers(values) => values.nans,
            _ => 0,
        }
    }

    /// The same question with nothing seen yet.
    pub(crate) fn fresh(&self) -> Self {
        match self {
            Self::Nulls { .. } => Self::Nulls { rows: 0, nulls: 0 },
            Self::Scan(scan) => Self::Scan(Box::new(scan.fresh())),
            Self::Summary(summary) => Self::Summary(Box::new(Summary::new(summary.scan.fresh()))),
            Self::Bins(bins) => Self::Bins(Box::new(bins.fresh())),
            Self::Texts(_) => Self::Texts(Values::default()),
            Self::Numbers(_) => Self::Numbers(Values::default()),
            Self::NamedTexts(values) => Self::NamedTexts(values.fresh()),
            Self::NamedNumbers(values) => Self::NamedNumbers(values.fresh()),
            Self::Rows(_) => Self::Rows(RowTally::default()),
            Self::Keys(keys) => Self::Keys(Box::new(keys.fresh())),
            Self::Joint(joint) => Self::Joint(Box::new(joint.fresh())),
            Self::Raw(raw) => Self::Raw(Box::new(raw.fresh())),
        }
    }

    /// Adds what another state of the same question has seen.
    pub(crate) fn merge(&mut self, other: Self) {
        match (self, other) {
            (Self::Nulls { rows, nulls }, Self::Nulls { rows: r, nulls: n }) => {
                (*rows, *nulls) = (*rows + r, *nulls + n)
            }
            (Self::Scan(a), Self::Scan(b)) => a.merge(*b),
            (Self::Summary(a), Self::Summary(b)) => {
                a.scan.merge(b.scan);
                a.values.merge(b.values, ValueCounts::merge);
            }
            (Self::Bins(a), Self::Bins(b)) => a.merge(&b),
            (Self::Texts(a), Self::Texts(b)) => a.merge(b, ValueCounts::merge),
            (Self::Numbers(a), Self::Numbers(b)) => a.merge(b, ValueCounts::merge),
            (Self::NamedTexts(a), Self::NamedTexts(b)) => a.merge(b, NamedCounts::merge),
            (Self::NamedNumbers(a), Self::NamedNumbers(b)) => a.merge(b, NamedCounts::merge),
            (Self::Rows(a), Self::Rows(b)) => a.merge(b),
            (Self::Keys(a), Self::Keys(b)) => a.merge(*b),
            (Self::Joint(a), Self::Joint(b)) => a.merge(*b),
            (Self::Raw(a), Self::Raw(b)) => a.merge(*b),
            _ => debug_assert!(false, "states of different questions never meet"),
        }
    }
}

/// A column of numbers, by its quantiles and by value.
#[derive(Debug, Clone)]
pub(crate) struct Summary {
    pub(crate) scan: NumericScan,
    pub(crate) values: Values<ValueCounts<u64>>,
}

impl Summary {
    pub(crate) fn new(scan: NumericScan) -> Self {
        Self { scan, values: Values::default() }
    }
}

/// An array with its nulls, the numbers of its rows, and which of them count.
pub(crate) struct Batch<'a> {
    pub(crate) array: &'a ArrayRef,
    pub(crate) first: RowId,
    /// Neither null nor left out; `None` for all.
    valid: Option<BooleanBuffer>,
    weights: Option<&'a [u64]>,
    /// The weight of all rows that count.
    pub(crate) rows: u64,
    /// The weight of those that are null.
    pub(crate) nulls: u64,
}

impl<'a> Batch<'a> {
    fn of(array: &'a ArrayRef, first: RowId, rows: &'a Rows) -> Self {
        let nulls = array.logical_nulls().filter(|nulls| nulls.null_count() > 0);
        let valid = rows.valid(nulls.as_ref());
        let nulls = if nulls.is_some() { rows.total - rows.sum_over(valid.as_ref(), array.len()) } else { 0 };
        Self { array, first, valid, weights: rows.weights.as_deref(), rows: rows.total, nulls }
    }

    /// Every row that counts does so once.
    pub(crate) fn is_unweighted(&self) -> bool {
        self.weights.is_none()
    }

    /// The numbers of rows that count and are not null.
    pub(crate) fn valid_of<'n>(&self, numbers: &'n [f64]) -> Cow<'n, [f64]> {
        match &self.valid {
            None => Cow::Borrowed(numbers),
            Some(valid) => Cow::Owned(valid.set_indices().map(|row| numbers[row]).collect()),
        }
    }

    /// Calls `visit` for every row that counts and is not null, with its weight.
    #[inline]
    pub(crate) fn each_valid(&self, mut visit: impl FnMut(usize, u64)) {
        match (&self.valid, self.weights) {
            (None, None) => (0..self.array.len()).for_each(|row| visit(row, 1)),
            (Some(valid), None) => valid.set_indices().for_each(|row| visit(row, 1)),
            (valid, Some(weights)) => each_weighted(valid.as_ref(), weights, &mut visit),
        }
    }

    /// Calls `visit` for the same rows as far as they are before `limit` in the order of sampling, with their places in it.
    #[inline]
    pub(crate) fn each_before(&self, limit: u64, mut visit: impl FnMut(usize, u64)) {
        self.first.each_before(limit, self.array.len(), |row, place| {
            if self.valid.as_ref().is_none_or(|valid| valid.value(row)) {
                visit(row, place);
            }
        });
    }

    fn texts(&self) -> Option<Texts<'_>> {
        // A column of nulls only has no text to read, and none is asked for.
        if *self.array.data_type() == DataType::Null {
            Some(Texts::Numbers(crate::family::Family::Null, Vec::new()))
        } else {
            Texts::of(self.array)
        }
    }
}

/// Apart and by a pointer, so that the loops without weights are as small as they were without this one.
fn each_weighted(valid: Option<&BooleanBuffer>, weights: &[u64], visit: &mut dyn FnMut(usize, u64)) {
    match valid {
        None => weights.iter().enumerate().for_each(|(row, &weight)| visit(row, weight)),
        Some(valid) => valid.set_indices().for_each(|row| visit(row, weights[row])),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Float64Array, StringArray};

    use super::*;
    use crate::{cells::Cells, family::Family};

    const ROWS: usize = 150_000;

    fn update(state: &mut State, array: &ArrayRef, start: usize) -> bool {
        state.update(std::slice::from_ref(array), RowId::new(0, start as u64), &Rows::all(array.len()))
    }

    /// Streams an array in pieces of `piece` rows, each into its own state, merged from the `first`-th on, around the end.
    fn streamed(question: &State, array: &ArrayRef, piece: usize, first: usize) -> State {
        let pieces = ROWS.div_ceil(piece);
        let mut merged = question.fresh();
        for at in (0..pieces).map(|at| (at + first) % pieces) {
            let start = at * piece;
            let mut state = question.fresh();
            assert!(update(&mut state, &array.slice(start, piece.min(ROWS - start)), start));
            merged.merge(state);
        }
        merged
    }

    /// Everything that is ever read out of a state, against itself.
    fn read_out(state: &State, family: Family) -> String {
        match state.clone() {
            State::Scan(scan) => format!("{} {:?}", scan.by_value(), scan.into_bins()),
            state => {
                let cells = Cells::new(family, Some(state.clone()), Some(state));
                format!("{:?} {:?} {:?}", cells.cells, cells.joins, cells.nulls_reference)
            }
        }
    }

    #[test]
    fn grouping_and_order_of_merges_change_nothing() {
        let spread = |row: usize| (row.wrapping_mul(2_654_435_761) % 1_000_003) as f64;
        let number = |row: usize| match row % 50 {
            0 => None,
            1 => Some(f64::NAN),
            _ => Some(spread(row) / 7.0),
        };
        let numbers: ArrayRef = Arc::new((0..ROWS).map(number).collect::<Float64Array>());
        let few: ArrayRef = Arc::new((0..ROWS).map(|row| Some((row % 20) as f64)).collect::<Float64Array>());
        let texts = |distinct: usize| -> ArrayRef {
            Arc::new(
                (0..ROWS)
                    .map(|row| (row % 9 > 0).then(|| (spread(row) as usize % distinct).to_string()))
                    .collect::<StringArray>(),
            )
        };
        let mut scan = State::Scan(Box::new(NumericScan::new(Family::Number, 10)));
        assert!(update(&mut scan, &numbers, 0));
        let State::Scan(scan) = scan else { unreachable!() };
        let bins = State::Bins(Box::new(BinCounts::new(scan.into_bins())));
        let named = NamedCounts::new(&["1".into(), "2".into()]);
        for (question, array) in [
            (State::Scan(Box::new(NumericScan::new(Family::Number, 10))), numbers.clone()),
            (State::Scan(Box::new(NumericScan::new(Family::Number, 10))), few.clone()),
            (bins, numbers.clone()),
            (State::Numbers(Values::default()), few),
            (State::Texts(Values::default()), texts(500)),
            (State::Texts(Values::default()), texts(9_000)),
            (State::NamedTexts(Values::of(named)), texts(500)),
        ] {
            let whole = streamed(&question, &array, ROWS, 0);
            for (piece, first) in [(7_000, 3), (50_000, 2), (64_001, 1)] {
                assert_eq!(
                    read_out(&streamed(&question, &array, piece, first), Family::Number),
                    read_out(&whole, Family::Number)
                );
            }
        }
        // Given up for a sample: the same values are chosen.
        let sampled = |piece, first| match streamed(&State::Texts(Values::default()), &texts(130_000), piece, first) {
            State::Texts(values) => (values.counts.is_whole(), chosen(&values, &values, 50)),
            _ => unreachable!(),
        };
        assert_eq!(sampled(ROWS, 0), sampled(10_000, 4));
        assert!(!sampled(ROWS, 0).0);
    }
}
