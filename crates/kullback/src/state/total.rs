use super::{Merge, Sum};

/// What the second pass keeps: the reduced terms, and the mass that only one side has.
///
/// Where one side is zero a term is a multiple of the other side's weight
/// ([`at_zero`](crate::divergence::Generator::at_zero), [`at_infinity`](crate::divergence::Generator::at_infinity)), so
/// the masses are enough and no infinity enters a sum.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C)]
pub struct Total {
    /// Σ of the terms where both sides are positive.
    pub sum: Sum,
    /// The largest of them, at least 0 (kept only for generators reduced by their maximum).
    pub peak: f64,
    /// Σp where q = 0.
    pub only_p: Sum,
    /// Σq where p = 0.
    pub only_q: Sum,
    /// Σ (q − ratio·p), the difference of the scaled masses to many more digits than either has (kept only for generators
    /// of order 1, which almost always need it).
    pub mismatch: Sum,
    /// Whether any category was positive on both sides.
    pub common: bool,
}

impl Merge for Total {
    const IDENTITY: Self =
        Self { sum: Sum::ZERO, peak: 0.0, only_p: Sum::ZERO, only_q: Sum::ZERO, mismatch: Sum::ZERO, common: false };
    #[inline]
    fn merge(self, other: Self) -> Self {
        Self {
            sum: self.sum.merge(other.sum),
            peak: self.peak.max(other.peak),
            only_p: self.only_p.merge(other.only_p),
            only_q: self.only_q.merge(other.only_q),
            mismatch: self.mismatch.merge(other.mismatch),
            common: self.common || other.common,
        }
    }
}
