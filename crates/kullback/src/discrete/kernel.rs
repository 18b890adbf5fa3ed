//! The loops over weights, one block at a time. Knows no formula.

use crate::divergence::{Generator, Point, Reduction};
use crate::num::Real;
use crate::num::simd::{F64s, Kernel, Lanes, Level, Scale, Simd, dispatch};
use crate::state::{Mass, Merge, Sum, Total};

use super::frame::Frame;
use super::weight::Weight;
use super::weight::sealed::Vectorised as _;
use super::wide::WideFrame;

/// Elements per block: small enough that both sides stay in the first-level cache between the passes.
pub(crate) const BLOCK: usize = 1024;
/// A multiple of the lanes of every vector.
const WIDEST: usize = 16;
/// Elements that are converted at a time where they are not ordinary.
const PIECE: usize = 64;

/// The first pass over a slice.
pub(crate) fn masses<T: Weight>(level: Level, p: &[T], q: &[T]) -> Mass {
    let mut mass = Mass::IDENTITY;
    for (p, q) in p.chunks(BLOCK).zip(q.chunks(BLOCK)) {
        mass = mass.merge(dispatch(level, Scan { p, q }));
    }
    mass
}

/// The second pass over a slice, with the first where `known`, the extremes of the whole, does not make it superfluous.
pub(crate) fn totals<T: Weight, G: Generator>(
    level: Level,
    generator: G,
    p: &[T],
    q: &[T],
    frame: Frame,
    known: Option<&Mass>,
) -> (Mass, Total) {
    let (mut mass, mut total) = (Mass::IDENTITY, Total::IDENTITY);
    let known = known.filter(|mass| is_ordinary::<T>(mass));
    for (p, q) in p.chunks(BLOCK).zip(q.chunks(BLOCK)) {
        let block = known.copied().unwrap_or_else(|| dispatch(level, Scan { p, q }));
        mass = mass.merge(block);
        total = total.merge(terms(level, generator, p, q, &block, frame));
    }
    (mass, total)
}

fn is_ordinary<T: Weight>(mass: &Mass) -> bool {
    mass.low >= T::LOW && mass.high <= T::HIGH
}

/// The second pass over a block: whole vectors of ordinary numbers at full speed, the rest as it comes.
fn terms<T: Weight, G: Generator>(level: Level, generator: G, p: &[T], q: &[T], block: &Mass, frame: Frame) -> Total {
    let ordinary = is_ordinary::<T>(block) && frame.is_ordinary(T::RATIO);
    let whole = if ordinary { p.len() - p.len() % WIDEST } else { 0 };
    let ((p, rest_p), (q, rest_q)) = (p.split_at(whole), q.split_at(whole));
    let mut total = if whole > 0 { dispatch(level, Ordinary { generator, p, q, frame }) } else { Total::IDENTITY };
    for (p, q) in rest_p.chunks(PIECE).zip(rest_q.chunks(PIECE)) {
        // The last piece is filled up with categories that nobody has.
        let (mut doubles_p, mut doubles_q) = ([0.0; PIECE], [0.0; PIECE]);
        for (i, (p, q)) in p.iter().zip(q).enumerate() {
            (doubles_p[i], doubles_q[i]) = ((*p).into(), (*q).into());
        }
        let len = p.len().next_multiple_of(WIDEST);
        total = total.merge(dispatch(level, Any { generator, p: &doubles_p[..len], q: &doubles_q[..len], frame }));
    }
    total
}

/// The first pass: masses and extremes.
struct Scan<'a, T> {
    p: &'a [T],
    q: &'a [T],
}

impl<T: Weight> Kernel for Scan<'_, T> {
    type Output = Mass;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Mass {
        let len = T::Lanes::<S>::LEN;
        let n = self.p.len();
        let whole = n - n % WIDEST;
        let (p, q) = (self.p, &self.q[..n]);
        let zero = F64s::splat(simd, 0.0);
        let (mut sum_p, mut sum_q) = ([zero; 2], [zero; 2]);
        let mut low = T::Lanes::<S>::splat(simd, f64::INFINITY);
        let mut high = T::Lanes::<S>::splat(simd, f64::NEG_INFINITY);
        let mut i = 0;
        while i < whole {
            let a = T::Lanes::load(simd, &p[i..i + len]);
            let b = T::Lanes::load(simd, &q[i..i + len]);
            a.add_to(&mut sum_p);
            b.add_to(&mut sum_q);
            low = low.min(a.min(b));
            high = high.max(a.max(b));
            i += len;
        }
        let (mut low, mut high) = T::Lanes::extremes(low, high);
        let (mut rest_p, mut rest_q) = (0.0, 0.0);
        while i < n {
            let (a, b) = (p[i].into(), q[i].into());
            rest_p += a;
            rest_q += b;
            low = f64::min(low, f64::min(a, b));
            high = f64::max(high, f64::max(a, b));
            i += 1;
        }
        Mass {
            p: Sum::from((sum_p[0] + sum_p[1]).reduce_sum()) + rest_p,
            q: Sum::from((sum_q[0] + sum_q[1]).reduce_sum()) + rest_q,
            low,
            high,
        }
    }
}

