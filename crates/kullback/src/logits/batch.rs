use crate::discrete::Rows;
use crate::divergence::{Divergence, Generator, Measure, Reduction, Visitor};
use crate::num::simd::Level;
use crate::state::Temperature;
use crate::{Error, Side};

use super::Logit;
use super::element::sealed::Precision;
use super::kernel::WIDEST;
use super::pieces::{Piece, in_pieces, rows_of, shape, wanted};
use super::row::{self, Row};
use super::settings::Settings;
use super::tile::{SMALL, Strip, Tile};
use super::workspace::Workspace;

/// Rows of logits on both sides, to be measured and differentiated.
///
/// Row i of P is compared with row i of Q: `D(softmax(a/T) ‖ softmax(b/T))`. A logit of −∞ is a masked entry, and so are
/// the entries that the shorter vocabulary lacks.
///
/// ```
/// use kullback::{Kl, Rows};
/// use kullback::logits::LogitRows;
/// let teacher = [2.0f32, 1.0, 0.0, 0.0, 0.0, 0.0];
/// let student = [1.0f32, 1.0, 1.0, 0.0, 0.0, 0.0];
/// let rows = LogitRows::new(Rows::new(&teacher, 3)?, Rows::new(&student, 3)?)?.with_temperature(2.0)?;
/// let mut gradient = [0.0f32; 6];
/// let values = rows.with_scale(1.0 / 2.0).value_and_gradient(Kl, &mut gradient)?;
/// assert!(values[0] > 0.0 && values[1] == 0.0);
/// assert!(gradient[0] < 0.0 && gradient[2] > 0.0);
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct LogitRows<'a, T> {
    p: Rows<'a, T>,
    q: Rows<'a, T>,
    settings: Settings<'a>,
}

impl<'a, T: Logit> LogitRows<'a, T> {
    /// The same number of rows on both sides, temperature 1.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for different numbers of rows; the vocabularies may differ.
    pub fn new(p: Rows<'a, T>, q: Rows<'a, T>) -> Result<Self, Error> {
        if p.len() != q.len() {
            return Err(Error::LengthMismatch { p: p.len(), q: q.len() });
        }
        Ok(Self { p, q, settings: Settings::PLAIN })
    }

    /// Divides all logits by `temperature` (G. Hinton, O. Vinyals, J. Dean, *Distilling the knowledge in a neural
    /// network*, 2015). Values and gradients are not multiplied by its square; gradients are for the undivided logits.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless it is positive and finite.
    pub fn with_temperature(self, temperature: f64) -> Result<Self, Error> {
        Ok(Self { settings: self.settings.with_temperature(temperature)?, ..self })
    }

    /// Multiplies gradients (not values) by `scale`: 1/rows for the gradient of a mean.
    #[must_use]
    pub fn with_scale(self, scale: f64) -> Self {
        Self { settings: self.settings.with_scale(scale), ..self }
    }

    /// Multiplies the gradient of each row by its weight. A row of weight 0 is not looked at: its value is 0 and so is
    /// its gradient.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] unless there is one for each row.
    pub fn with_weights(self, weights: &'a [f64]) -> Result<Self, Error> {
        Ok(Self { settings: self.settings.with_weights(weights, self.p.len())?, ..self })
    }

    /// The value of each row, in the divergence's unit.
    ///
    /// Cost: one pass over memory; a second one over each row, while it is in cache, for all but KL, and for KL where
    /// the rows nearly agree.
    ///
    /// # Errors
    /// [`Error::Row`] for the first row with a NaN or +∞ ([`RowError::NotFinite`](crate::RowError::NotFinite)) or
    /// without any mass on one side ([`RowError::ZeroMass`](crate::RowError::ZeroMass)).
    pub fn values<D: Divergence>(&self, divergence: D) -> Result<Vec<f64>, Error> {
        let mut values = vec![0.0; self.p.len()];
        self.values_into(divergence, &mut values)?;
        Ok(values)
    }

