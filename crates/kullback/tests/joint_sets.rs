//! KL of vectors and matrices on 200 random sets of parameters a kind: against dense linear algebra in double-doubles, and,
//! if asked for, against a million random points each.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use kullback::family::multivariate::{
    Independent, Joint, MatrixNormal, Multinomial, MultivariateNormal, PowerSpherical, VonMisesFisher, Wishart,
};
use kullback::family::{Any, Bernoulli, Dirichlet, Distribution, Gamma, KlTo, Normal, Point};
use kullback_dev::recipe::SplitMix;
use kullback_dev::{dense, tolerance};
use rand::{Rng, SeedableRng};

const SETS: usize = 200;
const DRAWS: u32 = 1_000_000;

/// ln p − ln q at a random point of P.
type Draw = Box<dyn FnMut(&mut dyn Rng) -> f64>;

/// A pair: our KL, the oracle's, and random points.
struct Case {
    found: f64,
    truth: f64,
    draw: Draw,
}

fn size(draw: &mut SplitMix, least: usize, most: usize) -> usize {
    least + (draw.bits() % (most - least + 1) as u64) as usize
}

fn vector(n: usize, draw: &mut SplitMix) -> Vec<f64> {
    (0..n).map(|_| 2.0 * draw.unit() - 1.0).collect()
}

fn scaled(n: usize, (low, high): (i32, i32), draw: &mut SplitMix) -> Vec<f64> {
    (0..n).map(|_| draw.scaled(low, high)).collect()
}

/// A positive definite matrix AAᵀ + 1/10, of any scale.
fn covariance(n: usize, draw: &mut SplitMix) -> Vec<f64> {
    let (a, scale) = (vector(n * n, draw), draw.scaled(-3, 3));
    let product = |i: usize, j: usize| (0..n).map(|k| a[i * n + k] * a[j * n + k]).sum::<f64>();
    (0..n * n).map(|k| scale * (product(k / n, k % n) + if k / n == k % n { 0.1 } else { 0.0 })).collect()
}

/// Points of P, and both densities there.
fn points<P: Joint + 'static, Q: Joint + 'static>(p: P, q: Q) -> Draw {
    Box::new(move |rng| {
        let at = p.sample(rng);
        p.ln_density(&at) - q.ln_density(&at)
    })
}

/// With a covariance matrix, its inverse, its factor, its diagonal, or a matrix of low rank beside that.
fn normal(kind: &str, draw: &mut SplitMix) -> Case {
    let d = size(draw, 1, 9);
    let rank = size(draw, 1, 3);
    let mut side = || {
        let loc = vector(d, draw);
        let (p, matrix) = match kind {
            "covariance" => {
                let matrix = covariance(d, draw);
                (MultivariateNormal::new(&loc, &matrix), dense::matrix(d, &matrix))
            }
            "precision" => {
                let matrix = covariance(d, draw);
                let back = dense::inverse(&dense::matrix(d, &matrix)).0;
                (MultivariateNormal::from_precision(&loc, &matrix), back)
            }
            "cholesky" => {
                let mut factor = vector(d * d, draw);
                for i in 0..d {
                    factor[i * d + i] = draw.scaled(-2, 2);
                    factor[i * d + i + 1..(i + 1) * d].fill(0.0);
                }
                let dense = dense::matrix(d, &factor);
                let matrix = dense::product(&dense, &dense::transposed(&dense));
                (MultivariateNormal::from_scale_tril(&loc, &factor), matrix)
            }
            "diagonal" => {
                let variances = scaled(d, (-8, 8), draw);
                (MultivariateNormal::from_diagonal(&loc, &variances), dense::diagonal(&variances))
            }
            _ => {
                let (factor, rest) = (vector(d * rank, draw), scaled(d, (-4, 4), draw));
                let w = dense::matrix(rank, &factor);
                let matrix = dense::sum(&dense::product(&w, &dense::transposed(&w)), &dense::diagonal(&rest));
                (MultivariateNormal::low_rank(&loc, &factor, &rest), matrix)
            }
        };
        (p.unwrap(), loc, matrix)
    };
    let ((p, m, v), (q, k, w)) = (side(), side());
    Case { found: p.kl_to(&q).unwrap(), truth: dense::normal((&m, &v), (&k, &w)), draw: points(p, q) }
}

