use rand::Rng;

use super::{Distribution, Edge, KlTo, Parametric, Point, Statistic, Support, Tail, Terms, family, kl, unit};
use crate::num::{Real, entropic};

family! {
    /// The Pareto distribution: alpha·scale^alpha/x^(alpha + 1) for x ≥ scale.
    Pareto "pareto" {
        /// The least value.
        scale: positive,
        /// The exponent of the tail.
        alpha: positive,
    }
}

impl Distribution for Pareto {
    fn name(&self) -> &'static str {
        Self::NAME
    }
    fn has_formulas(&self) -> bool {
        true
    }
    fn support(&self) -> Support {
        Support::interval(self.scale, f64::INFINITY)
    }
    fn ln_density(&self, x: Point) -> f64 {
        let over = x.minus(self.scale);
        if over < 0.0 {
            return f64::NEG_INFINITY;
        }
        let ratio = over / self.scale;
        let ln_ratio = if ratio > 1e16 { x.ln_minus(self.scale) - self.scale.ln() } else { ratio.ln_1p() };
        (self.alpha / self.scale).ln() - (self.alpha + 1.0) * ln_ratio
    }
    fn landmarks(&self) -> Vec<f64> {
        let quantile = |y: f64| self.scale * (y / self.alpha).exp();
        [0.01, 0.3, 1.0, 3.0, 8.0].into_iter().map(quantile).filter(|x| x.is_finite()).collect()
    }
    fn tail(&self, edge: Edge) -> Tail {
        Tail::Power(if edge.at.is_infinite() { self.alpha } else { 1.0 })
    }
    fn mean(&self) -> f64 {
        if self.alpha > 1.0 { self.scale * (self.alpha / (self.alpha - 1.0)) } else { f64::INFINITY }
    }
    fn variance(&self) -> f64 {
        let a = self.alpha;
        if a > 2.0 { self.scale * self.scale * (a / (a - 2.0)) / (a - 1.0).powi(2) } else { f64::INFINITY }
    }
    fn entropy(&self) -> f64 {
        self.scale.ln() - self.alpha.ln() + 1.0 + 1.0 / self.alpha
    }
    fn expect(&self, of: Statistic) -> Option<f64> {
        let (a, scale) = (self.alpha, self.scale);
        let mean_ln = scale.ln() + 1.0 / a;
        match of {
            Statistic::Ln => Some(mean_ln),
            Statistic::LnSquared => Some(mean_ln * mean_ln + 1.0 / a / a),
            Statistic::Power(k) if k < a => Some(scale.powf(k) * (a / (a - k))),
            Statistic::Power(_) => Some(f64::INFINITY),
            Statistic::AbsoluteDeviation(m) if m <= scale || a <= 1.0 => Some(self.mean() - m),
            // E(X − m) + 2E(m − X)⁺, the latter the integral of the distribution function from `scale` to m.
            Statistic::AbsoluteDeviation(m) => {
                let below = scale * -((1.0 - a) * (m / scale).ln()).exp_m1() / (a - 1.0);
                Some(self.mean() - m + 2.0 * ((m - scale) - below))
            }
            _ => None,
        }
    }
    fn cross_entropy_of(&self, p: &dyn Distribution) -> Option<Terms> {
        let a = self.alpha;
        Some(Terms::of([-a.ln(), -a * self.scale.ln(), (a + 1.0) * p.expect(Statistic::Ln)?]))
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        self.scale * unit(rng).powf(-1.0 / self.alpha)
    }
}

impl KlTo<Self> for Pareto {
    /// h(ln(α_p/α_q)) + α_q ln(s_p/s_q).
    fn closed_form(&self, q: &Self) -> Option<f64> {
        if q.scale > self.scale {
            return Some(f64::INFINITY);
        }
        let shapes = f64::ln_ratio(q.alpha, self.alpha, self.alpha - q.alpha);
        let scales = f64::ln_ratio(q.scale, self.scale, self.scale - q.scale);
        Some(entropic::h(shapes) + q.alpha * scales)
    }
    kl::certified!();
}
