use rand::Rng;

use super::{Distribution, Edge, KlTo, Parametric, Point, Support, Tail, Terms, family, kl, unit};

family! {
    /// The uniform distribution on the integers from `low` to `high`, both included.
    DiscreteUniform "discrete_uniform" {
        /// The least value.
        low: integer,
        /// The greatest value.
        high: at_least(low),
    }
}

impl DiscreteUniform {
    fn count(&self) -> f64 {
        self.high - self.low + 1.0
    }
}

impl Distribution for DiscreteUniform {
    fn name(&self) -> &'static str {
        Self::NAME
    }
    fn has_formulas(&self) -> bool {
        true
    }
    fn support(&self) -> Support {
        Support::integers(self.low, self.high)
    }
    fn ln_density(&self, x: Point) -> f64 {
        if self.support().contains(x.value()) { -self.count().ln() } else { f64::NEG_INFINITY }
    }
    fn landmarks(&self) -> Vec<f64> {
        vec![self.mean().floor()]
    }
    fn tail(&self, _: Edge) -> Tail {
        Tail::Power(1.0)
    }
    fn mean(&self) -> f64 {
        0.5 * self.low + 0.5 * self.high
    }
    fn variance(&self) -> f64 {
        let n = self.count();
        (n - 1.0) * (n + 1.0) / 12.0
    }
    fn entropy(&self) -> f64 {
        self.count().ln()
    }
    fn cross_entropy_of(&self, _: &dyn Distribution) -> Option<Terms> {
        Some(Terms::of([self.entropy()]))
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        self.low + (self.count() * unit(rng)).floor().min(self.count() - 1.0)
    }
}

impl KlTo<Self> for DiscreteUniform {
    /// ln of the ratio of the counts.
    fn closed_form(&self, q: &Self) -> Option<f64> {
        if q.low > self.low || q.high < self.high {
            return Some(f64::INFINITY);
        }
        let more = (self.low - q.low) + (q.high - self.high);
        Some((more / self.count()).ln_1p())
    }
    kl::certified!();
}
