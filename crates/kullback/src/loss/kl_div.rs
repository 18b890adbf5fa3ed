use core::ops::RangeInclusive;

use crate::logits::{Logit, shape};
use crate::num::sum::Sum;
use crate::{Error, Side};

use super::Reduction;

/// torch's `nn.KLDivLoss`: Σ y (ln y − x) over elements, where `input` x holds log-probabilities of the model (Q) and
/// `target` y probabilities of the truth (P), or their logarithms; in nats. Mind the order of the arguments, which is
/// torch's: the input comes first.
///
/// The arithmetic is torch's, `y ln y − y x` or `e^y (y − x)`, in double precision with a compensated sum. Nothing is
/// normalised, so a value may be negative, and where Q is near P the digits cancel: from logits,
/// [`Distillation`](super::Distillation) and [`LogitRows`](crate::logits::LogitRows) do better.
///
/// Gradients: ∂/∂x = −y and ∂/∂y = ln y + 1 − x, or −e^y and e^y (y − x + 1).
///
/// | case | value | ∂/∂input | ∂/∂target | torch, and `strict_torch` |
/// |---|---|---|---|---|
/// | y = 0, x finite | 0 | 0 | 0 | ∂/∂target NaN |
/// | y = 0, x = −∞ | 0 | 0 | 0 | value and ∂/∂target NaN |
/// | y > 0, x = −∞ | +∞ | −y | +∞ | the same |
/// | y < 0 | error | | | value and ∂/∂target NaN |
/// | log-target y = −∞, any x | 0 | 0 | 0 | value and ∂/∂target NaN |
/// | NaN; x = +∞; y = +∞ | error | | | NaN or ∓∞ |
/// | no elements | 0 | | | a mean is NaN |
///
/// ```
/// use kullback::KlDivLoss;
/// use kullback::loss::Reduction;
/// let (input, target) = ([0.25f32.ln(), 0.75f32.ln(), 0.0, f32::NEG_INFINITY], [0.5f32, 0.5, 1.0, 0.0]);
/// let loss = KlDivLoss::new(Reduction::BatchMean).forward(&input, &target, 2)?;
/// assert!((loss - (4f64 / 3.0).ln() / 4.0).abs() < 1e-7);
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KlDivLoss {
    /// How elements become one number. torch's default is [`Reduction::Mean`]; what the mathematics asks for is
    /// [`Reduction::BatchMean`].
    pub reduction: Reduction,
    /// Whether targets are log-probabilities.
    pub log_target: bool,
    /// Whether torch's NaN are wanted where the table differs; nothing is refused then.
    pub strict_torch: bool,
}

/// What one element comes to.
struct Element {
    value: f64,
    by_input: f64,
    by_target: f64,
}

impl KlDivLoss {
    /// Targets are probabilities, and the results those of the table.
    #[must_use]
    pub const fn new(reduction: Reduction) -> Self {
        Self { reduction, log_target: false, strict_torch: false }
    }

    /// The loss. `batch` is the size of the leading dimension of a tensor of any rank: for `B × T × V`,
    /// [`Reduction::BatchMean`] divides by B alone, as torch does.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`]; [`Error::Shape`] unless `batch` divides the number of elements; [`Error::Negative`]
    /// and [`Error::NotFinite`] with side P for the target and Q for the input (not with `strict_torch`).
    pub fn forward<T: Logit>(&self, input: &[T], target: &[T], batch: usize) -> Result<f64, Error> {
        self.value_and_gradients_into(input, target, batch, None, None)
    }

    /// The value of each element: torch's `reduction='none'`.
    ///
    /// # Errors
    /// As [`forward`](KlDivLoss::forward), and [`Error::Shape`] for a buffer of another length.
    pub fn forward_into<T: Logit>(&self, input: &[T], target: &[T], values: &mut [T]) -> Result<(), Error> {
        shape(values.len(), input.len())?;
        self.each(input, target, |i, element| values[i] = T::rounded(element.value))
    }

    /// The loss, and its gradients for the input and for the target where they are wanted.
    ///
    /// # Errors
    /// As [`forward`](KlDivLoss::forward), and [`Error::Shape`] for a buffer of another length.
    pub fn value_and_gradients_into<T: Logit>(
        &self,
        input: &[T],
        target: &[T],
        batch: usize,
        by_input: Option<&mut [T]>,
        by_target: Option<&mut [T]>,
    ) -> Result<f64, Error> {
        let n = input.len();
        if n > 0 && (batch == 0 || !n.is_multiple_of(batch)) {
            return Err(Error::Shape { len: n, needed: n.next_multiple_of(batch.max(1)) });
        }
        let divisor = self.reduction.divisor(n, batch) as f64;
        let mut sum = Sum::ZERO;
        let upstream = |_| 1.0 / divisor;
        self.gradients(input, target, upstream, [by_input, by_target], |_, value| sum = sum + value)?;
        // Without elements torch divides by zero.
        Ok(if n == 0 && !self.strict_torch { 0.0 } else { sum.value() / divisor })
    }

