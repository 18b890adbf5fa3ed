use rand::Rng;

use super::density::ln_beta_kernel;
use super::formula::{Check, Formula, Slopes};
use super::{
    Distribution, Edge, Gamma, KlTo, Parametric, Point, Statistic, Support, Tail, Terms, family, kl, parameter,
};
use crate::num::simd::Least;
use crate::num::special::gamma::ln_beta;
use crate::num::special::{centred_ln_gamma, digamma, ln_gamma, trigamma};

family! {
    /// The Beta distribution: x^(concentration1 − 1) (1 − x)^(concentration0 − 1) on [0, 1], normalised.
    Beta "beta" {
        /// The shape at 0; the pseudo-count of ones.
        concentration1: positive,
        /// The shape at 1; the pseudo-count of zeros.
        concentration0: positive,
    }
}

/// Points between 0 and 1 for a density around `mean`.
pub(super) fn unit_landmarks(mean: f64, deviation: f64) -> Vec<f64> {
    let mut points: Vec<f64> =
        [-15.0, -6.0, -3.0, -1.0, 0.0, 1.0, 3.0, 6.0, 15.0].iter().map(|k| mean + k * deviation).collect();
    for size in [1e-8, 1e-4, 0.01, 0.1, 1.0] {
        points.extend([size * mean, 1.0 - size * (1.0 - mean)]);
    }
    points.retain(|x| *x > 0.0 && *x < 1.0);
    points
}

impl Distribution for Beta {
    fn name(&self) -> &'static str {
        Self::NAME
    }
    fn has_formulas(&self) -> bool {
        true
    }
    fn support(&self) -> Support {
        Support::interval(0.0, 1.0)
    }
    fn ln_density(&self, x: Point) -> f64 {
        if !x.is_above(0.0) || x.minus(1.0) > 0.0 {
            return f64::NEG_INFINITY;
        }
        let logs = [x.ln_minus(0.0), x.ln_minus(1.0)];
        let shares = [x.minus(0.0), -x.minus(1.0)];
        ln_beta_kernel(self.concentration1, self.concentration0, shares, logs) - logs[0] - logs[1]
    }
    fn landmarks(&self) -> Vec<f64> {
        unit_landmarks(self.mean(), self.variance().sqrt())
    }
    fn tail(&self, edge: Edge) -> Tail {
        match edge.at {
            0.0 => Tail::Power(self.concentration1),
            1.0 => Tail::Power(self.concentration0),
            _ => Tail::Power(1.0),
        }
    }
    fn mean(&self) -> f64 {
        self.concentration1 / (self.concentration1 + self.concentration0)
    }
    fn variance(&self) -> f64 {
        let (a, b) = (self.concentration1, self.concentration0);
        a / (a + b) * (b / (a + b)) / (a + b + 1.0)
    }
    fn entropy(&self) -> f64 {
        let (a, b) = (self.concentration1, self.concentration0);
        let sum = a + b;
        if a.min(b) < 30.0 {
            return ln_beta(a, b) - (a - 1.0) * digamma(a) - (b - 1.0) * digamma(b) + (sum - 2.0) * digamma(sum);
        }
        // −ln of the density's saddle-point form, averaged: large terms are taken apart.
        use crate::num::special::gamma::{HALF_LN_TAU, binet, binet_slope};
        let part = |a: f64| -0.5 * a.ln() + 0.5 - 0.5 / a + binet(a) - (a - 1.0) * binet_slope(a) + a.ln();
        let whole = -0.5 * sum.ln() + 0.5 - 1.0 / sum + binet(sum) - (sum - 2.0) * binet_slope(sum) + 2.0 * sum.ln();
        HALF_LN_TAU + part(a) + part(b) - whole
    }
    fn expect(&self, of: Statistic) -> Option<f64> {
        let (a, b) = (self.concentration1, self.concentration0);
        let mean_ln = |a: f64| digamma(a) - digamma(self.concentration1 + self.concentration0);
        match of {
            Statistic::Ln => Some(mean_ln(a)),
            Statistic::LnOneMinus => Some(mean_ln(b)),
            Statistic::LnSquared => Some(mean_ln(a) * mean_ln(a) + trigamma(a) - trigamma(a + b)),
            Statistic::Power(k) if a + k > 0.0 => {
                let gammas = ln_gamma(a + k) - ln_gamma(a) + (ln_gamma(a + b) - ln_gamma(a + b + k));
                Some(gammas.exp())
            }
            Statistic::Power(_) => Some(f64::INFINITY),
            _ => None,
        }
    }
    fn cross_entropy_of(&self, p: &dyn Distribution) -> Option<Terms> {
        let (a, b) = (self.concentration1, self.concentration0);
        let (mean_ln, mean_ln_rest) = (p.expect(Statistic::Ln)?, p.expect(Statistic::LnOneMinus)?);
        Some(Terms::of([ln_beta(a, b), -(a - 1.0) * mean_ln, -(b - 1.0) * mean_ln_rest]))
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        let draw = |a: f64, rng: &mut dyn Rng| Gamma::trusted(a, 1.0).sample(rng);
        let [x, y] = [draw(self.concentration1, rng), draw(self.concentration0, rng)];
        // Both underflow only for tiny shapes, where all mass is at the ends.
        if x + y > 0.0 { x / (x + y) } else { f64::from(u8::from(super::unit(rng) < self.mean())) }
    }
}

