use crate::discrete::Rows;
use crate::divergence::Divergence;
use crate::logits::{Logit, LogitRows, Piece, in_pieces, rows_of, shape, side, wanted};
use crate::num::simd::Level;
use crate::{Error, Measure};

use super::Reduction;
use super::labels::{Labels, surprise};
use super::parameter::unit_interval;

/// What can be distilled with: a [`Divergence`], or a [`Measure`] named at run time.
pub trait Objective: Copy + Send + Sync {
    /// As [`LogitRows::values_and_gradients_into`].
    ///
    /// # Errors
    /// As there.
    fn run<T: Logit>(
        self,
        rows: &LogitRows<'_, T>,
        values: &mut [f64],
        by_p: Option<&mut [T]>,
        by_q: Option<&mut [T]>,
    ) -> Result<(), Error>;
}

impl<D: Divergence> Objective for D {
    fn run<T: Logit>(
        self,
        rows: &LogitRows<'_, T>,
        values: &mut [f64],
        by_p: Option<&mut [T]>,
        by_q: Option<&mut [T]>,
    ) -> Result<(), Error> {
        rows.values_and_gradients_into(self, values, by_p, by_q)
    }
}

impl Objective for Measure {
    fn run<T: Logit>(
        self,
        rows: &LogitRows<'_, T>,
        values: &mut [f64],
        by_p: Option<&mut [T]>,
        by_q: Option<&mut [T]>,
    ) -> Result<(), Error> {
        rows.measure_into(self, values, by_p, by_q)
    }
}

/// Distillation of a teacher (P, logits t) into a student (Q, logits s): for each row
/// `α·CE(label, softmax(s)) + (1 − α)·[T²]·D(softmax(t/T) ‖ softmax(s/T))`, in the divergence's unit.
///
/// (G. Hinton, O. Vinyals, J. Dean, *Distilling the knowledge in a neural network*, 2015.) Logits of −∞ are masked
/// entries, and so are the tokens that the shorter vocabulary lacks. Rows whose label is `ignore_index` are not looked
/// at: value and gradient are 0. Where no row counts, every reduction is 0.
///
/// Blocks of rows are read, measured and differentiated while in cache, on rayon's current pool (feature `rayon`); the
/// bits do not depend on its size. Besides the caller's gradient only a few numbers a row are kept.
///
/// ```
/// use kullback::{Distillation, JensenShannon, Rows};
/// let teacher = [2.0f32, 1.0, 0.0, 5.0, 5.0, 5.0];
/// let student = [1.0f32, 1.0, 1.0, 0.0, 1.0, 2.0];
/// let loss = Distillation { scale_t2: true, hard_label_weight: 0.3, ..Distillation::new(JensenShannon::HALF, 2.0) };
/// let mut gradient = [0.0f32; 6];
/// let (teacher, student) = (Rows::new(&teacher, 3)?, Rows::new(&student, 3)?);
/// let value = loss.value_and_gradient_into(teacher, student, Some(&[0, -100]), &mut gradient)?;
/// assert!(value > 0.0 && gradient[0] < 0.0 && gradient[3..] == [0.0; 3]);
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distillation<D> {
    /// D.
    pub divergence: D,
    /// T: what both sides' logits are divided by, in D alone. Above 0.
    pub temperature: f64,
    /// Whether D is multiplied by T², so that gradients keep their size.
    pub scale_t2: bool,
    /// α, from 0 to 1.
    pub hard_label_weight: f64,
    /// ε of the labels' cross-entropy; see [`CrossEntropyLoss`](super::CrossEntropyLoss).
    pub label_smoothing: f64,
    /// The label of rows that do not count.
    pub ignore_index: Option<i64>,
    /// How rows become one number.
    pub reduction: Reduction,
}

impl<D: Objective> Distillation<D> {
    /// D at this temperature alone: no T², no labels' part; −100 is ignored, and the mean is over the rows that count.
    #[must_use]
    pub const fn new(divergence: D, temperature: f64) -> Self {
        Self {
            divergence,
            temperature,
            scale_t2: false,
            hard_label_weight: 0.0,
            label_smoothing: 0.0,
            ignore_index: Some(super::IGNORED),
            reduction: Reduction::Mean,
        }
    }

    /// The loss. Without labels all rows count.
    ///
    /// # Errors
    /// As [`LogitRows::new`] and [`LogitRows::values_and_gradients_into`]; [`Error::Shape`] unless there is a label for
    /// each row, [`Error::NoCategory`] for a label that is no column of the student; [`Error::Parameter`] for a
    /// parameter out of range, or a part of labels that are not there.
    pub fn forward<T: Logit>(
        &self,
        teacher: Rows<'_, T>,
        student: Rows<'_, T>,
        labels: Option<&[i64]>,
    ) -> Result<f64, Error> {
        self.value_and_gradients_into(teacher, student, labels, None, None)
    }

