use rand::Rng;

use super::density::ln_gamma_kernel;
use super::gamma::{entropy_of_shape, gamma_landmarks, kl_of_gammas};
use super::{Distribution, Edge, Gamma, KlTo, Parametric, Point, Statistic, Support, Tail, Terms, family, kl, unit};
use crate::num::special::bregman::ln_gamma_rise;
use crate::num::special::{digamma, ln_gamma, trigamma};

family! {
    /// The exp-Gamma distribution: ln X for X of a Gamma distribution, whose exponential it is where that would underflow.
    ExpGamma "exp_gamma" {
        /// The shape of X.
        concentration: positive,
        /// One over the scale of X.
        rate: positive,
    }
}

family! {
    /// The exp-inverse-Gamma distribution: ln(1/X) for X of a Gamma distribution, the logarithm of an inverse Gamma
    /// variable.
    ExpInverseGamma "exp_inverse_gamma" {
        /// The shape of X.
        concentration: positive,
        /// One over the scale of X, the scale of 1/X.
        rate: positive,
    }
}

impl Distribution for ExpGamma {
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
        let ln_y = x.minus(-self.rate.ln());
        ln_gamma_kernel(self.concentration, ln_y.exp(), ln_y)
    }
    fn landmarks(&self) -> Vec<f64> {
        let mut points: Vec<f64> =
            gamma_landmarks(self.concentration, self.rate).into_iter().map(f64::ln).filter(|x| x.is_finite()).collect();
        // The lower tail has the scale of 1/concentration.
        let mode = self.concentration.ln() - self.rate.ln();
        points.extend([0.3, 1.0, 3.0, 10.0].iter().map(|k| mode - k / self.concentration));
        points.sort_by(f64::total_cmp);
        points
    }
    fn tail(&self, edge: Edge) -> Tail {
        match edge.at {
            f64::NEG_INFINITY => Tail::Exponential { power: 1.0, rate: self.concentration },
            f64::INFINITY => Tail::DoubleExponential { rate: 1.0 },
            _ => Tail::Power(1.0),
        }
    }
    fn mean(&self) -> f64 {
        digamma(self.concentration) - self.rate.ln()
    }
    fn variance(&self) -> f64 {
        trigamma(self.concentration)
    }
    fn entropy(&self) -> f64 {
        entropy_of_shape(self.concentration) - digamma(self.concentration)
    }
    fn expect(&self, of: Statistic) -> Option<f64> {
        let Statistic::Exp(t) = of else { return None };
        let exists = t > -self.concentration;
        let ln_moment = || ln_gamma_rise(self.concentration, t).value - t * self.rate.ln();
        Some(if exists { ln_moment().exp() } else { f64::INFINITY })
    }
    fn cross_entropy_of(&self, p: &dyn Distribution) -> Option<Terms> {
        terms([self.concentration, self.rate], p.expect(Statistic::Exp(1.0))?, p.mean())
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        // X with one more degree of shape, times a power of a uniform variable, which alone may underflow.
        let larger = Gamma::trusted(self.concentration + 1.0, self.rate).sample(rng);
        larger.ln() + unit(rng).ln() / self.concentration
    }
}

/// −E ln q for E eʸ and E y.
fn terms([a, rate]: [f64; 2], exponential: f64, mean: f64) -> Option<Terms> {
    let scaled = rate * exponential;
    scaled.is_finite().then(|| Terms::of([ln_gamma(a), -a * rate.ln(), -a * mean, scaled]))
}

impl ExpInverseGamma {
    /// The distribution of the negative.
    fn negative(&self) -> ExpGamma {
        ExpGamma { concentration: self.concentration, rate: self.rate }
    }
}

impl Distribution for ExpInverseGamma {
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
        self.negative().ln_density(x.negated())
    }
    fn landmarks(&self) -> Vec<f64> {
        self.negative().landmarks().into_iter().rev().map(|x| -x).collect()
    }
    fn tail(&self, edge: Edge) -> Tail {
        self.negative().tail(Edge { at: -edge.at, above: !edge.above })
    }
    fn mean(&self) -> f64 {
        -self.negative().mean()
    }
    fn variance(&self) -> f64 {
        self.negative().variance()
    }
    fn entropy(&self) -> f64 {
        self.negative().entropy()
    }
    fn expect(&self, of: Statistic) -> Option<f64> {
        let Statistic::Exp(t) = of else { return None };
        self.negative().expect(Statistic::Exp(-t))
    }
    fn cross_entropy_of(&self, p: &dyn Distribution) -> Option<Terms> {
        terms([self.concentration, self.rate], p.expect(Statistic::Exp(-1.0))?, -p.mean())
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        -self.negative().sample(rng)
    }
}

impl KlTo<Self> for ExpGamma {
    /// That of the exponentials.
    fn closed_form(&self, q: &Self) -> Option<f64> {
        Some(kl_of_gammas([self.concentration, self.rate], [q.concentration, q.rate]).value)
    }
    kl::certified!();
}

impl KlTo<Self> for ExpInverseGamma {
    /// That of the negatives.
    fn closed_form(&self, q: &Self) -> Option<f64> {
        self.negative().closed_form(&q.negative())
    }
    kl::certified!();
}
