//! KL of vectors and matrices against mpmath, and against random points.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use kullback::family::multivariate::{
    Cholesky, Independent, Joint, MatrixNormal, Multinomial, MultivariateNormal, PowerSpherical, VonMisesFisher,
    Wishart,
};
use kullback::family::{Any, Bernoulli, Dirichlet, Gamma, KlTo, Normal};
use kullback_dev::golden::{self, Parameters};
use kullback_dev::tolerance;

fn normal(kind: &str, x: &[f64]) -> MultivariateNormal {
    let (loc, rest) = x.split_at(3);
    match kind {
        "mvn_covariance" => MultivariateNormal::new(loc, rest),
        "mvn_precision" => MultivariateNormal::from_precision(loc, rest),
        "mvn_cholesky" => MultivariateNormal::from_scale_tril(loc, rest),
        "mvn_diagonal" => MultivariateNormal::from_diagonal(loc, rest),
        _ => MultivariateNormal::low_rank(loc, &rest[..3], &rest[3..]),
    }
    .unwrap()
}

fn wishart(x: &[f64]) -> Wishart {
    Wishart::new(x[0], 3, &x[1..]).unwrap()
}

fn matrix_normal(x: &[f64]) -> MatrixNormal {
    MatrixNormal::new(&x[..6], [2, 3], &x[6..10], &x[10..]).unwrap()
}

fn fisher(x: &[f64]) -> VonMisesFisher {
    VonMisesFisher::new(&x[1..], x[0]).unwrap()
}

/// Towards the first axis, or towards a direction that is given.
fn power_spherical(kind: &str, x: &[f64]) -> PowerSpherical {
    let mut loc = x[1..].to_vec();
    if kind == "power_spherical" {
        loc.insert(0, 1.0);
    }
    PowerSpherical::new(&loc, x[0]).unwrap()
}

fn independent(x: &[f64]) -> Independent {
    let parts: [Any; 3] = [
        Normal::new(x[0], x[1]).unwrap().into(),
        Gamma::new(x[2], x[3]).unwrap().into(),
        Bernoulli::new(x[4]).unwrap().into(),
    ];
    Independent::new(parts.to_vec()).unwrap()
}

fn kl(kind: &str, p: &[f64], q: &[f64]) -> f64 {
    match kind {
        "dirichlet" => Dirichlet::new(p).unwrap().kl_to(&Dirichlet::new(q).unwrap()),
        "multinomial" => {
            let of = |x: &[f64]| Multinomial::new(x[0], &x[1..]).unwrap();
            of(p).kl_to(&of(q))
        }
        "wishart" => wishart(p).kl_to(&wishart(q)),
        "von_mises_fisher" => fisher(p).kl_to(&fisher(q)),
        "power_spherical" => power_spherical(kind, p).kl_to(&power_spherical(kind, q)),
        "power_spherical_to_von_mises_fisher" => power_spherical(kind, p).kl_to(&fisher(q)),
        "matrix_normal" => matrix_normal(p).kl_to(&matrix_normal(q)),
        "independent" => independent(p).kl(&independent(q)).map(|found| found.value),
        _ => normal(kind, p).kl_to(&normal(kind, q)),
    }
    .unwrap()
}

#[test]
fn vectors_and_matrices_agree_with_mpmath() {
    let mut ordinary = std::collections::BTreeMap::new();
    for Parameters { kind, p, q, truth, .. } in golden::parameters("joint") {
        let near = p.iter().zip(&q).all(|(x, y)| (x - y).abs() <= 1e-6 * x.abs());
        *ordinary.entry(kind.clone()).or_insert(0) += usize::from(!near);
        let (found, truth) = (kl(&kind, &p, &q), truth.value());
        let promised = if near { tolerance::JOINT_NEAR } else { tolerance::JOINT };
        let error = (found / truth - 1.0).abs();
        assert!(error <= promised, "{kind} {p:?} {q:?}: {found:e}, truth {truth:e}, error {error:e}");
    }
    assert_eq!(ordinary.len(), 13);
    assert!(ordinary.values().all(|count| *count >= 20), "{ordinary:?}");
}

/// Mean and standard error of ln p − ln q over draws of P.
fn mean_of_draws(n: u32, mut draw: impl FnMut() -> f64) -> (f64, f64) {
    let (mut sum, mut squares) = (0.0, 0.0);
    for _ in 0..n {
        let x = draw();
        sum += x;
        squares += x * x;
    }
    let n = f64::from(n);
    let mean = sum / n;
    (mean, ((squares / n - mean * mean) / n).sqrt())
}

