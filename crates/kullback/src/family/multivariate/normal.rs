use rand::Rng;
use rand_distr::{Distribution as _, StandardNormal};

use super::{Cholesky, Joint, always_closed};
use crate::Error;
use crate::family::{KlTo, Normal};
use crate::num::special::gamma::HALF_LN_TAU;

/// The multivariate normal distribution with mean `loc`.
#[derive(Debug, Clone, PartialEq)]
pub struct MultivariateNormal {
    loc: Vec<f64>,
    scale: Cholesky,
}

impl MultivariateNormal {
    /// With a covariance matrix, row by row.
    ///
    /// # Errors
    /// As [`Cholesky::of`], and [`Error::Parameter`] for a mean that is not finite.
    pub fn new(loc: &[f64], covariance_matrix: &[f64]) -> Result<Self, Error> {
        Self::from_cholesky(loc, Cholesky::of(loc.len(), covariance_matrix)?)
    }

    /// With the inverse of the covariance matrix.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_precision(loc: &[f64], precision_matrix: &[f64]) -> Result<Self, Error> {
        Self::from_cholesky(loc, Cholesky::of_inverse(loc.len(), precision_matrix)?)
    }

    /// With the lower triangular factor L of the covariance matrix LLᵀ.
    ///
    /// # Errors
    /// As [`Cholesky::from_factor`].
    pub fn from_scale_tril(loc: &[f64], scale_tril: &[f64]) -> Result<Self, Error> {
        Self::from_cholesky(loc, Cholesky::from_factor(loc.len(), scale_tril)?)
    }

    /// With independent coordinates of these variances.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for another number of variances than of means, [`Error::Parameter`] for one that is not
    /// positive.
    pub fn from_diagonal(loc: &[f64], variances: &[f64]) -> Result<Self, Error> {
        Self::low_rank(loc, &[], variances)
    }

    /// With the covariance matrix WWᵀ + diag(`cov_diag`); `cov_factor` is W, row by row.
    ///
    /// # Errors
    /// As [`from_diagonal`](Self::from_diagonal), and [`Error::Shape`] if W has not as many rows as there are means.
    pub fn low_rank(loc: &[f64], cov_factor: &[f64], cov_diag: &[f64]) -> Result<Self, Error> {
        let n = loc.len();
        if cov_diag.len() != n {
            return Err(Error::LengthMismatch { p: n, q: cov_diag.len() });
        }
        if n == 0 || !cov_factor.len().is_multiple_of(n) {
            return Err(Error::Shape { len: cov_factor.len(), needed: n });
        }
        for x in cov_diag {
            crate::family::parameter::positive("cov_diag", *x)?;
        }
        let rank = cov_factor.len() / n;
        let row = |i: usize| &cov_factor[i * rank..(i + 1) * rank];
        let mut covariance = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..n {
                covariance[i * n + j] = row(i).iter().zip(row(j)).map(|(x, y)| x * y).sum();
            }
            covariance[i * n + i] += cov_diag[i];
        }
        Self::new(loc, &covariance)
    }

    /// With a covariance matrix whose factor is known.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for another dimension than that of the mean, [`Error::Parameter`] for a mean that is not
    /// finite.
    pub fn from_cholesky(loc: &[f64], scale: Cholesky) -> Result<Self, Error> {
        if loc.len() != scale.dimension() {
            return Err(Error::LengthMismatch { p: loc.len(), q: scale.dimension() });
        }
        for x in loc {
            crate::family::parameter::finite("loc", *x)?;
        }
        Ok(Self { loc: loc.to_vec(), scale })
    }

    /// The mean.
    #[must_use]
    pub fn loc(&self) -> &[f64] {
        &self.loc
    }

    /// The covariance matrix's factor.
    #[must_use]
    pub fn scale_tril(&self) -> &Cholesky {
        &self.scale
    }

    /// The entropy in nats.
    #[must_use]
    pub fn entropy(&self) -> f64 {
        self.loc.len() as f64 * (HALF_LN_TAU + 0.5) + 0.5 * self.scale.ln_determinant()
    }

    /// The coordinates' distributions, each alone.
    ///
    /// # Errors
    /// [`Error::Parameter`] where a variance is no double.
    pub fn marginals(&self) -> Result<Vec<Normal>, Error> {
        let row = |i: usize| (0..=i).map(move |k| self.scale.entry(i, k));
        let scale = |i: usize| row(i).fold(0.0, f64::hypot);
        self.loc.iter().enumerate().map(|(i, loc)| Normal::new(*loc, scale(i))).collect()
    }

    /// The squared length of L⁻¹(x − loc).
    fn square_distance(&self, x: &[f64]) -> f64 {
        let mut off: Vec<f64> = x.iter().zip(&self.loc).map(|(x, m)| x - m).collect();
        self.scale.solve(&mut off);
        off.iter().map(|x| x * x).sum()
    }
}

