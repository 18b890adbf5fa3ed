use rand::Rng;
use rand_distr::{Distribution as _, StandardNormal};

use super::formula::{Check, Formula, Slopes};
use super::{
    Distribution, Edge, KlTo, Parametric, Point, Statistic, Support, Tail, Terms, around, family, kl, parameter,
};
use crate::num::Real;
use crate::num::simd::Least;
use crate::num::special::gamma::HALF_LN_TAU;

family! {
    /// The normal distribution: mean `loc`, standard deviation `scale` > 0.
    Normal "normal" {
        /// The mean.
        loc: finite,
        /// The standard deviation.
        scale: positive,
    }
}

impl Distribution for Normal {
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
        let z = x.minus(self.loc) / self.scale;
        -0.5 * z * z - self.scale.ln() - HALF_LN_TAU
    }
    fn landmarks(&self) -> Vec<f64> {
        around(self.loc, self.scale)
    }
    fn tail(&self, edge: Edge) -> Tail {
        let rate = 0.5 / self.scale / self.scale;
        if edge.at.is_infinite() { Tail::Exponential { power: 2.0, rate } } else { Tail::Power(1.0) }
    }
    fn mean(&self) -> f64 {
        self.loc
    }
    fn variance(&self) -> f64 {
        self.scale * self.scale
    }
    fn entropy(&self) -> f64 {
        self.scale.ln() + HALF_LN_TAU + 0.5
    }
    fn expect(&self, of: Statistic) -> Option<f64> {
        match of {
            Statistic::AbsoluteDeviation(m) => {
                let z = (self.loc - m).abs() / self.scale;
                let peak = (-0.5 * z * z).exp() * core::f64::consts::FRAC_2_PI.sqrt();
                Some(self.scale * (peak + z * libm::erf(z * core::f64::consts::FRAC_1_SQRT_2)))
            }
            Statistic::Exp(t) => Some((t * (self.loc + 0.5 * t * self.scale * self.scale)).exp()),
            _ => None,
        }
    }
    fn cross_entropy_of(&self, p: &dyn Distribution) -> Option<Terms> {
        if p.name() == "von_mises" {
            // Its mean and variance are those of an angle.
            return None;
        }
        let off = (p.mean() - self.loc) / self.scale;
        let spread = p.variance() / self.scale / self.scale;
        Some(Terms::of([HALF_LN_TAU, self.scale.ln(), 0.5 * spread, 0.5 * off * off]))
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        let z: f64 = StandardNormal.sample(rng);
        self.loc + self.scale * z
    }
}

/// φ(σ_q, σ_p)/σ_q + ½(σ_p/σ_q − 1)² + ½((μ_p − μ_q)/σ_q)²; nothing cancels.
#[inline(always)]
pub(super) fn kl_of_normals<V: Real>([loc_p, scale_p]: [V; 2], [loc_q, scale_q]: [V; 2]) -> Slopes<V, 2> {
    let (difference, one) = (scale_p - scale_q, loc_p.constant(1.0));
    let off = (loc_p - loc_q) / scale_q;
    let less_one = difference / scale_q;
    let squares = off.mul_add(off, less_one * less_one);
    let moved = off / scale_q;
    Slopes {
        value: V::kl_term(scale_q, scale_p, difference) / scale_q + squares * 0.5,
        p: [moved, less_one * (one / scale_q + one / scale_p)],
        q: [-moved, -(less_one + less_one + squares) / scale_q],
    }
}

impl Formula<2> for Normal {
    const NAMES: [&'static str; 2] = ["loc", "scale"];
    const CHECKS: [Check; 2] = [parameter::finite, parameter::positive];
    #[inline(always)]
    fn kl<V: Least, const GRADIENT: bool>(p: [V; 2], q: [V; 2]) -> Slopes<V, 2> {
        kl_of_normals(p, q)
    }
}

impl KlTo<Self> for Normal {
    fn closed_form(&self, q: &Self) -> Option<f64> {
        Some(kl_of_normals([self.loc, self.scale], [q.loc, q.scale]).value)
    }
    kl::certified!();
}
