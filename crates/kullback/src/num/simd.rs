//! The SIMD layer: native-width vectors as [`Real`] numbers, and run-time dispatch.
//!
//! The only file that names the SIMD crate. Kernels are written as a [`Kernel`] over [`Simd`] and run once per
//! instruction set the build can target (SSE2, SSE4.2, AVX2 + FMA, AVX-512, NEON); [`dispatch`] picks the best the
//! machine has. Everything a kernel calls is `#[inline(always)]` and takes no closure, or it would not be compiled for
//! the instruction set of its caller.

use core::ops::{Add, Div, Mul, Neg, Sub};

use fearless_simd::{
    Bytes as _, Select as _, SimdBase as _, SimdFloat as _, SimdInt as _, SimdMask as _, SimdWiden as _,
};
pub(crate) use fearless_simd::{Level, Simd};

use super::real::Real;

/// Numbers whose smallest can be asked for: for a loop that goes on until all have arrived.
pub trait Least: Real {
    /// The smallest; none may be NaN.
    fn least(self) -> f64;
}

impl Least for f64 {
    #[inline(always)]
    fn least(self) -> f64 {
        self
    }
}

impl<S: Simd> Least for F64s<S> {
    #[inline(always)]
    fn least(self) -> f64 {
        self.0.reduce_min()
    }
}

