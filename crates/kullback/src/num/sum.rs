//! Compensated summation: a running sum of doubles that carries its own rounding error.

use core::ops::{Add, Sub};

/// An unevaluated sum `high + low` of two doubles, about 106 bits.
///
/// Adding n numbers of one sign leaves a relative error near n²·2⁻¹⁰⁶ (T. Ogita, S. Rump, S. Oishi, *Accurate sum and
/// dot product*, 2005), so blocks can be merged in any bracketing with the same rounded result almost always.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[repr(C)]
pub struct Sum {
    high: f64,
    low: f64,
}

impl Sum {
    /// The empty sum.
    pub const ZERO: Self = Self { high: 0.0, low: 0.0 };

    /// The sum, rounded once. An overflow is an infinity of its sign.
    #[inline]
    #[must_use]
    pub fn value(self) -> f64 {
        // Once `high` has overflowed the error term is NaN and says nothing.
        if self.high.is_finite() { self.high + self.low } else { self.high }
    }
}

impl Add<f64> for Sum {
    type Output = Self;
    #[inline]
    fn add(self, x: f64) -> Self {
        let (high, error) = two_sum(self.high, x);
        Self { high, low: self.low + error }
    }
}

impl Add for Sum {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        let (high, error) = two_sum(self.high, other.high);
        Self { high, low: (self.low + other.low) + error }
    }
}

impl Sub for Sum {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        self + Self { high: -other.high, low: -other.low }
    }
}

impl From<f64> for Sum {
    fn from(x: f64) -> Self {
        Self { high: x, low: 0.0 }
    }
}

/// `a + b` rounded, and what the rounding lost (D. Knuth, *The Art of Computer Programming*, vol. 2, 1969).
#[inline]
pub(crate) fn two_sum<V: Copy + Add<Output = V> + Sub<Output = V>>(a: V, b: V) -> (V, V) {
    let sum = a + b;
    let virtual_b = sum - a;
    (sum, (a - (sum - virtual_b)) + (b - virtual_b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_a_plain_sum_loses() {
        let sum = Sum::from(1.0) + 1e-20 + -1.0;
        assert_eq!(sum.value(), 1e-20);
    }

    #[test]
    fn overflow_is_infinite() {
        assert_eq!((Sum::from(f64::MAX) + f64::MAX).value(), f64::INFINITY);
    }
}
