//! The Bregman divergence of G(x) = ln Γ(x) − x ln x + x, and its derivatives: what the shapes of two Gamma distributions
//! with one mean add to their KL.
//!
//! A step of the recurrence, G(x) − G(x + 1) = (x + 1) ln(1 + 1/x) − 1, has the divergence φ(a(b + 1), b(a + 1))/a ≥ 0.
//! Beyond the steps stand half a logarithm, whose divergence is a φ as well, and Binet's function by Stirling's series in
//! 1/x, whose divergence is a second divided difference. So every part has one sign and a factor (b − a)², and nothing
//! cancels at any distance.

use crate::num::real::Real;
use crate::num::simd::Least;

/// From here on the series has every digit. Two steps more and it would have half as many terms, which take less time than
/// the steps' divisions.
const LARGE: f64 = 2.0;

/// x R(x) in 1/x² for x ≥ 2, where R is J. Binet's function, from `scripts/minimax.py`: R″ is off by 1.6e-17 of G″.
const BINET: [f64; 20] = [
    0.08333333333333331,
    -0.0027777777777659263,
    0.000793650791075956,
    -0.0005952377926132869,
    0.0008417285583451929,
    -0.0019164019870978094,
    0.006368804086515141,
    -0.02837993744750052,
    0.15318066495456695,
    -0.8917984878954964,
    5.051399727233099,
    -25.83305101875923,
    113.44000642626935,
    -412.71327959555373,
    1206.8109126672198,
    -2746.3084938899606,
    4664.926817317358,
    -5549.096587184693,
    4115.68342508749,
    -1430.452591552753,
];

/// Those of the slope in 1/x: each times its power of it.
const SLOPES: [f64; BINET.len()] = {
    let mut slopes = BINET;
    let mut k = 0;
    while k < slopes.len() {
        slopes[k] *= (2 * k + 1) as f64;
        k += 1;
    }
    slopes
};

/// The divergence and the derivatives that gradients need.
#[derive(Clone, Copy)]
pub(crate) struct Centred<V> {
    /// G(b) − G(a) − (b − a) G′(a) ≥ 0.
    pub(crate) value: V,
    /// G′(b) − G′(a), where G′ = ψ − ln.
    pub(crate) slope: V,
    /// G″(a) = ψ′(a) − 1/a > 0.
    pub(crate) curvature: V,
}

/// G at positive b and a. What is not used is not computed, once this is compiled into its caller.
#[inline(always)]
pub(crate) fn centred_ln_gamma<V: Least>(b: V, a: V) -> Centred<V> {
    let difference = b - a;
    let zero = a.constant(0.0);
    let mut at = Shifted { b, a, smaller: a.where_less(b, a, b), so_far: Centred::all(zero) };
    let mut left = LARGE - at.smaller.least();
    while left > 0.0 {
        at.step(step(at.b, at.a, difference));
        left -= 1.0;
    }
    at.so_far.plus(beyond(at.b, at.a, difference))
}

/// Arguments on their way to where the series holds, each lane as far as it must go: what comes of a lane does not depend
/// on the others.
struct Shifted<V> {
    b: V,
    a: V,
    smaller: V,
    so_far: Centred<V>,
}

impl<V: Real> Shifted<V> {
    /// Adds a step in the lanes that are not there yet.
    #[inline(always)]
    fn step(&mut self, step: Centred<V>) {
        let (bound, sum) = (self.a.constant(LARGE), self.so_far.plus(step));
        self.so_far.value = self.smaller.where_less(bound, sum.value, self.so_far.value);
        self.so_far.slope = self.smaller.where_less(bound, sum.slope, self.so_far.slope);
        self.so_far.curvature = self.smaller.where_less(bound, sum.curvature, self.so_far.curvature);
        self.a = self.smaller.where_less(bound, self.a + 1.0, self.a);
        self.b = self.smaller.where_less(bound, self.b + 1.0, self.b);
        self.smaller = self.smaller.where_less(bound, self.smaller + 1.0, self.smaller);
    }
}

impl<V: Real> Centred<V> {
    #[inline(always)]
    fn all(x: V) -> Self {
        Self { value: x, slope: x, curvature: x }
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Self {
            value: self.value + other.value,
            slope: self.slope + other.slope,
            curvature: self.curvature + other.curvature,
        }
    }
}

/// The same of G(x) − G(x + 1).
#[inline(always)]
fn step<V: Real>(b: V, a: V, difference: V) -> Centred<V> {
    let (p, q, ratio) = (a * (b + 1.0), b * (a + 1.0), difference / a);
    let value = V::kl_term(p, q, difference) / a;
    Centred { value, slope: (value + ratio / b) / (b + 1.0), curvature: a.constant(1.0) / (a * a * (a + 1.0)) }
}

/// The same of G where Stirling's series holds.
#[inline(always)]
fn beyond<V: Real>(b: V, a: V, difference: V) -> Centred<V> {
    let one = a.constant(1.0);
    let (y, z) = (one / b, one / a);
    // Binet's function is z s(z²).
    let (square_y, square_z) = (y * y, z * z);
    let s = differences(&BINET, square_y, square_z);
    let first = (square_y - square_z).mul_add(s.second, s.slope);
    // The slope of z s(z²) at z.
    let slope = (square_z * s.slope).mul_add(z.constant(2.0), s.value);
    let sum = y + z;
    // The second divided difference of z s(z²) at z, z and y, by G. Leibniz' rule.
    let second = z * (first + z * sum * s.second * 2.0) + sum * first;
    let share = difference * z;
    // Of that slope as a polynomial in z².
    let v = differences(&SLOPES, square_y, square_z);
    Centred {
        value: V::kl_term(a, b, difference) * z * 0.5 + share * share * y * (slope + y * second),
        slope: share * y * (sum * (square_y * v.first + v.value) + 0.5),
        curvature: square_z * (z * (v.value + square_z * v.slope) * 2.0 + 0.5),
    }
}

/// A polynomial at Z, and its divided differences there and at Y.
struct Differences<V> {
    /// f(Z).
    value: V,
    /// f′(Z).
    slope: V,
    /// f[Y, Z].
    first: V,
    /// f[Y, Z, Z].
    second: V,
}

/// W. Horner's scheme, and the same scheme again over what it passes through.
#[inline(always)]
fn differences<V: Real>(coefficients: &[f64; BINET.len()], y: V, z: V) -> Differences<V> {
    let zero = z.constant(0.0);
    let mut f = Differences { value: zero, slope: zero, first: zero, second: zero };
    let mut k = coefficients.len();
    while k > 0 {
        k -= 1;
        f.second = f.second.mul_add(y, f.slope);
        f.slope = f.slope.mul_add(z, f.value);
        f.first = f.first.mul_add(y, f.value);
        f.value = f.value.mul_add(z, z.constant(coefficients[k]));
    }
    f
}
