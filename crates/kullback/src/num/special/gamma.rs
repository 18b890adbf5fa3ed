//! ln Γ, its derivatives, and Binet's function: what is left of ln Γ beside Stirling's formula.
//!
//! All three orders of Binet's function R(x) = ln Γ(x) − (x − ½) ln x + x − ½ ln 2π are sums of terms of one sign,
//! R(x) = Σ g(x + k) (C. Gudermann, 1845), closed by Stirling's series from 10 on, so none of them cancels at any x > 0.

use super::polynomial;
use crate::num::exp_log::excess_of_atanh;

/// From here on eight terms of Stirling's series are enough.
const LARGE: f64 = 10.0;

/// ½ ln 2π.
pub(crate) const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;

/// ln Γ(x) for x > 0, to a unit in the last place also around its zeros 1 and 2.
pub(crate) fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// Binet's function R(x) > 0 for x > 0, to a few units in the last place. ½ ln(1/x) near 0, 1/(12x) far out.
pub(crate) fn binet(x: f64) -> f64 {
    const TAIL: [f64; 8] = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1260.0,
        -1.0 / 1680.0,
        1.0 / 1188.0,
        -691.0 / 360_360.0,
        1.0 / 156.0,
        -3617.0 / 122_400.0,
    ];
    let (x, sum) = shifted(x, gudermann);
    sum + polynomial(&TAIL, 1.0 / (x * x)) / x
}

/// R′(x) < 0.
pub(crate) fn binet_slope(x: f64) -> f64 {
    let (x, sum) = shifted(x, gudermann_slope);
    sum + binet_slope_series(x)
}

/// R′ by its series, from 9 on.
fn binet_slope_series(x: f64) -> f64 {
    const TAIL: [f64; 8] = [
        -1.0 / 12.0,
        1.0 / 120.0,
        -1.0 / 252.0,
        1.0 / 240.0,
        -1.0 / 132.0,
        691.0 / 32_760.0,
        -1.0 / 12.0,
        3617.0 / 8160.0,
    ];
    let z = 1.0 / (x * x);
    z * polynomial(&TAIL, z)
}

/// R″(x) = ψ′(x) − 1/x − 1/(2x²) > 0, to a few units in the last place.
pub(crate) fn binet_curvature(x: f64) -> f64 {
    const TAIL: [f64; 9] = [
        1.0 / 6.0,
        -1.0 / 30.0,
        1.0 / 42.0,
        -1.0 / 30.0,
        5.0 / 66.0,
        -691.0 / 2730.0,
        7.0 / 6.0,
        -3617.0 / 510.0,
        43_867.0 / 798.0,
    ];
    let (x, sum) = shifted(x, |x| {
        let product = x * (x + 1.0);
        0.5 / product / product
    });
    let z = 1.0 / (x * x);
    sum + z * polynomial(&TAIL, z) / x
}

/// An argument where Stirling's series holds, and the steps of the recurrence on the way there.
fn shifted(mut x: f64, step: impl Fn(f64) -> f64) -> (f64, f64) {
    let mut sum = 0.0;
    while x < LARGE {
        sum += step(x);
        x += 1.0;
    }
    (x, sum)
}

/// R(x) − R(x + 1) = (x + ½) ln(1 + 1/x) − 1 = atanh(s)/s − 1 with s = 1/(2x + 1).
fn gudermann(x: f64) -> f64 {
    if x >= 2.0 {
        0.5 * excess_of_atanh(1.0 / (2.0 * x + 1.0))
    } else if x >= 0.5 {
        let s = 1.0 / (2.0 * x + 1.0);
        let z = s * s;
        (1..=28).rev().fold(0.0, |sum, k| (sum + 1.0 / f64::from(2 * k + 1)) * z)
    } else {
        (x + 0.5) * (x.ln_1p() - x.ln()) - 1.0
    }
}

/// R′(x) − R′(x + 1) = ln(1 + 1/x) − (x + ½)/(x(x + 1)).
fn gudermann_slope(x: f64) -> f64 {
    if x >= 0.5 {
        let s = 1.0 / (2.0 * x + 1.0);
        let z = s * s;
        let terms = if x >= 2.0 { 13 } else { 29 };
        -2.0 * s * (1..=terms).rev().fold(0.0, |sum, k| (sum + f64::from(2 * k) / f64::from(2 * k + 1)) * z)
    } else {
        x.ln_1p() - x.ln() - (x + 0.5) / x / (x + 1.0)
    }
}

