use crate::num::sum::Sum;

/// How the values of a batch become one number. (How the *terms* of one divergence are combined is
/// [`divergence::Reduction`](crate::divergence::Reduction), another matter.)
///
/// There is no `None`: what torch calls so is the method `forward_into` of each loss. Nothing to reduce makes 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reduction {
    /// The sum.
    Sum,
    /// The sum over the number of what counts: of elements for [`KlDivLoss`](super::KlDivLoss), of rows that are not
    /// ignored for losses of rows.
    Mean,
    /// The sum over the size of the leading dimension: given as `batch` for [`KlDivLoss`](super::KlDivLoss), all rows,
    /// ignored or not, for losses of rows.
    BatchMean,
}

impl Reduction {
    /// What the sum is multiplied by; 0 where there is nothing.
    pub(super) fn factor(self, counted: usize, leading: usize) -> f64 {
        match self.divisor(counted, leading) {
            0 => 0.0,
            n => 1.0 / n as f64,
        }
    }

    /// What the sum is divided by.
    pub(super) fn divisor(self, counted: usize, leading: usize) -> usize {
        match self {
            Self::Sum => 1,
            Self::Mean => counted,
            Self::BatchMean => leading,
        }
    }

    /// The reduced value.
    pub(super) fn reduced(self, values: &[f64], counted: usize) -> f64 {
        let sum = values.iter().fold(Sum::ZERO, |sum, &value| sum + value).value();
        match self.divisor(counted, values.len()) {
            0 => 0.0,
            n => sum / n as f64,
        }
    }
}
