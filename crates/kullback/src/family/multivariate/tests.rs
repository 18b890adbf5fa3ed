//! Vectors and matrices against one-dimensional families, identities and random points.

use kullback_dev::recipe::SplitMix;

use super::*;
use crate::family::{Any, Beta, Gamma, KlTo, Method, Normal, VonMises};

fn near(a: f64, b: f64, tolerance: f64) {
    assert!((a - b).abs() <= tolerance * b.abs(), "{a} and {b}");
}

/// A positive definite matrix AAᵀ + 1/10.
fn covariance(n: usize, draw: &mut SplitMix) -> Vec<f64> {
    let a: Vec<f64> = (0..n * n).map(|_| 2.0 * draw.unit() - 1.0).collect();
    let product = |i: usize, j: usize| (0..n).map(|k| a[i * n + k] * a[j * n + k]).sum::<f64>();
    (0..n * n).map(|k| product(k / n, k % n) + if k / n == k % n { 0.1 } else { 0.0 }).collect()
}

fn vector(n: usize, draw: &mut SplitMix) -> Vec<f64> {
    (0..n).map(|_| 2.0 * draw.unit() - 1.0).collect()
}

#[test]
fn one_dimension_is_that_of_the_line() {
    let p = MultivariateNormal::new(&[0.5], &[4.0]).unwrap();
    let q = MultivariateNormal::from_precision(&[1.5], &[0.25 / 2.25]).unwrap();
    near(p.kl_to(&q).unwrap(), Normal::new(0.5, 2.0).unwrap().kl_to(&Normal::new(1.5, 3.0).unwrap()).unwrap(), 1e-14);
    let (p, q) = (Wishart::new(3.0, 1, &[2.0]).unwrap(), Wishart::new(4.5, 1, &[0.7]).unwrap());
    let gamma = |df: f64, v: f64| Gamma::new(0.5 * df, 0.5 / v).unwrap();
    near(p.kl_to(&q).unwrap(), gamma(3.0, 2.0).kl_to(&gamma(4.5, 0.7)).unwrap(), 1e-13);
    let (p, q) = (Dirichlet::new(&[0.7, 3.0]).unwrap(), Dirichlet::new(&[2.0, 0.01]).unwrap());
    near(p.kl_to(&q).unwrap(), Beta::new(0.7, 3.0).unwrap().kl_to(&Beta::new(2.0, 0.01).unwrap()).unwrap(), 1e-14);
    let fisher = |angle: f64, k: f64| VonMisesFisher::new(&[angle.cos(), angle.sin()], k).unwrap();
    let circle = |angle: f64, k: f64| VonMises::new(angle, k).unwrap();
    near(fisher(0.3, 2.0).kl_to(&fisher(1.4, 7.0)).unwrap(), circle(0.3, 2.0).kl_to(&circle(1.4, 7.0)).unwrap(), 1e-12);
}

/// The first share and the others' shares of the rest are independent Beta and Dirichlet variables.
#[test]
fn dirichlet_divergences_add_up() {
    let mut draw = SplitMix::new(4);
    for _ in 0..200 {
        let mut any = || (0..3).map(|_| draw.scaled(-6, 6)).collect::<Vec<f64>>();
        let (a, b) = (any(), any());
        let whole = Dirichlet::new(&a).unwrap().kl_to(&Dirichlet::new(&b).unwrap()).unwrap();
        let beta = |x: f64, y: f64| Beta::new(x, y).unwrap();
        let first = beta(a[0], a[1] + a[2]).kl_to(&beta(b[0], b[1] + b[2])).unwrap();
        near(whole, first + beta(a[1], a[2]).kl_to(&beta(b[1], b[2])).unwrap(), 1e-11);
    }
}

