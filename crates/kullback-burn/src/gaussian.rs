use burn::config::Config;
use burn::module::Module;
use burn::tensor::Tensor;
use kullback::Error;
use kullback::loss::latent::{self, Balance, GaussianGradient, Gaussians, LatentLoss, Penalty};

use crate::attach::{self, cast, for_kernels};
use crate::host::{Fused, Number, scalar};
use crate::tensors;

/// The configuration of a [`GaussianKl`]: one of β, free bits and a capacity; the rest of [`Penalty`] by
/// [`GaussianKl::of`].
#[derive(Config, Debug)]
pub struct GaussianKlConfig {
    /// β.
    #[config(default = 1.0)]
    pub beta: f64,
    /// Nats of each dimension that are free, as a mean over the batch.
    #[config(default = 0.0)]
    pub free_bits: f64,
    /// C, of β·|KL − C|, instead of free bits.
    pub capacity: Option<f64>,
}

impl GaussianKlConfig {
    /// The loss.
    #[must_use]
    pub fn init(&self) -> GaussianKl {
        GaussianKl::of(match self.capacity {
            Some(nats) => Penalty::capacity(self.beta, nats),
            None => Penalty { weight: self.beta, ..Penalty::free_bits(self.free_bits) },
        })
    }
}

/// KL of Gaussians with independent coordinates from the prior; [`latent::GaussianKl`] as a module.
#[derive(Module, Debug)]
pub struct GaussianKl {
    #[module(skip)]
    penalty: Penalty,
    #[module(skip)]
    balance: Balance,
}

/// A [`LatentLoss`] in the graph.
#[derive(Debug)]
pub struct LatentTensor {
    /// The penalty, \[1\].
    pub loss: Tensor<1>,
    /// Its value and the mean over the batch of each dimension's divergence, in nats.
    pub found: LatentLoss,
}

impl GaussianKl {
    /// With any penalty.
    #[must_use]
    pub fn of(penalty: Penalty) -> Self {
        Self { penalty, balance: Balance::NONE }
    }

    /// With gradients stopped between the two sides; see [`Balance`].
    #[must_use]
    pub fn with_balance(self, balance: Balance) -> Self {
        Self { balance, ..self }
    }

    /// From N(μ, σ²) to N(0, I); the second tensor is ln σ².
    ///
    /// # Shapes
    /// - mean, ln_variance: \[…, latent\]
    ///
    /// # Errors
    /// As [`latent::GaussianKl::loss`].
    pub fn forward<const D: usize>(&self, mean: Tensor<D>, ln_variance: Tensor<D>) -> Result<LatentTensor, Error> {
        self.run([mean, ln_variance])
    }

    /// From N(μ, σ²) of P to that of Q, each as its mean and ln σ².
    ///
    /// # Shapes
    /// - all: \[…, latent\]
    ///
    /// # Errors
    /// As [`latent::GaussianKl::loss`].
    pub fn forward_between<const D: usize>(
        &self,
        [mean_p, ln_variance_p]: [Tensor<D>; 2],
        [mean_q, ln_variance_q]: [Tensor<D>; 2],
    ) -> Result<LatentTensor, Error> {
        self.run([mean_p, ln_variance_p, mean_q, ln_variance_q])
    }

    fn run<const D: usize, const N: usize>(&self, inputs: [Tensor<D>; N]) -> Result<LatentTensor, Error>
    where
        for<'a> Batch<'a>: Fused<N, Rest = LatentLoss>,
    {
        let (inputs, _) = cast(inputs);
        let shape = inputs[0].dims();
        let latent = shape.last().copied().unwrap_or_default();
        // Tensors that do not fit are refused by the kernels.
        let alike = inputs.iter().all(|x| x.dims() == shape);
        if alike
            && !for_kernels(&inputs)
            && let Some((found, gradients)) =
                tensors::latent::gaussians(inputs.each_ref(), latent, self.penalty, self.balance.checked()?)?
        {
            let gradients = gradients.map(|gradient| gradient.map(|gradient| gradient.reshape(shape)));
            return Ok(LatentTensor { loss: attach::loss(found.value, inputs, gradients)?, found });
        }
        let (loss, found) = scalar(inputs, Batch { loss: self, latent })?;
        Ok(LatentTensor { loss, found })
    }
}

/// A side's gradient, wanted as a whole or not at all; `spare` takes the half that is not wanted.
struct Half<'a, T> {
    spare: Vec<T>,
    mean: Option<&'a mut [T]>,
    ln_variance: Option<&'a mut [T]>,
}

impl<'a, T: Number> Half<'a, T> {
    fn new(mean: Option<&'a mut [T]>, ln_variance: Option<&'a mut [T]>, len: usize) -> Self {
        let spare = if mean.is_some() == ln_variance.is_some() { Vec::new() } else { vec![T::default(); len] };
        Self { spare, mean, ln_variance }
    }

    fn gradient(&mut self) -> Option<GaussianGradient<'_, T>> {
        let Self { spare, mean, ln_variance } = self;
        match (mean, ln_variance) {
            (None, None) => None,
            (Some(mean), Some(ln_variance)) => Some(GaussianGradient { mean, ln_variance }),
            (Some(mean), None) => Some(GaussianGradient { mean, ln_variance: spare }),
            (None, Some(ln_variance)) => Some(GaussianGradient { mean: spare, ln_variance }),
        }
    }
}

/// Against N(0, I) with two tensors, against another Gaussian with four.
struct Batch<'a> {
    loss: &'a GaussianKl,
    latent: usize,
}

impl Fused<2> for Batch<'_> {
    type Rest = LatentLoss;

    fn run<T: Number>(
        self,
        [mean, ln_variance]: [&[T]; 2],
        [by_mean, by_ln_variance]: [Option<&mut [T]>; 2],
    ) -> Result<(f64, LatentLoss), Error> {
        let mut by = Half::new(by_mean, by_ln_variance, mean.len());
        let kl = latent::GaussianKl::to_standard(Gaussians::new(mean, ln_variance, self.latent)?);
        let found = kl.with_balance(self.loss.balance)?.loss(self.loss.penalty, by.gradient(), None)?;
        Ok((found.value, found))
    }
}

impl Fused<4> for Batch<'_> {
    type Rest = LatentLoss;

    fn run<T: Number>(
        self,
        [mean_p, ln_variance_p, mean_q, ln_variance_q]: [&[T]; 4],
        [by_mean_p, by_ln_variance_p, by_mean_q, by_ln_variance_q]: [Option<&mut [T]>; 4],
    ) -> Result<(f64, LatentLoss), Error> {
        let mut by_p = Half::new(by_mean_p, by_ln_variance_p, mean_p.len());
        let mut by_q = Half::new(by_mean_q, by_ln_variance_q, mean_q.len());
        let p = Gaussians::new(mean_p, ln_variance_p, self.latent)?;
        let kl = latent::GaussianKl::between(p, Gaussians::new(mean_q, ln_variance_q, self.latent)?)?;
        let kl = kl.with_balance(self.loss.balance)?;
        let found = kl.loss(self.loss.penalty, by_p.gradient(), by_q.gradient())?;
        Ok((found.value, found))
    }
}
