//! Families against mpmath, which integrates and sums the definition.

mod coverage;
mod lists;
mod wide;

use kullback_dev::recipe::SplitMix;
use kullback_dev::{golden, tolerance, ulp};
use rand::SeedableRng as _;

use super::{Any, Distribution as _, FamilyInfo, Method, Statistic, any, fallback};

fn parsed(text: &str) -> Any {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn divergences_agree_with_mpmath() {
    let mut faults = Vec::new();
    let mut count = 0;
    for row in golden::families() {
        let (p, q) = (parsed(&row.p), parsed(&row.q));
        let found = p.kl(&q).expect("one kind");
        let truth = row.truth;
        let error = ulp::relative_error(found.value, truth);
        let promised = match (found.method, row.is_near) {
            (Method::ClosedForm, false) => tolerance::FAMILY_FORMULA,
            (Method::ClosedForm, true) => tolerance::FAMILY_FORMULA_NEAR,
            (_, false) => tolerance::FAMILY_FALLBACK,
            (_, true) => tolerance::FAMILY_FALLBACK_NEAR,
        };
        let covered = found.value == truth.value() || (found.value - truth.value()).abs() <= found.error;
        // Below, not even the difference of the logarithms of two densities has a digit left.
        let promised = if truth.value() < tolerance::FAMILY_SMALLEST { f64::INFINITY } else { promised };
        if error > promised || !covered {
            faults.push(format!(
                "{} || {}: {} by {} ± {:e}, not {}: {error:e}",
                row.p,
                row.q,
                found.value,
                found.method,
                found.error,
                truth.value()
            ));
        }
        count += 1;
    }
    assert!(faults.is_empty(), "{} of {count}:\n{}", faults.len(), faults.join("\n"));
    assert!(count > 300, "{count}");
}

fn one_dimensional() -> impl Iterator<Item = &'static FamilyInfo> {
    Any::catalogue().iter().filter(|info| info.name != "dirichlet")
}

/// Ordinary parameters of a family.
fn random(name: &str, random: &mut SplitMix) -> Any {
    let mut any = |low: f64, high: f64| low + (high - low) * random.unit();
    let scale = |x: f64| x.exp();
    let text = match name {
        "normal" | "log_normal" | "laplace" | "cauchy" | "gumbel" | "logistic" | "moyal" | "logit_normal" => {
            format!("{name}({}, {})", any(-2.0, 2.0), scale(any(-1.5, 1.0)))
        }
        "student_t" => format!("{name}({}, {}, {})", scale(any(-0.5, 3.0)), any(-2.0, 2.0), scale(any(-1.0, 1.0))),
        "log_uniform" => format!("{name}({}, {})", scale(any(-3.0, 0.0)), scale(any(0.1, 3.0))),
        "uniform" => format!("{name}({}, {})", any(-1.0, 0.3), any(0.5, 3.0)),
        "exponential" | "half_normal" | "chi" | "chi2" | "lindley" | "poisson" => {
            format!("{name}({})", scale(any(-1.5, 2.0)))
        }
        "gamma" | "inverse_gamma" | "weibull" | "pareto" | "beta" | "kumaraswamy" | "exp_gamma"
        | "exp_inverse_gamma" => {
            format!("{name}({}, {})", scale(any(-1.0, 1.5)), scale(any(-1.0, 1.5)))
        }
        "continuous_bernoulli" | "bernoulli" | "geometric" => format!("{name}({})", any(0.02, 0.98)),
        "von_mises" => format!("{name}({}, {})", any(-4.0, 4.0), scale(any(-2.0, 3.0))),
        "binomial" => format!("{name}({}, {})", any(1.0, 40.0).floor(), any(0.02, 0.98)),
        "negative_binomial" => format!("{name}({}, {})", scale(any(-2.0, 3.0)), any(0.02, 0.95)),
        "categorical" => format!("{name}({}, {}, {})", any(0.0, 1.0), any(0.0, 1.0), any(0.0, 1.0)),
        "discrete_uniform" => format!("{name}({}, {})", any(-3.0, 1.0).floor(), any(2.0, 30.0).floor()),
        other => panic!("the tests do not know how to draw parameters of {other}"),
    };
    parsed(&text)
}

