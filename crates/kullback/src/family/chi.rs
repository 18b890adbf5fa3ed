use core::f64::consts::{LN_2, SQRT_2};

use rand::Rng;

use super::density::ln_gamma_kernel;
use super::gamma::{entropy_of_shape, gamma_landmarks, kl_of_gammas};
use super::{
    Distribution, Edge, Exponential, Gamma, KlTo, Parametric, Point, Statistic, Support, Tail, Terms, family, kl,
};
use crate::num::special::{digamma, ln_gamma};

family! {
    /// The χ² distribution: the sum of `df` squared standard normal variables, Gamma(df/2, ½).
    Chi2 "chi2" {
        /// The degrees of freedom.
        df: positive,
    }
}

family! {
    /// The χ distribution: the root of a χ² variable.
    Chi "chi" {
        /// The degrees of freedom.
        df: positive,
    }
}

impl Chi2 {
    fn gamma(&self) -> Gamma {
        gamma(self.df)
    }
}

/// The χ² distribution as a Gamma distribution.
fn gamma(df: f64) -> Gamma {
    Gamma::trusted(0.5 * df, 0.5)
}

impl Distribution for Chi2 {
    fn name(&self) -> &'static str {
        Self::NAME
    }
    fn has_formulas(&self) -> bool {
        true
    }
    fn support(&self) -> Support {
        self.gamma().support()
    }
    fn ln_density(&self, x: Point) -> f64 {
        self.gamma().ln_density(x)
    }
    fn landmarks(&self) -> Vec<f64> {
        self.gamma().landmarks()
    }
    fn tail(&self, edge: Edge) -> Tail {
        self.gamma().tail(edge)
    }
    fn mean(&self) -> f64 {
        self.df
    }
    fn variance(&self) -> f64 {
        2.0 * self.df
    }
    fn entropy(&self) -> f64 {
        self.gamma().entropy()
    }
    fn expect(&self, of: Statistic) -> Option<f64> {
        self.gamma().expect(of)
    }
    fn cross_entropy_of(&self, p: &dyn Distribution) -> Option<Terms> {
        self.gamma().cross_entropy_of(p)
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        self.gamma().sample(rng)
    }
}

impl KlTo<Self> for Chi2 {
    fn closed_form(&self, q: &Self) -> Option<f64> {
        Some(kl_of_gammas([0.5 * self.df, 0.5], [0.5 * q.df, 0.5]).value)
    }
    kl::certified!();
}

impl KlTo<Gamma> for Chi2 {
    fn closed_form(&self, q: &Gamma) -> Option<f64> {
        self.gamma().closed_form(q)
    }
    kl::certified!(Gamma);
}

impl KlTo<Exponential> for Chi2 {
    fn closed_form(&self, q: &Exponential) -> Option<f64> {
        self.gamma().closed_form(q)
    }
    kl::certified!(Exponential);
}

impl Distribution for Chi {
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
        let (distance, ln_x) = (x.minus(0.0), x.ln_minus(0.0));
        ln_gamma_kernel(0.5 * self.df, 0.5 * distance * distance, 2.0 * ln_x - LN_2) + LN_2 - ln_x
    }
    fn landmarks(&self) -> Vec<f64> {
        gamma_landmarks(0.5 * self.df, 0.5).into_iter().map(f64::sqrt).collect()
    }
    fn tail(&self, edge: Edge) -> Tail {
        match edge.at {
            0.0 => Tail::Power(self.df),
            f64::INFINITY => Tail::Exponential { power: 2.0, rate: 0.5 },
            _ => Tail::Power(1.0),
        }
    }
    fn mean(&self) -> f64 {
        let half = 0.5 * self.df;
        SQRT_2 * (ln_gamma(half + 0.5) - ln_gamma(half)).exp()
    }
    fn variance(&self) -> f64 {
        let mean = self.mean();
        self.df - mean * mean
    }
    fn entropy(&self) -> f64 {
        // That of the square, less the mean of ln 2X.
        let half = 0.5 * self.df;
        entropy_of_shape(half) - 0.5 * (LN_2 + digamma(half))
    }
    fn expect(&self, of: Statistic) -> Option<f64> {
        let square = gamma(self.df);
        match of {
            Statistic::Ln => Some(0.5 * square.expect(of)?),
            Statistic::LnSquared => Some(0.25 * square.expect(of)?),
            Statistic::Power(k) => square.expect(Statistic::Power(0.5 * k)),
            _ => None,
        }
    }
    fn cross_entropy_of(&self, p: &dyn Distribution) -> Option<Terms> {
        let half = 0.5 * self.df;
        let (mean_ln, square) = (p.expect(Statistic::Ln)?, p.expect(Statistic::Power(2.0))?);
        Some(Terms::of([ln_gamma(half), (half - 1.0) * LN_2, -(self.df - 1.0) * mean_ln, 0.5 * square]))
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        gamma(self.df).sample(rng).sqrt()
    }
}

impl KlTo<Self> for Chi {
    /// That of the squares.
    fn closed_form(&self, q: &Self) -> Option<f64> {
        Some(kl_of_gammas([0.5 * self.df, 0.5], [0.5 * q.df, 0.5]).value)
    }
    kl::certified!();
}
