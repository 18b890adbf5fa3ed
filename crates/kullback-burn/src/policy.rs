use burn::module::Module;
use burn::tensor::Tensor;
use kullback::Error;
use kullback::loss::latent::Penalty;

use crate::{DistillationLossConfig, GaussianKl, Reduction};

/// The mean over states of KL(π_old‖π_new), exact.
///
/// The gradient is there for whichever side is tracked; at π_new = π_old it is 0, and the second derivatives are the
/// Fisher information.
#[derive(Module, Debug, Default)]
pub struct PolicyKl;

impl PolicyKl {
    /// Of categorical policies, from their logits.
    ///
    /// # Shapes
    /// - old, new: \[…, actions\]
    /// - output: \[1\]
    ///
    /// # Errors
    /// As [`DistillationLoss::forward`](crate::DistillationLoss::forward).
    pub fn categorical<const D: usize>(&self, old: Tensor<D>, new: Tensor<D>) -> Result<Tensor<1>, Error> {
        DistillationLossConfig::new().init()?.forward(old, new, None, Reduction::Mean)
    }

    /// Of policies with Gaussian actions of independent coordinates, each from its mean and ln σ.
    ///
    /// # Shapes
    /// - old, new: \[…, actions\]
    /// - output: \[1\]
    ///
    /// # Errors
    /// As [`GaussianKl::forward_between`].
    pub fn gaussian<const D: usize>(&self, old: [Tensor<D>; 2], new: [Tensor<D>; 2]) -> Result<Tensor<1>, Error> {
        let variances = |[mean, ln_scale]: [Tensor<D>; 2]| [mean, ln_scale * 2.0];
        Ok(GaussianKl::of(Penalty::beta(1.0)).forward_between(variances(old), variances(new))?.loss)
    }
}
