//! Divergences other than KL between members of one exponential family, and cross-entropies.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use kullback::family::{Dirichlet, Family};
use kullback::{Error, Measure};
use kullback_dev::{golden, tolerance};

fn family(text: &str) -> Family {
    match text.strip_prefix("dirichlet(") {
        Some(rest) => {
            let numbers: Vec<f64> = rest.trim_end_matches(')').split(", ").map(|x| x.parse().unwrap()).collect();
            Family::Dirichlet(Dirichlet::new(&numbers).unwrap())
        }
        None => text.parse().unwrap(),
    }
}

fn between(p: &str, q: &str, measure: &str) -> f64 {
    family(p).divergence(&family(q), measure.parse::<Measure>().unwrap()).unwrap().value
}

/// Whether all parameters agree to 1e-6.
fn is_near(p: &str, q: &str) -> bool {
    let numbers = |text: &str| -> Vec<f64> {
        let inside = text.split(['(', ')']).nth(1).unwrap_or_default();
        inside.split(", ").map(|x| x.parse().unwrap()).collect()
    };
    numbers(p).iter().zip(numbers(q)).all(|(x, y)| (x - y).abs() <= 2e-6 * x.abs())
}

#[test]
fn powers_agree_with_mpmath() {
    let (mut rows, mut infinite) = (0, 0);
    for (p, q, measure, truth) in golden::measures() {
        let found = family(&p).divergence(&family(&q), measure.parse().unwrap()).unwrap();
        rows += 1;
        if truth.is_infinite() {
            infinite += 1;
            assert_eq!(found.value, truth, "{measure} {p} {q}");
            continue;
        }
        let promised = if is_near(&p, &q) { tolerance::POWER_NEAR } else { tolerance::POWER };
        let error = (found.value / truth - 1.0).abs();
        assert!(error <= promised, "{measure} {p} {q}: {:e}, truth {truth:e}, error {error:e}", found.value);
        assert!((found.value - truth).abs() <= found.error, "{measure} {p} {q}: {found:?}, truth {truth:e}");
    }
    assert!(rows > 1000 && infinite > 100, "{rows} {infinite}");
}

#[test]
fn order_1_is_kl() {
    for (p, q) in [("gamma(2, 3)", "gamma(2.5, 1)"), ("normal(0, 1)", "normal(1, 2)"), ("beta(2, 3)", "beta(1, 4)")] {
        for (measure, like) in [("renyi=1", "kl"), ("alpha=-1", "kl"), ("alpha=1", "reverse-kl"), ("tsallis=1", "kl")] {
            assert_eq!(between(p, q, measure), between(p, q, like), "{measure}");
        }
        assert!((between(p, q, "renyi=1.000001") / between(p, q, "kl") - 1.0).abs() < 1e-5);
        assert!((between(p, q, "renyi=0.999999") / between(p, q, "kl") - 1.0).abs() < 1e-5);
    }
}

/// Rényi's divergence rises with its order, towards ln sup p/q.
#[test]
fn max_divergence_is_the_limit() {
    for (p, q) in [
        ("normal(0, 1)", "normal(1, 2)"),
        ("log_normal(0, 1)", "log_normal(1, 2)"),
        ("half_normal(1)", "half_normal(2)"),
        ("exponential(3)", "exponential(2)"),
        ("pareto(1, 3)", "pareto(1, 2)"),
        ("poisson(2)", "poisson(3)"),
        ("geometric(0.5)", "geometric(0.25)"),
        ("negative_binomial(3, 0.25)", "negative_binomial(3, 0.5)"),
        ("gamma(3, 2)", "gamma(2, 1)"),
        ("exp_gamma(3, 2)", "exp_gamma(2, 1)"),
        ("inverse_gamma(3, 2)", "inverse_gamma(2, 1)"),
        ("beta(3, 4)", "beta(2, 3)"),
        ("dirichlet(3, 4, 5)", "dirichlet(2, 3.5, 5)"),
        ("lindley(3)", "lindley(2)"),
        ("laplace(1, 2)", "laplace(1, 3)"),
        ("weibull(2, 1.5)", "weibull(3, 1.5)"),
        ("binomial(5, 0.25)", "binomial(5, 0.5)"),
    ] {
        let [far, limit] = ["renyi=1000000", "max-divergence"].map(|measure| between(p, q, measure));
        assert!(far <= limit && far > limit - 1e-4 * (1.0 + limit), "{p} {q}: {far} and {limit}");
        if !p.starts_with("binomial") {
            assert_eq!(between(q, p, "max-divergence"), f64::INFINITY);
        }
    }
}

