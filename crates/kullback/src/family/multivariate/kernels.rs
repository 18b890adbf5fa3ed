//! The loops over triangular matrices that take cubes of the dimension.
//!
//! Factors are kept as U = Lᵀ, of a matrix UᵀU: its rows, and those of every right-hand side, are combined with numbers from
//! one row of U, so that all vectors run along rows and nothing is added up across one.

use crate::Error;
use crate::num::Real as _;
use crate::num::simd::{F64s, Kernel, Lanes as _, Simd};

/// Where the next row starts: rows end with zeros up to an odd multiple of the widest vector, so that what stands below each
/// other does not share a place in the cache.
pub(super) const fn pitch(n: usize) -> usize {
    (n.div_ceil(BLOCK) | 1) * BLOCK
}

/// Rows that are solved together, as long as there are so many; also doubles in the widest vector.
const BLOCK: usize = 8;

/// What a matrix's halves may differ by, relatively: products of rounded numbers are not quite symmetric.
const ASYMMETRY: f64 = 1e-12;

/// Whether a matrix in rows of [`pitch`] is symmetric. Also false where a number is not finite: that needs a closer look.
pub(super) struct Symmetric<'r> {
    pub(super) n: usize,
    pub(super) matrix: &'r [f64],
}

impl Kernel for Symmetric<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> bool {
        let (n, pitch, lanes) = (self.n, pitch(self.n), F64s::<S>::LEN);
        let zero = F64s::<S>::splat(simd, 0.0);
        let (one, share) = (zero.constant(1.0), zero.constant(ASYMMETRY));
        let mut apart = zero;
        let whole = n - n % lanes;
        let mut i = 0;
        while i < whole {
            let mut j = 0;
            while j <= i {
                let row = tile(simd, self.matrix, pitch, i, j);
                let mut column = tile(simd, self.matrix, pitch, j, i);
                F64s::transpose(&mut column);
                let mut k = 0;
                while k < lanes {
                    let (x, y) = (row[k], column[k]);
                    let (difference, allowed) = ((x - y).abs(), (x.abs() + y.abs()) * share);
                    // Nothing is added but for a difference, and NaN for what is not finite.
                    apart = difference.mul_add(zero, apart) + allowed.where_less(difference, one, zero);
                    k += 1;
                }
                j += lanes;
            }
            i += lanes;
        }
        let mut fine = apart.reduce_sum() == 0.0;
        while i < n {
            let mut j = 0;
            while j < i {
                fine &= alike(self.matrix[i * pitch + j], self.matrix[j * pitch + i]);
                j += 1;
            }
            i += 1;
        }
        fine
    }
}

/// Whether two halves agree on an entry.
#[inline(always)]
pub(super) fn alike(x: f64, mirrored: f64) -> bool {
    (x - mirrored).abs() <= ASYMMETRY * (x.abs() + mirrored.abs())
}

/// As many rows from `row` on as a vector has lanes, of the columns from `column` on.
#[inline(always)]
fn tile<S: Simd>(simd: S, matrix: &[f64], pitch: usize, row: usize, column: usize) -> [F64s<S>; BLOCK] {
    let lanes = F64s::<S>::LEN;
    let mut tile = [F64s::<S>::splat(simd, 0.0); BLOCK];
    let mut k = 0;
    while k < lanes {
        tile[k] = F64s::load(simd, &matrix[(row + k) * pitch + column..][..lanes]);
        k += 1;
    }
    tile
}

/// A block of statements for each row of R, with its number as a constant: only so does what is indexed by it stay in registers.
macro_rules! each_of {
    ($rows:ident, $r:ident => $body:block) => {
        each_of!(@ $rows, $r, $body, 0 1 2 3 4 5 6 7)
    };
    (@ $rows:ident, $r:ident, $body:block, $($number:literal)*) => {
        $({
            let $r: usize = $number;
            if $r < $rows $body
        })*
    };
}

/// U of a matrix UᵀU, which stands in rows of [`pitch`], in its place; of the matrix the upper triangle is read.
pub(super) struct Factorize<'r> {
    pub(super) n: usize,
    pub(super) upper: &'r mut [f64],
}

impl Kernel for Factorize<'_> {
    type Output = Result<(), Error>;

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) -> Result<(), Error> {
        let mut first = 0;
        while first + BLOCK <= self.n {
            self.rows::<S, BLOCK>(simd, first)?;
            first += BLOCK;
        }
        while first < self.n {
            self.rows::<S, 1>(simd, first)?;
            first += 1;
        }
        Ok(())
    }
}