    /// [`values`](LogitRows::values), written to `values`.
    ///
    /// # Errors
    /// As there, and [`Error::Shape`] for a buffer of another length.
    pub fn values_into<D: Divergence>(&self, divergence: D, values: &mut [f64]) -> Result<(), Error> {
        shape(values.len(), self.p.len())?;
        self.run(divergence, values, &mut [], &mut [])
    }

    /// The value of each row, and the gradient for the logits of Q (rows × vocabulary of Q), written to `gradient`.
    ///
    /// # Errors
    /// As [`values_and_gradients_into`](LogitRows::values_and_gradients_into).
    pub fn value_and_gradient<D: Divergence>(&self, divergence: D, gradient: &mut [T]) -> Result<Vec<f64>, Error> {
        let mut values = vec![0.0; self.p.len()];
        self.values_and_gradients_into(divergence, &mut values, None, Some(gradient))?;
        Ok(values)
    }

    /// The values, and the gradients for the logits of P and of Q where they are wanted; each gradient is rows × its
    /// vocabulary without gaps. Besides these a thread keeps up to four numbers of the kernels' type for each entry of the
    /// longest row, and for short floats a piece of about 65,536 entries widened.
    ///
    /// The gradient of a masked entry is 0. Where a value is infinite the gradient is that of its finite part.
    ///
    /// # Errors
    /// As [`values`](LogitRows::values), [`Error::Shape`] for a buffer of another length, and
    /// [`Error::NotDifferentiable`] for the max-divergence.
    pub fn values_and_gradients_into<D: Divergence>(
        &self,
        divergence: D,
        values: &mut [f64],
        gradient_p: Option<&mut [T]>,
        gradient_q: Option<&mut [T]>,
    ) -> Result<(), Error> {
        let wanted = gradient_p.is_some() || gradient_q.is_some();
        if wanted && D::Generator::REDUCTION == Reduction::Max {
            return Err(Error::NotDifferentiable);
        }
        let to = Outputs { values, gradient_p, gradient_q };
        self.fits(&to)?;
        let Outputs { values, gradient_p, gradient_q } = to;
        self.run(divergence, values, gradient_p.unwrap_or(&mut []), gradient_q.unwrap_or(&mut []))
    }

    /// The same for a measure named at run time. Its kernels are compiled in this crate alone.
    ///
    /// # Errors
    /// As [`values_and_gradients_into`](LogitRows::values_and_gradients_into), and as [`Measure::visit`].
    pub fn measure_into(
        &self,
        measure: Measure,
        values: &mut [f64],
        gradient_p: Option<&mut [T]>,
        gradient_q: Option<&mut [T]>,
    ) -> Result<(), Error> {
        let to = Outputs { values, gradient_p, gradient_q };
        self.fits(&to)?;
        T::measure(self, measure, to)
    }

    /// Whether the buffers are as long as they must be.
    fn fits(&self, to: &Outputs<'_, T>) -> Result<(), Error> {
        shape(to.values.len(), self.p.len())?;
        for (gradient, rows) in [(&to.gradient_p, self.p), (&to.gradient_q, self.q)] {
            if let Some(gradient) = gradient {
                shape(gradient.len(), rows.len() * rows.columns())?;
            }
        }
        Ok(())
    }

    fn run<D: Divergence>(
        &self,
        divergence: D,
        values: &mut [f64],
        to_p: &mut [T],
        to_q: &mut [T],
    ) -> Result<(), Error> {
        if let (Some(p), Some(q)) = (self.p.seen_as(T::real), self.q.seen_as(T::real))
            && let (Some(to_p), Some(to_q)) = (T::direct(to_p), T::direct(to_q))
        {
            return LogitRows { p, q, settings: self.settings }.run_real(divergence, values, to_p, to_q);
        }
        let to = Outputs { values, gradient_p: wanted(to_p), gradient_q: wanted(to_q) };
        self.widened(to, &|rows, Outputs { values, gradient_p, gradient_q }| {
            rows.run_real(divergence, values, gradient_p.unwrap_or(&mut []), gradient_q.unwrap_or(&mut []))
        })
    }

