//! Special functions: Γ and its logarithmic derivatives, the modified Bessel functions, and the Bregman divergences of
//! their logarithms, which is what a KL between two members of a family is made of.

pub(crate) mod bessel;
pub(crate) mod bregman;
pub(crate) mod centred;
pub(crate) mod gamma;
#[cfg(test)]
mod tests;

pub(crate) use centred::centred_ln_gamma;
pub(crate) use gamma::{digamma, ln_gamma, trigamma};

/// Horner's rule, constant term first.
fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}
