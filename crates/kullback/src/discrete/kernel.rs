//! The loops over weights, one block at a time. Knows no formula.

use crate::divergence::{Generator, Kl, Point, Reduction};
use crate::num::Real;
use crate::num::entropic::HalfTerm;
use crate::num::prefetch::{PAGE, prefetch};
use crate::num::simd::{F64s, Kernel, Lanes, Level, Scale, Simd, dispatch};
use crate::num::two::Two;
use crate::state::{Mass, Merge, Sum, Total};

use super::frame::Frame;
use super::weight::Weight;
use super::weight::sealed::Vectorised as _;
use super::wide::WideFrame;

/// Elements per block: small enough that both sides stay in the first-level cache between the passes.
pub(crate) const BLOCK: usize = 1024;
/// A multiple of the lanes of two vectors of any instruction set.
const WIDEST: usize = 32;
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

/// The second pass over a slice; `mass` is that of the whole, the first pass's.
pub(crate) fn totals<T: Weight, G: Generator>(
    level: Level,
    generator: G,
    p: &[T],
    q: &[T],
    frame: Frame,
    mass: &Mass,
) -> Total {
    let mut total = Total::IDENTITY;
    let all = is_ordinary::<T>(mass);
    let vectors = frame.is_ordinary(T::RATIO);
    for (p, q) in p.chunks(BLOCK).zip(q.chunks(BLOCK)) {
        let ordinary = vectors && (all || is_ordinary::<T>(&dispatch(level, Scan { p, q })));
        let whole = if ordinary { p.len() - p.len() % WIDEST } else { 0 };
        let ((p, rest_p), (q, rest_q)) = (p.split_at(whole), q.split_at(whole));
        if whole > 0 {
            total = total.merge(dispatch(level, Ordinary { generator, p, q, frame }));
        }
        total = total.merge(any(level, generator, rest_p, rest_q, frame));
    }
    total
}

/// Both passes of KL over a slice at once, of the weights as they are.
pub(crate) fn kl<T: Weight>(level: Level, p: &[T], q: &[T]) -> (Mass, Total) {
    let mut state = <(Mass, Total)>::IDENTITY;
    for (p, q) in p.chunks(BLOCK).zip(q.chunks(BLOCK)) {
        let whole = p.len() - p.len() % WIDEST;
        let ((p, rest_p), (q, rest_q)) = (p.split_at(whole), q.split_at(whole));
        if whole > 0 {
            let (mass, total) = dispatch(level, OnlyKl { p, q });
            // Only now is it known whether that was what the vectors can take.
            let total = if is_ordinary::<T>(&mass) { total } else { any(level, Kl, p, q, Frame::RAW) };
            state = state.merge((mass, total));
        }
        if !rest_p.is_empty() {
            let mass = dispatch(level, Scan { p: rest_p, q: rest_q });
            state = state.merge((mass, any(level, Kl, rest_p, rest_q, Frame::RAW)));
        }
    }
    state
}

/// Σ (q − ratio·p), the difference of the scaled masses to many more digits than either has.
pub(crate) fn mismatch<T: Weight>(level: Level, p: &[T], q: &[T], frame: Frame) -> Sum {
    let mut sum = Sum::ZERO;
    for (p, q) in p.chunks(BLOCK).zip(q.chunks(BLOCK)) {
        sum = sum + dispatch(level, Mismatch { p, q, frame });
    }
    sum
}

fn is_ordinary<T: Weight>(mass: &Mass) -> bool {
    // No weight is larger than a total, and no comparison holds for NaN.
    mass.low >= T::LOW && mass.p.value() <= T::HIGH && mass.q.value() <= T::HIGH
}

