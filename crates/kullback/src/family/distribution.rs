use core::fmt;

use rand::Rng;

use super::fallback;
use super::{Edge, Point, Support, Tail};

/// What formulas of cross-entropies average.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    /// ln X.
    Ln,
    /// (ln X)².
    LnSquared,
    /// ln(1 − X).
    LnOneMinus,
    /// |X − m|.
    AbsoluteDeviation(f64),
    /// e^(tX).
    Exp(f64),
    /// X^k.
    Power(f64),
    /// ln X!.
    LnFactorial,
}

/// A one-dimensional distribution: what everything that is not a formula needs to know of it.
///
/// A density of one's own gets divergences with certified errors by implementing [`support`](Distribution::support),
/// [`ln_density`](Distribution::ln_density), [`landmarks`](Distribution::landmarks) and [`tail`](Distribution::tail); or
/// see [`Custom`](super::Custom).
pub trait Distribution: fmt::Debug + Send + Sync {
    /// The family's name in texts.
    fn name(&self) -> &'static str;

    /// Whether mean, variance and entropy are formulas, so that what is made of them is one.
    fn has_formulas(&self) -> bool {
        false
    }

    /// Where it has mass.
    fn support(&self) -> Support;

    /// ln of the density, or of the mass, at x; −∞ outside the support. A mass is asked for between the integers as well
    /// and is to be its smooth continuation there.
    fn ln_density(&self, x: Point) -> f64;

    /// Points that an integration should not step over: modes, kinks, and a few scales to either side. Beyond the outer
    /// ones the density falls.
    fn landmarks(&self) -> Vec<f64>;

    /// How the density falls towards an edge. [`Tail::Power`]`(1)` where it is neither zero nor infinite.
    fn tail(&self, edge: Edge) -> Tail;

    /// The mean; NaN where there is none.
    fn mean(&self) -> f64 {
        fallback::expectation(self, |x| x.value()).value
    }

    /// The variance; +∞ or NaN where there is none.
    fn variance(&self) -> f64 {
        let mean = self.mean();
        fallback::expectation(self, |x| x.minus(mean) * x.minus(mean)).value
    }

    /// The entropy −E ln p in nats; of a density, the differential one.
    fn entropy(&self) -> f64 {
        fallback::expectation(self, |x| -self.ln_density(x)).value
    }

    /// The expectation of a statistic, if there is a formula for it.
    fn expect(&self, _of: Statistic) -> Option<f64> {
        None
    }

    /// −E_P ln of this density, if it is made of expectations that P has formulas for.
    fn cross_entropy_of(&self, _p: &dyn Distribution) -> Option<Terms> {
        None
    }

    /// One random draw.
    fn sample(&self, rng: &mut dyn Rng) -> f64;
}

/// A sum that knows how large its terms were, and so how much of it is rounding.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Terms {
    /// The sum.
    pub value: f64,
    /// The sum of the magnitudes.
    pub size: f64,
}

impl Terms {
    /// The sum of these.
    #[must_use]
    pub fn of<const N: usize>(terms: [f64; N]) -> Self {
        terms.into_iter().fold(Self::default(), Self::plus)
    }

    /// With one more term.
    #[must_use]
    pub fn plus(self, term: f64) -> Self {
        Self { value: self.value + term, size: self.size + term.abs() }
    }
}