/// A change of coordinates changes nothing, and what is diagonal is a sum.
#[test]
fn normal_divergences_do_not_depend_on_coordinates() {
    let mut draw = SplitMix::new(2);
    for n in [1, 2, 3, 8, 20] {
        let variances = |draw: &mut SplitMix| (0..n).map(|_| draw.scaled(-4, 4)).collect::<Vec<f64>>();
        let [(m, v), (k, w)] = [0, 1].map(|_| (vector(n, &mut draw), variances(&mut draw)));
        let one = |m: f64, v: f64| Normal::new(m, v.sqrt()).unwrap();
        let sum: f64 = (0..n).map(|i| one(m[i], v[i]).kl_to(&one(k[i], w[i])).unwrap()).sum();
        let diagonal = |m: &[f64], v: &[f64]| MultivariateNormal::from_diagonal(m, v).unwrap();
        near(diagonal(&m, &v).kl_to(&diagonal(&k, &w)).unwrap(), sum, 1e-13);
        let parts = |m: &[f64], v: &[f64]| m.iter().zip(v).map(|(m, v)| Any::from(one(*m, *v))).collect();
        let product = |m: &[f64], v: &[f64]| Independent::new(parts(m, v)).unwrap();
        near(product(&m, &v).kl(&product(&k, &w)).unwrap().value, sum, 1e-13);
        // Turned by a unit lower triangular matrix.
        let turn: Vec<f64> = (0..n * n)
            .map(|x| match (x / n).cmp(&(x % n)) {
                core::cmp::Ordering::Less => 0.0,
                core::cmp::Ordering::Equal => 1.0,
                core::cmp::Ordering::Greater => draw.unit() - 0.5,
            })
            .collect();
        let turned = |m: &[f64], v: &[f64]| {
            let row = |i: usize| &turn[i * n..(i + 1) * n];
            let mean: Vec<f64> = (0..n).map(|i| row(i).iter().zip(m).map(|(x, y)| x * y).sum()).collect();
            let entry = |i: usize, j: usize| (0..n).map(|k| row(i)[k] * v[k] * row(j)[k]).sum::<f64>();
            let matrix: Vec<f64> = (0..n * n).map(|x| entry(x / n, x % n)).collect();
            MultivariateNormal::new(&mean, &matrix).unwrap()
        };
        near(turned(&m, &v).kl_to(&turned(&k, &w)).unwrap(), sum, 1e-10);
    }
}

#[test]
fn near_equality_keeps_digits() {
    let matrix = [2.0, 0.5, 0.5, 1.0];
    let p = MultivariateNormal::new(&[0.0, 0.0], &matrix).unwrap();
    let q = MultivariateNormal::new(&[0.0, 0.0], &matrix.map(|x| x * (1.0 + 1e-6))).unwrap();
    // Each of two directions has h(ln(1 + 1e-6))/2, that is (1/r − 1 + ln r)/2.
    let e = 1e-6f64;
    near(p.kl_to(&q).unwrap(), e.ln_1p() - e / (1.0 + e), 1e-8);
    assert_eq!(p.kl_to(&p).unwrap(), 0.0);
}

/// A matrix normal distribution is a normal one of its entries, with a Kronecker product as covariance matrix.
#[test]
fn matrix_normal_is_normal() {
    let mut draw = SplitMix::new(9);
    let (n, m) = (3, 2);
    let [p, q] = [0, 1].map(|_| (vector(n * m, &mut draw), covariance(n, &mut draw), covariance(m, &mut draw)));
    let matrix = |x: &(Vec<f64>, Vec<f64>, Vec<f64>)| MatrixNormal::new(&x.0, [n, m], &x.1, &x.2).unwrap();
    let flat = |x: &(Vec<f64>, Vec<f64>, Vec<f64>)| {
        let d = n * m;
        let entry = |i: usize, j: usize| x.1[i / m * n + j / m] * x.2[i % m * m + j % m];
        let kronecker: Vec<f64> = (0..d * d).map(|k| entry(k / d, k % d)).collect();
        MultivariateNormal::new(&x.0, &kronecker).unwrap()
    };
    near(matrix(&p).kl_to(&matrix(&q)).unwrap(), flat(&p).kl_to(&flat(&q)).unwrap(), 1e-12);
}

/// In three dimensions the density of the angle's cosine is e^(κt)κ/(2 sinh κ), so KL is that of its mean.
#[test]
fn fisher_on_the_sphere() {
    let direction = [0.0, 0.6, 0.8];
    for (k, l) in [(0.5, 3.0), (20.0, 1.0), (100.0, 101.0), (7.0, 7.000_007)] {
        let [p, q] = [k, l].map(|k| VonMisesFisher::new(&direction, k).unwrap());
        let ln_partition = |k: f64| (k + (-2.0 * k).exp().mul_add(-1.0, 1.0).ln()) - k.ln();
        let mean = 1.0 / f64::tanh(k) - 1.0 / k;
        let truth = ln_partition(l) - ln_partition(k) - (l - k) * mean;
        assert!(
            (p.kl_to(&q).unwrap() - truth).abs() <= 1e-9 * truth + 1e-13,
            "{k} {l}: {} and {truth}",
            p.kl_to(&q).unwrap()
        );
    }
}

