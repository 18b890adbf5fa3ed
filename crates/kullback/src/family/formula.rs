//! Formulas that single distributions and batches share: in [`Real`](crate::num::Real) arithmetic, with the derivatives by
//! the parameters of both sides.

use crate::Error;
use crate::num::simd::Least;

/// What a parameter may be: its name and the number given.
#[allow(unreachable_pub, reason = "in a sealed trait")]
pub type Check = fn(&'static str, f64) -> Result<(), Error>;

/// KL and its derivatives.
#[allow(unreachable_pub, reason = "the result of a sealed trait")]
#[derive(Debug, Clone, Copy)]
pub struct Slopes<V, const K: usize> {
    /// KL.
    pub value: V,
    /// By P's parameters.
    pub p: [V; K],
    /// By Q's parameters.
    pub q: [V; K],
}

/// A family with K parameters and a formula for KL between two of it.
#[allow(unreachable_pub, reason = "a sealed trait")]
pub trait Formula<const K: usize>: Sync + 'static {
    /// The names of the parameters, in order.
    const NAMES: [&'static str; K];
    /// What they may be: each an interval.
    const CHECKS: [Check; K];
    /// Without `GRADIENT` the slopes may be anything.
    fn kl<V: Least, const GRADIENT: bool>(p: [V; K], q: [V; K]) -> Slopes<V, K>;
}

/// A family whose parameters are one vector, and a formula for KL between two of it.
#[allow(unreachable_pub, reason = "a sealed trait")]
pub trait RowFormula: Sync + 'static {
    /// The name of the vector.
    const VECTOR: &'static str;
    /// What its entries may be: an interval.
    const CHECK: Check;
    /// How many entries there are at least.
    const LEAST_COLUMNS: usize;
    /// Whether one of them must not be 0.
    const NEEDS_MASS: bool;
    /// Works on `p` and `q`, as long as each other. With `GRADIENT` the slopes go to `to_p` and `to_q`, which are as
    /// long.
    fn kl<V: Least, const GRADIENT: bool>(p: &mut [V], q: &mut [V], to_p: &mut [V], to_q: &mut [V]) -> V;
}
