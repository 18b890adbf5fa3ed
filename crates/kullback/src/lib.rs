//! Relative entropy as working software: divergences between distributions, with every digit.
//!
//! ```
//! use kullback::{Divergence, JensenShannon, Kl, Renyi};
//!
//! let p = [4.0, 3.0, 2.0, 1.0]; // weights; normalised by us
//! let q = [1.0, 1.0, 1.0, 1.0];
//! println!("{} nats", Kl.between(&p, &q)?);
//! println!("{} nats", Renyi::new(2.0)?.between(&p, &q)?);
//! println!("{} nats", JensenShannon::HALF.between(&p, &q)?);
//! # Ok::<(), kullback::Error>(())
//! ```
//!
//! P is the truth (data, teacher), Q the model of it; always in that order. Values are in nats. +∞ is a value: P has
//! mass where Q has none. No epsilon hides in any of them: smoothing is a [`Smoothing`] that the caller names.
//!
//! | to measure | use |
//! |---|---|
//! | two vectors of weights, counts or probabilities | [`Divergence::between`], or [`kl_divergence`] and its siblings |
//! | the same by several measures | [`Pair`] and [`Divergence::evaluate`] |
//! | two vectors of log-probabilities | [`Divergence::between_log_probabilities`] |
//! | two vectors of logits; a batch of them, with gradients; a part of a vocabulary | [`Divergence::between_logits`], [`logits::LogitRows`], [`logits::Shard`] |
//! | a loss to train with: torch's KL, cross-entropy, distillation, a teacher's top k | [`loss`], [`logits::SparseTeacher`] |
//! | latent variables of a VAE; policies, trust regions | [`loss::latent`], [`policy`] |
//! | a batch, one against many, all against all | [`Divergence::rows`], [`one_to_many`](Divergence::one_to_many), [`pairwise`](Divergence::pairwise) with [`Rows`] |
//! | counts, or points drawn from two distributions | [`estimate`], [`estimate::SampleKl`] |
//! | a measure named at run time | [`Measure`] |
//! | two distributions of parametric families, or densities of your own | [`family`] |
//! | which categories carry a KL | [`kl_contributions`] |
//! | one distribution, a joint table, many distributions | [`entropy`], [`perplexity`], [`mutual_information`], [`weighted_js`] |
//! | a divergence of your own | [`divergence::Generator`] |
//!
//! # Accuracy
//! For `f64` weights of any scale the relative error is a few units in the last place for KL, Jeffreys and
//! Jensen–Shannon, also when Q is P to eight digits, where the textbook sum keeps none; `ACCURACY.md` has the table. No
//! result is negative, and equal input gives exactly 0.
//!
//! # Features
//! - `rayon` (default): long inputs and batches use rayon's current thread pool. The bits do not depend on its size.

pub mod discrete;
pub mod divergence;
mod error;
pub mod estimate;
pub mod family;
mod functions;
pub mod logits;
pub mod loss;
pub mod num;
pub mod policy;
pub mod state;
mod threads;

pub use discrete::{
    LogPair, Pair, Rows, Smoothing, Weight, cross_entropy, entropy, generalized_kl, kl_contributions,
    mutual_information, perplexity, weighted_js,
};
pub use divergence::{
    AlphaDivergence, Bhattacharyya, CressieRead, Divergence, Hellinger, Jeffreys, JensenShannon, JensenShannonDistance,
    KDivergence, Kl, MaxDivergence, Measure, NeymanChiSquare, PearsonChiSquare, Renyi, Reverse, ScaledJensenShannon,
    SkewKl, SquaredHellinger, TotalVariation, Triangular, Tsallis,
};
pub use error::{Error, RowError, Side};
pub use functions::{
    bhattacharyya, chi_square, hellinger_distance, jeffreys_divergence, js_distance, js_divergence, kl_divergence,
    max_divergence, renyi_divergence, squared_hellinger, total_variation,
};
pub use loss::{CrossEntropyLoss, Distillation, KlDivLoss};
