//! The first pass over logits: weights, denominators, and for relative entropy the gap.

use core::f64::consts::LOG2_E;

use crate::num::Real;
use crate::num::exp_log::{Octaves, exp2_product, ln};
use crate::num::prefetch::prefetch;
use crate::num::simd::{F64s, Kernel, Lanes, Simd};
use crate::num::sum::two_sum;
use crate::state::{LogMass, LogitMass, Reference, Sum, Temperature};

use super::element::sealed::Precision;
use super::kernel::{BLOCK, Lane, Scales, V, WIDEST};

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
        // A tile has been copied from where its rows are.
        if walk.stride == len {
            prefetch(logits, at + BLOCK, 2 * len);
        }
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
