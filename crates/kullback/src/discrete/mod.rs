//! The driver for weights: slices, rows and pairs of rows, of `f64` or `f32`.
//!
//! Pass 1 finds the masses, pass 2 sums the terms of the weights scaled to one mass; KL and its reverse need one pass
//! over memory. Both go block by block, so that each block is in cache for all that is done with it, and blocks merge in
//! a fixed order: the bits do not depend on the number of threads.

mod chunks;
mod contributions;
mod frame;
mod information;
mod kernel;
mod logs;
mod pair;
mod rows;
mod smoothing;
mod weight;
mod wide;

#[cfg(test)]
mod tests;

pub use contributions::{Contribution, kl_contributions};
pub(crate) use frame::{edge, finite};
pub use information::{cross_entropy, entropy, generalized_kl, mutual_information, perplexity, weighted_js};
pub use logs::LogPair;
pub use pair::Pair;
pub use rows::Rows;
pub(crate) use rows::{pairwise, rows};
pub use smoothing::Smoothing;
pub use weight::Weight;
pub(crate) use weight::sealed::Vectorised;
