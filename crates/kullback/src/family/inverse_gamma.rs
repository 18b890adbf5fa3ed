use rand::Rng;

use super::density::ln_gamma_kernel;
use super::gamma::{entropy_of_shape, gamma_landmarks, kl_of_gammas};
use super::{Distribution, Edge, Gamma, KlTo, Parametric, Point, Statistic, Support, Tail, Terms, family, kl};
use crate::num::special::{digamma, ln_gamma, trigamma};

family! {
    /// The inverse Gamma distribution: 1/X for X of a Gamma distribution.
    InverseGamma "inverse_gamma" {
        /// The shape of 1/X.
        concentration: positive,
        /// The rate of 1/X, the scale of this.
        rate: positive,
    }
}

impl Distribution for InverseGamma {
    fn name(&self) -> &'static str {
        Self::NAME
    }
    fn has_formulas(&self) -> bool {
        true
    }
    fn support(&self) -> Support {
        Support::interval(0.0, f64::INFINITY)
    }
    fn ln_density(&self, x: Point) -> f64 {
        if !x.is_above(0.0) {
            return f64::NEG_INFINITY;
        }
        let ln_x = x.ln_minus(0.0);
        let ln_y = self.rate.ln() - ln_x;
        let inverse = self.rate / x.minus(0.0);
        let y = if inverse > 0.0 && inverse.is_finite() { inverse } else { ln_y.exp() };
        ln_gamma_kernel(self.concentration, y, ln_y) - ln_x
    }
    fn landmarks(&self) -> Vec<f64> {
        gamma_landmarks(self.concentration, self.rate).into_iter().map(|x| 1.0 / x).collect()
    }
    fn tail(&self, edge: Edge) -> Tail {
        match edge.at {
            0.0 => Tail::Exponential { power: 1.0, rate: self.rate },
            f64::INFINITY => Tail::Power(self.concentration),
            _ => Tail::Power(1.0),
        }
    }
    fn mean(&self) -> f64 {
        if self.concentration > 1.0 { self.rate / (self.concentration - 1.0) } else { f64::INFINITY }
    }
    fn variance(&self) -> f64 {
        let mean = self.mean();
        if self.concentration > 2.0 { mean * mean / (self.concentration - 2.0) } else { f64::INFINITY }
    }
    fn entropy(&self) -> f64 {
        let a = self.concentration;
        // That of 1/X and the mean of twice ln X.
        entropy_of_shape(a) - 2.0 * digamma(a) + self.rate.ln()
    }
    fn expect(&self, of: Statistic) -> Option<f64> {
        let (a, rate) = (self.concentration, self.rate);
        let mean_ln = rate.ln() - digamma(a);
        match of {
            Statistic::Ln => Some(mean_ln),
            Statistic::LnSquared => Some(mean_ln * mean_ln + trigamma(a)),
            Statistic::Power(k) if k < a => Some((ln_gamma(a - k) - ln_gamma(a) + k * rate.ln()).exp()),
            Statistic::Power(_) => Some(f64::INFINITY),
            _ => None,
        }
    }
    fn cross_entropy_of(&self, p: &dyn Distribution) -> Option<Terms> {
        let (a, rate) = (self.concentration, self.rate);
        let (mean_ln, inverse) = (p.expect(Statistic::Ln)?, p.expect(Statistic::Power(-1.0))?);
        Some(Terms::of([ln_gamma(a), -a * rate.ln(), (a + 1.0) * mean_ln, rate * inverse]))
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        Gamma::new(self.concentration, self.rate).map_or(f64::NAN, |gamma| 1.0 / gamma.sample(rng))
    }
}

impl KlTo<Self> for InverseGamma {
    /// That of the inverses.
    fn closed_form(&self, q: &Self) -> Option<f64> {
        Some(kl_of_gammas([self.concentration, self.rate], [q.concentration, q.rate]).value)
    }
    kl::certified!();
}
