//! The two polynomials behind `exp`, `ln` and the divergence terms, from `scripts/minimax.py`.

use super::real::Real;

/// (2 atanh(s) − 2s) / s³ in z = s², for |s| ≤ 0.2004; relative error 5.6e-17.
const ATANH_F64: [f64; 8] = [
    0.6666666666666666,
    0.4000000000000807,
    0.2857142856721895,
    0.22222223057828508,
    0.18181736883495775,
    0.15388897439992041,
    0.13209126152309358,
    0.13613494941188786,
];
/// The same for 24-bit significands; relative error 4.2e-8.
const ATANH_F32: [f64; 4] = [0.6666666865348816, 0.4000031650066376, 0.2853236794471741, 0.23754900693893433];

/// (eʳ − 1 − r) / r² for |r| ≤ ln 2 / 2; relative error 4.6e-18.
const EXP_F64: [f64; 11] = [
    0.5,
    0.1666666666666667,
    0.04166666666666667,
    0.008333333333326084,
    0.0013888888888883711,
    0.0001984126987500228,
    2.480158732567746e-05,
    2.755725517000089e-06,
    2.755727347871858e-07,
    2.5105312729622103e-08,
    2.09147553258932e-09,
];
/// The same for 24-bit significands; relative error 1.0e-8.
const EXP_F32: [f64; 6] =
    [0.5, 0.1666666716337204, 0.041666463017463684, 0.00833331048488617, 0.0013933731243014336, 0.000198910798644647];

/// (2 atanh(s) − 2s) / s³ with z = s².
#[inline(always)]
pub(crate) fn atanh_tail<V: Real>(z: V) -> V {
    if V::DIGITS > 24 { polynomial(&ATANH_F64, z) } else { polynomial(&ATANH_F32, z) }
}

/// (eʳ − 1 − r) / r².
#[inline(always)]
pub(crate) fn exp_tail<V: Real>(r: V) -> V {
    if V::DIGITS > 24 { polynomial(&EXP_F64, r) } else { polynomial(&EXP_F32, r) }
}

/// A polynomial in halves (G. Estrin, 1960): a logarithmic chain of dependent operations, where Horner's is linear.
#[inline(always)]
fn polynomial<V: Real>(c: &[f64], x: V) -> V {
    let x2 = x * x;
    let x4 = x2 * x2;
    if c.len() <= 8 {
        up_to_8(c, x, x2, x4)
    } else {
        up_to_8(&c[8..], x, x2, x4).mul_add(x4 * x4, up_to_8(&c[..8], x, x2, x4))
    }
}

#[inline(always)]
fn up_to_8<V: Real>(c: &[f64], x: V, x2: V, x4: V) -> V {
    if c.len() <= 4 { up_to_4(c, x, x2) } else { up_to_4(&c[4..], x, x2).mul_add(x4, up_to_4(&c[..4], x, x2)) }
}

#[inline(always)]
fn up_to_4<V: Real>(c: &[f64], x: V, x2: V) -> V {
    if c.len() <= 2 { up_to_2(c, x) } else { up_to_2(&c[2..], x).mul_add(x2, up_to_2(&c[..2], x)) }
}

#[inline(always)]
fn up_to_2<V: Real>(c: &[f64], x: V) -> V {
    if c.len() == 1 { x.constant(c[0]) } else { x.constant(c[1]).mul_add(x, x.constant(c[0])) }
}
