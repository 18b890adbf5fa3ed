//! KL from mixtures, and the symmetric divergences made of it.

use super::{Divergence, Generator, Kl, Point, Reverse, Skew, Weighted};
use crate::Error;
use crate::num::Real;

/// `weight`, if it lies in [0, 1].
fn share(name: &'static str, value: f64) -> Result<f64, Error> {
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err(Error::Parameter { name, value, expected: "a number from 0 to 1" })
    }
}

/// Jeffreys' divergence `D(P‖Q) + D(Q‖P) = Σ (p − q) ln(p/q)`, in nats; as a drift statistic, the population stability
/// index.
///
/// Symmetric, in [0, +∞]. (H. Jeffreys, *An invariant form for the prior probability*, 1946.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Jeffreys;

impl Divergence for Jeffreys {
    type Generator = Weighted<Kl, Reverse<Kl>>;
    fn generator(self) -> Self::Generator {
        Weighted { first: (1.0, Kl), second: (1.0, Reverse(Kl)) }
    }
}

/// The skew divergence `D(P ‖ λP + (1 − λ)Q)`, in nats; λ = 0 is KL.
///
/// Range [0, −ln λ]. (L. Lee, *On the effectiveness of the skew divergence*, 2001, who writes α for our 1 − λ.)
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SkewKl {
    lambda: f64,
}

impl SkewKl {
    /// # Errors
    /// [`Error::Parameter`] unless λ lies in [0, 1].
    pub fn new(lambda: f64) -> Result<Self, Error> {
        Ok(Self { lambda: share("λ", lambda)? })
    }
}

impl Divergence for SkewKl {
    type Generator = Skew<Kl>;
    fn generator(self) -> Skew<Kl> {
        Skew::new(Kl, self.lambda)
    }
}

/// The K-divergence `D(P ‖ (P + Q)/2)`, in nats, in [0, ln 2]. (J. Lin, 1991.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KDivergence;

impl Divergence for KDivergence {
    type Generator = Skew<Kl>;
    fn generator(self) -> Skew<Kl> {
        Skew::new(Kl, 0.5)
    }
}

/// The Jensen–Shannon divergence with weight β, `β D(P‖M) + (1 − β) D(Q‖M)` with `M = βP + (1 − β)Q`, in nats.
///
/// Range [0, H(β)] with H the binary entropy: at most ln 2, reached at β = ½ by disjoint supports. Symmetric for β = ½.
/// Continuous in β: it is 0 at both ends. See [`ScaledJensenShannon`] for the scaling with a limit there.
/// (J. Lin, *Divergence measures based on the Shannon entropy*, 1991.)
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JensenShannon {
    weight: f64,
}

impl JensenShannon {
    /// The symmetric one, β = ½.
    pub const HALF: Self = Self { weight: 0.5 };

    /// # Errors
    /// [`Error::Parameter`] unless β lies in [0, 1].
    pub fn new(weight: f64) -> Result<Self, Error> {
        Ok(Self { weight: share("β", weight)? })
    }

    /// The shares of P and Q in the mixture, and the weights of what they are from it.
    fn shares(self) -> [f64; 2] {
        [self.weight, 1.0 - self.weight]
    }
}

impl Generator for JensenShannon {
    #[inline(always)]
    fn term<V: Real>(self, x: Point<V>) -> V {
        x.to_mixture(self.shares()).sum
    }
    // That the mixture changes, too, cancels.
    #[inline(always)]
    fn slope_q<V: Real>(self, x: Point<V>) -> V {
        let [of_p, of_q] = self.shares();
        x.q * x.to_mixture([of_p, of_q]).ln_q * of_q
    }
    // In closed form, so that two halves make exactly ln 2.
    fn at_zero(self) -> f64 {
        if self.weight == 1.0 { 0.0 } else { -(1.0 - self.weight) * (-self.weight).ln_1p() }
    }
    fn at_infinity(self) -> f64 {
        if self.weight == 0.0 { 0.0 } else { -self.weight * self.weight.ln() }
    }
}

impl Divergence for JensenShannon {
    type Generator = Self;
    fn generator(self) -> Self {
        self
    }
}

/// The Jensen–Shannon distance, the square root of [`JensenShannon::HALF`]: a metric in [0, √ln 2].
///
/// (D. Endres, J. Schindelin, *A new metric for probability distributions*, 2003.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JensenShannonDistance;

impl Divergence for JensenShannonDistance {
    type Generator = JensenShannon;
    fn generator(self) -> JensenShannon {
        JensenShannon::HALF
    }
    fn finish(self, sum: f64) -> f64 {
        sum.sqrt()
    }
    fn finish_slope(self, sum: f64) -> f64 {
        0.5 / sum.sqrt()
    }
}

/// The Jensen–Shannon divergence over β(1 − β), in nats: KL at β = 0 and its reverse at β = 1, by continuity.
///
/// (F. Huszár, *How (not) to train your generative model*, 2015, gives the limits.)
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScaledJensenShannon {
    of: JensenShannon,
}

impl ScaledJensenShannon {
    /// # Errors
    /// [`Error::Parameter`] unless β lies in [0, 1].
    pub fn new(weight: f64) -> Result<Self, Error> {
        Ok(Self { of: JensenShannon::new(weight)? })
    }

    fn scale(self) -> f64 {
        1.0 / (self.of.weight * (1.0 - self.of.weight))
    }
}

impl Generator for ScaledJensenShannon {
    #[inline(always)]
    fn term<V: Real>(self, x: Point<V>) -> V {
        match self.of.weight {
            0.0 => Kl.term(x),
            1.0 => Reverse(Kl).term(x),
            _ => self.of.term(x) * self.scale(),
        }
    }
    #[inline(always)]
    fn slope_q<V: Real>(self, x: Point<V>) -> V {
        match self.of.weight {
            0.0 => Kl.slope_q(x),
            1.0 => Reverse(Kl).slope_q(x),
            _ => self.of.slope_q(x) * self.scale(),
        }
    }
    fn at_zero(self) -> f64 {
        match self.of.weight {
            0.0 => Kl.at_zero(),
            1.0 => Kl.at_infinity(),
            w => -(-w).ln_1p() / w,
        }
    }
    fn at_infinity(self) -> f64 {
        match self.of.weight {
            0.0 => Kl.at_infinity(),
            1.0 => Kl.at_zero(),
            w => -w.ln() / (1.0 - w),
        }
    }
}

impl Divergence for ScaledJensenShannon {
    type Generator = Self;
    fn generator(self) -> Self {
        self
    }
}
