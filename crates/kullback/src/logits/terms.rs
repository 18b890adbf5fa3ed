use crate::discrete::{edge, finite};
use crate::divergence::{Generator, Reduction};
use crate::state::{Merge, Sum};

/// What the second pass over a row, or a part of it, keeps.
///
/// 96 bytes: five [`Sum`]s of two doubles, a double, three bytes that are 0 or 1, and five that say nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C)]
pub struct Terms {
    /// Σ φ over the categories of both sides.
    pub sum: Sum,
    /// Σ ∂φ/∂ ln q over them.
    pub slope: Sum,
    /// Σ (q − p) over them.
    pub mismatch: Sum,
    /// The mass of P where Q has none.
    pub only_p: Sum,
    /// The mass of Q where P has none.
    pub only_q: Sum,
    /// The largest φ.
    pub peak: f64,
    /// Whether P has a mass where Q has none, be it too small for the vectors.
    pub orphan_p: bool,
    /// Whether Q has one where P has none.
    pub orphan_q: bool,
    /// Whether any category is common.
    pub common: bool,
}

impl Merge for Terms {
    const IDENTITY: Self = Self {
        sum: Sum::ZERO,
        slope: Sum::ZERO,
        mismatch: Sum::ZERO,
        peak: 0.0,
        only_p: Sum::ZERO,
        only_q: Sum::ZERO,
        orphan_p: false,
        orphan_q: false,
        common: false,
    };
    fn merge(self, other: Self) -> Self {
        Self {
            sum: self.sum.merge(other.sum),
            slope: self.slope.merge(other.slope),
            mismatch: self.mismatch.merge(other.mismatch),
            peak: self.peak.max(other.peak),
            only_p: self.only_p.merge(other.only_p),
            only_q: self.only_q.merge(other.only_q),
            orphan_p: self.orphan_p || other.orphan_p,
            orphan_q: self.orphan_q || other.orphan_q,
            common: self.common || other.common,
        }
    }
}

impl Terms {
    /// The state as bytes, for another process: its fields in order, little-endian.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 96] {
        let mut bytes = [0; 96];
        let sums = [self.sum, self.slope, self.mismatch, self.only_p, self.only_q].into_iter().flat_map(Sum::parts);
        for (bytes, number) in bytes.chunks_exact_mut(8).zip(sums.chain([self.peak])) {
            bytes.copy_from_slice(&number.to_le_bytes());
        }
        [bytes[88], bytes[89], bytes[90]] = [self.orphan_p, self.orphan_q, self.common].map(u8::from);
        bytes
    }

    /// The state that [`to_bytes`](Terms::to_bytes) wrote.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 96]) -> Self {
        let mut numbers = [0.0; 11];
        for (number, bytes) in numbers.iter_mut().zip(bytes.chunks_exact(8)) {
            *number = f64::from_le_bytes(bytes.try_into().unwrap_or_default());
        }
        let sum = |i: usize| Sum::of_parts([numbers[2 * i], numbers[2 * i + 1]]);
        let [orphan_p, orphan_q, common] = [bytes[88], bytes[89], bytes[90]].map(|byte| byte != 0);
        Self {
            sum: sum(0),
            slope: sum(1),
            mismatch: sum(2),
            only_p: sum(3),
            only_q: sum(4),
            peak: numbers[10],
            orphan_p,
            orphan_q,
            common,
        }
    }

    /// Σ φ over all categories, per unit of mass.
    #[must_use]
    pub fn value<G: Generator>(&self, generator: G) -> f64 {
        let infinite = |orphan: bool, factor: f64| orphan && factor == f64::INFINITY;
        if infinite(self.orphan_p, generator.at_infinity()) || infinite(self.orphan_q, generator.at_zero()) {
            return f64::INFINITY;
        }
        let terms = match G::REDUCTION {
            Reduction::Sum => self.sum.value(),
            Reduction::Max => self.peak,
        };
        // Without a common category all of either mass is on one side only, whatever the sums have rounded.
        let (only_p, only_q) = if self.common { (self.only_p.value(), self.only_q.value()) } else { (1.0, 1.0) };
        terms + edge(generator.at_zero(), only_q, 1.0) + edge(generator.at_infinity(), only_p, 1.0)
    }

    /// Σ ∂φ/∂ ln q over all categories in which it is finite.
    #[must_use]
    pub fn slope_q<G: Generator>(&self, generator: G) -> f64 {
        self.slope.value() + finite(generator.at_zero()) * self.only_q.value()
    }

    /// Σ ∂φ/∂ ln p over all categories in which it is finite.
    #[must_use]
    pub fn slope_p<G: Generator>(&self, generator: G) -> f64 {
        self.sum.value() - self.slope.value() + finite(generator.at_infinity()) * self.only_p.value()
    }
}