/// The digamma function ψ(x) = d ln Γ(x)/dx for x > 0, NaN otherwise; a few units in the last place, also around its
/// root 1.4616….
pub(crate) fn digamma(x: f64) -> f64 {
    /// The root in two parts.
    const ROOT: [f64; 2] = [1.461_632_144_968_362_2, 9.549_995_429_965_697e-17];
    /// Its Taylor coefficients there.
    const TAYLOR: [f64; 36] = [
        0.9676722454476212,
        -0.4427631689835921,
        0.258499760955651,
        -0.16394270544240652,
        0.10782405069126237,
        -0.07219956125645471,
        0.04880428816414311,
        -0.03316112647484736,
        0.022597648232218104,
        -0.01542476590494896,
        0.010538791616612175,
        -0.007204534386356869,
        0.004926781395729853,
        -0.003369801655439328,
        0.002305126326734928,
        -0.0015769367714301972,
        0.0010788252019162967,
        -0.0007380709389960052,
        0.000504953265834602,
        -0.0003454680251063077,
        0.00023635601564027053,
        -0.00016170622091974803,
        0.0001106337276874741,
        -7.569179582195066e-05,
        5.178575795222081e-05,
        -3.5430070947659604e-05,
        2.424006611860132e-05,
        -1.6584242271854135e-05,
        1.134638458466385e-05,
        -7.762817668462094e-06,
        5.3110609208898636e-06,
        -3.6336507898010456e-06,
        2.486022733129538e-06,
        -1.7008538854332607e-06,
        1.1636675363548843e-06,
        -7.96142543124197e-07,
    ];
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    let distance = (x - ROOT[0]) - ROOT[1];
    if distance.abs() < 0.5 {
        return distance * polynomial(&TAYLOR, distance);
    }
    if x < 1.0 {
        return digamma(x + 1.0) - 1.0 / x;
    }
    if x < 2.9 {
        return digamma(x - 1.0) + 1.0 / (x - 1.0);
    }
    let (mut far, mut steps) = (x, 0.0);
    while far < LARGE {
        steps += 1.0 / far;
        far += 1.0;
    }
    // ψ(y + 1) = ln y + 1/(2y) + R′(y) loses less than the form at y + 1.
    let y = far - 1.0;
    y.ln() + (0.5 / y + binet_slope_series(y)) - steps
}

/// The trigamma function ψ′(x) > 0 for x > 0, NaN otherwise: 1/x + 1/(2x²) + R″(x), all positive.
pub(crate) fn trigamma(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    (1.0 + 0.5 / x) / x + binet_curvature(x)
}

/// ln B(a, b) = ln Γ(a) + ln Γ(b) − ln Γ(a + b). Where both are large Stirling's terms are taken apart, so what remains
/// is the entropy of (a, b) and a small logarithm.
pub(crate) fn ln_beta(a: f64, b: f64) -> f64 {
    let (small, large) = if a < b { (a, b) } else { (b, a) };
    let sum = small + large;
    if small >= LARGE {
        let shares = (small - 0.5) * (small / sum).ln() - large * (small / large).ln_1p();
        return HALF_LN_TAU - 0.5 * large.ln() + shares + (binet(small) + binet(large) - binet(sum));
    }
    if large >= LARGE {
        // ln Γ(large) − ln Γ(sum), whose leading terms cancel.
        let step = (0.5 - large) * (small / large).ln_1p() + small - small * sum.ln();
        return ln_gamma(small) + step + (binet(large) - binet(sum));
    }
    if sum < 1.0 {
        // Γ(x) = Γ(1 + x)/x: the poles apart.
        return (sum / small / large).ln() + (ln_gamma(1.0 + small) + ln_gamma(1.0 + large) - ln_gamma(1.0 + sum));
    }
    ln_gamma(small) + (ln_gamma(large) - ln_gamma(sum))
}