fn dirichlet(draw: &mut SplitMix) -> Case {
    let d = size(draw, 2, 8);
    let [a, b] = [0, 1].map(|_| scaled(d, (-2, 7), draw));
    let [p, q] = [&a, &b].map(|x| Dirichlet::new(x).unwrap());
    Case { found: p.kl_to(&q).unwrap(), truth: dense::dirichlet(&a, &b), draw: points(p, q) }
}

fn multinomial(draw: &mut SplitMix) -> Case {
    let (d, n) = (size(draw, 2, 8), size(draw, 1, 10));
    let [a, b] = [0, 1].map(|_| scaled(d, (-6, 0), draw));
    let [p, q] = [&a, &b].map(|x| Multinomial::new(n as f64, x).unwrap());
    let (found, truth) = (p.kl_to(&q).unwrap(), dense::multinomial(n as f64, &a, &b));
    Case { found, truth, draw: points(p, q) }
}

fn wishart(draw: &mut SplitMix) -> Case {
    let d = size(draw, 1, 5);
    let mut side = || (d as f64 - 1.0 + draw.scaled(-1, 6), covariance(d, draw));
    let ((n, v), (m, w)) = (side(), side());
    let [p, q] = [(n, &v), (m, &w)].map(|(n, v)| Wishart::new(n, d, v).unwrap());
    let truth = dense::wishart((n, &dense::matrix(d, &v)), (m, &dense::matrix(d, &w)));
    let found = p.kl_to(&q).unwrap();
    let draw = Box::new(move |rng: &mut dyn Rng| {
        // By factors: with few degrees of freedom the matrices themselves are singular in doubles now and then.
        let at = p.sample_factor(rng);
        p.ln_density_of_factor(&at) - q.ln_density_of_factor(&at)
    });
    Case { found, truth, draw }
}

fn directions(kind: &str, draw: &mut SplitMix) -> Case {
    let d = size(draw, 2, 7);
    let [m, n] = [0, 1].map(|_| vector(d, draw));
    let [k, l] = [0, 1].map(|_| draw.scaled(-4, 6));
    let (fisher, power) = (
        |x: &[f64], k: f64| VonMisesFisher::new(x, k).unwrap(),
        |x: &[f64], k: f64| PowerSpherical::new(x, k).unwrap(),
    );
    match kind {
        "von_mises_fisher" => {
            let (p, q) = (fisher(&m, k), fisher(&n, l));
            Case { found: p.kl_to(&q).unwrap(), truth: dense::fisher((&m, k), (&n, l)), draw: points(p, q) }
        }
        "power_spherical" => {
            let (p, q) = (power(&m, k), power(&m, l));
            Case { found: p.kl_to(&q).unwrap(), truth: dense::power_spherical(d, k, l), draw: points(p, q) }
        }
        _ => {
            let (p, q) = (power(&m, k), fisher(&n, l));
            let truth = dense::power_spherical_to_fisher((&m, k), (&n, l));
            Case { found: p.kl_to(&q).unwrap(), truth, draw: points(p, q) }
        }
    }
}

fn matrix_normal(draw: &mut SplitMix) -> Case {
    let shape = [size(draw, 1, 3), size(draw, 1, 3)];
    let [rows, columns] = shape;
    let mut side = || (vector(rows * columns, draw), covariance(rows, draw), covariance(columns, draw));
    let (a, b) = (side(), side());
    let [p, q] = [&a, &b].map(|(m, u, v)| MatrixNormal::new(m, shape, u, v).unwrap());
    let [v, w] = [&a, &b].map(|(_, u, v)| dense::kronecker(&dense::matrix(rows, u), &dense::matrix(columns, v)));
    let truth = dense::normal((&a.0, &v), (&b.0, &w));
    Case { found: p.kl_to(&q).unwrap(), truth, draw: points(p, q) }
}

