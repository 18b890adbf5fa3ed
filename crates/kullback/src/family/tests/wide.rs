//! What lies on unusual scales: sums over very many integers, and quantiles far out.

use super::*;
use crate::family::{Custom, Point, Support, Tail, Truncated};

/// Sums over 10⁸ integers and more take milliseconds, and their bounds hold. Of such width everything is normal: where the
/// means are one, KL is that of normal distributions up to their inverse; to a Poisson distribution of another rate it is
/// φ of the rates more.
#[test]
fn sums_over_millions_of_integers_are_integrals() {
    let of_variances = |v: f64, w: f64| 0.5 * (v / w - 1.0 - (v / w).ln());
    // φ(rate, rate + more), by its series.
    let of_rates = |rate: f64, more: f64| {
        let x = more / rate;
        rate * x * x * (0.5 - x / 3.0 + x * x / 4.0)
    };
    for (p, v, q, w, more) in [
        ("binomial(4e15, 0.5)", 1e15, "poisson(2e15)", 2e15, 0.0),
        ("binomial(4e15, 0.25)", 7.5e14, "poisson(1000000010000000)", 1e15, of_rates(1e15, 1e7)),
        ("binomial(1e12, 0.5)", 2.5e11, "poisson(500000300000)", 5e11, of_rates(5e11, 3e5)),
        ("binomial(1e11, 0.25)", 1.875e10, "negative_binomial(2.5e10, 0.5)", 5e10, 0.0),
        ("poisson(1e14)", 1e14, "negative_binomial(1e14, 0.5)", 2e14, 0.0),
        ("poisson(1e10)", 1e10, "negative_binomial(3e10, 0.25)", 1e10 / 0.75, 0.0),
        ("negative_binomial(1e15, 0.5)", 2e15, "poisson(1e15)", 1e15, 0.0),
    ] {
        let truth = of_variances(v, w) + more;
        let [p, q] = [p, q].map(parsed);
        let (found, time) = timed(&|| p.kl(&q));
        let found = found.expect("one kind");
        let off = (found.value - truth).abs();
        assert!(off <= found.error + 1e-9 * truth, "{p} || {q}: {} ± {:e}, not {truth}", found.value, found.error);
        assert!(found.error <= 1e-8 * truth, "{p} || {q}: {found:?}");
        assert!(time < SECONDS, "{p} || {q}: {time} s");
    }
}

/// Quantiles of densities of one's own against formulas for them, wherever they lie.
#[test]
fn quantiles_are_found_on_their_scale() {
    let near = |what: &str, found: f64, truth: f64| {
        assert!((found / truth - 1.0).abs() < 1e-8, "{what}: {found:e}, not {truth:e}");
    };
    let quantile = |text: &str, u: f64| fallback::quantile(&parsed(text), u);
    for u in [1e-12f64, 1e-3, 0.3, 0.9, 1.0 - 1e-9] {
        let angle = core::f64::consts::PI * u.min(1.0 - u);
        near("cauchy", quantile("cauchy(0, 1e-5)", u), if u < 0.5 { -1e-5 } else { 1e-5 } / angle.tan());
        near("exponential", quantile("exponential(1e8)", u), -1e-8 * (-u).ln_1p());
        near("gumbel", quantile("gumbel(1e3, 1)", u), 1e3 - (-u.ln()).ln());
        near("uniform", quantile("uniform(-3, 5)", u), 8.0 * u - 3.0);
        near("weibull", quantile("weibull(1, 0.1)", u), (-(-u).ln_1p()).powi(10));
    }
    // The lower tail of shape 0.01 is a power; the least quantiles are below every double.
    near("gamma", quantile("gamma(0.01, 1)", 0.01), (0.01 * crate::num::special::ln_gamma(1.01).exp()).powi(100));
    assert!(quantile("gamma(0.001, 1)", 0.1) < 1e-320);
    near("pareto", quantile("pareto(1, 0.02)", 0.999), 1e150);
    near("beta", 1.0 - quantile("beta(1, 0.1)", 0.75), 0.25f64.powi(10));
    // The least integer up to which there is enough.
    assert_eq!([1e-9, 0.4, 0.9].map(|u| quantile("poisson(0.5)", u)), [0.0, 0.0, 1.0]);
    assert_eq!(quantile("discrete_uniform(-5, 4)", 0.55), 0.0);
    assert_eq!(quantile("bernoulli(0)", 0.5), 0.0);
    // No landmarks at all, and a tail of one's own.
    let p = Custom::new(Support::interval(2.0, f64::INFINITY), vec![], |x: f64| -2.0 * (x - 1.0).ln());
    let p = p.with_tail(f64::INFINITY, Tail::Power(1.0));
    let u = 1.0 - 1e-9;
    near("custom", fallback::quantile(&p, u), 1.0 / (1.0 - u) + 1.0);
}

/// What is cut off far out in a tail cannot be drawn by rejection.
#[test]
fn draws_far_out_are_by_quantiles() {
    use rand::SeedableRng as _;
    let mut rng = rand::rngs::Xoshiro256PlusPlus::seed_from_u64(4);
    let part = Truncated::new(parsed("normal(0, 1)"), 8.0, 1e9).expect("mass");
    let n = 200;
    let draws: Vec<f64> = (0..n).map(|_| part.sample(&mut rng)).collect();
    assert!(draws.iter().all(|x| *x >= 8.0 && part.ln_density(Point::at(*x)).is_finite()));
    // Nearly exponential with rate 8.
    let mean = draws.iter().sum::<f64>() / f64::from(n);
    assert!((mean - part.mean()).abs() < 4.0 * (part.variance() / f64::from(n)).sqrt(), "{mean}");
}
