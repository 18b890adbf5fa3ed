use core::f64::consts::{FRAC_2_PI, LN_2, PI};

use rand::Rng;

use super::{
    Chi, Distribution, Edge, KlTo, Normal, Parametric, Point, Statistic, Support, Tail, Terms, above, family, kl,
};
use crate::num::special::gamma::HALF_LN_TAU;
use crate::num::{Real, entropic};

family! {
    /// The half-normal distribution: |X| for X normal with mean 0.
    HalfNormal "half_normal" {
        /// The standard deviation of X.
        scale: positive,
    }
}

impl Distribution for HalfNormal {
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
        let distance = x.minus(0.0);
        let z = distance / self.scale;
        if distance < 0.0 { f64::NEG_INFINITY } else { LN_2 - HALF_LN_TAU - self.scale.ln() - 0.5 * z * z }
    }
    fn landmarks(&self) -> Vec<f64> {
        above(0.0, self.scale)
    }
    fn tail(&self, edge: Edge) -> Tail {
        let rate = 0.5 / self.scale / self.scale;
        if edge.at.is_infinite() { Tail::Exponential { power: 2.0, rate } } else { Tail::Power(1.0) }
    }
    fn mean(&self) -> f64 {
        self.scale * FRAC_2_PI.sqrt()
    }
    fn variance(&self) -> f64 {
        self.scale * self.scale * (1.0 - FRAC_2_PI)
    }
    fn entropy(&self) -> f64 {
        0.5 * (0.5 * PI).ln() + self.scale.ln() + 0.5
    }
    fn expect(&self, of: Statistic) -> Option<f64> {
        // scale times a χ variable with one degree of freedom.
        let (ln_scale, chi) = (self.scale.ln(), Chi::new(1.0).ok()?);
        match of {
            Statistic::Ln => Some(chi.expect(of)? + ln_scale),
            Statistic::LnSquared => {
                let mean = chi.expect(Statistic::Ln)?;
                Some(chi.expect(of)? + 2.0 * ln_scale * mean + ln_scale * ln_scale)
            }
            Statistic::Power(k) => Some(chi.expect(of)? * self.scale.powf(k)),
            _ => None,
        }
    }
    fn cross_entropy_of(&self, p: &dyn Distribution) -> Option<Terms> {
        let square = p.expect(Statistic::Power(2.0))?;
        Some(Terms::of([HALF_LN_TAU - LN_2, self.scale.ln(), 0.5 * square / self.scale / self.scale]))
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        Normal::new(0.0, self.scale).map_or(f64::NAN, |normal| normal.sample(rng).abs())
    }
}

impl KlTo<Self> for HalfNormal {
    /// ½h(2 ln(σ_q/σ_p)).
    fn closed_form(&self, q: &Self) -> Option<f64> {
        Some(0.5 * entropic::h(2.0 * f64::ln_ratio(self.scale, q.scale, q.scale - self.scale)))
    }
    kl::certified!();
}
