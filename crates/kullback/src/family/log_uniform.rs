use rand::Rng;

use super::{Distribution, Edge, KlTo, Parametric, Point, Statistic, Support, Tail, Terms, family, kl, unit};
use crate::num::Real;
use crate::num::special::bregman::ln_expm1_over_slope;

family! {
    /// The log-uniform or reciprocal distribution: e to the power of a uniform variable, with density proportional to 1/x from
    /// `low` > 0 to `high` > `low`.
    LogUniform "log_uniform" {
        /// The lower end.
        low: positive,
        /// The upper end.
        high: finite_above(low),
    }
}

impl LogUniform {
    /// The width of the logarithm.
    fn width(&self) -> f64 {
        f64::ln_ratio(self.low, self.high, self.high - self.low)
    }
}

impl Distribution for LogUniform {
    fn name(&self) -> &'static str {
        Self::NAME
    }
    fn has_formulas(&self) -> bool {
        true
    }
    fn support(&self) -> Support {
        Support::interval(self.low, self.high)
    }
    fn ln_density(&self, x: Point) -> f64 {
        let inside = x.minus(self.low) >= 0.0 && x.minus(self.high) <= 0.0;
        if inside { -x.ln_minus(0.0) - self.width().ln() } else { f64::NEG_INFINITY }
    }
    fn landmarks(&self) -> Vec<f64> {
        let width = self.width();
        let steps = (width / 3.0).ceil().clamp(2.0, 64.0);
        let inner = (1..steps as usize).map(|k| self.low * (k as f64 / steps * width).exp());
        inner.filter(|x| *x > self.low && *x < self.high).collect()
    }
    fn tail(&self, _: Edge) -> Tail {
        Tail::Power(1.0)
    }
    fn mean(&self) -> f64 {
        (self.high - self.low) / self.width()
    }
    fn variance(&self) -> f64 {
        // With y = w/2, the mean's square times y coth y − 1.
        let (mean, width) = (self.mean(), self.width());
        mean * mean * width * (ln_expm1_over_slope(width) - 0.5)
    }
    fn entropy(&self) -> f64 {
        self.width().ln() + 0.5 * (self.low.ln() + self.high.ln())
    }
    fn expect(&self, of: Statistic) -> Option<f64> {
        let (width, mean_ln) = (self.width(), 0.5 * (self.low.ln() + self.high.ln()));
        match of {
            Statistic::Ln => Some(mean_ln),
            Statistic::LnSquared => Some(mean_ln * mean_ln + width * width / 12.0),
            Statistic::Power(0.0) => Some(1.0),
            Statistic::Power(k) => Some(self.low.powf(k) * (k * width).exp_m1() / (k * width)),
            _ => None,
        }
    }
    fn cross_entropy_of(&self, p: &dyn Distribution) -> Option<Terms> {
        Some(Terms::of([self.width().ln(), p.expect(Statistic::Ln)?]))
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        // An exponential that has been rounded may pass the ends.
        (self.low * (unit(rng) * self.width()).exp()).clamp(self.low, self.high)
    }
}

impl KlTo<Self> for LogUniform {
    /// That of the logarithms: ln of the ratio of their widths.
    fn closed_form(&self, q: &Self) -> Option<f64> {
        let [below, above] = [self.low - q.low, q.high - self.high];
        if below < 0.0 || above < 0.0 {
            return Some(f64::INFINITY);
        }
        let wider = f64::ln_ratio(q.low, self.low, below) + f64::ln_ratio(self.high, q.high, above);
        Some((wider / self.width()).ln_1p())
    }
    kl::certified!();
}