#[test]
fn random_points_agree_with_formulas_and_seeds() {
    let mut draw = SplitMix::new(6);
    let [p, q] = [0, 1].map(|_| MultivariateNormal::new(&vector(3, &mut draw), &covariance(3, &mut draw)).unwrap());
    let monte_carlo = MonteCarlo { samples: 200_000, seed: 3 };
    // Q's tails must be no thinner than P's for the control variate to have a variance.
    let wide = JointMixture::new(vec![(1.0, q.clone()), (1.0, p.clone())]).unwrap();
    let alone = JointMixture::new(vec![(1.0, p.clone())]).unwrap();
    let found = monte_carlo.kl(&alone, &wide).unwrap();
    assert_eq!((found.method, found), (Method::MonteCarlo, monte_carlo.kl(&alone, &wide).unwrap()));
    let upper = alone.upper_bound(&wide).unwrap();
    assert!(found.value - found.error <= upper, "{found:?} and {upper}");
    let lower = alone.lower_bound(&wide).unwrap();
    assert!((0.0..=found.value + found.error).contains(&lower), "{found:?} and {lower}");
    assert!(found.error < 0.01 && found.value < f64::ln(2.0) + found.error);
    let exact = p.kl_to(&q).unwrap();
    let one = JointMixture::new(vec![(1.0, q.clone())]).unwrap();
    near(alone.variational_kl(&one).unwrap(), exact, 1e-12);
    near(alone.upper_bound(&one).unwrap(), exact, 1e-12);
    let dirichlet = |a: &[f64]| Dirichlet::new(a).unwrap();
    let (p, q) = (dirichlet(&[2.0, 3.0, 4.0]), dirichlet(&[1.5, 2.5, 3.0]));
    let found = monte_carlo.kl(&p, &q).unwrap();
    assert!((found.value - p.kl_to(&q).unwrap()).abs() <= found.error, "{found:?} and {}", p.kl_to(&q).unwrap());
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    assert!(MultivariateNormal::new(&[0.0, 0.0], &[1.0]).is_err());
    assert!(MultivariateNormal::from_diagonal(&[0.0], &[-1.0]).is_err());
    assert!(MultivariateNormal::low_rank(&[0.0, 0.0], &[1.0, 2.0, 3.0], &[1.0, 1.0]).is_err());
    assert!(Wishart::new(1.0, 3, &[1.0; 9]).is_err());
    assert!(Dirichlet::new(&[1.0]).is_err());
    assert!(VonMisesFisher::new(&[0.0, 0.0], 1.0).is_err());
    assert!(Independent::new(Vec::new()).is_err());
    let differ = Err(crate::Error::LengthMismatch { p: 2, q: 3 });
    let [two, three] = [2, 3].map(|n| MultivariateNormal::from_diagonal(&vec![0.0; n], &vec![1.0; n]).unwrap());
    assert_eq!(two.kl_to(&three), differ);
    let [two, three] = [two, three].map(|part| JointMixture::new(vec![(1.0, part)]).unwrap());
    assert_eq!(two.variational_kl(&three), differ);
    assert_eq!(two.upper_bound(&three), differ);
    assert_eq!(MonteCarlo::default().kl(&two, &three).map(|found| found.value), differ);
    let [two, three] = [2, 3].map(|n| Dirichlet::new(&vec![1.0; n]).unwrap());
    assert_eq!(two.kl_to(&three), differ);
}

/// In one dimension the integral is at hand.
#[test]
fn bounds_of_mixtures_hold() {
    let mut draw = SplitMix::new(12);
    for _ in 0..40 {
        let mut side = || {
            let parts = (0..3).map(|_| (draw.unit() + 0.01, 6.0 * draw.unit() - 3.0, draw.scaled(-1, 1)));
            let parts: Vec<_> = parts.collect();
            let normal = |m: f64, s: f64| Any::from(Normal::new(m, s).unwrap());
            let line = parts.iter().map(|(w, m, s)| (*w, normal(*m, *s))).collect();
            let joint = |m: f64, s: f64| MultivariateNormal::new(&[m], &[s * s]).unwrap();
            let joint = parts.iter().map(|(w, m, s)| (*w, joint(*m, *s))).collect();
            (crate::family::Mixture::new(line).unwrap(), JointMixture::new(joint).unwrap())
        };
        let ((p, of_p), (q, of_q)) = (side(), side());
        let truth = crate::family::kl(&p, &q).unwrap().value;
        let (lower, upper) = (of_p.lower_bound(&of_q).unwrap(), of_p.upper_bound(&of_q).unwrap());
        assert!(lower <= truth * (1.0 + 1e-9) && truth <= upper * (1.0 + 1e-9), "{lower} {truth} {upper}: {p} {q}");
    }
}

