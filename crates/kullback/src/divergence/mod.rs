//! Each divergence, described once.
//!
//! A divergence is the sum of a [`Generator`]'s terms over the categories, put through a finishing function. Terms are
//! *centred*: φ(p, q) ≥ 0, zero only at p = q, and homogeneous of degree one, so a sum of them cannot be negative and
//! loses nothing to cancellation where P is near Q. For KL the centred term is p ln(p/q) − p + q, which sums to the
//! textbook value because both sides have the same mass.
//!
//! Few texts make the family: the terms [`Kl`], [`Power`], [`TotalVariation`] and [`MaxDivergence`], the combinators
//! [`Reverse`], [`Skew`] and [`Weighted`], and the finishing functions in this module's other types. Nothing here knows a
//! loop, a slice, a data type or an instruction set; the drivers know no formula.
//!
//! # A divergence of your own
//!
//! ```
//! use kullback::divergence::{Divergence, Generator, Point};
//! use kullback::num::Real;
//!
//! /// Σ (p − q)² / (p + q).
//! #[derive(Clone, Copy)]
//! struct LeCam;
//!
//! impl Generator for LeCam {
//!     #[inline(always)]
//!     fn term<V: Real>(self, x: Point<V>) -> V {
//!         x.difference * (x.difference / (x.p + x.q))
//!     }
//!     fn slope_q<V: Real>(self, x: Point<V>) -> V {
//!         let share = x.difference / (x.p + x.q);
//!         x.q * (share * 2.0 - share * share)
//!     }
//!     fn at_zero(self) -> f64 {
//!         1.0
//!     }
//!     fn at_infinity(self) -> f64 {
//!         1.0
//!     }
//! }
//! impl Divergence for LeCam {
//!     type Generator = Self;
//!     fn generator(self) -> Self {
//!         self
//!     }
//! }
//!
//! assert_eq!(LeCam.between(&[1.0, 0.0], &[0.0, 3.0])?, 2.0);
//! # Ok::<(), kullback::Error>(())
//! ```

mod combine;
mod finish;
mod kl;
mod measure;
mod point;
mod power;
mod symmetric;
mod total_variation;

pub use combine::{Reverse, Skew, Weighted};
pub use finish::{
    AlphaDivergence, Bhattacharyya, CressieRead, Hellinger, NeymanChiSquare, PearsonChiSquare, Renyi, SquaredHellinger,
    Triangular, Tsallis,
};
pub use kl::{CrossEntropy, Kl, MaxDivergence};
pub(crate) use measure::Evaluate;
pub use measure::{Measure, MeasureInfo, Unit, Visitor};
pub use point::Point;
pub use power::{Affinity, Power};
pub use symmetric::{Jeffreys, JensenShannon, JensenShannonDistance, KDivergence, ScaledJensenShannon, SkewKl};
pub use total_variation::TotalVariation;

use crate::discrete::{self, Rows, Weight};
use crate::logits::{self, Logit};
use crate::num::Real;
use crate::{Error, Side};

/// How the terms of the categories become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reduction {
    /// Their sum, per unit of mass.
    Sum,
    /// The largest, at least 0.
    Max,
}

/// The contribution of one category.
///
/// `term` is homogeneous of degree one in (p, q, mass). At the edges of the supports it is linear in the weight that is
/// left, and [`at_zero`](Generator::at_zero) and [`at_infinity`](Generator::at_infinity) are the factors, so `term`
/// itself only ever sees positive numbers.
///
/// Mark `term` `#[inline(always)]`: only then is it compiled with the vector instructions of the loop around it.
pub trait Generator: Copy + Send + Sync {
    /// How terms are combined.
    const REDUCTION: Reduction = Reduction::Sum;

    /// The order at which a term vanishes as q → p: 2 for a smooth divergence, 1 for a distance. Drivers need it to know
    /// when the rounding of the masses would show.
    const ORDER: i32 = 2;

    /// Set if this is KL from one side to the other. KL alone has a chain rule, by which a driver need read the input only
    /// once.
    const KL_FROM: Option<Side> = None;

    /// φ(p, q).
    fn term<V: Real>(self, x: Point<V>) -> V;

    /// ∂φ/∂ ln q. By Euler's identity ∂φ/∂ ln p = φ − ∂φ/∂ ln q.
    fn slope_q<V: Real>(self, x: Point<V>) -> V;

    /// φ(0, q)/q.
    fn at_zero(self) -> f64;

    /// φ(p, 0)/p; may be infinite.
    fn at_infinity(self) -> f64;
}

/// Sums of terms over one pair of distributions: what a driver offers to a divergence.
pub trait Sums {
    /// Σ φ per unit of mass (or the largest term).
    ///
    /// # Errors
    /// Whatever is wrong with the input.
    fn sum<G: Generator>(&self, generator: G) -> Result<f64, Error>;

    /// ln of that sum, also where the sum itself is too large or too small for a double.
    ///
    /// # Errors
    /// Whatever is wrong with the input.
    fn ln_sum<G: Generator>(&self, generator: G) -> Result<f64, Error>;

