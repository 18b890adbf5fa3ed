use core::f64::consts::PI;

use rand::Rng;

use super::{Distribution, Edge, KlTo, Parametric, Point, Support, Tail, Terms, around, family, kl, unit};

family! {
    /// The Cauchy distribution: median `loc`, half width at half height `scale`.
    Cauchy "cauchy" {
        /// The median.
        loc: finite,
        /// The half width at half height.
        scale: positive,
    }
}

impl Distribution for Cauchy {
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
        let spread = if z > 1e8 { 2.0 * (x.ln_minus(self.loc) - self.scale.ln()) } else { (z * z).ln_1p() };
        -spread - (PI * self.scale).ln()
    }
    fn landmarks(&self) -> Vec<f64> {
        around(self.loc, self.scale)
    }
    fn tail(&self, _: Edge) -> Tail {
        Tail::Power(1.0)
    }
    /// NaN: there is none.
    fn mean(&self) -> f64 {
        f64::NAN
    }
    /// NaN: there is none.
    fn variance(&self) -> f64 {
        f64::NAN
    }
    fn entropy(&self) -> f64 {
        (4.0 * PI * self.scale).ln()
    }
    fn cross_entropy_of(&self, _: &dyn Distribution) -> Option<Terms> {
        None
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        self.loc + self.scale * (PI * (unit(rng) - 0.5)).tan()
    }
}

impl KlTo<Self> for Cauchy {
    /// ln(((γ_p + γ_q)² + (μ_p − μ_q)²)/(4γ_pγ_q)) (F. Chyzak, F. Nielsen, 2019), as ln(1 + x), x = ((γ_p − γ_q)² + (μ_p − μ_q)²)/(4γ_pγ_q).
    fn closed_form(&self, q: &Self) -> Option<f64> {
        let off = (self.scale - q.scale).hypot(self.loc - q.loc);
        Some((0.25 * (off / self.scale) * (off / q.scale)).ln_1p())
    }
    kl::certified!();
}
