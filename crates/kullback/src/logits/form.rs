//! What a side's numbers are, and how they become logits of a type that kernels compute in.

use crate::error::RowError;
use crate::num::exp_log::ln;
use crate::{Error, Rows, Side};

use super::batch::{LogitRows, Outputs, Space};
use super::element::Logit;
use super::element::sealed::Precision;
use super::pieces::{Piece, in_pieces, rows_of};

/// What the numbers of a side are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// Logarithms of probabilities but for a number that the row has in common. Log-probabilities are such.
    #[default]
    Logits,
    /// Probabilities, or any weights: they are normalised, and a 0 is a masked entry.
    Probabilities,
}

/// How a side is given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Given {
    pub(super) form: Form,
    /// What its logits are multiplied by to have the temperature of the batch.
    pub(super) factor: f64,
}

impl Given {
    /// As kernels read it.
    pub(super) const PLAIN: Self = Self { form: Form::Logits, factor: 1.0 };
}

/// From a type of logits to one that kernels compute in, and back.
trait Conversion<T, R>: Sync {
    /// Reads a row of a side.
    fn read(&self, side: Side, row: &[T], to: &mut [R]) -> Result<(), RowError>;
    /// Writes a gradient of a side.
    fn write(&self, side: Side, from: &[R], to: &mut [T]);
}

/// Of the same numbers to a type that holds more.
struct Widening;

impl<T: Logit> Conversion<T, T::Real> for Widening {
    fn read(&self, _: Side, row: &[T], to: &mut [T::Real]) -> Result<(), RowError> {
        T::widen(row, to);
        Ok(())
    }
    fn write(&self, _: Side, from: &[T::Real], to: &mut [T]) {
        T::narrow(from, to);
    }
}

/// Of what is given to logits of one temperature.
impl<T: Logit> Conversion<T, f64> for [Given; 2] {
    fn read(&self, side: Side, row: &[T], to: &mut [f64]) -> Result<(), RowError> {
        let Given { form, factor } = self[side as usize];
        // Less the largest, so that no digit is lost for a number that the row has in common.
        let top = match form {
            Form::Logits if factor != 1.0 => row.iter().fold(f64::NEG_INFINITY, |top, x| top.max((*x).into())),
            _ => 0.0,
        };
        let top = if top.is_finite() { top } else { 0.0 };
        for (index, (x, to)) in row.iter().zip(to).enumerate() {
            let x = (*x).into();
            *to = factor
                * match form {
                    Form::Logits => x - top,
                    Form::Probabilities if x < 0.0 => return Err(RowError::Negative { side, index }),
                    Form::Probabilities => ln(x),
                };
        }
        Ok(())
    }

    fn write(&self, side: Side, from: &[f64], to: &mut [T]) {
        let Given { factor, .. } = self[side as usize];
        for (to, x) in to.iter_mut().zip(from) {
            *to = T::rounded(x * factor);
        }
    }
}

/// Work on a batch in the precision of the kernels.
pub(super) type Run<'r, R> = dyn Fn(LogitRows<'_, R>, Outputs<'_, R>) -> Result<(), Error> + Sync + 'r;

/// A thread's piece of rows after conversion, and their gradients.
struct Converted<R> {
    sides: [Vec<R>; 2],
    gradients: [Vec<R>; 2],
    work: Space<R>,
}

impl<R: Precision> Default for Converted<R> {
    fn default() -> Self {
        Self { sides: Default::default(), gradients: Default::default(), work: Space::new() }
    }
}

impl<T: Logit> LogitRows<'_, T> {
    /// Has a batch done in the precision of the kernels.
    pub(super) fn widened(&self, to: Outputs<'_, T>, run: &Run<'_, T::Real>) -> Result<(), Error> {
        self.converted(to, &Widening, run)
    }

    /// Has a batch whose sides are no logits, or have two temperatures, done in double precision.
    pub(super) fn translated(&self, to: Outputs<'_, T>, run: &Run<'_, f64>) -> Result<(), Error> {
        self.converted(to, &self.given, run)
    }

    fn converted<R: Precision>(
        &self,
        to: Outputs<'_, T>,
        conversion: &impl Conversion<T, R>,
        run: &Run<'_, R>,
    ) -> Result<(), Error> {
        let columns = [self.p.columns(), self.q.columns()];
        in_pieces(columns, to.values, to.gradients, Converted::default, |space: &mut Converted<R>, piece| {
            let Piece { first, values, to_p, to_q } = piece;
            let settings = self.settings.part(first, values.len());
            for (i, (rows, to)) in [self.p, self.q].into_iter().zip(&mut space.sides).enumerate() {
                to.resize(values.len() * columns[i], R::default());
                // What a row holds that is not looked at does not matter.
                for index in (0..values.len()).filter(|index| settings.factor(*index).is_some()) {
                    conversion
                        .read(SIDES[i], rows.row(first + index), rows_of(to, columns[i], index, 1))
                        .map_err(|reason| reason.at(first + index, first + index))?;
                }
            }
            let [p, q] = &space.sides;
            let (p, q) = (Rows::new(p, columns[0])?, Rows::new(q, columns[1])?);
            let rows = LogitRows { p, q, given: [Given::PLAIN; 2], settings };
            let to = [to_p, to_q];
            for (space, to) in space.gradients.iter_mut().zip(&to) {
                space.resize(to.len(), R::default());
            }
            let [by_p, by_q] = &mut space.gradients;
            let to_reals = Outputs { values, gradients: [by_p, by_q], space: Some(&mut space.work) };
            run(rows, to_reals).map_err(|error| error.of_rows_from(first))?;
            for (i, to) in to.into_iter().enumerate() {
                conversion.write(SIDES[i], &space.gradients[i], to);
            }
            Ok(())
        })
    }
}

const SIDES: [Side; 2] = [Side::P, Side::Q];
