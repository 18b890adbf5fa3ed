use crate::discrete::Rows;
use crate::divergence::{Divergence, Generator, Reduction};
use crate::num::exp_log::{exp, exp_m1};
use crate::num::simd::Level;
use crate::state::{LogMass, Merge, Sum, Temperature};
use crate::{Error, RowError, Side};

use super::element::sealed::Precision;
use super::part::{Chain, Part};
use super::pieces::{Piece, in_pieces, rows_of, shape};
use super::row::{self, Row};
use super::settings::Settings;
use super::workspace::Workspace;
use super::{Logit, Terms, side};

/// What becomes of the categories that a list leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remainder {
    /// Their terms are left out: Σ φ(p, q) over the list, p as listed and q of all the student's categories, φ the
    /// centred term. For KL that is Σ p ln(p/q) − p + q: never negative, where Σ p ln(p/q) over a list may be.
    Truncate,
    /// Both sides are normalised to the list. The student's other logits have no gradient.
    Renormalise,
    /// All of them are one more category on both sides: 1 − Σ p against 1 − Σ q. By the data-processing inequality
    /// never more than the divergence from the whole teacher.
    TailBucket,
}

/// A teacher of which each row lists some categories with their log-probabilities (its top k, say), to be measured
/// against rows of a student's logits.
///
/// Row i of the lists is P for row i of the student. Log-probabilities are those of the teacher's whole vocabulary, at
/// the temperature at which it is to be compared: [`with_temperature`](SparseTeacher::with_temperature) divides the
/// student's logits alone. An entry of −∞ fills up a short list; its id is not looked at. Where Σ p is 1 or more within
/// the rounding of the log-probabilities the rest has no mass.
///
/// ```
/// use kullback::logits::{Remainder, SparseTeacher};
/// use kullback::{Kl, Rows};
/// let (ids, logs) = ([2u32, 0], [0.5f64.ln(), 0.3f64.ln()]);
/// let teacher = SparseTeacher::new(Rows::new(&ids, 2)?, Rows::new(&logs, 2)?, Remainder::TailBucket)?;
/// let student = [0.3f64.ln(), 0.1f64.ln(), 0.5f64.ln(), 0.1f64.ln()];
/// let (mut values, mut gradient) = ([0.0], [0.0; 4]);
/// teacher.values_and_gradient_into(Kl, Rows::new(&student, 4)?, &mut values, Some(&mut gradient))?;
/// assert!(values[0] < 1e-15 && gradient.iter().all(|slope| slope.abs() < 1e-15));
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct SparseTeacher<'a, T> {
    ids: Rows<'a, u32>,
    logs: Rows<'a, T>,
    remainder: Remainder,
    settings: Settings<'a>,
}

impl<'a, T: Logit> SparseTeacher<'a, T> {
    /// Lists of ids and log-probabilities.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] unless both have the same numbers of rows and of columns.
    pub fn new(ids: Rows<'a, u32>, log_probabilities: Rows<'a, T>, remainder: Remainder) -> Result<Self, Error> {
        for (p, q) in [(log_probabilities.len(), ids.len()), (log_probabilities.columns(), ids.columns())] {
            if p != q {
                return Err(Error::LengthMismatch { p, q });
            }
        }
        let logs = log_probabilities;
        Ok(Self { ids, logs, remainder, settings: Settings::PLAIN })
    }

    /// Divides the student's logits by `temperature`.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless it is positive and finite.
    pub fn with_temperature(self, temperature: f64) -> Result<Self, Error> {
        Ok(Self { settings: self.settings.with_temperature(temperature)?, ..self })
    }

    /// As [`LogitRows::with_scale`](super::LogitRows::with_scale).
    #[must_use]
    pub fn with_scale(self, scale: f64) -> Self {
        Self { settings: self.settings.with_scale(scale), ..self }
    }