fn independent(draw: &mut SplitMix) -> Case {
    let mut side = || {
        let x = [2.0 * draw.unit() - 1.0, draw.scaled(-4, 4), draw.scaled(-1, 6), draw.scaled(-4, 4), draw.unit()];
        let parts: [Any; 3] = [
            Normal::new(x[0], x[1]).unwrap().into(),
            Gamma::new(x[2], x[3]).unwrap().into(),
            Bernoulli::new(x[4]).unwrap().into(),
        ];
        (x, Independent::new(parts.to_vec()).unwrap())
    };
    let ((x, p), (y, q)) = (side(), side());
    let variance = |x: &[f64]| dense::product(&dense::matrix(1, &x[1..2]), &dense::matrix(1, &x[1..2]));
    let of_normal = dense::normal((&x[..1], &variance(&x)), (&y[..1], &variance(&y)));
    let truth = of_normal + dense::gamma((x[2], x[3]), (y[2], y[3])) + dense::bernoulli(x[4], y[4]);
    let found = p.kl(&q).unwrap().value;
    let draw = Box::new(move |rng: &mut dyn Rng| {
        let mut one = |(p, q): (&Any, &Any)| {
            let at = Point::at(p.sample(rng));
            p.ln_density(at) - q.ln_density(at)
        };
        p.parts().iter().zip(q.parts()).map(&mut one).sum()
    });
    Case { found, truth, draw }
}

fn case(kind: &str, draw: &mut SplitMix) -> Case {
    match kind {
        "dirichlet" => dirichlet(draw),
        "multinomial" => multinomial(draw),
        "wishart" => wishart(draw),
        "von_mises_fisher" | "power_spherical" | "power_spherical_to_von_mises_fisher" => directions(kind, draw),
        "matrix_normal" => matrix_normal(draw),
        "independent" => independent(draw),
        _ => normal(kind, draw),
    }
}

/// ≤ [`tolerance::JOINT`] of the oracle.
fn agree(kind: &str) {
    let mut draw = SplitMix::new(31);
    for set in 0..SETS {
        let Case { found, truth, .. } = case(kind, &mut draw);
        let error = (found / truth - 1.0).abs();
        assert!(error <= tolerance::JOINT, "{kind}, set {set}: {found:e}, truth {truth:e}, error {error:e}");
    }
}

/// Within four standard errors of the mean of random points.
fn agree_with_points(kind: &str) {
    let mut parameters = SplitMix::new(31);
    let mut rng = rand::rngs::Xoshiro256PlusPlus::seed_from_u64(12);
    for set in 0..SETS {
        let Case { found, mut draw, .. } = case(kind, &mut parameters);
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..DRAWS {
            // Less what it should be, so that the squares keep their digits.
            let x = draw(&mut rng) - found;
            sum += x;
            squares += x * x;
        }
        let n = f64::from(DRAWS);
        let (mean, error) = (sum / n, (squares / n / n).sqrt());
        assert!(
            mean.abs() <= tolerance::STANDARD_ERRORS * error,
            "{kind}, set {set}: {found}, off by {mean} ± {error}"
        );
    }
}

macro_rules! kinds {
    ($($kind:ident)*) => {
        mod dense_linear_algebra_agrees {
            $(#[test] fn $kind() { super::agree(stringify!($kind)); })*
        }
        mod a_million_random_points_agree {
            $(#[test] #[ignore = "half a minute"] fn $kind() { super::agree_with_points(stringify!($kind)); })*
        }
    };
}
kinds!(covariance precision cholesky diagonal low_rank dirichlet multinomial wishart von_mises_fisher power_spherical
    power_spherical_to_von_mises_fisher matrix_normal independent);
