//! The numeric vocabulary: what divergences are written in. Knows no divergence.

pub mod entropic;
pub mod exp_log;
mod polynomial;
pub(crate) mod prefetch;
pub mod real;
#[allow(unreachable_pub, reason = "the lanes of a sealed public trait")]
pub(crate) mod simd;
pub(crate) mod special;
pub(crate) mod sum;
pub(crate) mod two;
pub(crate) mod wide;

#[cfg(test)]
mod tests;

pub use real::Real;
