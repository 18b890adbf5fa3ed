//! A stream of random numbers for each purpose and step, so that a run that is resumed need not know how many were drawn.

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, StandardNormal};

/// What numbers are drawn for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Weights = 1,
    Order,
    Noise,
    Episodes,
    Value,
    Test,
    Picture,
}

/// The stream of a seed, a purpose and a step.
pub(crate) fn stream(seed: u64, purpose: Purpose, step: u64) -> StdRng {
    let mut key = [0; 32];
    for (bytes, number) in key.chunks_exact_mut(8).zip([seed, purpose as u64, step, 0]) {
        bytes.copy_from_slice(&number.to_le_bytes());
    }
    StdRng::from_seed(key)
}

/// One draw from N(0, 1).
pub(crate) fn normal(rng: &mut StdRng) -> f64 {
    StandardNormal.sample(rng)
}
