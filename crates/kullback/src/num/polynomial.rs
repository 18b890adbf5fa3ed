//! The polynomials behind `exp`, `ln` and the divergence terms, from `scripts/minimax.py`.

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

/// (eˣ − 1 − x) / x² for |x| ≤ 1; relative error 2.8e-17.
const EXCESS_F64: [f64; 15] = [
    0.5,
    0.16666666666666666,
    0.041666666666666664,
    0.008333333333333234,
    0.0013888888888888835,
    0.00019841269841375795,
    2.4801587301646103e-05,
    2.7557319173649634e-06,
    2.755731919605028e-07,
    2.505212065814061e-08,
    2.0876763799365097e-09,
    1.6057442100161254e-10,
    1.1469856522387124e-11,
    7.753503669959936e-13,
    4.8385160907416397e-14,
];
/// The same for 24-bit significands; relative error 1.5e-8.
const EXCESS_F32: [f64; 8] = [
    0.5,
    0.1666666716337204,
    0.04166673868894577,
    0.008333339355885983,
    0.0013885382795706391,
    0.00019838089065160602,
    2.5359639039379545e-05,
    2.806382326525636e-06,
];

/// (2ᶠ − 1) / f for |f| ≤ ½; relative error 4.9e-17.
#[allow(clippy::approx_constant, reason = "a coefficient that is fitted, and comes out as ln 2")]
const EXP2_F64: [f64; 12] = [
    0.6931471805599453,
    0.24022650695910072,
    0.055504108664821625,
    0.00961812910762848,
    0.0013333558146406295,
    0.00015403530393370645,
    1.5252733841782436e-05,
    1.321548680881726e-06,
    1.01780569717918e-07,
    7.054897246767236e-09,
    4.4558384999982015e-10,
    2.5729426100386435e-11,
];

/// The same for 24-bit significands, where 2ᶠ is to be as near as it can be in its units in the last place, which are half as large below
/// 1: 1.08 of them off before any rounding, 1.80 with it.
const EXP2_F32: [f64; 5] =
    [0.693146824836731, 0.24022234976291656, 0.05550892651081085, 0.009671870619058609, 0.001322567230090499];

/// (2ᶠ − 1) / f.
#[inline(always)]
pub(crate) fn exp2_tail<V: Real>(f: V) -> V {
    if V::DIGITS > 24 {
        return polynomial(&EXP2_F64, f);
    }
    // W. Horner's scheme: the loops that use it have enough else to do while they wait, and multiplications are dear.
    let [c0, c1, c2, c3, c4] = EXP2_F32;
    let two = f.constant(c4).mul_add(f, f.constant(c3)).mul_add(f, f.constant(c2));
    two.mul_add(f, f.constant(c1)).mul_add(f, f.constant(c0))
}

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

/// The same for |x| ≤ 1.
#[inline(always)]
pub(crate) fn excess_tail<V: Real>(x: V) -> V {
    if V::DIGITS > 24 { polynomial(&EXCESS_F64, x) } else { polynomial(&EXCESS_F32, x) }
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