fn within_standard_errors(what: &str, value: f64, (mean, error): (f64, f64)) {
    assert!((value - mean).abs() <= tolerance::STANDARD_ERRORS * error, "{what}: {value} and {mean} ± {error}");
}

/// ln p − ln q at draws of P.
fn at_draws<P: Joint, Q: Joint>(n: u32, p: &P, q: &Q, rng: &mut dyn rand::Rng) -> (f64, f64) {
    mean_of_draws(n, || {
        let at = p.sample(rng);
        p.ln_density(&at) - q.ln_density(&at)
    })
}

/// Distributions that can be drawn from, by their own draws and densities; others by what they are made of.
fn random_points(n: u32) {
    use rand::SeedableRng;
    let mut rng = rand::rngs::Xoshiro256PlusPlus::seed_from_u64(8);
    let ordinary: Vec<Parameters> = golden::parameters("joint").into_iter().collect();
    let pairs = |kind: &'static str| ordinary.iter().filter(move |x| x.kind == kind).take(20).step_by(7);
    for x in pairs("dirichlet") {
        let [p, q] = [&x.p, &x.q].map(|a| Dirichlet::new(&a.iter().map(|a| a + 0.5).collect::<Vec<_>>()).unwrap());
        within_standard_errors("dirichlet", p.kl_to(&q).unwrap(), at_draws(n, &p, &q, &mut rng));
    }
    for kind in ["mvn_covariance", "mvn_precision", "mvn_cholesky", "mvn_diagonal", "mvn_low_rank"] {
        for x in pairs(kind) {
            let (p, q) = (normal(kind, &x.p), normal(kind, &x.q));
            within_standard_errors(kind, p.kl_to(&q).unwrap(), at_draws(n, &p, &q, &mut rng));
        }
    }
    for x in pairs("von_mises_fisher") {
        let (p, q) = (fisher(&x.p), fisher(&x.q));
        within_standard_errors("von_mises_fisher", p.kl_to(&q).unwrap(), at_draws(n, &p, &q, &mut rng));
    }
    for kind in ["power_spherical", "power_spherical_to_von_mises_fisher"] {
        for x in pairs(kind) {
            let (p, q) = (power_spherical(kind, &x.p), power_spherical(kind, &x.q));
            if kind == "power_spherical" {
                within_standard_errors(kind, p.kl_to(&q).unwrap(), at_draws(n, &p, &q, &mut rng));
            } else {
                let q = fisher(&x.q);
                within_standard_errors(kind, p.kl_to(&q).unwrap(), at_draws(n, &p, &q, &mut rng));
                // The other way round there is no formula, and the value is a mean of random points itself.
                let (found, mean) = (q.certified_kl_to(&p).unwrap(), at_draws(n, &q, &p, &mut rng));
                assert_eq!(found.method, kullback::family::Method::MonteCarlo);
                assert!((found.value - mean.0).abs() <= found.error + tolerance::STANDARD_ERRORS * mean.1, "{found:?}");
            }
        }
    }
    for x in pairs("wishart") {
        // By factors: with these few degrees of freedom the matrices themselves are singular in doubles now and then.
        let (p, q) = (wishart(&x.p), wishart(&x.q));
        let found = mean_of_draws(n, || {
            let at = p.sample_factor(&mut rng);
            p.ln_density_of_factor(&at) - q.ln_density_of_factor(&at)
        });
        within_standard_errors("wishart", p.kl_to(&q).unwrap(), found);
    }
    for x in pairs("multinomial") {
        let of = |x: &[f64]| Multinomial::new(x[0], &x[1..]).unwrap();
        let (p, q) = (of(&x.p), of(&x.q));
        let category = kullback::family::Categorical::new(&x.p[1..]).unwrap();
        let found = mean_of_draws(n, || {
            // The coefficient is the same on both sides.
            let mut one = || {
                let k = kullback::family::Distribution::sample(&category, &mut rng) as usize;
                (p.probs()[k] / q.probs()[k]).ln()
            };
            (0..x.p[0] as usize).map(|_| one()).sum()
        });
        within_standard_errors("multinomial", p.kl_to(&q).unwrap(), found);
    }
    for x in pairs("independent") {
        let (p, q) = (independent(&x.p), independent(&x.q));
        let found = mean_of_draws(n, || {
            let mut one = |(p, q): (&Any, &Any)| {
                use kullback::family::{Distribution, Point};
                let at = Point::at(p.sample(&mut rng));
                p.ln_density(at) - q.ln_density(at)
            };
            p.parts().iter().zip(q.parts()).map(&mut one).sum()
        });
        within_standard_errors("independent", p.kl(&q).unwrap().value, found);
    }
    for x in pairs("matrix_normal") {
        // Rows of independent normal numbers, mixed by both factors; the density from the trace of Kronecker's product.
        let flat = |x: &[f64]| {
            let entry = |i: usize, j: usize| x[6 + i / 3 * 2 + j / 3] * x[10 + i % 3 * 3 + j % 3];
            let covariance: Vec<f64> = (0..36).map(|at| entry(at / 6, at % 6)).collect();
            MultivariateNormal::from_cholesky(&x[..6], Cholesky::of(6, &covariance).unwrap()).unwrap()
        };
        let found = at_draws(n, &flat(&x.p), &flat(&x.q), &mut rng);
        within_standard_errors("matrix_normal", matrix_normal(&x.p).kl_to(&matrix_normal(&x.q)).unwrap(), found);
    }
}

