//! The values of all rows in a few numbers.

use anyhow::Result;
use kullback::state::Sum;

use super::values::Values;

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

impl Summary {
    pub(super) fn new(mut values: Values) -> Result<Self> {
        let last = values.expected().saturating_sub(1);
        let n = values.expected() as f64;
        let (mut sum, mut range) = (Sum::ZERO, Range { zeros: 0, infinite: 0, low: f64::INFINITY, high: 0.0 });
        values.pass(|values| {
            sum = values.iter().fold(sum, |sum, &x| sum + x);
            values.iter().for_each(|&x| range.add(x));
        })?;
        let mean = sum.value() / n;
        let mut squares = Sum::ZERO;
        values.pass(|values| squares = values.iter().fold(squares, |sum, &x| sum + (x - mean) * (x - mean)))?;
        let std_error = (squares.value() / (n - 1.0)).sqrt() / n.sqrt();

        let positions = [0.0, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0].map(|fraction| fraction * last as f64);
        let ranks: Vec<usize> = positions.iter().flat_map(|at| [at.floor() as usize, at.ceil() as usize]).collect();
        let found = values.order_statistics(&ranks)?;
        let between = |i: usize| quantile(found[2 * i], found[2 * i + 1], positions[i].fract());
        let [min, median, p90, p95, p99, p99_9, max] = std::array::from_fn(between);
        let histogram = range.histogram(&mut values)?;
        Ok(Self { mean, std_error, median, p90, p95, p99, p99_9, min, max, histogram })
    }
}

/// Linear between order statistics (type 7 of R. Hyndman, Y. Fan, *Sample quantiles in statistical packages*, 1996).
fn quantile(below: f64, above: f64, share: f64) -> f64 {
    // Infinite neighbours have no difference.
    if below == above { below } else { below + (above - below) * share }
}

/// Where the values lie.
struct Range {
    zeros: usize,
    infinite: usize,
    /// The smallest and the largest of the others.
    low: f64,
    high: f64,
}

impl Range {
    fn add(&mut self, x: f64) {
        if x <= 0.0 {
            self.zeros += 1;
        } else if x == f64::INFINITY {
            self.infinite += 1;
        } else {
            self.low = self.low.min(x);
            self.high = self.high.max(x);
        }
    }

    /// Zeros and infinities have bins of their own; those between are of one width, or of one ratio.
    fn histogram(&self, values: &mut Values) -> Result<Vec<Bin>> {
        let &Self { zeros, infinite, low, high } = self;
        let mut bins = Vec::new();
        let alone = |value: f64, count: usize| (count > 0).then_some(Bin { low: value, high: value, count });
        bins.extend(alone(0.0, zeros));
        if low < high {
            let edges: Vec<f64> = (0..=BINS).map(|i| self.edge(i)).collect();
            let mut counts = [0; BINS];
            values.pass(|values| {
                for &x in values.iter().filter(|&&x| low <= x && x <= high) {
                    counts[edges[1..BINS].partition_point(|&edge| edge <= x)] += 1;
                }
            })?;
            bins.extend(edges.windows(2).zip(counts).map(|(edge, count)| Bin { low: edge[0], high: edge[1], count }));
        } else if low == high {
            bins.extend(alone(low, values.expected() - zeros - infinite));
        }
        bins.extend(alone(f64::INFINITY, infinite));
        Ok(bins)
    }

    fn edge(&self, i: usize) -> f64 {
        let &Self { low, high, .. } = self;
        let share = i as f64 / BINS as f64;
        match i {
            0 => low,
            BINS => high,
            _ if high / low > WIDE => (low.ln() + (high.ln() - low.ln()) * share).exp(),
            _ => low + (high - low) * share,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn summary(all: &[f64]) -> Summary {
        let mut values = Values::new(all.len()).unwrap();
        values.push(all).unwrap();
        Summary::new(values).unwrap()
    }

    #[test]
    fn quantiles_are_those_of_type_7() {
        let infinity = f64::INFINITY;
        let summary = summary(&[4.0, infinity, 0.0, infinity, 1.0]);
        assert_eq!((summary.min, summary.median, summary.p90, summary.max), (0.0, 4.0, infinity, infinity));
        assert_eq!((summary.mean, summary.std_error.is_nan()), (infinity, true));
        let even = super::tests::summary(&[3.0, 1.0, 2.0, 4.0]);
        assert_eq!((even.mean, even.median), (2.5, 2.5));
        assert!((even.p90 - 3.7).abs() < 1e-15);
        let one = super::tests::summary(&[2.0]);
        assert_eq!((one.p99_9, one.std_error.is_nan()), (2.0, true));
    }

    #[test]
    fn every_value_is_in_one_bin() {
        let all: Vec<f64> = (0..1000).map(|i| f64::from(i) / 100.0).chain([f64::INFINITY]).collect();
        let bins = summary(&all).histogram;
        assert_eq!(bins.iter().map(|bin| bin.count).sum::<usize>(), all.len());
        assert_eq!(bins.len(), BINS + 2);
        // Three decades: the upper ones hold most.
        assert!(bins[BINS].count > bins[1].count);
        assert_eq!(summary(&[3.0, 3.0]).histogram, [Bin { low: 3.0, high: 3.0, count: 2 }]);
        assert_eq!(summary(&[0.0]).histogram, [Bin { low: 0.0, high: 0.0, count: 1 }]);
    }
}
