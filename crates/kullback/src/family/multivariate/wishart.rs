use core::f64::consts::{LN_2, PI};

use rand::Rng;
use rand_distr::{Distribution as _, StandardNormal};

use super::{Cholesky, Joint, always_closed};
use crate::Error;
use crate::family::{Distribution as _, Gamma, KlTo};
use crate::num::special::{bregman, ln_gamma};

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

    /// A random draw by its lower triangular factor, row by row: the scale's factor times one with independent normal
    /// numbers below the diagonal and roots of χ² variables on it (M. Bartlett, 1933). With few degrees of freedom a
    /// product of such factors has often lost in rounding that it is positive definite, and the factors have not.
    ///
    /// ```
    /// use kullback::family::multivariate::Wishart;
    /// use rand::SeedableRng;
    /// let wishart = Wishart::new(3.0, 2, &[1.0, 0.5, 0.5, 1.0])?;
    /// let factor = wishart.sample_factor(&mut rand::rngs::Xoshiro256PlusPlus::seed_from_u64(1));
    /// assert!(factor[0] > 0.0 && factor[1] == 0.0 && wishart.ln_density_of_factor(&factor).is_finite());
    /// # Ok::<(), kullback::Error>(())
    /// ```
    #[must_use]
    pub fn sample_factor(&self, rng: &mut dyn Rng) -> Vec<f64> {
        let n = self.scale.dimension();
        let mut bartlett = vec![0.0; n * n];
        for i in 0..n {
            for to in &mut bartlett[i * n..i * n + i] {
                *to = StandardNormal.sample(&mut *rng);
            }
            bartlett[i * n + i] = Gamma::trusted(0.5 * (self.df - i as f64), 0.5).sample(rng).sqrt();
        }
        let entry = |i: usize, j: usize| (j..=i).map(|k| self.scale.entry(i, k) * bartlett[k * n + j]).sum();
        (0..n * n).map(|at| if at % n <= at / n { entry(at / n, at % n) } else { 0.0 }).collect()
    }

    /// ln of the density at the matrix with this lower triangular factor, row by row; the density of the matrix, not of
    /// the factor. −∞ for what is no such factor.
    #[must_use]
    pub fn ln_density_of_factor(&self, factor: &[f64]) -> f64 {
        let factor = Cholesky::from_factor(self.scale.dimension(), factor);
        factor.map_or(f64::NEG_INFINITY, |factor| self.ln_density_at(&factor))
    }

    fn ln_density_at(&self, x: &Cholesky) -> f64 {
        let (n, half) = (self.scale.dimension() as f64, 0.5 * self.df);
        let trace = x.compare(&self.scale).excess + n;
        let ratio = x.ln_determinant() - self.scale.ln_determinant();
        let gammas: f64 = (0..self.scale.dimension()).map(|i| ln_gamma(half - 0.5 * i as f64)).sum();
        let normalized = half * n * LN_2 + 0.25 * n * (n - 1.0) * PI.ln() + gammas;
        half * ratio - 0.5 * (n + 1.0) * x.ln_determinant() - 0.5 * trace - normalized
    }
}

/// Matrices row by row.
impl Joint for Wishart {
    fn dimension(&self) -> usize {
        self.scale.dimension() * self.scale.dimension()
    }
    fn ln_density(&self, x: &[f64]) -> f64 {
        Cholesky::of(self.scale.dimension(), x).map_or(f64::NEG_INFINITY, |x| self.ln_density_at(&x))
    }
    fn sample(&self, rng: &mut dyn Rng) -> Vec<f64> {
        let (n, factor) = (self.scale.dimension(), self.sample_factor(rng));
        let entry = |i: usize, j: usize| (0..=i.min(j)).map(|k| factor[i * n + k] * factor[j * n + k]).sum();
        (0..n * n).map(|at| entry(at / n, at % n)).collect()
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
