//! The loops over weights, one block at a time. Knows no formula.

use crate::divergence::{Generator, Point, Reduction};
use crate::error::{RowError, Side};
use crate::num::Real;
use crate::num::simd::{F64s, Lanes, Scale, Simd};
use crate::state::{Mass, Merge, Sum, Total};

use super::weight::Weight;
use super::weight::sealed::Vectorised as _;
use super::wide::WideFrame;

/// Elements per block: small enough that both sides stay in the first-level cache between the passes.
pub(crate) const BLOCK: usize = 1024;

/// The scale of a pair: what turns weights into shares.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    /// The mass of Q over that of P. The terms see `ratio·p` beside `q`, so that only one side is scaled.
    pub(crate) ratio: f64,
    /// The common mass: that of Q.
    pub(crate) mass: f64,
}

impl Frame {
    /// The weights as they are.
    pub(crate) const RAW: Self = Self { ratio: 1.0, mass: 1.0 };

    /// The frame that normalises; `None` where the masses are out of range for the vector kernels.
    #[inline]
    pub(crate) fn normalising(mass: &Mass) -> Option<Self> {
        let (p, q) = (mass.p.value(), mass.q.value());
        let ratio = q / p;
        let room = f64::LOW..=f64::HIGH * 1024.0;
        (room.contains(&p) && room.contains(&q) && (1.0 / f64::RATIO..=f64::RATIO).contains(&ratio))
            .then_some(Self { ratio, mass: q })
    }

    /// Σ φ over all categories per unit of mass, from what the second pass kept.
    #[inline]
    pub(crate) fn finish<G: Generator>(generator: G, total: &Total, mass: &Mass) -> f64 {
        let (p, q) = (mass.p.value(), mass.q.value());
        let terms = match G::REDUCTION {
            Reduction::Sum => total.sum.value() / q,
            Reduction::Max => total.peak,
        };
        terms
            + edge(generator.at_zero(), total.only_q.value() / q)
            + edge(generator.at_infinity(), total.only_p.value() / p)
    }
}

/// The terms at an edge of the supports: no mass there is no contribution, however large the factor.
#[inline]
pub(crate) fn edge(factor: f64, mass: f64) -> f64 {
    if mass == 0.0 { 0.0 } else { factor * mass }
}

/// Both passes over a slice, block by block: the masses and, given a generator, the terms.
#[inline(always)]
pub(crate) fn pass<S: Simd, T: Weight, G: Generator>(
    simd: S,
    p: &[T],
    q: &[T],
    terms_of: Option<(G, Frame)>,
) -> (Mass, Total) {
    let (mut mass, mut total) = (Mass::IDENTITY, Total::IDENTITY);
    let q = &q[..p.len()];
    let mut start = 0;
    while start < p.len() {
        let end = usize::min(start + BLOCK, p.len());
        let (p, q) = (&p[start..end], &q[start..end]);
        let block = scan(simd, p, q);
        mass = mass.merge(block);
        if let Some((generator, frame)) = terms_of {
            total = total.merge(terms(simd, generator, p, q, &block, frame));
        }
        start = end;
    }
    (mass, total)
}

/// Whether the weights behind these masses were valid; if not, which was the first that was not.
#[inline]
pub(crate) fn check<T: Weight>(mass: &Mass, p: &[T], q: &[T]) -> Result<(), RowError> {
    let (total_p, total_q) = (mass.p.value(), mass.q.value());
    // A NaN can hide from the extremes but not from a sum.
    if mass.low >= 0.0 && total_p.is_finite() && total_q.is_finite() && total_p > 0.0 && total_q > 0.0 {
        return Ok(());
    }
    check_side(p, Side::P)?;
    check_side(q, Side::Q)
}

#[cold]
pub(crate) fn check_side<T: Weight>(weights: &[T], side: Side) -> Result<(), RowError> {
    let mut positive = false;
    for (index, &x) in weights.iter().enumerate() {
        let x: f64 = x.into();
        if !x.is_finite() {
            return Err(RowError::NotFinite { side, index });
        }
        if x < 0.0 {
            return Err(RowError::Negative { side, index });
        }
        positive |= x > 0.0;
    }
    if positive { Ok(()) } else { Err(RowError::ZeroMass { side }) }
}

