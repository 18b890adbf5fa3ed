//! Tensors as slices that kernels read and write.

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;
use burn::tensor::{DType, Device, Tensor, TensorData};
use kullback::Error;
use kullback::discrete::Weight;
use kullback::logits::Logit;

use crate::attach::{self, cast};

/// A tensor as Flex has it.
type Primitive = FloatTensor<Flex>;

/// The numbers that kernels compute in.
pub(crate) trait Number: Logit + Weight + burn::tensor::Element + Default {
    fn slice(tensor: &Primitive) -> &[Self];
}

impl Number for f32 {
    fn slice(tensor: &Primitive) -> &[f32] {
        tensor.as_slice().unwrap_or_default()
    }
}

impl Number for f64 {
    fn slice(tensor: &Primitive) -> &[f64] {
        tensor.as_slice().unwrap_or_default()
    }
}

/// A loss of N tensors, on slices.
pub(crate) trait Fused<const N: usize> {
    /// What else it found, besides the value.
    type Rest;
    /// The value, and the gradients where they are wanted.
    fn run<T: Number>(self, inputs: [&[T]; N], gradients: [Option<&mut [T]>; N]) -> Result<(f64, Self::Rest), Error>;
}

/// Runs a loss on tensors of any backend; the value is in the graph of those that are tracked.
pub(crate) fn scalar<const D: usize, const N: usize, F: Fused<N>>(
    inputs: [Tensor<D>; N],
    loss: F,
) -> Result<(Tensor<1>, F::Rest), Error> {
    let (inputs, dtype) = cast(inputs);
    if dtype == DType::F64 { run::<f64, D, N, F>(inputs, loss) } else { run::<f32, D, N, F>(inputs, loss) }
}

fn run<T: Number, const D: usize, const N: usize, F: Fused<N>>(
    inputs: [Tensor<D>; N],
    loss: F,
) -> Result<(Tensor<1>, F::Rest), Error> {
    let here = inputs.each_ref().map(read);
    let slices = here.each_ref().map(T::slice);
    let mut gradients: [Option<Vec<T>>; N] = core::array::from_fn(|i| {
        let tracked = inputs[i].is_tracked();
        tracked.then(|| vec![T::default(); slices[i].len()])
    });
    let (value, rest) = loss.run(slices, gradients.each_mut().map(Option::as_deref_mut))?;
    let mut inputs_of = inputs.iter();
    let gradients = gradients.map(|gradient| {
        let input = inputs_of.next()?;
        Some(tensor(gradient?, input.dims(), &input.device().inner()))
    });
    Ok((attach::loss(value, inputs, gradients)?, rest))
}

/// The tensor's numbers in order: where they are if that is the CPU's memory, else a copy.
pub(crate) fn read<const D: usize>(tensor: &Tensor<D>) -> Primitive {
    let tensor = tensor.clone().without_autodiff();
    match tensor.clone().try_into_primitive::<Flex>() {
        Ok(tensor) => tensor.to_contiguous(),
        Err(_) => Primitive::from_data(tensor.into_data()),
    }
}

/// A tensor of these numbers.
pub(crate) fn tensor<T: Number, const D: usize>(numbers: Vec<T>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(numbers, shape), (device, T::dtype()))
}
