//! Double-double arithmetic: about 31 digits, for an oracle that is dense and fast. Shares no code with kullback.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// An unevaluated sum of two doubles (T. Dekker, *A floating-point technique for extending the available precision*,
/// 1971), exact to about 1e-31 while neither part leaves the normal range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DoubleDouble {
    high: f64,
    low: f64,
}

/// ln 2 to 32 digits.
const LN_2: DoubleDouble = DoubleDouble { high: std::f64::consts::LN_2, low: 2.319_046_813_846_299_6e-17 };

impl DoubleDouble {
    /// Zero.
    pub const ZERO: Self = Self { high: 0.0, low: 0.0 };
    /// One.
    pub const ONE: Self = Self { high: 1.0, low: 0.0 };

    /// The nearest double.
    pub fn value(self) -> f64 {
        self.high + self.low
    }

    /// A decimal number, read to 31 digits: what the golden files hold.
    ///
    /// # Errors
    /// The text, when it is no number.
    pub fn parse(text: &str) -> Result<Self, String> {
        let nearest: f64 = text.parse().map_err(|_| format!("no number: {text}"))?;
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        // Where a part of the result would not be normal the nearest double is all there is.
        if nearest == 0.0 || !nearest.is_finite() || !(1e-270..1e270).contains(&nearest.abs()) {
            return Ok(nearest.into());
        }
        let mut exponent: i32 = exponent.parse().map_err(|_| format!("no exponent: {text}"))?;
        let ten = Self::from(10.0);
        let mut digits = Self::ZERO;
        let mut fraction = false;
        for c in mantissa.trim_start_matches('-').chars() {
            match c.to_digit(10) {
                Some(d) => {
                    digits = digits * ten + Self::from(f64::from(d));
                    exponent -= i32::from(fraction);
                }
                None => fraction = true,
            }
        }
        let power = (0..exponent.abs()).fold(Self::ONE, |product, _| product * ten);
        let size = if exponent < 0 { digits / power } else { digits * power };
        Ok(if text.starts_with('-') { -size } else { size })
    }

    /// True for zero.
    pub fn is_zero(self) -> bool {
        self.high == 0.0
    }

    /// Magnitude.
    #[must_use]
    pub fn abs(self) -> Self {
        if self.high < 0.0 { -self } else { self }
    }

    /// Square root of a number that is not negative, by one Newton step.
    #[must_use]
    pub fn sqrt(self) -> Self {
        if self.high <= 0.0 {
            return Self::ZERO;
        }
        let root = Self::from(self.high.sqrt());
        root + (self - root * root) / (root + root)
    }

    /// `eˣ`: 2ᵏ times the Taylor series of a 512th of the rest, squared nine times.
    #[must_use]
    pub fn exp(self) -> Self {
        if self.high > 709.0 {
            return Self::from(f64::INFINITY);
        }
        if self.high < -700.0 {
            return Self::ZERO;
        }
        let k = (self.high / LN_2.high).round();
        let r = (self - LN_2 * Self::from(k)) * Self::from(1.0 / 512.0);
        // eʳ − 1, so that squaring (1 + x)² − 1 = 2x + x² does not lose the digits of a small x.
        let mut term = r;
        let mut sum = r;
        for n in 2..12 {
            term = term * r / Self::from(f64::from(n));
            sum = sum + term;
        }
        for _ in 0..9 {
            sum = sum + sum + sum * sum;
        }
        (sum + Self::ONE) * Self::from(2f64.powi(k as i32))
    }

