use rand::Rng;

use super::beta::unit_landmarks;
use super::gumbel::EULER;
use super::{Distribution, Edge, KlTo, Parametric, Point, Statistic, Support, Tail, Terms, family, kl, unit};
use crate::num::special::{digamma, gamma::ln_beta, trigamma};
use crate::num::{Real, entropic};

family! {
    /// The Kumaraswamy distribution: P(X ≤ x) = 1 − (1 − x^concentration1)^concentration0 on [0, 1].
    Kumaraswamy "kumaraswamy" {
        /// The shape at 0.
        concentration1: positive,
        /// The shape at 1.
        concentration0: positive,
    }
}

impl Kumaraswamy {
    /// ln E Xᵏ.
    fn ln_moment(&self, k: f64) -> f64 {
        self.concentration0.ln() + ln_beta(1.0 + k / self.concentration1, self.concentration0)
    }

    fn quantile(&self, u: f64) -> f64 {
        (-((-u).ln_1p() / self.concentration0).exp_m1()).powf(1.0 / self.concentration1)
    }
}

impl Distribution for Kumaraswamy {
    fn name(&self) -> &'static str {
        Self::NAME
    }
    fn has_formulas(&self) -> bool {
        true
    }
    fn support(&self) -> Support {
        Support::interval(0.0, 1.0)
    }
    fn ln_density(&self, x: Point) -> f64 {
        let (a, b) = (self.concentration1, self.concentration0);
        let rest = -x.minus(1.0);
        if !x.is_above(0.0) || rest < 0.0 {
            return f64::NEG_INFINITY;
        }
        let ln_x = if rest < 0.5 { (-rest).ln_1p() } else { x.ln_minus(0.0) };
        // ln(1 − xᵃ); where x is next to 1 that is ln a + ln(1 − x).
        let power = a * ln_x;
        let ln_rest = if power > -1e-17 { a.ln() + x.ln_minus(1.0) } else { (-power.exp_m1()).ln() };
        a.ln() + b.ln() + (a - 1.0) * ln_x + (b - 1.0) * ln_rest
    }
    fn landmarks(&self) -> Vec<f64> {
        let mut points = unit_landmarks(self.mean(), self.variance().sqrt());
        points.extend([1e-4, 0.02, 0.2, 0.5, 0.8, 0.98, 0.9999].map(|u| self.quantile(u)));
        points.retain(|x| *x > 0.0 && *x < 1.0);
        points
    }
    fn tail(&self, edge: Edge) -> Tail {
        match edge.at {
            0.0 => Tail::Power(self.concentration1),
            1.0 => Tail::Power(self.concentration0),
            _ => Tail::Power(1.0),
        }
    }
    fn mean(&self) -> f64 {
        self.ln_moment(1.0).exp()
    }
    fn variance(&self) -> f64 {
        let mean = self.mean();
        mean * mean * (self.ln_moment(2.0) - 2.0 * self.ln_moment(1.0)).exp_m1()
    }
    fn entropy(&self) -> f64 {
        let (a, b) = (self.concentration1, self.concentration0);
        (1.0 - 1.0 / b) + (1.0 - 1.0 / a) * (digamma(b + 1.0) + EULER) - a.ln() - b.ln()
    }
    fn expect(&self, of: Statistic) -> Option<f64> {
        let (a, b) = (self.concentration1, self.concentration0);
        // Xᵃ is Beta(1, b).
        let mean_ln = -(digamma(b + 1.0) + EULER) / a;
        match of {
            Statistic::Ln => Some(mean_ln),
            Statistic::LnSquared => Some(mean_ln * mean_ln + (trigamma(1.0) - trigamma(b + 1.0)) / a / a),
            Statistic::Power(k) if k > -a => Some(self.ln_moment(k).exp()),
            Statistic::Power(_) => Some(f64::INFINITY),
            _ => None,
        }
    }
    fn cross_entropy_of(&self, _: &dyn Distribution) -> Option<Terms> {
        None
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        self.quantile(unit(rng))
    }
}

impl KlTo<Self> for Kumaraswamy {
    /// For one concentration1, where −ln(1 − X^a) are exponential: h(ln(b_p/b_q)).
    fn closed_form(&self, q: &Self) -> Option<f64> {
        let (b_p, b_q) = (self.concentration0, q.concentration0);
        (self.concentration1 == q.concentration1).then(|| entropic::h(f64::ln_ratio(b_q, b_p, b_p - b_q)))
    }
    kl::certified!();
}
