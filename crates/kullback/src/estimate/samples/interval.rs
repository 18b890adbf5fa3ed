//! How sure an estimate from nearest neighbours is.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::Sample;
use super::ensemble::Ensemble;
use super::nearest::values;
use crate::estimate::interval::Spread;
use crate::estimate::random::SplitMix;
use crate::threads::each;

/// Parts that a sample is cut into, at least and at most; they hold this many times the largest k where that leaves more parts
/// than the least.
const PARTS: (usize, usize) = (6, 20);
const NEIGHBOURHOODS: usize = 4;
/// Beyond this factor more degrees of freedom make no difference.
const FREE: f64 = 1e3;
/// How often the samples are cut up anew: the variance is the mean over these.
const TIMES: usize = 3;

/// The fewest points that can be cut into parts which have k neighbours each.
pub(super) fn fewest(k: usize) -> usize {
    PARTS.0.saturating_mul(k.saturating_add(1))
}

/// What an interval is made around.
pub(super) struct Estimate {
    pub(super) value: f64,
    /// As if densities were known.
    pub(super) variance: f64,
    /// The most that may be left of the bias.
    pub(super) bias: f64,
}

/// The ends of the interval.
///
/// The variance has two parts: that of the mean of ln(p/q) and of (p/q) − 1 over samples if densities were known, which vanishes with KL,
/// and that of the neighbours' counts, which is what there is at P = Q. The second depends on the densities next to nothing, and is
/// measured: both samples are put together, dealt out anew and cut into B parts; each part estimates 0 from 1/B of the points, with B times the variance,
/// because it falls as 1/n at fixed k. The interval is that of [`Spread`], with Student's t for the number of parts and how much of the
/// variance comes from them.
pub(super) fn ends(
    p: &Sample<'_>,
    q: &Sample<'_>,
    ensemble: &Ensemble,
    estimate: &Estimate,
    confidence: f64,
    seed: u64,
) -> (f64, f64) {
    let most = ensemble.ks.last().copied().unwrap_or(1);
    let parts = (p.len().min(q.len()) / (NEIGHBOURHOODS * most)).clamp(PARTS.0, PARTS.1);
    let both = p.with(q);
    let mut random = SplitMix::new(seed);
    let deals: Vec<Vec<usize>> = (0..TIMES).map(|_| random.shuffled(both.len())).collect();
    let work: Vec<[&[usize]; 2]> = deals
        .iter()
        .map(|order| order.split_at(p.len()))
        .flat_map(|(x, y)| (0..parts).map(move |part| [cut(x, part, parts), cut(y, part, parts)]))
        .collect();
    let draws = work.len() as f64;
    let squares = each(work, || (), &|(), [x, y]| {
        let values = values(&both.part(x), &both.part(y), &ensemble.ks).values;
        [ensemble.value(&values).powi(2), ensemble.bias_left(&values).powi(2)]
    });
    let mean = |of: usize| squares.iter().map(|squares| squares[of]).sum::<f64>() / draws / parts as f64;
    let (counting, of_bias) = (mean(0), mean(1));
    // Anything between nothing and all of it may be left: a third of the square. Up to two of its deviations it is taken for noise.
    let square = estimate.bias * estimate.bias;
    let bias = if square > 4.0 * of_bias { (square - of_bias) / 3.0 } else { 0.0 };
    let least = counting + bias;
    // Of the two variances only one is an average of a few: F. E. Satterthwaite (1946).
    let freedom = draws * (1.0 + estimate.variance / counting.max(f64::MIN_POSITIVE)).powi(2).min(FREE);
    let reach = StudentsT::new(0.0, 1.0, freedom).map_or(f64::NAN, |t| t.inverse_cdf(0.5 + confidence / 2.0));
    let noise = 1.0 / p.len() as f64 + 1.0 / q.len() as f64;
    Spread::from_noisy(estimate.variance, estimate.value, noise, least).ends(estimate.value, reach)
}

/// The `part`-th of `parts` pieces.
fn cut(order: &[usize], part: usize, parts: usize) -> &[usize] {
    &order[part * order.len() / parts..(part + 1) * order.len() / parts]
}
