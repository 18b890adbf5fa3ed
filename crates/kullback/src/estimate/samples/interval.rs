//! How sure an estimate is: the spread of the same estimate over subsamples.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::Sample;
use super::ensemble::Ensemble;
use super::nearest::values;
use crate::estimate::random::SplitMix;
use crate::threads::each;

/// Parts that a sample is cut into, at least and at most; subsamples hold this many times the largest k where that leaves more parts
/// than the least.
const PARTS: (usize, usize) = (6, 20);
const NEIGHBOURHOODS: usize = 4;
/// How often the samples are cut up anew: the variance is the mean over these.
const TIMES: usize = 3;

/// The fewest points that can be cut into parts which have k neighbours each.
pub(super) fn fewest(k: usize) -> usize {
    PARTS.0.saturating_mul(k.saturating_add(1))
}

/// Half the width of the interval around an estimate that may have `bias` left.
///
/// Both samples are shuffled and cut into B parts, and each pair of parts is estimated from; the variance of these
/// estimates is B times that of the whole, because the variance of nearest-neighbour estimates at fixed k falls as 1/n
/// (D. N. Politis and J. P. Romano, 1994, for subsampling in general). Student's t with B − 1 degrees of freedom.
pub(super) fn half_width(
    p: &Sample<'_>,
    q: &Sample<'_>,
    ensemble: &Ensemble,
    bias: f64,
    confidence: f64,
    seed: u64,
) -> f64 {
    let most = ensemble.ks.last().copied().unwrap_or(1);
    let parts = (p.len().min(q.len()) / (NEIGHBOURHOODS * most)).clamp(PARTS.0, PARTS.1);
    let mut random = SplitMix::new(seed);
    let cuts: Vec<[Vec<usize>; 2]> = (0..TIMES).map(|_| [random.shuffled(p.len()), random.shuffled(q.len())]).collect();
    let work: Vec<[&[usize]; 2]> =
        cuts.iter().flat_map(|[x, y]| (0..parts).map(move |part| [cut(x, part, parts), cut(y, part, parts)])).collect();
    let estimates =
        each(work, || (), &|(), [x, y]| ensemble.value(&values(&p.part(x), &q.part(y), &ensemble.ks).values));
    let variance =
        estimates.chunks(parts).map(|estimates| variance(estimates) / parts as f64).sum::<f64>() / TIMES as f64;
    let quantile =
        StudentsT::new(0.0, 1.0, (parts - 1) as f64).map_or(f64::NAN, |t| t.inverse_cdf(0.5 + confidence / 2.0));
    (quantile * quantile * variance + bias * bias).sqrt()
}

/// The `part`-th of `parts` pieces.
fn cut(order: &[usize], part: usize, parts: usize) -> &[usize] {
    &order[part * order.len() / parts..(part + 1) * order.len() / parts]
}

fn variance(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0)
}
