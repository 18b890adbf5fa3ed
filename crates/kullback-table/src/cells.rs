//! The counts of one column on both sides, cell by cell.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::{
    codes::{Coder, Keys, NOWHERE},
    drift::kind_of,
    family::Family,
    profile::{MAX_NAMED, State, ValueCounts, Values, chosen},
    report::Kind,
    rows::Effective,
};

/// A bin or value with its counts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cell {
    pub(crate) label: String,
    pub(crate) reference: u64,
    pub(crate) current: u64,
    /// Holds values: is none of `null` and `NaN`.
    pub(crate) values: bool,
}

/// Where a cell goes that the test joins to its neighbour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Join {
    pub(crate) cell: usize,
    pub(crate) into: usize,
}

/// Values, their counts and those of all others on both sides.
type Named<K> = (Vec<K>, (Vec<u64>, u64), (Vec<u64>, u64));

fn numbered<K: std::hash::Hash + Eq>(names: Vec<K>) -> HashMap<K, u32> {
    names.into_iter().zip(0..).collect()
}

/// A column's counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cells {
    pub(crate) kind: Option<Kind>,
    pub(crate) cells: Vec<Cell>,
    pub(crate) joins: Vec<Join>,
    /// Which of `cells` a row is in.
    pub(crate) coder: Coder,
    /// Nulls and rows, of each side that has the column.
    pub(crate) nulls_reference: Option<(u64, u64)>,
    pub(crate) nulls_current: Option<(u64, u64)>,
}

impl Cells {
    pub(crate) fn new(family: Family, old: Option<State>, new: Option<State>) -> Self {
        let mut cells = Self {
            kind: Some(kind_of(family)),
            nulls_reference: old.as_ref().map(State::nulls_and_rows),
            nulls_current: new.as_ref().map(State::nulls_and_rows),
            ..Self::default()
        };
        let (Some(old), Some(new)) = (old, new) else { return cells };
        let nans = [old.nans(), new.nans()];
        match (old, new) {
            (State::Bins(old), State::Bins(new)) => {
                let labels = old.bins.labels(family);
                let of_positions = cells.bins(labels.into_iter().zip(old.counts.into_iter().zip(new.counts)));
                cells.coder.keys = Keys::Bins(old.bins, of_positions);
            }
            (State::Texts(old), State::Texts(new)) => cells.texts(Self::whole(&old, &new)),
            (State::Numbers(old), State::Numbers(new)) => cells.numbers(family, Self::whole(&old, &new)),
            (State::NamedTexts(old), State::NamedTexts(new)) => {
                let (old, new) = (old.counts, new.counts);
                cells.texts(Some((old.names(), (old.named, old.other), (new.named, new.other))));
            }
            (State::NamedNumbers(old), State::NamedNumbers(new)) => {
                let (old, new) = (old.counts, new.counts);
                cells.numbers(family, Some((old.names(), (old.named, old.other), (new.named, new.other))));
            }
            _ => {}
        }
        let nulls = |side: Option<(u64, u64)>| side.map_or(0, |(nulls, _)| nulls);
        cells.coder.nan = cells.special("NaN", nans[0], nans[1]);
        let (nulls_reference, nulls_current) = (nulls(cells.nulls_reference), nulls(cells.nulls_current));
        cells.coder.null = cells.special("null", nulls_reference, nulls_current);
        cells.coder.len = cells.cells.len();
        cells
    }

    /// Below and above are left out when empty on both sides, and joined to their neighbours for the test when the
    /// reference leaves them empty. The cell of every position.
    fn bins(&mut self, counts: impl ExactSizeIterator<Item = (String, (u64, u64))>) -> Vec<u32> {
        let last = counts.len() - 1;
        let mut of_positions = Vec::with_capacity(counts.len());
        for (at, (label, (reference, current))) in counts.enumerate() {
            let outside = at == 0 || at == last;
            if outside && reference == 0 && current == 0 {
                of_positions.push(NOWHERE);
                continue;
            }
            let cell = self.cells.len();
            of_positions.push(cell as u32);
            if outside && reference == 0 {
                self.joins.push(Join { cell, into: if at == 0 { cell + 1 } else { cell - 1 } });
            }
            self.cells.push(Cell { label, reference, current, values: true });
        }
        of_positions
    }