    /// What the value of each row counts in the loss, 0 where it does not: for rows that are measured elsewhere, each
    /// `α·CE + (1 − α)·[T²]·D`.
    ///
    /// ```
    /// use kullback::{Distillation, Kl};
    /// let loss = Distillation::new(Kl, 1.0);
    /// assert_eq!(loss.row_weights(Some(&[2, -100, 0]), 3, 4)?, [0.5, 0.0, 0.5]);
    /// # Ok::<(), kullback::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`forward`](Distillation::forward), but for what is wrong with logits.
    pub fn row_weights(&self, labels: Option<&[i64]>, rows: usize, categories: usize) -> Result<Vec<f64>, Error> {
        let nothing: &[f64] = &[];
        let none = Rows::new(nothing, categories)?;
        self.checked(labels.is_some())?;
        LogitRows::new(none, none)?.with_temperature(self.temperature)?;
        let labels = Labels::new(labels, self.ignore_index, rows, categories)?;
        let factor = self.reduction.factor(labels.counted(rows), rows);
        Ok((0..rows).map(|row| if labels.counts(row) { factor } else { 0.0 }).collect())
    }

    /// α and the smoothing, if they are in range.
    fn checked(&self, labels_given: bool) -> Result<[f64; 2], Error> {
        let alpha = unit_interval("hard_label_weight", self.hard_label_weight)?;
        let smoothing = unit_interval("label_smoothing", self.label_smoothing)?;
        if alpha > 0.0 && !labels_given {
            return Err(Error::Parameter { name: "hard_label_weight", value: alpha, expected: "0 without labels" });
        }
        Ok([alpha, smoothing])
    }

    /// The value of each row, 0 where it does not count.
    ///
    /// # Errors
    /// As [`forward`](Distillation::forward), and [`Error::Shape`] for a buffer of another length.
    pub fn forward_into<T: Logit>(
        &self,
        teacher: Rows<'_, T>,
        student: Rows<'_, T>,
        labels: Option<&[i64]>,
        values: &mut [f64],
    ) -> Result<(), Error> {
        shape(values.len(), student.len())?;
        let labels = Labels::new(labels, self.ignore_index, student.len(), student.columns())?;
        self.rows([teacher, student], labels, 1.0, values, [&mut [], &mut []])
    }

    /// The loss, and its gradient for the student's logits.
    ///
    /// # Errors
    /// As [`forward`](Distillation::forward), and [`Error::Shape`] for a buffer of another length.
    pub fn value_and_gradient_into<T: Logit>(
        &self,
        teacher: Rows<'_, T>,
        student: Rows<'_, T>,
        labels: Option<&[i64]>,
        by_student: &mut [T],
    ) -> Result<f64, Error> {
        self.value_and_gradients_into(teacher, student, labels, None, Some(by_student))
    }

    /// The loss, and its gradients for the logits of the teacher and of the student where they are wanted.
    ///
    /// # Errors
    /// As [`forward`](Distillation::forward), and [`Error::Shape`] for a buffer of another length.
    pub fn value_and_gradients_into<T: Logit>(
        &self,
        teacher: Rows<'_, T>,
        student: Rows<'_, T>,
        labels: Option<&[i64]>,
        by_teacher: Option<&mut [T]>,
        by_student: Option<&mut [T]>,
    ) -> Result<f64, Error> {
        for (to, rows) in [(&by_teacher, teacher), (&by_student, student)] {
            if let Some(to) = to {
                shape(to.len(), rows.len() * rows.columns())?;
            }
        }
        let labels = Labels::new(labels, self.ignore_index, student.len(), student.columns())?;
        let counted = labels.counted(student.len());
        let factor = self.reduction.factor(counted, student.len());
        let mut values = vec![0.0; student.len()];
        let to = [by_teacher.unwrap_or(&mut []), by_student.unwrap_or(&mut [])];
        self.rows([teacher, student], labels, factor, &mut values, to)?;
        Ok(self.reduction.reduced(&values, counted))
    }

    fn rows<T: Logit>(
        &self,
        [teacher, student]: [Rows<'_, T>; 2],
        labels: Labels<'_>,
        factor: f64,
        values: &mut [f64],
        to: [&mut [T]; 2],
    ) -> Result<(), Error> {
        let [alpha, smoothing] = self.checked(labels.given())?;
        // Refused here, lest a batch without rows let something pass.
        LogitRows::new(teacher, student)?.with_temperature(self.temperature)?;
        let soft = (1.0 - alpha) * if self.scale_t2 { self.temperature * self.temperature } else { 1.0 };
        let weights: Vec<f64> = (0..student.len()).map(|row| if labels.counts(row) { soft } else { 0.0 }).collect();
        let level = Level::new();
        let columns = [teacher.columns(), student.columns()];

        in_pieces(columns, values, to, side::Block::default, |block, piece| {
            let Piece { first, values, to_p, to_q: to } = piece;
            let n = values.len();
            let weights = weights.get(first..first + n).unwrap_or_default();
            let rows = LogitRows::new(teacher.part(first, n), student.part(first, n))?
                .with_temperature(self.temperature)?
                .with_weights(weights)?
                .with_scale(factor);
            // As many rows as one piece has are measured on this thread.
            let measured = self.divergence.run(&rows, values, wanted(to_p), wanted(to));
            measured.map_err(|error| error.of_rows_from(first))?;
            for ((row, value), weight) in (first..).zip(values).zip(weights) {
                let part = rows_of(to, columns[1], row - first, 1);
                *value *= weight;
                if let (true, Some(label)) = (alpha > 0.0, labels.get(row)) {
                    let hard = surprise(level, student.row(row), label, smoothing, alpha * factor, part, block);
                    *value += alpha * hard.map_err(|reason| reason.at(row, row))?;
                }
            }
            Ok(())
        })
    }
}
