use rand::Rng;

use super::bernoulli::kl_of_coins;
use super::{Distribution, Edge, KlTo, Parametric, Point, Support, Tail, Terms, family, kl};
use crate::num::Real;
use crate::num::special::gamma::{HALF_LN_TAU, binet};

family! {
    /// The binomial distribution: how many of `total_count` trials succeed, each with probability `probs`.
    Binomial "binomial" {
        /// The number of trials.
        total_count: count,
        /// The probability of success.
        probs: probability,
    }
}

/// ln of the binomial mass C(n, k) pᵏ (1 − p)ⁿ⁻ᵏ for 0 ≤ k ≤ n, by its saddle-point form; n and k need not be whole.
pub(super) fn ln_mass(n: f64, k: f64, p: f64, rest: f64, ln_rest: f64) -> f64 {
    let missed = n - k;
    if k == 0.0 {
        return if n == 0.0 { 0.0 } else { n * ln_rest };
    }
    if missed == 0.0 {
        return n * p.ln();
    }
    // n(1 − p) − (n − k) is k − np.
    let surplus = n * p - k;
    let (expected, expected_rest) = (n * p, n * rest);
    if expected < f64::MIN_POSITIVE || expected_rest < f64::MIN_POSITIVE {
        return k * p.ln() + missed * ln_rest;
    }
    let deviance = f64::kl_term(k, expected, surplus) + f64::kl_term(missed, expected_rest, -surplus);
    let width = 0.5 * (n / k / missed).ln() - HALF_LN_TAU;
    width + (binet(n) - binet(k) - binet(missed)) - deviance
}

impl Distribution for Binomial {
    fn name(&self) -> &'static str {
        Self::NAME
    }
    fn support(&self) -> Support {
        let n = self.total_count;
        Support::integers(if self.probs == 1.0 { n } else { 0.0 }, if self.probs == 0.0 { 0.0 } else { n })
    }
    fn ln_density(&self, x: Point) -> f64 {
        let k = x.value();
        if k < 0.0 || k > self.total_count {
            return f64::NEG_INFINITY;
        }
        match self.probs {
            0.0 => {
                if k == 0.0 {
                    0.0
                } else {
                    f64::NEG_INFINITY
                }
            }
            1.0 => {
                if k == self.total_count {
                    0.0
                } else {
                    f64::NEG_INFINITY
                }
            }
            p => ln_mass(self.total_count, k, p, 1.0 - p, (-p).ln_1p()),
        }
    }
    fn landmarks(&self) -> Vec<f64> {
        super::around(self.mean(), self.variance().sqrt().max(1.0))
    }
    fn tail(&self, _: Edge) -> Tail {
        Tail::Power(1.0)
    }
    fn mean(&self) -> f64 {
        self.total_count * self.probs
    }
    fn variance(&self) -> f64 {
        self.total_count * self.probs * (1.0 - self.probs)
    }
    fn cross_entropy_of(&self, _: &dyn Distribution) -> Option<Terms> {
        None
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        use rand_distr::Distribution as _;
        let binomial = rand_distr::Binomial::new(self.total_count as u64, self.probs);
        binomial.map_or(f64::NAN, |binomial| binomial.sample(rng) as f64)
    }
}

impl KlTo<Self> for Binomial {
    /// For one number of trials, that many coins.
    fn closed_form(&self, q: &Self) -> Option<f64> {
        let one = kl_of_coins([self.probs], [q.probs]).value;
        (self.total_count == q.total_count).then_some(if self.total_count == 0.0 {
            0.0
        } else {
            self.total_count * one
        })
    }
    kl::certified!();
}
