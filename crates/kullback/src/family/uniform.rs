use rand::Rng;

use super::{Distribution, Edge, KlTo, Parametric, Point, Statistic, Support, Tail, Terms, family, kl, unit};
use crate::num::Real;

family! {
    /// The uniform distribution from `low` to `high` > `low`.
    Uniform "uniform" {
        /// The lower end.
        low: finite,
        /// The upper end.
        high: finite_above(low),
    }
}

impl Uniform {
    fn width(&self) -> f64 {
        self.high - self.low
    }
}

/// E ln X for X uniform on [low, high], 0 ≤ low: ln high less what φ says of the two ends.
fn mean_ln(low: f64, high: f64) -> f64 {
    if low == 0.0 { high.ln() - 1.0 } else { low.ln() + f64::kl_term(high, low, low - high) / (high - low) }
}

impl Distribution for Uniform {
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
        if x.minus(self.low) >= 0.0 && x.minus(self.high) <= 0.0 { -self.width().ln() } else { f64::NEG_INFINITY }
    }
    fn landmarks(&self) -> Vec<f64> {
        vec![self.mean()]
    }
    fn tail(&self, _: Edge) -> Tail {
        Tail::Power(1.0)
    }
    fn mean(&self) -> f64 {
        0.5 * self.low + 0.5 * self.high
    }
    fn variance(&self) -> f64 {
        self.width() * self.width() / 12.0
    }
    fn entropy(&self) -> f64 {
        self.width().ln()
    }
    fn expect(&self, of: Statistic) -> Option<f64> {
        let width = self.width();
        match of {
            Statistic::Ln if self.low >= 0.0 => Some(mean_ln(self.low, self.high)),
            Statistic::LnOneMinus if self.high <= 1.0 => Some(mean_ln(1.0 - self.high, 1.0 - self.low)),
            Statistic::AbsoluteDeviation(m) => {
                let [below, over] = [m - self.low, self.high - m];
                let split = 0.5 * (below / width * below + over / width * over);
                Some(if below > 0.0 && over > 0.0 { split } else { (self.mean() - m).abs() })
            }
            Statistic::Exp(t) => {
                let reach = t * width;
                let rise = if reach == 0.0 { 1.0 } else { reach.exp_m1() / reach };
                Some((t * self.low).exp() * rise)
            }
            _ => None,
        }
    }
    fn cross_entropy_of(&self, _: &dyn Distribution) -> Option<Terms> {
        Some(Terms::of([self.entropy()]))
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        self.low + self.width() * unit(rng)
    }
}

impl KlTo<Self> for Uniform {
    /// ln of the ratio of the widths.
    fn closed_form(&self, q: &Self) -> Option<f64> {
        if q.low > self.low || q.high < self.high {
            return Some(f64::INFINITY);
        }
        let wider = (self.low - q.low) + (q.high - self.high);
        Some((wider / self.width()).ln_1p())
    }
    kl::certified!();
}
