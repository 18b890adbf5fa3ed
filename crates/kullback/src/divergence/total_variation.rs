use super::{Divergence, Generator, Point};
use crate::num::Real;

/// The total variation distance `½ Σ |p − q|`: the largest difference in probability that any event can have.
///
/// A metric in [0, 1], without unit; 1 exactly when the supports are disjoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TotalVariation;

impl Generator for TotalVariation {
    const ORDER: i32 = 1;

    #[inline(always)]
    fn term<V: Real>(self, x: Point<V>) -> V {
        x.difference.abs() * 0.5
    }
    #[inline(always)]
    fn slope_q<V: Real>(self, x: Point<V>) -> V {
        let half = x.q * 0.5;
        let zero = x.q.constant(0.0);
        x.difference.where_equal(zero, zero, x.difference.where_less(zero, -half, half))
    }
    fn at_zero(self) -> f64 {
        0.5
    }
    fn at_infinity(self) -> f64 {
        0.5
    }
}

impl Divergence for TotalVariation {
    type Generator = Self;
    fn generator(self) -> Self {
        self
    }
}
