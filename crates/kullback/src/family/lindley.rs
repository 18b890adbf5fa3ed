use rand::Rng;

use super::{Distribution, Edge, Gamma, KlTo, Parametric, Point, Support, Tail, above, family, kl, unit};
use crate::num::Real;

family! {
    /// The Lindley distribution: (1 + x) e^(−theta·x) for x > 0, normalised (D. Lindley, 1958).
    Lindley "lindley" {
        /// The rate of its tail.
        theta: positive,
    }
}

impl Distribution for Lindley {
    fn name(&self) -> &'static str {
        Self::NAME
    }
    fn support(&self) -> Support {
        Support::interval(0.0, f64::INFINITY)
    }
    fn ln_density(&self, x: Point) -> f64 {
        let distance = x.minus(0.0);
        if distance < 0.0 || distance == f64::INFINITY {
            return f64::NEG_INFINITY;
        }
        2.0 * self.theta.ln() - self.theta.ln_1p() + distance.ln_1p() - self.theta * distance
    }
    fn landmarks(&self) -> Vec<f64> {
        let mut points = above(0.0, 1.0 / self.theta);
        points.extend(above(0.0, 1.0));
        points.sort_by(f64::total_cmp);
        points
    }
    fn tail(&self, edge: Edge) -> Tail {
        let rate = self.theta;
        if edge.at.is_infinite() { Tail::Exponential { power: 1.0, rate } } else { Tail::Power(1.0) }
    }
    fn mean(&self) -> f64 {
        (self.theta + 2.0) / (self.theta + 1.0) / self.theta
    }
    fn variance(&self) -> f64 {
        let next = self.theta + 1.0;
        // (θ² + 4θ + 2)/(θ(θ + 1))².
        (2.0 - 1.0 / next / next * self.theta * self.theta) / self.theta / self.theta
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        // A mixture of the first and the second waiting time.
        let shape = if unit(rng) * (1.0 + self.theta) < self.theta { 1.0 } else { 2.0 };
        Gamma::trusted(shape, self.theta).sample(rng)
    }
}

impl KlTo<Self> for Lindley {
    /// The Bregman divergence of −2 ln θ + ln(1 + θ), of which the second takes half of the first at most.
    fn closed_form(&self, q: &Self) -> Option<f64> {
        let (p, q, difference) = (self.theta, q.theta, q.theta - self.theta);
        Some(2.0 * f64::kl_term(p, q, difference) / p - f64::kl_term(1.0 + p, 1.0 + q, difference) / (1.0 + p))
    }
    kl::certified!();
}