/// Work that is compiled once for every instruction set.
pub(crate) trait Kernel {
    type Output;
    /// Implementations are `#[inline(always)]`, as is all they call.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// Runs `kernel` with the instructions of `level`.
///
/// SSE4.2 adds nothing that a kernel here uses, so there is no third compilation for it.
#[inline]
pub(crate) fn dispatch<K: Kernel>(level: Level, kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(simd) = level.as_avx512() {
            return outlined(simd, kernel);
        }
        if let Some(simd) = level.as_avx2() {
            return outlined(simd, kernel);
        }
        match level.as_sse2() {
            Some(simd) => outlined(simd, kernel),
            None => unreachable!("every x86-64 has SSE2"),
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    fearless_simd::dispatch!(level, simd => kernel.run(simd))
}

/// One copy of a kernel for one instruction set, however many callers it has.
#[cfg(target_arch = "x86_64")]
#[inline(never)]
fn outlined<S: Simd, K: Kernel>(simd: S, kernel: K) -> K::Output {
    simd.vectorize(
        #[inline(always)]
        || kernel.run(simd),
    )
}

/// Every level this machine can run, the best one first.
#[cfg(test)]
pub(crate) fn levels() -> Vec<Level> {
    let best = Level::new();
    #[cfg(target_arch = "x86_64")]
    let all = [best.as_avx512().map(Level::Avx512), best.as_avx2().map(Level::Avx2), best.as_sse2().map(Level::Sse2)];
    #[cfg(not(target_arch = "x86_64"))]
    let all = [Some(best)];
    all.into_iter().flatten().collect()
}

/// Whether a multiply-add rounds once on this level.
#[cfg(test)]
pub(crate) fn fused(level: Level) -> bool {
    #[cfg(target_arch = "x86_64")]
    return level.as_avx2().is_some();
    #[cfg(not(target_arch = "x86_64"))]
    !level.is_fallback()
}

/// A number in every lane, as the nearest one of the lane's type and the rest.
#[derive(Clone, Copy)]
pub struct Scale<V> {
    pub(crate) high: V,
    pub(crate) low: V,
}

impl<V> Scale<V> {
    #[inline(always)]
    pub(crate) fn splat<S: Simd>(simd: S, x: f64, low: f64) -> Self
    where
        V: Lanes<S>,
    {
        let high = if V::DIGITS > 24 { x } else { f64::from(x as f32) };
        Self { high: V::splat(simd, high), low: V::splat(simd, (x - high) + low) }
    }
}

/// A native-width vector of one floating-point type.
pub trait Lanes<S: Simd>: Real {
    type Element: Copy;
    const LEN: usize;
    /// Reads `LEN` elements.
    fn load(simd: S, from: &[Self::Element]) -> Self;
    /// Writes them.
    fn store(self, to: &mut [Self::Element]);
    /// The same value in every lane.
    fn splat(simd: S, x: f64) -> Self;
    /// Adds every lane to a running sum in double precision.
    fn add_to(self, sum: &mut [F64s<S>; 2]);
    /// `q − self·ratio` with the product exact: no digit is lost where the two nearly agree.
    fn residual(self, ratio: Scale<Self>, q: Self) -> Self;
    /// Adds that in double precision.
    fn add_residual_to(self, ratio: Scale<F64s<S>>, q: Self, sum: &mut [F64s<S>; 2]);
    /// The smaller one; neither may be NaN.
    fn min(self, other: Self) -> Self;
    /// The smallest lane.
    fn reduce_min(self) -> f64;
    /// The largest lane.
    fn reduce_max(self) -> f64;
}

macro_rules! lanes {
    ($name:ident, $vector:ident, $element:ty, $digits:expr, $layout:expr, $scaled_near:path) => {
        #[doc = concat!("A native-width vector of `", stringify!($element), "`.")]
        #[derive(Clone, Copy)]
        pub struct $name<S: Simd>(S::$vector);

        impl<S: Simd> Add for $name<S> {
            type Output = Self;
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }
        impl<S: Simd> Sub for $name<S> {
            type Output = Self;
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }
        impl<S: Simd> Mul for $name<S> {
            type Output = Self;
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                Self(self.0 * other.0)
            }
        }
        impl<S: Simd> Div for $name<S> {
            type Output = Self;
            #[inline(always)]
            fn div(self, other: Self) -> Self {
                Self(self.0 / other.0)
            }
        }
        impl<S: Simd> Neg for $name<S> {
            type Output = Self;
            #[inline(always)]
            fn neg(self) -> Self {
                Self(-self.0)
            }
        }
        impl<S: Simd> Add<f64> for $name<S> {
            type Output = Self;
            #[inline(always)]
            fn add(self, other: f64) -> Self {
                Self(self.0 + other as $element)
            }
        }
        impl<S: Simd> Sub<f64> for $name<S> {
            type Output = Self;
            #[inline(always)]
            fn sub(self, other: f64) -> Self {
                Self(self.0 - other as $element)
            }
        }
        impl<S: Simd> Mul<f64> for $name<S> {
            type Output = Self;
            #[inline(always)]
            fn mul(self, other: f64) -> Self {
                Self(self.0 * other as $element)
            }
        }

        impl<S: Simd> Real for $name<S> {
            const DIGITS: u32 = $digits;

            #[inline(always)]
            fn constant(self, x: f64) -> Self {
                use fearless_simd::ExtractToken as _;
                Self(S::$vector::splat(self.0.token(), x as $element))
            }
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                Self(self.0.mul_add(a.0, b.0))
            }
            #[inline(always)]
            fn abs(self) -> Self {
                Self(self.0.abs())
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                Self(self.0.sqrt())
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                Self(self.0.max(other.0))
            }
            #[inline(always)]
            fn where_less(self, other: Self, yes: Self, no: Self) -> Self {
                Self(self.0.simd_lt(other.0).select(yes.0, no.0))
            }
            #[inline(always)]
            fn where_equal(self, other: Self, yes: Self, no: Self) -> Self {
                Self(self.0.simd_eq(other.0).select(yes.0, no.0))
            }
            #[inline(always)]
            fn round(self) -> Self {
                Self(self.0.round_ties_even())
            }
            #[inline(always)]
            fn exp2_integer(self) -> Self {
                let biased = (self.0 + ($layout.integers + $layout.bias)).to_bits();
                Self(S::$vector::from_bits(biased << $layout.shift))
            }
            #[inline(always)]
            fn nearest_power(self, by: Self) -> (Self, Self) {
                // The addition rounds to an integer and puts it where its bits are an exponent's.
                let biased = self.mul_add(by, self.constant(f64::from($layout.integers + $layout.bias))).0;
                let power = S::$vector::from_bits(biased.to_bits() << $layout.shift);
                (Self(biased - ($layout.integers + $layout.bias)), Self(power))
            }
            #[inline(always)]
            fn scaled_near(self, other: Self) -> (Self, Self) {
                let (k, near) = $scaled_near(self.0.bitcast(), other.0.bitcast());
                (Self(k), Self(near))
            }
        }
    };
}

