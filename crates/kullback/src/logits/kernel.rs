//! The loops over logits. They know no formula and no mask: what is masked never gets here.
//!
//! A vector's lanes are either the next entries of one row or the same entry of as many rows ([`Layout`]). The rest of a
//! kernel does not know which.

use core::f64::consts::LOG2_E;

use crate::discrete::Vectorised;
use crate::divergence::{Generator, Point, Reduction};
use crate::num::Real;
use crate::num::exp_log::{Octaves, exp2_product, ln};
use crate::num::simd::{F64s, Kernel, Lanes, Simd};
use crate::num::sum::two_sum;
use crate::state::{LogMass, LogitMass, Reference, Sum, Temperature};

use super::element::sealed::Precision;

/// Logits per block: both sides and what is kept of them stay in the first-level cache.
pub(crate) const BLOCK: usize = 1024;
/// What kernels are given is a multiple of it: two vectors of the widest kind.
pub(crate) const WIDEST: usize = 32;

/// The lanes of `R`.
type V<R, S> = <R as Vectorised>::Lanes<S>;

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

/// Vectors of one group of lanes: the first one, and how far apart they are.
#[derive(Clone, Copy)]
struct Walk {
    start: usize,
    stride: usize,
}

/// The largest logit of each lane.
#[inline(always)]
fn highest<R: Precision, S: Simd>(simd: S, logits: &[R], walk: Walk) -> V<R, S> {
    let len = V::<R, S>::LEN;
    let lowest = V::<R, S>::splat(simd, f64::NEG_INFINITY);
    let mut high = [lowest; 2];
    let mut at = walk.start;
    while at + walk.stride + len <= logits.len() {
        high[0] = high[0].max(V::<R, S>::load(simd, &logits[at..at + len]));
        high[1] = high[1].max(V::<R, S>::load(simd, &logits[at + walk.stride..at + walk.stride + len]));
        at += 2 * walk.stride;
    }
    if at + len <= logits.len() {
        high[0] = high[0].max(V::<R, S>::load(simd, &logits[at..at + len]));
    }
    high[0].max(high[1])
}

/// Writes e^((x − reference)/T), and adds them up.
///
/// One side at a time: both at once need more registers than there are.
#[inline(always)]
fn weigh<R: Precision, S: Simd>(
    simd: S,
    logits: &[R],
    reference: V<R, S>,
    octaves: f64,
    walk: Walk,
    to: &mut [R],
) -> [V<R, S>; 2] {
    let len = V::<R, S>::LEN;
    let to = &mut to[..logits.len()];
    let octaves = Octaves::new(reference, octaves);
    let (mut even, mut odd) = (V::<R, S>::splat(simd, 0.0), V::<R, S>::splat(simd, 0.0));
    let mut at = walk.start;
    while at + walk.stride + len <= logits.len() {
        let next = at + walk.stride;
        let first = exp2_product(V::<R, S>::load(simd, &logits[at..at + len]) - reference, octaves);
        first.store(&mut to[at..at + len]);
        even = even + first;
        let second = exp2_product(V::<R, S>::load(simd, &logits[next..next + len]) - reference, octaves);
        second.store(&mut to[next..next + len]);
        odd = odd + second;
        at = next + walk.stride;
    }
    if at + len <= logits.len() {
        let last = exp2_product(V::<R, S>::load(simd, &logits[at..at + len]) - reference, octaves);
        last.store(&mut to[at..at + len]);
        even = even + last;
    }
    [even, odd]
}

/// Σ w (a − b), the logits relative to their references. `PADDED` says that masked entries are none of the row's.
#[inline(always)]
fn gap<R: Precision, S: Simd, const PADDED: bool>(
    simd: S,
    (p, q): (&[R], &[R]),
    reference: [V<R, S>; 2],
    weights: &[R],
    walk: Walk,
) -> [V<R, S>; 2] {
    let len = V::<R, S>::LEN;
    let (q, weights) = (&q[..p.len()], &weights[..p.len()]);
    let lowest = V::<R, S>::splat(simd, f64::NEG_INFINITY);
    let zero = V::<R, S>::splat(simd, 0.0);
    let (mut even, mut odd) = (zero, zero);
    let mut at = walk.start;
    while at + len <= p.len() {
        let a = V::<R, S>::load(simd, &p[at..at + len]);
        let b = V::<R, S>::load(simd, &q[at..at + len]);
        let mut difference = (a - reference[0]) - (b - reference[1]);
        if PADDED {
            difference = a.where_equal(lowest, zero, b.where_equal(lowest, zero, difference));
        }
        // The two sums change places, so that there are two chains of additions.
        (even, odd) = (odd, V::<R, S>::load(simd, &weights[at..at + len]).mul_add(difference, even));
        at += walk.stride;
    }
    [even, odd]
}