impl Factorize<'_> {
    /// R rows, after those above.
    #[inline(always)]
    fn rows<S: Simd, const R: usize>(&mut self, simd: S, first: usize) -> Result<(), Error> {
        let (pitch, lanes) = (pitch(self.n), F64s::<S>::LEN);
        let (above, from_here) = self.upper.split_at_mut(first * pitch);
        let rows = &mut from_here[..R * pitch];
        let mut triangle = [[0.0; R]; R];
        let mut parts = Parts { factors: above, solved: above, triangle, pitch, first };
        // The vectors that hold the triangle on the diagonal may begin left of it.
        let mut column = first - first % lanes;
        while column < first + R {
            parts.columns::<S, 1>(simd, rows, 0, column, false);
            column += lanes;
        }
        let mut r = 0;
        while r < R {
            triangle[r].copy_from_slice(&rows[r * pitch + first..][..R]);
            r += 1;
        }
        each_of!(R, r => {
            let rest = triangle[r][r];
            // Also for NaN.
            if rest.partial_cmp(&0.0) != Some(core::cmp::Ordering::Greater) || !rest.is_finite() {
                return Err(Error::NotPositiveDefinite { row: first + r });
            }
            let diagonal = rest.sqrt();
            triangle[r][r] = diagonal;
            let mut s = r + 1;
            while s < R {
                triangle[r][s] /= diagonal;
                s += 1;
            }
            let mut s = r + 1;
            while s < R {
                let mut t = s;
                while t < R {
                    triangle[s][t] -= triangle[r][s] * triangle[r][t];
                    t += 1;
                }
                s += 1;
            }
        });
        parts.triangle = triangle;
        if R == 1 {
            // The rest of the vector, which has been combined already.
            let mut at = first + 1;
            while at < column {
                rows[at] /= triangle[0][0];
                at += 1;
            }
        }
        while column < pitch {
            column += parts.some_columns(simd, rows, 0, column, pitch);
        }
        let mut r = 0;
        while r < R {
            rows[r * pitch..r * pitch + first + r].fill(0.0);
            rows[r * pitch + first + r..r * pitch + first + R].copy_from_slice(&triangle[r][r..]);
            r += 1;
        }
        Ok(())
    }
}

/// L_q⁻¹(L_p − L_q) = L_q⁻¹L_p − 1, lower triangular in rows of [`pitch`], row by row from the first: nothing cancels where
/// the two are alike.
pub(super) struct Whiten<'r> {
    pub(super) n: usize,
    /// The factors as they are kept.
    pub(super) p: &'r [f64],
    pub(super) q: &'r [f64],
    /// Zeros.
    pub(super) to: &'r mut [f64],
}

impl Kernel for Whiten<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let n = self.n;
        self.subtract(simd);
        let mut first = 0;
        while first + BLOCK <= n {
            self.rows::<S, BLOCK>(simd, first);
            first += BLOCK;
        }
        while first < n {
            self.rows::<S, 1>(simd, first);
            first += 1;
        }
    }
}

impl Whiten<'_> {
    /// L_p − L_q: Lᵀ's rows from the first number to the last, which memory likes best, and then across them.
    #[inline(always)]
    fn subtract<S: Simd>(&mut self, simd: S) {
        let (n, pitch, lanes) = (self.n, pitch(self.n), F64s::<S>::LEN);
        let mut row = 0;
        while row < n {
            let mut at = row * pitch + row - row % lanes;
            while at < (row + 1) * pitch {
                let (p, q) = (F64s::<S>::load(simd, &self.p[at..][..lanes]), F64s::load(simd, &self.q[at..][..lanes]));
                (p - q).store(&mut self.to[at..][..lanes]);
                at += lanes;
            }
            row += 1;
        }
        let zero = F64s::<S>::splat(simd, 0.0);
        let whole = n - n % lanes;
        let mut i = 0;
        while i < whole {
            let mut j = 0;
            while j <= i {
                let mut above = tile(simd, self.to, pitch, j, i);
                F64s::transpose(&mut above);
                let mut k = 0;
                while k < lanes {
                    zero.store(&mut self.to[(j + k) * pitch + i..][..lanes]);
                    k += 1;
                }
                let mut k = 0;
                while k < lanes {
                    above[k].store(&mut self.to[(i + k) * pitch + j..][..lanes]);
                    k += 1;
                }
                j += lanes;
            }
            i += lanes;
        }
        while i < n {
            let mut j = 0;
            while j < i {
                self.to[i * pitch + j] = core::mem::take(&mut self.to[j * pitch + i]);
                j += 1;
            }
            i += 1;
        }
    }

    #[inline(always)]
    fn rows<S: Simd, const R: usize>(&mut self, simd: S, first: usize) {
        let pitch = pitch(self.n);
        let (above, from_here) = self.to.split_at_mut(first * pitch);
        let rows = &mut from_here[..R * pitch];
        let mut triangle = [[0.0; R]; R];
        let mut r = 0;
        while r < R {
            triangle[r].copy_from_slice(&self.q[(first + r) * pitch + first..][..R]);
            r += 1;
        }
        let parts = Parts { factors: self.q, solved: above, triangle, pitch, first };
        let end = (first + R).next_multiple_of(F64s::<S>::LEN);
        let mut column = 0;
        while column < end {
            // Rows above `column` have nothing there.
            column += parts.some_columns(simd, rows, column, column, end);
        }
    }
}

