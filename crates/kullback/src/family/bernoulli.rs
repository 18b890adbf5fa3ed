use rand::Rng;

use super::{Distribution, Edge, KlTo, Parametric, Point, Statistic, Support, Tail, Terms, family, kl, unit};
use crate::num::Real;

family! {
    /// The Bernoulli distribution: 1 with probability `probs`, else 0.
    Bernoulli "bernoulli" {
        /// The probability of 1.
        probs: probability,
    }
}

/// KL(p‖q) of two coins, both terms centred: φ(p, q) + φ(1 − p, 1 − q).
pub(super) fn kl_of_coins(p: f64, q: f64) -> f64 {
    let term = |p: f64, q: f64, difference: f64| match (p == 0.0, q == 0.0) {
        (true, _) => q,
        (false, true) => f64::INFINITY,
        _ => f64::kl_term(p, q, difference),
    };
    term(p, q, q - p) + term(1.0 - p, 1.0 - q, p - q)
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
        Some(kl_of_coins(self.probs, q.probs))
    }
    kl::certified!();
}
