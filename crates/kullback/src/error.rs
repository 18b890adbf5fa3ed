//! Stand-in until the core's own error arrives from `main`.
use core::fmt;

/// What can be wrong with an input.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Error {
    /// The two sides differ in length.
    LengthMismatch {
        /// Length of P.
        p: usize,
        /// Length of Q.
        q: usize,
    },
    /// No cells.
    Empty,
    /// Nothing counted on one side.
    ZeroMass {
        /// Which side.
        side: Side,
    },
}

/// Which of the two inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The first.
    P,
    /// The second.
    Q,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}
impl core::error::Error for Error {}
