use core::fmt;

use rand::Rng;

use super::fallback;
use super::{Any, Distribution, Edge, Point, Support, Tail, unit};
use crate::Error;

/// Another distribution, given that X lies from `low` to `high`.
///
/// ```
/// use kullback::family::{Normal, Truncated, kl};
/// // Half of a normal distribution, which is half-normal: ln 2 from the whole.
/// let normal = Normal::new(0.0, 1.0)?;
/// let half = Truncated::new(normal.into(), 0.0, f64::INFINITY)?;
/// assert!((kl(&half, &normal)?.value - 2f64.ln()).abs() < 1e-12);
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Truncated {
    base: Any,
    low: f64,
    high: f64,
    ln_mass: f64,
}

impl Truncated {
    /// The distribution of X given low ≤ X ≤ high; either may be infinite.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless `low` is below `high`, or equal to it for a discrete distribution; [`Error::Empty`] if
    /// there is no mass between.
    pub fn new(base: Any, low: f64, high: f64) -> Result<Self, Error> {
        match base.support().kind {
            super::Kind::Discrete => super::parameter::at_least("high", high, low)?,
            super::Kind::Continuous => super::parameter::above("high", high, low)?,
        }
        let whole = Self { base, low, high, ln_mass: 0.0 };
        let mass = if whole.support().ranges.is_empty() { 0.0 } else { fallback::expectation(&whole, |_| 1.0).value };
        if mass > 0.0 { Ok(Self { ln_mass: mass.ln(), ..whole }) } else { Err(Error::Empty) }
    }
}

impl fmt::Display for Truncated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "truncated({}, {}, {})", self.low, self.high, self.base)
    }
}

impl Distribution for Truncated {
    fn name(&self) -> &'static str {
        "truncated"
    }
    fn support(&self) -> Support {
        let mut support = self.base.support();
        let (low, high) = match support.kind {
            super::Kind::Discrete => (self.low.ceil(), self.high.floor()),
            super::Kind::Continuous => (self.low, self.high),
        };
        for range in &mut support.ranges {
            *range = [range[0].max(low), range[1].min(high)];
        }
        let discrete = support.kind == super::Kind::Discrete;
        support.ranges.retain(|[low, high]| low < high || discrete && low == high);
        support
    }
    fn ln_density(&self, x: Point) -> f64 {
        if x.minus(self.low) < 0.0 || x.minus(self.high) > 0.0 {
            return f64::NEG_INFINITY;
        }
        self.base.ln_density(x) - self.ln_mass
    }
    fn landmarks(&self) -> Vec<f64> {
        let mut points = self.base.landmarks();
        points.retain(|x| *x > self.low && *x < self.high);
        // A cut far out in a tail leaves nothing of the landmarks; the mass is at the cut then.
        let scale = self.base.landmarks().windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(1.0, f64::min);
        for k in [1e-3, 0.03, 0.3, 1.0, 3.0] {
            points.extend([self.low + k * scale, self.high - k * scale].iter().filter(|x| x.is_finite()));
        }
        points.retain(|x| *x > self.low && *x < self.high);
        points
    }
    fn tail(&self, edge: Edge) -> Tail {
        self.base.tail(edge)
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        // By rejection where that is quick; else by inversion, which is not.
        for _ in 0..1000 {
            let x = self.base.sample(rng);
            if x >= self.low && x <= self.high {
                return x;
            }
        }
        fallback::quantile(self, unit(rng))
    }
}
