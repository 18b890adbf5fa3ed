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
        let valid = batch.valid_of(numbers);
        let extent = Extent::of(&valid);
        self.range = joined(self.range, extent.range);
        let sample = &mut self.sample;
        batch.each_before(sample.limit(), |row, place| {
            if sample.wants(place) && numbers[row].is_finite() {
                sample.push(place, numbers[row]);
            }
        });
        if extent.infinite {
            self.few.values = None;
        }
        for numbers in valid.chunks(1024) {
            self.few.add_all(numbers);
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
    fn of(numbers: &[f64]) -> Self {
        let (low, high) = range_of(numbers);
        if low.is_infinite() || high.is_infinite() {
            let finite: Vec<f64> = numbers.iter().copied().filter(|number| number.is_finite()).collect();
            let (low, high) = range_of(&finite);
            let infinite = numbers.iter().any(|number| number.is_infinite());
            return Self { range: (low <= high).then_some((low, high)), infinite };
        }
        Self { range: Some((low, high)), infinite: false }
    }
}

/// The smallest and the largest number that is none of NaN, the other way round where there is none.
fn range_of(numbers: &[f64]) -> (f64, f64) {
    // Side by side, for one would wait for the other.
    const LANES: usize = 8;
    let mut low = [f64::INFINITY; LANES];
    let mut high = [f64::NEG_INFINITY; LANES];
    let (blocks, rest) = numbers.as_chunks::<LANES>();
    for block in blocks {
        for lane in 0..LANES {
            // False for NaN.
            low[lane] = if block[lane] < low[lane] { block[lane] } else { low[lane] };
            high[lane] = if block[lane] > high[lane] { block[lane] } else { high[lane] };
        }
    }
    let low = low.iter().chain(rest).copied().fold(f64::INFINITY, f64::min);
    let high = high.iter().chain(rest).copied().fold(f64::NEG_INFINITY, f64::max);
    (low, high)
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
    /// Columns of few values mostly have small ones, which are bits of a word: no row asks which of the known values it has.
    fn add_all(&mut self, numbers: &[f64]) {
        // From here on doubles are whole numbers, the last digits of which are the last bits.
        const WHOLE: f64 = (1_u64 << 52) as f64;
        if self.values.is_none() {
            return;
        }
        let (mut small, mut others) = (0_u64, false);
        for &number in numbers {
            let whole = number + WHOLE;
            let fits = whole - WHOLE == number && (0.0..64.0).contains(&number);
            small |= u64::from(fits) << (whole.to_bits() & 63);
            others |= !fits && !number.is_nan();
        }
        if others {
            numbers.iter().for_each(|&number| self.add(number));
            return;
        }
        while small > 0 {
            self.add(f64::from(small.trailing_zeros()));
            small &= small - 1;
        }
    }

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
        if batch.is_unweighted() && bins.are_few() {
            *nans += bins.count(&batch.valid_of(numbers), counts);
            return;
        }
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

#[cfg(test)]
mod tests {
    use super::{Extent, FewValues};
    use crate::sample::RowId;

    #[test]
    fn few_values_are_those_of_one_at_a_time() {
        let some = [0.0, -0.0, 1.0, 63.0, 64.0, -1.0, f64::NAN, 0.5, f64::INFINITY, 1e300, 4_503_599_627_370_497.0];
        for round in 0..2000 {
            let none = FewValues { values: Some(Vec::new()), asked: true };
            let (mut together, mut alone) = (none.clone(), none);
            for batch in 0..3 {
                let draws = RowId::new(batch, 40 * round);
                let numbers: Vec<f64> = (0..40)
                    .map(|row| {
                        let draw = (draws.hash(row) >> 40) as usize;
                        if draw.is_multiple_of(64) {
                            some[draw / 64 % some.len()]
                        } else {
                            (draw % (1 + round as usize % 30)) as f64
                        }
                    })
                    .collect();
                together.add_all(&numbers);
                numbers.iter().for_each(|&number| alone.add(number));
            }
            let sorted = |few: FewValues| {
                let mut values = few.values?;
                values.sort_by(f64::total_cmp);
                Some(values.into_iter().map(|value| value + 0.0).collect::<Vec<f64>>())
            };
            assert_eq!(sorted(together), sorted(alone));
        }
    }

    #[test]
    fn a_range_is_of_finite_numbers() {
        let of = |numbers: &[f64]| {
            let extent = Extent::of(numbers);
            (extent.range, extent.infinite)
        };
        let (inf, nan) = (f64::INFINITY, f64::NAN);
        assert_eq!(of(&[]), (None, false));
        assert_eq!(of(&[nan; 20]), (None, false));
        assert_eq!(of(&[inf, nan, -inf]), (None, true));
        assert_eq!(of(&[nan, 3.0, -2.0, nan]), (Some((-2.0, 3.0)), false));
        for at in 0..30 {
            let mut numbers = [1.0; 30];
            numbers[at] = f64::MAX;
            numbers[29 - at] = -7.0;
            assert_eq!(of(&numbers), (Some((-7.0, f64::MAX)), false));
            numbers[at] = inf;
            assert_eq!(of(&numbers), (Some((-7.0, 1.0)), true));
        }
    }
}
