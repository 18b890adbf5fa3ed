use core::marker::PhantomData;
use core::ops::Range;

use super::elementwise::{WIDEST, of_finite};
use super::{BatchKl, PIECE, Piece, within};
use crate::family::formula::RowFormula;
use crate::num::simd::{F64s, Kernel, Lanes as _, Level, Simd, dispatch};
use crate::threads::each;
use crate::{Error, Rows};

/// Many distributions of a family whose parameter is a vector: one row each.
///
/// ```
/// use kullback::Rows;
/// use kullback::family::batch::{BatchKl, Categoricals};
/// let p = Categoricals::new(Rows::new(&[1.0, 1.0, 0.0, 2.0], 2)?)?;
/// let q = Categoricals::new(Rows::new(&[3.0, 3.0, 2.0, 2.0], 2)?)?;
/// let kl = p.kl_to(&q)?;
/// assert_eq!(kl[0], 0.0);
/// assert!((kl[1] - f64::ln(2.0)).abs() < 1e-15);
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct RowBatch<'a, F> {
    rows: Rows<'a, f64>,
    family: PhantomData<F>,
}

impl<'a, F: RowFormula> RowBatch<'a, F> {
    /// The distributions with these parameters.
    ///
    /// # Errors
    /// [`Error::Empty`] for too few columns, [`Error::RowParameter`] for the first number that is out of range, or a row of
    /// weights that are all 0.
    pub fn new(rows: Rows<'a, f64>) -> Result<Self, Error> {
        if rows.columns() < F::LEAST_COLUMNS {
            return Err(Error::Empty);
        }
        let one = |(): &mut (), range: Range<usize>| {
            let fine = rows.block(range.clone()).is_some_and(|all| within(F::VECTOR, F::CHECK, all));
            range.into_iter().try_for_each(|i| Self::check(rows.row(i), i, fine))
        };
        let step = (PIECE / rows.columns()).max(1);
        let ranges = (0..rows.len()).step_by(step).map(|from| from..(from + step).min(rows.len()));
        each(ranges.collect(), || (), &one).into_iter().collect::<Result<(), Error>>()?;
        Ok(Self { rows, family: PhantomData })
    }

    /// Checks a row, whose numbers may be known to be `fine`.
    fn check(row: &[f64], index: usize, fine: bool) -> Result<(), Error> {
        if !fine {
            row.iter().try_for_each(|x| F::CHECK(F::VECTOR, *x)).map_err(|error| error.in_row(index))?;
        }
        if F::NEEDS_MASS && row.iter().all(|x| *x == 0.0) {
            let expected = "weights of which one is above 0";
            return Err(Error::Parameter { name: F::VECTOR, value: 0.0, expected }.in_row(index));
        }
        Ok(())
    }
}

impl<F: RowFormula> BatchKl<1> for RowBatch<'_, F> {
    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn widths(&self) -> [usize; 1] {
        [self.rows.columns()]
    }

    fn fill(&self, q: &Self, piece: Piece<'_, 1>) {
        let sides = [self.rows, q.rows];
        if piece.wants_gradients() {
            dispatch(Level::new(), Run::<'_, F, true> { sides, piece, family: PhantomData });
        } else {
            dispatch(Level::new(), Run::<'_, F, false> { sides, piece, family: PhantomData });
        }
    }
}

/// As many rows side by side as a vector has lanes, so that they share one text with single distributions.
struct Run<'r, F, const GRADIENT: bool> {
    sides: [Rows<'r, f64>; 2],
    piece: Piece<'r, 1>,
    family: PhantomData<F>,
}

impl<F: RowFormula, const GRADIENT: bool> Kernel for Run<'_, F, GRADIENT> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let [of_p, of_q] = self.sides;
        let (lanes, columns) = (F64s::<S>::LEN, of_p.columns());
        let Piece { first, values, mut to_p, mut to_q } = self.piece;
        let zero = F64s::<S>::splat(simd, 0.0);
        let (mut p, mut q) = (vec![zero; columns], vec![zero; columns]);
        let kept = if GRADIENT { columns } else { 0 };
        let (mut slopes_p, mut slopes_q) = (vec![zero; kept], vec![zero; kept]);
        let mut at = 0;
        while at < values.len() {
            let count = lanes.min(values.len() - at);
            gather(simd, of_p, first + at, count, &mut p);
            gather(simd, of_q, first + at, count, &mut q);
            let value = F::kl::<F64s<S>, GRADIENT>(&mut p, &mut q, &mut slopes_p, &mut slopes_q);
            scatter(&[value], 1, &mut values[at..at + count]);
            if GRADIENT {
                if let Some([to]) = &mut to_p {
                    put(&mut slopes_p, value, columns, &mut to[at * columns..(at + count) * columns]);
                }
                if let Some([to]) = &mut to_q {
                    put(&mut slopes_q, value, columns, &mut to[at * columns..(at + count) * columns]);
                }
            }
            at += count;
        }
    }
}

/// Columns of up to a vector's lanes of rows; the last row fills what is left.
#[inline(always)]
fn gather<S: Simd>(simd: S, from: Rows<'_, f64>, first: usize, count: usize, to: &mut [F64s<S>]) {
    let lanes = F64s::<S>::LEN;
    let mut rows = [from.row(0); WIDEST];
    let mut lane = 0;
    while lane < lanes {
        let index = first + if lane < count { lane } else { count - 1 };
        rows[lane] = if from.len() == 1 { from.row(0) } else { from.row(index) };
        lane += 1;
    }
    let mut column = 0;
    while column < to.len() {
        let mut values = [0.0; WIDEST];
        let mut lane = 0;
        while lane < lanes {
            values[lane] = rows[lane][column];
            lane += 1;
        }
        to[column] = F64s::load(simd, &values[..lanes]);
        column += 1;
    }
}

/// Gradients, 0 where the value is infinite.
#[inline(always)]
fn put<S: Simd>(slopes: &mut [F64s<S>], value: F64s<S>, columns: usize, to: &mut [f64]) {
    let mut column = 0;
    while column < columns {
        slopes[column] = of_finite(slopes[column], value);
        column += 1;
    }
    scatter(slopes, columns, to);
}

/// The rows of a buffer from columns of them.
#[inline(always)]
fn scatter<S: Simd>(from: &[F64s<S>], columns: usize, to: &mut [f64]) {
    let mut column = 0;
    while column < columns {
        let mut values = [0.0; WIDEST];
        from[column].store(&mut values[..F64s::<S>::LEN]);
        let mut row = 0;
        while row * columns < to.len() {
            to[row * columns + column] = values[row];
            row += 1;
        }
        column += 1;
    }
}
