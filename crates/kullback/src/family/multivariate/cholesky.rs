use crate::Error;

/// The Cholesky factor L of a symmetric positive definite matrix LLᵀ, row-major, zeros above the diagonal.
///
/// For the few hundred dimensions that densities have; no dependency is worth its compile time for that.
#[derive(Debug, Clone, PartialEq)]
pub struct Cholesky {
    dimension: usize,
    lower: Vec<f64>,
}

impl Cholesky {
    /// Of a matrix given row by row; only its lower triangle is read, after the upper one has been compared with it.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there are `dimension`² entries, [`Error::NotSymmetric`] and
    /// [`Error::NotPositiveDefinite`] for what has no factor.
    pub fn of(dimension: usize, matrix: &[f64]) -> Result<Self, Error> {
        let n = dimension;
        if n == 0 || matrix.len() != n * n {
            return Err(Error::Shape { len: matrix.len(), needed: n * n });
        }
        let mut lower = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                let (x, mirrored) = (matrix[i * n + j], matrix[j * n + i]);
                if (x - mirrored).abs() > 1e-12 * (x.abs() + mirrored.abs()) {
                    return Err(Error::NotSymmetric { row: i, column: j });
                }
                let (row, column) = (&lower[i * n..i * n + j], &lower[j * n..j * n + j]);
                let rest = x - dot(row, column);
                if i == j {
                    // Also for NaN.
                    if rest.partial_cmp(&0.0) != Some(core::cmp::Ordering::Greater) || !rest.is_finite() {
                        return Err(Error::NotPositiveDefinite { row: i });
                    }
                    lower[i * n + i] = rest.sqrt();
                } else {
                    lower[i * n + j] = rest / lower[j * n + j];
                }
            }
        }
        Ok(Self { dimension, lower })
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
        Ok(Self { dimension, lower: factor.to_vec() })
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
        let mut lower = vec![0.0; n * n];
        for column in 0..n {
            let mut unit = vec![0.0; n];
            unit[column] = 1.0;
            factor.solve(&mut unit);
            for (row, x) in unit.iter().enumerate() {
                // The transpose, reversed again.
                lower[(n - 1 - column) * n + (n - 1 - row)] = *x;
            }
        }
        Ok(Self { dimension, lower })
    }

    /// The number of rows.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// L, row by row.
    #[must_use]
    pub fn factor(&self) -> &[f64] {
        &self.lower
    }

    /// LLᵀ, row by row.
    #[must_use]
    pub fn covariance(&self) -> Vec<f64> {
        let n = self.dimension;
        let row = |i: usize| &self.lower[i * n..(i + 1) * n];
        (0..n * n).map(|k| dot(row(k / n), row(k % n))).collect()
    }

    pub(crate) fn entry(&self, row: usize, column: usize) -> f64 {
        self.lower[row * self.dimension + column]
    }

    /// ln det of LLᵀ.
    #[must_use]
    pub fn ln_determinant(&self) -> f64 {
        (0..self.dimension).map(|i| 2.0 * self.entry(i, i).ln()).sum()
    }

    /// L⁻¹x, in place.
    pub(crate) fn solve(&self, x: &mut [f64]) {
        let n = self.dimension;
        for i in 0..n.min(x.len()) {
            let row = &self.lower[i * n..i * n + i];
            x[i] = (x[i] - dot(row, &x[..i])) / self.lower[i * n + i];
        }
    }

    /// Lx.
    pub(super) fn multiply(&self, x: &[f64]) -> Vec<f64> {
        let n = self.dimension;
        (0..n).map(|i| dot(&self.lower[i * n..=i * n + i], &x[..=i])).collect()
    }

    /// How far L_p is from L_q, seen from Q: with M = L_q⁻¹L_p, both of Σ M² − d and of Σ M² − d − ln det M², which is
    /// not negative. From M − 1 = L_q⁻¹(L_p − L_q), so neither cancels where the two are alike.
    pub(super) fn compare(&self, q: &Self) -> Comparison {
        let n = self.dimension;
        let (mut excess, mut divergence) = (0.0, 0.0);
        let mut column = vec![0.0; n];
        for j in 0..n {
            for (i, x) in column.iter_mut().enumerate().skip(j) {
                *x = self.entry(i, j) - q.entry(i, j);
            }
            // Above the diagonal there is nothing, so the solution starts at j as well.
            for i in j..n {
                let row = &q.lower[i * n + j..i * n + i];
                column[i] = (column[i] - dot(row, &column[j..i])) / q.entry(i, i);
            }
            let square = column[j] * (2.0 + column[j]);
            let below: f64 = column[j + 1..].iter().map(|x| x * x).sum();
            excess += square + below;
            let ratio = self.entry(j, j) / q.entry(j, j);
            divergence += minus_ln_of_square(ratio, square) + below;
        }
        Comparison { excess, divergence }
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

/// r² − 1 − ln r², given r² − 1.
fn minus_ln_of_square(r: f64, less_one: f64) -> f64 {
    use crate::num::Real;
    let square = r * r;
    if (1e-290..1e290).contains(&square) {
        return f64::kl_term(1.0, square, less_one);
    }
    less_one - 2.0 * r.ln()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
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
