//! Batches: values and gradients against mpmath, central differences and single distributions; bits; errors.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use kullback::family::batch::{
    BatchKl, Bernoullis, Betas, Categoricals, Dirichlets, Gammas, KlGradients, Laplaces, MultivariateNormals, Normals,
};
use kullback::family::{Bernoulli, Beta, Categorical, Dirichlet, Gamma, KlTo, Laplace, MultivariateNormal, Normal};
use kullback::{Error, Rows};
use kullback_dev::golden::{self, Parameters};
use kullback_dev::recipe::SplitMix;
use kullback_dev::tolerance;

/// KL of rows, and all of each row's gradients one after the other. `columns` is that of vectors.
struct Found {
    values: Vec<f64>,
    to_p: Vec<Vec<f64>>,
    to_q: Vec<Vec<f64>>,
}

fn found<const K: usize>(x: KlGradients<K>) -> Found {
    let rows = x.values.len();
    let by_row = |to: &[Vec<f64>; K]| {
        let row = |i: usize| to.iter().flat_map(|to| to.chunks(to.len() / rows).nth(i).unwrap()).copied().collect();
        (0..rows).map(row).collect()
    };
    Found { to_p: by_row(&x.p), to_q: by_row(&x.q), values: x.values }
}

/// Rows of parameters as one array for each.
fn arrays<const K: usize>(rows: &[Vec<f64>], widths: [usize; K]) -> [Vec<f64>; K] {
    let mut from = 0;
    widths.map(|width| {
        from += width;
        rows.iter().flat_map(|row| &row[from - width..from]).copied().collect()
    })
}

macro_rules! run {
    ($batch:ident, $k:literal, $p:expr, $q:expr) => {{
        let [p, q] = [$p, $q].map(|rows| arrays::<$k>(rows, [1; $k]));
        let p = $batch::new(p.each_ref().map(Vec::as_slice))?;
        let q = $batch::new(q.each_ref().map(Vec::as_slice))?;
        found(p.kl_and_gradients(&q)?)
    }};
}

fn batch(kind: &str, p: &[Vec<f64>], q: &[Vec<f64>]) -> Result<Found, Error> {
    let d = p[0].len();
    let sides = || [p, q].map(|rows| rows.concat());
    Ok(match kind {
        "normal" => run!(Normals, 2, p, q),
        "laplace" => run!(Laplaces, 2, p, q),
        "gamma" => run!(Gammas, 2, p, q),
        "beta" => run!(Betas, 2, p, q),
        "bernoulli" => run!(Bernoullis, 1, p, q),
        "dirichlet" => {
            let [p, q] = sides();
            found(Dirichlets::new(Rows::new(&p, d)?)?.kl_and_gradients(&Dirichlets::new(Rows::new(&q, d)?)?)?)
        }
        "categorical" => {
            let [p, q] = sides();
            found(Categoricals::new(Rows::new(&p, d)?)?.kl_and_gradients(&Categoricals::new(Rows::new(&q, d)?)?)?)
        }
        _ => {
            // d = n + n².
            let n = (1..).find(|n| n + n * n == d).unwrap();
            let [p, q] = [p, q].map(|rows| arrays(rows, [n, n * n]));
            let new =
                if kind == "mvn_cholesky" { MultivariateNormals::from_scale_tril } else { MultivariateNormals::new };
            found(new(n, &p[0], &p[1])?.kl_and_gradients(&new(n, &q[0], &q[1])?)?)
        }
    })
}

fn single(kind: &str, p: &[f64], q: &[f64]) -> f64 {
    macro_rules! of {
        ($family:ident) => {
            $family::new(p[0], p[1]).unwrap().kl_to(&$family::new(q[0], q[1]).unwrap())
        };
    }
    let n = (1..).find(|n| n + n * n >= p.len()).unwrap();
    match kind {
        "normal" => of!(Normal),
        "laplace" => of!(Laplace),
        "gamma" => of!(Gamma),
        "beta" => of!(Beta),
        "bernoulli" => Bernoulli::new(p[0]).unwrap().kl_to(&Bernoulli::new(q[0]).unwrap()),
        "dirichlet" => Dirichlet::new(p).unwrap().kl_to(&Dirichlet::new(q).unwrap()),
        "categorical" => Categorical::new(p).unwrap().kl_to(&Categorical::new(q).unwrap()),
        "mvn_cholesky" => {
            let of = |x: &[f64]| MultivariateNormal::from_scale_tril(&x[..n], &x[n..]).unwrap();
            of(p).kl_to(&of(q))
        }
        _ => {
            let of = |x: &[f64]| MultivariateNormal::new(&x[..n], &x[n..]).unwrap();
            of(p).kl_to(&of(q))
        }
    }
    .unwrap()
}