/// Where p^α or a member of the family is no double: +∞ only where there is no member.
#[test]
fn members_may_be_beyond_doubles() {
    // Rates of 1 and e⁻²³⁰² of x^1000; the ratio of densities is bounded.
    let (p, q) = ("weibull(1, 1000)", "weibull(10, 1000)");
    assert!((between(p, q, "max-divergence") / (1000.0 * 10f64.ln()) - 1.0).abs() < 1e-14);
    assert!(between(p, q, "renyi=0.5").is_finite() && between(q, p, "renyi=0.5").is_finite());
    assert_eq!(between(q, p, "renyi=2"), f64::INFINITY);
    // Log-odds of ±36.7 and beyond, of which M's parameter rounds to 1.
    let (p, q) = ("continuous_bernoulli(0.9999999999999999)", "continuous_bernoulli(1e-16)");
    let renyi = between(p, q, "renyi=3");
    let limit = between(p, q, "max-divergence");
    assert!(renyi > between(p, q, "kl") && renyi < limit && limit < 80.0, "{renyi} {limit}");
    // At other locations: sup p/q at P's peak.
    let apart = between("laplace(0, 1)", "laplace(3, 2)", "max-divergence");
    assert!((apart - (2f64.ln() + 1.5)).abs() < 1e-15);
    // The von Mises distribution's limit, from below.
    let (p, q) = ("von_mises(0.5, 2)", "von_mises(1, 1)");
    let [far, limit] = ["renyi=1000000", "max-divergence"].map(|measure| between(p, q, measure));
    assert!(far <= limit && far > limit - 1e-4, "{far} {limit}");
}

/// ln Σ p^α q^(1−α) in the open, at orders for which p^α underflows.
#[test]
fn high_orders_do_not_underflow() {
    for alpha in [20.0, 60.0, 100.0, 700.0, 5000.0] {
        let renyi = |p: &str, q: &str| between(p, q, &format!("renyi={alpha}"));
        let poisson = (-2.0 * alpha - 3.0 * (1.0 - alpha) + (alpha * 2f64.ln() + (1.0 - alpha) * 3f64.ln()).exp())
            / (alpha - 1.0);
        assert!((renyi("poisson(2)", "poisson(3)") / poisson - 1.0).abs() < 1e-11, "{alpha}");
        // Σ (f^α g^(1−α))^k = 1/(1 − f^α g^(1−α)), for both of the other two.
        let sum = -(-(alpha * 0.5f64.ln() + (1.0 - alpha) * 0.75f64.ln()).exp()).ln_1p();
        let geometric = (alpha * 0.5f64.ln() + (1.0 - alpha) * 0.25f64.ln() + sum) / (alpha - 1.0);
        assert!((renyi("geometric(0.5)", "geometric(0.25)") / geometric - 1.0).abs() < 1e-11, "{alpha}");
        let trials = renyi("negative_binomial(3, 0.5)", "negative_binomial(3, 0.75)");
        assert!((trials / (3.0 * geometric) - 1.0).abs() < 1e-11, "{alpha}");
    }
}

#[test]
fn other_pairs_have_no_such_value() {
    let of = |p: &str, q: &str| family(p).divergence(&family(q), Measure::PearsonChiSquare).map(|found| found.value);
    assert_eq!(of("normal(0, 1)", "laplace(0, 1)"), Err(Error::Unbounded));
    assert_eq!(of("pareto(1, 3)", "pareto(2, 3)"), Err(Error::Unbounded));
    assert_eq!(of("laplace(0, 1)", "laplace(1, 1)"), Err(Error::Unbounded));
    assert_eq!(of("weibull(1, 1)", "weibull(1, 2)"), Err(Error::Unbounded));
    assert_eq!(of("laplace(0, 1)", "laplace(0, 1)"), Ok(0.0));
}

#[test]
fn cross_entropy_is_kl_and_entropy() {
    let of = |p: &str, q: &str| family(p).cross_entropy(&family(q)).unwrap();
    // ½ ln 2πσ² + (1 + μ²)/2σ².
    let truth = 0.5 * (8.0 * std::f64::consts::PI).ln() + 2.0 / 8.0;
    assert!((of("normal(0, 1)", "normal(1, 2)").value - truth).abs() < 1e-14);
    assert_eq!(of("normal(0, 1)", "uniform(0, 1)").value, f64::INFINITY);
    // −ln 1/6 whatever P is on the six.
    let die = of("binomial(5, 0.25)", "discrete_uniform(0, 5)");
    assert!((die.value - 6f64.ln()).abs() <= die.error + 1e-14, "{die:?}");
    // The uniform distribution.
    assert!((of("dirichlet(1, 1)", "dirichlet(1, 1)").value).abs() < 1e-13);
}
