//! [`Real`]: the arithmetic a divergence is written in.

use core::ops::{Add, Div, Mul, Neg, Sub};

use super::{entropic, exp_log};

/// A real number, or a vector of them: what the term of a divergence may use.
///
/// One text of a formula serves `f64`, vectors of `f32` and `f64`, numbers with an unbounded exponent and, in tests,
/// dual numbers. Comparisons choose lane by lane ([`where_less`](Real::where_less)), never by branching.
///
/// An implementation supplies arithmetic and exponents of two; the transcendental functions follow from these.
pub trait Real:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + Add<f64, Output = Self>
    + Sub<f64, Output = Self>
    + Mul<f64, Output = Self>
{
    /// Bits of the significand: 24 or 53. It chooses the polynomials.
    const DIGITS: u32;

    /// The constant `x` in the shape of `self`.
    fn constant(self, x: f64) -> Self;
    /// `self · a + b`, fused where the machine can.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// Magnitude.
    fn abs(self) -> Self;
    /// Square root of a non-negative number.
    fn sqrt(self) -> Self;
    /// The larger one; neither may be NaN.
    fn max(self, other: Self) -> Self;
    /// `yes` where `self < other`, else `no`.
    fn where_less(self, other: Self, yes: Self, no: Self) -> Self;
    /// `yes` where `self == other`, else `no`.
    fn where_equal(self, other: Self, yes: Self, no: Self) -> Self;
    /// The nearest integer, ties to even.
    fn round(self) -> Self;
    /// 2 to an integer power between the smallest and the largest normal exponent.
    fn exp2_integer(self) -> Self;
    /// The integer k nearest to `self·by`, and `2ᵏ`, from the negative of the exponent's bias up.
    #[inline(always)]
    fn nearest_power(self, by: Self) -> (Self, Self) {
        let k = (self * by).round();
        (k, k.exp2_integer())
    }
    /// An integer `k` and `self · 2⁻ᵏ`, which is within a factor 2^±0.587 of `other`; for positive normal numbers. No
    /// division.
    fn scaled_near(self, other: Self) -> (Self, Self);

    /// The KL term `p ln(p/q) − p + q ≥ 0`, given `difference = q − p`. See [`entropic::kl_term`].
    #[inline(always)]
    fn kl_term(p: Self, q: Self, difference: Self) -> Self {
        entropic::kl_term(p, q, difference)
    }

    /// `ln(q/p)`, given `difference = q − p`. See [`exp_log::ln_ratio`].
    #[inline(always)]
    fn ln_ratio(p: Self, q: Self, difference: Self) -> Self {
        exp_log::ln_ratio(p, q, difference)
    }

    /// `e` to the power `self`. See [`exp_log::exp`].
    #[inline(always)]
    fn exp(self) -> Self {
        exp_log::exp(self)
    }

    /// `eˣ − 1` without cancellation. See [`exp_log::exp_m1`].
    #[inline(always)]
    fn exp_m1(self) -> Self {
        exp_log::exp_m1(self)
    }

    /// `eˣ − 1 − x ≥ 0` without cancellation. See [`entropic::exp_excess`].
    #[inline(always)]
    fn exp_excess(self) -> Self {
        entropic::exp_excess(self)
    }
}

impl Real for f64 {
    const DIGITS: u32 = f64::MANTISSA_DIGITS;

    #[inline(always)]
    fn constant(self, x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        // A fused multiply-add without the instruction is a slow library call, and nothing here depends on it.
        if cfg!(any(target_feature = "fma", target_arch = "aarch64")) { f64::mul_add(self, a, b) } else { self * a + b }
    }

    #[inline(always)]
    fn abs(self) -> Self {
        f64::abs(self)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        f64::max(self, other)
    }

    #[inline(always)]
    fn where_less(self, other: Self, yes: Self, no: Self) -> Self {
        if self < other { yes } else { no }
    }

    #[inline(always)]
    fn where_equal(self, other: Self, yes: Self, no: Self) -> Self {
        if self == other { yes } else { no }
    }

    #[inline(always)]
    fn round(self) -> Self {
        self.round_ties_even()
    }

    #[inline(always)]
    fn exp2_integer(self) -> Self {
        f64::from_bits(((self + EXPONENT_MAGIC).to_bits()) << 52)
    }

    #[inline(always)]
    fn scaled_near(self, other: Self) -> (Self, Self) {
        let steps = self.to_bits().wrapping_sub(other.to_bits()).wrapping_add(1 << 51) & (u64::MAX << 52);
        (((steps as i64) >> 52) as f64, f64::from_bits(self.to_bits().wrapping_sub(steps)))
    }
}

/// 2⁵² + 1023: adding it leaves an integer plus the exponent bias in the low bits of a double.
const EXPONENT_MAGIC: f64 = 4_503_599_627_370_496.0 + 1023.0;