    /// Has a batch done in the precision of the kernels, piece by piece.
    pub(super) fn widened(&self, to: Outputs<'_, T>, run: &Run<'_, T::Real>) -> Result<(), Error> {
        let Outputs { values, gradient_p, gradient_q } = to;
        let [columns_p, columns_q] = [self.p.columns(), self.q.columns()];
        let gradients = [gradient_p.unwrap_or(&mut []), gradient_q.unwrap_or(&mut [])];
        in_pieces([columns_p, columns_q], values, gradients, Widened::default, |space, piece| {
            let Piece { first, values, to_p, to_q } = piece;
            let Widened { sides, row, gradients } = space;
            let n = values.len();
            for (to, rows) in sides.iter_mut().zip([self.p, self.q]) {
                to.clear();
                (first..first + n).for_each(|index| to.extend_from_slice(T::widened(rows.row(index), row)));
            }
            let rows = LogitRows {
                p: Rows::new(&sides[0], columns_p)?,
                q: Rows::new(&sides[1], columns_q)?,
                settings: self.settings.part(first, n),
            };
            with_real([to_p, to_q], gradients, |[to_p, to_q]| {
                run(rows, Outputs { values, gradient_p: wanted(to_p), gradient_q: wanted(to_q) })
            })
            .map_err(|error| error.of_rows_from(first))
        })
    }
}

/// Work on a batch in the precision of the kernels.
type Run<'r, R> = dyn Fn(LogitRows<'_, R>, Outputs<'_, R>) -> Result<(), Error> + Sync + 'r;

/// A thread's piece of rows of short floats, and their gradients.
struct Widened<R> {
    sides: [Vec<R>; 2],
    row: Vec<R>,
    gradients: [Vec<R>; 2],
}

impl<R> Default for Widened<R> {
    fn default() -> Self {
        Self { sides: Default::default(), row: Vec::new(), gradients: Default::default() }
    }
}

/// Has gradients written in the precision of the kernels, to `space` where the type is another one.
pub(super) fn with_real<T: Logit, O>(
    [p, q]: [&mut [T]; 2],
    space: &mut [Vec<T::Real>; 2],
    write: impl FnOnce([&mut [T::Real]; 2]) -> O,
) -> O {
    if let (Some(p), Some(q)) = (T::direct(&mut *p), T::direct(&mut *q)) {
        return write([p, q]);
    }
    for (space, to) in space.iter_mut().zip([&*p, &*q]) {
        space.resize(to.len(), <T::Real>::default());
    }
    let [wide_p, wide_q] = space;
    let output = write([&mut *wide_p, &mut *wide_q]);
    for (to, wide) in [(p, wide_p), (q, wide_q)] {
        for (to, x) in to.iter_mut().zip(wide) {
            *to = T::narrowed(*x);
        }
    }
    output
}

