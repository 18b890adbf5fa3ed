use crate::Error;
use crate::discrete::Rows;
use crate::divergence::CrossEntropy;
use crate::logits::{Logit, LogitRows, Piece, in_pieces, rows_of, shape, side};
use crate::num::simd::Level;

use super::Reduction;
use super::labels::{Labels, surprise};
use super::parameter::unit_interval;

/// The cross-entropy of labels, −ln softmax(b)_label, from logits; in nats, in [0, +∞].
///
/// With label smoothing ε it is that of the distribution (1 − ε) δ_label + ε/K over the K entries that are not masked
/// (C. Szegedy et al., *Rethinking the Inception architecture*, 2016); torch's `label_smoothing` where nothing is
/// masked. Its gradient is softmax(b) less that distribution. A masked logit (−∞) has gradient 0; a masked label makes
/// the value +∞, and the gradient is that of its finite part.
///
/// A small value keeps its digits: it is ln(1 + Σ e^(b_i − b_label)) over the others.
///
/// ```
/// use kullback::{CrossEntropyLoss, Rows};
/// let logits = [2.0f32, 0.0, 0.0, 1.0, 1.0, 1.0];
/// let mut gradient = [0.0f32; 6];
/// let loss = CrossEntropyLoss::default();
/// let value = loss.value_and_gradient_into(Rows::new(&logits, 3)?, &[0, -100], &mut gradient)?;
/// assert!((value - (1.0 + 2.0 * (-2f64).exp()).ln()).abs() < 1e-7);
/// assert!(gradient[0] < 0.0 && gradient[3..] == [0.0; 3]);
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CrossEntropyLoss {
    /// ε, from 0 to 1.
    pub label_smoothing: f64,
    /// The label of rows that do not count: their values and gradients are 0, and they are not looked at.
    pub ignore_index: Option<i64>,
    /// How rows become one number.
    pub reduction: Reduction,
}

impl Default for CrossEntropyLoss {
    /// torch's: no smoothing, −100 is ignored, the mean of the rows that count.
    fn default() -> Self {
        Self { label_smoothing: 0.0, ignore_index: Some(super::IGNORED), reduction: Reduction::Mean }
    }
}

impl CrossEntropyLoss {
    /// The loss; 0 where no row counts.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there is a label for each row, [`Error::NoCategory`] for a label that is no column,
    /// [`Error::Row`] for a row with a NaN or +∞ or with nothing but −∞, [`Error::Parameter`] for ε out of range.
    pub fn forward<T: Logit>(&self, logits: Rows<'_, T>, labels: &[i64]) -> Result<f64, Error> {
        self.reduced(logits, labels, &mut [])
    }

    /// The value of each row, 0 where it does not count: torch's `reduction='none'`.
    ///
    /// # Errors
    /// As [`forward`](CrossEntropyLoss::forward), and [`Error::Shape`] for a buffer of another length.
    pub fn forward_into<T: Logit>(&self, logits: Rows<'_, T>, labels: &[i64], values: &mut [f64]) -> Result<(), Error> {
        shape(values.len(), logits.len())?;
        let labels = Labels::new(Some(labels), self.ignore_index, logits.len(), logits.columns())?;
        self.rows(logits, labels, 1.0, values, &mut [])
    }

    /// The loss, and its gradient for the logits.
    ///
    /// # Errors
    /// As [`forward`](CrossEntropyLoss::forward), and [`Error::Shape`] for a buffer of another length.
    pub fn value_and_gradient_into<T: Logit>(
        &self,
        logits: Rows<'_, T>,
        labels: &[i64],
        gradient: &mut [T],
    ) -> Result<f64, Error> {
        shape(gradient.len(), logits.len() * logits.columns())?;
        self.reduced(logits, labels, gradient)
    }

    fn reduced<T: Logit>(&self, logits: Rows<'_, T>, labels: &[i64], to: &mut [T]) -> Result<f64, Error> {
        let labels = Labels::new(Some(labels), self.ignore_index, logits.len(), logits.columns())?;
        let counted = labels.counted(logits.len());
        let mut values = vec![0.0; logits.len()];
        self.rows(logits, labels, self.reduction.factor(counted, logits.len()), &mut values, to)?;
        Ok(self.reduction.reduced(&values, counted))
    }

