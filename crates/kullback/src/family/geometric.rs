use rand::Rng;

use super::bernoulli::kl_of_coins;
use super::{Distribution, Edge, KlTo, Parametric, Point, Support, Tail, Terms, family, kl, unit};

family! {
    /// The geometric distribution: failures before the first success, each trial a success with probability `probs`.
    Geometric "geometric" {
        /// The probability of success.
        probs: success,
    }
}

impl Distribution for Geometric {
    fn name(&self) -> &'static str {
        Self::NAME
    }
    fn has_formulas(&self) -> bool {
        true
    }
    fn support(&self) -> Support {
        Support::integers(0.0, if self.probs == 1.0 { 0.0 } else { f64::INFINITY })
    }
    fn ln_density(&self, x: Point) -> f64 {
        match x.value() {
            k if k < 0.0 => f64::NEG_INFINITY,
            0.0 => self.probs.ln(),
            k => self.probs.ln() + k * (-self.probs).ln_1p(),
        }
    }
    fn landmarks(&self) -> Vec<f64> {
        [0.1, 0.5, 1.0, 3.0, 10.0].iter().map(|k| k / self.probs).collect()
    }
    fn tail(&self, _: Edge) -> Tail {
        Tail::Exponential { power: 1.0, rate: -(-self.probs).ln_1p() }
    }
    fn mean(&self) -> f64 {
        (1.0 - self.probs) / self.probs
    }
    fn variance(&self) -> f64 {
        self.mean() / self.probs
    }
    fn entropy(&self) -> f64 {
        let rest = if self.probs == 1.0 { 0.0 } else { (1.0 - self.probs) / self.probs * (-self.probs).ln_1p() };
        -self.probs.ln() - rest
    }
    fn cross_entropy_of(&self, p: &dyn Distribution) -> Option<Terms> {
        let low = p.support().hull()[0];
        (low >= 0.0 && self.probs < 1.0).then(|| Terms::of([-self.probs.ln(), -(-self.probs).ln_1p() * p.mean()]))
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        if self.probs == 1.0 { 0.0 } else { (unit(rng).ln() / (-self.probs).ln_1p()).floor() }
    }
}

impl KlTo<Self> for Geometric {
    /// The expected number of trials, 1/p, times the KL of one.
    fn closed_form(&self, q: &Self) -> Option<f64> {
        Some(kl_of_coins([self.probs], [q.probs]).value / self.probs)
    }
    kl::certified!();
}
