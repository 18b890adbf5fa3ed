//! The loops over logits after the first pass. They know no formula and no mask: what is masked never gets here.
//!
//! A vector's lanes are either the next entries of one row or the same entry of as many rows ([`Layout`]). The rest of a
//! kernel does not know which.

use crate::discrete::Vectorised;
use crate::divergence::{Generator, Point, Reduction};
use crate::num::Real;
use crate::num::prefetch::prefetch;
use crate::num::simd::{Kernel, Lanes, Simd};
use crate::num::sum::two_sum;
use crate::num::two::Two;

use super::element::sealed::Precision;

/// Logits per block: both sides and what is kept of them stay in the first-level cache.
pub(crate) const BLOCK: usize = 2048;
/// What kernels are given is a multiple of it: two vectors of the widest kind.
pub(crate) const WIDEST: usize = 32;

/// The lanes of `R`.
pub(crate) type V<R, S> = <R as Vectorised>::Lanes<S>;

/// A number for every lane of the widest vectors.
pub(crate) type Lane<R> = [R; WIDEST];

/// What the lanes of a vector are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Layout {
    /// Successive entries of a row.
    Row,
    /// The same entry of [`WIDEST`] rows; entries follow each other.
    Tile,
}

impl Layout {
    /// How far apart the vectors are that one group of lanes sees, and how many such groups there are.
    #[inline(always)]
    fn steps(self, len: usize) -> (usize, usize) {
        match self {
            Self::Row => (len, 1),
            Self::Tile => (WIDEST, WIDEST / len),
        }
    }
}

/// What turns logits and their weights into probabilities and logarithms, for each lane.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scales<R> {
    /// A weight times this is a probability.
    pub(crate) p: Lane<R>,
    pub(crate) q: Lane<R>,
    /// ln p = (a − reference) / T − offset.
    pub(crate) reference: Lane<R>,
    pub(crate) offset: Lane<R>,
    /// ln(q/p) = (b − a − shift) / T, the shift as a number and the rest.
    pub(crate) shift: [Lane<R>; 2],
}

impl<R: Precision> Scales<R> {
    pub(crate) fn zero() -> Self {
        let zero = [R::default(); WIDEST];
        Self { p: zero, q: zero, reference: zero, offset: zero, shift: [zero; 2] }
    }
}

/// Sums over the entries that a lane has seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LaneTerms<R> {
    /// Σ φ, or the largest.
    pub(crate) sum: Lane<R>,
    /// Σ ∂φ/∂ ln q.
    pub(crate) slope: Lane<R>,
    /// Σ (q − p).
    pub(crate) mismatch: Lane<R>,
}

/// The second pass: terms and slopes. The slopes for ln p and ln q are written where they are wanted.
pub(crate) struct Terms<'a, R, G> {
    pub(crate) layout: Layout,
    pub(crate) generator: G,
    pub(crate) p: &'a [R],
    pub(crate) q: &'a [R],
    pub(crate) weights_p: &'a [R],
    pub(crate) weights_q: &'a [R],
    pub(crate) scales: &'a Scales<R>,
    /// 1/T.
    pub(crate) inverse: f64,
    pub(crate) to_p: &'a mut [R],
    pub(crate) to_q: &'a mut [R],
}

/// The scales in the lanes of a vector.
#[derive(Clone, Copy)]
struct VectorScales<L> {
    p: L,
    q: L,
    reference: L,
    offset: L,
    high: L,
    low: L,
    inverse: L,
}

impl<L: Real> VectorScales<L> {
    /// ln(q/p) is computed from the difference of the logits with what its rounding loses, so that it keeps its digits
    /// near 0 wherever both logits are.
    #[inline(always)]
    fn point(&self, a: L, b: L, weight_p: L, weight_q: L) -> Point<L> {
        let (difference, lost) = two_sum(b, -a);
        let ln_ratio = ((difference - self.high) + (lost - self.low)) * self.inverse;
        let ln_p = (a - self.reference).mul_add(self.inverse, -self.offset);
        Point::from_logs(weight_p * self.p, weight_q * self.q, ln_p, ln_ratio)
    }
}

/// The same vector twice.
#[inline(always)]
fn two<L: Real>(x: L) -> Two<L> {
    Two(x, x)
}

/// Two vectors that follow each other.
#[inline(always)]
fn load<R: Precision, S: Simd>(simd: S, from: &[R]) -> Two<V<R, S>> {
    let len = V::<R, S>::LEN;
    Two(V::<R, S>::load(simd, &from[..len]), V::<R, S>::load(simd, &from[len..2 * len]))
}

