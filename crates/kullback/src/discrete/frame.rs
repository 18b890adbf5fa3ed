//! From weights to shares, and from what the passes keep to a value.

use crate::divergence::{Generator, Reduction};
use crate::error::{RowError, Side};
use crate::state::{Mass, Total};

use super::weight::Weight;
use super::weight::sealed::Vectorised as _;

/// The scale of a pair: what turns weights into shares.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    /// The mass of Q over that of P. The terms see `ratio·p` beside `q`, so that only one side is scaled.
    pub(crate) ratio: f64,
    /// What the ratio has lost to rounding. See [`Frame::shows`].
    pub(crate) ratio_low: f64,
    /// The common mass: that of Q.
    pub(crate) mass: f64,
}

impl Frame {
    /// The weights as they are.
    pub(crate) const RAW: Self = Self { ratio: 1.0, ratio_low: 0.0, mass: 1.0 };

    /// The frame that normalises; `None` where the masses are out of range for the vector kernels.
    pub(crate) fn normalising(mass: &Mass) -> Option<Self> {
        let (p, q) = (mass.p.value(), mass.q.value());
        let room = f64::LOW..=f64::HIGH * 1024.0;
        let frame = Self { ratio: q / p, ratio_low: 0.0, mass: q };
        (room.contains(&p) && room.contains(&q) && frame.is_ordinary(f64::RATIO)).then_some(frame)
    }

    /// Whether a ratio that is off by a relative `error` would show in `value`.
    ///
    /// It changes a sum by a multiple of the error to the power of the generator's order. As it is a rounding error, that
    /// matters only where P and Q nearly agree; not where they do exactly, for then every term is zero.
    pub(crate) fn shows<T: Weight, G: Generator>(error: f64, value: f64) -> bool {
        let equal = value == 0.0 && G::REDUCTION == Reduction::Sum;
        !equal && error.abs().powi(G::ORDER) > T::NEGLIGIBLE * value
    }

    /// The frame with the digits that its ratio has lost.
    pub(crate) fn refined(self, off: f64) -> Self {
        Self { ratio_low: off * self.ratio, ..self }
    }

    /// Whether the masses are within a factor `limit` of each other.
    pub(crate) fn is_ordinary(self, limit: f64) -> bool {
        (1.0 / limit..=limit).contains(&self.ratio)
    }

    /// Σ φ over all categories per unit of mass, from what the second pass kept.
    pub(crate) fn finish<G: Generator>(generator: G, total: &Total, mass: &Mass) -> f64 {
        let (p, q) = (mass.p.value(), mass.q.value());
        let terms = match G::REDUCTION {
            Reduction::Sum => total.sum.value() / q,
            Reduction::Max => total.peak,
        };
        // Without a common category all of either mass is on one side only, whatever the sums have rounded.
        let (only_p, only_q) = if total.common { (total.only_p.value(), total.only_q.value()) } else { (p, q) };
        terms + edge(generator.at_zero(), only_q, q) + edge(generator.at_infinity(), only_p, p)
    }
}

/// An infinite factor makes a sum infinite; its gradient is that of the finite part.
pub(crate) fn finite(factor: f64) -> f64 {
    if factor.is_finite() { factor } else { 0.0 }
}

/// The terms at an edge of the supports, where a `part` of the mass is: none is no contribution, however large the factor, and any is all
/// of an infinite one, even if the quotient is too small for a double.
pub(crate) fn edge(factor: f64, part: f64, mass: f64) -> f64 {
    match part == 0.0 {
        true => 0.0,
        false if factor.is_finite() => factor * (part / mass),
        false => factor,
    }
}

/// Whether the weights behind these masses were valid; if not, which was the first that was not.
pub(crate) fn check<T: Weight>(mass: &Mass, p: &[T], q: &[T]) -> Result<(), RowError> {
    let (total_p, total_q) = (mass.p.value(), mass.q.value());
    // A NaN can hide from the extremes but not from a sum.
    if mass.low >= 0.0 && total_p.is_finite() && total_q.is_finite() && total_p > 0.0 && total_q > 0.0 {
        return Ok(());
    }
    check_side(p, Side::P)?;
    check_side(q, Side::Q)
}

#[cold]
pub(crate) fn check_side<T: Weight>(weights: &[T], side: Side) -> Result<(), RowError> {
    let mut positive = false;
    for (index, &x) in weights.iter().enumerate() {
        let x: f64 = x.into();
        if !x.is_finite() {
            return Err(RowError::NotFinite { side, index });
        }
        if x < 0.0 {
            return Err(RowError::Negative { side, index });
        }
        positive |= x > 0.0;
    }
    if positive { Ok(()) } else { Err(RowError::ZeroMass { side }) }
}
