use core::f64::consts::{LN_2, PI};

use rand::Rng;
use rand_distr::StandardNormal;

use super::gumbel::{EULER, kl_of_log_gammas};
use super::{Distribution, Edge, KlTo, Parametric, Point, Statistic, Support, Tail, Terms, family, kl};
use crate::num::special::bregman::ln_gamma_rise;
use crate::num::special::gamma::HALF_LN_TAU;

family! {
    /// The Moyal distribution, an approximation of Landau's: loc − scale·ln X for X of a χ² distribution with one degree of
    /// freedom (J. Moyal, 1955).
    Moyal "moyal" {
        /// The mode.
        loc: finite,
        /// The scale.
        scale: positive,
    }
}

impl Distribution for Moyal {
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
        if z == f64::INFINITY {
            return f64::NEG_INFINITY;
        }
        -0.5 * z - 0.5 * (-z).exp() - self.scale.ln() - HALF_LN_TAU
    }
    fn landmarks(&self) -> Vec<f64> {
        [-4.0, -2.0, -1.0, 0.0, 1.0, 3.0, 8.0, 20.0, 50.0].iter().map(|k| self.loc + k * self.scale).collect()
    }
    fn tail(&self, edge: Edge) -> Tail {
        let rate = 1.0 / self.scale;
        match edge.at {
            f64::INFINITY => Tail::Exponential { power: 1.0, rate: 0.5 * rate },
            f64::NEG_INFINITY => Tail::DoubleExponential { rate },
            _ => Tail::Power(1.0),
        }
    }
    fn mean(&self) -> f64 {
        self.loc + (EULER + LN_2) * self.scale
    }
    fn variance(&self) -> f64 {
        0.5 * (PI * self.scale).powi(2)
    }
    fn entropy(&self) -> f64 {
        self.scale.ln() + HALF_LN_TAU + 0.5 * (EULER + LN_2 + 1.0)
    }
    fn expect(&self, of: Statistic) -> Option<f64> {
        let Statistic::Exp(t) = of else { return None };
        let reach = t * self.scale;
        // E X^−reach.
        let ln_moment = || t * self.loc - reach * LN_2 + ln_gamma_rise(0.5, -reach).value;
        Some(if reach < 0.5 { ln_moment().exp() } else { f64::INFINITY })
    }
    fn cross_entropy_of(&self, p: &dyn Distribution) -> Option<Terms> {
        let moved = p.expect(Statistic::Exp(-1.0 / self.scale))? * (self.loc / self.scale).exp();
        let off = (p.mean() - self.loc) / self.scale;
        // Factors that over- and underflow say nothing of their product.
        moved.is_finite().then(|| Terms::of([0.5 * off, 0.5 * moved, self.scale.ln(), HALF_LN_TAU]))
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        let x: f64 = rand_distr::Distribution::sample(&StandardNormal, rng);
        self.loc - 2.0 * self.scale * x.abs().ln()
    }
}

impl KlTo<Self> for Moyal {
    /// As of Gumbel distributions, with Gamma variables of shape ½ that have twice the rate of X.
    fn closed_form(&self, q: &Self) -> Option<f64> {
        let wider = (self.scale - q.scale) / q.scale;
        let t = (self.loc - q.loc) / q.scale - wider * LN_2;
        Some(kl_of_log_gammas(0.5, self.scale / q.scale, wider, t))
    }
    kl::certified!();
}
