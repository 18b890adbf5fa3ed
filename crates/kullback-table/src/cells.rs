//! The counts of one column on both sides, cell by cell.

use crate::{
    drift::kind_of,
    family::Family,
    profile::{MAX_NAMED, State, ValueCounts, Values, chosen},
    report::Kind,
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

/// A column's counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cells {
    pub(crate) kind: Option<Kind>,
    pub(crate) cells: Vec<Cell>,
    pub(crate) joins: Vec<Join>,
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
                cells.bins(labels.into_iter().zip(old.counts.into_iter().zip(new.counts)));
            }
            (State::Texts(old), State::Texts(new)) => cells.values(&old, &new, |text| text.to_string()),
            (State::Numbers(old), State::Numbers(new)) => {
                cells.numbers();
                cells.values(&old, &new, |bits| family.label(f64::from_bits(*bits)));
            }
            (State::NamedTexts(old), State::NamedTexts(new)) => {
                let names = old.counts.names().into_iter().map(|text| text.to_string());
                cells.named(names, (old.counts.named, old.counts.other), (new.counts.named, new.counts.other));
            }
            (State::NamedNumbers(old), State::NamedNumbers(new)) => {
                cells.numbers();
                let names = old.counts.names().into_iter().map(|bits| family.label(f64::from_bits(bits)));
                cells.named(names, (old.counts.named, old.counts.other), (new.counts.named, new.counts.other));
            }
            _ => {}
        }
        let nulls = |side: Option<(u64, u64)>| side.map_or(0, |(nulls, _)| nulls);
        cells.special("NaN", nans[0], nans[1]);
        let (nulls_reference, nulls_current) = (nulls(cells.nulls_reference), nulls(cells.nulls_current));
        cells.special("null", nulls_reference, nulls_current);
        cells
    }

    /// Numbers that are counted by value are a categorical column.
    fn numbers(&mut self) {
        self.kind = Some(Kind::Categorical);
    }

    /// Below and above are left out when empty on both sides, and joined to their neighbours for the test when the
    /// reference leaves them empty.
    fn bins(&mut self, counts: impl ExactSizeIterator<Item = (String, (u64, u64))>) {
        let last = counts.len() - 1;
        for (at, (label, (reference, current))) in counts.enumerate() {
            let outside = at == 0 || at == last;
            if outside && reference == 0 && current == 0 {
                continue;
            }
            let cell = self.cells.len();
            if outside && reference == 0 {
                self.joins.push(Join { cell, into: if at == 0 { cell + 1 } else { cell - 1 } });
            }
            self.cells.push(Cell { label, reference, current, values: true });
        }
    }

    /// Both sides counted whole: the values to name are chosen here.
    fn values<K: std::hash::Hash + Eq + Ord + Clone>(
        &mut self,
        old: &Values<ValueCounts<K>>,
        new: &Values<ValueCounts<K>>,
        label: impl Fn(&K) -> String,
    ) {
        let names = chosen(old, new, MAX_NAMED);
        if let (Some(old), Some(new)) = (old.counts.named(&names), new.counts.named(&names)) {
            self.named(names.iter().map(label), old, new);
        }
    }

    fn named(&mut self, names: impl Iterator<Item = String>, old: (Vec<u64>, u64), new: (Vec<u64>, u64)) {
        for (label, (reference, current)) in names.zip(old.0.into_iter().zip(new.0)) {
            self.cells.push(Cell { label, reference, current, values: true });
        }
        self.special("other", old.1, new.1);
        if let Some(cell) = self.cells.last_mut() {
            cell.values = true;
        }
    }

    /// A cell that is not a value; a value of the same text is quoted.
    fn special(&mut self, label: &str, reference: u64, current: u64) {
        if reference == 0 && current == 0 {
            return;
        }
        for cell in self.cells.iter_mut().filter(|cell| cell.label == label) {
            cell.label = format!("\"{label}\"");
        }
        self.cells.push(Cell { label: label.to_owned(), reference, current, values: false });
    }

    /// The counts of the current table and of the reference.
    pub(crate) fn counts(&self) -> (Vec<u64>, Vec<u64>) {
        self.cells.iter().map(|cell| (cell.current, cell.reference)).unzip()
    }

    /// The same for the test, after joining.
    pub(crate) fn joined_counts(&self) -> (Vec<u64>, Vec<u64>) {
        let (mut current, mut reference) = self.counts();
        for &Join { cell, into } in &self.joins {
            for counts in [&mut current, &mut reference] {
                counts[into] += std::mem::take(&mut counts[cell]);
            }
        }
        (current, reference)
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
