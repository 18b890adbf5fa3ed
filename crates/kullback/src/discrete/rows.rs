use core::ops::Range;

use crate::Error;
use crate::divergence::Divergence;
use crate::num::simd::Level;

use super::weight::Weight;
use super::{Pair, chunks};

/// Rows of weights in one buffer: row-major, each row contiguous, successive rows `stride` elements apart.
///
/// ```
/// use kullback::{Divergence, Kl, Rows};
/// let p = [1.0, 1.0, 3.0, 1.0];
/// let q = [1.0, 1.0, 1.0, 1.0];
/// let each = Kl.rows(Rows::new(&p, 2)?, Rows::new(&q, 2)?)?;
/// assert_eq!(each[0], 0.0);
/// assert!(each[1] > 0.0);
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a, T> {
    data: &'a [T],
    rows: usize,
    columns: usize,
    stride: usize,
}

impl<'a, T> Rows<'a, T> {
    /// Contiguous rows of `columns` elements.
    ///
    /// # Errors
    /// [`Error::Empty`] for no columns, [`Error::Shape`] when the last row is incomplete.
    pub fn new(data: &'a [T], columns: usize) -> Result<Self, Error> {
        if columns == 0 {
            return Err(Error::Empty);
        }
        Self::with_stride(data, data.len().div_ceil(columns), columns, columns)
    }

    /// `rows` rows of `columns` elements, `stride` apart; a stride of 0 repeats one row.
    ///
    /// # Errors
    /// [`Error::Empty`] for no columns, [`Error::Shape`] when the buffer ends before the last row does.
    pub fn with_stride(data: &'a [T], rows: usize, columns: usize, stride: usize) -> Result<Self, Error> {
        if columns == 0 {
            return Err(Error::Empty);
        }
        let needed = rows.checked_sub(1).map_or(0, |last| last.saturating_mul(stride).saturating_add(columns));
        if needed > data.len() {
            return Err(Error::Shape { len: data.len(), needed });
        }
        Ok(Self { data, rows, columns, stride })
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Elements in each row.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Some rows at once, if nothing lies between them.
    pub(crate) fn block(&self, range: Range<usize>) -> Option<&'a [T]> {
        let whole = self.stride == self.columns && range.end <= self.rows;
        whole.then(|| &self.data[range.start * self.columns..range.end * self.columns])
    }

    /// One row.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    #[inline(always)]
    pub fn row(&self, index: usize) -> &'a [T] {
        assert!(index < self.rows, "row {index} of {}", self.rows);
        &self.data[index * self.stride..][..self.columns]
    }

    /// The same rows of the same numbers as another type has them.
    pub(crate) fn seen_as<U>(self, see: impl FnOnce(&'a [T]) -> Option<&'a [U]>) -> Option<Rows<'a, U>> {
        let Self { data, rows, columns, stride } = self;
        Some(Rows { data: see(data)?, rows, columns, stride })
    }

    /// Some of the rows, from `first` on; fewer where there are no more.
    pub(crate) fn part(self, first: usize, rows: usize) -> Self {
        let first = first.min(self.rows);
        Self {
            data: &self.data[(first * self.stride).min(self.data.len())..],
            rows: rows.min(self.rows - first),
            ..self
        }
    }
}

/// The value of each row of `p` against the same row of `q`.
pub(crate) fn rows<D: Divergence, T: Weight>(divergence: D, p: Rows<'_, T>, q: Rows<'_, T>) -> Result<Vec<f64>, Error> {
    if p.rows != q.rows {
        return Err(Error::LengthMismatch { p: p.rows, q: q.rows });
    }
    let mut out = vec![0.0; p.rows];
    rows_into(divergence, p, q, None, &mut out)?;
    Ok(out)
}

/// The value of every row of `p` against every row of `q`.
pub(crate) fn pairwise<D: Divergence, T: Weight>(
    divergence: D,
    p: Rows<'_, T>,
    q: Rows<'_, T>,
) -> Result<Vec<f64>, Error> {
    let mut out = vec![0.0; p.rows * q.rows];
    // A chunk cannot be empty.
    for (i, out) in out.chunks_mut(q.rows.max(1)).enumerate() {
        let repeated = Rows::with_stride(p.row(i), q.rows, p.columns, 0)?;
        rows_into(divergence, repeated, q, Some(i), out)?;
    }
    Ok(out)
}

/// Fills `out`; `repeated` is the row of P that an error should name when all of `p` is one row.
fn rows_into<D: Divergence, T: Weight>(
    divergence: D,
    p: Rows<'_, T>,
    q: Rows<'_, T>,
    repeated: Option<usize>,
    out: &mut [f64],
) -> Result<(), Error> {
    if p.columns != q.columns {
        return Err(Error::LengthMismatch { p: p.columns, q: q.columns });
    }
    let level = Level::new();
    chunks::fill(out, (chunks::CHUNK / p.columns).max(1), |first, out| {
        for (i, out) in out.iter_mut().enumerate() {
            let row = first + i;
            let pair = Pair::at_level(p.row(row), q.row(row), level)?;
            *out = match divergence.evaluate(&pair) {
                Ok(value) => value,
                // Only what the masses say is wrong is known by its row.
                Err(error) => {
                    return Err(pair.mass().map_or_else(|why| why.at(repeated.unwrap_or(row), row), |_| error));
                }
            };
        }
        Ok(())
    })
}
