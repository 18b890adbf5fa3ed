//! The values of all rows in a few numbers.

use anyhow::Result;
use kullback::state::Sum;

/// Bins of the histogram.
const BINS: usize = 12;
/// A range wider than this is drawn on a logarithmic scale.
const WIDE: f64 = 100.0;

/// Mean, spread and order statistics.
pub(crate) struct Summary {
    pub(crate) mean: f64,
    /// Of the mean; NaN for one row and where a value is infinite.
    pub(crate) std_error: f64,
    pub(crate) median: f64,
    pub(crate) p90: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
    pub(crate) p99_9: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) histogram: Vec<Bin>,
}

/// Values from `low` to below `high`; one value if both are the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bin {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) count: usize,
}

/// The values as they come.
pub(super) struct Values {
    values: Vec<f64>,
    expected: usize,
}

impl Values {
    pub(super) fn new(expected: usize) -> Self {
        Self { values: Vec::new(), expected }
    }

    /// How many there will be.
    pub(super) fn expected(&self) -> usize {
        self.expected
    }

    pub(super) fn push(&mut self, values: &[f64]) -> Result<()> {
        self.values.extend_from_slice(values);
        Ok(())
    }

    pub(super) fn summary(mut self) -> Result<Summary> {
        let n = self.values.len() as f64;
        let mean = self.values.iter().fold(Sum::ZERO, |sum, &x| sum + x).value() / n;
        let squares = self.values.iter().fold(Sum::ZERO, |sum, &x| sum + (x - mean) * (x - mean)).value();
        let std_error = (squares / (n - 1.0)).sqrt() / n.sqrt();
        self.values.sort_unstable_by(f64::total_cmp);
        let sorted = &self.values;
        let at = |fraction| quantile(sorted, fraction);
        Ok(Summary {
            mean,
            std_error,
            median: at(0.5),
            p90: at(0.9),
            p95: at(0.95),
            p99: at(0.99),
            p99_9: at(0.999),
            min: at(0.0),
            max: at(1.0),
            histogram: histogram(sorted),
        })
    }
}

/// Linear between order statistics (type 7 of R. Hyndman, Y. Fan, *Sample quantiles in statistical packages*, 1996).
fn quantile(sorted: &[f64], fraction: f64) -> f64 {
    let position = fraction * sorted.len().saturating_sub(1) as f64;
    let below = sorted.get(position.floor() as usize).copied().unwrap_or(f64::NAN);
    let above = sorted.get(position.ceil() as usize).copied().unwrap_or(below);
    // Infinite neighbours have no difference.
    if below == above { below } else { below + (above - below) * position.fract() }
}

/// Zeros and infinities have bins of their own; those between are of one width, or of one ratio.
fn histogram(sorted: &[f64]) -> Vec<Bin> {
    let zeros = sorted.partition_point(|&x| x <= 0.0);
    let finite = sorted.partition_point(|&x| x < f64::INFINITY);
    let mut bins = Vec::new();
    if zeros > 0 {
        bins.push(Bin { low: 0.0, high: 0.0, count: zeros });
    }
    let between = &sorted[zeros..finite];
    match between {
        &[low, .., high] if low < high => bins.extend(equal_bins(between, low, high)),
        &[low, ..] => bins.push(Bin { low, high: low, count: between.len() }),
        [] => {}
    }
    if finite < sorted.len() {
        bins.push(Bin { low: f64::INFINITY, high: f64::INFINITY, count: sorted.len() - finite });
    }
    bins
}

fn equal_bins(sorted: &[f64], low: f64, high: f64) -> Vec<Bin> {
    let edge = |i: usize| {
        let share = i as f64 / BINS as f64;
        match i {
            0 => low,
            BINS => high,
            _ if high / low > WIDE => (low.ln() + (high.ln() - low.ln()) * share).exp(),
            _ => low + (high - low) * share,
        }
    };
    let before = |i: usize| if i == BINS { sorted.len() } else { sorted.partition_point(|&x| x < edge(i)) };
    (0..BINS).map(|i| Bin { low: edge(i), high: edge(i + 1), count: before(i + 1) - before(i) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_type_7() {
        let sorted = [0.0, 1.0, 4.0, f64::INFINITY, f64::INFINITY];
        assert_eq!(quantile(&sorted, 0.5), 4.0);
        assert_eq!(quantile(&sorted, 0.375), 2.5);
        assert_eq!(quantile(&sorted, 0.6), f64::INFINITY);
        assert_eq!(quantile(&sorted, 0.9), f64::INFINITY);
        assert_eq!(quantile(&[2.0], 0.999), 2.0);
    }

    #[test]
    fn every_value_is_in_one_bin() {
        let sorted: Vec<f64> = (0..1000).map(|i| f64::from(i) / 100.0).chain([f64::INFINITY]).collect();
        let bins = histogram(&sorted);
        assert_eq!(bins.iter().map(|bin| bin.count).sum::<usize>(), sorted.len());
        assert_eq!(bins.len(), BINS + 2);
        // Three decades: the upper ones hold most.
        assert!(bins[BINS].count > bins[1].count);
        assert_eq!(histogram(&[3.0, 3.0]), [Bin { low: 3.0, high: 3.0, count: 2 }]);
        assert_eq!(histogram(&[0.0]), [Bin { low: 0.0, high: 0.0, count: 1 }]);
    }
}