/// Draws of directions and of matrices have their means and their densities: ratios of densities alone would not see a
/// sampler and a density that are wrong alike.
#[test]
fn directions_and_matrices_are_drawn_as_they_should_be() {
    use rand::SeedableRng;
    let mut rng = rand::rngs::Xoshiro256PlusPlus::seed_from_u64(3);
    let n = 20_000;
    for (loc, concentration) in [
        (vec![1.0, 0.0], 0.5),
        (vec![0.6, 0.8], 1e9),
        (vec![-1.0, 2.0, 2.0], 4.0),
        (vec![0.0, 1.0, 0.0], 0.0),
        (vec![1.0; 50], 30.0),
    ] {
        let p = VonMisesFisher::new(&loc, concentration).unwrap();
        let d = loc.len() as f64;
        // The density's mass, by draws from the uniform distribution.
        let uniform = VonMisesFisher::new(&loc, 0.0).unwrap();
        if concentration < 10.0 {
            let mass = mean_of_draws(n, || {
                let at = uniform.sample(&mut rng);
                (p.ln_density(&at) - uniform.ln_density(&at)).exp()
            });
            within_standard_errors("mass", 1.0, mass);
        }
        // Stein's identity for t = ⟨m, x⟩: E κ(1 − t²) = (d − 1) E t.
        let stein = mean_of_draws(n, || {
            let x = p.sample(&mut rng);
            let short = 0.5 * p.loc().iter().zip(&x).map(|(m, x)| (m - x) * (m - x)).sum::<f64>();
            concentration * short * (2.0 - short) - (d - 1.0) * (1.0 - short)
        });
        within_standard_errors("Stein", 0.0, stein);
        let length = p.sample(&mut rng).iter().map(|x| x * x).sum::<f64>();
        assert!((length - 1.0).abs() < 1e-14, "{length}");
    }
    for (loc, concentration) in [(vec![1.0, 0.0], 0.5), (vec![-1.0, 2.0, 2.0], 4.0), (vec![1.0; 50], 30.0)] {
        let p = PowerSpherical::new(&loc, concentration).unwrap();
        // κ/(κ + d − 1) in the direction, and as much mass as there is.
        let along = mean_of_draws(n, || p.sample(&mut rng).iter().zip(p.loc()).map(|(x, m)| x * m).sum());
        within_standard_errors("mean", concentration / (concentration + loc.len() as f64 - 1.0), along);
        let uniform = PowerSpherical::new(&loc, 0.0).unwrap();
        let mass = mean_of_draws(n, || {
            let at = uniform.sample(&mut rng);
            (p.ln_density(&at) - uniform.ln_density(&at)).exp()
        });
        within_standard_errors("mass", 1.0, mass);
    }
    let scale = [2.0, 0.5, 0.5, 1.0];
    // Entropies by the formula of log-determinants (C. Bishop, 2006, B.82) in mpmath.
    for (df, truth) in [(1.5, 2.497547832764969), (4.0, 7.140810774334399), (30.5, 10.837531343080888)] {
        let p = Wishart::new(df, 2, &scale).unwrap();
        for (at, entry) in scale.iter().enumerate() {
            let mean = mean_of_draws(n, || p.sample(&mut rng)[at]);
            within_standard_errors("mean", df * entry, mean);
        }
        // Var X₀₁ = df (V₀₁² + V₀₀V₁₁).
        let square = mean_of_draws(n, || (p.sample(&mut rng)[1] - df * scale[1]).powi(2));
        within_standard_errors("variance", df * (0.25 + 2.0), square);
        let entropy = mean_of_draws(n, || -p.ln_density_of_factor(&p.sample_factor(&mut rng)));
        within_standard_errors("entropy", truth, entropy);
        let factor = p.sample_factor(&mut rng);
        let matrix = Cholesky::from_factor(2, &factor).unwrap().covariance();
        assert!((p.ln_density(&matrix) - p.ln_density_of_factor(&factor)).abs() < 1e-9);
    }
    assert_eq!(Wishart::new(3.0, 2, &scale).unwrap().ln_density(&[1.0, 2.0, 2.0, 1.0]), f64::NEG_INFINITY);
}