/// A step of solving Uᵀx = b for many columns: R rows of x, from those above.
struct Parts<'r, const R: usize> {
    /// U.
    factors: &'r [f64],
    /// The rows of x above.
    solved: &'r [f64],
    /// U's triangle of these rows.
    triangle: [[f64; R]; R],
    pitch: usize,
    first: usize,
}

impl<const R: usize> Parts<'_, R> {
    /// Solves a few vectors of columns, but not beyond `end`, and says how many columns these were.
    #[inline(always)]
    fn some_columns<S: Simd>(&self, simd: S, rows: &mut [f64], from: usize, column: usize, end: usize) -> usize {
        let lanes = F64s::<S>::LEN;
        // There are registers for two where there are 32 of them.
        if lanes == 8 && column + 2 * lanes <= end {
            self.columns::<S, 2>(simd, rows, from, column, true);
            return 2 * lanes;
        }
        self.columns::<S, 1>(simd, rows, from, column, true);
        lanes
    }

    /// K vectors of columns from `column` on, with what the rows from `from` on have there; and to the end if it is known
    /// what stands on the diagonal.
    #[inline(always)]
    fn columns<S: Simd, const K: usize>(
        &self,
        simd: S,
        rows: &mut [f64],
        from: usize,
        column: usize,
        to_the_end: bool,
    ) {
        let (pitch, lanes) = (self.pitch, F64s::<S>::LEN);
        let mut x = [[F64s::<S>::splat(simd, 0.0); K]; R];
        let mut r = 0;
        while r < R {
            let row = &rows[r * pitch + column..][..K * lanes];
            let mut v = 0;
            while v < K {
                x[r][v] = F64s::load(simd, &row[v * lanes..(v + 1) * lanes]);
                v += 1;
            }
            r += 1;
        }
        let mut k = from;
        while k < self.first {
            let factors = &self.factors[k * pitch + self.first..][..R];
            let row = &self.solved[k * pitch + column..][..K * lanes];
            let mut solved = [F64s::<S>::splat(simd, 0.0); K];
            let mut v = 0;
            while v < K {
                solved[v] = F64s::load(simd, &row[v * lanes..(v + 1) * lanes]);
                v += 1;
            }
            let mut r = 0;
            while r < R {
                let factor = -F64s::<S>::splat(simd, factors[r]);
                let mut v = 0;
                while v < K {
                    x[r][v] = factor.mul_add(solved[v], x[r][v]);
                    v += 1;
                }
                r += 1;
            }
            k += 1;
        }
        each_of!(R, r => {
            let row = &mut rows[r * pitch + column..][..K * lanes];
            let mut v = 0;
            while v < K {
                if to_the_end {
                    x[r][v] = x[r][v] / F64s::<S>::splat(simd, self.triangle[r][r]);
                }
                x[r][v].store(&mut row[v * lanes..(v + 1) * lanes]);
                v += 1;
            }
            let mut s = r + 1;
            while s < R && to_the_end {
                let factor = -F64s::<S>::splat(simd, self.triangle[r][s]);
                let mut v = 0;
                while v < K {
                    x[s][v] = factor.mul_add(x[r][v], x[s][v]);
                    v += 1;
                }
                s += 1;
            }
        });
    }
}

/// The sum of the squares of whole rows of [`pitch`].
pub(super) struct SumOfSquares<'r>(pub(super) &'r [f64]);

