//! Losses: divergences, reduced over a batch and differentiated.
//!
//! | from | use |
//! |---|---|
//! | log-probabilities, as torch has it | [`KlDivLoss`] |
//! | logits and labels | [`CrossEntropyLoss`] |
//! | logits of a teacher and of a student, with or without labels | [`Distillation`] |
//! | logits and a teacher's list of likely tokens | [`SparseTeacher`](crate::logits::SparseTeacher) |
//! | latent variables: means and variances, or logits, of a posterior and a prior | [`latent`] |
//! | logits, without a reduction | [`LogitRows`](crate::logits::LogitRows), [`cross_entropy_from_logits`], [`entropy_from_logits`] |
//!
//! Values are in nats, and values and gradients of rows that do not count are 0. Gradients are for logits as given, not
//! for logits over the temperature, and include the reduction's factor.
//!
//! # What others call it
//! P is the teacher, Q the student. Where a value differs by a number that does not depend on the student, gradients are
//! the same. All of it is at the temperature that is given; T² is there only where it is named.
//!
//! | there | here |
//! |---|---|
//! | torch `nn.KLDivLoss`, Liger `LigerKLDIVLoss` | [`KlDivLoss`] |
//! | torch `nn.CrossEntropyLoss` | [`CrossEntropyLoss`] |
//! | ModelOpt `LogitsDistillationLoss` | `Distillation { scale_t2: true, ..Distillation::new(Kl, T) }` |
//! | TRL `generalized_jsd_loss`, Liger `LigerJSD` and fused linear JSD, 0 < β < 1 | `JensenShannon::new(β)`, no T² |
//! | the same at β = 0; at β = 1 | [`Kl`](crate::Kl); `Reverse(Kl)`. The divergence itself is 0 there |
//! | Liger `LigerTVDLoss` | [`TotalVariation`](crate::TotalVariation) |
//! | DistiLLM `js_distance`, λ | `JensenShannon::new(1 − λ)` |
//! | DistiLLM `skewed_forward_kl`, λ | `SkewKl::new(λ)` plus the teacher's entropy, [`entropy_from_logits`] |
//! | DistiLLM `skewed_reverse_kl`, λ | `Reverse(SkewKl::new(λ))` |
//! | torchtune `ForwardKLLoss`, DistiLLM `forward_kl` | [`CrossEntropy`](crate::divergence::CrossEntropy), or `Kl` plus the teacher's entropy |
//! | torchtune `ReverseKLLoss`, DistiLLM `reverse_kl` | `Reverse(Kl)` |
//! | torchtune `SymmetricKLLoss`, ratio r | r times the first and 1 − r times the second of these |
//! | verl `forward_kl_topk`, before it is clamped | [`Remainder::Truncate`](crate::logits::Remainder::Truncate) plus Σ p − Σ q over the list |
//! | TRL with `add_tail=True`, ModelOpt `TopLogitsKLLoss` | [`Remainder::TailBucket`](crate::logits::Remainder::TailBucket) |
//! | TRL with `add_tail=False` | [`Remainder::Renormalise`](crate::logits::Remainder::Renormalise) |
//!
//! Reductions: torch's `mean`, `sum` and `batchmean` are [`Reduction`]'s, and `none` is `forward_into`; Liger, TRL,
//! DistiLLM and torchtune take [`Reduction::Mean`] over the tokens that are not ignored.

mod cross_entropy;
mod distillation;
mod kl_div;
mod labels;
pub mod latent;
mod parameter;
mod reduction;

pub use cross_entropy::{CrossEntropyLoss, cross_entropy_from_logits, entropy_from_logits};
pub use distillation::{Distillation, Objective};
pub use kl_div::KlDivLoss;
pub use reduction::Reduction;

/// What torch takes for the label of a row that does not count.
const IGNORED: i64 = -100;
