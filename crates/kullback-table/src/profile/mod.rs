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

pub(crate) use categorical::{MAX_NAMED, NamedCounts, ValueCounts, Values, chosen};
pub(crate) use make::{Edges, Fixed};
pub(crate) use numeric::{BinCounts, NumericScan};
pub use {
    make::{ProfileOptions, profile},
    merge::merge,
    store::{Profile, ProfileColumn},
};

use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;

use crate::{
    family::{Texts, flat, read_numbers},
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
    Texts(Values<ValueCounts<Box<str>>>),
    /// Counts of numbers by value.
    Numbers(Values<ValueCounts<u64>>),
    /// Counts of chosen texts and of all others.
    NamedTexts(Values<NamedCounts<Box<str>>>),
    /// Counts of chosen numbers and of all others.
    NamedNumbers(Values<NamedCounts<u64>>),
}

impl State {
    /// Adds a batch whose first row is `first`. False if the array is of a type that this state cannot take.
    pub(crate) fn update(&mut self, array: &ArrayRef, first: RowId) -> bool {
        if let Self::Nulls { rows, nulls } = self {
            *rows += array.len() as u64;
            *nulls += array.logical_null_count() as u64;
            return true;
        }
        let Some(array) = flat(array) else { return false };
        let batch = Batch::of(&array, first);
        match self {
            Self::Nulls { .. } => {}
            Self::Texts(values) => return values.update_texts(&batch),
            Self::NamedTexts(values) => return values.update_texts(&batch),
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
            Self::Scan(_) => (0, 0),
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

/// A flat array with its nulls and the numbers of its rows.
pub(crate) struct Batch<'a> {
    pub(crate) array: &'a ArrayRef,
    pub(crate) first: RowId,
    nulls: Option<NullBuffer>,
    pub(crate) null_count: usize,
}

impl<'a> Batch<'a> {
    fn of(array: &'a ArrayRef, first: RowId) -> Self {
        let nulls = array.logical_nulls().filter(|nulls| nulls.null_count() > 0);
        let null_count = nulls.as_ref().map_or(0, |nulls| nulls.null_count());
        Self { array, first, nulls, null_count }
    }

    /// Calls `visit` for every row that is not null.
    #[inline]
    pub(crate) fn each_valid(&self, visit: impl FnMut(usize)) {
        match &self.nulls {
            None => (0..self.array.len()).for_each(visit),
            Some(nulls) => nulls.valid_indices().for_each(visit),
        }
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Float64Array, StringArray};

    use super::*;
    use crate::{cells::Cells, family::Family};

    const ROWS: usize = 150_000;

    /// Streams an array in pieces of `piece` rows, each into its own state, merged from the `first`-th on, around the end.
    fn streamed(question: &State, array: &ArrayRef, piece: usize, first: usize) -> State {
        let pieces = ROWS.div_ceil(piece);
        let mut merged = question.fresh();
        for at in (0..pieces).map(|at| (at + first) % pieces) {
            let start = at * piece;
            let mut state = question.fresh();
            assert!(state.update(&array.slice(start, piece.min(ROWS - start)), RowId::new(0, start as u64)));
            merged.merge(state);
        }
        merged
    }

    /// Everything that is ever read out of a state, against itself.
    fn read_out(state: &State, family: Family) -> String {
        match state.clone() {
            State::Scan(scan) => format!("{} {:?}", scan.by_value(), scan.into_bins()),
            state => format!("{:?}", Cells::new(family, Some(state.clone()), Some(state))),
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
        assert!(scan.update(&numbers, RowId::new(0, 0)));
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
