use rand::Rng;
use rand_distr::{Distribution as _, StandardNormal};

use super::{Cholesky, Joint, always_closed};
use crate::Error;
use crate::family::KlTo;
use crate::num::special::gamma::HALF_LN_TAU;

/// The matrix normal distribution: rows correlated by one covariance matrix, columns by another.
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixNormal {
    loc: Vec<f64>,
    rows: Cholesky,
    columns: Cholesky,
}

impl MatrixNormal {
    /// With mean `loc`, row by row, and the covariance matrices of rows and of columns.
    ///
    /// # Errors
    /// As [`Cholesky::of`]; [`Error::Shape`] if the mean has not rows × columns entries.
    pub fn new(
        loc: &[f64],
        [rows, columns]: [usize; 2],
        row_covariance: &[f64],
        column_covariance: &[f64],
    ) -> Result<Self, Error> {
        Self::from_cholesky(loc, Cholesky::of(rows, row_covariance)?, Cholesky::of(columns, column_covariance)?)
    }

    /// With covariance matrices whose factors are known.
    ///
    /// # Errors
    /// [`Error::Shape`] if the mean has not rows × columns entries, [`Error::Parameter`] for one that is not finite.
    pub fn from_cholesky(loc: &[f64], rows: Cholesky, columns: Cholesky) -> Result<Self, Error> {
        let needed = rows.dimension() * columns.dimension();
        if loc.len() != needed {
            return Err(Error::Shape { len: loc.len(), needed });
        }
        for x in loc {
            crate::family::parameter::finite("loc", *x)?;
        }
        Ok(Self { loc: loc.to_vec(), rows, columns })
    }

    /// The mean, row by row.
    #[must_use]
    pub fn loc(&self) -> &[f64] {
        &self.loc
    }

    /// The factors of the covariance matrices of rows and of columns.
    #[must_use]
    pub fn factors(&self) -> [&Cholesky; 2] {
        [&self.rows, &self.columns]
    }

    /// |U⁻¹ΔV⁻ᵀ|² by factors, Δ being x less the mean: columns first, then rows.
    fn square_distance(&self, x: &[f64]) -> f64 {
        let (n, m) = (self.rows.dimension(), self.columns.dimension());
        let mut off: Vec<f64> = x.iter().zip(&self.loc).map(|(x, y)| x - y).collect();
        for row in off.chunks_mut(m) {
            self.columns.solve(row);
        }
        let mut distance = 0.0;
        for j in 0..m {
            let mut column: Vec<f64> = (0..n).map(|i| off[i * m + j]).collect();
            self.rows.solve(&mut column);
            distance += column.iter().map(|x| x * x).sum::<f64>();
        }
        distance
    }
}

/// Matrices row by row.
impl Joint for MatrixNormal {
    fn dimension(&self) -> usize {
        self.loc.len()
    }
    fn ln_density(&self, x: &[f64]) -> f64 {
        let (n, m) = (self.rows.dimension() as f64, self.columns.dimension() as f64);
        let ln_determinant = m * self.rows.ln_determinant() + n * self.columns.ln_determinant();
        -0.5 * (self.square_distance(x) + ln_determinant) - n * m * HALF_LN_TAU
    }
    /// M + UZVᵀ by the factors U and V.
    fn sample(&self, rng: &mut dyn Rng) -> Vec<f64> {
        let (n, m) = (self.rows.dimension(), self.columns.dimension());
        let mut x = self.loc.clone();
        let by_columns: Vec<Vec<f64>> = (0..n)
            .map(|_| {
                let z: Vec<f64> = (0..m).map(|_| StandardNormal.sample(&mut *rng)).collect();
                self.columns.multiply(&z)
            })
            .collect();
        for j in 0..m {
            let column: Vec<f64> = by_columns.iter().map(|row| row[j]).collect();
            for (i, more) in self.rows.multiply(&column).into_iter().enumerate() {
                x[i * m + j] += more;
            }
        }
        x
    }
}

impl KlTo<Self> for MatrixNormal {
    /// ½(m g(U) + n g(V) + e(U) e(V)) and half of the mean's squared distance, where e is tr(Σ_q⁻¹Σ_p) − d and g that less
    /// the logarithm of the determinants' ratio.
    fn closed_form(&self, q: &Self) -> Option<f64> {
        let (n, m) = (self.rows.dimension(), self.columns.dimension());
        if n != q.rows.dimension() || m != q.columns.dimension() {
            return None;
        }
        let (u, v) = (self.rows.compare(&q.rows), self.columns.compare(&q.columns));
        let spread = m as f64 * u.divergence + n as f64 * v.divergence + u.excess * v.excess;
        Some((0.5 * spread + 0.5 * q.square_distance(&self.loc)).max(0.0))
    }
    always_closed!(|x| [x.rows.dimension(), x.columns.dimension()]);
}
