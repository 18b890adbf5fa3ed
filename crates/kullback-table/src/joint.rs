//! Several columns of the same rows, counted together.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef};
use hashbrown::{HashMap, HashSet};

use crate::{
    calendar::Unit,
    codes::{Coder, Keys, NOWHERE},
    family::{Family, Texts, flat, read_numbers},
    profile::within_limit,
    rows::Rows,
};

/// More combinations than this are not counted: about 20 MB.
pub(crate) const MAX_COMBINATIONS: usize = 1 << 20;

/// Counts of the combinations of cells that occur.
#[derive(Debug, Clone)]
pub(crate) struct JointCounts {
    coders: Arc<[Arc<Coder>]>,
    /// By the codes as digits of one number, the first column's the highest.
    counts: HashMap<u64, u64>,
    too_many: bool,
}

impl JointCounts {
    /// `None` if the combinations cannot be numbered.
    pub(crate) fn new(coders: &[Arc<Coder>]) -> Option<Self> {
        coders.iter().try_fold(1_u64, |product, coder| product.checked_mul(coder.len.max(1) as u64))?;
        Some(Self { coders: coders.into(), counts: HashMap::new(), too_many: false })
    }

    pub(crate) fn fresh(&self) -> Self {
        Self { coders: Arc::clone(&self.coders), counts: HashMap::new(), too_many: false }
    }

    /// Adds the rows of a batch; one that a column has no cell for is left out.
    pub(crate) fn update(&mut self, arrays: &[ArrayRef], rows: &Rows) -> bool {
        let mut keys = vec![Some(0_u64); arrays.first().map_or(0, |array| array.len())];
        for (coder, array) in self.coders.iter().zip(arrays) {
            let Some(codes) = coder.codes(array) else { return false };
            for (key, code) in keys.iter_mut().zip(codes) {
                *key = key.filter(|_| code != NOWHERE).map(|key| key * coder.len as u64 + u64::from(code));
            }
        }
        let mut add = |row: usize, weight: u64| {
            if let Some(key) = keys[row] {
                *self.counts.entry(key).or_default() += weight;
            }
        };
        let weight = |row: usize| rows.weights.as_ref().map_or(1, |weights| weights[row]);
        match &rows.counted {
            None => (0..keys.len()).for_each(|row| add(row, weight(row))),
            Some(counted) => counted.set_indices().for_each(|row| add(row, weight(row))),
        }
        self.check();
        true
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (key, count) in other.counts {
            *self.counts.entry(key).or_default() += count;
        }
        self.too_many |= other.too_many;
        self.check();
    }

    fn check(&mut self) {
        self.too_many |= self.counts.len() > MAX_COMBINATIONS;
        if self.too_many {
            self.counts = HashMap::new();
        }
    }

    /// Every combination that occurs, with its count; `None` if there are too many.
    pub(crate) fn into_counts(self) -> Option<HashMap<u64, u64>> {
        (!self.too_many).then_some(self.counts)
    }
}

/// More periods than this are no timeline.
pub(crate) const MAX_PERIODS: usize = 1000;

/// The distinct values of a column that divides a table.
#[derive(Debug, Clone)]
pub(crate) struct KeyScan {
    family: Family,
    unit: Option<Unit>,
    numbers: HashSet<u64>,
    texts: HashSet<Arc<str>>,
    too_many: bool,
}

impl KeyScan {
    pub(crate) fn new(family: Family, unit: Option<Unit>) -> Self {
        Self { family, unit, numbers: HashSet::new(), texts: HashSet::new(), too_many: false }
    }

    pub(crate) fn fresh(&self) -> Self {
        Self::new(self.family, self.unit)
    }

    pub(crate) fn update(&mut self, array: &ArrayRef, rows: &Rows) -> bool {
        let Some(array) = flat(array) else { return false };
        let nulls = array.logical_nulls();
        let valid = rows.valid(nulls.as_ref());
        let mut all = 0..array.len();
        let mut set = valid.as_ref().map(|valid| valid.set_indices());
        let valid = std::iter::from_fn(|| set.as_mut().map_or_else(|| all.next(), |set| set.next()));
        if Family::of(array.data_type()) == Family::Null {
            return true;
        }
        if self.family.is_numeric() {
            let mut numbers = Vec::new();
            if !read_numbers(&array, &mut numbers) {
                return false;
            }
            for number in valid.map(|row| numbers[row]).filter(|number| !number.is_nan()) {
                let key = self.unit.map_or(number, |unit| unit.period(number)).to_bits();
                self.numbers.insert(key);
            }
        } else {
            let Some(texts) = Texts::of(&array) else { return false };
            for row in valid {
                texts.with(row, |text| self.texts.get_or_insert_with(&*within_limit(text), |text| text.into()).len());
            }
        }
        self.check();
        true
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.numbers.extend(other.numbers);
        self.texts.extend(other.texts);
        self.too_many |= other.too_many;
        self.check();
    }

    fn check(&mut self) {
        self.too_many |= self.numbers.len() > MAX_PERIODS || self.texts.len() > MAX_PERIODS;
        if self.too_many {
            (self.numbers, self.texts) = (HashSet::new(), HashSet::new());
        }
    }

    /// The values in their order, as names and as what tells rows apart; `None` if there are too many.
    pub(crate) fn into_coder(self) -> Option<(Vec<String>, Coder)> {
        if self.too_many {
            return None;
        }
        let mut numbers: Vec<f64> = self.numbers.into_iter().map(f64::from_bits).collect();
        numbers.sort_unstable_by(f64::total_cmp);
        let mut texts: Vec<Arc<str>> = self.texts.into_iter().collect();
        texts.sort_unstable();
        let label = |&number: &f64| match self.unit {
            Some(unit) => unit.label(number),
            None => self.family.label(number),
        };
        let names: Vec<String> = numbers.iter().map(label).chain(texts.iter().map(|text| text.to_string())).collect();
        let cells = numbers.iter().map(|number| number.to_bits()).zip(0..);
        let keys = match self.unit {
            _ if !self.family.is_numeric() => Keys::Texts(texts.into_iter().zip(0..).collect()),
            Some(unit) => Keys::Periods(unit, cells.collect()),
            None => Keys::Numbers(cells.collect()),
        };
        let coder = Coder { keys, len: names.len(), ..Coder::default() };
        Some((names, coder))
    }
}
