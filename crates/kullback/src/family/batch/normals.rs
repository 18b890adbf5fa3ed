use super::{BatchKl, Piece};
use crate::Error;
use crate::family::KlTo as _;
use crate::family::multivariate::{Cholesky, MultivariateNormal};
use crate::threads::each;

/// Many multivariate normal distributions of one dimension: their means, and their covariance matrices or the Cholesky
/// factors of these.
///
/// Gradients are by what a side was given as. One by a covariance matrix is a symmetric matrix: a change dΣ, symmetric as
/// well, changes KL by Σ Gᵢⱼ dΣᵢⱼ over all i and j.
///
/// ```
/// use kullback::family::batch::{BatchKl, MultivariateNormals};
/// let p = MultivariateNormals::new(2, &[1.0, 0.0], &[1.0, 0.5, 0.5, 1.0])?;
/// let q = MultivariateNormals::from_scale_tril(2, &[0.0, 0.0], &[1.0, 0.0, 0.0, 1.0])?;
/// let found = p.kl_and_gradients(&q)?;
/// assert!((found.values[0] - (0.5 - 0.5 * 0.75f64.ln())).abs() < 1e-15);
/// assert_eq!(found.p[0], [1.0, 0.0]);
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MultivariateNormals {
    dimension: usize,
    rows: Vec<MultivariateNormal>,
    from_factors: bool,
}

impl MultivariateNormals {
    /// With means and covariance matrices, one after the other and row by row.
    ///
    /// # Errors
    /// [`Error::Empty`] for no dimensions, [`Error::Shape`] if means or matrices are incomplete or not as many as each
    /// other, [`Error::RowParameter`] for the first mean that is not finite or matrix that is not symmetric and positive
    /// definite; its value is that of the entry where this shows.
    pub fn new(dimension: usize, loc: &[f64], covariance_matrix: &[f64]) -> Result<Self, Error> {
        let expected = "a symmetric positive definite matrix";
        Self::of(dimension, loc, covariance_matrix, ("covariance_matrix", expected), Cholesky::of, false)
    }

    /// With means and lower triangular factors L of the covariance matrices LLᵀ.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_scale_tril(dimension: usize, loc: &[f64], scale_tril: &[f64]) -> Result<Self, Error> {
        let expected = "a lower triangular matrix with a positive diagonal";
        Self::of(dimension, loc, scale_tril, ("scale_tril", expected), Cholesky::from_factor, true)
    }

    fn of(
        dimension: usize,
        loc: &[f64],
        matrices: &[f64],
        (name, expected): (&'static str, &'static str),
        factor: fn(usize, &[f64]) -> Result<Cholesky, Error>,
        from_factors: bool,
    ) -> Result<Self, Error> {
        let size = dimension * dimension;
        if dimension == 0 {
            return Err(Error::Empty);
        }
        if !loc.len().is_multiple_of(dimension) || matrices.len() != loc.len() * dimension {
            return Err(Error::Shape { len: matrices.len(), needed: loc.len() * dimension });
        }
        let one = |(): &mut (), (loc, matrix): (&[f64], &[f64])| {
            let entry = |row: usize, column: usize| Error::Parameter {
                name,
                value: matrix[row * dimension + column],
                expected,
            };
            let factor = factor(dimension, matrix).map_err(|error| match error {
                Error::NotSymmetric { row, column } => entry(row, column),
                Error::NotPositiveDefinite { row } => entry(row, row),
                other => other,
            })?;
            MultivariateNormal::from_cholesky(loc, factor)
        };
        let rows = each(loc.chunks(dimension).zip(matrices.chunks(size)).collect(), || (), &one);
        let rows = rows.into_iter().enumerate().map(|(i, row)| row.map_err(|error| error.in_row(i)));
        Ok(Self { dimension, rows: rows.collect::<Result<_, _>>()?, from_factors })
    }

    fn row(&self, index: usize) -> &MultivariateNormal {
        if self.rows.len() == 1 { &self.rows[0] } else { &self.rows[index] }
    }
}

impl BatchKl<2> for MultivariateNormals {
    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn widths(&self) -> [usize; 2] {
        [self.dimension, self.dimension * self.dimension]
    }

    fn fill(&self, q: &Self, piece: Piece<'_, 2>) {
        let gradients = piece.wants_gradients();
        let Piece { first, values, mut to_p, mut to_q } = piece;
        for (i, value) in values.iter_mut().enumerate() {
            let (of_p, of_q) = (self.row(first + i), q.row(first + i));
            *value = of_p.closed_form(of_q).unwrap_or(f64::INFINITY);
            if !gradients {
                continue;
            }
            // Where KL is infinite there are none.
            let slopes = value.is_finite().then(|| of_p.kl_slopes(of_q));
            for (to, side, batch) in
                [(&mut to_p, slopes.as_ref().map(|x| &x.p), self), (&mut to_q, slopes.as_ref().map(|x| &x.q), q)]
            {
                let Some([to_loc, to_matrix]) = to else { continue };
                let [d, size] = self.widths();
                let (to_loc, to_matrix) = (&mut to_loc[i * d..(i + 1) * d], &mut to_matrix[i * size..(i + 1) * size]);
                let Some(side) = side else {
                    to_loc.fill(0.0);
                    to_matrix.fill(0.0);
                    continue;
                };
                to_loc.copy_from_slice(&side.loc);
                to_matrix.copy_from_slice(&if batch.from_factors { side.by_factor() } else { side.by_covariance() });
            }
        }
    }
}
