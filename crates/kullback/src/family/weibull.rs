use core::f64::consts::PI;

use rand::Rng;

use super::gumbel::{EULER, kl_of_log_gammas};
use super::{Distribution, Edge, KlTo, Parametric, Point, Statistic, Support, Tail, Terms, family, kl, unit};
use crate::num::Real;
use crate::num::special::ln_gamma;

family! {
    /// The Weibull distribution: scale times an exponential variable to the power 1/concentration.
    Weibull "weibull" {
        /// The scale.
        scale: positive,
        /// The shape.
        concentration: positive,
    }
}

impl Weibull {
    fn ln_moment(&self, k: f64) -> f64 {
        k * self.scale.ln() + ln_gamma(1.0 + k / self.concentration)
    }
}

impl Distribution for Weibull {
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
        let ln_y = self.concentration * (ln_x - self.scale.ln());
        self.concentration.ln() + ln_y - ln_y.exp() - ln_x
    }
    fn landmarks(&self) -> Vec<f64> {
        let quantile = |y: f64| self.scale * (y.ln() / self.concentration).exp();
        let points = [1e-6, 1e-3, 0.05, 0.3, 1.0, 2.0, 5.0, 20.0].map(quantile);
        points.into_iter().filter(|x| *x > 0.0 && x.is_finite()).collect()
    }
    fn tail(&self, edge: Edge) -> Tail {
        let k = self.concentration;
        match edge.at {
            0.0 => Tail::Power(k),
            f64::INFINITY => Tail::Exponential { power: k, rate: self.scale.powf(-k) },
            _ => Tail::Power(1.0),
        }
    }
    fn mean(&self) -> f64 {
        self.ln_moment(1.0).exp()
    }
    fn variance(&self) -> f64 {
        let mean = self.mean();
        // Γ(1 + 2/k)/Γ(1 + 1/k)² − 1.
        mean * mean * (self.ln_moment(2.0) - 2.0 * self.ln_moment(1.0)).exp_m1()
    }
    fn entropy(&self) -> f64 {
        EULER * (1.0 - 1.0 / self.concentration) + self.scale.ln() - self.concentration.ln() + 1.0
    }
    fn expect(&self, of: Statistic) -> Option<f64> {
        let k = self.concentration;
        let mean_ln = self.scale.ln() - EULER / k;
        match of {
            Statistic::Ln => Some(mean_ln),
            Statistic::LnSquared => Some(mean_ln * mean_ln + (PI / k).powi(2) / 6.0),
            Statistic::Power(r) if r > -k => Some(self.ln_moment(r).exp()),
            Statistic::Power(_) => Some(f64::INFINITY),
            _ => None,
        }
    }
    fn cross_entropy_of(&self, p: &dyn Distribution) -> Option<Terms> {
        let k = self.concentration;
        let (mean_ln, power) = (p.expect(Statistic::Ln)?, p.expect(Statistic::Power(k))?);
        let power = power * self.scale.powf(-k);
        power.is_finite().then(|| Terms::of([-k.ln(), k * self.scale.ln(), -(k - 1.0) * mean_ln, power]))
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        self.scale * (-unit(rng).ln()).powf(1.0 / self.concentration)
    }
}

impl KlTo<Self> for Weibull {
    /// That of −ln X, which follow Gumbel distributions (C. Bauckhage, 2013, has the formula in powers).
    fn closed_form(&self, q: &Self) -> Option<f64> {
        let (k_p, k_q) = (self.concentration, q.concentration);
        // ln_ratio(p, q) is ln(q/p).
        let t = k_q * f64::ln_ratio(self.scale, q.scale, q.scale - self.scale);
        Some(kl_of_log_gammas(1.0, k_q / k_p, (k_q - k_p) / k_p, t))
    }
    kl::certified!();
}