    /// As [`LogitRows::with_weights`](super::LogitRows::with_weights).
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] unless there is one for each row.
    pub fn with_weights(self, weights: &'a [f64]) -> Result<Self, Error> {
        Ok(Self { settings: self.settings.with_weights(weights, self.logs.len())?, ..self })
    }

    /// The value of each row, and the gradient for the student's logits (rows × vocabulary) where it is wanted.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for another number of rows, [`Error::Shape`] for a buffer of another length,
    /// [`Error::NoCategory`] and [`Error::Repeated`] for an id, [`Error::Row`] for a row with a NaN or +∞ or without
    /// any mass on one side, [`Error::NotDifferentiable`] for the gradient of a max-divergence.
    pub fn values_and_gradient_into<D: Divergence>(
        &self,
        divergence: D,
        student: Rows<'_, T>,
        values: &mut [f64],
        gradient: Option<&mut [T]>,
    ) -> Result<(), Error> {
        if student.len() != self.logs.len() {
            return Err(Error::LengthMismatch { p: self.logs.len(), q: student.len() });
        }
        shape(values.len(), student.len())?;
        if let Some(gradient) = &gradient {
            shape(gradient.len(), student.len() * student.columns())?;
            if D::Generator::REDUCTION == Reduction::Max {
                return Err(Error::NotDifferentiable);
            }
        }
        let (level, columns) = (Level::new(), student.columns());
        in_pieces(
            [columns; 2],
            values,
            [&mut [], gradient.unwrap_or(&mut [])],
            List::default,
            |list: &mut List<T::Real>, piece| {
                let Piece { first, values, to_q: to, .. } = piece;
                for (row, value) in (first..).zip(values) {
                    let part = rows_of(to, columns, row - first, 1);
                    part.fill(T::rounded(0.0));
                    *value = 0.0;
                    if let Some(factor) = self.settings.factor(row) {
                        list.read(self.ids.row(row), self.logs.row(row), row, columns)?;
                        *value =
                            self.row(level, divergence, list, student.row(row), factor, part).map_err(|error| {
                                match error {
                                    Error::Row { reason, .. } => reason.at(row, row),
                                    other => other,
                                }
                            })?;
                    }
                }
                Ok(())
            },
        )
    }

    fn row<D: Divergence>(
        &self,
        level: Level,
        divergence: D,
        list: &mut List<T::Real>,
        student: &[T],
        factor: f64,
        to: &mut [T],
    ) -> Result<f64, Error> {
        let of_row = |reason: RowError| reason.at(0, 0);
        let rest = match self.remainder {
            Remainder::Renormalise => LogMass::IDENTITY,
            _ => side::mass_without(level, student, &list.ids, self.settings.temperature, &mut list.block)
                .map_err(of_row)?,
        };
        list.face(student, &rest, self.settings.temperature).map_err(of_row)?;
        let k = list.ids.len();
        if self.remainder != Remainder::Renormalise {
            list.p.push(ln_rest(&list.p, T::Real::LIMITS.digits));
            list.q.push(if rest.max == f64::NEG_INFINITY {
                rest.max
            } else {
                let frame = side::frame::<T>(&rest, self.settings.temperature);
                frame.offset + (frame.reference - list.top) * self.settings.temperature.inverse
            });
        }
        let wanted = !to.is_empty();
        list.slopes.clear();
        list.slopes.resize(if wanted { list.p.len() } else { 0 }, 0.0);
        let factor = factor * self.settings.temperature.inverse;
        let value = if self.remainder == Remainder::Truncate {
            list.truncated(level, divergence, k, factor).map_err(of_row)?
        } else {
            let List { p, q, slopes, work, .. } = &mut *list;
            let keep = row::keeps::<D>(wanted);
            let row = Row::new(level, (p, q), Temperature::ONE, &mut work[0], keep).map_err(of_row)?;
            row.value_and_gradient(divergence, factor, &mut [], slopes)?
        };
        if let Some(&slope) = list.slopes.get(k)
            && rest.max > f64::NEG_INFINITY
        {
            side::add_softmax(level, student, &rest, self.settings.temperature, slope, to, &mut list.block);
        }
        if wanted {
            for (&id, &slope) in list.ids.iter().zip(&list.slopes) {
                to[id] = T::rounded(slope);
            }
        }
        Ok(value)
    }
}

/// One row's list, in the order of its ids, and what it comes to.
#[derive(Default)]
struct List<R: Precision> {
    entries: Vec<(usize, f64)>,
    ids: Vec<usize>,
    /// Log-probabilities of the teacher.
    p: Vec<f64>,
    /// Logits of the student over the temperature, less the largest.
    q: Vec<f64>,
    /// That.
    top: f64,
    slopes: Vec<f64>,
    /// Of the list, and of the rest.
    work: [Workspace<f64>; 2],
    block: side::Block<R>,
}

