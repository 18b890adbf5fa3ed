//! The special functions against mpmath.

use kullback_dev::{golden, tolerance, ulp};

use super::{bessel, bregman, digamma, gamma, ln_gamma, trigamma};

fn computed(function: &str, x: f64, y: f64) -> Option<f64> {
    Some(match function {
        "digamma" => digamma(x),
        "trigamma" => trigamma(x),
        "ln_gamma" => ln_gamma(x),
        "binet" => gamma::binet(x),
        "ln_beta" => gamma::ln_beta(x, y),
        "gamma_bregman" => super::centred_ln_gamma(x, y).value,
        "ln_i0" => bessel::ln_i0(x),
        "bessel_ratio" => bessel::ratio(x, y),
        "i0_bregman" => bessel::bregman(0.0, x, y),
        "expm1_bregman" => bregman::ln_expm1_over(x, y),
        _ => return None,
    })
}

#[test]
fn special_functions_keep_their_promise() {
    let mut worst: Vec<(String, f64, f64, f64)> = Vec::new();
    for point in golden::points() {
        let y = point.y.unwrap_or_default();
        let Some(value) = computed(&point.function, point.x, y) else { continue };
        let error = ulp::ulps(value, point.truth);
        match worst.iter_mut().find(|w| w.0 == point.function) {
            Some(w) if error > w.1 => (w.1, w.2, w.3) = (error, point.x, y),
            Some(_) => {}
            None => worst.push((point.function.clone(), error, point.x, y)),
        }
    }
    for promise in tolerance::SPECIAL {
        let (_, error, x, y) =
            worst.iter().find(|w| w.0 == promise.name).expect("golden rows of every special function");
        assert!(*error <= promise.ulps, "{}({x:e}, {y:e}) is {error:.1} ulp off", promise.name);
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
    for x in [0.0, -3.0, f64::NAN] {
        assert!(digamma(x).is_nan() && trigamma(x).is_nan());
    }
}

#[test]
fn bregman_divergences_of_equal_arguments_are_zero() {
    for x in [1e-3, 0.3, 7.0, 30.0, 1e6] {
        assert_eq!(bregman::ln_gamma(x, x), 0.0);
        assert_eq!(bessel::bregman(0.0, x, x), 0.0);
        assert_eq!(bregman::ln_expm1_over(x, x), 0.0);
    }
}