const KINDS: [&str; 9] =
    ["normal", "laplace", "gamma", "beta", "bernoulli", "dirichlet", "categorical", "mvn_covariance", "mvn_cholesky"];

/// Random parameters of a kind.
fn draw(kind: &str, random: &mut SplitMix) -> Vec<f64> {
    let n = 3;
    match kind {
        "normal" | "laplace" => vec![4.0 * random.unit() - 2.0, random.scaled(-3, 3)],
        "gamma" | "beta" => vec![random.scaled(-8, 12), random.scaled(-3, 6)],
        "bernoulli" => vec![random.unit() * 0.98 + 0.01],
        "dirichlet" | "categorical" => (0..5).map(|_| random.scaled(-5, 6)).collect(),
        _ => {
            let mut x: Vec<f64> = (0..n).map(|_| 2.0 * random.unit() - 1.0).collect();
            let lower: Vec<f64> = (0..n * n)
                .map(|at| match (at / n).cmp(&(at % n)) {
                    std::cmp::Ordering::Less => 0.0,
                    std::cmp::Ordering::Equal => 0.5 + random.unit(),
                    std::cmp::Ordering::Greater => random.unit() - 0.5,
                })
                .collect();
            let entry = |i: usize, j: usize| (0..n).map(|k| lower[i * n + k] * lower[j * n + k]).sum::<f64>();
            if kind == "mvn_cholesky" {
                x.extend(&lower);
            } else {
                x.extend((0..n * n).map(|at| entry((at / n).max(at % n), (at / n).min(at % n))));
            }
            x
        }
    }
}

fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |largest, x| largest.max(x.abs()))
}

#[test]
fn values_and_gradients_agree_with_mpmath() {
    let rows = golden::parameters("batch");
    for kind in KINDS {
        let rows: Vec<&Parameters> = rows.iter().filter(|row| row.kind == kind).collect();
        assert!(rows.len() >= 5, "{kind}");
        let side = |of: fn(&Parameters) -> &Vec<f64>| rows.iter().map(|row| of(row).clone()).collect::<Vec<_>>();
        let found = batch(kind, &side(|row| &row.p), &side(|row| &row.q)).unwrap();
        for (i, row) in rows.iter().enumerate() {
            let error = (found.values[i] / row.truth.value() - 1.0).abs();
            assert!(error <= tolerance::JOINT, "{row:?}: {}, error {error:e}", found.values[i]);
            for (found, truth) in [(&found.to_p[i], &row.to_p), (&found.to_q[i], &row.to_q)] {
                assert_eq!(found.len(), truth.len());
                for (x, y) in found.iter().zip(truth) {
                    let error = (x - y).abs() / largest(truth);
                    assert!(error <= tolerance::GRADIENT, "{row:?}: {found:?}, error {error:e}");
                }
            }
        }
    }
}

#[test]
fn gradients_are_differences() {
    let mut random = SplitMix::new(15);
    for kind in KINDS {
        let sides: [Vec<Vec<f64>>; 2] = [0, 1].map(|_| (0..40).map(|_| draw(kind, &mut random)).collect());
        let found = batch(kind, &sides[0], &sides[1]).unwrap();
        for side in [0, 1] {
            let slopes = if side == 0 { &found.to_p } else { &found.to_q };
            for row in 0..40 {
                for k in 0..sides[0][row].len() {
                    let x = sides[side][row][k];
                    let n = 3;
                    let mirror = match kind {
                        "mvn_covariance" if k >= n => n + (k - n) % n * n + (k - n) / n,
                        // Zeros above the diagonal are not parameters.
                        "mvn_cholesky" if k >= n && (k - n) % n > (k - n) / n => continue,
                        _ => k,
                    };
                    let step = 1e-3 * x.abs().min(if kind == "bernoulli" { 1.0 - x } else { f64::MAX }).max(1e-3);
                    let step =
                        if kind == "normal" || kind == "laplace" { step.min(1e-3 * sides[1][row][1]) } else { step };
                    let moved = |t: f64| {
                        let mut both = [sides[0][row].clone(), sides[1][row].clone()];
                        both[side][k] = x + t * step;
                        both[side][mirror] = x + t * step;
                        single(kind, &both[0], &both[1])
                    };
                    // B. Fornberg's central rule with six points.
                    let rule = 45.0 * (moved(1.0) - moved(-1.0)) - 9.0 * (moved(2.0) - moved(-2.0))
                        + (moved(3.0) - moved(-3.0));
                    let truth = rule / (60.0 * step) / if mirror == k { 1.0 } else { 2.0 };
                    let (size, value) = (largest(&slopes[row]), found.values[row]);
                    let error = (slopes[row][k] - truth).abs() / (size + value);
                    let kink = kind == "laplace" && k == 0 && (sides[0][row][0] - sides[1][row][0]).abs() < 4.0 * step;
                    assert!(kink || error <= tolerance::DIFFERENCE, "{kind} {row} {k}: {} and {truth}", slopes[row][k]);
                }
            }
        }
    }
}