    /// The gradients of Σ upstream · element, for a caller that reduces [`forward_into`](KlDivLoss::forward_into) in a
    /// way of its own.
    ///
    /// # Errors
    /// As [`forward`](KlDivLoss::forward), and [`Error::Shape`] for a buffer of another length.
    pub fn backward_into<T: Logit>(
        &self,
        input: &[T],
        target: &[T],
        upstream: &[T],
        by_input: Option<&mut [T]>,
        by_target: Option<&mut [T]>,
    ) -> Result<(), Error> {
        shape(upstream.len(), input.len())?;
        self.gradients(input, target, |i| upstream[i].into(), [by_input, by_target], |_, _| ())
    }

    /// The value of each element and its derivatives where they are wanted, in one sweep: what
    /// [`forward_into`](KlDivLoss::forward_into) and [`backward_into`](KlDivLoss::backward_into) with an upstream of 1 write.
    ///
    /// # Errors
    /// As [`forward`](KlDivLoss::forward), and [`Error::Shape`] for a buffer of another length.
    pub fn values_and_gradients_into<T: Logit>(
        &self,
        input: &[T],
        target: &[T],
        values: &mut [T],
        by_input: Option<&mut [T]>,
        by_target: Option<&mut [T]>,
    ) -> Result<(), Error> {
        shape(values.len(), input.len())?;
        self.gradients(input, target, |_| 1.0, [by_input, by_target], |i, value| values[i] = T::rounded(value))
    }

    fn gradients<T: Logit>(
        &self,
        input: &[T],
        target: &[T],
        upstream: impl Fn(usize) -> f64,
        [mut by_input, mut by_target]: [Option<&mut [T]>; 2],
        mut see: impl FnMut(usize, f64),
    ) -> Result<(), Error> {
        for to in [&by_input, &by_target].into_iter().flatten() {
            shape(to.len(), input.len())?;
        }
        self.each(input, target, |i, element| {
            see(i, element.value);
            for (to, slope) in [(&mut by_input, element.by_input), (&mut by_target, element.by_target)] {
                if let Some(to) = to {
                    to[i] = T::rounded(upstream(i) * slope);
                }
            }
        })
    }

    fn each<T: Logit>(&self, input: &[T], target: &[T], mut see: impl FnMut(usize, Element)) -> Result<(), Error> {
        if input.len() != target.len() {
            return Err(Error::LengthMismatch { p: target.len(), q: input.len() });
        }
        for (i, (&x, &y)) in input.iter().zip(target).enumerate() {
            let (x, y) = (x.into(), y.into());
            if !self.strict_torch {
                self.check(x, y, i)?;
            }
            see(i, self.element(x, y));
        }
        Ok(())
    }

    fn check(&self, x: f64, y: f64, index: usize) -> Result<(), Error> {
        const LOGARITHMS: RangeInclusive<f64> = f64::NEG_INFINITY..=f64::MAX;
        if !LOGARITHMS.contains(&x) {
            return Err(Error::NotFinite { side: Side::Q, index });
        }
        if !LOGARITHMS.contains(&y) || (!self.log_target && y == f64::NEG_INFINITY) {
            return Err(Error::NotFinite { side: Side::P, index });
        }
        if !self.log_target && y < 0.0 {
            return Err(Error::Negative { side: Side::P, index });
        }
        Ok(())
    }

    fn element(&self, x: f64, y: f64) -> Element {
        let weight = if self.log_target { y.exp() } else { y };
        if weight == 0.0 && !self.strict_torch {
            return Element { value: 0.0, by_input: 0.0, by_target: 0.0 };
        }
        let (value, by_target) = if self.log_target {
            (weight * (y - x), weight * (y - x + 1.0))
        } else {
            let entropy = if y == 0.0 { 0.0 } else { y * y.ln() };
            // What torch has of d(y ln y)/d ln y divided by y.
            let one = if y == 0.0 { f64::NAN } else { 1.0 };
            (entropy - y * x, y.ln() + one - x)
        };
        Element { value, by_input: -weight, by_target }
    }
}