impl<R: Precision> List<R> {
    fn read<T: Logit>(&mut self, ids: &[u32], logs: &[T], row: usize, categories: usize) -> Result<(), Error> {
        self.entries.clear();
        for (index, (&id, &log)) in ids.iter().zip(logs).enumerate() {
            let log = log.into();
            if log.is_nan() || log == f64::INFINITY {
                return Err(RowError::NotFinite { side: Side::P, index }.at(row, row));
            }
            if log == f64::NEG_INFINITY {
                continue;
            }
            match usize::try_from(id) {
                Ok(id) if id < categories => self.entries.push((id, log)),
                _ => return Err(Error::NoCategory { row, category: i64::from(id), categories }),
            }
        }
        self.entries.sort_unstable_by_key(|entry| entry.0);
        if let Some(&[(category, _), _]) = self.entries.array_windows().find(|[one, next]| one.0 == next.0) {
            return Err(Error::Repeated { row, category });
        }
        if self.entries.is_empty() {
            return Err(RowError::ZeroMass { side: Side::P }.at(row, row));
        }
        self.ids.clear();
        self.p.clear();
        self.ids.extend(self.entries.iter().map(|entry| entry.0));
        self.p.extend(self.entries.iter().map(|entry| entry.1));
        Ok(())
    }

    /// The student's side.
    fn face<T: Logit>(&mut self, student: &[T], rest: &LogMass, temperature: Temperature) -> Result<(), RowError> {
        self.top = rest.max;
        for &index in &self.ids {
            let logit = student[index].into();
            if logit.is_nan() || logit == f64::INFINITY {
                return Err(RowError::NotFinite { side: Side::Q, index });
            }
            self.top = self.top.max(logit);
        }
        if self.top == f64::NEG_INFINITY {
            return Err(RowError::ZeroMass { side: Side::Q });
        }
        self.q.clear();
        self.q.extend(self.ids.iter().map(|&id| (student[id].into() - self.top) * temperature.inverse));
        Ok(())
    }

    /// The terms of the first k categories in the frame of all, and their slopes times `factor`.
    fn truncated<D: Divergence>(
        &mut self,
        level: Level,
        divergence: D,
        k: usize,
        factor: f64,
    ) -> Result<f64, RowError> {
        let ((p, p_rest), (q, q_rest)) = (self.p.split_at(k), self.q.split_at(k));
        let part = |p, q| Part { level, p, q, temperature: Temperature::ONE };
        let (listed, rest) = (part(p, q), part(p_rest, q_rest));
        let [of_list, of_rest] = &mut self.work;
        let mass = listed.scan(of_list, true)?.merge(rest.scan(of_rest, true)?);
        let mut frame = row::frame::<f64>(mass, Temperature::ONE)?.of_a_part();
        let (generator, wanted) = (divergence.generator(), [false, !self.slopes.is_empty()]);
        let terms = loop {
            let terms = listed.terms(generator, &frame, of_list, wanted);
            match frame.refined(divergence, &terms.merge(rest.terms(generator, &frame, of_rest, [false; 2]))) {
                Some(better) => frame = better,
                // What is on one side alone is known by its mass: not all of either is in the list.
                None => break Terms { common: true, ..terms },
            }
        };
        let value = divergence.finish(terms.value(generator));
        if let Some((of_rest, slopes)) = self.slopes.split_last_mut() {
            let chain = Chain::of(divergence, &frame, &terms, value, factor);
            listed.gradient(&chain, &frame, of_list, (&mut [], &mut *slopes));
            // Adding a number to all logits changes nothing.
            *of_rest = -slopes.iter().fold(Sum::ZERO, |sum, &slope| sum + slope).value();
        }
        Ok(value)
    }
}

/// ln(1 − Σ p), from logarithms with significands of `digits` bits; −∞ where that is no more than their rounding.
///
/// 1 less the largest p is taken without cancellation.
fn ln_rest(logs: &[f64], digits: u32) -> f64 {
    let largest = logs.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
    let Some((at, largest)) = largest else { return 0.0 };
    let mut rest = Sum::from(-exp_m1(largest));
    let (mut others, mut lost) = (0.0, exp(largest) * largest.abs());
    for (_, &log) in logs.iter().enumerate().filter(|(i, _)| *i != at) {
        let p = exp(log);
        rest = rest + -p;
        others += p;
        lost += p * log.abs();
    }
    let rounding = lost * (1.0 - f64::from(digits)).exp2() + others * f64::EPSILON;
    if rest.value() <= rounding { f64::NEG_INFINITY } else { rest.value().ln() }
}
