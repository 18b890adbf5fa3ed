use core::f64::consts::PI;

use rand::Rng;

use super::{Distribution, Edge, KlTo, Parametric, Point, Support, Tail, around, family, kl, unit};

family! {
    /// The logistic distribution: the sigmoid of (x − loc)/scale is its distribution function.
    Logistic "logistic" {
        /// The mean.
        loc: finite,
        /// The scale.
        scale: positive,
    }
}

impl Distribution for Logistic {
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
        let z = x.minus(self.loc).abs() / self.scale;
        -z - 2.0 * (-z).exp().ln_1p() - self.scale.ln()
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
        (PI * self.scale).powi(2) / 3.0
    }
    fn entropy(&self) -> f64 {
        self.scale.ln() + 2.0
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        let u = unit(rng);
        self.loc + self.scale * (u.ln() - (-u).ln_1p())
    }
}

impl KlTo<Self> for Logistic {
    /// No formula is known; equal ones are 0 apart.
    fn closed_form(&self, q: &Self) -> Option<f64> {
        (self == q).then_some(0.0)
    }
    kl::certified!();
}