    /// Both sides counted whole: the values to name are chosen here.
    fn whole<K: std::hash::Hash + Eq + Ord + Clone>(
        old: &Values<ValueCounts<K>>,
        new: &Values<ValueCounts<K>>,
    ) -> Option<Named<K>> {
        let names = chosen(old, new, MAX_NAMED);
        let (old, new) = (old.counts.named(&names)?, new.counts.named(&names)?);
        Some((names, old, new))
    }

    fn texts(&mut self, named: Option<Named<Arc<str>>>) {
        let Some((names, old, new)) = named else { return };
        self.named(names.iter().map(|text| text.to_string()), old, new);
        self.coder.keys = Keys::Texts(numbered(names));
    }

    /// Numbers that are counted by value are a categorical column.
    fn numbers(&mut self, family: Family, named: Option<Named<u64>>) {
        self.kind = Some(Kind::Categorical);
        let Some((names, old, new)) = named else { return };
        self.named(names.iter().map(|bits| family.label(f64::from_bits(*bits))), old, new);
        self.coder.keys = Keys::Numbers(numbered(names));
    }

    fn named(&mut self, names: impl Iterator<Item = String>, old: (Vec<u64>, u64), new: (Vec<u64>, u64)) {
        for (label, (reference, current)) in names.zip(old.0.into_iter().zip(new.0)) {
            self.cells.push(Cell { label, reference, current, values: true });
        }
        self.coder.other = self.special("other", old.1, new.1);
        if let Some(cell) = self.cells.last_mut() {
            cell.values = true;
        }
    }

    /// A cell that is not a value; a value of the same text is quoted. Its number.
    fn special(&mut self, label: &str, reference: u64, current: u64) -> u32 {
        if reference == 0 && current == 0 {
            return NOWHERE;
        }
        for cell in self.cells.iter_mut().filter(|cell| cell.label == label) {
            cell.label = format!("\"{label}\"");
        }
        self.cells.push(Cell { label: label.to_owned(), reference, current, values: false });
        self.cells.len() as u32 - 1
    }

    /// Makes sums of weights counts, where there are weights.
    pub(crate) fn weighted(mut self, reference: Option<Effective>, current: Option<Effective>) -> Self {
        let scaled = |side: Option<Effective>, weights: Vec<u64>| match side {
            Some(side) => side.counts(weights.into_iter()),
            None => weights,
        };
        let (new, old) = self.counts();
        let counts = scaled(reference, old).into_iter().zip(scaled(current, new));
        for (cell, (reference, current)) in self.cells.iter_mut().zip(counts) {
            (cell.reference, cell.current) = (reference, current);
        }
        self
    }

    /// The counts of the current table and of the reference.
    pub(crate) fn counts(&self) -> (Vec<u64>, Vec<u64>) {
        self.cells.iter().map(|cell| (cell.current, cell.reference)).unzip()
    }

    /// Counts of all cells after joining.
    pub(crate) fn joined(&self, counts: &[u64]) -> Vec<u64> {
        let mut counts = counts.to_vec();
        for &Join { cell, into } in &self.joins {
            counts[into] += std::mem::take(&mut counts[cell]);
        }
        counts
    }

    /// The cell that each cell is joined into, itself where it is not.
    pub(crate) fn joined_codes(&self) -> Vec<u32> {
        let mut codes: Vec<u32> = (0..self.cells.len() as u32).collect();
        for &Join { cell, into } in &self.joins {
            codes[cell] = into as u32;
        }
        codes
    }

    /// How many cells at the beginning are in order, if it is a column of bins.
    pub(crate) fn ordered(&self) -> usize {
        self.cells.iter().take_while(|cell| cell.values).count()
    }

    /// Both sides hold values, and none in common.
    pub(crate) fn disjoint(&self) -> bool {
        let values = || self.cells.iter().filter(|cell| cell.values);
        values().any(|cell| cell.reference > 0)
            && values().any(|cell| cell.current > 0)
            && values().all(|cell| cell.reference == 0 || cell.current == 0)
    }
}
