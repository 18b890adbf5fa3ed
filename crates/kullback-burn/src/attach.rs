//! A node of the graph whose value and gradient are known already.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, DispatchDevice, Flex, TensorMetadata, backend_extension};
use burn::tensor::{DType, Device, Shape, Tensor, TensorData};
use kullback::Error;

/// A value with one more tensor that it depends on.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait Attach: Backend {
    /// `value`, with the gradient of its elements for those of `input`: `gradient` has the shape of `input`, and `value`
    /// the same or one element.
    fn attach(value: FloatTensor<Self>, input: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl Attach for Flex {
    fn attach(value: FloatTensor<Self>, _: FloatTensor<Self>, _: FloatTensor<Self>) -> FloatTensor<Self> {
        value
    }
}

#[derive(Debug)]
struct Scale;

impl<B: Backend> Backward<B, 2> for Scale {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [value, input] = ops.parents;
        let upstream = gradients.consume::<B>(&ops.node);
        if let Some(node) = input {
            let gradient = ops.state;
            let (shape, from) = (gradient.shape(), upstream.shape());
            let scale = match from == shape {
                true => upstream.clone(),
                false => B::float_reshape(upstream.clone(), Shape::from(vec![1; shape.num_dims()])),
            };
            gradients.register::<B>(node.id, B::float_mul(gradient, scale));
        }
        if let Some(node) = value {
            gradients.register::<B>(node.id, upstream);
        }
    }
}

impl<B: Backend, C: CheckpointStrategy> Attach for Autodiff<B, C> {
    fn attach(value: FloatTensor<Self>, input: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [value.node(), input.node()];
        let (value, gradient) = (value.into_primitive(), gradient.into_primitive());
        match Scale.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(ready) => ready.finish(gradient, value),
            OpsKind::UnTracked(ready) => ready.finish(value),
        }
    }
}

/// `value`, which depends on `input` by `gradient`.
pub(crate) fn attach<const V: usize, const D: usize>(
    value: Tensor<V>,
    input: Tensor<D>,
    gradient: Tensor<D>,
) -> Tensor<V> {
    if on_flex(&value.device()) {
        let value = value.autodiff().into_dispatch();
        let found = <Dispatch as Attach>::attach(value, input.into_dispatch(), gradient.autodiff().into_dispatch());
        return Tensor::from_dispatch(found);
    }
    // A node of its own is made for backends that are known by name. Every other has these operations: a difference that
    // is 0 and has the gradient. What is masked has none, and ∞ − ∞ would be no number.
    let masked = input.clone().is_finite().bool_not();
    let input = input.mask_fill(masked, 0.0);
    // Nor would 0·∞: an infinite gradient is twice the largest number.
    let infinite = gradient.clone().is_inf();
    let (dtype, shape) = (gradient.dtype(), gradient.shape());
    let largest = if dtype == DType::F64 { f64::MAX } else { f64::from(f32::MAX) };
    let largest = filled(vec![largest], [1; D], &gradient.device(), dtype).expand(shape) * gradient.clone().sign();
    let twice = infinite.clone().float().cast(dtype) + 1.0;
    let change =
        (input.clone() - input.detach()) * gradient.mask_where(infinite, largest).autodiff() * twice.autodiff();
    let shape = value.shape();
    match change.shape() == shape {
        true => value.autodiff() + change.reshape(shape),
        false => value.autodiff() + change.sum().reshape(shape),
    }
}

/// A loss of these inputs, with its gradients for those that are tracked.
pub(crate) fn loss<const D: usize, const N: usize>(
    value: f64,
    inputs: [Tensor<D>; N],
    gradients: [Option<Tensor<D>>; N],
) -> Result<Tensor<1>, Error> {
    let Some(first) = inputs.first() else { return Err(Error::Empty) };
    let (device, dtype) = (first.device().inner(), first.dtype());
    let mut value = filled(vec![value], [1], &device, dtype);
    for (input, gradient) in inputs.into_iter().zip(gradients) {
        if let Some(gradient) = gradient {
            value = attach(value, input, gradient);
        }
    }
    Ok(value)
}

/// A tensor of these numbers, rounded to the type.
pub(crate) fn filled<const D: usize>(numbers: Vec<f64>, shape: [usize; D], device: &Device, dtype: DType) -> Tensor<D> {
    Tensor::from_data(TensorData::new(numbers, shape).convert_dtype(dtype), (device, dtype))
}

/// The inputs in the type that losses are computed in.
pub(crate) fn cast<const D: usize, const N: usize>(inputs: [Tensor<D>; N]) -> ([Tensor<D>; N], DType) {
    let dtype = if inputs.iter().any(|x| x.dtype() == DType::F64) { DType::F64 } else { DType::F32 };
    (inputs.map(|x| if x.dtype() == dtype { x } else { x.cast(dtype) }), dtype)
}

/// Whether the kernels can read these tensors where they are, or there is nothing in them to read.
pub(crate) fn for_kernels<const D: usize>(inputs: &[Tensor<D>]) -> bool {
    inputs.iter().all(|x| on_flex(&x.device())) || inputs.iter().any(|x| x.shape().num_elements() == 0)
}

/// Whether a device is the CPU as Flex has it.
fn on_flex(device: &Device) -> bool {
    matches!(device.clone().inner().as_dispatch(), DispatchDevice::Flex(_))
}
