use rand::Rng;

use super::formula::{Check, Formula, Slopes};
use super::{
    Distribution, Edge, KlTo, Parametric, Point, Statistic, Support, Tail, Terms, family, kl, parameter, unit,
};
use crate::num::Real;
use crate::num::simd::Least;

family! {
    /// The Bernoulli distribution: 1 with probability `probs`, else 0.
    Bernoulli "bernoulli" {
        /// The probability of 1.
        probs: probability,
    }
}

/// φ(p, q) of two shares or rates, either of which may be 0.
#[inline(always)]
pub(super) fn share_term<V: Real>(p: V, q: V, difference: V) -> V {
    let (zero, one) = (p.constant(0.0), p.constant(1.0));
    // φ itself sees no zero.
    let term = V::kl_term(p.where_equal(zero, one, p), q.where_equal(zero, one, q), difference);
    p.where_equal(zero, q, q.where_equal(zero, p.constant(f64::INFINITY), term))
}

/// ln(p/q) of two shares: what a KL grows by with p. At p = 0 it falls infinitely fast, or rises if q is 0 as well.
#[inline(always)]
pub(super) fn ln_shares<V: Real>(p: V, q: V, difference: V) -> V {
    let (zero, one, infinity) = (p.constant(0.0), p.constant(1.0), p.constant(f64::INFINITY));
    let ratio = -V::ln_ratio(p.where_equal(zero, one, p), q.where_equal(zero, one, q), difference);
    q.where_equal(zero, infinity, p.where_equal(zero, -infinity, ratio))
}

/// KL(p‖q) of two coins, both terms centred: φ(p, q) + φ(1 − p, 1 − q).
#[inline(always)]
pub(super) fn kl_of_coins<V: Real>([p]: [V; 1], [q]: [V; 1]) -> Slopes<V, 1> {
    let (zero, one) = (p.constant(0.0), p.constant(1.0));
    let (p_0, q_0, difference) = (one - p, one - q, q - p);
    let heads = ln_shares(p, q, difference);
    let slope = p.where_equal(zero, one / q_0, p_0.where_equal(zero, -one / q, difference / (q * q_0)));
    // Where only one of the sides can lose a face, its logarithm alone decides.
    let at_p = p_0.where_equal(zero, -ln_shares(p_0, q_0, -difference), heads - ln_shares(p_0, q_0, -difference));
    Slopes {
        value: share_term(p, q, difference) + share_term(p_0, q_0, -difference),
        p: [p.where_equal(zero, heads, at_p)],
        q: [slope],
    }
}

impl Formula<1> for Bernoulli {
    const NAMES: [&'static str; 1] = ["probs"];
    const CHECKS: [Check; 1] = [parameter::probability];
    #[inline(always)]
    fn kl<V: Least, const GRADIENT: bool>(p: [V; 1], q: [V; 1]) -> Slopes<V, 1> {
        kl_of_coins(p, q)
    }
}

/// −x ln x.
fn entropy_term(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { -x * x.ln() }
}

impl Distribution for Bernoulli {
    fn name(&self) -> &'static str {
        Self::NAME
    }
    fn has_formulas(&self) -> bool {
        true
    }
    fn support(&self) -> Support {
        Support::integers(if self.probs == 1.0 { 1.0 } else { 0.0 }, if self.probs == 0.0 { 0.0 } else { 1.0 })
    }
    fn ln_density(&self, x: Point) -> f64 {
        match x.value() {
            0.0 => (-self.probs).ln_1p(),
            1.0 => self.probs.ln(),
            _ => f64::NEG_INFINITY,
        }
    }
    fn landmarks(&self) -> Vec<f64> {
        vec![0.0, 1.0]
    }
    fn tail(&self, _: Edge) -> Tail {
        Tail::Power(1.0)
    }
    fn mean(&self) -> f64 {
        self.probs
    }
    fn variance(&self) -> f64 {
        self.probs * (1.0 - self.probs)
    }
    fn entropy(&self) -> f64 {
        entropy_term(self.probs) - if self.probs == 1.0 { 0.0 } else { (1.0 - self.probs) * (-self.probs).ln_1p() }
    }
    fn expect(&self, of: Statistic) -> Option<f64> {
        (of == Statistic::LnFactorial).then_some(0.0)
    }
    fn cross_entropy_of(&self, _: &dyn Distribution) -> Option<Terms> {
        None
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        f64::from(u8::from(unit(rng) < self.probs))
    }
}

impl KlTo<Self> for Bernoulli {
    fn closed_form(&self, q: &Self) -> Option<f64> {
        Some(kl_of_coins([self.probs], [q.probs]).value)
    }
    kl::certified!();
}
