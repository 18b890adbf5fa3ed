//! Dual numbers as a [`Real`]: the generic text of a term differentiates itself, and the hand-written slopes are held
//! to it.

use std::ops::{Add, Div, Mul, Neg, Sub};

use kullback::num::Real;

/// A value and its derivative along one direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dual {
    /// f(x).
    pub value: f64,
    /// f′(x).
    pub slope: f64,
}

impl Dual {
    /// A number that does not change along the direction.
    pub fn fixed(value: f64) -> Self {
        Self { value, slope: 0.0 }
    }
}

impl Add for Dual {
    type Output = Self;
    fn add(self, b: Self) -> Self {
        Self { value: self.value + b.value, slope: self.slope + b.slope }
    }
}

impl Sub for Dual {
    type Output = Self;
    fn sub(self, b: Self) -> Self {
        Self { value: self.value - b.value, slope: self.slope - b.slope }
    }
}

impl Mul for Dual {
    type Output = Self;
    fn mul(self, b: Self) -> Self {
        Self { value: self.value * b.value, slope: self.slope * b.value + self.value * b.slope }
    }
}

impl Div for Dual {
    type Output = Self;
    fn div(self, b: Self) -> Self {
        let value = self.value / b.value;
        Self { value, slope: (self.slope - value * b.slope) / b.value }
    }
}

impl Neg for Dual {
    type Output = Self;
    fn neg(self) -> Self {
        Self { value: -self.value, slope: -self.slope }
    }
}

impl Add<f64> for Dual {
    type Output = Self;
    fn add(self, b: f64) -> Self {
        Self { value: self.value + b, ..self }
    }
}

impl Sub<f64> for Dual {
    type Output = Self;
    fn sub(self, b: f64) -> Self {
        Self { value: self.value - b, ..self }
    }
}

impl Mul<f64> for Dual {
    type Output = Self;
    fn mul(self, b: f64) -> Self {
        Self { value: self.value * b, slope: self.slope * b }
    }
}

impl Real for Dual {
    const DIGITS: u32 = f64::MANTISSA_DIGITS;

    fn constant(self, x: f64) -> Self {
        Self::fixed(x)
    }
    fn mul_add(self, a: Self, b: Self) -> Self {
        self * a + b
    }
    fn abs(self) -> Self {
        if self.value < 0.0 { -self } else { self }
    }
    fn sqrt(self) -> Self {
        let value = self.value.sqrt();
        Self { value, slope: self.slope / (2.0 * value) }
    }
    fn max(self, other: Self) -> Self {
        if self.value < other.value { other } else { self }
    }
    fn where_less(self, other: Self, yes: Self, no: Self) -> Self {
        if self.value < other.value { yes } else { no }
    }
    fn where_equal(self, other: Self, yes: Self, no: Self) -> Self {
        if self.value == other.value { yes } else { no }
    }
    fn round(self) -> Self {
        Self::fixed(Real::round(self.value))
    }
    fn exp2_integer(self) -> Self {
        Self::fixed(self.value.exp2_integer())
    }
    fn scaled_near(self, other: Self) -> (Self, Self) {
        let (k, near) = self.value.scaled_near(other.value);
        (Self::fixed(k), self * (near / self.value))
    }

    // The derivatives of the transcendental functions, from the textbook.

    /// d = ln(p/q) dp + (1 − p/q) dq.
    fn kl_term(p: Self, q: Self, difference: Self) -> Self {
        let slope = (p.value / q.value).ln() * p.slope + difference.value / q.value * q.slope;
        Self { value: f64::kl_term(p.value, q.value, difference.value), slope }
    }
    fn ln_ratio(p: Self, q: Self, difference: Self) -> Self {
        let slope = q.slope / q.value - p.slope / p.value;
        Self { value: f64::ln_ratio(p.value, q.value, difference.value), slope }
    }
    fn exp(self) -> Self {
        let value = self.value.exp();
        Self { value, slope: value * self.slope }
    }
    fn exp_m1(self) -> Self {
        Self { value: self.value.exp_m1(), slope: self.value.exp() * self.slope }
    }
    fn exp_excess(self) -> Self {
        Self { value: self.value.exp_excess(), slope: self.value.exp_m1() * self.slope }
    }
}
