//! Log-probabilities and targets, element by element.

use burn::tensor::{DType, Tensor};
use kullback::Error;

use super::number::Tape;
use super::{common, plain, read, sums, without};

/// The value of each element, and its derivatives for prediction and target.
pub(crate) struct Elements {
    pub(crate) values: Tensor<2>,
    pub(crate) by_prediction: Tensor<2>,
    pub(crate) by_target: Tensor<2>,
}

impl Elements {
    /// `None` where an element is refused, and it is for the kernels to say why.
    pub(crate) fn new<const D: usize>(
        predictions: &Tensor<D>,
        targets: &Tensor<D>,
        log_target: bool,
    ) -> Result<Option<Self>, Error> {
        let (columns, others) = (predictions.shape().num_elements(), targets.shape().num_elements());
        if columns != others {
            return Err(Error::LengthMismatch { p: others, q: columns });
        }
        let dtype = common(&[predictions, targets]);
        let [x, y] = [predictions, targets].map(|side| plain(&side.clone().cast(dtype), columns));
        Ok(match dtype {
            DType::F64 => Self::of::<53>(x, y, log_target),
            _ => Self::of::<24>(x, y, log_target),
        })
    }

    fn of<const DIGITS: u32>(x: Tensor<2>, y: Tensor<2>, log_target: bool) -> Option<Self> {
        let infinity = f64::INFINITY;
        let least = if log_target { -infinity } else { 0.0 };
        let fits = x.clone().lower_elem(infinity).bool_and(y.clone().lower_elem(infinity));
        let fits = fits.bool_and(y.clone().greater_equal_elem(least));
        if read(sums(fits.bool_not().float())) != [0.0] {
            return None;
        }
        let tape = Tape::new(&x.device(), x.dtype());
        let (weights, logarithms) = if log_target { (y.clone().exp(), y) } else { (y.clone(), y.log()) };
        // Where there is no weight nothing counts, whatever is predicted.
        let nothing = weights.clone().equal_elem(0.0);
        let number = |x: Tensor<2>| tape.number::<DIGITS>(without(x, &nothing));
        let (weight, difference) = (number(weights.clone()), number(logarithms) - number(x));
        let slope = difference + 1.0;
        let by_target = if log_target { weight * slope } else { slope };
        Some(Self {
            values: (weight * difference).tensor(),
            by_prediction: (-weight).tensor(),
            by_target: without(by_target.tensor(), &nothing),
        })
    }

    /// The sum of all values, and of both derivatives times 1/divisor.
    pub(crate) fn scaled(self, divisor: f64) -> (f64, [Tensor<2>; 2]) {
        let sum = read(sums(self.values)).iter().sum::<f64>() / divisor;
        let tape = Tape::new(&self.by_target.device(), self.by_target.dtype());
        let scaled = [self.by_prediction, self.by_target].map(|x| (tape.number::<53>(x) * (1.0 / divisor)).tensor());
        (sum, scaled)
    }
}
