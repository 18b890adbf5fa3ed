use core::f64::consts::LOG2_E;

use super::{Merge, Sum};
use crate::Error;
use crate::num::Real;
use crate::num::exp_log::{exp, ln};

/// The total of exponentials `Σ eˣ`, kept as `2^exponent · Σ e^(x − exponent·ln 2)` so that it neither overflows nor
/// vanishes. With x = logit / temperature it is the denominator of a softmax.
///
/// The online log-sum-exp (M. Milakov, N. Gimelshein, *Online normalizer calculation for softmax*, 2018), with a power
/// of two near the largest term in place of the term: parts are then rescaled without rounding, and in which order they
/// merge does not show.
///
/// ```
/// use kullback::state::{LogMass, Merge};
/// let both = LogMass::of(&[1000.0]).merge(LogMass::of(&[1000.0]));
/// assert!((both.ln() - (1000.0 + 2f64.ln())).abs() < 2e-13);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C)]
pub struct LogMass {
    /// The largest logit seen; −∞ when nothing was.
    pub max: f64,
    /// An integer near its x / ln 2.
    pub exponent: f64,
    /// Σ e^(x − exponent·ln 2).
    pub sum: Sum,
}

impl LogMass {
    /// The total of a slice; entries of −∞ count as zero mass.
    #[must_use]
    pub fn of(logs: &[f64]) -> Self {
        let mut max = f64::NEG_INFINITY;
        for &x in logs {
            max = max.max(x);
        }
        let at = Reference::of(max, Temperature::ONE, <f64 as Real>::DIGITS);
        let mut sum = Sum::ZERO;
        if max > f64::NEG_INFINITY {
            for &x in logs {
                sum = sum + exp((x - at.high) - at.low);
            }
        }
        Self { max, exponent: at.exponent, sum }
    }

    /// ln Σ eˣ; −∞ for an empty total.
    #[must_use]
    pub fn ln(self) -> f64 {
        if self.max == f64::NEG_INFINITY {
            return self.max;
        }
        (Sum::of_parts(LN_2) * Sum::from(self.exponent) + ln(self.sum.value())).value()
    }

    /// `x / 2ⁿ` with n = `to − exponent`, which is not negative.
    pub(crate) fn rescaled(x: Sum, exponent: f64, to: f64) -> Sum {
        if exponent == to || x.value().is_nan() {
            return x;
        }
        // Below the smallest normal number nothing is left that would count beside the larger total.
        if to - exponent > 1000.0 { Sum::ZERO } else { x.scaled((exponent - to).exp2_integer()) }
    }
}

impl Merge for LogMass {
    const IDENTITY: Self = Self { max: f64::NEG_INFINITY, exponent: f64::NEG_INFINITY, sum: Sum::ZERO };
    fn merge(self, other: Self) -> Self {
        let (big, small) = if self.max >= other.max { (self, other) } else { (other, self) };
        if small.max == f64::NEG_INFINITY {
            return big;
        }
        Self { sum: big.sum + Self::rescaled(small.sum, small.exponent, big.exponent), ..big }
    }
}

/// ln 2 to 106 bits.
const LN_2: [f64; 2] = [core::f64::consts::LN_2, 2.319_046_813_846_299_6e-17];

/// What logits are divided by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Temperature {
    pub(crate) value: f64,
    pub(crate) inverse: f64,
    /// How many logits a factor of two is worth.
    octave: Sum,
}

impl Temperature {
    pub(crate) const ONE: Self = Self { value: 1.0, inverse: 1.0, octave: Sum::of_parts(LN_2) };

    /// A temperature that is positive and finite, as is its inverse.
    pub(crate) fn checked(value: f64) -> Result<Self, Error> {
        if !(value.is_normal() && value > 0.0 && (1.0 / value).is_normal()) {
            return Err(Error::Parameter { name: "temperature", value, expected: "a finite number above 0" });
        }
        Ok(Self { value, inverse: 1.0 / value, octave: Sum::of_parts(LN_2) * Sum::from(value) })
    }
}

/// The logit that a total is kept relative to, `exponent · ln 2 · temperature`, as a number of the logits' type and the
/// rest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reference {
    pub(crate) exponent: f64,
    pub(crate) high: f64,
    pub(crate) low: f64,
}

impl Reference {
    /// The reference for logits up to `max` with significands of `digits` bits.
    #[inline(always)]
    pub(crate) fn of(max: f64, temperature: Temperature, digits: u32) -> Self {
        if max == f64::NEG_INFINITY {
            return Self { exponent: max, high: 0.0, low: 0.0 };
        }
        let (largest, single) = if digits > 24 { (4e18, false) } else { (4e9, true) };
        let exponent = (max * temperature.inverse * LOG2_E).round_ties_even();
        // So large that the spacing of logits leaves nothing beside the largest; NaN and infinity, too.
        if exponent.is_nan() || exponent.abs() >= largest {
            return Self { exponent, high: max, low: 0.0 };
        }
        let at = temperature.octave * Sum::from(exponent);
        let high = if single { f64::from(at.value() as f32) } else { at.value() };
        Self { exponent, high, low: (at + -high).value() }
    }

    /// What makes totals relative to `high` relative to 2^exponent: e^(−low/T).
    #[inline(always)]
    pub(crate) fn rest(self, temperature: Temperature) -> f64 {
        exp(-self.low * temperature.inverse)
    }
}