#[inline(always)]
fn store<R: Precision, S: Simd>(x: Two<V<R, S>>, to: &mut [R]) {
    let len = V::<R, S>::LEN;
    x.0.store(&mut to[..len]);
    x.1.store(&mut to[len..2 * len]);
}

impl<R: Precision, G: Generator> Kernel for Terms<'_, R, G> {
    type Output = LaneTerms<R>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> LaneTerms<R> {
        // Two vectors in step: a term is a longer chain than a processor looks past.
        let len = 2 * V::<R, S>::LEN;
        let n = self.p.len();
        let (p, q, weights_p, weights_q) = (self.p, &self.q[..n], &self.weights_p[..n], &self.weights_q[..n]);
        let (to_p, to_q) = (self.to_p, self.to_q);
        let (write_p, write_q) = (to_p.len() == n, to_q.len() == n);
        let (stride, groups) = self.layout.steps(len);
        let (zero, filler) = (two(V::<R, S>::splat(simd, 0.0)), two(V::<R, S>::splat(simd, R::FILLER.into())));
        let nothing = [R::default(); WIDEST];
        let mut lanes = LaneTerms { sum: nothing, slope: nothing, mismatch: nothing };
        let mut group = 0;
        while group < groups {
            let of = group * len..(group + 1) * len;
            let scales = VectorScales {
                p: load(simd, &self.scales.p[of.clone()]),
                q: load(simd, &self.scales.q[of.clone()]),
                reference: load(simd, &self.scales.reference[of.clone()]),
                offset: load(simd, &self.scales.offset[of.clone()]),
                high: load(simd, &self.scales.shift[0][of.clone()]),
                low: load(simd, &self.scales.shift[1][of.clone()]),
                inverse: two(V::<R, S>::splat(simd, self.inverse)),
            };
            let (mut sum, mut slope, mut mismatch) = (zero, zero, zero);
            let mut at = of.start;
            while at + len <= n {
                let a = load(simd, &p[at..at + len]);
                let x = scales.point(
                    a,
                    load(simd, &q[at..at + len]),
                    load(simd, &weights_p[at..at + len]),
                    load(simd, &weights_q[at..at + len]),
                );
                let term = self.generator.term(x);
                match G::REDUCTION {
                    Reduction::Sum => sum = sum + term,
                    // A ratio counts however small the weights are, but for what fills a block up.
                    Reduction::Max => sum = sum.max(a.where_equal(filler, zero, term)),
                }
                mismatch = mismatch + x.difference;
                if write_p || write_q {
                    let slope_q = self.generator.slope_q(x);
                    slope = slope + slope_q;
                    if write_q {
                        store(slope_q, &mut to_q[at..at + len]);
                    }
                    if write_p {
                        // Euler: ∂φ/∂ ln p = φ − ∂φ/∂ ln q.
                        store(term - slope_q, &mut to_p[at..at + len]);
                    }
                }
                at += stride;
            }
            store(sum, &mut lanes.sum[of.clone()]);
            store(slope, &mut lanes.slope[of.clone()]);
            store(mismatch, &mut lanes.mismatch[of]);
            group += 1;
        }
        lanes
    }
}

/// `x·of_x + y·of_y`: gradients from slopes and weights.
pub(crate) struct Combine<'a, R> {
    pub(crate) layout: Layout,
    pub(crate) x: &'a [R],
    pub(crate) of_x: &'a Lane<R>,
    pub(crate) y: &'a [R],
    pub(crate) of_y: &'a Lane<R>,
    pub(crate) to: &'a mut [R],
}

impl<R: Precision> Kernel for Combine<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let len = V::<R, S>::LEN;
        let n = self.to.len();
        let (x, y, to) = (&self.x[..n], &self.y[..n], self.to);
        let (stride, groups) = self.layout.steps(len);
        let mut group = 0;
        while group < groups {
            let lanes = group * len..(group + 1) * len;
            let of_x = V::<R, S>::load(simd, &self.of_x[lanes.clone()]);
            let of_y = V::<R, S>::load(simd, &self.of_y[lanes.clone()]);
            let mut at = lanes.start;
            while at + len <= n {
                if self.layout == Layout::Row {
                    prefetch(to, at + BLOCK, len);
                }
                let first = V::<R, S>::load(simd, &x[at..at + len]) * of_x;
                V::<R, S>::load(simd, &y[at..at + len]).mul_add(of_y, first).store(&mut to[at..at + len]);
                at += stride;
            }
            group += 1;
        }
    }
}