/// The first pass over a block of a row: weights, both denominators, and the gap.
///
/// `PADDED` says that masked entries at the end are none of the row's.
pub(crate) struct Scan<'a, R, const PADDED: bool> {
    pub(crate) p: &'a [R],
    pub(crate) q: &'a [R],
    pub(crate) temperature: Temperature,
    /// e^(a/T) and e^(b/T), relative to the block's [`Reference`]s.
    pub(crate) to_p: &'a mut [R],
    pub(crate) to_q: &'a mut [R],
}

/// What the first pass finds in a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scanned {
    pub(crate) mass: LogitMass,
    /// What makes weights of P and Q relative to the exponents of `mass`.
    pub(crate) rest: [f64; 2],
}

impl<R: Precision, const PADDED: bool> Kernel for Scan<'_, R, PADDED> {
    type Output = Scanned;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Scanned {
        let (p, q) = (self.p, &self.q[..self.p.len()]);
        let (at_p, mass_p, rest_p) = side(simd, p, self.temperature, self.to_p);
        let (at_q, mass_q, rest_q) = side(simd, q, self.temperature, self.to_q);
        let reference = [V::<R, S>::splat(simd, at_p.high), V::<R, S>::splat(simd, at_q.high)];
        let walk = Walk { start: 0, stride: V::<R, S>::LEN };
        let gap = total(simd, gap::<R, S, PADDED>(simd, (p, q), reference, self.to_p, walk));
        // From differences relative to the references to differences of logits, and from the references to powers of 2.
        let between = Sum::from(at_p.high) + -at_q.high;
        let gap = between * mass_p.sum + gap * rest_p;
        Scanned { mass: LogitMass { p: mass_p, q: mass_q, gap }, rest: [rest_p, rest_q] }
    }
}

/// One side of that alone: its denominator, and what makes weights relative to the exponent of it.
pub(crate) struct Weigh<'a, R> {
    pub(crate) logits: &'a [R],
    pub(crate) temperature: Temperature,
    pub(crate) to: &'a mut [R],
}

impl<R: Precision> Kernel for Weigh<'_, R> {
    type Output = (LogMass, f64);

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> (LogMass, f64) {
        let (_, mass, rest) = side(simd, self.logits, self.temperature, self.to);
        (mass, rest)
    }
}

/// Weights relative to a reference, the total relative to a power of two, and what leads from one to the other.
#[inline(always)]
fn side<R: Precision, S: Simd>(
    simd: S,
    logits: &[R],
    temperature: Temperature,
    to: &mut [R],
) -> (Reference, LogMass, f64) {
    let walk = Walk { start: 0, stride: V::<R, S>::LEN };
    let max = highest(simd, logits, walk).reduce_max();
    let at = Reference::of(max, temperature, R::LIMITS.digits);
    let reference = V::<R, S>::splat(simd, at.high);
    let rest = at.rest(temperature);
    let sum = total(simd, weigh(simd, logits, reference, temperature.inverse * LOG2_E, walk, to));
    (at, LogMass { max, exponent: at.exponent, sum: Sum::from(sum * rest) }, rest)
}

/// The sum of all lanes, in double precision.
#[inline(always)]
fn total<S: Simd, L: Lanes<S>>(simd: S, lanes: [L; 2]) -> f64 {
    let mut sum = [F64s::splat(simd, 0.0); 2];
    lanes[0].add_to(&mut sum);
    lanes[1].add_to(&mut sum);
    (sum[0] + sum[1]).reduce_sum()
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

/// The first pass over a tile: the scales of all its rows, and what their relative entropy is by the chain rule.
pub(crate) struct ScanTile<'a, R> {
    pub(crate) p: &'a [R],
    pub(crate) q: &'a [R],
    pub(crate) temperature: Temperature,
    pub(crate) to_p: &'a mut [R],
    pub(crate) to_q: &'a mut [R],
    pub(crate) scales: &'a mut Scales<R>,
    /// E_P[ln(p/q)], NaN as soon as a logit is masked.
    pub(crate) mean: &'a mut Lane<R>,
    /// The size of the numbers it is the difference of.
    pub(crate) size: &'a mut Lane<R>,
}