/// How KL changes with the parameters of one side.
pub(in crate::family) struct NormalSlopes<'a> {
    scale: &'a Cholesky,
    /// By the mean.
    pub(in crate::family) loc: Vec<f64>,
    /// L⁻ᵀS, where L⁻ᵀSL⁻¹/2 is the gradient by the covariance matrix.
    half: Vec<f64>,
}

impl NormalSlopes<'_> {
    /// By the covariance matrix: symmetric, ½ L⁻ᵀSL⁻¹.
    pub(in crate::family) fn by_covariance(&self) -> Vec<f64> {
        let mut other = transposed(&self.half, self.loc.len());
        self.scale.solve_transposed(&mut other, self.loc.len());
        other.iter_mut().for_each(|x| *x *= 0.5);
        other
    }

    /// By its lower triangular factor: the triangle of L⁻ᵀS.
    pub(in crate::family) fn by_factor(&self) -> Vec<f64> {
        let n = self.loc.len();
        self.half.iter().enumerate().map(|(at, x)| if at % n <= at / n { *x } else { 0.0 }).collect()
    }
}

/// The slopes of both sides.
pub(in crate::family) struct BothSlopes<'a> {
    pub(in crate::family) p: NormalSlopes<'a>,
    pub(in crate::family) q: NormalSlopes<'a>,
}

impl MultivariateNormal {
    /// The gradients of KL(P‖Q). With E = L_q⁻¹L_p − 1 and w = L_q⁻¹(μ_p − μ_q) they are ½ L_p⁻ᵀ(E + Eᵀ + EᵀE)L_p⁻¹ by
    /// Σ_p, −½ L_q⁻ᵀ(E + Eᵀ + EEᵀ + wwᵀ)L_q⁻¹ by Σ_q and ±L_q⁻ᵀw by the means; they vanish with E and w, digits and all.
    pub(in crate::family) fn kl_slopes<'a>(&'a self, q: &'a Self) -> BothSlopes<'a> {
        let n = self.loc.len();
        let padded = self.scale.seen_from(&q.scale);
        let e: Vec<f64> = padded.chunks(padded.len() / n).flat_map(|row| &row[..n]).copied().collect();
        let mut off: Vec<f64> = self.loc.iter().zip(&q.loc).map(|(x, y)| x - y).collect();
        q.scale.solve(&mut off);
        let of_p = symmetric(&e, &e, n);
        let mut of_q = symmetric(&e, &transposed(&e, n), n);
        for (row, x) in of_q.chunks_mut(n).zip(&off) {
            row.iter_mut().zip(&off).for_each(|(to, y)| *to = -(*to + x * y));
        }
        q.scale.solve_transposed(&mut off, 1);
        let side = |scale: &'a Cholesky, loc: Vec<f64>, mut half: Vec<f64>| {
            scale.solve_transposed(&mut half, n);
            NormalSlopes { scale, loc, half }
        };
        let back = off.iter().map(|x| -x).collect();
        BothSlopes { p: side(&self.scale, off, of_p), q: side(&q.scale, back, of_q) }
    }
}

/// E + Eᵀ + FᵀF.
fn symmetric(e: &[f64], f: &[f64], n: usize) -> Vec<f64> {
    let mut sum: Vec<f64> = e.iter().zip(transposed(e, n)).map(|(x, y)| x + y).collect();
    for row in f.chunks(n) {
        for (to, x) in sum.chunks_mut(n).zip(row) {
            to.iter_mut().zip(row).for_each(|(to, y)| *to += x * y);
        }
    }
    sum
}

fn transposed(matrix: &[f64], n: usize) -> Vec<f64> {
    (0..n * n).map(|at| matrix[at % n * n + at / n]).collect()
}

impl Joint for MultivariateNormal {
    fn dimension(&self) -> usize {
        self.loc.len()
    }
    fn ln_density(&self, x: &[f64]) -> f64 {
        -0.5 * self.square_distance(x) - 0.5 * self.scale.ln_determinant() - self.loc.len() as f64 * HALF_LN_TAU
    }
    fn sample(&self, rng: &mut dyn Rng) -> Vec<f64> {
        let z: Vec<f64> = (0..self.loc.len()).map(|_| StandardNormal.sample(rng)).collect();
        self.scale.multiply(&z).iter().zip(&self.loc).map(|(x, m)| x + m).collect()
    }
}

impl KlTo<Self> for MultivariateNormal {
    /// ½(tr(Σ_q⁻¹Σ_p) − d − ln(det Σ_p/det Σ_q)) + ½|L_q⁻¹(μ_p − μ_q)|²; neither cancels.
    fn closed_form(&self, q: &Self) -> Option<f64> {
        if self.loc.len() != q.loc.len() {
            return None;
        }
        Some(0.5 * self.scale.compare(&q.scale).divergence + 0.5 * q.square_distance(&self.loc))
    }
    always_closed!(|x| [x.loc.len()]);
}