/// Families of which two members have a formula if they share the first parameter.
const SHARING: [&str; 3] = ["binomial", "negative_binomial", "kumaraswamy"];

/// Q with P's first parameter, if that makes a formula.
fn sharing(p: &Any, q: Any) -> Any {
    if p.name() != q.name() || !SHARING.contains(&p.name()) {
        return q;
    }
    let [first, second] = [p, &q].map(ToString::to_string);
    let (Some((start, _)), Some((_, rest))) = (first.split_once(','), second.split_once(',')) else { return q };
    parsed(&format!("{start},{rest}"))
}

/// Every pair with a formula, on 200 random parameter sets: the formula within the fallback's bounds, and these small.
#[test]
fn formulas_agree_with_the_fallback() {
    let mut draw = SplitMix::new(11);
    let mut faults = Vec::new();
    let mut pairs = 0;
    for p in one_dimensional() {
        for q in one_dimensional() {
            let (mut formulas, mut finite) = (0, 0);
            for _ in 0..200 {
                let p = random(p.name, &mut draw);
                let q = sharing(&p, random(q.name, &mut draw));
                let (of_p, of_q) = (p.as_distribution(), q.as_distribution());
                let Ok(found) = p.kl(&q) else { break };
                finite += usize::from(found.value.is_finite());
                if found.value.is_infinite() || found.method != Method::ClosedForm {
                    continue;
                }
                formulas += 1;
                let other = fallback::kl(of_p, of_q);
                let apart = (found.value - other.value).abs();
                if apart > other.error + found.error || apart > tolerance::FAMILY_FALLBACK * found.value.max(1e-6) {
                    faults.push(format!("{p} || {q}: {} and {} ± {:e}", found.value, other.value, other.error));
                }
            }
            pairs += usize::from(formulas > 0);
            // A formula of the pair's own is never given up for an integral.
            let own = any::OWN.contains(&(p.name, q.name)) && !["student_t", "logistic"].contains(&p.name);
            assert!(!own || formulas == finite, "{} {}: {formulas} of {finite}", p.name, q.name);
        }
    }
    assert!(faults.is_empty(), "{} of {pairs} pairs:\n{}", faults.len(), faults[..faults.len().min(40)].join("\n"));
    assert!(pairs > 100, "{pairs}");
}

/// How long a KL may take.
const SECONDS: f64 = 0.05;

/// What comes out, and the seconds that it takes: the fewest of five where the first time was too many, for the machine may be busy.
fn timed<R>(work: &dyn Fn() -> R) -> (R, f64) {
    let once = || {
        let started = std::time::Instant::now();
        (work(), started.elapsed().as_secs_f64())
    };
    let (result, mut time) = once();
    for _ in 0..4 {
        if time > SECONDS {
            time = time.min(once().1);
        }
    }
    (result, time)
}

/// Every pair of one kind, at 20 random parameter sets: a number in 50 ms with a small error, or +∞.
#[test]
fn every_pair_has_a_certified_value() {
    let mut draw = SplitMix::new(5);
    let mut faults = Vec::new();
    for p in one_dimensional() {
        for q in one_dimensional() {
            for _ in 0..20 {
                let (p, q) = (random(p.name, &mut draw), random(q.name, &mut draw));
                let (found, time) = timed(&|| p.kl(&q));
                let Ok(found) = found else { break };
                let fine = found.value >= 0.0 && found.error <= 1e-9 * found.value.max(1e-3)
                    || found.value.is_infinite()
                    || found.error.is_infinite() && is_no_double(&p, &q);
                if !fine || time > SECONDS {
                    faults.push(format!(
                        "{p} || {q}: {} ± {:e} by {} in {time:.3} s",
                        found.value, found.error, found.method
                    ));
                }
                assert_eq!(p.kl(&p).expect("one kind").value, 0.0, "{p} against itself");
                assert_eq!(fallback::kl(p.as_distribution(), p.as_distribution()).value, 0.0, "{p} against itself");
            }
        }
    }
    assert!(faults.is_empty(), "{}:\n{}", faults.len(), faults[..faults.len().min(40)].join("\n"));
}

