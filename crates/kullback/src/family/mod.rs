//! Parametric families: KL between any two of them, by a formula where there is one and otherwise by a number that knows
//! its error.
//!
//! ```
//! use kullback::family::{Gamma, KlTo, Normal};
//!
//! let p = Normal::new(0.0, 1.0)?;
//! let q = Normal::new(1.0, 2.0)?;
//! assert!((p.kl_to(&q)? - 0.443_147_180_559_945_3).abs() < 1e-15);
//!
//! // Near equality, where the textbook formula has lost every digit.
//! let gamma = Gamma::new(1e6, 3.0)?;
//! let near = Gamma::new(1e6 + 1e-3, 3.0)?;
//! assert!(gamma.kl_to(&near)? > 0.0);
//! # Ok::<(), kullback::Error>(())
//! ```
//!
//! Parameters have the names and the order of `torch.distributions`. [`Any`] is a family chosen at run time, also from a
//! text such as `gamma(2, rate=3)`.
//!
//! # Pairs
//! Every pair has a value. A pair with a formula of its own keeps its digits however near Q is to P and however extreme
//! the parameters are. Where P has formulas for what −E ln q is made of, the value is cross-entropy less entropy, unless
//! too much of that cancels. All other pairs are summed or integrated. The last column is of parameters for which supports
//! are as wide as the family allows, or as in the tests.
//!
#![doc = include_str!("pairs.md")]

mod affine;
mod any;
pub mod batch;
mod certified;
mod density;
mod distribution;
mod fallback;
mod formula;
mod kl;
mod parameter;
mod parse;
mod point;
mod support;

mod bernoulli;
mod beta;
mod binomial;
mod categorical;
mod cauchy;
mod chi;
mod continuous_bernoulli;
mod curves;
mod custom;
mod discrete_uniform;
mod exp_gamma;
mod exponential;
mod exponential_family;
mod gamma;
mod geometric;
mod gumbel;
mod half_normal;
mod inverse_gamma;
mod kumaraswamy;
mod laplace;
mod lindley;
mod log_normal;
mod log_uniform;
mod logistic;
mod logit_normal;
mod measures;
mod mixture;
mod moyal;
pub mod multivariate;
mod negative_binomial;
mod normal;
mod pareto;
mod poisson;
mod student_t;
#[cfg(test)]
mod tests;
mod truncated;
mod uniform;
mod von_mises;
mod weibull;

pub use affine::Affine;
pub use any::{Any, Family, FamilyInfo};
pub use bernoulli::Bernoulli;
pub use beta::Beta;
pub use binomial::Binomial;
pub use categorical::Categorical;
pub use cauchy::Cauchy;
pub use certified::{Certified, Method};
pub use chi::{Chi, Chi2};
pub use continuous_bernoulli::ContinuousBernoulli;
pub use curves::{Axis, Curve, Curves};
pub use custom::Custom;
pub use discrete_uniform::DiscreteUniform;
pub use distribution::{Distribution, Statistic, Terms};
pub use exp_gamma::{ExpGamma, ExpInverseGamma};
pub use exponential::Exponential;
pub use gamma::Gamma;
pub use geometric::Geometric;
pub use gumbel::Gumbel;
pub use half_normal::HalfNormal;
pub use inverse_gamma::InverseGamma;
pub use kl::{KlTo, kl};
pub use kumaraswamy::Kumaraswamy;
pub use laplace::Laplace;
pub use lindley::Lindley;
pub use log_normal::LogNormal;
pub use log_uniform::LogUniform;
pub use logistic::Logistic;
pub use logit_normal::LogitNormal;
pub use mixture::Mixture;
pub use moyal::Moyal;
pub use multivariate::{Dirichlet, MixtureBounds, MonteCarlo, Multivariate, MultivariateNormal};
pub use negative_binomial::NegativeBinomial;
pub use normal::Normal;
pub use pareto::Pareto;
pub use parse::{Array, ParseError, parse, parse_with};
pub use point::Point;
pub use poisson::Poisson;
pub use student_t::StudentT;
pub use support::{Edge, Kind, Support, Tail};
pub use truncated::Truncated;
pub use uniform::Uniform;
pub use von_mises::VonMises;
pub use weibull::Weibull;

