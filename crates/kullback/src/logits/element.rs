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
    use crate::logits::batch::{LogitRows, Outputs, Space};
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
        /// The numbers in the precision of the kernels, to a slice as long.
        fn widen(from: &[Self], to: &mut [Self::Real]);
        /// Rounds what kernels have computed, to a slice as long.
        fn narrow(from: &[Self::Real], to: &mut [Self]);
        /// The row in the precision of the kernels; `space` is for those that are not.
        fn widened<'a>(row: &'a [Self], space: &'a mut Vec<Self::Real>) -> &'a [Self::Real];
        /// The same numbers, if their type is that of the kernels.
        fn real(from: &[Self]) -> Option<&[Self::Real]>;
        /// The same place, if its type is that of the kernels.
        fn direct(to: &mut [Self]) -> Option<&mut [Self::Real]>;
        /// The same space, if its type is that of the kernels.
        fn space(space: Option<&mut Space<Self>>) -> Option<&mut Space<Self::Real>>;
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
            fn widen(from: &[Self], to: &mut [$type]) {
                to.copy_from_slice(from);
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
            fn space(space: Option<&mut Space<$type>>) -> Option<&mut Space<$type>> {
                space
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
    ($type:ty, $widen:expr, $narrow:expr) => {
        impl sealed::Element for $type {
            type Real = f32;
            fn widen(from: &[Self], to: &mut [f32]) {
                $widen(from, to);
            }
            fn narrow(from: &[f32], to: &mut [Self]) {
                $narrow(from, to);
            }
            #[inline]
            fn widened<'a>(row: &'a [Self], space: &'a mut Vec<f32>) -> &'a [f32] {
                space.resize(row.len(), 0.0);
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
            fn space(_: Option<&mut Space<Self>>) -> Option<&mut Space<f32>> {
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

use half::bf16;
use half::slice::HalfFloatSliceExt as _;

use super::batch::{Fill, LogitRows, Outputs, Space};
use crate::num::prefetch::{PAGE, prefetch};
use crate::num::simd::{Kernel, Level, Simd, dispatch};
use crate::{Error, Measure};

wide!(f64);
wide!(f32);
narrow!(bf16, |from, to| dispatch(Level::new(), Widen { from, to }), |from, to| dispatch(
    Level::new(),
    Narrow { from, to }
));
narrow!(half::f16, |from: &[half::f16], to| from.convert_to_f32_slice(to), |from, to: &mut [half::f16]| to
    .convert_from_f32_slice(from));

/// Numbers of two bytes that are converted at a time: two lines of memory.
const GROUP: usize = 64;
/// Such numbers in a page.
const AHEAD: usize = PAGE / 2;

/// A bf16 is the upper half of a single. The loops are left to the compiler to make vectors of.
struct Widen<'a> {
    from: &'a [bf16],
    to: &'a mut [f32],
}

impl Kernel for Widen<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let n = self.to.len();
        let (from, to) = (&self.from[..n], self.to);
        let mut at = 0;
        while at < n {
            prefetch(from, at + AHEAD, GROUP);
            let end = (at + GROUP).min(n);
            while at < end {
                to[at] = f32::from_bits(u32::from(from[at].to_bits()) << 16);
                at += 1;
            }
        }
    }
}

/// To the nearest, of two equally near to the even one. A NaN stays one.
struct Narrow<'a> {
    from: &'a [f32],
    to: &'a mut [bf16],
}

impl Kernel for Narrow<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let n = self.to.len();
        let (from, to) = (&self.from[..n], self.to);
        let mut at = 0;
        while at < n {
            prefetch(to, at + AHEAD, GROUP);
            let end = (at + GROUP).min(n);
            while at < end {
                let bits = from[at].to_bits();
                let nearest = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16;
                let nan = bits >> 16 | 0x40;
                to[at] = bf16::from_bits(if from[at].is_nan() { nan } else { nearest } as u16);
                at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::simd::levels;

    /// As the crate `half` does it, on every instruction set: every bf16 and its neighbours among singles.
    #[test]
    fn bf16_as_half_converts_it() {
        let all: Vec<bf16> = (0..=u16::MAX).map(bf16::from_bits).collect();
        let near = |x: &bf16| {
            [0u32, 1, 0x7fff, 0x8000, 0x8001, 0xffff].map(|rest| f32::from_bits(u32::from(x.to_bits()) << 16 | rest))
        };
        let singles: Vec<f32> = all.iter().flat_map(near).collect();
        for level in levels() {
            let (mut wide, mut narrow) = (vec![0.0; all.len()], vec![bf16::ZERO; singles.len()]);
            dispatch(level, Widen { from: &all, to: &mut wide });
            for (got, x) in wide.iter().zip(&all) {
                assert!(*got == x.to_f32() || got.is_nan() && x.is_nan(), "{x:e}: {got:e}");
            }
            dispatch(level, Narrow { from: &singles, to: &mut narrow });
            for (got, x) in narrow.iter().zip(&singles) {
                assert!(*got == bf16::from_f32(*x) || got.is_nan() && x.is_nan(), "{x:e}: {got:e}");
            }
        }
    }
}
