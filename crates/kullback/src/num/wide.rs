//! Doubles with an unbounded exponent, for weights that no scaling brings into the range of `f64`.
//!
//! A histogram may hold 5e-324 beside 1.8e308: their ratio and their shares have no double. [`Wide`] is the same
//! [`Real`] to every divergence, so that no formula needs a second text. It is scalar and used only for the few weights
//! (or whole inputs) outside the range of the vector kernels.

use core::ops::{Add, Div, Mul, Neg, Sub};

use super::real::Real;
use super::{entropic, exp_log};

/// `significand · 2^exponent`, with the significand zero or in `[1, 2)` in size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Wide {
    significand: f64,
    exponent: i64,
}

impl Wide {
    pub(crate) const ZERO: Self = Self { significand: 0.0, exponent: 0 };
    pub(crate) const ONE: Self = Self { significand: 1.0, exponent: 0 };

    #[inline]
    pub(crate) fn new(x: f64) -> Self {
        Self { significand: x, exponent: 0 }.normalised()
    }

    /// `x · 2^exponent`.
    #[inline]
    pub(crate) fn scaled(x: f64, exponent: i64) -> Self {
        let wide = Self::new(x);
        Self { exponent: wide.exponent + exponent, ..wide }
    }

    pub(crate) fn is_finite(self) -> bool {
        self.significand.is_finite()
    }

    /// The nearest double: infinite or zero outside its range.
    #[inline]
    pub(crate) fn value(self) -> f64 {
        times_power(self.significand, self.exponent)
    }

    /// Natural logarithm; −∞ at zero.
    pub(crate) fn ln(self) -> f64 {
        if self.significand == 0.0 || self.significand == f64::INFINITY {
            return self.significand.ln();
        }
        let [high, low] = exp_log::ln_2_split::<f64>();
        let k = self.exponent as f64;
        k * high + (k * low + exp_log::ln(self.significand))
    }

    /// `a·b − c·d` to about an ulp, also where the products nearly agree (W. Kahan; C.-P. Jeannerod, N. Louvet,
    /// J.-M. Muller, *Further analysis of Kahan's algorithm*, 2013).
    pub(crate) fn difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Self {
        let exponent = c.exponent + d.exponent;
        let shift = a.exponent + b.exponent - exponent;
        if shift.abs() > 100 || a.significand * b.significand == 0.0 || c.significand * d.significand == 0.0 {
            return a * b - c * d;
        }
        let b = times_power(b.significand, shift);
        let product = c.significand * d.significand;
        let error = f64::mul_add(-c.significand, d.significand, product);
        let significand = f64::mul_add(a.significand, b, -product) + error;
        Self { significand, exponent }.normalised()
    }

    #[inline]
    fn normalised(self) -> Self {
        let x = self.significand;
        if x == 0.0 {
            return Self::ZERO;
        }
        if !x.is_finite() {
            return Self { significand: x, exponent: 0 };
        }
        let (x, offset) = if x.abs() < f64::MIN_POSITIVE { (x * TWO_54, -54) } else { (x, 0) };
        let bits = x.to_bits();
        let exponent = ((bits >> 52) & 0x7ff) as i64 - 1023;
        let significand = f64::from_bits(bits & !(0x7ff << 52) | (1023 << 52));
        Self { significand, exponent: self.exponent + exponent + offset }
    }
}

const TWO_54: f64 = 18_014_398_509_481_984.0;

/// `x · 2^exponent`, rounded once.
fn times_power(x: f64, exponent: i64) -> f64 {
    let step = |e: i64| f64::from_bits(((e + 1023) as u64) << 52);
    match exponent {
        -1022..=1023 => x * step(exponent),
        1024..=2046 => x * step(1023) * step(exponent - 1023),
        // The first product is exact for a significand near one, so only the second rounds.
        -1990..=-1023 => x * step(-968) * step(exponent + 968),
        // A zero keeps any exponent: 0 · ∞ is not reached.
        e if e > 0 && x != 0.0 => x * f64::INFINITY,
        _ => x * 0.0,
    }
}

impl Add for Wide {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        let (big, small) = if self.significand == 0.0 || (other.significand != 0.0 && other.exponent > self.exponent) {
            (other, self)
        } else {
            (self, other)
        };
        if small.significand == 0.0 {
            return big;
        }
        let shifted = times_power(small.significand, (small.exponent - big.exponent).max(-200));
        Self { significand: big.significand + shifted, exponent: big.exponent }.normalised()
    }
}

impl Neg for Wide {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self { significand: -self.significand, ..self }
    }
}