/// KL of Dirichlet distributions: the Bregman divergence of Σ ln Γ(aᵢ) − ln Γ(Σ aᵢ) from P's to Q's concentrations.
///
/// ln Γ is x ln x − x and a rest; of the first what remains is the divergence of the mean shares, times Q's total. That
/// of the second is taken near a_p by its curvature, so only totals that change much less than their parts cancel.
///
/// With `GRADIENT` the slopes go to `to_p` and `to_q`, which otherwise may be empty.
#[inline(always)]
pub(super) fn kl_of_dirichlets<V: Least, const GRADIENT: bool>(p: &[V], q: &[V], to_p: &mut [V], to_q: &mut [V]) -> V {
    let zero = p[0].constant(0.0);
    let (mut sum_p, mut sum_q, mut growth) = (zero, zero, zero);
    let mut i = 0;
    while i < p.len() {
        (sum_p, sum_q, growth) = (sum_p + p[i], sum_q + q[i], growth + (q[i] - p[i]));
        i += 1;
    }
    let whole = centred_ln_gamma(sum_q, sum_p);
    let mut total = -whole.value;
    let mut i = 0;
    while i < p.len() {
        let (a_p, a_q) = (p[i], q[i]);
        let expected = a_p * (sum_q / sum_p);
        // expected − a_q without rounding `expected` first.
        let exact = (a_p - a_q) + a_p * (growth / sum_p);
        let difference = exact.abs().where_less(expected * 0.1, exact, expected - a_q);
        let part = centred_ln_gamma(a_q, a_p);
        total = total + (V::kl_term(a_q, expected, difference) + part.value);
        if GRADIENT {
            to_p[i] = difference / a_p - (a_q - a_p) * part.curvature + growth * whole.curvature;
            to_q[i] = (part.slope - whole.slope) - V::ln_ratio(a_q, expected, difference);
        }
        i += 1;
    }
    total.max(zero)
}

impl Formula<2> for Beta {
    const NAMES: [&'static str; 2] = ["concentration1", "concentration0"];
    const CHECKS: [Check; 2] = [parameter::positive; 2];
    #[inline(always)]
    fn kl<V: Least, const GRADIENT: bool>(p: [V; 2], q: [V; 2]) -> Slopes<V, 2> {
        let zero = p[0].constant(0.0);
        let (mut to_p, mut to_q) = ([zero; 2], [zero; 2]);
        let value = kl_of_dirichlets::<V, GRADIENT>(&p, &q, &mut to_p, &mut to_q);
        Slopes { value, p: to_p, q: to_q }
    }
}

impl KlTo<Self> for Beta {
    fn closed_form(&self, q: &Self) -> Option<f64> {
        let both = |beta: &Self| [beta.concentration1, beta.concentration0];
        Some(Self::kl::<f64, false>(both(self), both(q)).value)
    }
    kl::certified!();
}
