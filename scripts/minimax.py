#!/usr/bin/env python3
"""Coefficients of the polynomials behind exp, ln and the divergence terms (crates/kullback/src/num/polynomial.rs).

Near-minimax (Chebyshev) fits in 40-digit arithmetic, rounded to the target precision. Needs only mpmath.
"""
import struct

from mpmath import mp, mpf, atanh, chebyfit, cos, log, lu_solve, matrix, pi, polyval, psi, sqrt, exp

mp.dps = 40


def atanh_tail(z):
    """(2 atanh(s) − 2 s) / s³ with z = s²."""
    if z < mpf("1e-6"):
        return sum(mpf(2) / (2 * j + 1) * z ** (j - 1) for j in range(1, 8))
    s = sqrt(z)
    return (2 * atanh(s) - 2 * s) / (s * z)


def exp_tail(r):
    """(eʳ − 1 − r) / r²."""
    if abs(r) < mpf("1e-4"):
        return sum(r ** (j - 2) / mp.factorial(j) for j in range(2, 12))
    return (exp(r) - 1 - r) / (r * r)


def exp2_tail(f):
    """(2ᶠ − 1) / f."""
    if abs(f) < mpf("1e-4"):
        return sum(log(2) ** j * f ** (j - 1) / mp.factorial(j) for j in range(1, 12))
    return (mpf(2) ** f - 1) / f


def f32(x):
    return struct.unpack("f", struct.pack("f", float(x)))[0]


def show(name, function, interval, terms, rounding):
    coefficients = [rounding(c) for c in chebyfit(function, interval, terms)]  # highest power first
    grid = [interval[0] + (interval[1] - interval[0]) * mpf(i) / 2000 for i in range(2001)]
    worst = max(abs(polyval([mpf(c) for c in coefficients], x) / function(x) - 1) for x in grid)
    print(f"{name}: relative error {float(worst):.1e}")
    for c in reversed(coefficients):
        print(f"    {c!r},")


def binet(low, terms):
    """x R(x) in 1/x² from `low` on, for Binet's function R, such that R″ agrees where T. Chebyshev's points are."""
    points = [(1 + cos(pi * (2 * i + 1) / (2 * terms))) / 2 / mpf(low) ** 2 for i in range(terms)]
    second = lambda x: psi(1, x) - 1 / x - 1 / (2 * x * x)
    powers = matrix([[(2 * k + 1) * (2 * k + 2) * z**k for k in range(terms)] for z in points])
    coefficients = [float(c) for c in lu_solve(powers, matrix([second(1 / sqrt(z)) / z ** mpf("1.5") for z in points]))]
    worst = 0
    for i in range(200):
        x = mpf(low) / sqrt((i + mpf("0.5")) / 200)
        found = sum(mpf(c) * (2 * k + 1) * (2 * k + 2) / x ** (2 * k + 3) for k, c in enumerate(coefficients))
        worst = max(worst, abs(found - second(x)) / (psi(1, x) - 1 / x))
    print(f"BINET: error of R″ relative to ψ′ − 1/x {float(worst):.1e}")
    for c in coefficients:
        print(f"    {c!r},")


if __name__ == "__main__":
    # The exponent of a ratio is rounded from bit patterns, which leaves |log2 ratio| ≤ 1/2 + 0.0861.
    widest = mpf(2) ** (mpf("0.5") + mpf("0.08608"))
    z = ((widest - 1) / (widest + 1)) ** 2 * mpf("1.001")
    r = log(2) / 2 * mpf("1.001")
    show("ATANH_F64", atanh_tail, [mpf(0), z], 8, float)
    show("ATANH_F32", atanh_tail, [mpf(0), z], 4, f32)
    show("EXP_F64", exp_tail, [-r, r], 11, float)
    show("EXP_F32", exp_tail, [-r, r], 6, f32)
    half = mpf("0.5005")
    show("EXP2_F64", exp2_tail, [-half, half], 12, float)
    show("EXP2_F32", exp2_tail, [-half, half], 5, f32)
    one = mpf("1.001")
    show("EXCESS_F64", exp_tail, [-one, one], 15, float)
    show("EXCESS_F32", exp_tail, [-one, one], 8, f32)
    with mp.workdps(60):
        binet(2, 20)
