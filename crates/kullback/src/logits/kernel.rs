//! The loops over a block of logits. Knows no formula.

use core::f64::consts::{LN_2, LOG2_E};

use crate::discrete::Vectorised;
use crate::divergence::{Generator, Point, Reduction};
use crate::num::Real;
use crate::num::exp_log::exp2_down;
use crate::num::simd::{F64s, Kernel, Lanes, Scale, Simd};
use crate::state::{LogMass, LogitMass, Reference, Sum, Temperature};

use super::Logit;
use super::frame::{Frame, Terms, finite};

/// Logits per block: both sides and the gradient stay in the first-level cache.
pub(crate) const BLOCK: usize = 1024;
/// What kernels are given is a multiple of it: two vectors of the widest kind.
pub(crate) const WIDEST: usize = 32;

/// The lanes of `T`.
type V<T, S> = <T as Vectorised>::Lanes<S>;

/// The first pass: both denominators and the gap. `FILLED` says that masked entries at the end are none of the row's.
pub(crate) struct Scan<'a, T, const FILLED: bool> {
    pub(crate) p: &'a [T],
    pub(crate) q: &'a [T],
    pub(crate) temperature: Temperature,
}

impl<T: Logit, const FILLED: bool> Kernel for Scan<'_, T, FILLED> {
    type Output = LogitMass;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> LogitMass {
        let len = V::<T, S>::LEN;
        let n = self.p.len();
        let (p, q) = (self.p, &self.q[..n]);
        let lowest = V::<T, S>::splat(simd, f64::NEG_INFINITY);
        let (mut high_p, mut high_q) = (lowest, lowest);
        let mut i = 0;
        while i + len <= n {
            high_p = high_p.max(V::<T, S>::load(simd, &p[i..i + len]));
            high_q = high_q.max(V::<T, S>::load(simd, &q[i..i + len]));
            i += len;
        }
        let (max_p, max_q) = (high_p.reduce_max(), high_q.reduce_max());
        let at_p = Reference::of(max_p, self.temperature, T::LIMITS.digits);
        let at_q = Reference::of(max_q, self.temperature, T::LIMITS.digits);

        let octaves = self.temperature.inverse * LOG2_E;
        let slope = V::<T, S>::splat(simd, octaves);
        let (reference_p, reference_q) = (V::<T, S>::splat(simd, at_p.high), V::<T, S>::splat(simd, at_q.high));
        let rest_p = V::<T, S>::splat(simd, -at_p.low * octaves);
        let rest_q = V::<T, S>::splat(simd, -at_q.low * octaves);
        let zero = V::<T, S>::splat(simd, 0.0);
        let (mut sum_p, mut sum_q, mut gap) = ([zero; 2], [zero; 2], [zero; 2]);
        let mut i = 0;
        while i + 2 * len <= n {
            let mut j = 0;
            while j < 2 {
                let at = i + j * len;
                let a = V::<T, S>::load(simd, &p[at..at + len]) - reference_p;
                let b = V::<T, S>::load(simd, &q[at..at + len]) - reference_q;
                let weight_p = exp2_down(a.mul_add(slope, rest_p));
                let weight_q = exp2_down(b.mul_add(slope, rest_q));
                sum_p[j] = sum_p[j] + weight_p;
                sum_q[j] = sum_q[j] + weight_q;
                let mut difference = a - b;
                if FILLED {
                    difference = a.where_equal(lowest, b.where_equal(lowest, zero, difference), difference);
                }
                gap[j] = weight_p.mul_add(difference, gap[j]);
                j += 1;
            }
            i += 2 * len;
        }
        let (sum_p, sum_q, gap) = (total(simd, sum_p), total(simd, sum_q), total(simd, gap));
        // From differences relative to the references to differences of logits.
        let between = Sum::from(at_p.high) + -at_q.high;
        LogitMass {
            p: LogMass { max: max_p, exponent: at_p.exponent, sum: Sum::from(sum_p) },
            q: LogMass { max: max_q, exponent: at_q.exponent, sum: Sum::from(sum_q) },
            gap: between * Sum::from(sum_p) + gap,
        }
    }
}

/// The sum of all lanes, in double precision.
#[inline(always)]
fn total<S: Simd, L: Lanes<S>>(simd: S, lanes: [L; 2]) -> f64 {
    let mut sum = [F64s::splat(simd, 0.0); 2];
    lanes[0].add_to(&mut sum);
    lanes[1].add_to(&mut sum);
    (sum[0] + sum[1]).reduce_sum()
}

/// [`SideFrame`](super::frame::SideFrame) in every lane.
#[derive(Clone, Copy)]
struct SideLanes<L> {
    reference: L,
    offset: L,
}