/// Lanes that are left over, and single distributions: the last digits may differ by fused operations.
#[test]
fn rows_are_single_distributions() {
    let mut random = SplitMix::new(4);
    for kind in KINDS {
        for rows in [1, 2, 3, 5, 8, 17, 2000] {
            let [p, q]: [Vec<Vec<f64>>; 2] = [0, 1].map(|_| (0..rows).map(|_| draw(kind, &mut random)).collect());
            let found = batch(kind, &p, &q).unwrap();
            for i in (0..rows).step_by(1 + rows / 50) {
                let truth = single(kind, &p[i], &q[i]);
                assert!(
                    (found.values[i] - truth).abs() <= 1e-13 * truth,
                    "{kind} {i}: {} and {truth}",
                    found.values[i]
                );
            }
            // A row does not see its neighbours.
            let last = batch(kind, &p[rows - 1..], &q[rows - 1..]).unwrap();
            assert_eq!(last.values[0], found.values[rows - 1], "{kind}");
            assert_eq!(last.to_p[0], found.to_p[rows - 1], "{kind}");
            assert_eq!(last.to_q[0], found.to_q[rows - 1], "{kind}");
            // And one side may be a single row.
            assert_eq!(batch(kind, &p, &q[..1]).unwrap().values[0], found.values[0], "{kind}");
            assert_eq!(batch(kind, &p[..1], &q).unwrap().to_q[0], found.to_q[0], "{kind}");
        }
    }
}

#[test]
fn equal_rows_have_no_divergence_and_no_slope() {
    let mut random = SplitMix::new(5);
    for kind in KINDS {
        let p: Vec<Vec<f64>> = (0..30).map(|_| draw(kind, &mut random)).collect();
        let found = batch(kind, &p, &p).unwrap();
        assert!(found.values.iter().all(|x| *x == 0.0), "{kind}");
        assert!(found.to_p.iter().chain(&found.to_q).all(|row| row.iter().all(|x| *x == 0.0)), "{kind}");
    }
}

/// KL is of second order in P − Q: half of the gradient along it, to first order.
#[test]
fn near_equality_keeps_digits() {
    let mut random = SplitMix::new(6);
    for kind in KINDS.into_iter().filter(|kind| *kind != "laplace") {
        let p: Vec<Vec<f64>> = (0..30).map(|_| draw(kind, &mut random)).collect();
        let q: Vec<Vec<f64>> = p.iter().map(|row| row.iter().map(|x| x * (1.0 + 1e-9)).collect()).collect();
        let found = batch(kind, &p, &q).unwrap();
        for i in 0..30 {
            let along = |to: &[f64]| to.iter().zip(p[i].iter().zip(&q[i])).map(|(g, (p, q))| g * (q - p)).sum::<f64>();
            let (value, of_q, of_p) = (found.values[i], 0.5 * along(&found.to_q[i]), -0.5 * along(&found.to_p[i]));
            // Multiples of weights are one distribution.
            let size = if kind == "categorical" { 1e-18 } else { 1e-6 * value };
            assert!(
                value >= 0.0 && (value - of_q).abs() <= size && (value - of_p).abs() <= size,
                "{kind}: {value:e} {of_q:e} {of_p:e}"
            );
        }
    }
}

#[test]
fn threads_do_not_change_bits() {
    let mut random = SplitMix::new(7);
    for kind in KINDS {
        let [p, q]: [Vec<Vec<f64>>; 2] = [0, 1].map(|_| (0..20_000).map(|_| draw(kind, &mut random)).collect());
        let of = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| batch(kind, &p, &q).unwrap())
        };
        let (one, three) = (of(1), of(3));
        assert_eq!(one.values, three.values, "{kind}");
        assert_eq!((one.to_p, one.to_q), (three.to_p, three.to_q), "{kind}");
    }
}

#[test]
fn coordinates_add_up() {
    let mut random = SplitMix::new(8);
    let [p, q]: [Vec<Vec<f64>>; 2] = [0, 1].map(|_| (0..3000).map(|_| draw("normal", &mut random)).collect());
    let each = batch("normal", &p, &q).unwrap().values;
    let [p, q] = [&p, &q].map(|rows| arrays(rows, [1; 2]));
    let [p, q] = [&p, &q].map(|x| Normals::new(x.each_ref().map(Vec::as_slice)).unwrap().with_columns(3).unwrap());
    let found = p.kl_and_gradients(&q).unwrap();
    for (value, each) in found.values.iter().zip(each.chunks(3)) {
        assert_eq!(*value, each.iter().sum::<f64>());
    }
    assert_eq!(found.p[0].len(), 3000);
}

