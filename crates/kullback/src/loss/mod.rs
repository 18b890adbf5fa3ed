//! Losses: divergences, reduced over a batch and differentiated.

mod cross_entropy;
mod distillation;
mod kl_div;
mod labels;
mod parameter;
mod reduction;

pub use cross_entropy::{CrossEntropyLoss, cross_entropy_from_logits, entropy_from_logits};
pub use distillation::{Distillation, Objective};
pub use kl_div::KlDivLoss;
pub use reduction::Reduction;

/// What torch takes for the label of a row that does not count.
const IGNORED: i64 = -100;
