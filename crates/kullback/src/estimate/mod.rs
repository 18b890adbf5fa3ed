//! Estimates and tests from counts, and estimates from samples.
//!
//! From counts: two slices over the same cells, `p` counts of the truth, N in all, and `q` counts of the model, M in
//! all. From samples: two sets of points, see [`SampleKl`]. An *estimate* has bias and error, and may be slightly
//! negative near P = Q; it is never clamped.

mod between;
mod g_test;
mod interval;
mod kl;
mod multiple;
mod ordered;
mod permutation;
mod random;
mod samples;
mod tally;

pub use between::count_between;
pub use g_test::{GTest, chi_square_tail, g_statistic, g_test, permutation_test, stratified_g_test};
pub use interval::{CountInterval, IntervalMethod};
pub use kl::{Estimator, KlEstimate, UnknownEstimator};
pub use multiple::benjamini_hochberg;
pub use ordered::ordered_test;
pub use samples::{SampleEstimate, SampleEstimator, SampleKl, SampleNote};
pub use tally::Tally;

use crate::{Error, Side};

/// The totals of two slices of counts over the same cells, once they are known to be comparable.
fn totals(p: &[u64], q: &[u64]) -> Result<(u64, u64), Error> {
    if p.len() != q.len() {
        return Err(Error::LengthMismatch { p: p.len(), q: q.len() });
    }
    if p.is_empty() {
        return Err(Error::Empty);
    }
    let total = |counts: &[u64], side| match counts.iter().fold(0, |sum: u64, &count| sum.saturating_add(count)) {
        0 => Err(Error::ZeroMass { side }),
        total => Ok(total),
    };
    Ok((total(p, Side::P)?, total(q, Side::Q)?))
}

/// Counts as weights for a divergence: exact below 2⁵³, and in lowest terms, so that proportional counts become equal
/// weights and every divergence between them is exactly 0.
///
/// ```
/// use kullback::{Divergence, JensenShannon, estimate::weights};
/// assert_eq!(JensenShannon::HALF.between(&weights(&[3, 9, 0]), &weights(&[7, 21, 0]))?, 0.0);
/// # Ok::<(), kullback::Error>(())
/// ```
#[must_use]
pub fn weights(counts: &[u64]) -> Vec<f64> {
    let divisor = counts.iter().fold(0, |a, &b| greatest_common_divisor(a, b)).max(1);
    counts.iter().map(|&count| (count / divisor) as f64).collect()
}

/// Euclid's algorithm; 0 leaves the other as it is.
fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
