use super::batch::{Fill, LogitRows, Outputs};
use crate::discrete::Weight;
use crate::{Error, Measure};

/// A type of logits: `f64` or `f32`.
///
/// Exponentials are taken in this type, sums of blocks are accumulated in double precision, and gradients are written
/// in it.
pub trait Logit: Weight + sealed::Element {}

impl Logit for f64 {}
impl Logit for f32 {}

#[allow(unreachable_pub, reason = "the sealed part of a public trait")]
pub(crate) mod sealed {
    use crate::logits::batch::{LogitRows, Outputs};
    use crate::{Error, Measure};

    /// What the type can hold.
    #[derive(Debug, Clone, Copy)]
    pub struct Limits {
        /// Bits of the significand.
        pub digits: u32,
        /// From here on a mean of logarithms, which is a difference of numbers near 1, is as good as promised.
        pub apart: f64,
        /// Sums beyond it may have lost terms that overflowed.
        pub largest: f64,
        /// A relative error that is as good as none.
        pub negligible: f64,
    }

    pub trait Element: Copy + PartialOrd {
        /// No logit.
        const MASKED: Self;
        const LIMITS: Limits;
        fn rounded(x: f64) -> Self;
        /// [`LogitRows::measure_into`] for this type alone: kernels are compiled in this crate, not in every other.
        fn measure(rows: &LogitRows<'_, Self>, measure: Measure, to: Outputs<'_, Self>) -> Result<(), Error>
        where
            Self: super::Logit;
    }
}

use sealed::Limits;

impl sealed::Element for f64 {
    const MASKED: Self = f64::NEG_INFINITY;
    const LIMITS: Limits = Limits { digits: f64::MANTISSA_DIGITS, apart: 0.05, largest: 1e280, negligible: 1e-15 };
    #[inline(always)]
    fn rounded(x: f64) -> Self {
        x
    }
    fn measure(rows: &LogitRows<'_, f64>, measure: Measure, to: Outputs<'_, f64>) -> Result<(), Error> {
        measure.visit(Fill(rows, to))?
    }
}

impl sealed::Element for f32 {
    const MASKED: Self = f32::NEG_INFINITY;
    const LIMITS: Limits = Limits { digits: f32::MANTISSA_DIGITS, apart: 0.2, largest: 1e30, negligible: 1e-7 };
    #[inline(always)]
    fn rounded(x: f64) -> Self {
        x as f32
    }
    fn measure(rows: &LogitRows<'_, f32>, measure: Measure, to: Outputs<'_, f32>) -> Result<(), Error> {
        measure.visit(Fill(rows, to))?
    }
}
