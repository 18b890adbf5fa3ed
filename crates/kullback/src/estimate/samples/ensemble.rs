//! Which numbers of neighbours are asked for, and how their estimates are weighed.

use super::SampleEstimator;

/// The numbers of neighbours of an ensemble: each about half as large again as the one before.
const NEIGHBOURS: [usize; 11] = [2, 3, 5, 8, 12, 18, 27, 40, 60, 90, 135];
/// Beyond one dimension more neighbours than this are too far away.
const MOST: usize = 60;
/// In one dimension balls are small whatever k is: numbers of neighbours below this part of the largest would only add
/// noise, and most of what rounding changes.
const PART: usize = 8;
/// An ensemble's largest k leaves this many times as many points, so that subsamples can be taken of the sample.
const SPARE: usize = 24;

/// Estimates for several k and their weights.
#[derive(Debug, Clone)]
pub(super) struct Ensemble {
    /// In increasing order.
    pub(super) ks: Vec<usize>,
    /// They sum to 1.
    pub(super) weights: Vec<f64>,
    /// In one dimension the mean; what it differs by says how much of the bias may be left.
    cautious: Vec<f64>,
}

impl Ensemble {
    /// What `estimator` uses for samples of at least `points` points.
    pub(super) fn new(estimator: SampleEstimator, points: usize, dimensions: usize) -> Self {
        if let SampleEstimator::Nearest { k } = estimator {
            return Self::mean(vec![k]);
        }
        let enough = |&k: &usize| k == NEIGHBOURS[0] || k * SPARE <= points && (k <= MOST || dimensions == 1);
        let mut ks: Vec<usize> = NEIGHBOURS.into_iter().filter(enough).collect();
        let largest = ks.last().copied().unwrap_or(1);
        if dimensions == 1 {
            ks.retain(|k| k * PART >= largest);
        }
        // The powers of the radius that the bias grows with. The first is absent where densities have no edge; on a line every
        // sample ends at two.
        let powers: &[f64] = match ks.len() {
            4.. if dimensions == 1 => &[1.0],
            8.. => &[2.0, 3.0],
            5.. => &[2.0],
            _ => &[],
        };
        let weights = weights(&ks, dimensions, powers);
        let cautious = if dimensions == 1 { self::weights(&ks, dimensions, &[]) } else { weights.clone() };
        Self { ks, weights, cautious }
    }

    fn mean(ks: Vec<usize>) -> Self {
        let weights = vec![1.0 / ks.len() as f64; ks.len()];
        Self { ks, cautious: weights.clone(), weights }
    }

    /// The estimate from those for each k.
    pub(super) fn value(&self, values: &[f64]) -> f64 {
        dot(&self.weights, values)
    }

    /// The most that may be left of the bias. In one dimension that is as much as was removed, for it comes from the samples' ends and
    /// is the larger the more was. In several the next power is small beside the noise.
    pub(super) fn bias_left(&self, values: &[f64]) -> f64 {
        self.value(values) - dot(&self.cautious, values)
    }

    /// How far the estimate is from the mean of those for each k.
    pub(super) fn extrapolated(&self, values: &[f64]) -> f64 {
        self.value(values) - values.iter().sum::<f64>() / values.len() as f64
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The weights of smallest Σw² that sum to 1 and remove the `powers` of the radius, which is proportional to k^(1/d):
/// Σ w k^(j/d) = 0 for each j (K. R. Moon, K. Sricharan, K. Greenewald, A. O. Hero, 2018).
///
/// They are what is left of (1, …, 1) after its projection on the powers is taken away, scaled.
fn weights(ks: &[usize], dimensions: usize, powers: &[f64]) -> Vec<f64> {
    let largest = ks.last().copied().unwrap_or(1) as f64;
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for power in powers {
        let row = ks.iter().map(|&k| (k as f64 / largest).powf(power / dimensions as f64)).collect();
        let row = apart_from(&rows, row);
        let length = dot(&row, &row).sqrt();
        rows.push(row.iter().map(|x| x / length).collect());
    }
    let left = apart_from(&rows, vec![1.0; ks.len()]);
    let sum = left.iter().sum::<f64>();
    left.iter().map(|x| x / sum).collect()
}

/// What of `row` is at right angles to the orthonormal `rows`: Gram–Schmidt, twice, which is enough (W. Kahan).
fn apart_from(rows: &[Vec<f64>], mut row: Vec<f64>) -> Vec<f64> {
    for direction in rows.iter().chain(rows) {
        let along = dot(direction, &row);
        row.iter_mut().zip(direction).for_each(|(x, y)| *x -= along * y);
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_keep_constants_and_remove_the_powers() {
        for dimensions in 1..=20 {
            let ensemble = Ensemble::new(SampleEstimator::Ensemble, 10_000, dimensions);
            let largest = if dimensions == 1 { 135 } else { 60 };
            assert_eq!(ensemble.ks.last(), Some(&largest));
            let of = |power: f64| {
                let values: Vec<f64> =
                    ensemble.ks.iter().map(|&k| (k as f64 / 60.0).powf(power / dimensions as f64)).collect();
                ensemble.value(&values)
            };
            assert!((of(0.0) - 1.0).abs() < 1e-9, "{dimensions}: {}", of(0.0));
            let removed: &[f64] = if dimensions == 1 { &[1.0] } else { &[2.0, 3.0] };
            assert!(removed.iter().all(|&power| of(power).abs() < 1e-9), "{dimensions}");
        }
    }

    #[test]
    fn small_samples_ask_for_less() {
        let ensemble = |points| Ensemble::new(SampleEstimator::Ensemble, points, 3);
        assert_eq!(ensemble(20).ks, [2]);
        assert_eq!(ensemble(20).weights, [1.0]);
        assert_eq!(ensemble(100).ks, [2, 3]);
        assert_eq!(ensemble(300).ks, [2, 3, 5, 8, 12]);
        assert_eq!(Ensemble::new(SampleEstimator::Ensemble, 2000, 1).ks, [8, 12, 18, 27, 40, 60]);
        assert_eq!(Ensemble::new(SampleEstimator::Nearest { k: 4 }, 20, 3).ks, [4]);
    }
}
