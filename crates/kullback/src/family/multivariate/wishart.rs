use super::{Cholesky, always_closed};
use crate::Error;
use crate::family::KlTo;
use crate::num::special::bregman;

/// The Wishart distribution of the sum of `df` outer products of normal vectors with covariance matrix `scale`.
#[derive(Debug, Clone, PartialEq)]
pub struct Wishart {
    df: f64,
    scale: Cholesky,
}

impl Wishart {
    /// With `df` above the dimension less one.
    ///
    /// # Errors
    /// As [`Cholesky::of`], and [`Error::Parameter`] for too few degrees of freedom.
    pub fn new(df: f64, dimension: usize, covariance_matrix: &[f64]) -> Result<Self, Error> {
        Self::from_cholesky(df, Cholesky::of(dimension, covariance_matrix)?)
    }

    /// With a covariance matrix whose factor is known.
    ///
    /// # Errors
    /// [`Error::Parameter`] for too few degrees of freedom.
    pub fn from_cholesky(df: f64, scale: Cholesky) -> Result<Self, Error> {
        if !(df > scale.dimension() as f64 - 1.0 && df.is_finite()) {
            let expected = "a finite number above the dimension less 1";
            return Err(Error::Parameter { name: "df", value: df, expected });
        }
        Ok(Self { df, scale })
    }

    /// The degrees of freedom.
    #[must_use]
    pub fn df(&self) -> f64 {
        self.df
    }

    /// The covariance matrix's factor.
    #[must_use]
    pub fn scale_tril(&self) -> &Cholesky {
        &self.scale
    }
}

impl KlTo<Self> for Wishart {
    /// As for Gamma distributions, the shapes of one mean apart: Bartlett's d factors are independent Gamma variables with
    /// shapes (df − i)/2.
    fn closed_form(&self, q: &Self) -> Option<f64> {
        let d = self.scale.dimension();
        if d != q.scale.dimension() {
            return None;
        }
        let compared = self.scale.compare(&q.scale);
        let ln_determinants = compared.excess - compared.divergence;
        let (half_p, half_q) = (0.5 * self.df, 0.5 * q.df);
        let shapes: f64 = (0..d).map(|i| bregman::ln_gamma(half_q - 0.5 * i as f64, half_p - 0.5 * i as f64)).sum();
        Some((half_p * compared.divergence + (half_p - half_q) * ln_determinants + shapes).max(0.0))
    }
    always_closed!(|x| [x.scale.dimension()]);
}
