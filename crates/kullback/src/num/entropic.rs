//! The primitives of relative entropy: `φ(p, q) = p ln(p/q) − p + q` and `h(x) = e⁻ˣ − 1 + x`, never by cancellation.
//!
//! They are one function: `φ(p, q) = p·h(ln(p/q))`. `φ` is what weights need (no exponential), `h` what logits and
//! samples need (no logarithm). Both are zero exactly when p = q and positive otherwise.

use super::exp_log::{excess_of_atanh, ln_2_split, reduce_exp, reduce_ratio};
use super::polynomial::excess_tail;
use super::real::Real;

/// `p ln(p/q) − p + q` for positive normal `p`, `q`, given `difference = q − p`.
///
/// Near equality, with s = (p − q)/(p + q) and 2 atanh s = 2s + s·R, the value is s·(p − q + p·R): a product, so it
/// keeps every digit that `difference` has. Elsewhere, with q = 2ᵏq′, the rest q − q′ − k p ln 2 is added; it may be a
/// tenth of its parts, so ln 2 is in two pieces.
#[inline(always)]
pub fn kl_term<V: Real>(p: V, q: V, difference: V) -> V {
    HalfTerm::new(p, q, Some(difference)).finish(p)
}

/// The KL term after its division and before its series.
///
/// Either half is short enough that a processor can look ahead to the next one. A loop that is nothing but KL takes
/// some dozens of first halves and then the second ones.
#[derive(Clone, Copy)]
pub(crate) struct HalfTerm<V> {
    /// p − q′.
    surplus: V,
    /// (p − q′)/(p + q′).
    s: V,
    /// q − q′ − k p ln 2.
    far: V,
}

impl<V: Real> HalfTerm<V> {
    #[inline(always)]
    pub(crate) fn new(p: V, q: V, difference: Option<V>) -> Self {
        let x = reduce_ratio(p, q, difference);
        let [high, low] = ln_2_split::<V>();
        let steps = p * x.k;
        let far = steps.mul_add(p.constant(-low), steps.mul_add(p.constant(-high), q - x.q));
        Self { surplus: x.surplus, s: x.s, far }
    }

    /// To fill an array with.
    #[inline(always)]
    pub(crate) fn nothing(zero: V) -> Self {
        Self { surplus: zero, s: zero, far: zero }
    }

    /// The term; `p` is the same as before.
    #[inline(always)]
    pub(crate) fn finish(self, p: V) -> V {
        self.s.mul_add(p.mul_add(excess_of_atanh(self.s), self.surplus), self.far)
    }
}

/// `eˣ − 1 − x ≥ 0` (which is `h(−x)`).
///
/// With eˣ = 2ᵏ(1 + r + t), the value is (2ᵏ − 1 − k ln 2) + (2ᵏ − 1) r + 2ᵏ t, whose first part is evaluated with
/// ln 2 in two pieces and whose others vanish with k.
#[inline(always)]
pub fn exp_excess<V: Real>(x: V) -> V {
    let [high, low] = ln_2_split::<V>();
    let limit = x.constant(40.0);
    let small = x.where_less(limit, x, limit);
    let small = small.where_less(-limit, -limit, small);
    let e = reduce_exp(small);
    let power = e.k.exp2_integer();
    let steps = -e.k;
    let constant = steps.mul_add(x.constant(low), steps.mul_add(x.constant(high), power - 1.0));
    let near = power.mul_add(e.tail, (power - 1.0).mul_add(e.r, constant));
    // Beyond the limit nothing cancels.
    limit.where_less(x.abs(), x.exp() - 1.0 - x, near)
}

/// `eˣ − 1 − x ≥ 0` for |x| ≤ 1: the polynomial alone.
#[inline(always)]
pub fn exp_excess_near<V: Real>(x: V) -> V {
    x * x * excess_tail(x)
}

/// `h(x) = e⁻ˣ − 1 + x ≥ 0`: Schulman's k3, and the divergence per unit of p at `x = ln(p/q)`.
#[inline(always)]
pub fn h<V: Real>(x: V) -> V {
    (-x).exp_excess()
}
