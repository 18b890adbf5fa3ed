use super::kernels::{Factorize, SumOfSquares, Symmetric, Whiten, alike, pitch};
use crate::Error;
use crate::num::simd::{Level, dispatch};

/// The Cholesky factor L of a symmetric positive definite matrix LLᵀ.
///
/// For the few hundred dimensions that densities have; no dependency is worth its compile time for that.
#[derive(Debug, Clone, PartialEq)]
pub struct Cholesky {
    dimension: usize,
    /// Lᵀ in rows of [`pitch`], zeros below the diagonal.
    upper: Vec<f64>,
}

impl Cholesky {
    /// Of a matrix given row by row; only its upper triangle is read, after the lower one has been compared with it.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there are `dimension`² entries, [`Error::NotSymmetric`] and
    /// [`Error::NotPositiveDefinite`] for what has no factor.
    pub fn of(dimension: usize, matrix: &[f64]) -> Result<Self, Error> {
        let n = dimension;
        if n == 0 || matrix.len() != n * n {
            return Err(Error::Shape { len: matrix.len(), needed: n * n });
        }
        // Copied from the first number to the last, which memory likes best, before anything looks across rows.
        let mut upper = Vec::with_capacity(n * pitch(n));
        for row in matrix.chunks(n) {
            upper.extend_from_slice(row);
            upper.resize(upper.len() + pitch(n) - n, 0.0);
        }
        if !dispatch(Level::new(), Symmetric { n, matrix: &upper }) {
            for i in 0..n {
                for j in 0..i {
                    let (x, mirrored) = (matrix[i * n + j], matrix[j * n + i]);
                    if x != mirrored && !alike(x, mirrored) {
                        return Err(Error::NotSymmetric { row: i, column: j });
                    }
                }
            }
        }
        dispatch(Level::new(), Factorize { n, upper: &mut upper })?;
        Ok(Self { dimension, upper })
    }

    /// From a factor itself.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there are `dimension`² entries, [`Error::NotPositiveDefinite`] unless those on the diagonal
    /// are positive, and those above it 0.
    pub fn from_factor(dimension: usize, factor: &[f64]) -> Result<Self, Error> {
        let n = dimension;
        if n == 0 || factor.len() != n * n {
            return Err(Error::Shape { len: factor.len(), needed: n * n });
        }
        for i in 0..n {
            let row = &factor[i * n..(i + 1) * n];
            let fine = row[i] > 0.0 && row.iter().all(|x| x.is_finite()) && row[i + 1..].iter().all(|x| *x == 0.0);
            if !fine {
                return Err(Error::NotPositiveDefinite { row: i });
            }
        }
        let mut upper = vec![0.0; n * pitch(n)];
        for (i, to) in upper.chunks_mut(pitch(n)).enumerate() {
            for k in i..n {
                to[k] = factor[k * n + i];
            }
        }
        Ok(Self { dimension, upper })
    }