use crate::Error;

/// A family whose parameters are numbers.
trait Parametric: Sized {
    /// Its name in texts.
    const NAME: &'static str;
    /// The names of its parameters in order; empty if it takes any number without names.
    const PARAMETERS: &'static [&'static str];
    /// From as many numbers as there are names.
    fn from_parameters(values: &[f64]) -> Result<Self, Error>;
}

/// A family with a fixed number of parameters: the struct, its constructor, and how it reads and prints.
macro_rules! family {
    (
        $(#[$meta:meta])*
        $name:ident $text:literal { $($(#[$doc:meta])* $field:ident: $check:ident $(($bound:ident))?),+ $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $name { $($field: f64),+ }

        impl $name {
            /// The distribution with these parameters.
            ///
            /// # Errors
            /// [`Error::Parameter`](crate::Error::Parameter) for a parameter out of its range.
            pub fn new($($field: f64),+) -> Result<Self, $crate::Error> {
                $($crate::family::parameter::$check(stringify!($field), $field $(, $bound)?)?;)+
                Ok(Self { $($field),+ })
            }

            $($(#[$doc])* #[must_use] pub fn $field(&self) -> f64 { self.$field })+
        }

        impl $crate::family::Parametric for $name {
            const NAME: &'static str = $text;
            const PARAMETERS: &'static [&'static str] = &[$(stringify!($field)),+];
            fn from_parameters(values: &[f64]) -> Result<Self, $crate::Error> {
                let mut values = values.iter().copied();
                // A parameter that is missing is no number, which every check refuses.
                $(let $field = values.next().unwrap_or(f64::NAN);)+
                Self::new($($field),+)
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(<Self as $crate::family::Parametric>::NAME)?;
                let values: &[f64] = &[$(self.$field),+];
                $crate::family::write_arguments(f, values)
            }
        }
    };
}
use family;

/// `(1, 2.5)`; the shortest digits that read back.
fn write_arguments(f: &mut core::fmt::Formatter<'_>, values: &[f64]) -> core::fmt::Result {
    for (index, value) in values.iter().enumerate() {
        f.write_str(if index == 0 { "(" } else { ", " })?;
        write_number(f, *value)?;
    }
    f.write_str(")")
}

fn write_number(f: &mut core::fmt::Formatter<'_>, x: f64) -> core::fmt::Result {
    if x != 0.0 && !(1e-5..1e16).contains(&x.abs()) { write!(f, "{x:e}") } else { write!(f, "{x}") }
}

/// Points on either side of `center`: the body, the shoulders and where the tails begin.
fn around(center: f64, scale: f64) -> Vec<f64> {
    [-20.0, -6.0, -2.5, -1.0, 0.0, 1.0, 2.5, 6.0, 20.0].iter().map(|k| center + k * scale).collect()
}

/// Points above `low` on a logarithmic scale around a distance of `scale`.
fn above(low: f64, scale: f64) -> Vec<f64> {
    [0.01, 0.1, 0.3, 1.0, 3.0, 10.0].iter().map(|k| low + k * scale).collect()
}

/// A random number in (0, 1).
fn unit(rng: &mut dyn rand::Rng) -> f64 {
    use rand_distr::Distribution as _;
    rand_distr::Open01.sample(rng)
}

/// A draw of one of rand_distr's distributions, whose parameters have been checked.
fn draw<D: rand_distr::Distribution<f64>, E>(distribution: Result<D, E>, rng: &mut dyn rand::Rng) -> f64 {
    distribution.map_or(f64::NAN, |distribution| distribution.sample(rng))
}
