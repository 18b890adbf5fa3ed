//! Numeric columns: a first look at the reference, then counts between edges.

use super::Batch;
use crate::{bins::Bins, family::Family, sample::Sample};

/// Values kept for the quantiles; a column of no more is exact. 1 MB a column.
pub(crate) const SAMPLED_NUMBERS: usize = 65_536;

/// Number columns of whole numbers with at most this many distinct values in the reference are counted by value.
pub(crate) const FEW_VALUES: usize = 20;

/// Range, quantiles and distinct values of a column's finite numbers.
#[derive(Debug, Clone)]
pub(crate) struct NumericScan {
    /// Smallest and largest finite value.
    range: Option<(f64, f64)>,
    sample: Sample<f64, SAMPLED_NUMBERS>,
    few: FewValues,
    /// How many bins it is to find.
    wanted: usize,
}

impl NumericScan {
    /// A scan for that many bins. Columns of numbers may turn out to be better counted by value; dates, times and durations
    /// may not.
    pub(crate) fn new(family: Family, wanted: usize) -> Self {
        let asked = family == Family::Number;
        let few = FewValues { values: asked.then(Vec::new), asked };
        Self { range: None, sample: Sample::default(), few, wanted }
    }

    pub(super) fn fresh(&self) -> Self {
        let few = FewValues { values: self.few.asked.then(Vec::new), asked: self.few.asked };
        Self { range: None, sample: Sample::default(), few, wanted: self.wanted }
    }

    pub(crate) fn wanted(&self) -> usize {
        self.wanted
    }

    pub(crate) fn range(&self) -> Option<(f64, f64)> {
        self.range
    }

    /// Whether a count by value would be an answer.
    pub(crate) fn asks_for_few(&self) -> bool {
        self.few.asked
    }

    pub(super) fn update(&mut self, batch: &Batch<'_>, numbers: &[f64]) {
        // Loop after loop, each of few instructions, is faster than one of all.
        let extent = match batch.valid() {
            None => Extent::of(numbers.iter().copied()),
            Some(valid) => Extent::of(valid.set_indices().map(|row| numbers[row])),
        };
        self.range = joined(self.range, extent.range);
        batch.each_valid(|row, _| {
            let hash = batch.first.hash(row);
            if self.sample.wants(hash) && numbers[row].is_finite() {
                self.sample.push(hash, numbers[row]);
            }
        });
        if extent.infinite {
            self.few.values = None;
        }
        if self.few.values.is_some() {
            batch.each_valid(|row, _| self.few.add(numbers[row]));
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.range = joined(self.range, other.range);
        self.sample.merge(other.sample);
        match other.few.values {
            Some(values) => values.into_iter().for_each(|value| self.few.add(value)),
            None => self.few.values = None,
        }
    }

    /// Whole numbers, and few of them?
    pub(crate) fn by_value(&self) -> bool {
        self.few.values.as_ref().is_some_and(|values| !values.is_empty())
    }

    /// Bins between the quantiles of what was seen, as many as were asked for.
    pub(crate) fn into_bins(self) -> Bins {
        let mut sample = self.sample.into_values();
        sample.sort_unstable_by(f64::total_cmp);
        let counted: Vec<(f64, u64)> =
            sample.chunk_by(|a, b| a == b).map(|equal| (equal[0], equal.len() as u64)).collect();
        Bins::from_quantiles(self.range, &counted, self.wanted)
    }
}

/// What a batch's numbers lie between.
struct Extent {
    /// Smallest and largest finite one.
    range: Option<(f64, f64)>,
    /// Not all are finite or NaN.
    infinite: bool,
}

impl Extent {
    #[inline]
    fn of(numbers: impl Iterator<Item = f64>) -> Self {
        // Plain variables: captured ones would go through memory.
        let (mut low, mut high, mut infinite) = (f64::INFINITY, f64::NEG_INFINITY, false);
        for number in numbers {
            let size = number.abs();
            infinite |= size == f64::INFINITY;
            let finite = size < f64::INFINITY;
            low = if finite & (number < low) { number } else { low };
            high = if finite & (number > high) { number } else { high };
        }
        Self { range: (low <= high).then_some((low, high)), infinite }
    }
}

/// The range of both.
pub(super) fn joined<T: PartialOrd>(a: Option<(T, T)>, b: Option<(T, T)>) -> Option<(T, T)> {
    match (a, b) {
        (Some((a, b)), Some((c, d))) => Some((if c < a { c } else { a }, if d > b { d } else { b })),
        (range, None) | (None, range) => range,
    }
}

/// The distinct values of a column, until there are too many or one is not whole.
#[derive(Debug, Clone)]
struct FewValues {
    values: Option<Vec<f64>>,
    asked: bool,
}

impl FewValues {
    #[inline]
    fn add(&mut self, value: f64) {
        let Some(values) = &mut self.values else { return };
        if value.is_nan() {
            return;
        }
        match values.iter().position(|&known| known == value) {
            // Values come in runs and skewed: the one met last moves to the front.
            Some(0) => {}
            Some(at) => values.swap(0, at),
            None if values.len() < FEW_VALUES && value.fract() == 0.0 => values.push(value),
            None => self.values = None,
        }
    }
}

/// Rows of a column in each bin.
#[derive(Debug, Clone)]
pub(crate) struct BinCounts {
    pub(crate) bins: Bins,
    /// Below, the bins in order, above.
    pub(crate) counts: Vec<u64>,
    pub(crate) nans: u64,
    pub(crate) nulls: u64,
    pub(crate) rows: u64,
}

impl BinCounts {
    pub(crate) fn new(bins: Bins) -> Self {
        Self { counts: vec![0; bins.len() + 2], bins, nans: 0, nulls: 0, rows: 0 }
    }

    pub(crate) fn fresh(&self) -> Self {
        Self::new(self.bins.clone())
    }

    pub(super) fn update(&mut self, batch: &Batch<'_>, numbers: &[f64]) {
        self.rows += batch.rows;
        self.nulls += batch.nulls;
        let Self { bins, counts, nans, .. } = self;
        batch.each_valid(|row, weight| {
            let value = numbers[row];
            if value.is_nan() {
                *nans += weight;
            } else {
                counts[bins.position(value)] += weight;
            }
        });
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.nans += other.nans;
        self.nulls += other.nulls;
        self.rows += other.rows;
    }
}