impl<R: Precision> Kernel for ScanTile<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let len = V::<R, S>::LEN;
        let (p, q) = (self.p, &self.q[..self.p.len()]);
        let temperature = self.temperature;
        let octaves = temperature.inverse * LOG2_E;
        let one = V::<R, S>::splat(simd, 1.0);
        let mut lane = 0;
        while lane < WIDEST {
            let walk = Walk { start: lane, stride: WIDEST };
            let (max_p, max_q) = (highest(simd, p, walk), highest(simd, q, walk));
            let sum_p = weigh(simd, p, max_p, octaves, walk, self.to_p);
            let sum_q = weigh(simd, q, max_q, octaves, walk, self.to_q);
            let gap = gap::<R, S, false>(simd, (p, q), [max_p, max_q], self.to_p, walk);
            let (sum_p, sum_q, gap) = (sum_p[0] + sum_p[1], sum_q[0] + sum_q[1], gap[0] + gap[1]);
            let (ln_p, ln_q) = (ln(sum_p), ln(sum_q));
            let scale_p = one / sum_p;
            let (high, low) = two_sum(max_q, -max_p);
            let lanes = lane..lane + len;
            scale_p.store(&mut self.scales.p[lanes.clone()]);
            (one / sum_q).store(&mut self.scales.q[lanes.clone()]);
            max_p.store(&mut self.scales.reference[lanes.clone()]);
            ln_p.store(&mut self.scales.offset[lanes.clone()]);
            high.store(&mut self.scales.shift[0][lanes.clone()]);
            (ln_q - ln_p)
                .mul_add(V::<R, S>::splat(simd, temperature.value), low)
                .store(&mut self.scales.shift[1][lanes.clone()]);
            ((gap * scale_p) * temperature.inverse - (ln_p - ln_q)).store(&mut self.mean[lanes.clone()]);
            ((ln_p - ln_q).abs() + 1.0).store(&mut self.size[lanes]);
            lane += len;
        }
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

impl<R: Precision, G: Generator> Kernel for Terms<'_, R, G> {
    type Output = LaneTerms<R>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> LaneTerms<R> {
        let len = V::<R, S>::LEN;
        let n = self.p.len();
        let (p, q, weights_p, weights_q) = (self.p, &self.q[..n], &self.weights_p[..n], &self.weights_q[..n]);
        let (to_p, to_q) = (self.to_p, self.to_q);
        let (write_p, write_q) = (to_p.len() == n, to_q.len() == n);
        let (stride, groups) = self.layout.steps(len);
        let (zero, filler) = (V::<R, S>::splat(simd, 0.0), V::<R, S>::splat(simd, R::FILLER.into()));
        let nothing = [R::default(); WIDEST];
        let mut lanes = LaneTerms { sum: nothing, slope: nothing, mismatch: nothing };
        let mut group = 0;
        while group < groups {
            let of = group * len..(group + 1) * len;
            let scales = VectorScales {
                p: V::<R, S>::load(simd, &self.scales.p[of.clone()]),
                q: V::<R, S>::load(simd, &self.scales.q[of.clone()]),
                reference: V::<R, S>::load(simd, &self.scales.reference[of.clone()]),
                offset: V::<R, S>::load(simd, &self.scales.offset[of.clone()]),
                high: V::<R, S>::load(simd, &self.scales.shift[0][of.clone()]),
                low: V::<R, S>::load(simd, &self.scales.shift[1][of.clone()]),
                inverse: V::<R, S>::splat(simd, self.inverse),
            };
            let (mut sum, mut slope, mut mismatch) = (zero, zero, zero);
            let mut at = of.start;
            while at + len <= n {
                let a = V::<R, S>::load(simd, &p[at..at + len]);
                let x = scales.point(
                    a,
                    V::<R, S>::load(simd, &q[at..at + len]),
                    V::<R, S>::load(simd, &weights_p[at..at + len]),
                    V::<R, S>::load(simd, &weights_q[at..at + len]),
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
                        slope_q.store(&mut to_q[at..at + len]);
                    }
                    if write_p {
                        // Euler: ∂φ/∂ ln p = φ − ∂φ/∂ ln q.
                        (term - slope_q).store(&mut to_p[at..at + len]);
                    }
                }
                at += stride;
            }
            sum.store(&mut lanes.sum[of.clone()]);
            slope.store(&mut lanes.slope[of.clone()]);
            mismatch.store(&mut lanes.mismatch[of]);
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
                let first = V::<R, S>::load(simd, &x[at..at + len]) * of_x;
                V::<R, S>::load(simd, &y[at..at + len]).mul_add(of_y, first).store(&mut to[at..at + len]);
                at += stride;
            }
            group += 1;
        }
    }
}
