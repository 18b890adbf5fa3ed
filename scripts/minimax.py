#!/usr/bin/env python3
"""Coefficients of the polynomials behind exp, ln and the divergence terms (crates/kullback/src/num/polynomial.rs).

Near-minimax fits in 40-digit arithmetic, rounded to the target precision. Needs only mpmath.
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


def show_exp2_single(terms):
    """2ᶠ = 1 + f tail(f) in singles: what counts is the error of f tail(f) in units in the last place of 2ᶠ, which are half as large below 1.

    Least squares whose weights are multiplied by the errors again and again (C. L. Lawson, 1961).
    """
    half = mpf("0.5005")
    points = [half * cos(pi * (i + mpf("0.5")) / 400) for i in range(400)]
    units = lambda f, error: abs(f * error) / (mpf(2) ** (-24 if f < 0 else -23))
    weights = [mpf(1)] * len(points)
    for _ in range(200):
        scale = [w * units(f, 1) ** 2 for w, f in zip(weights, points)]
        normal = matrix([[sum(s * f ** (j + k) for s, f in zip(scale, points)) for k in range(terms)] for j in range(terms)])
        right = matrix([sum(s * f**j * exp2_tail(f) for s, f in zip(scale, points)) for j in range(terms)])
        found = lu_solve(normal, right)
        errors = [units(f, polyval(found[::-1], f) - exp2_tail(f)) for f in points]
        total = sum(w * e for w, e in zip(weights, errors))
        weights = [w * e / total for w, e in zip(weights, errors)]
    coefficients = [f32(c) for c in found]
    worst = max(units(f, polyval([mpf(c) for c in reversed(coefficients)], f) - exp2_tail(f)) for f in points)
    print(f"EXP2_F32: {float(worst):.2f} units in the last place of 2ᶠ")
    for c in coefficients:
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
    show_exp2_single(5)
    one = mpf("1.001")
    show("EXCESS_F64", exp_tail, [-one, one], 15, float)
    show("EXCESS_F32", exp_tail, [-one, one], 8, f32)
    with mp.workdps(60):
        binet(2, 20)
