//! The power family: what becomes of the centred power sum `S = Σ φ_α`, with `Σ p^α q^(1−α) = 1 + α(α − 1) S`.

use core::f64::consts::LN_2;

use super::{Affinity, Divergence, Power, Skew, Sums};
use crate::Error;

fn finite(name: &'static str, value: f64) -> Result<f64, Error> {
    if value.is_finite() { Ok(value) } else { Err(Error::Parameter { name, value, expected: "a finite number" }) }
}

/// A divergence that is a multiple of a power sum.
macro_rules! multiple {
    ($(#[$doc:meta])* $name:ident, $generator:ty, $make:expr, $factor:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct $name;

        impl Divergence for $name {
            type Generator = $generator;
            fn generator(self) -> Self::Generator {
                $make
            }
            fn finish(self, sum: f64) -> f64 {
                $factor * sum
            }
            fn finish_slope(self, _: f64) -> f64 {
                $factor
            }
        }
    };
}

multiple!(
    /// The squared Hellinger distance `1 − Σ √(pq) = ½ Σ (√p − √q)²`, in [0, 1], without unit.
    ///
    /// (E. Hellinger, 1909.)
    SquaredHellinger, Power, Power::new(0.5), 0.25
);
multiple!(
    /// Pearson's `χ² = Σ (p − q)²/q`, in [0, +∞], without unit. (K. Pearson, 1900.)
    PearsonChiSquare, Power, Power::new(2.0), 2.0
);
multiple!(
    /// Neyman's `χ² = Σ (p − q)²/p`, in [0, +∞], without unit. (J. Neyman, 1949.)
    NeymanChiSquare, Power, Power::new(-1.0), 2.0
);
multiple!(
    /// The triangular discrimination `Σ (p − q)²/(p + q)`, in [0, 2], without unit: four times the centred power term
    /// of order 2 from P to the even mixture. (I. Vincze, 1981; L. Le Cam, 1986; F. Topsøe, 2000.)
    Triangular, Skew<Power>, Skew::new(Power::new(2.0), 0.5), 4.0
);

/// The Hellinger distance `√(1 − Σ √(pq))`: a metric in [0, 1], without unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hellinger;

impl Divergence for Hellinger {
    type Generator = Power;
    fn generator(self) -> Power {
        SquaredHellinger.generator()
    }
    fn finish(self, sum: f64) -> f64 {
        SquaredHellinger.finish(sum).sqrt()
    }
    fn finish_slope(self, sum: f64) -> f64 {
        SquaredHellinger.finish_slope(sum) * 0.5 / self.finish(sum)
    }
}

/// The Bhattacharyya distance `−ln Σ √(pq)`, in nats, in [0, +∞]; +∞ only for disjoint supports. Not a metric.
///
/// (A. Bhattacharyya, *On a measure of divergence between two statistical populations*, 1943.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bhattacharyya;

impl Bhattacharyya {
    const HALF_RENYI: Renyi = Renyi { alpha: 0.5 };
}

impl Divergence for Bhattacharyya {
    type Generator = Power;
    fn generator(self) -> Power {
        Self::HALF_RENYI.generator()
    }
    fn finish(self, sum: f64) -> f64 {
        0.5 * Self::HALF_RENYI.finish(sum)
    }
    fn finish_slope(self, sum: f64) -> f64 {
        0.5 * Self::HALF_RENYI.finish_slope(sum)
    }
    fn conclude<S: Sums>(self, sum: f64, sums: &S) -> Result<f64, Error> {
        Ok(0.5 * Self::HALF_RENYI.conclude(sum, sums)?)
    }
    fn slope(self, sum: f64, value: f64) -> f64 {
        0.5 * Self::HALF_RENYI.slope(sum, 2.0 * value)
    }
    fn logarithm(self, value: f64) -> Option<(Affinity, f64)> {
        Self::HALF_RENYI.logarithm(2.0 * value).map(|(affinity, factor)| (affinity, 0.5 * factor))
    }
}

/// The Rényi divergence of order α > 0, `ln Σ p^α q^(1−α) / (α − 1)`, in nats; KL at α = 1.
///
/// Range [0, +∞], increasing in α. For α < 1 it is +∞ only for disjoint supports.
/// (A. Rényi, 1961; T. van Erven, P. Harremoës, *Rényi divergence and Kullback–Leibler divergence*, 2014.)
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Renyi {
    alpha: f64,
}

impl Renyi {
    /// # Errors
    /// [`Error::Parameter`] unless α is positive and finite ([`MaxDivergence`](super::MaxDivergence) is the limit).
    pub fn new(alpha: f64) -> Result<Self, Error> {
        if alpha > 0.0 && alpha.is_finite() {
            Ok(Self { alpha })
        } else {
            Err(Error::Parameter { name: "α", value: alpha, expected: "a finite number above 0" })
        }
    }
}

impl Divergence for Renyi {
    type Generator = Power;
    fn generator(self) -> Power {
        Power::new(self.alpha)
    }
    fn finish(self, sum: f64) -> f64 {
        if self.alpha == 1.0 { sum } else { self.generator().excess(sum).ln_1p() / (self.alpha - 1.0) }
    }
    fn finish_slope(self, sum: f64) -> f64 {
        self.alpha / (1.0 + self.generator().excess(sum))
    }
    /// Far from equality `1 + α(α − 1)S` cancels (α < 1) or overflows (α > 1); there the plain sum is taken.
    fn conclude<S: Sums>(self, sum: f64, sums: &S) -> Result<f64, Error> {
        // Its excess may overflow where the sum itself does not.
        let excess = self.generator().excess(sum);
        if self.alpha == 1.0 || (excess.is_finite() && excess > -0.5) {
            return Ok(self.finish(sum));
        }
        Ok(sums.ln_sum(Affinity { alpha: self.alpha })? / (self.alpha - 1.0))
    }
    fn slope(self, _: f64, value: f64) -> f64 {
        self.alpha * ((1.0 - self.alpha) * value).exp()
    }
    /// Of Σ p^α q^(1−α) less than half is left there.
    fn logarithm(self, value: f64) -> Option<(Affinity, f64)> {
        let far = value.is_finite() && (1.0 - self.alpha) * value > LN_2;
        far.then_some((Affinity { alpha: self.alpha }, 1.0 / (self.alpha - 1.0)))
    }
}

/// The Tsallis divergence of order α, `(Σ p^α q^(1−α) − 1)/(α − 1)`, without unit; KL in nats at α = 1.
///
/// Non-negative for α > 0, in [0, +∞]. (C. Tsallis, *Generalized entropy-based criterion for consistent testing*, 1998.)
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tsallis {
    alpha: f64,
}

impl Tsallis {
    /// # Errors
    /// [`Error::Parameter`] unless α is positive and finite.
    pub fn new(alpha: f64) -> Result<Self, Error> {
        Renyi::new(alpha).map(|_| Self { alpha })
    }
}

impl Divergence for Tsallis {
    type Generator = Power;
    fn generator(self) -> Power {
        Power::new(self.alpha)
    }
    fn finish(self, sum: f64) -> f64 {
        self.alpha * sum
    }
    fn finish_slope(self, _: f64) -> f64 {
        self.alpha
    }
}

/// Amari's α-divergence `4/(1 − α²)·(1 − Σ p^((1−α)/2) q^((1+α)/2))`, without unit; KL at α = −1, its reverse at 1.
///
/// Range [0, +∞]. (S. Amari, *Differential-geometrical methods in statistics*, 1985.)
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AlphaDivergence {
    alpha: f64,
}

impl AlphaDivergence {
    /// # Errors
    /// [`Error::Parameter`] unless α is finite.
    pub fn new(alpha: f64) -> Result<Self, Error> {
        Ok(Self { alpha: finite("α", alpha)? })
    }
}

impl Divergence for AlphaDivergence {
    type Generator = Power;
    fn generator(self) -> Power {
        Power::with_exponents(0.5 - 0.5 * self.alpha, 0.5 + 0.5 * self.alpha)
    }
}

/// The Cressie–Read power divergence `2/(λ(λ + 1)) Σ p((p/q)^λ − 1)`, without unit: per observation, the goodness-of-fit
/// statistic of Pearson (λ = 1), the likelihood ratio (0: twice KL), Freeman–Tukey (−½), Neyman (−2), and ⅔.
///
/// Range [0, +∞]. (N. Cressie, T. Read, *Multinomial goodness-of-fit tests*, 1984.)
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CressieRead {
    lambda: f64,
}

impl CressieRead {
    /// # Errors
    /// [`Error::Parameter`] unless λ is finite.
    pub fn new(lambda: f64) -> Result<Self, Error> {
        Ok(Self { lambda: finite("λ", lambda)? })
    }
}

impl Divergence for CressieRead {
    type Generator = Power;
    fn generator(self) -> Power {
        Power::with_exponents(self.lambda + 1.0, -self.lambda)
    }
    fn finish(self, sum: f64) -> f64 {
        2.0 * sum
    }
    fn finish_slope(self, _: f64) -> f64 {
        2.0
    }
}
