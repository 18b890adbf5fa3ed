//! Bregman divergences D_F(b; a) = F(b) − F(a) − (b − a) F′(a) of the functions that normalise families, never by that
//! difference where it cancels: near a they are (b − a)² ∫ (1 − s) F″(a + s(b − a)) ds, whose integrand is positive.

use super::centred_ln_gamma;
use crate::num::Real;

/// Nodes in (0, 1) and weights of the Gauss–Legendre rule with 16 points on [−1, 1].
const LEGENDRE: [(f64, f64); 8] = [
    (0.09501250983763744, 0.1894506104550685),
    (0.2816035507792589, 0.18260341504492358),
    (0.45801677765722737, 0.16915651939500254),
    (0.6178762444026438, 0.14959598881657674),
    (0.755404408355003, 0.12462897125553388),
    (0.8656312023878318, 0.09515851168249279),
    (0.9445750230732326, 0.062253523938647894),
    (0.9894009349916499, 0.027152459411754096),
];

/// D_F(b; a) from F″ alone, for `b` so near `a` that F″ is smooth between them: its singularities a distance of
/// |b − a| or more away from either.
pub(crate) fn from_curvature(b: f64, a: f64, curvature: impl Fn(f64) -> f64) -> f64 {
    let step = b - a;
    step * step * curvature_integral(step, a, curvature)
}

/// ∫ (1 − s) F″(a + s·step) ds.
fn curvature_integral(step: f64, a: f64, curvature: impl Fn(f64) -> f64) -> f64 {
    let mut sum = 0.0;
    for (node, weight) in LEGENDRE {
        // s = (1 ∓ node)/2, so 1 − s = (1 ± node)/2.
        let (low, high) = (0.5 - 0.5 * node, 0.5 + 0.5 * node);
        sum += weight * (high * curvature(a + low * step) + low * curvature(a + high * step));
    }
    0.5 * sum
}

/// b/a − 1 − ln(b/a) ≥ 0: the Bregman divergence of −ln, and h of ln(a/b).
pub(crate) fn minus_ln(b: f64, a: f64) -> f64 {
    f64::kl_term(a, b, b - a) / a
}

/// φ(b, a) = b ln(b/a) − b + a ≥ 0: the Bregman divergence of x ln x.
pub(crate) fn x_ln_x(b: f64, a: f64) -> f64 {
    f64::kl_term(b, a, a - b)
}

/// The Bregman divergence of ln Γ: ln Γ(b) − ln Γ(a) − (b − a) ψ(a) ≥ 0.
pub(crate) fn ln_gamma(b: f64, a: f64) -> f64 {
    centred_ln_gamma(b, a).value + x_ln_x(b, a)
}

/// ln Γ(a + x) − ln Γ(a), and what of it a straight line at a leaves.
pub(crate) struct Rise {
    pub(crate) value: f64,
    /// The value less x ψ(a): the Bregman divergence from a to a + x.
    pub(crate) bregman: f64,
}

/// Given x itself, of which a + x may have lost the digits.
pub(crate) fn ln_gamma_rise(a: f64, x: f64) -> Rise {
    let bregman = match x.abs() < 0.5 && a >= 1.0 {
        true => x * x * curvature_integral(x, a, super::trigamma),
        false => ln_gamma(a + x, a),
    };
    Rise { value: x * super::digamma(a) + bregman, bregman }
}

/// The Bregman divergence of ln((eˣ − 1)/x) ≥ 0, the log-partition of the continuous Bernoulli distribution.
pub(crate) fn ln_expm1_over(b: f64, a: f64) -> f64 {
    // The function at −x is that at x less x, and a linear part changes nothing.
    let (b, a) = if a > 0.0 { (-b, -a) } else { (b, a) };
    if (b - a).abs() <= f64::max(4.0, -0.5 * a) {
        return from_curvature(b, a, ln_expm1_over_curvature);
    }
    ln_expm1_over_value(b) - ln_expm1_over_value(a) - (b - a) * ln_expm1_over_slope(a)
}

/// ln((eˣ − 1)/x); 0 at 0.
pub(crate) fn ln_expm1_over_value(x: f64) -> f64 {
    if x > 0.0 {
        x + ln_expm1_over_value(-x)
    } else if x > -1e-3 {
        // x/2 + x²/24 − x⁴/2880
        x * (0.5 + x * (1.0 / 24.0 - x * x / 2880.0))
    } else {
        (-x.exp_m1() / -x).ln()
    }
}

/// Its derivative, the mean of the continuous Bernoulli distribution: 1/(1 − e⁻ˣ) − 1/x, ½ at 0.
pub(crate) fn ln_expm1_over_slope(x: f64) -> f64 {
    if x.abs() < 0.5 {
        const SERIES: [f64; 7] = [
            1.0 / 12.0,
            -1.0 / 720.0,
            1.0 / 30_240.0,
            -1.0 / 1_209_600.0,
            1.0 / 47_900_160.0,
            -691.0 / 1_307_674_368_000.0,
            1.0 / 74_724_249_600.0,
        ];
        0.5 + x * super::polynomial(&SERIES, x * x)
    } else {
        -1.0 / (-x).exp_m1() - 1.0 / x
    }
}

/// Its second derivative, the variance: 1/x² − 1/s² with s = 2 sinh(x/2), 1/12 at 0.
pub(crate) fn ln_expm1_over_curvature(x: f64) -> f64 {
    if x.abs() < 3.0 {
        // s = x(1 + yq), so the difference is a product of sums of positive terms.
        let y = 0.25 * x * x;
        let q = (1..=10).rev().fold(0.0, |sum, k| (1.0 + sum * y) / f64::from(2 * k * (2 * k + 1)));
        0.25 * q * (2.0 + y * q) / (1.0 + y * q).powi(2)
    } else {
        let s = 2.0 * (0.5 * x).sinh();
        (1.0 / x) * (1.0 / x) - (1.0 / s) * (1.0 / s)
    }
}