/// Whether E eˣ, of which −ln q is made, is finite and beyond all doubles: then the stated error is infinite.
fn is_no_double(p: &Any, q: &Any) -> bool {
    let ln_term = |x: f64| p.ln_density(super::Point::at(x)) + x;
    matches!((p, q), (Any::Weibull(_), Any::ExpGamma(_))) && (0..100_000).any(|k| ln_term(f64::from(k)) > 700.0)
}

/// What the formulas say of a distribution against integrals and sums of its density.
#[test]
fn moments_and_entropies_are_those_of_the_density() {
    let mut draw = SplitMix::new(3);
    for info in one_dimensional() {
        for _ in 0..20 {
            let p = random(info.name, &mut draw);
            let near = |what: &str, formula: f64, of: &dyn Fn(super::Point) -> f64| {
                let found = fallback::expectation(&p, of);
                let off = (formula - found.value).abs();
                assert!(
                    !formula.is_finite() || off <= found.error + 1e-9 * formula.abs().max(1.0),
                    "{what} of {p}: {formula}, and {} ± {:e}",
                    found.value,
                    found.error
                );
            };
            near("mass", 1.0, &|_| 1.0);
            near("entropy", p.entropy(), &|x| -p.ln_density(x));
            // Slow tails make integrals of powers inaccurate; those of angles are not of the line.
            if !["student_t", "cauchy", "pareto", "inverse_gamma", "von_mises", "log_normal"].contains(&info.name) {
                near("mean", p.mean(), &|x| x.value());
                near("variance", p.variance(), &|x| (x.value() - p.mean()).powi(2));
            }
            let low = p.support().hull()[0];
            for (of, f) in [
                (Statistic::Ln, (&|x: super::Point| x.ln_minus(0.0)) as &dyn Fn(super::Point) -> f64),
                (Statistic::LnSquared, &|x| x.ln_minus(0.0).powi(2)),
                (Statistic::LnOneMinus, &|x| x.ln_minus(1.0)),
                (Statistic::AbsoluteDeviation(0.3), &|x| x.minus(0.3).abs()),
                (Statistic::Exp(-0.7), &|x| (-0.7 * x.value()).exp()),
                (Statistic::Power(0.4), &|x| (0.4 * x.ln_minus(0.0)).exp()),
            ] {
                let slow = ["pareto", "inverse_gamma"].contains(&info.name);
                match p.expect(of) {
                    Some(value) if !(slow || matches!(of, Statistic::Exp(_)) && low < -1e300) => {
                        near(&format!("{of:?}"), value, f)
                    }
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn samples_have_the_mean_and_entropy() {
    let mut seeds = SplitMix::new(8);
    let mut rng = rand::rngs::Xoshiro256PlusPlus::seed_from_u64(1);
    for info in one_dimensional() {
        let p = random(info.name, &mut seeds);
        let n = 20_000;
        let values: Vec<f64> = (0..n).map(|_| -p.ln_density(super::Point::at(p.sample(&mut rng)))).collect();
        let mean = values.iter().sum::<f64>() / f64::from(n);
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / f64::from(n);
        let off = (mean - p.entropy()).abs() / (variance / f64::from(n)).sqrt().max(1e-9);
        assert!(off < 5.0, "{p}: entropy {}, sampled {mean}: {off} standard errors", p.entropy());
    }
}

#[test]
fn infinity_is_a_matter_of_supports_and_tails() {
    for (p, q) in [
        ("cauchy(0, 1)", "normal(0, 1)"),
        ("student_t(2, 0, 1)", "normal(0, 1)"),
        ("student_t(1, 0, 1)", "laplace(0, 1)"),
        ("laplace(0, 1)", "gumbel(0, 1)"),
        ("laplace(0, 2)", "gumbel(0, 1)"),
        ("log_normal(0, 1)", "uniform(0, 1)"),
        ("exponential(1)", "pareto(1, 1)"),
        ("uniform(0, 1)", "inverse_gamma(1, 1)"),
        ("normal(0, 1)", "von_mises(0, 1)"),
        ("pareto(1, 2)", "normal(0, 1)"),
        ("pareto(1, 1)", "exponential(1)"),
        ("poisson(1)", "binomial(10, 0.5)"),
        ("bernoulli(0.5)", "bernoulli(1)"),
        ("categorical(0.5, 0, 0.5)", "categorical(0.5, 0.5, 0)"),
        ("uniform(0, 3)", "mixture(0.5 uniform(0, 1), 0.5 uniform(2, 3))"),
        ("mixture(0.999 normal(0, 1), 1e-9 cauchy(0, 1))", "normal(0, 1)"),
    ] {
        assert_eq!(parsed(p).kl(&parsed(q)).expect("one kind").value, f64::INFINITY, "{p} || {q}");
    }
    for (p, q) in [
        ("student_t(2.01, 0, 1)", "normal(0, 1)"),
        ("laplace(0, 0.99)", "gumbel(0, 1)"),
        ("cauchy(0, 1)", "student_t(50, 0, 1)"),
        ("log_normal(0, 1)", "exponential(1)"),
        ("uniform(0, 1)", "beta(3, 0.2)"),
        ("uniform(0, 1)", "uniform(0, 1)"),
        ("gamma(1.5, 1)", "inverse_gamma(1, 1)"),
        ("pareto(1, 0.01)", "cauchy(0, 1)"),
        ("uniform(0, 2)", "mixture(0.5 uniform(0, 1), 0.5 uniform(1, 2))"),
        ("bernoulli(1)", "bernoulli(0.25)"),
        ("bernoulli(0)", "poisson(3)"),
        ("normal(0, 1)", "mixture(0.999 normal(0, 1), 1e-9 cauchy(0, 1))"),
    ] {
        let found = parsed(p).kl(&parsed(q)).expect("one kind");
        assert!(found.value.is_finite() && found.error <= 1e-6 * found.value.max(1e-3), "{p} || {q}: {found:?}");
    }
    let error = parsed("normal(0, 1)").kl(&parsed("poisson(1)")).expect_err("kinds differ").to_string();
    assert!(error.contains("continuous") && error.contains("discrete"), "{error}");
}

#[test]
fn faults_in_texts_are_located() {
    for (text, position, part) in [
        ("normall(0, 1)", 0, "did you mean `normal`"),
        ("StudentT(1, 2, 3)", 0, "did you mean `student_t`"),
        ("gamma(2, rat=3)", 9, "concentration, rate"),
        ("gamma(2)", 7, "`rate` is missing"),
        ("gamma(2, -3)", 9, "rate = -3"),
        ("normal(0, 1", 11, "expected `,` or `)`"),
        ("normal(0, 1) x", 13, "nothing more"),
        ("normal(nan, 1)", 7, "no finite number"),
        ("normal(0, 1, 2)", 13, "takes 2 parameters"),
        ("normal(loc=0, 1)", 14, "without a name"),
        ("normal(0, loc=1)", 10, "given twice"),
        ("mixture(0.3 normal(0, 1), normal(4, 2))", 26, "a weight"),
        ("mixture(0.3 normal(0, 1), 0.7 poisson(4))", 0, "one kind"),
        ("", 0, "expected a distribution"),
        ("normal", 6, "expected `(`"),
        ("uniform(1, 1)", 11, "above low"),
        ("categorical(0, 0)", 0, "at least one"),
    ] {
        let error = text.parse::<Any>().expect_err(text);
        assert!(error.position == position && error.message.contains(part), "{text}: {error:?}");
    }
    for text in
        ["normal(scale=2, loc=1)", "  gamma ( 2 ,rate = 3.5e0 ) ", "mixture(3 normal(0,1), 7 mixture(1 laplace(0,1)))"]
    {
        let parsed = parsed(text);
        assert_eq!(parsed, self::parsed(&parsed.to_string()), "{text}");
    }
}

/// The first parameters of every family in the golden files.
fn example(name: &str) -> Any {
    let start = format!("{name}(");
    let row = golden::families().into_iter().find(|row| row.p.starts_with(&start));
    parsed(&row.unwrap_or_else(|| panic!("no golden row of {name}")).p)
}

#[test]
fn divergences_are_never_negative() {
    let mut draw = SplitMix::new(21);
    for info in one_dimensional() {
        for _ in 0..40_000 {
            let (p, q) = (random(info.name, &mut draw), random(info.name, &mut draw));
            if let Some(value) = any::own_formula(&p, &q) {
                assert!(value >= 0.0, "{p} || {q}: {value:e}");
            }
        }
    }
}

/// KL = H(P, Q) − H(P), by the density of Q.
#[test]
fn cross_entropy_is_entropy_and_divergence() {
    let mut draw = SplitMix::new(13);
    for p in one_dimensional() {
        for q in one_dimensional() {
            let (p, q) = (random(p.name, &mut draw), random(q.name, &mut draw));
            let Ok(kl) = p.kl(&q) else { continue };
            if kl.value.is_finite() && kl.value < 1e3 {
                let cross = fallback::expectation(&p, |x| -q.ln_density(x));
                let off = (cross.value - p.entropy() - kl.value).abs();
                assert!(off <= cross.error + kl.error + 1e-8 * (1.0 + cross.value.abs()), "{p} || {q}: {off:e}");
            }
        }
    }
}

#[test]
fn moved_and_truncated_distributions_are_what_they_are() {
    let moved = |base: &str, loc: f64, scale: f64| super::Affine::new(parsed(base), loc, scale).expect("a scale");
    for (p, same) in [
        (moved("student_t(3, 0, 1)", 1.5, 2.0), "student_t(3, 1.5, 2)"),
        (moved("gamma(0.01, 1)", 0.0, 0.25), "gamma(0.01, 4)"),
        (moved("uniform(0, 1)", -1.0, 3.0), "uniform(-1, 2)"),
    ] {
        let q = parsed(same);
        let found = super::kl(&p, &q).expect("one kind");
        assert!(found.value <= 1e-13 && found.value <= found.error + 1e-20, "{same}: {found:?}");
        assert!((p.entropy() - q.entropy()).abs() < 1e-12 * q.entropy().abs());
        let other = parsed("cauchy(0, 1)");
        let [a, b] = [super::kl(&p, &other), super::kl(&q, &other)].map(|kl| kl.expect("one kind"));
        assert!((a.value - b.value).abs() <= a.error + b.error, "{same}: {a:?} {b:?}");
    }
    assert_eq!(
        super::kl(&moved("laplace(0, 1)", 0.0, 3.0), &parsed("gumbel(0, 2)")).expect("one kind").value,
        f64::INFINITY
    );
    // KL from a part to the whole is −ln of its mass.
    for (base, low, high) in
        [("normal(0, 1)", 1.0, 2.0), ("exponential(2)", 3.0, f64::INFINITY), ("poisson(4)", 2.0, 6.5)]
    {
        let whole = parsed(base);
        let part = super::Truncated::new(whole.clone(), low, high).expect("mass");
        let mass = fallback::expectation(&whole, |x| f64::from(u8::from((low..=high).contains(&x.value())))).value;
        let found = super::kl(&part, &whole).expect("one kind");
        assert!((found.value + mass.ln()).abs() < 1e-4, "{base}: {found:?} and {mass}");
        assert_eq!(super::kl(&whole, &part).expect("one kind").value, f64::INFINITY);
    }
    let exponential = super::Truncated::new(parsed("exponential(2)"), 3.0, f64::INFINITY).expect("mass");
    assert!((super::kl(&exponential, &parsed("exponential(2)")).expect("one kind").value - 6.0).abs() < 1e-12);
}
