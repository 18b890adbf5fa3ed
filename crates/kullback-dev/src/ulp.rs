//! How far a computed number is from the truth. Infinity, zero and subnormal numbers are settled here once.

use crate::double_double::DoubleDouble;

/// |computed − truth| as a fraction of |truth|, or of the smallest normal number where that is larger: an error in the
/// last bit of a subnormal number counts as one of a normal number. A truth beyond the range of a double is infinite.
/// 0 if both are the same infinity; +∞ if only one is, if the computed number is NaN, or if a zero is missed.
pub fn relative_error(computed: f64, truth: DoubleDouble) -> f64 {
    let nearest = truth.value();
    if computed == nearest && (nearest == 0.0 || nearest.is_infinite()) {
        return 0.0;
    }
    if nearest == 0.0 || !computed.is_finite() || !nearest.is_finite() {
        return f64::INFINITY;
    }
    (DoubleDouble::from(computed) - truth).value().abs() / nearest.abs().max(f64::MIN_POSITIVE)
}

/// The spacing of doubles at `x`.
pub fn ulp(x: f64) -> f64 {
    let x = x.abs().max(f64::MIN_POSITIVE);
    f64::from_bits(x.to_bits() + 1) - x
}

/// |computed − truth| in units in the last place of the truth, as a fraction: 0.5 is correct rounding at its worst.
/// Infinities, zeros and NaN as in [`relative_error`].
pub fn ulps(computed: f64, truth: DoubleDouble) -> f64 {
    let relative = relative_error(computed, truth);
    if relative == 0.0 || relative.is_infinite() {
        return relative;
    }
    (DoubleDouble::from(computed) - truth).value().abs() / ulp(truth.value())
}

/// The same for a number computed in single precision.
pub fn ulps_f32(computed: f32, truth: DoubleDouble) -> f64 {
    let nearest = truth.value() as f32;
    if computed == nearest && (nearest == 0.0 || nearest.is_infinite()) {
        return 0.0;
    }
    if nearest == 0.0 || !computed.is_finite() || !nearest.is_finite() {
        return f64::INFINITY;
    }
    let size = nearest.abs().max(f32::MIN_POSITIVE);
    let spacing = f64::from(f32::from_bits(size.to_bits() + 1)) - f64::from(size);
    (DoubleDouble::from(f64::from(computed)) - truth).value().abs() / spacing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_values() {
        let truth = |x: f64| DoubleDouble::from(x);
        assert_eq!(relative_error(f64::INFINITY, truth(f64::INFINITY)), 0.0);
        assert_eq!(relative_error(1.0, truth(f64::INFINITY)), f64::INFINITY);
        assert_eq!(relative_error(f64::NAN, truth(1.0)), f64::INFINITY);
        assert_eq!(relative_error(f64::NAN, truth(f64::INFINITY)), f64::INFINITY);
        assert_eq!(relative_error(0.0, truth(0.0)), 0.0);
        assert_eq!(relative_error(1e-300, truth(0.0)), f64::INFINITY);
        assert_eq!(relative_error(1e-323, truth(5e-324)), f64::EPSILON);
        assert_eq!(relative_error(1.0 + f64::EPSILON, truth(1.0)), f64::EPSILON);
    }

    #[test]
    fn one_step_is_one_unit() {
        for x in [1.0f64, 1e-310, 3.7e200, -2.5] {
            let next = f64::from_bits(x.to_bits() + 1);
            assert_eq!(ulps(next, x.into()), 1.0);
        }
        assert_eq!(ulps_f32(f32::from_bits(1.5f32.to_bits() + 1), 1.5.into()), 1.0);
    }
}
