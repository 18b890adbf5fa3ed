//! Exponential and logarithm, written once for every [`Real`].
//!
//! Method. The exponent of two is split off by integer arithmetic on the bits (no table, no branch); what is left is
//! an odd function of `s = (p − q)/(p + q)` for the logarithm, with `|s| ≤ 0.2004`, and a polynomial on
//! `|r| ≤ ln 2 / 2` for the exponential. ln 2 is split in two so that the multiples of the high part are exact.
//! Accuracy: see `ACCURACY.md`; all are within a few units in the last place.

use super::polynomial::{atanh_tail, exp_tail, exp2_tail};
use super::real::Real;
use core::f64::consts::LN_2;

/// The high part of ln 2 (its multiples by up to 2¹⁰ are exact) and the rest, for 53 and for 24 bits.
const LN_2_F64: [f64; 2] = [0.6931471803691238, 1.9082149292705877e-10];
const LN_2_F32: [f64; 2] = [0.693145751953125, 1.428606765330187e-6];

/// ln 2 in two pieces, for an exponent that is to be taken off a number without leaving a trace.
#[inline(always)]
pub(crate) const fn ln_2_split<V: Real>() -> [f64; 2] {
    if V::DIGITS > 24 { LN_2_F64 } else { LN_2_F32 }
}

/// A ratio q/p reduced to `2ᵏ·q′/p` with q′ near p.
pub(crate) struct Reduced<V> {
    /// The exponent.
    pub(crate) k: V,
    /// q / 2ᵏ.
    pub(crate) q: V,
    /// p − q′.
    pub(crate) surplus: V,
    /// (p − q′)/(p + q′).
    pub(crate) s: V,
}

/// Splits the exponent off q/p. `difference` is q − p if that has digits which `q` and `p` have lost.
#[inline(always)]
pub(crate) fn reduce_ratio<V: Real>(p: V, q: V, difference: Option<V>) -> Reduced<V> {
    let (k, near) = q.scaled_near(p);
    // The two are within a factor of two, so this is exact for the p and q given.
    let mut surplus = p - near;
    if let Some(difference) = difference {
        surplus = k.where_equal(k.constant(0.0), -difference, surplus);
    }
    Reduced { k, q: near, surplus, s: surplus / (p + near) }
}

/// 2 atanh(s)/s − 2, positive and small, for |s| ≤ 0.2.
#[inline(always)]
pub fn excess_of_atanh<V: Real>(s: V) -> V {
    let z = s * s;
    z * atanh_tail(z)
}

/// `ln(q/p)` for positive normal `p`, `q`, given `difference = q − p`.
///
/// Where q is near p the digits come from `difference`, so they survive when the caller can compute it without
/// cancellation.
#[inline(always)]
pub fn ln_ratio<V: Real>(p: V, q: V, difference: V) -> V {
    let x = reduce_ratio(p, q, Some(difference));
    // Where k is not 0 the sum is at least two fifths of k ln 2, so ln 2 need not be in two pieces.
    x.k.mul_add(p.constant(LN_2), -x.s.mul_add(excess_of_atanh(x.s), x.s + x.s))
}

/// `ln x` for positive normal `x`.
#[inline(always)]
pub fn ln<V: Real>(x: V) -> V {
    let one = x.constant(1.0);
    V::ln_ratio(one, x, x - one)
}

/// `ln(1 + x)` for `x > −1`, accurate near zero.
#[inline(always)]
pub fn ln_1p<V: Real>(x: V) -> V {
    let one = x.constant(1.0);
    V::ln_ratio(one, x + one, x)
}

/// An exponential reduced to `2ᵏ·(1 + r + tail)`.
pub(crate) struct Exponential<V> {
    pub(crate) k: V,
    /// x − k ln 2, at most ln 2 / 2 in size.
    pub(crate) r: V,
    /// eʳ − 1 − r.
    pub(crate) tail: V,
}

/// Splits the exponent off eˣ.
#[inline(always)]
pub(crate) fn reduce_exp<V: Real>(x: V) -> Exponential<V> {
    let [high, low] = ln_2_split::<V>();
    let k = (x * core::f64::consts::LOG2_E).round();
    let r = (-k).mul_add(x.constant(low), (-k).mul_add(x.constant(high), x));
    Exponential { k, r, tail: r * r * exp_tail(r) }
}

/// The argument beyond which eˣ is scaled in two steps or is not finite, and its range: twice the largest exponent.
#[inline(always)]
fn clamp_exp<V: Real>(x: V) -> V {
    let limit = if V::DIGITS > 24 { 1400.0 } else { 170.0 };
    let low = x.constant(-limit);
    let high = x.constant(limit);
    let x = x.where_less(low, low, x);
    high.where_less(x, high, x)
}

/// `eˣ`, from the smallest subnormal to infinity.
#[inline(always)]
pub fn exp<V: Real>(x: V) -> V {
    let e = reduce_exp(clamp_exp(x));
    // Two factors, since 2ᵏ alone may lie outside the normal range although the product does not.
    let half = (e.k * 0.5).round();
    ((e.r + e.tail + 1.0) * half.exp2_integer()) * (e.k - half).exp2_integer()
}

/// `2^(x·octaves)` for products up to some 120, 0 where it would not be a normal number: the weights of a softmax, of
/// the rounded `octaves` to 2 units in the last place. NaN may be lost.
///
/// The exponent comes off exactly, so it is the cheapest of the exponentials; the product is not rounded before.
#[inline(always)]
pub(crate) fn exp2_product<V: Real>(x: V, octaves: Octaves<V>) -> V {
    let x = octaves.lowest.max(x);
    let (k, power) = x.nearest_power(octaves.each);
    let f = x.mul_add(octaves.each, -k);
    // Not (1 + f·tail)·power, which is the same number and has one to wait for another more.
    (f * power).mul_add(exp2_tail(f), power)
}

/// How many octaves a unit is worth, for [`exp2_product`].
#[derive(Clone, Copy)]
pub(crate) struct Octaves<V> {
    each: V,
    /// There the exponent's bits are those of zero.
    lowest: V,
}

impl<V: Real> Octaves<V> {
    #[inline(always)]
    pub(crate) fn new(like: V, each: f64) -> Self {
        let lowest = if V::DIGITS > 24 { -1023.0 } else { -127.0 };
        Self { each: like.constant(each), lowest: like.constant(lowest / each) }
    }
}

/// `eˣ − 1`, accurate near zero.
#[inline(always)]
pub fn exp_m1<V: Real>(x: V) -> V {
    let limit = x.constant(40.0);
    let small = x.where_less(limit, x, limit);
    let small = small.where_less(-limit, -limit, small);
    let e = reduce_exp(small);
    let power = e.k.exp2_integer();
    let near = power.mul_add(e.r + e.tail, power - 1.0);
    limit.where_less(x, exp(x) - 1.0, near)
}