/// A floating-point format, for exponents by integer arithmetic.
struct Layout<F> {
    /// Bits below the exponent.
    shift: u32,
    /// The exponent of 1.
    bias: F,
    /// From here on up to twice as much the numbers are the integers.
    integers: F,
}

const F64: Layout<f64> = Layout { shift: 52, bias: 1023.0, integers: 4_503_599_627_370_496.0 };
const F32: Layout<f32> = Layout { shift: 23, bias: 127.0, integers: 8_388_608.0 };

/// `Real::scaled_near` on bits. An exponent apart is a step of the bits; half a step is added to round.
///
/// There is no arithmetic shift of 64 bits before AVX-512, so 2⁶³ is added to make the count of steps positive. In the
/// bits that are left it turns the sign, which is turned back (for nothing: the compiler folds it into what follows).
#[inline(always)]
fn scaled_near_64<S: Simd>(bits: S::u64s, other: S::u64s) -> (S::f64s, S::f64s) {
    let steps = bits - other + ((1 << 51) + (1 << 63));
    let count = ((steps >> F64.shift) | 0x4330_0000_0000_0000).bitcast::<S::f64s>() - (F64.integers + 2048.0);
    (count, -(bits - (steps & (u64::MAX << F64.shift))).bitcast::<S::f64s>())
}

#[inline(always)]
fn scaled_near_32<S: Simd>(bits: S::u32s, other: S::u32s) -> (S::f32s, S::f32s) {
    let steps = bits - other + (1 << 22);
    let count = (steps.bitcast::<S::i32s>() >> F32.shift).to_float();
    (count, (bits - (steps & (u32::MAX << F32.shift))).bitcast())
}

lanes!(F64s, f64s, f64, 53, F64, scaled_near_64::<S>);
lanes!(F32s, f32s, f32, 24, F32, scaled_near_32::<S>);

impl<S: Simd> Lanes<S> for F64s<S> {
    type Element = f64;
    const LEN: usize = S::f64s::LEN;

    #[inline(always)]
    fn load(simd: S, from: &[f64]) -> Self {
        Self(S::f64s::from_slice(simd, from))
    }
    #[inline(always)]
    fn store(self, to: &mut [f64]) {
        self.0.store_slice(to);
    }
    #[inline(always)]
    fn splat(simd: S, x: f64) -> Self {
        Self(S::f64s::splat(simd, x))
    }
    #[inline(always)]
    fn add_to(self, sum: &mut [F64s<S>; 2]) {
        sum[0] = sum[0] + self;
    }
    #[inline(always)]
    fn residual(self, ratio: Scale<Self>, q: Self) -> Self {
        let minus = -self.0;
        Self(minus.mul_add_precise(ratio.low.0, minus.mul_add_precise(ratio.high.0, q.0)))
    }
    #[inline(always)]
    fn add_residual_to(self, ratio: Scale<Self>, q: Self, sum: &mut [Self; 2]) {
        sum[0] = sum[0] + self.residual(ratio, q);
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }
    #[inline(always)]
    fn reduce_min(self) -> f64 {
        self.0.reduce_min()
    }
    #[inline(always)]
    fn reduce_max(self) -> f64 {
        self.0.reduce_max()
    }
}

