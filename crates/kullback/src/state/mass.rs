use super::{Merge, Sum};

/// What the first pass over a pair of weight vectors keeps: both totals and the smallest weight.
///
/// They tell whether every weight was a valid one (`low ≥ 0`, the totals finite) and, as no weight is larger than a
/// total, whether all are in the range of the vector kernels.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C)]
pub struct Mass {
    /// Σp.
    pub p: Sum,
    /// Σq.
    pub q: Sum,
    /// The smallest weight on either side.
    pub low: f64,
}

impl Merge for Mass {
    const IDENTITY: Self = Self { p: Sum::ZERO, q: Sum::ZERO, low: f64::INFINITY };
    #[inline]
    fn merge(self, other: Self) -> Self {
        Self { p: self.p.merge(other.p), q: self.q.merge(other.q), low: self.low.min(other.low) }
    }
}