impl Kernel for SumOfSquares<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f64 {
        let lanes = F64s::<S>::LEN;
        let mut sums = [F64s::<S>::splat(simd, 0.0); 4];
        let mut at = 0;
        while at + 4 * lanes <= self.0.len() {
            let mut k = 0;
            while k < 4 {
                let x = F64s::<S>::load(simd, &self.0[at + k * lanes..][..lanes]);
                sums[k] = x.mul_add(x, sums[k]);
                k += 1;
            }
            at += 4 * lanes;
        }
        while at < self.0.len() {
            let x = F64s::<S>::load(simd, &self.0[at..][..lanes]);
            sums[0] = x.mul_add(x, sums[0]);
            at += lanes;
        }
        ((sums[0] + sums[1]) + (sums[2] + sums[3])).reduce_sum()
    }
}

#[cfg(test)]
mod tests {
    use kullback_dev::recipe::SplitMix;

    use super::{Factorize, SumOfSquares, Symmetric, Whiten, pitch};
    use crate::num::simd::{dispatch, levels};

    /// A positive definite matrix in rows of `pitch`.
    fn matrix(n: usize, draw: &mut SplitMix) -> Vec<f64> {
        let a: Vec<f64> = (0..n * n).map(|_| 2.0 * draw.unit() - 1.0).collect();
        let mut to = vec![0.0; n * pitch(n)];
        for (i, row) in to.chunks_mut(pitch(n)).enumerate() {
            for (j, to) in row[..n].iter_mut().enumerate() {
                *to = (0..n).map(|k| a[i * n + k] * a[j * n + k]).sum();
            }
            row[i] += 1.0;
        }
        to
    }

    #[test]
    fn every_level_and_every_remainder() {
        let mut draw = SplitMix::new(5);
        for level in levels() {
            for n in 1..=35 {
                let at = |i: usize, j: usize| i * pitch(n) + j;
                let [p, q] = [0, 1].map(|_| {
                    let matrix = matrix(n, &mut draw);
                    let mut upper = matrix.clone();
                    assert!(dispatch(level, Symmetric { n, matrix: &matrix }), "{level:?} {n}");
                    dispatch(level, Factorize { n, upper: &mut upper }).unwrap();
                    for i in 0..n {
                        assert!(
                            upper[at(i, 0)..at(i, i)]
                                .iter()
                                .chain(&upper[at(i, n)..at(i, pitch(n))])
                                .all(|x| *x == 0.0)
                        );
                        for j in 0..n {
                            let product: f64 = (0..n).map(|k| upper[at(k, i)] * upper[at(k, j)]).sum();
                            assert!((product - matrix[at(i, j)]).abs() < 1e-13 * n as f64, "{level:?} {n}: {i} {j}");
                        }
                    }
                    upper
                });
                let mut e = vec![0.0; n * pitch(n)];
                dispatch(level, Whiten { n, p: &p, q: &q, to: &mut e });
                let mut squares = 0.0;
                for i in 0..n {
                    assert!(e[at(i, i + 1)..at(i, pitch(n))].iter().all(|x| *x == 0.0), "{level:?} {n}: {i}");
                    squares += e[at(i, 0)..at(i, n)].iter().map(|x| x * x).sum::<f64>();
                    for j in 0..n {
                        // L_q E = L_p − L_q.
                        let product: f64 = (0..n).map(|k| q[at(k, i)] * e[at(k, j)]).sum();
                        let off = product - (p[at(j, i)] - q[at(j, i)]);
                        assert!(off.abs() < 1e-11, "{level:?} {n}: {i} {j}: {off}");
                    }
                }
                let found = dispatch(level, SumOfSquares(&e));
                assert!((found / squares - 1.0).abs() < 1e-14, "{level:?} {n}");
            }
        }
    }

    #[test]
    fn one_entry_that_differs_is_seen() {
        let mut draw = SplitMix::new(7);
        for level in levels() {
            for n in [2, 3, 8, 13, 24] {
                let matrix = matrix(n, &mut draw);
                for i in 0..n {
                    for j in 0..i {
                        for (factor, fine) in [(1.0 + 1e-15, true), (1.0 + 1e-11, false), (f64::NAN, false)] {
                            let mut off = matrix.clone();
                            off[i * pitch(n) + j] *= factor;
                            assert_eq!(dispatch(level, Symmetric { n, matrix: &off }), fine, "{level:?} {n}: {i} {j}");
                        }
                    }
                }
            }
        }
    }
}