    /// Natural logarithm of a positive number: y + (x e⁻ʸ − 1) to third order, twice.
    #[must_use]
    pub fn ln(self) -> Self {
        if self.high <= 0.0 {
            return Self::from(f64::NEG_INFINITY);
        }
        if !self.high.is_finite() {
            return self;
        }
        // Scaled near one, so that e⁻ʸ neither over- nor underflows.
        let k = self.high.log2().round();
        let half = 2f64.powi(-(k as i32) / 2);
        let rest = 2f64.powi(-(k as i32) - -(k as i32) / 2);
        let x = self * Self::from(half) * Self::from(rest);
        let mut y = Self::from(x.high.ln());
        for _ in 0..2 {
            let e = x * (-y).exp() - Self::ONE;
            y = y + e - e * e * Self::from(0.5);
        }
        y + LN_2 * Self::from(k)
    }
}

impl From<f64> for DoubleDouble {
    fn from(x: f64) -> Self {
        Self { high: x, low: 0.0 }
    }
}

/// `a + b` for |a| ≥ |b|, with what the rounding lost; an overflow has no low part.
fn quick_two_sum(a: f64, b: f64) -> DoubleDouble {
    let high = a + b;
    DoubleDouble { high, low: if high.is_finite() { b - (high - a) } else { 0.0 } }
}

fn two_sum(a: f64, b: f64) -> DoubleDouble {
    let high = a + b;
    let bb = high - a;
    DoubleDouble { high, low: if high.is_finite() { (a - (high - bb)) + (b - bb) } else { 0.0 } }
}

impl Add for DoubleDouble {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let s = two_sum(self.high, other.high);
        let t = two_sum(self.low, other.low);
        let s = quick_two_sum(s.high, s.low + t.high);
        quick_two_sum(s.high, s.low + t.low)
    }
}

impl Neg for DoubleDouble {
    type Output = Self;
    fn neg(self) -> Self {
        Self { high: -self.high, low: -self.low }
    }
}

impl Sub for DoubleDouble {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for DoubleDouble {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let high = self.high * other.high;
        if !high.is_finite() {
            return Self::from(high);
        }
        let error = self.high.mul_add(other.high, -high);
        quick_two_sum(high, error + (self.high * other.low + self.low * other.high))
    }
}

impl Div for DoubleDouble {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let first = self.high / other.high;
        if !first.is_finite() || first == 0.0 {
            return Self::from(first);
        }
        let rest = self - other * Self::from(first);
        let second = rest.high / other.high;
        let rest = rest - other * Self::from(second);
        quick_two_sum(first, second) + Self::from(rest.high / other.high)
    }
}

impl std::iter::Sum for DoubleDouble {
    fn sum<I: Iterator<Item = Self>>(numbers: I) -> Self {
        numbers.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::DoubleDouble;

    fn close(x: DoubleDouble, decimal: &str) -> bool {
        let truth = DoubleDouble::parse(decimal).unwrap_or(DoubleDouble::ZERO);
        ((x - truth) / truth).value().abs() < 1e-29
    }

    #[test]
    fn transcendental_functions_have_thirty_digits() {
        let x = |x: f64| DoubleDouble::from(x);
        assert!(close(x(2.0).ln(), "0.693147180559945309417232121458176568"));
        assert!(close(x(1.0).exp(), "2.71828182845904523536028747135266250"));
        assert!(close(x(-30.5).exp(), "5.67568523263272246187278872380665128e-14"));
        assert!(close(x(1e300).ln(), "690.775527898213705257902196660513681"));
        assert!(close(x(1e-300).ln(), "-690.775527898213705180338344570100503"));
        assert!(close(x(2.0).sqrt(), "1.41421356237309504880168872420969808"));
        assert!(close(x(1.0) / x(3.0), "0.333333333333333333333333333333333333"));
    }

    #[test]
    fn decimals_are_read_beyond_a_double() {
        let third = DoubleDouble::parse("3.33333333333333333333333333333e-1");
        assert!(third.is_ok_and(|x| close(x, "0.333333333333333333333333333333")));
        assert_eq!(DoubleDouble::parse("-12.5"), Ok(DoubleDouble::from(-12.5)));
        assert_eq!(DoubleDouble::parse("inf"), Ok(DoubleDouble::from(f64::INFINITY)));
    }
}