/// The first pass over a block: masses and extremes.
#[inline(always)]
pub(crate) fn scan<S: Simd, T: Weight>(simd: S, p: &[T], q: &[T]) -> Mass {
    let len = T::Lanes::<S>::LEN;
    let n = p.len();
    let q = &q[..n];
    let zero = F64s::splat(simd, 0.0);
    let (mut sum_p, mut sum_q) = ([zero; 2], [zero; 2]);
    let mut low = T::Lanes::<S>::splat(simd, f64::INFINITY);
    let mut high = T::Lanes::<S>::splat(simd, f64::NEG_INFINITY);
    let mut i = 0;
    while i + len <= n {
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

/// The second pass over a block that [`scan`] has seen: the terms.
#[inline(always)]
pub(crate) fn terms<S: Simd, T: Weight, G: Generator>(
    simd: S,
    generator: G,
    p: &[T],
    q: &[T],
    block: &Mass,
    frame: Frame,
) -> Total {
    let plain =
        block.low >= T::LOW && block.high <= T::HIGH && frame.ratio <= T::RATIO && frame.ratio >= 1.0 / T::RATIO;
    let whole = if plain { p.len() - p.len() % T::Lanes::<S>::LEN } else { 0 };
    let total = positive::<S, T, G>(simd, generator, &p[..whole], &q[..whole], frame);
    if whole == p.len() {
        return total;
    }
    let rest = any::<S, T, G>(simd, generator, &p[whole..], &q[whole..], frame);
    Total { sum: total.sum + rest.sum, peak: f64::max(total.peak, rest.peak), only_p: rest.only_p, only_q: rest.only_q }
}

/// Whole vectors of weights that are positive and within `T::LOW ..= T::HIGH`.
#[inline(always)]
fn positive<S: Simd, T: Weight, G: Generator>(simd: S, generator: G, p: &[T], q: &[T], frame: Frame) -> Total {
    let len = T::Lanes::<S>::LEN;
    let n = p.len();
    let q = &q[..n];
    let ratio = Scale::<T::Lanes<S>>::splat(simd, frame.ratio);
    let mass = T::Lanes::splat(simd, frame.mass);
    let mut sum = [F64s::splat(simd, 0.0); 2];
    let mut peak = T::Lanes::splat(simd, 0.0);
    let mut i = 0;
    while i + len <= n {
        let a = T::Lanes::load(simd, &p[i..i + len]);
        let b = T::Lanes::load(simd, &q[i..i + len]);
        let difference = a.residual(ratio, b);
        let term = generator.term(Point { p: a * ratio.high, q: b, difference, mass });
        match G::REDUCTION {
            Reduction::Sum => term.add_to(&mut sum),
            Reduction::Max => peak = peak.max(term),
        }
        i += len;
    }
    let (_, peak) = T::Lanes::extremes(peak, peak);
    Total { sum: Sum::from((sum[0] + sum[1]).reduce_sum()), peak, only_p: Sum::ZERO, only_q: Sum::ZERO }
}

/// Any non-negative weights: zeros are masked, and positive numbers out of range take the scalar path.
#[inline(always)]
fn any<S: Simd, T: Weight, G: Generator>(simd: S, generator: G, p: &[T], q: &[T], frame: Frame) -> Total {
    let len = F64s::<S>::LEN;
    let zero = F64s::splat(simd, 0.0);
    let one = F64s::splat(simd, 1.0);
    let ratio = Scale::<F64s<S>>::splat(simd, frame.ratio);
    let mass = F64s::splat(simd, frame.mass);
    let (mut sum, mut peak, mut only_p, mut only_q) = ([zero; 2], zero, [zero; 2], [zero; 2]);
    let (mut wide_sum, mut wide_peak) = (Sum::ZERO, 0.0);
    // The longest vector has eight lanes.
    let (mut a_lanes, mut b_lanes) = ([0.0; 8], [0.0; 8]);
    let mut i = 0;
    while i < p.len() {
        let mut lane = 0;
        while lane < len {
            let there = i + lane < p.len();
            a_lanes[lane] = if there { p[i + lane].into() } else { 0.0 };
            b_lanes[lane] = if there { q[i + lane].into() } else { 0.0 };
            lane += 1;
        }
        let a = F64s::load(simd, &a_lanes[..len]);
        let b = F64s::load(simd, &b_lanes[..len]);
        let within = F64s::both_within(a, b, f64::LOW, f64::HIGH);
        let difference = within.select(a.residual(ratio, b), zero);
        let point = Point { p: within.select(a * ratio.high, one), q: within.select(b, one), difference, mass };
        let term = within.select(generator.term(point), zero);
        match G::REDUCTION {
            Reduction::Sum => term.add_to(&mut sum),
            Reduction::Max => peak = peak.max(term),
        }
        b.where_equal(zero, a, zero).add_to(&mut only_p);
        a.where_equal(zero, b, zero).add_to(&mut only_q);
        let outside = within.outside_and_positive(a, b);
        if outside != 0 {
            lane = 0;
            while lane < len {
                if outside & (1 << lane) != 0 {
                    let term = WideFrame::from(frame).term(generator, a_lanes[lane], b_lanes[lane]).value();
                    wide_sum = wide_sum + term;
                    wide_peak = f64::max(wide_peak, term);
                }
                lane += 1;
            }
        }
        i += len;
    }
    Total {
        sum: wide_sum + (sum[0] + sum[1]).reduce_sum(),
        peak: f64::max(wide_peak, peak.reduce_max()),
        only_p: Sum::from((only_p[0] + only_p[1]).reduce_sum()),
        only_q: Sum::from((only_q[0] + only_q[1]).reduce_sum()),
    }
}
