//! Compensated summation: a running sum of doubles that carries its own rounding error.

use core::ops::{Add, Mul, Sub};

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

    /// A number given to more digits than a double has, the larger part first.
    pub(crate) const fn of_parts([high, low]: [f64; 2]) -> Self {
        Self { high, low }
    }

    /// Both parts, the larger first.
    pub(crate) const fn parts(self) -> [f64; 2] {
        [self.high, self.low]
    }

    /// The sum times a power of two.
    pub(crate) fn scaled(self, power: f64) -> Self {
        Self { high: self.high * power, low: self.low * power }
    }

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

impl Mul for Sum {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let Self { high, low } = two_product(self.high, other.high);
        Self { high, low: low + (self.high * other.low + self.low * other.high) }
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

/// `a · b` rounded, and what the rounding lost (G. Veltkamp, T. Dekker, 1971): no fused multiply-add is needed.
fn two_product(a: f64, b: f64) -> Sum {
    let high = a * b;
    // Halves of 26 bits, whose products are exact.
    let split = |x: f64| {
        let scaled = x * 134_217_729.0;
        let top = scaled - (scaled - x);
        (top, x - top)
    };
    let ((a, a_low), (b, b_low)) = (split(a), split(b));
    let low = ((a * b - high) + a * b_low + a_low * b) + a_low * b_low;
    Sum { high, low: if low.is_finite() { low } else { 0.0 } }
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
