use rand::Rng;

use super::normal::{Normal, kl_of_normals};
use super::{Distribution, Edge, KlTo, Parametric, Point, Statistic, Support, Tail, Terms, family, kl};
use crate::num::special::gamma::HALF_LN_TAU;

family! {
    /// The log-normal distribution: e to the power of a normal variable with mean `loc` and standard deviation `scale`.
    LogNormal "log_normal" {
        /// The mean of the logarithm.
        loc: finite,
        /// The standard deviation of the logarithm.
        scale: positive,
    }
}

impl Distribution for LogNormal {
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
        let z = (ln_x - self.loc) / self.scale;
        -0.5 * z * z - ln_x - self.scale.ln() - HALF_LN_TAU
    }
    fn landmarks(&self) -> Vec<f64> {
        [-6.0, -3.0, -1.0, 0.0, 1.0, 3.0, 6.0].iter().map(|k| (self.loc + k * self.scale).exp()).collect()
    }
    fn tail(&self, edge: Edge) -> Tail {
        if edge.at.is_infinite() || edge.at == 0.0 { Tail::LogNormal } else { Tail::Power(1.0) }
    }
    fn mean(&self) -> f64 {
        (self.loc + 0.5 * self.scale * self.scale).exp()
    }
    fn variance(&self) -> f64 {
        let square = self.scale * self.scale;
        square.exp_m1() * (2.0 * self.loc + square).exp()
    }
    fn entropy(&self) -> f64 {
        self.loc + self.scale.ln() + HALF_LN_TAU + 0.5
    }
    fn expect(&self, of: Statistic) -> Option<f64> {
        match of {
            Statistic::Ln => Some(self.loc),
            Statistic::LnSquared => Some(self.loc * self.loc + self.scale * self.scale),
            Statistic::Power(k) => Some((k * (self.loc + 0.5 * k * self.scale * self.scale)).exp()),
            _ => None,
        }
    }
    fn cross_entropy_of(&self, p: &dyn Distribution) -> Option<Terms> {
        let (mean, square) = (p.expect(Statistic::Ln)?, p.expect(Statistic::LnSquared)?);
        let [a, b] = [mean, self.loc].map(|x| x / self.scale);
        let spread = square / self.scale / self.scale - a * a;
        // The square of the mean is counted into the size: it is what cancels.
        let terms = Terms::of([HALF_LN_TAU, self.scale.ln(), mean, 0.5 * spread, 0.5 * (a - b) * (a - b)]);
        Some(Terms { size: terms.size + a * a, ..terms })
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        Normal::new(self.loc, self.scale).map_or(f64::NAN, |normal| normal.sample(rng).exp())
    }
}

impl KlTo<Self> for LogNormal {
    /// That of the logarithms.
    fn closed_form(&self, q: &Self) -> Option<f64> {
        Some(kl_of_normals([self.loc, self.scale], [q.loc, q.scale]).value)
    }
    kl::certified!();
}