/// The terms of whole vectors of weights from `T::LOW` to `T::HIGH`.
struct Ordinary<'a, T, G> {
    generator: G,
    p: &'a [T],
    q: &'a [T],
    frame: Frame,
}

impl<T: Weight, G: Generator> Kernel for Ordinary<'_, T, G> {
    type Output = Total;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Total {
        let len = T::Lanes::<S>::LEN;
        let n = self.p.len();
        let (p, q) = (self.p, &self.q[..n]);
        let ratio = Scale::<T::Lanes<S>>::splat(simd, self.frame.ratio, self.frame.ratio_low);
        let mass = T::Lanes::splat(simd, self.frame.mass);
        let mut sum = [F64s::splat(simd, 0.0); 2];
        let mut mismatch = sum;
        let mut peak = T::Lanes::splat(simd, 0.0);
        let mut i = 0;
        while i + len <= n {
            let a = T::Lanes::load(simd, &p[i..i + len]);
            let b = T::Lanes::load(simd, &q[i..i + len]);
            let difference = a.residual(ratio, b);
            difference.add_to(&mut mismatch);
            let term = self.generator.term(Point::new(a * ratio.high, b, difference, mass));
            match G::REDUCTION {
                Reduction::Sum => term.add_to(&mut sum),
                Reduction::Max => peak = peak.max(term),
            }
            i += len;
        }
        let (_, peak) = T::Lanes::extremes(peak, peak);
        Total {
            sum: Sum::from((sum[0] + sum[1]).reduce_sum()),
            peak,
            mismatch: Sum::from((mismatch[0] + mismatch[1]).reduce_sum()),
            common: true,
            ..Total::IDENTITY
        }
    }
}

/// The terms of any non-negative weights: zeros are masked, and positive numbers out of range take the scalar path.
struct Any<'a, G> {
    generator: G,
    p: &'a [f64],
    q: &'a [f64],
    frame: Frame,
}

impl<G: Generator> Kernel for Any<'_, G> {
    type Output = Total;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Total {
        let len = F64s::<S>::LEN;
        let n = self.p.len();
        let (p, q) = (self.p, &self.q[..n]);
        let (zero, one) = (F64s::splat(simd, 0.0), F64s::splat(simd, 1.0));
        let ratio = Scale::<F64s<S>>::splat(simd, self.frame.ratio, self.frame.ratio_low);
        let mass = F64s::splat(simd, self.frame.mass);
        let (mut sum, mut peak, mut only_p, mut only_q, mut mismatch) = ([zero; 2], zero, zero, zero, zero);
        let mut total = Total::IDENTITY;
        let mut i = 0;
        while i + len <= n {
            let a = F64s::load(simd, &p[i..i + len]);
            let b = F64s::load(simd, &q[i..i + len]);
            let within = F64s::both_within(a, b, f64::LOW, f64::HIGH);
            let difference = a.residual(ratio, b);
            mismatch = mismatch + difference;
            let point = Point::new(
                within.select(a * ratio.high, one),
                within.select(b, one),
                within.select(difference, zero),
                mass,
            );
            let term = within.select(self.generator.term(point), zero);
            match G::REDUCTION {
                Reduction::Sum => term.add_to(&mut sum),
                Reduction::Max => peak = peak.max(term),
            }
            only_p = only_p + b.where_equal(zero, a, zero);
            only_q = only_q + a.where_equal(zero, b, zero);
            total.common |= within.any();
            let outside = within.outside_and_positive(a, b);
            if outside != 0 {
                total = total.merge(wide_terms(self.generator, &p[i..i + len], &q[i..i + len], outside, self.frame));
            }
            i += len;
        }
        total.merge(Total {
            sum: Sum::from((sum[0] + sum[1]).reduce_sum()),
            peak: peak.reduce_max(),
            only_p: Sum::from(only_p.reduce_sum()),
            only_q: Sum::from(only_q.reduce_sum()),
            mismatch: Sum::from(mismatch.reduce_sum()),
            common: false,
        })
    }
}

/// The terms of the lanes whose bit is set, with unbounded exponents.
#[cold]
#[inline(never)]
fn wide_terms<G: Generator>(generator: G, p: &[f64], q: &[f64], lanes: u64, frame: Frame) -> Total {
    let mut total = Total { common: true, ..Total::IDENTITY };
    for (i, (p, q)) in p.iter().zip(q).enumerate() {
        if lanes >> i & 1 == 1 {
            let term = WideFrame::from(frame).term(generator, *p, *q).value();
            match G::REDUCTION {
                Reduction::Sum => total.sum = total.sum + term,
                Reduction::Max => total.peak = total.peak.max(term),
            }
        }
    }
    total
}
