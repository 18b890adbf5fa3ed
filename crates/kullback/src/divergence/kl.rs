use super::{Divergence, Generator, Point, Reduction};
use crate::Side;
use crate::num::Real;

/// The Kullback–Leibler divergence, or relative entropy, `D(P‖Q) = Σ p ln(p/q)`, in nats.
///
/// What coding P with a code made for Q costs beyond P's own code, per symbol. Range [0, +∞]; +∞ where P has mass and
/// Q has none. Not symmetric. (S. Kullback, R. Leibler, *On information and sufficiency*, 1951.)
///
/// ```
/// use kullback::{Divergence, Kl};
/// assert_eq!(Kl.between(&[0.5, 0.5], &[1.0, 0.0])?, f64::INFINITY);
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kl;

impl Generator for Kl {
    const KL_FROM: Option<Side> = Some(Side::P);

    #[inline(always)]
    fn term<V: Real>(self, x: Point<V>) -> V {
        x.kl()
    }
    #[inline(always)]
    fn slope_q<V: Real>(self, x: Point<V>) -> V {
        x.difference
    }
    fn at_zero(self) -> f64 {
        1.0
    }
    fn at_infinity(self) -> f64 {
        f64::INFINITY
    }
}

impl Divergence for Kl {
    type Generator = Self;
    fn generator(self) -> Self {
        self
    }
}

/// The max-divergence `ln max p/q` over the categories of P, in nats: Rényi's of order ∞.
///
/// Range [0, +∞]. (A. Rényi, *On measures of entropy and information*, 1961; T. van Erven, P. Harremoës, 2014.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MaxDivergence;

impl Generator for MaxDivergence {
    const REDUCTION: Reduction = Reduction::Max;
    const ORDER: i32 = 1;

    #[inline(always)]
    fn term<V: Real>(self, x: Point<V>) -> V {
        -x.ln_ratio()
    }
    /// At the category that attains the maximum; the other categories have slope 0.
    #[inline(always)]
    fn slope_q<V: Real>(self, x: Point<V>) -> V {
        x.q.constant(-1.0)
    }
    fn at_zero(self) -> f64 {
        0.0
    }
    fn at_infinity(self) -> f64 {
        f64::INFINITY
    }
}

impl Divergence for MaxDivergence {
    type Generator = Self;
    fn generator(self) -> Self {
        self
    }
}

/// The cross-entropy `H(P, Q) = −Σ p ln q`, in nats: the length of P's symbols in Q's code. Not a divergence, but
/// summed by the same drivers; `H(P, P)` is the entropy and `H(P, Q) = H(P) + D(P‖Q)`.
///
/// Range [0, +∞]. (C. Shannon, *A mathematical theory of communication*, 1948.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CrossEntropy;

impl Generator for CrossEntropy {
    #[inline(always)]
    fn term<V: Real>(self, x: Point<V>) -> V {
        -(x.p * x.ln_q())
    }
    #[inline(always)]
    fn slope_q<V: Real>(self, x: Point<V>) -> V {
        -x.p
    }
    fn at_zero(self) -> f64 {
        0.0
    }
    fn at_infinity(self) -> f64 {
        f64::INFINITY
    }
}

impl Divergence for CrossEntropy {
    type Generator = Self;
    fn generator(self) -> Self {
        self
    }
}
