//! Mergeable states: what the drivers keep of the part of the input they have seen.
//!
//! [`Merge`] is the only way two parts meet, whether they are blocks, threads or, later, ranks and row groups. Blocks are
//! fixed by position and merged in order, so the bits of a result do not depend on the number of threads.

mod log_mass;
mod logit_mass;
mod mass;
mod total;

pub use crate::num::sum::Sum;
pub use log_mass::LogMass;
pub(crate) use log_mass::{Reference, Temperature};
pub use logit_mass::LogitMass;
pub use mass::Mass;
pub use total::Total;

/// A commutative monoid: the state of a part, and how two parts become one.
///
/// Laws: `merge` is associative and commutative up to rounding (the tolerance table says how much), and
/// [`IDENTITY`](Merge::IDENTITY) changes nothing.
///
/// ```
/// use kullback::state::{Merge, Sum};
/// let parts = [Sum::from(1.0), Sum::from(1e-20), Sum::from(-1.0)];
/// let whole = parts.into_iter().fold(Sum::IDENTITY, Merge::merge);
/// assert_eq!(whole.value(), 1e-20);
/// ```
pub trait Merge: Sized {
    /// The state of nothing.
    const IDENTITY: Self;
    /// The state of both parts together.
    #[must_use]
    fn merge(self, other: Self) -> Self;
}

impl Merge for Sum {
    const IDENTITY: Self = Self::ZERO;
    #[inline]
    fn merge(self, other: Self) -> Self {
        self + other
    }
}

impl<A: Merge, B: Merge> Merge for (A, B) {
    const IDENTITY: Self = (A::IDENTITY, B::IDENTITY);
    #[inline]
    fn merge(self, other: Self) -> Self {
        (self.0.merge(other.0), self.1.merge(other.1))
    }
}
