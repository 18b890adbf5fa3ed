use core::f64::consts::PI;

use rand::Rng;

use super::{Distribution, Edge, KlTo, Parametric, Point, Statistic, Support, Tail, Terms, family, kl, unit};
use crate::num::special::{bregman, ln_gamma};
use crate::num::{Real, entropic};

/// Euler's constant γ.
pub(super) const EULER: f64 = 0.577_215_664_901_532_9;

family! {
    /// The Gumbel distribution of maxima: density e^(−z − e^(−z))/scale at z = (x − loc)/scale.
    Gumbel "gumbel" {
        /// The mode.
        loc: finite,
        /// The scale.
        scale: positive,
    }
}

impl Distribution for Gumbel {
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
        if z == f64::INFINITY { f64::NEG_INFINITY } else { -z - (-z).exp() - self.scale.ln() }
    }
    fn landmarks(&self) -> Vec<f64> {
        [-4.0, -2.0, -1.0, 0.0, 1.0, 3.0, 8.0, 20.0].iter().map(|k| self.loc + k * self.scale).collect()
    }
    fn tail(&self, edge: Edge) -> Tail {
        let rate = 1.0 / self.scale;
        match edge.at {
            f64::INFINITY => Tail::Exponential { power: 1.0, rate },
            f64::NEG_INFINITY => Tail::DoubleExponential { rate },
            _ => Tail::Power(1.0),
        }
    }
    fn mean(&self) -> f64 {
        self.loc + EULER * self.scale
    }
    fn variance(&self) -> f64 {
        (PI * self.scale).powi(2) / 6.0
    }
    fn entropy(&self) -> f64 {
        self.scale.ln() + EULER + 1.0
    }
    fn expect(&self, of: Statistic) -> Option<f64> {
        let Statistic::Exp(t) = of else { return None };
        let reach = t * self.scale;
        Some(if reach < 1.0 { (t * self.loc + ln_gamma(1.0 - reach)).exp() } else { f64::INFINITY })
    }
    fn cross_entropy_of(&self, p: &dyn Distribution) -> Option<Terms> {
        let moved = p.expect(Statistic::Exp(-1.0 / self.scale))? * (self.loc / self.scale).exp();
        let off = (p.mean() - self.loc) / self.scale;
        // Factors that over- and underflow say nothing of their product.
        moved.is_finite().then(|| Terms::of([off, moved, self.scale.ln()]))
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        self.loc - self.scale * (-unit(rng).ln()).ln()
    }
}

/// KL of distributions of μ − β ln G, G of a Gamma distribution with shape a, from r = β_p/β_q, given also r − 1, and
/// t = (μ_p − μ_q)/β_q. Gumbel distributions have a = 1.
///
/// a h(t − ln Γ(a + r)/Γ(a + 1)), a times the Bregman divergence of ln Γ from a + 1 to a + r, and r − 1 − ln r.
pub(super) fn kl_of_log_gammas(a: f64, r: f64, less_one: f64, t: f64) -> f64 {
    let rise = bregman::ln_gamma_rise(a + 1.0, less_one);
    a * (entropic::h(t - rise.value) + rise.bregman) + f64::kl_term(1.0, r, less_one)
}

impl KlTo<Self> for Gumbel {
    fn closed_form(&self, q: &Self) -> Option<f64> {
        let t = (self.loc - q.loc) / q.scale;
        Some(kl_of_log_gammas(1.0, self.scale / q.scale, (self.scale - q.scale) / q.scale, t))
    }
    kl::certified!();
}
