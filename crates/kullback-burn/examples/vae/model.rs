//! The encoder, the decoder, and what an image costs.

use anyhow::Result;
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::activation::{log_sigmoid, relu, sigmoid};
use burn::tensor::{Device, Tensor};
use kullback::loss::latent::LatentLoss;
use kullback_burn::GaussianKl;
use rand::rngs::StdRng;

use crate::support::network::{linear, rows};
use crate::support::random::normal;

const HIDDEN: usize = 128;

/// One hidden layer either way.
#[derive(Module, Debug)]
pub(crate) struct Vae {
    encode: Linear,
    mean: Linear,
    ln_variance: Linear,
    decode: Linear,
    pixels: Linear,
}

/// What a batch costs.
pub(crate) struct Cost {
    /// Nats an image, reconstruction and penalty.
    pub(crate) loss: Tensor<1>,
    /// −E ln p(x|z), nats an image.
    pub(crate) reconstruction: f64,
    pub(crate) latent: LatentLoss,
}

impl Vae {
    pub(crate) fn new(pixels: usize, latent: usize, rng: &mut StdRng, device: &Device) -> Self {
        let mut layer = |inputs, outputs| linear([inputs, outputs], rng, device);
        Self {
            encode: layer(pixels, HIDDEN),
            mean: layer(HIDDEN, latent),
            ln_variance: layer(HIDDEN, latent),
            decode: layer(latent, HIDDEN),
            pixels: layer(HIDDEN, pixels),
        }
    }

    /// The mean and ln σ² of q(z|x).
    pub(crate) fn posterior(&self, images: Tensor<2>) -> [Tensor<2>; 2] {
        let hidden = relu(self.encode.forward(images));
        [self.mean.forward(hidden.clone()), self.ln_variance.forward(hidden)]
    }

    fn logits(&self, latent: Tensor<2>) -> Tensor<2> {
        self.pixels.forward(relu(self.decode.forward(latent)))
    }

    /// The grey levels that a latent vector means.
    pub(crate) fn decoded(&self, latent: Tensor<2>) -> Tensor<2> {
        sigmoid(self.logits(latent))
    }

    /// One draw of z for each image, and the penalty of its posterior.
    pub(crate) fn cost(&self, images: Tensor<2>, penalty: &GaussianKl, rng: &mut StdRng) -> Result<Cost> {
        let [mean, ln_variance] = self.posterior(images.clone());
        let [count, latent] = mean.dims();
        let noise = rows((0..count * latent).map(|_| normal(rng) as f32).collect(), latent, &images.device());
        let z = mean.clone() + (ln_variance.clone() * 0.5).exp() * noise;
        let logits = self.logits(z);
        // ln p of a pixel that is ink with the probability σ(logit), on average over bitmaps with these grey levels.
        let ink = images.clone() * log_sigmoid(logits.clone()) + (-images + 1.0) * log_sigmoid(-logits);
        let reconstruction = -ink.sum() / count as f64;
        let penalty = penalty.forward(mean, ln_variance)?;
        Ok(Cost {
            reconstruction: f64::from(reconstruction.clone().into_scalar::<f32>()),
            loss: reconstruction + penalty.loss,
            latent: penalty.found,
        })
    }
}
