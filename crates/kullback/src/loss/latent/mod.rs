//! Latent variables: the KL of an encoder's distribution from the prior, and what is made of it in training.
//!
//! | to | use |
//! |---|---|
//! | compare diagonal Gaussians, of means and logarithms of variances, with the prior N(0, I) or with each other | [`GaussianKl`] |
//! | compare Gaussians with full covariance, of means and Cholesky factors, with N(0, I) | [`FullGaussianKl`] |
//! | compare categorical latents, of logits | [`CategoricalKl`] |
//! | weigh the KL: β, free bits, a capacity | [`Penalty`] |
//! | stop gradients between posterior and prior | [`Balance`] |
//! | take the KL apart into mutual information, total correlation and dimensions | [`TotalCorrelation`] |
//! | let a weight grow while training | [`Schedule`] |
//! | count the units that say something | [`active_units`] |
//!
//! P is the posterior that the encoder gives, Q the prior. A batch is a slice, sample after sample, each with as many
//! entries as there are latent dimensions. Values are in nats. Gradients include the mean over the batch.

mod balance;
mod categorical;
mod full;
mod gaussian;
mod kernel;
mod penalty;
mod schedule;
mod total_correlation;
mod units;

pub use balance::Balance;
pub use categorical::CategoricalKl;
pub use full::FullGaussianKl;
pub use gaussian::{GaussianGradient, GaussianKl, Gaussians};
pub use kernel::Coordinate;
pub use penalty::{LatentLoss, Over, Penalty, Shape, Slopes};
pub use schedule::{Form, Schedule};
pub use total_correlation::{Decomposition, Parts, TotalCorrelation, Weighting};
pub use units::active_units;