/// The terms of any weights, as they come.
fn any<T: Weight, G: Generator>(level: Level, generator: G, p: &[T], q: &[T], frame: Frame) -> Total {
    let mut total = Total::IDENTITY;
    for (p, q) in p.chunks(PIECE).zip(q.chunks(PIECE)) {
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

/// Two vectors from consecutive elements.
#[inline(always)]
fn load<T: Weight, S: Simd>(simd: S, from: &[T], at: usize) -> Two<T::Lanes<S>> {
    let len = T::Lanes::<S>::LEN;
    Two(T::Lanes::load(simd, &from[at..at + len]), T::Lanes::load(simd, &from[at + len..at + 2 * len]))
}

/// Two vectors that this pass is the first to read.
#[inline(always)]
fn fetch<T: Weight, S: Simd>(simd: S, from: &[T], at: usize) -> Two<T::Lanes<S>> {
    prefetch(from, at + PAGE / size_of::<T>(), 2 * T::Lanes::<S>::LEN);
    load(simd, from, at)
}

/// What the first pass keeps while it runs.
struct Masses<S: Simd, V> {
    p: [F64s<S>; 2],
    q: [F64s<S>; 2],
    low: V,
}

impl<S: Simd, V: Lanes<S>> Masses<S, V> {
    #[inline(always)]
    fn new(simd: S) -> Self {
        let zero = [F64s::splat(simd, 0.0); 2];
        Self { p: zero, q: zero, low: V::splat(simd, f64::INFINITY) }
    }

    #[inline(always)]
    fn add(&mut self, p: Two<V>, q: Two<V>) {
        (p.0 + p.1).add_to(&mut self.p);
        (q.0 + q.1).add_to(&mut self.q);
        self.low = self.low.min(p.0.min(q.0).min(p.1.min(q.1)));
    }

    #[inline(always)]
    fn finish(self) -> Mass {
        let sum = |[a, b]: [F64s<S>; 2]| Sum::from((a + b).reduce_sum());
        Mass { p: sum(self.p), q: sum(self.q), low: self.low.reduce_min() }
    }
}

/// The first pass: masses and the smallest weight.
struct Scan<'a, T> {
    p: &'a [T],
    q: &'a [T],
}

impl<T: Weight> Kernel for Scan<'_, T> {
    type Output = Mass;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Mass {
        let step = 2 * T::Lanes::<S>::LEN;
        let n = self.p.len();
        let (p, q) = (self.p, &self.q[..n]);
        let mut masses = Masses::new(simd);
        let mut i = 0;
        while i + step <= n {
            masses.add(fetch::<T, S>(simd, p, i), fetch::<T, S>(simd, q, i));
            i += step;
        }
        let mut mass = masses.finish();
        while i < n {
            let (a, b) = (p[i].into(), q[i].into());
            mass = mass.merge(Mass { p: Sum::from(a), q: Sum::from(b), low: f64::min(a, b) });
            i += 1;
        }
        mass
    }
}

/// How far apart the scaled masses are.
struct Mismatch<'a, T> {
    p: &'a [T],
    q: &'a [T],
    frame: Frame,
}

