//! Two numbers side by side.

use core::ops::{Add, Div, Mul, Neg, Sub};

use super::real::Real;

/// Two numbers that take the same steps.
///
/// A term is one long chain of dependent operations. With two chains in step the processor has work while it waits,
/// and both share the constants it loads.
#[derive(Clone, Copy)]
pub(crate) struct Two<V>(pub(crate) V, pub(crate) V);

macro_rules! operator {
    ($trait:ident, $method:ident) => {
        impl<V: Real> $trait for Two<V> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(self.0.$method(other.0), self.1.$method(other.1))
            }
        }
    };
    ($trait:ident, $method:ident, f64) => {
        impl<V: Real> $trait<f64> for Two<V> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: f64) -> Self {
                Self(self.0.$method(other), self.1.$method(other))
            }
        }
    };
}
operator!(Add, add);
operator!(Sub, sub);
operator!(Mul, mul);
operator!(Div, div);
operator!(Add, add, f64);
operator!(Sub, sub, f64);
operator!(Mul, mul, f64);

impl<V: Real> Neg for Two<V> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self(-self.0, -self.1)
    }
}

impl<V: Real> Real for Two<V> {
    const DIGITS: u32 = V::DIGITS;

    #[inline(always)]
    fn constant(self, x: f64) -> Self {
        Self(self.0.constant(x), self.1.constant(x))
    }
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        Self(self.0.mul_add(a.0, b.0), self.1.mul_add(a.1, b.1))
    }
    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.abs(), self.1.abs())
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.sqrt(), self.1.sqrt())
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(self.0.max(other.0), self.1.max(other.1))
    }
    #[inline(always)]
    fn where_less(self, other: Self, yes: Self, no: Self) -> Self {
        Self(self.0.where_less(other.0, yes.0, no.0), self.1.where_less(other.1, yes.1, no.1))
    }
    #[inline(always)]
    fn where_equal(self, other: Self, yes: Self, no: Self) -> Self {
        Self(self.0.where_equal(other.0, yes.0, no.0), self.1.where_equal(other.1, yes.1, no.1))
    }
    #[inline(always)]
    fn round(self) -> Self {
        Self(self.0.round(), self.1.round())
    }
    #[inline(always)]
    fn exp2_integer(self) -> Self {
        Self(self.0.exp2_integer(), self.1.exp2_integer())
    }
    #[inline(always)]
    fn nearest_power(self, by: Self) -> (Self, Self) {
        let ((k, power), (k_1, power_1)) = (self.0.nearest_power(by.0), self.1.nearest_power(by.1));
        (Self(k, k_1), Self(power, power_1))
    }
    #[inline(always)]
    fn scaled_near(self, other: Self) -> (Self, Self) {
        let ((k, near), (k_1, near_1)) = (self.0.scaled_near(other.0), self.1.scaled_near(other.1));
        (Self(k, k_1), Self(near, near_1))
    }
}
