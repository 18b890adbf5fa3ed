//! Cross-entropy with labels.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use crate::attach::filled;

use super::number::Tape;
use super::softmax::Softmax;
use super::{sums, without};

/// Below it a label's probability is so near 1 that the logarithm is taken of what the others have.
const LIKELY: f64 = 0.1;

/// Rows of the student at temperature 1, against the label of each.
pub(super) struct Surprise<'t, const DIGITS: u32> {
    tape: &'t Tape,
    student: Softmax,
    /// 1 at the label, 0 elsewhere.
    label: Tensor<2>,
}

/// What is read of a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Read {
    /// Σ eˣ, x being logits less the largest.
    sum: f64,
    /// The same without the label.
    others: f64,
    /// x of the label; 0, that of the likeliest, where the label is masked.
    pivot: f64,
    masked: bool,
    /// Entries that are not masked, and how much the pivot's logit exceeds theirs, in all.
    count: f64,
    excess: f64,
}

/// What the entries of a row are multiplied by for the gradient.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Slope {
    of_softmax: f64,
    of_each: f64,
    at_label: f64,
    /// 0 where the label's entry is `at_label` alone, 1 where it is like the others.
    keep: f64,
}

impl<'t, const DIGITS: u32> Surprise<'t, DIGITS> {
    pub(super) fn new(tape: &'t Tape, student: Tensor<2>, labels: &[Option<usize>], device: &Device) -> Self {
        let [rows, columns] = student.dims();
        let numbers: Vec<i64> = labels.iter().map(|label| label.map_or(-1, |label| label as i64)).collect();
        let labels = Tensor::<2, Int>::from_data(TensorData::new(numbers, [rows, 1]), device);
        let places = Tensor::<1, Int>::arange(0..columns as i64, device).reshape([1, columns]);
        let dtype = student.dtype();
        let label = places.expand([rows, columns]).equal(labels.expand([rows, columns])).float().cast(dtype);
        Self { tape, student: Softmax::new::<DIGITS>(tape, student, 1.0), label }
    }

    /// What is to be read of each row.
    pub(super) fn read(&self) -> Vec<Tensor<2>> {
        let Softmax { masked, relative, weights, sum, .. } = &self.student;
        let elsewhere = self.label.clone().equal_elem(0.0);
        let there = masked.clone().bool_not();
        let at = without(relative.clone(), &elsewhere.clone().bool_or(masked.clone()));
        let pivot = sums(at);
        let dtype = weights.dtype();
        let excess = self.tape.number::<DIGITS>(pivot.clone()) - self.tape.number(relative.clone());
        vec![
            sum.clone(),
            sums(without(weights.clone(), &elsewhere.clone().bool_not())),
            pivot,
            sums(without(masked.clone().float().cast(dtype), &elsewhere)),
            sums(there.float().cast(dtype)),
            sums(without(excess.tensor(), masked)),
        ]
    }

    /// The gradient.
    pub(super) fn gradient(&self, slopes: &[Slope], device: &Device, dtype: DType) -> Tensor<2> {
        let column = |of: fn(&Slope) -> f64| filled(slopes.iter().map(of).collect(), [slopes.len(), 1], device, dtype);
        let all = self.student.probabilities() * column(|slope| slope.of_softmax) + column(|slope| slope.of_each);
        let all = without(all, &self.student.masked);
        let kept = self.label.clone() * (column(|slope| 1.0 - slope.keep));
        all.clone() - all * kept + self.label.clone() * column(|slope| slope.at_label)
    }
}

impl Read {
    pub(super) fn new(numbers: &[f64]) -> Self {
        let [sum, others, pivot, masked, count, excess] = core::array::from_fn(|i| numbers[i]);
        Self { sum, others, pivot, masked: masked > 0.0, count, excess }
    }

    /// The cross-entropy with this smoothing, and the slopes of `factor` times it.
    pub(super) fn surprise(self, smoothing: f64, factor: f64) -> (f64, Slope) {
        let Self { sum, others, pivot, masked, count, excess } = self;
        let far = sum.ln() - pivot;
        let ln = if far < LIKELY && !masked { (others * (-pivot).exp()).ln_1p() } else { far };
        let spread = if smoothing > 0.0 { smoothing / count } else { 0.0 };
        let value = if masked && smoothing < 1.0 { f64::INFINITY } else { ln + spread * excess };
        let slope = match masked {
            // A masked label has no gradient; what is left is that of the smoothing.
            true => Slope { of_softmax: factor * smoothing, of_each: -factor * spread, at_label: 0.0, keep: 1.0 },
            false => Slope {
                of_softmax: factor,
                of_each: -factor * spread,
                at_label: factor * (smoothing - spread + (-ln).exp_m1()),
                keep: 0.0,
            },
        };
        (value, slope)
    }
}
