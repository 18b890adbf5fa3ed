//! Numbers counted between edges.

#![allow(
    clippy::needless_range_loop,
    reason = "adaptors of iterators are not compiled for the instruction set of their caller"
)]

use crate::num::Real as _;
use crate::num::simd::{F64s, Kernel, Lanes as _, Level, Simd, dispatch};

/// Numbers that stay in the first cache while they are compared with one edge after another.
const BLOCK: usize = 2048;

/// Counts `values` into the cells that `edges` part the line into, and adds to `counts`: below the first edge, from each edge up to the
/// next one, and from the last one on, a cell more than there are edges. Returns how many values are NaN, which are in no cell.
///
/// Every value is compared with every edge, in vectors: up to a few dozen edges that is faster than to search for its cell, and no
/// count waits for the one before. O(values × edges).
///
/// Edges are finite and in increasing order; cells that `counts` has no place for are not counted.
///
/// ```
/// use kullback::estimate::count_between;
/// let mut counts = [0; 3];
/// let nans = count_between(&[-0.0, 0.5, 1.0, f64::INFINITY, -2.0, f64::NAN], &[0.0, 1.0], &mut counts);
/// assert_eq!((counts, nans), ([1, 2, 2], 1));
/// ```
pub fn count_between(values: &[f64], edges: &[f64], counts: &mut [u64]) -> u64 {
    let level = Level::new();
    let mut nans = 0;
    for block in values.chunks(BLOCK) {
        let numbers = block.iter().map(|value| u64::from(!value.is_nan())).sum::<u64>();
        nans += block.len() as u64 - numbers;
        let mut beyond = numbers;
        for (&edge, count) in edges.iter().zip(counts.iter_mut()) {
            let here = dispatch(level, AtLeast { values: block, edge });
            *count += beyond - here;
            beyond = here;
        }
        if let Some(last) = counts.get_mut(edges.len()) {
            *last += beyond;
        }
    }
    nans
}

/// How many values are at an edge or beyond it.
struct AtLeast<'a> {
    values: &'a [f64],
    edge: f64,
}

impl Kernel for AtLeast<'_> {
    type Output = u64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> u64 {
        let Self { values, edge } = self;
        // A comparison with NaN is false.
        let (before, one, zero) = (F64s::splat(simd, edge.next_down()), F64s::splat(simd, 1.0), F64s::splat(simd, 0.0));
        let len = F64s::<S>::LEN;
        let mut sums = [zero; 4];
        let mut at = 0;
        while at + 4 * len <= values.len() {
            for i in 0..4 {
                let value = F64s::load(simd, &values[at + i * len..at + (i + 1) * len]);
                sums[i] = sums[i] + before.where_less(value, one, zero);
            }
            at += 4 * len;
        }
        let mut count = ((sums[0] + sums[1]) + (sums[2] + sums[3])).reduce_sum() as u64;
        while at < values.len() {
            count += u64::from(values[at] >= edge);
            at += 1;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::simd::levels;

    #[test]
    fn every_level_counts_alike() {
        let values: Vec<f64> = (0..777)
            .map(|i| match i % 13 {
                0 => f64::NAN,
                1 => f64::INFINITY,
                2 => f64::NEG_INFINITY,
                3 => -0.0,
                _ => f64::from(i * i % 101) - 50.0,
            })
            .collect();
        for level in levels() {
            for edge in [-51.0, -50.0, -0.0, 0.0, 5e-324, 17.5, 49.0, f64::MAX] {
                for end in [0, 1, 31, 32, 777] {
                    let expected = values[..end].iter().filter(|&&value| value >= edge).count() as u64;
                    assert_eq!(
                        dispatch(level, AtLeast { values: &values[..end], edge }),
                        expected,
                        "{level:?} {edge} {end}"
                    );
                }
            }
        }
    }
}
