//! The losses of `kullback` for [Burn](https://burn.dev): a value and its gradients in one sweep, and no NaN on masks.
//!
//! | module | what it is |
//! |---|---|
//! | [`DistillationLoss`] | a teacher's logits and a student's, any divergence, temperature, labels |
//! | [`KlDivLoss`] | torch's loss of log-probabilities and targets, as Burn has it, without its clamps |
//! | [`GaussianKl`] | means and variances of an encoder against N(0, I) or another Gaussian, with free bits and capacity |
//! | [`PolicyKl`] | the exact KL(π_old‖π_new) of categorical and Gaussian policies |
//!
//! # From Burn's loss to this one
//! ```
//! use burn::tensor::{Device, Tensor};
//! # use burn::{nn::loss::{KLDivLossConfig, Reduction}, tensor::activation::log_softmax, tensor::activation::softmax};
//! use kullback_burn::{DistillationLossConfig, Reduction as Over};
//!
//! # let device = Device::flex().autodiff();
//! let teacher = Tensor::<2>::from_floats([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0]], &device);
//! let student = Tensor::<2>::from_floats([[1.0, 1.0, 1.0], [0.0, 1.0, 2.0]], &device).require_grad();
//! // before
//! let target = softmax(teacher.clone(), 1);
//! let before = KLDivLossConfig::new().init().forward(log_softmax(student.clone(), 1), target, Reduction::BatchMean);
//! // after
//! let after = DistillationLossConfig::new().init()?.forward(teacher, student.clone(), None, Over::Mean)?;
//! # let [before, after_value] = [before, after.clone()].map(|x| x.into_scalar::<f32>());
//! # assert!((before - after_value).abs() < 1e-6);
//! let gradient = student.grad(&after.backward());
//! # assert!(gradient.is_some());
//! # Ok::<(), kullback::Error>(())
//! ```
//!
//! # How it runs
//! On the Flex backend the kernels read the tensors where they are. On every other backend the same formulas are made of
//! tensor operations: a tensor is one more kind of number that `kullback` writes its divergences in, so none is written
//! twice, and elements stay on the device. Of each row some ten sums are read, since an error is a value and so is the
//! loss. A row that is refused, or that the tensors' type cannot hold, goes to the kernels.
//!
//! Either way the gradient is computed in the forward pass, if an input is tracked, and only scaled in the backward pass.
//! Numbers are `f32` or `f64`, as the inputs are; half precision is computed in `f32`. Both ways agree to 1e-6 in singles
//! and 1e-12 in doubles, relative to the largest entry of a gradient; of `js-distance` and `hellinger-distance`, whose
//! derivative has no bound where both sides agree, less is left there.
//!
//! Errors are values: a NaN, a shape that does not fit, an option out of range. No loss panics or returns NaN for them.

mod attach;
mod distillation;
mod gaussian;
mod host;
mod kl_div;
mod policy;
mod tensors;

pub use distillation::{DistillationLoss, DistillationLossConfig};
pub use gaussian::{GaussianKl, GaussianKlConfig, LatentTensor};
pub use kl_div::{KlDivLoss, KlDivLossConfig};
pub use kullback::loss::Reduction;
pub use policy::PolicyKl;
