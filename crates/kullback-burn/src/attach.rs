//! A node of the graph whose value and gradient are known already.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, DispatchDevice, Flex, TensorMetadata, backend_extension};
use burn::tensor::{Device, Shape, Tensor};

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
    // The same of the operations that every backend has: a difference that is 0 and has a gradient. What is masked has
    // none, and ∞ − ∞ would be no number.
    let masked = input.clone().is_finite().bool_not();
    let input = input.mask_fill(masked, 0.0);
    let change = (input.clone() - input.detach()) * gradient.autodiff();
    let shape = value.shape();
    match change.shape() == shape {
        true => value.autodiff() + change.reshape(shape),
        false => value.autodiff() + change.sum().reshape(shape),
    }
}

/// Whether a device is the CPU as Flex has it.
pub(crate) fn on_flex(device: &Device) -> bool {
    matches!(device.clone().inner().as_dispatch(), DispatchDevice::Flex(_))
}
