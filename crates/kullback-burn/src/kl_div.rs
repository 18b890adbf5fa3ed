use burn::config::Config;
use burn::module::Module;
use burn::tensor::{DType, Tensor};
use kullback::Error;

use crate::Reduction;
use crate::attach::{self, attach, cast, for_kernels};
use crate::host::{Fused, Number, read, scalar, tensor};
use crate::tensors::elements::Elements;

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
        let ([predictions, targets], _) = cast([predictions, targets]);
        if let Some(elements) = self.elements(&predictions, &targets)? {
            let divisor = match reduction {
                Reduction::Sum => 1,
                Reduction::Mean => predictions.shape().num_elements(),
                Reduction::BatchMean => batch,
            };
            let (value, gradients) = elements.scaled(divisor as f64);
            let inputs = [predictions, targets];
            let gradients = core::array::from_fn(|i| {
                let input: &Tensor<D> = &inputs[i];
                input.is_tracked().then(|| gradients[i].clone().reshape(input.dims()))
            });
            return attach::loss(value, inputs, gradients);
        }
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
        let (inputs, dtype) = cast([predictions, targets]);
        if let Some(Elements { values, by_prediction, by_target }) = self.elements(&inputs[0], &inputs[1])? {
            let shape = inputs[0].dims();
            let gradients = [by_prediction, by_target].map(|gradient| Some(gradient.reshape(shape)));
            return Ok(attached(values.reshape(shape), inputs, gradients));
        }
        if dtype == DType::F64 { self.each::<f64, D>(inputs) } else { self.each::<f32, D>(inputs) }
    }

    /// By tensor operations, where those are to be used.
    fn elements<const D: usize>(&self, x: &Tensor<D>, y: &Tensor<D>) -> Result<Option<Elements>, Error> {
        match for_kernels(&[x.clone(), y.clone()]) {
            true => Ok(None),
            false => Elements::new(x, y, self.log_target),
        }
    }

    fn each<T: Number, const D: usize>(&self, inputs: [Tensor<D>; 2]) -> Result<Tensor<D>, Error> {
        let loss = kullback::KlDivLoss { log_target: self.log_target, ..kullback::KlDivLoss::new(Reduction::Sum) };
        let here = inputs.each_ref().map(read);
        let [x, y] = here.each_ref().map(T::slice);
        let mut values = vec![T::default(); x.len()];
        let mut gradients = inputs.each_ref().map(|input| input.is_tracked().then(|| vec![T::default(); x.len()]));
        let [by_x, by_y] = gradients.each_mut().map(Option::as_deref_mut);
        loss.values_and_gradients_into(x, y, &mut values, by_x, by_y)?;
        let (shape, device) = (inputs[0].dims(), inputs[0].device().inner());
        let gradients = gradients.map(|gradient| gradient.map(|gradient| tensor(gradient, shape, &device)));
        Ok(attached(tensor(values, shape, &device), inputs, gradients))
    }
}

/// Values that depend on those of the inputs that are tracked.
fn attached<const D: usize>(
    mut values: Tensor<D>,
    inputs: [Tensor<D>; 2],
    gradients: [Option<Tensor<D>>; 2],
) -> Tensor<D> {
    for (input, gradient) in inputs.into_iter().zip(gradients) {
        if let (true, Some(gradient)) = (input.is_tracked(), gradient) {
            values = attach(values, input, gradient);
        }
    }
    values
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
