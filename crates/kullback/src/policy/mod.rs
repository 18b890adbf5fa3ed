//! Policies: keeping an update near the policy it came from.
//!
//! | to | use |
//! |---|---|
//! | measure KL(π_old‖π_new) of categorical policies exactly, with gradients | [`LogitRows`](crate::logits::LogitRows) with [`Kl`](crate::Kl) |
//! | the same of Gaussian policies | [`GaussianKl`](crate::loss::latent::GaussianKl) |
//! | multiply with the Fisher information of either | [`categorical_fisher_into`], [`gaussian_fisher_into`] |
//! | estimate KL(π‖π_ref) from the actions that were taken, and train on it | [`Estimator`], [`SampledKl`] |
//! | let the weight of a KL penalty follow a target; stop early | [`AdaptiveKl`], [`TargetKl`] |
//! | take the largest step that a bound on the KL allows | [`TrustRegion`] |
//!
//! The Fisher information is the Hessian of KL(π_old‖π) at π = π_old, for either argument.

mod controller;
mod estimator;
mod fisher;
mod trust_region;

pub use controller::{AdaptiveKl, Rule, TargetKl};
pub use estimator::{Estimator, SampledKl};
pub use fisher::{categorical_fisher_into, gaussian_fisher_into};
pub use trust_region::{Proposal, Step, TrustRegion};