impl Sub for Wide {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Wide {
    type Output = Self;
    #[inline]
    fn mul(self, other: Self) -> Self {
        Self { significand: self.significand * other.significand, exponent: self.exponent + other.exponent }
            .normalised()
    }
}

impl Div for Wide {
    type Output = Self;
    #[inline]
    fn div(self, other: Self) -> Self {
        Self { significand: self.significand / other.significand, exponent: self.exponent - other.exponent }
            .normalised()
    }
}

impl Add<f64> for Wide {
    type Output = Self;
    #[inline]
    fn add(self, other: f64) -> Self {
        self + Self::new(other)
    }
}

impl Sub<f64> for Wide {
    type Output = Self;
    #[inline]
    fn sub(self, other: f64) -> Self {
        self - Self::new(other)
    }
}

impl Mul<f64> for Wide {
    type Output = Self;
    #[inline]
    fn mul(self, other: f64) -> Self {
        self * Self::new(other)
    }
}

impl Real for Wide {
    const DIGITS: u32 = f64::MANTISSA_DIGITS;

    fn constant(self, x: f64) -> Self {
        Self::new(x)
    }
    fn mul_add(self, a: Self, b: Self) -> Self {
        self * a + b
    }
    fn abs(self) -> Self {
        Self { significand: self.significand.abs(), ..self }
    }
    fn sqrt(self) -> Self {
        let odd = self.exponent.rem_euclid(2);
        let significand = (self.significand * if odd == 1 { 2.0 } else { 1.0 }).sqrt();
        Self { significand, exponent: (self.exponent - odd) / 2 }.normalised()
    }
    fn max(self, other: Self) -> Self {
        self.where_less(other, other, self)
    }
    fn where_less(self, other: Self, yes: Self, no: Self) -> Self {
        if (self - other).significand < 0.0 { yes } else { no }
    }
    fn where_equal(self, other: Self, yes: Self, no: Self) -> Self {
        if self == other { yes } else { no }
    }
    fn round(self) -> Self {
        Self::new(self.value().round_ties_even())
    }
    fn exp2_integer(self) -> Self {
        Self { significand: 1.0, exponent: self.value() as i64 }
    }
    fn scaled_near(self, other: Self) -> (Self, Self) {
        let (k, significand) = self.significand.scaled_near(other.significand);
        let k = k as i64 + self.exponent - other.exponent;
        (Self::new(k as f64), Self { significand, exponent: other.exponent }.normalised())
    }

    // Near equality everything fits a double after a common scaling; far from it nothing cancels.
    fn kl_term(p: Self, q: Self, difference: Self) -> Self {
        match common_scale(p, q) {
            Some(scale) => {
                let [p, q, difference] = [p, q, difference].map(|x| Self { exponent: x.exponent - scale, ..x }.value());
                Self::scaled(entropic::kl_term(p, q, difference), scale)
            }
            None => difference - p * Self::ln_ratio(p, q, difference),
        }
    }
    fn ln_ratio(p: Self, q: Self, difference: Self) -> Self {
        match common_scale(p, q) {
            Some(scale) => {
                let [p, q, difference] = [p, q, difference].map(|x| Self { exponent: x.exponent - scale, ..x }.value());
                Self::new(exp_log::ln_ratio(p, q, difference))
            }
            None => Self::new((q / p).ln()),
        }
    }
    fn exp(self) -> Self {
        let x = self.value();
        if x.abs() < 700.0 {
            return Self::new(exp_log::exp(x));
        }
        if x == f64::NEG_INFINITY {
            return Self::ZERO;
        }
        // Past ±2⁵² the exponent is beyond any that a sum could hold beside another term.
        let e = exp_log::reduce_exp(x.clamp(-1e15, 1e15));
        Self::scaled(1.0 + (e.r + e.tail), e.k as i64)
    }
    fn exp_m1(self) -> Self {
        if self.value().abs() < 30.0 { Self::new(exp_log::exp_m1(self.value())) } else { self.exp() - 1.0 }
    }
    fn exp_excess(self) -> Self {
        let x = self.value();
        // Below 2⁻⁵⁰⁰ the square underflows a double although it has a `Wide`.
        if self.exponent < -400 {
            return self * self * 0.5;
        }
        if x.abs() < 30.0 { Self::new(entropic::exp_excess(x)) } else { self.exp() - 1.0 - self }
    }
}

/// The exponent to take out so that `p` and `q` are doubles near one, if they are near each other.
fn common_scale(p: Wide, q: Wide) -> Option<i64> {
    ((p.exponent - q.exponent).abs() <= 30).then_some(p.exponent)
}