/// A product against a normal distribution of vectors, both ways.
#[test]
fn products_and_normals_of_vectors() {
    use kullback::family::{Family, Method};
    let kl = |p: &str, q: &str| p.parse::<Family>().unwrap().kl(&q.parse::<Family>().unwrap()).unwrap();
    let q = "multivariate_normal([0.5, -1], [[2, 0.75], [0.75, 1.5]])";
    // Of normal distributions it is the diagonal case.
    let (p, diagonal) =
        ("independent(normal(1, 2), normal(0, 0.5))", "multivariate_normal([1, 0], scale_diag=[2, 0.5])");
    assert_eq!(kl(p, q), kl(diagonal, q));
    let [there, back] = [kl(q, p), kl(q, diagonal)];
    assert!((there.value / back.value - 1.0).abs() < 1e-13 && there.method == Method::ClosedForm, "{there:?} {back:?}");
    assert!(kl(p, diagonal).value == 0.0 && kl(diagonal, p).value == 0.0);
    // Of others against the definition: integrals of one coordinate after the other, in mpmath.
    for (p, q, truth) in [
        ("independent(laplace(1, 2), gamma(2, 3))", q, 2.931286303821477),
        ("independent(logit_normal(0, 1), von_mises(0.5, 2))", q, 2.42740058617776),
        (q, "independent(laplace(1, 2), logistic(0, 1))", 0.602609253494235),
    ] {
        let found = kl(p, q);
        assert!((found.value - truth).abs() <= found.error + 1e-12 * truth, "{p} {q}: {found:?}, truth {truth}");
        assert!(found.error < 1e-9 * truth, "{found:?}");
    }
    assert_eq!(kl("independent(cauchy(0, 1), normal(0, 1))", q).value, f64::INFINITY);
    assert_eq!(kl(q, "independent(gamma(1, 1), normal(0, 1))").value, f64::INFINITY);
    let unit = "multivariate_normal([0, 0], scale_diag=[1, 1])";
    let to_laplace = 2f64.ln() - 0.5 * (1.0 + std::f64::consts::TAU.ln()) + (2.0 / std::f64::consts::PI).sqrt();
    assert!((kl(unit, "independent(normal(0, 1), laplace(0, 1))").value - to_laplace).abs() < 1e-12);
    let parsed = |text: &str| text.parse::<Family>().unwrap();
    assert!(parsed("independent(poisson(1), normal(0, 1))").kl(&parsed(q)).is_err());
    assert!(parsed("independent(normal(0, 1))").kl(&parsed(q)).is_err());
}

#[test]
fn power_spherical_texts() {
    use kullback::family::Family;
    let p: Family = "power_spherical([0, 0, 1], 2)".parse().unwrap();
    assert_eq!(p.to_string().parse::<Family>().unwrap(), p);
    let uniform = "von_mises_fisher([1, 0, 0], 0)".parse().unwrap();
    assert!((p.kl(&uniform).unwrap().value - (3f64.ln() - 2.0 / 3.0)).abs() < 1e-14);
    let fault = "power_spherical([0, 1], -2)".parse::<Family>().unwrap_err();
    assert!(fault.position == 24 && fault.message.contains("concentration = -2"), "{fault:?}");
}

#[test]
fn random_points_agree() {
    random_points(20_000);
}

#[test]
#[ignore = "a quarter of a minute"]
fn a_million_random_points_agree() {
    random_points(1_000_000);
}
