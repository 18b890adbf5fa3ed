//! Special functions.

/// The digamma function ψ(x) = d ln Γ(x) / dx for x ≥ 1; NaN below 1, where nothing here needs it.
///
/// The asymptotic series from 10 on, reached from below by ψ(x) = ψ(x + 1) − 1/x. Relative error at integers ≤ 5 × 2⁻⁵²;
/// around the root 1.4616… the error is that small absolutely.
pub(crate) fn digamma(x: f64) -> f64 {
    if x.is_nan() || x < 1.0 {
        return f64::NAN;
    }
    let (mut x, mut steps) = (x, 0.0);
    while x < 10.0 {
        steps += 1.0 / x;
        x += 1.0;
    }
    digamma_large(x - 1.0) - steps
}

/// ψ(x + 1) = ln x + 1/(2x) − Σ B₂ₖ / (2k x²ᵏ), for x ≥ 9.
fn digamma_large(x: f64) -> f64 {
    const TAIL: [f64; 8] = [
        1.0 / 12.0,
        -1.0 / 120.0,
        1.0 / 252.0,
        -1.0 / 240.0,
        1.0 / 132.0,
        -691.0 / 32760.0,
        1.0 / 12.0,
        -3617.0 / 8160.0,
    ];
    let z = 1.0 / (x * x);
    x.ln() + (0.5 / x - z * polynomial(&TAIL, z))
}

/// Horner's rule, constant term first.
fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

#[cfg(test)]
mod tests {
    use super::digamma;

    /// mpmath, 50 digits, rounded.
    const GOLDEN: &[(f64, f64)] = &[
        (1.0, -0.5772156649015329),
        (2.0, 0.42278433509846713),
        (3.0, 0.9227843350984671),
        (4.0, 1.2561176684318005),
        (5.0, 1.5061176684318005),
        (6.0, 1.7061176684318005),
        (7.0, 1.8727843350984672),
        (8.0, 2.01564147795561),
        (9.0, 2.14064147795561),
        (10.0, 2.251752589066721),
        (11.0, 2.351752589066721),
        (12.0, 2.442661679975812),
        (15.0, 2.6743466616607936),
        (20.0, 2.970523992242149),
        (50.0, 3.901989673427892),
        (100.0, 4.600161852738087),
        (999.0, 6.906254194647811),
        (1000.0, 6.907255195648812),
        (27004.0, 10.203721766272043),
        (1000000.0, 13.815510057964191),
        (1000000000.0, 20.723265836446412),
        (9007199254740992.0, 36.7368005696771),
        (1.25, -0.22745353337626542),
        (1.4616, -3.110625123034165e-05),
        (1.47, 0.008066489011364869),
        (1.999, 0.4221391988923556),
        (2.5, 0.7031566406452432),
        (4.75, 1.4492040552784629),
        (9.99, 2.250700372831201),
        (10.5, 2.3030010342976865),
        (33.3, 3.490467238520243),
    ];

    #[test]
    fn digamma_is_within_a_few_ulp() {
        for &(x, want) in GOLDEN {
            let got = digamma(x);
            let scale = if x.fract() == 0.0 { want.abs() } else { want.abs().max(1.0) };
            let error = (got - want).abs() / scale / f64::EPSILON;
            assert!(error <= 5.0, "psi({x}) = {got:e}, want {want:e}: {error:.1} epsilon off");
        }
    }

    #[test]
    fn differences_of_neighbours_are_reciprocals() {
        for n in 1..100_000_u32 {
            let n = f64::from(n);
            let error = digamma(n + 1.0) - digamma(n) - 1.0 / n;
            assert!(error.abs() <= 4.0 * f64::EPSILON * digamma(n + 1.0).abs().max(1.0), "at {n}: {error:e}");
        }
    }

    #[test]
    fn outside_the_domain_is_nan() {
        assert!(digamma(0.5).is_nan() && digamma(f64::NAN).is_nan() && digamma(-3.0).is_nan());
    }
}
