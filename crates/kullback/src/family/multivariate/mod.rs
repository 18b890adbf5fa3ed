//! Distributions of vectors and matrices, with their formulas.

pub(super) mod any;
mod bounds;
mod cholesky;
mod dirichlet;
mod independent;
mod kernels;
mod matrix_normal;
mod monte_carlo;
mod multinomial;
mod normal;
mod power_spherical;
#[cfg(test)]
mod tests;
mod von_mises_fisher;
mod wishart;

pub use any::{MixtureBounds, Multivariate};
pub use cholesky::Cholesky;
pub use dirichlet::Dirichlet;
pub use independent::Independent;
pub use matrix_normal::MatrixNormal;
pub use monte_carlo::{Joint, JointMixture, MonteCarlo};
pub use multinomial::Multinomial;
pub use normal::MultivariateNormal;
pub use power_spherical::PowerSpherical;
pub use von_mises_fisher::VonMisesFisher;
pub use wishart::Wishart;

use crate::Error;

/// The provided half of [`KlTo`](super::KlTo) for pairs of one shape, which always have a formula; without one P has mass
/// where Q has none.
macro_rules! always_closed {
    (|$x:ident| $shape:expr) => {
        fn certified_kl_to(&self, q: &Self) -> Result<$crate::family::Certified, $crate::Error> {
            let shape = |$x: &Self| $shape;
            super::one_shape(shape(self), shape(q))?;
            Ok(self.closed_form(q).map_or($crate::family::Certified::INFINITE, $crate::family::Certified::exact))
        }
    };
}
use always_closed;

/// Refuses shapes that differ.
fn one_shape<const N: usize>(p: [usize; N], q: [usize; N]) -> Result<(), Error> {
    match p.into_iter().zip(q).find(|(p, q)| p != q) {
        Some((p, q)) => Err(Error::LengthMismatch { p, q }),
        None => Ok(()),
    }
}