    fn rows<T: Logit>(
        &self,
        logits: Rows<'_, T>,
        labels: Labels<'_>,
        factor: f64,
        values: &mut [f64],
        to: &mut [T],
    ) -> Result<(), Error> {
        let smoothing = unit_interval("label_smoothing", self.label_smoothing)?;
        let (level, columns) = (Level::new(), logits.columns());
        in_pieces([columns; 2], values, [&mut [], to], side::Block::default, |block, piece| {
            let Piece { first, values, to_q: to, .. } = piece;
            for (row, value) in (first..).zip(values) {
                let part = rows_of(to, columns, row - first, 1);
                part.fill(T::rounded(0.0));
                *value = match labels.get(row) {
                    None => 0.0,
                    Some(label) => surprise(level, logits.row(row), label, smoothing, factor, part, block)
                        .map_err(|reason| reason.at(row, row))?,
                };
            }
            Ok(())
        })
    }
}

/// The cross-entropy `H(P, Q) = −Σ p ln q` of each row, P and Q the softmaxes of `a/T` and `b/T`; in nats, in [0, +∞].
/// The gradients of the sum of rows are written for `a` and `b` where they are wanted.
///
/// `H(P, Q) = H(P) + D(P‖Q)`: for `b` the gradient is that of [`Kl`](crate::Kl), (q − p)/T. For weights, scales and
/// buffers, hand [`CrossEntropy`] to [`LogitRows`].
///
/// ```
/// use kullback::{Rows, loss};
/// let (p, q) = ([0.0, 0.0], [0.0, 3f64.ln()]);
/// let mut by_q = [0.0; 2];
/// let (p, q) = (Rows::new(&p, 2)?, Rows::new(&q, 2)?);
/// let values = loss::cross_entropy_from_logits(p, q, 1.0, None, Some(&mut by_q))?;
/// assert!((values[0] - (16f64 / 3.0).ln() / 2.0).abs() < 1e-15);
/// assert!((by_q[1] - 0.25).abs() < 1e-15);
/// # Ok::<(), kullback::Error>(())
/// ```
///
/// # Errors
/// As [`LogitRows::values_and_gradients_into`].
pub fn cross_entropy_from_logits<T: Logit>(
    a: Rows<'_, T>,
    b: Rows<'_, T>,
    temperature: f64,
    by_a: Option<&mut [T]>,
    by_b: Option<&mut [T]>,
) -> Result<Vec<f64>, Error> {
    let mut values = vec![0.0; a.len()];
    let rows = LogitRows::new(a, b)?.with_temperature(temperature)?;
    rows.values_and_gradients_into(CrossEntropy, &mut values, by_a, by_b)?;
    Ok(values)
}

/// The entropy `H(P) = −Σ p ln p` of each row, P the softmax of `b/T`; in nats, in [0, ln n]. The gradient of the sum
/// of rows, −p (ln p + H)/T, is written where it is wanted.
///
/// ```
/// use kullback::{Rows, loss};
/// let mut gradient = [0.0; 2];
/// let logits = [0.0, f64::NEG_INFINITY, 1.0, 1.0];
/// let values = loss::entropy_from_logits(Rows::new(&logits, 2)?, 1.0, None)?;
/// assert!(values[0] == 0.0 && (values[1] - 2f64.ln()).abs() < 1e-15);
/// # Ok::<(), kullback::Error>(())
/// ```
///
/// # Errors
/// As [`LogitRows::values_and_gradients_into`].
pub fn entropy_from_logits<T: Logit>(
    logits: Rows<'_, T>,
    temperature: f64,
    gradient: Option<&mut [T]>,
) -> Result<Vec<f64>, Error> {
    // H(P) = H(P, P), whose slope for the second argument is p − p.
    cross_entropy_from_logits(logits, logits, temperature, gradient, None)
}
