//! The modified Bessel function I of real order, by its logarithm.

use core::f64::consts::TAU;

use super::bregman::{from_curvature, minus_ln};
use super::gamma::ln_gamma;

/// From here on Hankel's series has every digit of a double.
fn large(nu: f64) -> f64 {
    f64::max(25.0, nu * nu)
}

/// e⁻ˣ √(2πx) I_ν(x) and its first two derivatives, by Hankel's series (DLMF 10.40.1).
fn hankel(nu: f64, x: f64) -> [f64; 3] {
    let four = 4.0 * nu * nu;
    let (mut sums, mut term) = ([1.0, 0.0, 0.0], 1.0f64);
    for k in 1..200 {
        let k = f64::from(k);
        let odd = 2.0 * k - 1.0;
        let next = -term * (four - odd * odd) / (8.0 * k * x);
        // An asymptotic series is good up to its smallest term.
        if next.abs() > term.abs() && odd * odd > four || next == 0.0 {
            break;
        }
        term = next;
        sums[0] += term;
        sums[1] -= k * term / x;
        sums[2] += k * (k + 1.0) * term / (x * x);
        if term.abs() < 1e-18 * sums[0].abs() {
            break;
        }
    }
    sums
}

/// ln(Γ(ν + 1) (2/x)^ν I_ν(x)) = ln Σ (x²/4)ᵏ / (k! (ν+1)…(ν+k)) ≥ 0, which is x²/(4(ν + 1)) near 0.
///
/// A sum of positive terms, taken from the largest outwards; Hankel's series for large x.
pub(crate) fn ln_i_normalized(nu: f64, x: f64) -> f64 {
    if x >= large(nu) {
        return x + ln_i_scaled(nu, x);
    }
    let z = 0.25 * x * x;
    if z <= nu + 1.0 {
        // The first term is the largest.
        let (mut term, mut sum, mut k) = (1.0, 0.0, 1.0);
        while term > 1e-18 * sum || k == 1.0 {
            term *= z / (k * (nu + k));
            sum += term;
            k += 1.0;
        }
        return sum.ln_1p();
    }
    let peak = (0.5 * (nu.hypot(x) - nu)).floor();
    let at_peak = peak * z.ln() - ln_gamma(peak + 1.0) - (ln_gamma(nu + peak + 1.0) - ln_gamma(nu + 1.0));
    let mut sum = 1.0;
    let (mut term, mut k) = (1.0, peak + 1.0);
    while term > 1e-18 * sum {
        term *= z / (k * (nu + k));
        sum += term;
        k += 1.0;
    }
    (term, k) = (1.0, peak);
    while k > 0.0 && term > 1e-18 * sum {
        term *= k * (nu + k) / z;
        sum += term;
        k -= 1.0;
    }
    at_peak + sum.ln()
}

/// The same less x: what is left of a large argument.
pub(crate) fn ln_i_scaled(nu: f64, x: f64) -> f64 {
    if x >= large(nu) {
        return hankel(nu, x)[0].ln() - 0.5 * (TAU * x).ln() + (ln_gamma(nu + 1.0) - nu * (0.5 * x).ln());
    }
    ln_i_normalized(nu, x) - x
}

/// ln I₀(x) for x ≥ 0.
#[cfg(test)]
pub(crate) fn ln_i0(x: f64) -> f64 {
    ln_i_normalized(0.0, x)
}

/// I_{ν+1}(x) / (x I_ν(x)), by Gauss' continued fraction, whose parts are positive (DLMF 10.33.1), or Hankel's series.
fn ratio_over_x(nu: f64, x: f64) -> f64 {
    if x >= large(nu + 1.0) {
        return hankel(nu + 1.0, x)[0] / hankel(nu, x)[0] / x;
    }
    // Backwards from so far that the start is forgotten.
    let steps = 30.0 + 1.5 * x;
    let mut k = nu + 1.0 + steps.floor();
    let mut rest = 0.0;
    let square = x * x;
    while k >= nu + 1.0 {
        rest = 1.0 / (2.0 * k + square * rest);
        k -= 1.0;
    }
    rest
}

/// The mean resultant length A(x) = I_{ν+1}(x)/I_ν(x), between 0 and 1.
pub(crate) fn ratio(nu: f64, x: f64) -> f64 {
    x * ratio_over_x(nu, x)
}

/// 1 − A(x), which for large x is about (ν + ½)/x.
pub(crate) fn shortfall(nu: f64, x: f64) -> f64 {
    if x < large(nu) {
        return 1.0 - ratio(nu, x);
    }
    let [value, slope, _] = hankel(nu, x);
    (nu + 0.5) / x - slope / value
}

/// The Bregman divergence of ln(x^−ν I_ν(x)) ≥ 0, the log-partition of the von Mises–Fisher distribution (ν = 0 on the
/// circle).
pub(crate) fn bregman(nu: f64, b: f64, a: f64) -> f64 {
    let near = (b - a).abs() <= 0.5 * a;
    if a.min(b) >= large(nu) {
        // x − (ν + ½) ln x and the logarithm of Hankel's series.
        let rest = if near {
            from_curvature(b, a, |x| {
                let [value, slope, curvature] = hankel(nu, x);
                curvature / value - (slope / value) * (slope / value)
            })
        } else {
            let [[value, ..], [start, slope, _]] = [hankel(nu, b), hankel(nu, a)];
            (value / start).ln() - (b - a) * slope / start
        };
        return (nu + 0.5) * minus_ln(b, a) + rest;
    }
    if near || a.max(b) < 1.0 {
        return from_curvature(b, a, |x| {
            let over_x = ratio_over_x(nu, x);
            let mean = x * over_x;
            1.0 - (2.0 * nu + 1.0) * over_x - mean * mean
        });
    }
    if a >= large(nu) {
        // The linear part taken off, of which hardly anything would be left.
        let [value, slope, _] = hankel(nu, a);
        let apart = ln_i_scaled(nu, b) - ln_i_scaled(nu, a);
        return apart - (b - a) * (slope / value - (nu + 0.5) / a);
    }
    ln_i_normalized(nu, b) - ln_i_normalized(nu, a) - (b - a) * ratio(nu, a)
}
