//! Distributions of vectors and matrices, with their formulas.

mod cholesky;
mod dirichlet;
mod independent;
mod matrix_normal;
mod monte_carlo;
mod multinomial;
mod normal;
#[cfg(test)]
mod tests;
mod von_mises_fisher;
mod wishart;

pub use cholesky::Cholesky;
pub use dirichlet::Dirichlet;
pub use independent::Independent;
pub use matrix_normal::MatrixNormal;
pub use monte_carlo::{Joint, JointMixture, MonteCarlo};
pub use multinomial::Multinomial;
pub use normal::MultivariateNormal;
pub use von_mises_fisher::VonMisesFisher;
pub use wishart::Wishart;

use super::certified::Certified;

/// The provided half of [`KlTo`](super::KlTo) for pairs that always have a formula.
macro_rules! always_closed {
    ($q:ty) => {
        fn certified_kl_to(&self, q: &$q) -> $crate::family::Certified {
            // Formulas here have a value for all parameters of one shape; other shapes have nothing in common.
            self.closed_form(q).map_or($crate::family::Certified::INFINITE, $crate::family::Certified::exact)
        }
    };
}
use always_closed;

/// The sum of independent parts' divergences.
fn sum(parts: impl Iterator<Item = Certified>) -> Certified {
    parts.fold(Certified::exact(0.0), |a, b| Certified {
        value: a.value + b.value,
        method: if b.method == super::Method::ClosedForm { a.method } else { b.method },
        error: if a.value.is_infinite() || b.value.is_infinite() { 0.0 } else { a.error + b.error },
    })
}
