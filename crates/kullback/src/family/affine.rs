use core::fmt;

use rand::Rng;

use super::{Any, Certified, Distribution, Edge, Point, Support, Tail};
use crate::Error;

/// loc + scale·X for X of another distribution and a positive scale. Masses on the integers are not moved.
///
/// ```
/// use kullback::family::{Affine, Normal, kl};
/// let p = Affine::new(Normal::new(0.0, 1.0)?.into(), 1.0, 2.0)?;
/// let q = Normal::new(1.0, 2.0)?;
/// assert!(kl(&p, &q)?.value < 1e-12);
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Affine {
    base: Any,
    loc: f64,
    scale: f64,
}

impl Affine {
    /// The distribution of loc + scale·X.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a scale that is not positive, [`Error::Kinds`] for a discrete distribution.
    pub fn new(base: Any, loc: f64, scale: f64) -> Result<Self, Error> {
        super::parameter::finite("loc", loc)?;
        super::parameter::positive("scale", scale)?;
        if base.support().kind == super::Kind::Discrete {
            return Err(Error::Kinds { p: "discrete", q: "continuous" });
        }
        Ok(Self { base, loc, scale })
    }

    /// KL(P‖Q). Where both sides are moved alike it is that of the distributions moved.
    ///
    /// # Errors
    /// As [`Any::kl`].
    pub fn kl(&self, q: &Self) -> Result<Certified, Error> {
        if self.loc == q.loc && self.scale == q.scale { self.base.kl(&q.base) } else { super::kl(self, q) }
    }

    fn moved(&self, x: f64) -> f64 {
        self.loc + self.scale * x
    }
}

impl fmt::Display for Affine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "affine({}, {}, {})", self.loc, self.scale, self.base)
    }
}

impl Distribution for Affine {
    fn name(&self) -> &'static str {
        "affine"
    }
    fn has_formulas(&self) -> bool {
        self.base.has_formulas()
    }
    fn support(&self) -> Support {
        let mut support = self.base.support();
        for end in support.ranges.iter_mut().flatten() {
            *end = self.moved(*end);
        }
        support
    }
    fn ln_density(&self, x: Point) -> f64 {
        self.base.ln_density(x.standardized(self.loc, self.scale)) - self.scale.ln()
    }
    fn landmarks(&self) -> Vec<f64> {
        self.base.landmarks().into_iter().map(|x| self.moved(x)).collect()
    }
    fn tail(&self, edge: Edge) -> Tail {
        let ends = self.base.support().ranges.into_iter().flatten();
        // The end that was moved to this place, to its last digit.
        let at = ends.into_iter().find(|end| self.moved(*end) == edge.at);
        let base = Edge { at: at.unwrap_or((edge.at - self.loc) / self.scale), above: edge.above };
        // In the distance, or in its inverse at a finite edge.
        let unit = if edge.at.is_infinite() { self.scale } else { 1.0 / self.scale };
        match self.base.tail(base) {
            Tail::Exponential { power, rate } => Tail::Exponential { power, rate: rate * unit.powf(-power) },
            Tail::DoubleExponential { rate } => Tail::DoubleExponential { rate: rate / unit },
            other => other,
        }
    }
    fn mean(&self) -> f64 {
        self.moved(self.base.mean())
    }
    fn variance(&self) -> f64 {
        self.scale * self.scale * self.base.variance()
    }
    fn entropy(&self) -> f64 {
        self.base.entropy() + self.scale.ln()
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        self.moved(self.base.sample(rng))
    }
}
