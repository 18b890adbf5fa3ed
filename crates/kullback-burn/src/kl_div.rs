use burn::config::Config;
use burn::module::Module;
use burn::tensor::{DType, Tensor};
use kullback::Error;

use crate::Reduction;
use crate::attach::attach;
use crate::host::{Fused, Number, read, scalar, tensor};

/// The configuration of a [`KlDivLoss`].
#[derive(Config, Debug)]
pub struct KlDivLossConfig {
    /// Whether targets are log-probabilities.
    #[config(default = false)]
    pub log_target: bool,
}

impl KlDivLossConfig {
    /// The loss.
    #[must_use]
    pub fn init(&self) -> KlDivLoss {
        KlDivLoss { log_target: self.log_target }
    }
}

/// Σ y (ln y − x) over elements, x the log-probabilities that are predicted and y the targets; [`kullback::KlDivLoss`] as
/// a module, in the place of Burn's `KLDivLoss`.
///
/// Burn clamps targets to \[the smallest positive number, 1\] before it takes their logarithm, and is NaN where a
/// prediction of −∞ meets a target of 0. Here nothing is clamped, and such an element counts nothing. From logits
/// [`DistillationLoss`](crate::DistillationLoss) is faster and keeps its digits where the two sides are near.
#[derive(Module, Debug)]
pub struct KlDivLoss {
    /// Whether targets are log-probabilities.
    pub log_target: bool,
}

impl KlDivLoss {
    /// The loss; [`Reduction::BatchMean`] divides by the first dimension.
    ///
    /// # Shapes
    /// - predictions, targets: \[batch, …\], the same
    /// - output: \[1\]
    ///
    /// # Errors
    /// As [`kullback::KlDivLoss::forward`].
    pub fn forward<const D: usize>(
        &self,
        predictions: Tensor<D>,
        targets: Tensor<D>,
        reduction: Reduction,
    ) -> Result<Tensor<1>, Error> {
        let batch = predictions.dims().first().copied().unwrap_or(1);
        let loss = kullback::KlDivLoss { log_target: self.log_target, ..kullback::KlDivLoss::new(reduction) };
        Ok(scalar([predictions, targets], Elementwise { loss, batch })?.0)
    }

    /// The value of each element.
    ///
    /// # Shapes
    /// - predictions, targets, output: the same
    ///
    /// # Errors
    /// As [`kullback::KlDivLoss::forward_into`].
    pub fn forward_no_reduction<const D: usize>(
        &self,
        predictions: Tensor<D>,
        targets: Tensor<D>,
    ) -> Result<Tensor<D>, Error> {
        let double = [&predictions, &targets].iter().any(|x| x.dtype() == DType::F64);
        if double { self.each::<f64, D>(predictions, targets) } else { self.each::<f32, D>(predictions, targets) }
    }

    fn each<T: Number, const D: usize>(&self, predictions: Tensor<D>, targets: Tensor<D>) -> Result<Tensor<D>, Error> {
        let loss = kullback::KlDivLoss { log_target: self.log_target, ..kullback::KlDivLoss::new(Reduction::Sum) };
        let inputs = [predictions, targets].map(|x| if x.dtype() == T::dtype() { x } else { x.cast(T::dtype()) });
        let here = inputs.each_ref().map(read);
        let [x, y] = here.each_ref().map(T::slice);
        let mut values = vec![T::default(); x.len()];
        loss.forward_into(x, y, &mut values)?;
        let mut gradients = inputs.each_ref().map(|input| input.is_tracked().then(|| vec![T::default(); x.len()]));
        let [by_x, by_y] = gradients.each_mut().map(Option::as_deref_mut);
        loss.value_and_gradients_into(x, y, 1, by_x, by_y)?;
        let (shape, device) = (inputs[0].dims(), inputs[0].device().inner());
        let mut value = tensor(values, shape, &device);
        for (input, gradient) in inputs.into_iter().zip(gradients) {
            if let Some(gradient) = gradient {
                value = attach(value, input, tensor(gradient, shape, &device));
            }
        }
        Ok(value)
    }
}

struct Elementwise {
    loss: kullback::KlDivLoss,
    batch: usize,
}

impl Fused<2> for Elementwise {
    type Rest = ();

    fn run<T: Number>(self, [x, y]: [&[T]; 2], [by_x, by_y]: [Option<&mut [T]>; 2]) -> Result<(f64, ()), Error> {
        Ok((self.loss.value_and_gradients_into(x, y, self.batch, by_x, by_y)?, ()))
    }
}