/// [`Frame`] in every lane.
#[derive(Clone, Copy)]
struct FrameLanes<L> {
    p: SideLanes<L>,
    q: SideLanes<L>,
    shift: Scale<L>,
    /// Of ln(q/p) in the logits.
    slope: L,
    /// Of log₂ p and log₂ q.
    octaves: L,
    masked: L,
}

impl<L: Real> SideLanes<L> {
    #[inline(always)]
    fn log2(self, logit: L, octaves: L) -> L {
        (logit - self.reference).mul_add(octaves, self.offset)
    }
}

/// A category, and what there is of it where only one side has it.
#[derive(Clone, Copy)]
struct Category<L> {
    point: Point<L>,
    log_p: L,
    log_q: L,
    only_p: L,
    only_q: L,
}

impl<L: Real> FrameLanes<L> {
    #[inline(always)]
    fn splat<S: Simd>(simd: S, frame: &Frame) -> Self
    where
        L: Lanes<S>,
    {
        let (p, q) = (frame.p, frame.q);
        let [high, low] = frame.shift.parts();
        Self {
            p: SideLanes { reference: L::splat(simd, p.reference), offset: L::splat(simd, -p.offset * LOG2_E) },
            q: SideLanes { reference: L::splat(simd, q.reference), offset: L::splat(simd, -q.offset * LOG2_E) },
            shift: Scale::splat(simd, high, low),
            slope: L::splat(simd, frame.temperature.inverse),
            octaves: L::splat(simd, frame.temperature.inverse * LOG2_E),
            masked: L::splat(simd, f64::NEG_INFINITY),
        }
    }

    /// The category with these logits. Where one is −∞ its point is a harmless one.
    ///
    /// ln(q/p) is computed from the difference of the logits with what its rounding loses, so that it keeps its digits
    /// near 0 wherever both logits are.
    #[inline(always)]
    fn point(&self, a: L, b: L) -> Category<L> {
        let zero = a.constant(0.0);
        let (log_p, log_q) = (self.p.log2(a, self.octaves), self.q.log2(b, self.octaves));
        let (p, q) = (exp2_down(log_p), exp2_down(log_q));
        let difference = b - a;
        let back = difference + a;
        let lost = (b - back) + ((back - difference) - a);
        let ln_ratio = ((difference - self.shift.high) + (lost - self.shift.low)) * self.slope;
        let ln_ratio = self.where_common(a, b, ln_ratio, zero);
        Category {
            point: Point::from_logs(p, q, self.where_common(a, b, log_p * LN_2, zero), ln_ratio),
            log_p,
            log_q,
            only_p: b.where_equal(self.masked, p, zero),
            only_q: a.where_equal(self.masked, q, zero),
        }
    }

    /// `yes` where neither logit is −∞.
    #[inline(always)]
    fn where_common(&self, a: L, b: L, yes: L, no: L) -> L {
        a.where_equal(self.masked, no, b.where_equal(self.masked, no, yes))
    }
}

/// The second pass: terms, slopes and masses.
pub(crate) struct Sums<'a, T, G> {
    pub(crate) generator: G,
    pub(crate) p: &'a [T],
    pub(crate) q: &'a [T],
    pub(crate) frame: &'a Frame,
}

impl<T: Logit, G: Generator> Kernel for Sums<'_, T, G> {
    type Output = Terms;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Terms {
        let len = V::<T, S>::LEN;
        let n = self.p.len();
        let (p, q) = (self.p, &self.q[..n]);
        let frame = FrameLanes::<V<T, S>>::splat(simd, self.frame);
        let (zero, one) = (V::<T, S>::splat(simd, 0.0), V::<T, S>::splat(simd, 1.0));
        let (mut term, mut slope, mut mismatch, mut peak) = (zero, zero, zero, zero);
        let (mut only_p, mut only_q, mut common) = (zero, zero, zero);
        let (mut orphan_p, mut orphan_q) = (zero, zero);
        let smallest = V::<T, S>::splat(simd, SMALLEST);
        let mut i = 0;
        while i + len <= n {
            let a = V::<T, S>::load(simd, &p[i..i + len]);
            let b = V::<T, S>::load(simd, &q[i..i + len]);
            let x = frame.point(a, b);
            // One side has none of a category of which the other has a double's worth.
            orphan_p = orphan_p.max(b.where_equal(frame.masked, smallest.where_less(x.log_p, one, zero), zero));
            orphan_q = orphan_q.max(a.where_equal(frame.masked, smallest.where_less(x.log_q, one, zero), zero));
            only_p = only_p + x.only_p;
            only_q = only_q + x.only_q;
            common = common.max(frame.where_common(a, b, one, zero));
            let value = frame.where_common(a, b, self.generator.term(x.point), zero);
            match G::REDUCTION {
                Reduction::Sum => term = term + value,
                Reduction::Max => peak = peak.max(value),
            }
            slope = slope + frame.where_common(a, b, self.generator.slope_q(x.point), zero);
            mismatch = mismatch + frame.where_common(a, b, x.point.difference, zero);
            i += len;
        }
        Terms {
            sum: Sum::from(total(simd, [term, zero])),
            slope: Sum::from(total(simd, [slope, zero])),
            mismatch: Sum::from(total(simd, [mismatch, zero])),
            peak: peak.reduce_max(),
            only_p: Sum::from(total(simd, [only_p, zero])),
            only_q: Sum::from(total(simd, [only_q, zero])),
            orphan_p: orphan_p.reduce_max() > 0.0,
            orphan_q: orphan_q.reduce_max() > 0.0,
            common: common.reduce_max() > 0.0,
        }
    }
}