    /// Of the inverse of a matrix: a precision's covariance.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn of_inverse(dimension: usize, matrix: &[f64]) -> Result<Self, Error> {
        let n = dimension;
        if n == 0 || matrix.len() != n * n {
            return Err(Error::Shape { len: matrix.len(), needed: n * n });
        }
        // With rows and columns reversed, the factor's inverse is upper triangular the right way round.
        let reversed: Vec<f64> = matrix.iter().rev().copied().collect();
        let factor = Self::of(n, &reversed)?;
        let mut upper = vec![0.0; n * pitch(n)];
        for column in 0..n {
            let mut unit = vec![0.0; n];
            unit[column] = 1.0;
            factor.solve(&mut unit);
            for (row, x) in unit.iter().enumerate() {
                // The transpose, reversed again.
                upper[(n - 1 - row) * pitch(n) + (n - 1 - column)] = *x;
            }
        }
        Ok(Self { dimension, upper })
    }

    /// The number of rows.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// L, row by row.
    #[must_use]
    pub fn factor(&self) -> Vec<f64> {
        let n = self.dimension;
        (0..n * n).map(|k| self.entry(k / n, k % n)).collect()
    }

    /// LLᵀ, row by row.
    #[must_use]
    pub fn covariance(&self) -> Vec<f64> {
        let n = self.dimension;
        let entry = |i: usize, j: usize| (0..=i.min(j)).map(|k| self.entry(i, k) * self.entry(j, k)).sum();
        (0..n * n).map(|k| entry(k / n, k % n)).collect()
    }

    pub(crate) fn entry(&self, row: usize, column: usize) -> f64 {
        self.upper[column * pitch(self.dimension) + row]
    }

    /// A column from the diagonal on.
    fn column(&self, index: usize) -> &[f64] {
        &self.upper[index * pitch(self.dimension)..][index..self.dimension]
    }

    /// ln det of LLᵀ.
    #[must_use]
    pub fn ln_determinant(&self) -> f64 {
        (0..self.dimension).map(|i| 2.0 * self.entry(i, i).ln()).sum()
    }

    /// L⁻¹x, in place.
    pub(crate) fn solve(&self, x: &mut [f64]) {
        for i in 0..self.dimension.min(x.len()) {
            let column = self.column(i);
            let (solved, below) = x[i..].split_at_mut(1);
            solved[0] /= column[0];
            below.iter_mut().zip(&column[1..]).for_each(|(to, l)| *to -= solved[0] * l);
        }
    }

    /// Lx.
    pub(super) fn multiply(&self, x: &[f64]) -> Vec<f64> {
        let mut product = vec![0.0; self.dimension];
        for (i, x) in x.iter().enumerate() {
            product[i..].iter_mut().zip(self.column(i)).for_each(|(to, l)| *to += x * l);
        }
        product
    }

    /// How far L_p is from L_q, seen from Q: with M = L_q⁻¹L_p, both of Σ M² − d and of Σ M² − d − ln det M², which is
    /// not negative. From E = M − 1 = L_q⁻¹(L_p − L_q), as Σ E² + 2 Σ Eᵢᵢ and Σ E² + 2 Σ (Eᵢᵢ − ln Mᵢᵢ), so neither cancels where the
    /// two are alike.
    pub(super) fn compare(&self, q: &Self) -> Comparison {
        let n = self.dimension;
        let apart = self.seen_from(q);
        let (mut surplus, mut divergence) = (0.0, 0.0);
        for i in 0..n {
            let less_one = apart[i * pitch(n) + i];
            surplus += less_one;
            divergence += minus_ln(self.entry(i, i) / q.entry(i, i), less_one);
        }
        let squares = dispatch(Level::new(), SumOfSquares(&apart));
        Comparison { excess: squares + 2.0 * surplus, divergence: squares + 2.0 * divergence }
    }

    /// L_q⁻¹L_p − 1, lower triangular, in rows of [`pitch`].
    pub(super) fn seen_from(&self, q: &Self) -> Vec<f64> {
        let n = self.dimension;
        let mut to = vec![0.0; n * pitch(n)];
        dispatch(Level::new(), Whiten { n, p: &self.upper, q: &q.upper, to: &mut to });
        to
    }

    /// L⁻ᵀ times a matrix with rows of `pitch`, in place, from the last row up.
    pub(super) fn solve_transposed(&self, matrix: &mut [f64], pitch: usize) {
        for i in (0..self.dimension).rev() {
            let (above, from_here) = matrix.split_at_mut(i * pitch);
            let row = &mut from_here[..pitch];
            row.iter_mut().for_each(|x| *x /= self.entry(i, i));
            for (k, to) in above.chunks_mut(pitch).enumerate() {
                let factor = self.entry(i, k);
                to.iter_mut().zip(&*row).for_each(|(to, x)| *to -= factor * x);
            }
        }
    }
}

/// What [`Cholesky::compare`] finds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comparison {
    /// tr(Σ_q⁻¹Σ_p) − d.
    pub(super) excess: f64,
    /// tr(Σ_q⁻¹Σ_p) − d − ln(det Σ_p/det Σ_q) ≥ 0.
    pub(super) divergence: f64,
}

/// r − 1 − ln r, given r − 1.
fn minus_ln(r: f64, less_one: f64) -> f64 {
    use crate::num::Real;
    if (1e-290..1e290).contains(&r) {
        return f64::kl_term(1.0, r, less_one);
    }
    less_one - r.ln()
}

#[cfg(test)]
mod tests {
    use super::Cholesky;

    #[test]
    fn factors_of_inverses_are_inverse() {
        let precision = [4.0, 1.0, 0.5, 1.0, 3.0, -0.25, 0.5, -0.25, 2.0];
        let factor = Cholesky::of_inverse(3, &precision).unwrap();
        // Precision times covariance is the identity.
        for i in 0..3 {
            let row = &precision[3 * i..3 * i + 3];
            for j in 0..3 {
                let covariance = |k: usize| (0..3).map(|m| factor.entry(k, m) * factor.entry(j, m)).sum::<f64>();
                let product: f64 = row.iter().enumerate().map(|(k, x)| x * covariance(k)).sum();
                let identity = f64::from(u8::from(i == j));
                assert!((product - identity).abs() < 1e-14, "{i} {j}: {product}");
            }
        }
    }

    #[test]
    fn what_has_no_factor_is_refused() {
        assert!(Cholesky::of(2, &[1.0, 2.0, 2.0, 1.0]).is_err());
        assert!(Cholesky::of(2, &[1.0, 0.5, 0.4, 1.0]).is_err());
        assert!(Cholesky::of(2, &[1.0, f64::NAN, f64::NAN, 1.0]).is_err());
        assert!(Cholesky::of(2, &[1.0]).is_err());
    }
}
