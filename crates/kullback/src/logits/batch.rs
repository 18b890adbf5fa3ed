use crate::discrete::Rows;
use crate::divergence::{Divergence, Generator, Measure, Reduction, Visitor};
use crate::num::simd::Level;
use crate::state::Temperature;
use crate::{Error, Side};

use super::Logit;
use super::element::sealed::{Element, Precision};
use super::form::{Form, Given};
use super::kernel::WIDEST;
use super::pieces::{Piece, in_pieces, rows_of, shape};
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
    pub(super) p: Rows<'a, T>,
    pub(super) q: Rows<'a, T>,
    pub(super) given: [Given; 2],
    pub(super) settings: Settings<'a>,
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
        Ok(Self { p, q, given: [Given::PLAIN; 2], settings: Settings::PLAIN })
    }

    /// Divides all logits by `temperature` (G. Hinton, O. Vinyals, J. Dean, *Distilling the knowledge in a neural
    /// network*, 2015). Values and gradients are not multiplied by its square; gradients are for the undivided logits.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless it is positive and finite.
    pub fn with_temperature(self, temperature: f64) -> Result<Self, Error> {
        self.with_temperatures(temperature, temperature)
    }

    /// Divides the logits of P by `p` and those of Q by `q`. Where they differ the batch is computed in double precision.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless both are positive and finite.
    pub fn with_temperatures(self, p: f64, q: f64) -> Result<Self, Error> {
        let (of_p, settings) = (Temperature::checked(p)?, self.settings.with_temperature(q)?);
        let ratio = if p == q { 1.0 } else { q * of_p.inverse };
        let [p, q] = self.given;
        // As a temperature it has an inverse, too.
        Ok(Self { given: [Given { factor: Temperature::checked(ratio)?.value, ..p }, q], settings, ..self })
    }

    /// What the numbers of either side are; logits, unless this says otherwise.
    ///
    /// Of a side given as probabilities the gradient is that for their logarithms, and the batch is computed in double
    /// precision: the logarithm of a probability is rounded, and if both sides are probabilities that nearly agree,
    /// [`Divergence::rows`] keeps more digits of the value.
    ///
    /// ```
    /// use kullback::{Kl, Rows};
    /// use kullback::logits::{Form, LogitRows};
    /// let (teacher, student) = ([0.5, 0.5, 0.0], [0.0, 0.0, 0.0]);
    /// let rows = LogitRows::new(Rows::new(&teacher, 3)?, Rows::new(&student, 3)?)?;
    /// let values = rows.with_forms(Form::Probabilities, Form::Logits).values(Kl)?;
    /// assert!((values[0] - 1.5f64.ln()).abs() < 1e-15);
    /// # Ok::<(), kullback::Error>(())
    /// ```
    #[must_use]
    pub fn with_forms(self, p: Form, q: Form) -> Self {
        let [of_p, of_q] = self.given;
        Self { given: [Given { form: p, ..of_p }, Given { form: q, ..of_q }], ..self }
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
        self.run(divergence, self.outputs(values, None, None)?)
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
        self.run(divergence, self.outputs(values, gradient_p, gradient_q)?)
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
        let to = self.outputs(values, gradient_p, gradient_q)?;
        if self.is_plain() {
            return T::measure(self, measure, to);
        }
        self.translated(to, &|rows, to| <f64 as Element>::measure(&rows, measure, to))
    }

    /// The buffers, if they are as long as they must be.
    fn outputs<'o>(
        &self,
        values: &'o mut [f64],
        gradient_p: Option<&'o mut [T]>,
        gradient_q: Option<&'o mut [T]>,
    ) -> Result<Outputs<'o, T>, Error> {
        shape(values.len(), self.p.len())?;
        for (gradient, rows) in [(&gradient_p, self.p), (&gradient_q, self.q)] {
            if let Some(gradient) = gradient {
                shape(gradient.len(), rows.len() * rows.columns())?;
            }
        }
        let gradients = [gradient_p.unwrap_or(&mut []), gradient_q.unwrap_or(&mut [])];
        Ok(Outputs { values, gradients, space: None })
    }

    /// Whether both sides are given as kernels read them, but for the type.
    fn is_plain(&self) -> bool {
        self.given == [Given::PLAIN; 2]
    }

    fn run<D: Divergence>(&self, divergence: D, to: Outputs<'_, T>) -> Result<(), Error> {
        if D::Generator::REDUCTION == Reduction::Max && to.gradients.iter().any(|to| !to.is_empty()) {
            return Err(Error::NotDifferentiable);
        }
        if !self.is_plain() {
            return self.translated(to, &|rows, to| rows.run_real(divergence, to));
        }
        let Outputs { values, gradients: [to_p, to_q], space } = to;
        if let (Some(p), Some(q)) = (self.p.seen_as(T::real), self.q.seen_as(T::real))
            && let (Some(to_p), Some(to_q)) = (T::direct(&mut *to_p), T::direct(&mut *to_q))
        {
            let rows = LogitRows { p, q, given: self.given, settings: self.settings };
            return rows.run_real(divergence, Outputs { values, gradients: [to_p, to_q], space: T::space(space) });
        }
        let to = Outputs { values, gradients: [to_p, to_q], space };
        self.widened(to, &|rows, to| rows.run_real(divergence, to))
    }
}

impl<R: Precision> LogitRows<'_, R> {
    fn run_real<D: Divergence>(&self, divergence: D, to: Outputs<'_, R>) -> Result<(), Error> {
        let level = Level::new();
        let (columns_p, columns_q) = (self.p.columns(), self.q.columns());
        let small = columns_p == columns_q && columns_p <= SMALL && D::Generator::REDUCTION == Reduction::Sum;
        let run = |space: &mut Space<R>, piece: Piece<'_, R>| {
            if small {
                self.side_by_side(divergence, level, space, piece)
            } else {
                self.one_by_one(divergence, level, space, piece)
            }
        };
        let Outputs { values, gradients: [to_p, to_q], space } = to;
        match space {
            Some(space) => run(space, Piece { first: 0, values, to_p, to_q }),
            None => in_pieces([columns_p, columns_q], values, [to_p, to_q], Space::new, run),
        }
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

/// Where a batch is written to: its values and both gradients. An empty slice is not written.
#[allow(unreachable_pub, reason = "an argument of a sealed trait")]
pub struct Outputs<'o, T> {
    pub(super) values: &'o mut [f64],
    pub(super) gradients: [&'o mut [T]; 2],
    /// What a thread that is at work on these rows has for them; without it they are spread over threads.
    pub(super) space: Option<&'o mut Space<T>>,
}

/// The work of [`LogitRows::measure_into`].
pub(super) struct Fill<'r, 'a, 'o, T>(pub(super) &'r LogitRows<'a, T>, pub(super) Outputs<'o, T>);

impl<T: Logit> Visitor for Fill<'_, '_, '_, T> {
    type Output = Result<(), Error>;
    fn visit<D: Divergence>(self, divergence: D) -> Self::Output {
        self.0.run(divergence, self.1)
    }
}

/// What a thread needs to work on rows.
#[allow(unreachable_pub, reason = "an argument of a sealed trait")]
pub struct Space<R> {
    work: Workspace<R>,
    tile: Tile<R>,
}

impl<R: Precision> Space<R> {
    pub(super) fn new() -> Self {
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