/// The binary logarithm of the smallest double.
const SMALLEST: f64 = -1074.0;

/// What a gradient is made of besides the slopes: `factor · (slope − weight · total)` for either side.
#[derive(Clone, Copy)]
pub(crate) struct Projection {
    pub(crate) factor: f64,
    pub(crate) total: f64,
}

/// Where gradients go; an empty slice is not written.
pub(crate) struct Slopes<'a, T, G> {
    pub(crate) generator: G,
    pub(crate) p: &'a [T],
    pub(crate) q: &'a [T],
    pub(crate) frame: &'a Frame,
    pub(crate) by_p: Projection,
    pub(crate) by_q: Projection,
    pub(crate) to_p: &'a mut [T],
    pub(crate) to_q: &'a mut [T],
}

impl<T: Logit, G: Generator> Kernel for Slopes<'_, T, G> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { generator, p, q, frame, by_p, by_q, to_p, to_q } = self;
        let len = V::<T, S>::LEN;
        let n = p.len();
        let q = &q[..n];
        let (write_p, write_q) = (to_p.len() == n, to_q.len() == n);
        let frame = FrameLanes::<V<T, S>>::splat(simd, frame);
        let (factor_p, total_p) = (V::<T, S>::splat(simd, by_p.factor), V::<T, S>::splat(simd, -by_p.total));
        let (factor_q, total_q) = (V::<T, S>::splat(simd, by_q.factor), V::<T, S>::splat(simd, -by_q.total));
        // φ(p, 0) and φ(0, q) are multiples of the weight, and so are their slopes.
        let at_zero = V::<T, S>::splat(simd, finite(generator.at_zero()));
        let at_infinity = V::<T, S>::splat(simd, finite(generator.at_infinity()));
        let mut i = 0;
        while i + len <= n {
            let a = V::<T, S>::load(simd, &p[i..i + len]);
            let b = V::<T, S>::load(simd, &q[i..i + len]);
            let x = frame.point(a, b);
            let slope = generator.slope_q(x.point);
            if write_q {
                let slope_q = frame.where_common(a, b, slope, x.only_q * at_zero);
                let weight = frame.where_common(a, b, x.point.q, x.only_q);
                (weight.mul_add(total_q, slope_q) * factor_q).store(&mut to_q[i..i + len]);
            }
            if write_p {
                // Euler: ∂φ/∂ ln p = φ − ∂φ/∂ ln q.
                let slope_p = frame.where_common(a, b, generator.term(x.point) - slope, x.only_p * at_infinity);
                let weight = frame.where_common(a, b, x.point.p, x.only_p);
                (weight.mul_add(total_p, slope_p) * factor_p).store(&mut to_p[i..i + len]);
            }
            i += len;
        }
    }
}

/// The same for Q where P and Q are far from equal, nothing is masked, and the slopes sum to nothing.
pub(crate) struct SlopesApart<'a, T, G> {
    pub(crate) generator: G,
    pub(crate) p: &'a [T],
    pub(crate) q: &'a [T],
    pub(crate) frame: &'a Frame,
    pub(crate) factor: f64,
    pub(crate) to: &'a mut [T],
}

impl<T: Logit, G: Generator> Kernel for SlopesApart<'_, T, G> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let len = V::<T, S>::LEN;
        let n = self.p.len();
        let (p, q, to) = (self.p, &self.q[..n], &mut self.to[..n]);
        let frame = FrameLanes::<V<T, S>>::splat(simd, self.frame);
        let factor = V::<T, S>::splat(simd, self.factor);
        let mut i = 0;
        while i + len <= n {
            let a = V::<T, S>::load(simd, &p[i..i + len]);
            let b = V::<T, S>::load(simd, &q[i..i + len]);
            let p = exp2_down(frame.p.log2(a, frame.octaves));
            let q = exp2_down(frame.q.log2(b, frame.octaves));
            (self.generator.slope_q(Point::apart(p, q)) * factor).store(&mut to[i..i + len]);
            i += len;
        }
    }
}
