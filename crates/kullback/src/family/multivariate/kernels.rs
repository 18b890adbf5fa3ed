//! The loops over triangular matrices that take cubes of the dimension.

use crate::Error;
use crate::num::Real as _;
use crate::num::simd::{F64s, Kernel, Lanes as _, Simd};

/// Where the next row starts: rows end with zeros up to a multiple of the widest vector.
pub(super) const fn pitch(n: usize) -> usize {
    n.next_multiple_of(8)
}

/// Rows whose scalar products with one row are taken at once.
const TOGETHER: usize = 4;

/// The Cholesky factor of a matrix given without gaps, into zeros of [`pitch`]: column by column, so that the rows below
/// are independent of each other.
pub(super) struct Factorize<'r> {
    pub(super) n: usize,
    pub(super) matrix: &'r [f64],
    pub(super) lower: &'r mut [f64],
}

impl Kernel for Factorize<'_> {
    type Output = Result<(), Error>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Result<(), Error> {
        let (n, pitch) = (self.n, pitch(self.n));
        let mut j = 0;
        while j < n {
            let (above, below) = self.lower.split_at_mut((j + 1) * pitch);
            let row = &mut above[j * pitch..];
            // What is not filled yet is zero and adds nothing.
            let len = j.next_multiple_of(F64s::<S>::LEN);
            let [square] = products(simd, &row[..len], [&row[..len]]);
            let rest = self.matrix[j * n + j] - square;
            // Also for NaN.
            if rest.partial_cmp(&0.0) != Some(core::cmp::Ordering::Greater) || !rest.is_finite() {
                return Err(Error::NotPositiveDefinite { row: j });
            }
            let diagonal = rest.sqrt();
            let mut i = j + 1;
            while i < n {
                let at = (i - j - 1) * pitch;
                if i + TOGETHER <= n {
                    let [a, b, c, d] = [at, at + pitch, at + 2 * pitch, at + 3 * pitch];
                    let [a_row, b_row] = [&below[a..a + len], &below[b..b + len]];
                    let [c_row, d_row] = [&below[c..c + len], &below[d..d + len]];
                    let found = products(simd, &row[..len], [a_row, b_row, c_row, d_row]);
                    let mut k = 0;
                    while k < TOGETHER {
                        below[at + k * pitch + j] = (self.matrix[(i + k) * n + j] - found[k]) / diagonal;
                        k += 1;
                    }
                    i += TOGETHER;
                } else {
                    let [found] = products(simd, &row[..len], [&below[at..at + len]]);
                    below[at + j] = (self.matrix[i * n + j] - found) / diagonal;
                    i += 1;
                }
            }
            row[j] = diagonal;
            j += 1;
        }
        Ok(())
    }
}

/// Scalar products of one row with several, of whole vectors.
#[inline(always)]
fn products<S: Simd, const K: usize>(simd: S, row: &[f64], others: [&[f64]; K]) -> [f64; K] {
    let lanes = F64s::<S>::LEN;
    let mut sums = [F64s::<S>::splat(simd, 0.0); K];
    let mut at = 0;
    while at < row.len() {
        let x = F64s::<S>::load(simd, &row[at..at + lanes]);
        let mut k = 0;
        while k < K {
            sums[k] = x.mul_add(F64s::load(simd, &others[k][at..at + lanes]), sums[k]);
            k += 1;
        }
        at += lanes;
    }
    let mut found = [0.0; K];
    let mut k = 0;
    while k < K {
        found[k] = sums[k].reduce_sum();
        k += 1;
    }
    found
}

/// L_q⁻¹(L_p − L_q) = L_q⁻¹L_p − 1, row by row from the first: nothing cancels where the two are alike.
pub(super) struct Whiten<'r> {
    pub(super) n: usize,
    pub(super) p: &'r [f64],
    pub(super) q: &'r [f64],
    /// Zeros.
    pub(super) to: &'r mut [f64],
}

/// Vectors of a row that are taken at once.
const WIDE: usize = 4;

impl Kernel for Whiten<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let (n, pitch, lanes) = (self.n, pitch(self.n), F64s::<S>::LEN);
        let mut i = 0;
        while i < n {
            let mut column = 0;
            while column <= i {
                let width = if column + WIDE * lanes <= pitch {
                    self.vectors::<S, WIDE>(simd, i, column);
                    WIDE * lanes
                } else {
                    self.vectors::<S, 1>(simd, i, column);
                    lanes
                };
                column += width;
            }
            i += 1;
        }
    }
}

impl Whiten<'_> {
    /// K vectors of row i from `column` on. Rows above `column` have nothing there.
    #[inline(always)]
    fn vectors<S: Simd, const K: usize>(&mut self, simd: S, i: usize, column: usize) {
        let (pitch, lanes) = (pitch(self.n), F64s::<S>::LEN);
        let here = i * pitch + column;
        let mut sums = [F64s::<S>::splat(simd, 0.0); K];
        let mut v = 0;
        while v < K {
            let at = here + v * lanes;
            sums[v] = F64s::load(simd, &self.p[at..at + lanes]) - F64s::load(simd, &self.q[at..at + lanes]);
            v += 1;
        }
        let mut k = column;
        while k < i {
            let factor = F64s::splat(simd, -self.q[i * pitch + k]);
            let row = &self.to[k * pitch + column..][..K * lanes];
            let mut v = 0;
            while v < K {
                sums[v] = factor.mul_add(F64s::load(simd, &row[v * lanes..(v + 1) * lanes]), sums[v]);
                v += 1;
            }
            k += 1;
        }
        let diagonal = F64s::splat(simd, self.q[i * pitch + i]);
        let mut v = 0;
        while v < K {
            (sums[v] / diagonal).store(&mut self.to[here + v * lanes..here + (v + 1) * lanes]);
            v += 1;
        }
    }
}