#[test]
fn infinite_rows_have_gradients_of_0() {
    let p = Bernoullis::new([&[0.5, 0.0, 0.0, 1.0, 0.0]]).unwrap();
    let q = Bernoullis::new([&[0.0, 1.0, 0.25, 1.0, 0.0]]).unwrap();
    let found = p.kl_and_gradients(&q).unwrap();
    assert_eq!(found.values[..2], [f64::INFINITY; 2]);
    assert_eq!((&found.p[0][..2], &found.q[0][..2]), (&[0.0; 2][..], &[0.0; 2][..]));
    assert_eq!(found.p[0][2..], [f64::NEG_INFINITY, f64::NEG_INFINITY, f64::INFINITY]);
    assert!((found.q[0][2] - 1.0 / 0.75).abs() < 1e-15);
    assert_eq!(found.q[0][3..], [-1.0, 1.0]);
    let found = p.with_columns(5).unwrap().kl_and_gradients(&q.with_columns(5).unwrap()).unwrap();
    assert_eq!((found.values[0], largest(&found.p[0])), (f64::INFINITY, 0.0));
    let (p, q) = ([1.0, 0.0, 1.0, 1.0, 0.0, 0.0], [0.0, 1.0, 1.0, 1.0, 1.0, 0.0]);
    let of = |x| Categoricals::new(Rows::new(x, 3).unwrap()).unwrap();
    let found = of(&p).kl_and_gradients(&of(&q)).unwrap();
    assert_eq!(found.values, [f64::INFINITY, f64::ln(2.0)]);
    assert_eq!(largest(&found.p[0][..3]), 0.0);
    assert!(found.p[0].iter().chain(&found.q[0]).all(|x| !x.is_nan()), "{found:?}");
}

#[test]
fn bad_input_is_one_error_and_nothing_is_written() {
    let of = |name, row, value, expected| Err(Error::RowParameter { name, row, value, expected });
    let positive = "a finite number above 0";
    assert_eq!(Normals::new([&[0.0; 3], &[1.0, 2.0, -1.0]]).map(|x| x.rows()), of("scale", 2, -1.0, positive));
    assert_eq!(Betas::new([&[1.0, 0.0], &[1.0; 2]]).map(|x| x.rows()), of("concentration1", 1, 0.0, positive));
    assert!(matches!(Gammas::new([&[1.0], &[f64::NAN]]).map(|x| x.rows()), Err(Error::RowParameter { row: 0, .. })));
    assert!(matches!(
        Laplaces::new([&[f64::INFINITY], &[1.0]]).map(|x| x.rows()),
        Err(Error::RowParameter { name: "loc", .. })
    ));
    assert!(matches!(Normals::new([&[1.0], &[1.0, 2.0]]).map(|x| x.rows()), Err(Error::LengthMismatch { p: 1, q: 2 })));
    let rows = |x| Rows::new(x, 2).unwrap();
    assert_eq!(Dirichlets::new(rows(&[1.0, 1.0, 1.0, 0.0])).map(|x| x.rows()), of("concentration", 1, 0.0, positive));
    let mass = "weights of which one is above 0";
    assert_eq!(Categoricals::new(rows(&[1.0, 1.0, 0.0, 0.0])).map(|x| x.rows()), of("probs", 1, 0.0, mass));
    let matrix = "a symmetric positive definite matrix";
    let singular = [1.0, 0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 1.0];
    assert_eq!(
        MultivariateNormals::new(2, &[0.0; 4], &singular).map(|x| x.rows()),
        of("covariance_matrix", 1, 1.0, matrix)
    );
    let skew = [1.0, 0.0, 0.5, 1.0];
    assert_eq!(
        MultivariateNormals::new(2, &[0.0; 2], &skew).map(|x| x.rows()),
        of("covariance_matrix", 0, 0.5, matrix)
    );
    assert!(matches!(
        MultivariateNormals::new(2, &[0.0, f64::NAN], &[1.0, 0.0, 0.0, 1.0]),
        Err(Error::RowParameter { name: "loc", .. })
    ));
    assert_eq!(
        MultivariateNormals::new(2, &[0.0; 2], &[1.0; 3]).map(|x| x.rows()),
        Err(Error::Shape { len: 3, needed: 4 })
    );
    let (two, three) = (Normals::new([&[0.0; 2], &[1.0; 2]]).unwrap(), Normals::new([&[0.0; 3], &[1.0; 3]]).unwrap());
    assert_eq!(two.kl_to(&three), Err(Error::LengthMismatch { p: 2, q: 3 }));
    let mut values = [7.0; 3];
    assert_eq!(two.kl_to_into(&two, &mut values), Err(Error::Shape { len: 3, needed: 2 }));
    assert_eq!(values, [7.0; 3]);
}
