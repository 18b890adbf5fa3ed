use super::{Merge, Sum};

/// The total of exponentials `Σ eˣ`, kept as `e^max · Σ e^(x − max)` so that it neither overflows nor vanishes.
///
/// The online log-sum-exp (M. Milakov, N. Gimelshein, *Online normalizer calculation for softmax*, 2018).
///
/// ```
/// use kullback::state::{LogMass, Merge};
/// let both = LogMass::of(&[1000.0]).merge(LogMass::of(&[1000.0]));
/// assert_eq!(both.ln(), 1000.0 + 2f64.ln());
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C)]
pub struct LogMass {
    /// The largest exponent seen; −∞ when nothing was.
    pub max: f64,
    /// Σ e^(x − max).
    pub sum: Sum,
}

impl LogMass {
    /// The total of a slice; entries of −∞ count as zero mass.
    #[must_use]
    pub fn of(logs: &[f64]) -> Self {
        let mut max = f64::NEG_INFINITY;
        for &x in logs {
            max = max.max(x);
        }
        let mut sum = Sum::ZERO;
        if max > f64::NEG_INFINITY {
            for &x in logs {
                sum = sum + crate::num::exp_log::exp(x - max);
            }
        }
        Self { max, sum }
    }

    /// ln Σ eˣ; −∞ for an empty total.
    #[must_use]
    pub fn ln(self) -> f64 {
        self.max + crate::num::exp_log::ln(self.sum.value())
    }
}

impl Merge for LogMass {
    const IDENTITY: Self = Self { max: f64::NEG_INFINITY, sum: Sum::ZERO };
    fn merge(self, other: Self) -> Self {
        let (big, small) = if self.max >= other.max { (self, other) } else { (other, self) };
        if small.max == f64::NEG_INFINITY {
            return big;
        }
        let scale = crate::num::exp_log::exp(small.max - big.max);
        Self { max: big.max, sum: big.sum + small.sum.value() * scale }
    }
}