impl<S: Simd> F64s<S> {
    /// The sum of all lanes, in a fixed order.
    #[inline(always)]
    pub(crate) fn reduce_sum(self) -> f64 {
        self.0.reduce_sum()
    }
    /// Rows become columns, of as many vectors as a vector has lanes: each round turns the bits of an index by one place.
    #[inline(always)]
    pub(crate) fn transpose(rows: &mut [Self; 8]) {
        let lanes = Self::LEN;
        let mut round = 1;
        while round < lanes {
            let from = *rows;
            let mut i = 0;
            while i < lanes / 2 {
                let (low, high) = from[i].0.interleave(from[i + lanes / 2].0);
                (rows[2 * i], rows[2 * i + 1]) = (Self(low), Self(high));
                i += 1;
            }
            round *= 2;
        }
    }
    /// `self` where both `p` and `q` lie in `[low, high]`, else `otherwise`; and whether all lanes do.
    #[inline(always)]
    pub(crate) fn both_within(p: Self, q: Self, low: f64, high: f64) -> Within<S> {
        let (low, high) = (p.constant(low).0, p.constant(high).0);
        Within(p.0.simd_ge(low) & p.0.simd_le(high) & q.0.simd_ge(low) & q.0.simd_le(high))
    }
}

/// The lanes whose weights the vector kernels can take.
#[derive(Clone, Copy)]
pub(crate) struct Within<S: Simd>(S::mask64s);

impl<S: Simd> Within<S> {
    #[inline(always)]
    pub(crate) fn select(self, yes: F64s<S>, no: F64s<S>) -> F64s<S> {
        F64s(self.0.select(yes.0, no.0))
    }
    #[inline(always)]
    pub(crate) fn any(self) -> bool {
        self.0.any_true()
    }
    /// Bit `i` is set where lane `i` is outside and neither weight is zero.
    #[inline(always)]
    pub(crate) fn outside_and_positive(self, p: F64s<S>, q: F64s<S>) -> u64 {
        let zero = p.constant(0.0).0;
        let positive = p.0.simd_gt(zero) & q.0.simd_gt(zero);
        (!self.0 & positive).to_bitmask()
    }
}

impl<S: Simd> F32s<S> {
    /// Bit `i` is set where lane `i` is smaller than that of `other`.
    #[inline(always)]
    pub(crate) fn less_bits(self, other: Self) -> u64 {
        self.0.simd_lt(other.0).to_bitmask()
    }
}

impl<S: Simd> Lanes<S> for F32s<S> {
    type Element = f32;
    const LEN: usize = S::f32s::LEN;

    #[inline(always)]
    fn load(simd: S, from: &[f32]) -> Self {
        Self(S::f32s::from_slice(simd, from))
    }
    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        self.0.store_slice(to);
    }
    #[inline(always)]
    fn splat(simd: S, x: f64) -> Self {
        Self(S::f32s::splat(simd, x as f32))
    }
    #[inline(always)]
    fn add_to(self, sum: &mut [F64s<S>; 2]) {
        let (even, odd) = self.0.widen();
        sum[0] = sum[0] + F64s(even);
        sum[1] = sum[1] + F64s(odd);
    }
    #[inline(always)]
    fn residual(self, ratio: Scale<Self>, q: Self) -> Self {
        let minus = -self.0;
        Self(minus.mul_add_precise(ratio.low.0, minus.mul_add_precise(ratio.high.0, q.0)))
    }
    #[inline(always)]
    fn add_residual_to(self, ratio: Scale<F64s<S>>, q: Self, sum: &mut [F64s<S>; 2]) {
        let ((even, odd), (q_even, q_odd)) = (self.0.widen(), q.0.widen());
        sum[0] = sum[0] + F64s(even).residual(ratio, F64s(q_even));
        sum[1] = sum[1] + F64s(odd).residual(ratio, F64s(q_odd));
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }
    #[inline(always)]
    fn reduce_min(self) -> f64 {
        f64::from(self.0.reduce_min())
    }
    #[inline(always)]
    fn reduce_max(self) -> f64 {
        f64::from(self.0.reduce_max())
    }
}