    /// The value of a measure named at run time.
    ///
    /// # Errors
    /// Whatever is wrong with the input.
    fn measure(&self, measure: Measure) -> Result<f64, Error>
    where
        Self: Sized,
    {
        measure.visit(Evaluate(self))?
    }
}

/// A measure of how far Q is from P: a generator and what becomes of its sum.
///
/// Values are in nats where they have a unit, ≥ 0, exactly 0 when both inputs are equal bit for bit, and +∞ (a value,
/// not an error) where the definition diverges. Weights are normalised by the driver.
///
/// ```
/// use kullback::{Divergence, Kl, Renyi};
/// let (p, q) = ([1.0, 1.0], [1.0, 3.0]);
/// let kl = Kl.between(&p, &q)?;
/// assert!((kl - (4f64 / 3.0).ln() / 2.0).abs() < 1e-16);
/// assert!(Renyi::new(2.0)?.between(&p, &q)? > kl);
/// # Ok::<(), kullback::Error>(())
/// ```
pub trait Divergence: Copy + Send + Sync {
    /// Gives the terms.
    type Generator: Generator;

    /// The generator with its parameters.
    fn generator(self) -> Self::Generator;

    /// The value, from the sum of the terms.
    fn finish(self, sum: f64) -> f64 {
        sum
    }

    /// The derivative of [`finish`](Divergence::finish).
    fn finish_slope(self, sum: f64) -> f64 {
        let _ = sum;
        1.0
    }

    /// The value, from any driver's sums.
    ///
    /// # Errors
    /// Whatever is wrong with the driver's input.
    fn evaluate<S: Sums>(self, sums: &S) -> Result<f64, Error> {
        self.conclude(sums.sum(self.generator())?, sums)
    }

    /// The value, from the sum of the terms and, should that not be enough, from any other sums.
    ///
    /// # Errors
    /// As [`evaluate`](Divergence::evaluate).
    fn conclude<S: Sums>(self, sum: f64, sums: &S) -> Result<f64, Error> {
        let _ = sums;
        Ok(self.finish(sum))
    }

    /// [`finish_slope`](Divergence::finish_slope) where the value is known, which may keep more digits than the sum.
    fn slope(self, sum: f64, value: f64) -> f64 {
        let _ = value;
        self.finish_slope(sum)
    }

    /// Where a gradient from centred terms would cancel, the plain sum to take it from: a generator A and c such that the
    /// value is c·ln ΣA. `None` elsewhere, and for divergences that are no logarithm.
    fn logarithm(self, value: f64) -> Option<(Affinity, f64)> {
        let _ = value;
        None
    }

    /// The value between two vectors of weights (non-negative, of any mass; they are normalised exactly).
    ///
    /// Cost: one pass over the input for KL and its reverse, two for the others. Long inputs use rayon's current
    /// pool (feature `rayon`); the bits do not depend on its size.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::Empty`], [`Error::Negative`], [`Error::NotFinite`], [`Error::ZeroMass`].
    fn between<T: Weight>(self, p: &[T], q: &[T]) -> Result<f64, Error> {
        self.evaluate(&discrete::Pair::new(p, q)?)
    }

    /// The value between two vectors of log-probabilities (or logarithms of weights); −∞ is no mass.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::Empty`], [`Error::NotFinite`] for NaN and +∞, [`Error::ZeroMass`].
    fn between_log_probabilities(self, log_p: &[f64], log_q: &[f64]) -> Result<f64, Error> {
        self.evaluate(&discrete::LogPair::new(log_p, log_q)?)
    }

    /// The value between the softmaxes of two vectors of logits, in one or two passes; −∞ is a masked entry, and so are
    /// the entries that the shorter vector lacks. See [`LogitRows`](crate::logits::LogitRows) for batches, temperatures
    /// and gradients.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`] for NaN and +∞, [`Error::ZeroMass`] for a side without an entry that is not
    /// masked.
    fn between_logits<T: Logit>(self, p: &[T], q: &[T]) -> Result<f64, Error> {
        logits::between(self, p, q)
    }

    /// The value between each row of `p` and the same row of `q`.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] when the numbers of rows or columns differ, [`Error::Row`] for a refused row.
    fn rows<T: Weight>(self, p: Rows<'_, T>, q: Rows<'_, T>) -> Result<Vec<f64>, Error> {
        discrete::rows(self, p, q)
    }

    /// The value between `p` and each row of `q`.
    ///
    /// # Errors
    /// As [`rows`](Divergence::rows).
    fn one_to_many<T: Weight>(self, p: &[T], q: Rows<'_, T>) -> Result<Vec<f64>, Error> {
        discrete::pairwise(self, Rows::new(p, p.len())?, q)
    }

    /// The value between every row of `p` and every row of `q`: a matrix, row-major.
    ///
    /// # Errors
    /// As [`rows`](Divergence::rows).
    fn pairwise<T: Weight>(self, p: Rows<'_, T>, q: Rows<'_, T>) -> Result<Vec<f64>, Error> {
        discrete::pairwise(self, p, q)
    }
}