#[test]
fn texts_read_back() {
    for text in [
        "multivariate_normal([0, 1.5], [[2, 0.5], [0.5, 1]])",
        "lowrank_multivariate_normal([0, 1], [[1], [2]], [1, 1e-7])",
        "mixture(1 multivariate_normal([0], [[1]]), 3 multivariate_normal([1], scale_diag=[2]))",
        "multinomial(4, [0.25, 0.75])",
        "wishart(5, [[2, 1], [1, 3]])",
        "von_mises_fisher([1, 0, 0], 3)",
        "matrix_normal([[1, 2]], [[4]], [[1, 0], [0, 1]])",
        "independent(normal(0, 1), poisson(3))",
        "affine(1, 2, gamma(2, 3))",
        "truncated(0, 2, normal(0, 1))",
        "mixture(0.5 affine(1, 2, laplace(0, 1)), 0.5 truncated(-1, 1, cauchy(0, 1)))",
    ] {
        let read: crate::family::Family = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        let again = read.to_string().parse().unwrap_or_else(|error| panic!("{read}: {error}"));
        assert_eq!(read, again, "{text}");
        assert_eq!(read.kl(&again).unwrap().value, 0.0);
    }
}

/// Means of draws within four standard errors, and the masses of all outcomes sum to 1.
#[test]
fn multinomial_and_matrix_normal_draws() {
    use rand::SeedableRng as _;
    const DRAWS: usize = 20_000;
    let mut rng = rand::rngs::Xoshiro256PlusPlus::seed_from_u64(21);
    let p = Multinomial::new(7.0, &[0.0, 1.0, 2.0, 5.0]).unwrap();
    let mut sums = [0.0; 4];
    for _ in 0..DRAWS {
        let counts = p.sample(&mut rng);
        assert_eq!(counts.iter().sum::<f64>(), 7.0);
        sums.iter_mut().zip(&counts).for_each(|(sum, count)| *sum += count);
    }
    for (sum, share) in sums.iter().zip(p.probs()) {
        let error = (7.0 * share * (1.0 - share) / DRAWS as f64).sqrt();
        assert!((sum / DRAWS as f64 - 7.0 * share).abs() <= 4.0 * error);
    }
    let outcomes = (0..512).map(|i| [i % 8, i / 8 % 8, i / 64].map(f64::from));
    let mass: f64 = outcomes.map(|[a, b, c]| p.ln_density(&[0.0, a, b, c]).exp()).sum();
    near(mass, 1.0, 1e-12);
    assert_eq!(p.ln_density(&[1.0, 1.0, 2.0, 3.0]), f64::NEG_INFINITY);

    let (rows, columns) = ([2.0, 0.5, 0.5, 1.0], [1.0, -0.3, 0.0, -0.3, 0.5, 0.1, 0.0, 0.1, 3.0]);
    let loc: Vec<f64> = (0..6).map(f64::from).collect();
    let p = MatrixNormal::new(&loc, [2, 3], &rows, &columns).unwrap();
    let mut products = vec![0.0; 36];
    for _ in 0..DRAWS {
        let off: Vec<f64> = p.sample(&mut rng).iter().zip(&loc).map(|(x, m)| x - m).collect();
        (0..36).for_each(|at| products[at] += off[at / 6] * off[at % 6]);
    }
    for (at, sum) in products.iter().enumerate() {
        let of = |i: usize, j: usize| rows[i / 3 * 2 + j / 3] * columns[i % 3 * 3 + j % 3];
        let (i, j) = (at / 6, at % 6);
        let error = ((of(i, i) * of(j, j) + of(i, j).powi(2)) / DRAWS as f64).sqrt();
        assert!((sum / DRAWS as f64 - of(i, j)).abs() <= 4.0 * error, "{i} {j}");
    }
    // The density of the vector of its rows.
    let whole: Vec<f64> = (0..36).map(|at| rows[at / 18 * 2 + at % 6 / 3] * columns[at / 6 % 3 * 3 + at % 3]).collect();
    let vector = MultivariateNormal::new(&loc, &whole).unwrap();
    let x: Vec<f64> = (0..6).map(|i| f64::from(i * i) / 7.0).collect();
    near(p.ln_density(&x), vector.ln_density(&x), 1e-12);
}
