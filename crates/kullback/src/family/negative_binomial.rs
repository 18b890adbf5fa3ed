use rand::Rng;

use super::bernoulli::kl_of_coins;
use super::binomial::ln_mass;
use super::{Distribution, Edge, Gamma, KlTo, Parametric, Point, Support, Tail, Terms, draw, family, kl};

family! {
    /// The negative binomial distribution: successes before the failure number `total_count`, each trial a success with
    /// probability `probs`. `total_count` need not be whole.
    NegativeBinomial "negative_binomial" {
        /// The number of failures to stop at.
        total_count: positive,
        /// The probability of success.
        probs: failure,
    }
}

impl Distribution for NegativeBinomial {
    fn name(&self) -> &'static str {
        Self::NAME
    }
    fn support(&self) -> Support {
        Support::integers(0.0, if self.probs == 0.0 { 0.0 } else { f64::INFINITY })
    }
    fn ln_density(&self, x: Point) -> f64 {
        let (k, r, p) = (x.value(), self.total_count, self.probs);
        if k < 0.0 || p == 0.0 && k > 0.0 {
            return f64::NEG_INFINITY;
        }
        if k == 0.0 {
            return r * (-p).ln_1p();
        }
        // The last of r + k trials fails: r/(r + k) of the binomial mass at r failures.
        let failing = (r / (r + k)).ln();
        failing + ln_mass(r + k, k, p, 1.0 - p, (-p).ln_1p())
    }
    fn landmarks(&self) -> Vec<f64> {
        let mut points = super::around(self.mean(), self.variance().sqrt().max(1.0));
        points.extend([0.5, 3.0, 10.0].iter().map(|k| k / (1.0 - self.probs)));
        points
    }
    fn tail(&self, _: Edge) -> Tail {
        Tail::Exponential { power: 1.0, rate: -self.probs.ln() }
    }
    fn mean(&self) -> f64 {
        self.total_count * (self.probs / (1.0 - self.probs))
    }
    fn variance(&self) -> f64 {
        self.mean() / (1.0 - self.probs)
    }
    fn cross_entropy_of(&self, _: &dyn Distribution) -> Option<Terms> {
        None
    }
    /// Poisson with a Gamma-distributed rate.
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        if self.probs == 0.0 {
            return 0.0;
        }
        let rate = Gamma::trusted(self.total_count, (1.0 - self.probs) / self.probs).sample(rng);
        if rate > 0.0 { draw(rand_distr::Poisson::new(rate), rng) } else { 0.0 }
    }
}

impl KlTo<Self> for NegativeBinomial {
    /// For one number of failures: the expected number of trials, r/(1 − p), times the KL of one.
    fn closed_form(&self, q: &Self) -> Option<f64> {
        let trials = self.total_count / (1.0 - self.probs);
        (self.total_count == q.total_count).then(|| trials * kl_of_coins([self.probs], [q.probs]).value)
    }
    kl::certified!();
}
