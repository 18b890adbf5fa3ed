use rand::Rng;

use super::bernoulli::share_term;
use super::density::ln_gamma_kernel;
use super::{Distribution, Edge, KlTo, Parametric, Point, Statistic, Support, Tail, Terms, around, draw, family, kl};

family! {
    /// The Poisson distribution: e^(−rate) rate^k/k!.
    Poisson "poisson" {
        /// The mean.
        rate: not_negative,
    }
}

impl Distribution for Poisson {
    fn name(&self) -> &'static str {
        Self::NAME
    }
    fn support(&self) -> Support {
        Support::integers(0.0, if self.rate == 0.0 { 0.0 } else { f64::INFINITY })
    }
    fn ln_density(&self, x: Point) -> f64 {
        match x.value() {
            k if k < 0.0 || self.rate == 0.0 && k > 0.0 => f64::NEG_INFINITY,
            0.0 => -self.rate,
            // rateᵏ e^(−rate)/Γ(k), over k.
            k => ln_gamma_kernel(k, self.rate, self.rate.ln()) - k.ln(),
        }
    }
    fn landmarks(&self) -> Vec<f64> {
        around(self.rate, self.rate.sqrt().max(1.0))
    }
    fn tail(&self, _: Edge) -> Tail {
        Tail::Exponential { power: 1.0, rate: f64::INFINITY }
    }
    fn mean(&self) -> f64 {
        self.rate
    }
    fn variance(&self) -> f64 {
        self.rate
    }
    fn cross_entropy_of(&self, p: &dyn Distribution) -> Option<Terms> {
        let low = p.support().hull()[0];
        let ln_factorial = p.expect(Statistic::LnFactorial)?;
        (low >= 0.0 && self.rate > 0.0).then(|| Terms::of([self.rate, -p.mean() * self.rate.ln(), ln_factorial]))
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        if self.rate == 0.0 { 0.0 } else { draw(rand_distr::Poisson::new(self.rate), rng) }
    }
}

impl KlTo<Self> for Poisson {
    /// φ(λ_p, λ_q).
    fn closed_form(&self, q: &Self) -> Option<f64> {
        Some(share_term(self.rate, q.rate, q.rate - self.rate))
    }
    kl::certified!();
}