impl<T: Weight> Kernel for Mismatch<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f64 {
        let len = T::Lanes::<S>::LEN;
        let n = self.p.len();
        let (p, q) = (self.p, &self.q[..n]);
        let ratio = Scale::<F64s<S>>::splat(simd, self.frame.ratio, self.frame.ratio_low);
        let mut sum = [F64s::splat(simd, 0.0); 2];
        let mut i = 0;
        while i + len <= n {
            let (a, b) = (T::Lanes::load(simd, &p[i..i + len]), T::Lanes::load(simd, &q[i..i + len]));
            a.add_residual_to(ratio, b, &mut sum);
            i += len;
        }
        // What is left is filled up with categories that nobody has.
        let (mut rest_p, mut rest_q) = ([T::default(); WIDEST], [T::default(); WIDEST]);
        rest_p[..n - i].copy_from_slice(&p[i..]);
        rest_q[..n - i].copy_from_slice(&q[i..]);
        T::Lanes::load(simd, &rest_p[..len]).add_residual_to(ratio, T::Lanes::load(simd, &rest_q[..len]), &mut sum);
        (sum[0] + sum[1]).reduce_sum()
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
        let step = 2 * T::Lanes::<S>::LEN;
        let n = self.p.len();
        let (p, q) = (self.p, &self.q[..n]);
        let ratio = Scale::<T::Lanes<S>>::splat(simd, self.frame.ratio, self.frame.ratio_low);
        let mass = T::Lanes::splat(simd, self.frame.mass);
        let mut sum = [F64s::splat(simd, 0.0); 2];
        let mut mismatch = sum;
        let mut peak = T::Lanes::splat(simd, 0.0);
        let mut i = 0;
        while i + step <= n {
            let a = fetch::<T, S>(simd, p, i);
            let b = fetch::<T, S>(simd, q, i);
            let difference = Two(a.0.residual(ratio, b.0), a.1.residual(ratio, b.1));
            if G::ORDER == 1 {
                difference.0.add_to(&mut mismatch);
                difference.1.add_to(&mut mismatch);
            }
            let point = Point::new(a * Two(ratio.high, ratio.high), b, difference, Two(mass, mass));
            let term = self.generator.term(point);
            match G::REDUCTION {
                Reduction::Sum => (term.0 + term.1).add_to(&mut sum),
                Reduction::Max => peak = peak.max(term.0.max(term.1)),
            }
            i += step;
        }
        let sum = Sum::from((sum[0] + sum[1]).reduce_sum());
        let mismatch = Sum::from((mismatch[0] + mismatch[1]).reduce_sum());
        Total { sum, peak: peak.reduce_max(), mismatch, common: true, ..Total::IDENTITY }
    }
}

/// The masses and the KL terms of whole vectors of weights as they are, if all are from `T::LOW` to `T::HIGH`.
struct OnlyKl<'a, T> {
    p: &'a [T],
    q: &'a [T],
}

/// Vectors whose terms are half done at a time.
const HALVES: usize = 32;

impl<T: Weight> Kernel for OnlyKl<'_, T> {
    type Output = (Mass, Total);

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> (Mass, Total) {
        let len = T::Lanes::<S>::LEN;
        let n = self.p.len();
        let (p, q) = (self.p, &self.q[..n]);
        let mut masses = Masses::new(simd);
        let mut sum = [F64s::splat(simd, 0.0); 2];
        let mut halves = [HalfTerm::nothing(T::Lanes::splat(simd, 0.0)); HALVES];
        let mut i = 0;
        while i < n {
            let count = HALVES.min((n - i) / len);
            let (p, q) = (&p[i..i + count * len], &q[i..i + count * len]);
            let mut j = 0;
            while j < count {
                let (a, b) = (fetch::<T, S>(simd, p, j * len), fetch::<T, S>(simd, q, j * len));
                masses.add(a, b);
                halves[j] = HalfTerm::new(a.0, b.0, None);
                halves[j + 1] = HalfTerm::new(a.1, b.1, None);
                j += 2;
            }
            j = 0;
            while j < count {
                let a = load::<T, S>(simd, p, j * len);
                (halves[j].finish(a.0) + halves[j + 1].finish(a.1)).add_to(&mut sum);
                j += 2;
            }
            i += count * len;
        }
        let sum = Sum::from((sum[0] + sum[1]).reduce_sum());
        (masses.finish(), Total { sum, common: true, ..Total::IDENTITY })
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
            if G::ORDER == 1 {
                mismatch = mismatch + difference;
            }
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
    let frame = WideFrame::from(frame);
    let mut total = Total { common: true, ..Total::IDENTITY };
    for (i, (p, q)) in p.iter().zip(q).enumerate() {
        if lanes >> i & 1 == 1 {
            let term = frame.term(generator, *p, *q).value();
            match G::REDUCTION {
                Reduction::Sum => total.sum = total.sum + term,
                Reduction::Max => total.peak = total.peak.max(term),
            }
        }
    }
    total
}
