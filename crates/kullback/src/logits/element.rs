use crate::discrete::Weight;

/// A type of logits: `f64`, `f32`, `bf16` or `f16` (of the crate `half`).
///
/// The short ones are widened to `f32` as they are read. Exponentials are taken in `f64` or `f32`, sums of blocks are
/// accumulated in double precision, and gradients are rounded once, when they are written.
pub trait Logit: sealed::Element {}

impl Logit for f64 {}
impl Logit for f32 {}
impl Logit for half::bf16 {}
impl Logit for half::f16 {}

#[allow(unreachable_pub, reason = "the sealed part of a public trait")]
pub(crate) mod sealed {
    use crate::discrete::Vectorised;
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

    /// A type that kernels compute in.
    pub trait Precision: Vectorised + super::Weight + PartialOrd {
        /// No logit.
        const MASKED: Self;
        /// A logit of no weight, on both sides of what fills a block up after the first pass.
        const FILLER: Self;
        const LIMITS: Limits;
    }

    pub trait Element: Copy + Into<f64> + Send + Sync + 'static {
        type Real: Precision;
        /// Appends the numbers in the precision of the kernels.
        fn widen(from: &[Self], to: &mut Vec<Self::Real>);
        /// Rounds what kernels have computed.
        fn narrow(from: &[Self::Real], to: &mut [Self]);
        /// The row in the precision of the kernels; `space` is for those that are not.
        fn widened<'a>(row: &'a [Self], space: &'a mut Vec<Self::Real>) -> &'a [Self::Real];
        /// The same numbers, if their type is that of the kernels.
        fn real(from: &[Self]) -> Option<&[Self::Real]>;
        /// The same place, if its type is that of the kernels.
        fn direct(to: &mut [Self]) -> Option<&mut [Self::Real]>;
        fn narrowed(x: Self::Real) -> Self;
        #[inline(always)]
        fn rounded(x: f64) -> Self {
            Self::narrowed(Self::Real::rounded(x))
        }
        /// [`LogitRows::measure_into`] for this type alone: kernels are compiled in this crate, not in every other.
        fn measure(rows: &LogitRows<'_, Self>, measure: Measure, to: Outputs<'_, Self>) -> Result<(), Error>
        where
            Self: super::Logit;
    }
}

use sealed::{Limits, Precision};

impl Precision for f64 {
    const MASKED: Self = f64::NEG_INFINITY;
    const FILLER: Self = f64::MIN / 4.0;
    const LIMITS: Limits = Limits { digits: f64::MANTISSA_DIGITS, apart: 0.05, largest: 1e280, negligible: 1e-15 };
}

impl Precision for f32 {
    const MASKED: Self = f32::NEG_INFINITY;
    const FILLER: Self = f32::MIN / 4.0;
    const LIMITS: Limits = Limits { digits: f32::MANTISSA_DIGITS, apart: 0.2, largest: 1e30, negligible: 1e-7 };
}

macro_rules! wide {
    ($type:ty) => {
        impl sealed::Element for $type {
            type Real = $type;
            #[inline]
            fn widen(from: &[Self], to: &mut Vec<$type>) {
                to.extend_from_slice(from);
            }
            #[inline]
            fn narrow(from: &[$type], to: &mut [Self]) {
                to.copy_from_slice(from);
            }
            #[inline]
            fn widened<'a>(row: &'a [Self], _: &'a mut Vec<$type>) -> &'a [$type] {
                row
            }
            #[inline]
            fn real(from: &[Self]) -> Option<&[$type]> {
                Some(from)
            }
            #[inline]
            fn direct(to: &mut [Self]) -> Option<&mut [$type]> {
                Some(to)
            }
            #[inline(always)]
            fn narrowed(x: $type) -> Self {
                x
            }
            fn measure(rows: &LogitRows<'_, Self>, measure: Measure, to: Outputs<'_, Self>) -> Result<(), Error> {
                measure.visit(Fill(rows, to))?
            }
        }
    };
}

macro_rules! narrow {
    ($type:ty, $widen:expr) => {
        impl sealed::Element for $type {
            type Real = f32;
            #[inline]
            fn widen(from: &[Self], to: &mut Vec<f32>) {
                to.extend(from.iter().map($widen));
            }
            #[inline]
            fn narrow(from: &[f32], to: &mut [Self]) {
                for (to, x) in to.iter_mut().zip(from) {
                    *to = Self::from_f32(*x);
                }
            }
            #[inline]
            fn widened<'a>(row: &'a [Self], space: &'a mut Vec<f32>) -> &'a [f32] {
                space.clear();
                Self::widen(row, space);
                space
            }
            #[inline]
            fn real(_: &[Self]) -> Option<&[f32]> {
                None
            }
            #[inline]
            fn direct(_: &mut [Self]) -> Option<&mut [f32]> {
                None
            }
            #[inline(always)]
            fn narrowed(x: f32) -> Self {
                Self::from_f32(x)
            }
            fn measure(rows: &LogitRows<'_, Self>, measure: Measure, to: Outputs<'_, Self>) -> Result<(), Error> {
                rows.widened(to, &|rows, to| <f32 as sealed::Element>::measure(&rows, measure, to))
            }
        }
    };
}

use super::batch::{Fill, LogitRows, Outputs};
use crate::{Error, Measure};

wide!(f64);
wide!(f32);
// A single's upper half.
narrow!(half::bf16, |x| f32::from_bits(u32::from(x.to_bits()) << 16));
narrow!(half::f16, |x| x.to_f32());
