use rand::Rng;

use super::{Distribution, Edge, KlTo, Parametric, Point, Statistic, Support, Tail, Terms, around, family, kl, unit};
use crate::num::{Real, entropic};

family! {
    /// The Laplace distribution: e^(−|x − loc|/scale)/(2 scale).
    Laplace "laplace" {
        /// The mean and median.
        loc: finite,
        /// The mean absolute deviation.
        scale: positive,
    }
}

impl Distribution for Laplace {
    fn name(&self) -> &'static str {
        Self::NAME
    }
    fn has_formulas(&self) -> bool {
        true
    }
    fn support(&self) -> Support {
        Support::line()
    }
    fn ln_density(&self, x: Point) -> f64 {
        -x.minus(self.loc).abs() / self.scale - self.scale.ln() - core::f64::consts::LN_2
    }
    fn landmarks(&self) -> Vec<f64> {
        around(self.loc, self.scale)
    }
    fn tail(&self, edge: Edge) -> Tail {
        let rate = 1.0 / self.scale;
        if edge.at.is_infinite() { Tail::Exponential { power: 1.0, rate } } else { Tail::Power(1.0) }
    }
    fn mean(&self) -> f64 {
        self.loc
    }
    fn variance(&self) -> f64 {
        2.0 * self.scale * self.scale
    }
    fn entropy(&self) -> f64 {
        1.0 + self.scale.ln() + core::f64::consts::LN_2
    }
    fn expect(&self, of: Statistic) -> Option<f64> {
        match of {
            Statistic::AbsoluteDeviation(m) => {
                let off = (self.loc - m).abs();
                Some(off + self.scale * (-off / self.scale).exp())
            }
            Statistic::Exp(t) => {
                let reach = (t * self.scale).abs();
                Some(if reach < 1.0 { (t * self.loc).exp() / ((1.0 - reach) * (1.0 + reach)) } else { f64::INFINITY })
            }
            _ => None,
        }
    }
    fn cross_entropy_of(&self, p: &dyn Distribution) -> Option<Terms> {
        let deviation = p.expect(Statistic::AbsoluteDeviation(self.loc))?;
        Some(Terms::of([core::f64::consts::LN_2, self.scale.ln(), deviation / self.scale]))
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        let [u, side] = [unit(rng), unit(rng)];
        let deviation = -self.scale * u.ln();
        if side < 0.5 { self.loc - deviation } else { self.loc + deviation }
    }
}

impl KlTo<Self> for Laplace {
    /// h(ln(b_q/b_p)) + (b_p/b_q) h(|μ_p − μ_q|/b_p).
    fn closed_form(&self, q: &Self) -> Option<f64> {
        let widths = f64::ln_ratio(self.scale, q.scale, q.scale - self.scale);
        let off = (self.loc - q.loc).abs();
        // e⁻ˢ − 1 + s for s = off/b_p, times b_p; the product, where s would overflow, is `off`.
        let s = off / self.scale;
        let moved = if s > 1e8 { off } else { self.scale * entropic::h(s) };
        Some(entropic::h(widths) + moved / q.scale)
    }
    kl::certified!();
}
