//! Divergences made from others.

use super::{Divergence, Generator, Point, Reduction};
use crate::Side;
use crate::num::Real;

/// A divergence with its arguments exchanged: `D(Q‖P)`.
///
/// ```
/// use kullback::{Divergence, Kl, Reverse};
/// let (p, q) = ([0.2, 0.8], [0.5, 0.5]);
/// assert_eq!(Reverse(Kl).between(&p, &q)?, Kl.between(&q, &p)?);
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reverse<D>(pub D);

impl<G: Generator> Generator for Reverse<G> {
    const REDUCTION: Reduction = G::REDUCTION;
    const ORDER: i32 = G::ORDER;
    const KL_FROM: Option<Side> = match G::KL_FROM {
        Some(Side::P) => Some(Side::Q),
        Some(Side::Q) => Some(Side::P),
        None => None,
    };

    #[inline(always)]
    fn term<V: Real>(self, x: Point<V>) -> V {
        self.0.term(x.swapped())
    }
    #[inline(always)]
    fn slope_q<V: Real>(self, x: Point<V>) -> V {
        self.0.term(x.swapped()) - self.0.slope_q(x.swapped())
    }
    fn at_zero(self) -> f64 {
        self.0.at_infinity()
    }
    fn at_infinity(self) -> f64 {
        self.0.at_zero()
    }
}

impl<D: Divergence> Divergence for Reverse<D> {
    type Generator = Reverse<D::Generator>;
    fn generator(self) -> Self::Generator {
        Reverse(self.0.generator())
    }
    fn finish(self, sum: f64) -> f64 {
        self.0.finish(sum)
    }
    fn finish_slope(self, sum: f64) -> f64 {
        self.0.finish_slope(sum)
    }
}

/// A divergence from P to a mixture, `D(P ‖ λP + (1 − λ)Q)`, finite wherever λ > 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Skew<G> {
    of: G,
    /// λ and 1 − λ, each to full precision.
    shares: [f64; 2],
}

impl<G> Skew<G> {
    /// The divergence `of` to the mixture with share λ of P, in [0, 1].
    pub const fn new(of: G, lambda: f64) -> Self {
        Self { of, shares: [lambda, 1.0 - lambda] }
    }

    /// Whether the mixture is Q, and the point knows more of Q than its weight.
    #[inline(always)]
    fn is_plain<V: Real>(&self, x: Point<V>) -> bool {
        x.has_logs() && self.shares[0] == 0.0
    }
}

impl<G: Generator> Generator for Skew<G> {
    const REDUCTION: Reduction = G::REDUCTION;
    const ORDER: i32 = G::ORDER;

    #[inline(always)]
    fn term<V: Real>(self, x: Point<V>) -> V {
        if self.is_plain(x) { self.of.term(x) } else { self.of.term(x.mixed(self.shares)) }
    }
    #[inline(always)]
    fn slope_q<V: Real>(self, x: Point<V>) -> V {
        if self.is_plain(x) {
            return self.of.slope_q(x);
        }
        let mixed = x.mixed(self.shares);
        self.of.slope_q(mixed) * (x.q * self.shares[1] / mixed.q)
    }
    fn at_zero(self) -> f64 {
        self.shares[1] * self.of.at_zero()
    }
    /// φ(1, λ), the term itself at a point of the mixture.
    fn at_infinity(self) -> f64 {
        let [lambda, rest] = self.shares;
        if lambda == 0.0 {
            return self.of.at_infinity();
        }
        self.of.term(Point::new(1.0, lambda, -rest, 1.0))
    }
}

/// A weighted sum of two generators.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weighted<A, B> {
    /// The first generator and its weight.
    pub first: (f64, A),
    /// The second generator and its weight.
    pub second: (f64, B),
}

impl<A: Generator, B: Generator> Generator for Weighted<A, B> {
    const REDUCTION: Reduction = {
        assert!(
            matches!((A::REDUCTION, B::REDUCTION), (Reduction::Sum, Reduction::Sum)),
            "only sums can be added term by term"
        );
        Reduction::Sum
    };
    const ORDER: i32 = if A::ORDER < B::ORDER { A::ORDER } else { B::ORDER };

    #[inline(always)]
    fn term<V: Real>(self, x: Point<V>) -> V {
        self.first.1.term(x) * self.first.0 + self.second.1.term(x) * self.second.0
    }
    #[inline(always)]
    fn slope_q<V: Real>(self, x: Point<V>) -> V {
        self.first.1.slope_q(x) * self.first.0 + self.second.1.slope_q(x) * self.second.0
    }
    fn at_zero(self) -> f64 {
        share(self.first.0, self.first.1.at_zero()) + share(self.second.0, self.second.1.at_zero())
    }
    fn at_infinity(self) -> f64 {
        share(self.first.0, self.first.1.at_infinity()) + share(self.second.0, self.second.1.at_infinity())
    }
}

/// A part of weight zero contributes nothing, even where it is infinite.
fn share(weight: f64, value: f64) -> f64 {
    if weight == 0.0 { 0.0 } else { weight * value }
}
