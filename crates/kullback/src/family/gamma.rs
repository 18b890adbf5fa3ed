use rand::Rng;

use super::density::ln_gamma_kernel;
use super::formula::{Check, Formula, Slopes};
use super::{
    Chi2, Distribution, Edge, Exponential, KlTo, Parametric, Point, Statistic, Support, Tail, Terms, above, draw,
    family, kl, parameter,
};
use crate::num::entropic;
use crate::num::simd::Least;
use crate::num::special::{centred_ln_gamma, digamma, ln_gamma, trigamma};

family! {
    /// The Gamma distribution: x^(concentration − 1) e^(−rate·x) for x > 0, normalised.
    Gamma "gamma" {
        /// The shape.
        concentration: positive,
        /// One over the scale.
        rate: positive,
    }
}

impl Gamma {
    /// From parameters that a family made of this one has checked.
    pub(super) fn trusted(concentration: f64, rate: f64) -> Self {
        Self { concentration, rate }
    }
}

impl Distribution for Gamma {
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
        ln_gamma_kernel(self.concentration, self.rate * x.minus(0.0), ln_x + self.rate.ln()) - ln_x
    }
    fn landmarks(&self) -> Vec<f64> {
        gamma_landmarks(self.concentration, self.rate)
    }
    fn tail(&self, edge: Edge) -> Tail {
        match edge.at {
            0.0 => Tail::Power(self.concentration),
            f64::INFINITY => Tail::Exponential { power: 1.0, rate: self.rate },
            _ => Tail::Power(1.0),
        }
    }
    fn mean(&self) -> f64 {
        self.concentration / self.rate
    }
    fn variance(&self) -> f64 {
        self.concentration / self.rate / self.rate
    }
    fn entropy(&self) -> f64 {
        let a = self.concentration;
        entropy_of_shape(a) - self.rate.ln()
    }
    fn expect(&self, of: Statistic) -> Option<f64> {
        let (a, rate) = (self.concentration, self.rate);
        let mean_ln = digamma(a) - rate.ln();
        match of {
            Statistic::Ln => Some(mean_ln),
            Statistic::LnSquared => Some(mean_ln * mean_ln + trigamma(a)),
            Statistic::Exp(t) => Some(if t < rate { (-a * (-t / rate).ln_1p()).exp() } else { f64::INFINITY }),
            Statistic::Power(k) if a + k > 0.0 => Some((ln_gamma(a + k) - ln_gamma(a) - k * rate.ln()).exp()),
            Statistic::Power(_) => Some(f64::INFINITY),
            _ => None,
        }
    }
    fn cross_entropy_of(&self, p: &dyn Distribution) -> Option<Terms> {
        let (a, rate) = (self.concentration, self.rate);
        let mean_ln = p.expect(Statistic::Ln)?;
        let terms = Terms::of([ln_gamma(a), -(a - 1.0) * mean_ln, rate * p.mean()]);
        Some(terms.plus(-a * rate.ln()))
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        draw(rand_distr::Gamma::new(self.concentration, 1.0 / self.rate), rng)
    }
}

/// The entropy of a Gamma variable with rate 1, a + ln Γ(a) + (1 − a) ψ(a); from 30 on without what cancels.
pub(super) fn entropy_of_shape(a: f64) -> f64 {
    if a < 30.0 {
        return a + ln_gamma(a) + (1.0 - a) * digamma(a);
    }
    // ½ ln(2πea) − 1/(3a) − 1/(12a²) − …, from Stirling's series of both.
    use crate::num::special::gamma::{HALF_LN_TAU, binet, binet_slope};
    HALF_LN_TAU + 0.5 * a.ln() + 0.5 - 0.5 / a + binet(a) + (1.0 - a) * binet_slope(a)
}

/// Where a Gamma distribution is: around its mean, and for small shapes on a logarithmic scale.
pub(super) fn gamma_landmarks(a: f64, rate: f64) -> Vec<f64> {
    let (mean, deviation) = (a / rate, a.sqrt() / rate);
    let mut points = above(0.0, mean);
    points.extend([-6.0, -3.0, -1.0, 0.0, 1.0, 3.0, 6.0, 15.0].iter().map(|k| mean + k * deviation));
    points.extend([0.3, 2.0, 10.0].iter().map(|k| k / rate));
    points.retain(|x| *x > 0.0);
    points
}

/// KL of Gamma distributions: a_q h(ln(mean_q/mean_p)) and the Bregman divergence of ln Γ(x) − x ln x + x from a_p to a_q,
/// both at least 0. The textbook form, a Bregman divergence in (a, rate), cancels for large shapes.
#[inline(always)]
pub(super) fn kl_of_gammas<V: Least>([a_p, rate_p]: [V; 2], [a_q, rate_q]: [V; 2]) -> Slopes<V, 2> {
    let shapes = V::ln_ratio(a_p, a_q, a_q - a_p);
    let rates = V::ln_ratio(rate_q, rate_p, rate_p - rate_q);
    let means = shapes + rates;
    let centred = centred_ln_gamma(a_q, a_p);
    // h′ = 1 − e⁻ˣ.
    let slope = -(-means).exp_m1() * a_q;
    Slopes {
        value: a_q * entropic::h(means) + centred.value,
        p: [-slope / a_p - (a_q - a_p) * centred.curvature, slope / rate_p],
        q: [means + centred.slope, -slope / rate_q],
    }
}

impl Formula<2> for Gamma {
    const NAMES: [&'static str; 2] = ["concentration", "rate"];
    const CHECKS: [Check; 2] = [parameter::positive; 2];
    #[inline(always)]
    fn kl<V: Least, const GRADIENT: bool>(p: [V; 2], q: [V; 2]) -> Slopes<V, 2> {
        kl_of_gammas(p, q)
    }
}

impl KlTo<Self> for Gamma {
    fn closed_form(&self, q: &Self) -> Option<f64> {
        Some(kl_of_gammas([self.concentration, self.rate], [q.concentration, q.rate]).value)
    }
    kl::certified!();
}

impl KlTo<Exponential> for Gamma {
    fn closed_form(&self, q: &Exponential) -> Option<f64> {
        self.closed_form(&Self::new(1.0, q.rate()).ok()?)
    }
    kl::certified!(Exponential);
}

impl KlTo<Chi2> for Gamma {
    fn closed_form(&self, q: &Chi2) -> Option<f64> {
        self.closed_form(&Self::new(0.5 * q.df(), 0.5).ok()?)
    }
    kl::certified!(Chi2);
}