impl<R: Precision> LogitRows<'_, R> {
    fn run_real<D: Divergence>(
        &self,
        divergence: D,
        values: &mut [f64],
        to_p: &mut [R],
        to_q: &mut [R],
    ) -> Result<(), Error> {
        let level = Level::new();
        let (columns_p, columns_q) = (self.p.columns(), self.q.columns());
        let small = columns_p == columns_q && columns_p <= SMALL && D::Generator::REDUCTION == Reduction::Sum;
        in_pieces([columns_p, columns_q], values, [to_p, to_q], Space::new, |space, piece| {
            if small {
                self.side_by_side(divergence, level, space, piece)
            } else {
                self.one_by_one(divergence, level, space, piece)
            }
        })
    }

    /// What comes of a row that is not looked at.
    fn nothing(&self, to_p: &mut [R], to_q: &mut [R]) -> f64 {
        to_p.fill(R::default());
        to_q.fill(R::default());
        0.0
    }

    fn one_by_one<D: Divergence>(
        &self,
        divergence: D,
        level: Level,
        space: &mut Space<R>,
        piece: Piece<'_, R>,
    ) -> Result<(), Error> {
        let Piece { first, values, to_p, to_q } = piece;
        for (i, value) in values.iter_mut().enumerate() {
            let to = (rows_of(to_p, self.p.columns(), i, 1), rows_of(to_q, self.q.columns(), i, 1));
            *value = self.one(divergence, level, space, first + i, to)?;
        }
        Ok(())
    }

    fn one<D: Divergence>(
        &self,
        divergence: D,
        level: Level,
        space: &mut Space<R>,
        index: usize,
        (to_p, to_q): (&mut [R], &mut [R]),
    ) -> Result<f64, Error> {
        let Some(factor) = self.settings.factor(index) else { return Ok(self.nothing(to_p, to_q)) };
        let sides = (self.p.row(index), self.q.row(index));
        let keep = row::keeps::<D>(!(to_p.is_empty() && to_q.is_empty()));
        let row = Row::new(level, sides, self.settings.temperature, &mut space.work, keep)
            .map_err(|reason| reason.at(index, index))?;
        row.value_and_gradient(divergence, factor, to_p, to_q)
    }

    fn side_by_side<D: Divergence>(
        &self,
        divergence: D,
        level: Level,
        space: &mut Space<R>,
        piece: Piece<'_, R>,
    ) -> Result<(), Error> {
        let Piece { first, values, to_p, to_q } = piece;
        let columns = self.p.columns();
        for (i, values) in values.chunks_mut(WIDEST).enumerate() {
            let (first, at, count) = (first + i * WIDEST, i * WIDEST, values.len());
            let (part_p, part_q) = (rows_of(to_p, columns, at, count), rows_of(to_q, columns, at, count));
            let mut factors = [None; WIDEST];
            for (lane, value) in values.iter_mut().enumerate() {
                factors[lane] = self.settings.factor(first + lane);
                if factors[lane].is_none() {
                    *value = self.nothing(rows_of(part_p, columns, lane, 1), rows_of(part_q, columns, lane, 1));
                }
            }
            let strip = Strip { p: self.p, q: self.q, first, count };
            let to = [&mut *part_p, &mut *part_q];
            let left = space.tile.run(divergence, (level, self.settings.temperature), strip, &factors, values, to)?;
            for lane in (0..count).filter(|lane| left & (1 << lane) != 0) {
                let to = (rows_of(part_p, columns, lane, 1), rows_of(part_q, columns, lane, 1));
                values[lane] = self.one(divergence, level, space, first + lane, to)?;
            }
        }
        Ok(())
    }
}

/// Where a batch is written to.
#[allow(unreachable_pub, reason = "an argument of a sealed trait")]
pub struct Outputs<'o, T> {
    values: &'o mut [f64],
    gradient_p: Option<&'o mut [T]>,
    gradient_q: Option<&'o mut [T]>,
}

/// The work of [`LogitRows::measure_into`].
pub(super) struct Fill<'r, 'a, 'o, T>(pub(super) &'r LogitRows<'a, T>, pub(super) Outputs<'o, T>);

impl<T: Logit> Visitor for Fill<'_, '_, '_, T> {
    type Output = Result<(), Error>;
    fn visit<D: Divergence>(self, divergence: D) -> Self::Output {
        let Self(rows, Outputs { values, gradient_p, gradient_q }) = self;
        rows.values_and_gradients_into(divergence, values, gradient_p, gradient_q)
    }
}

/// What a thread needs to work on rows.
struct Space<R> {
    work: Workspace<R>,
    tile: Tile<R>,
}

impl<R: Precision> Space<R> {
    fn new() -> Self {
        Self { work: Workspace::default(), tile: Tile::new() }
    }
}

/// The value of one row.
pub(crate) fn between<D: Divergence, T: Logit>(divergence: D, p: &[T], q: &[T]) -> Result<f64, Error> {
    if p.is_empty() || q.is_empty() {
        let side = if p.is_empty() { Side::P } else { Side::Q };
        return Err(if p.len() == q.len() { Error::Empty } else { Error::ZeroMass { side } });
    }
    let (mut wide_p, mut wide_q, mut work) = (Vec::new(), Vec::new(), Workspace::default());
    let sides = (T::widened(p, &mut wide_p), T::widened(q, &mut wide_q));
    divergence.evaluate(&Row::new(Level::new(), sides, Temperature::ONE, &mut work, row::keeps::<D>(false))?)
}
