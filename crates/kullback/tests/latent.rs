//! Latent variables: values against textbook sums in double-double arithmetic, gradients against central differences.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use kullback::loss::latent::{
    Balance, CategoricalKl, Form, FullGaussianKl, GaussianGradient, GaussianKl, Gaussians, LatentLoss, Over, Parts,
    Penalty, Schedule, Shape, TotalCorrelation, Weighting, active_units,
};
use kullback::{Error, Rows, Side};
use kullback_dev::double_double::DoubleDouble as D;
use kullback_dev::recipe::SplitMix;

const LATENT: usize = 7;

fn numbers(r: &mut SplitMix, n: usize, size: f64) -> Vec<f64> {
    (0..n).map(|_| size * (2.0 * r.unit() - 1.0)).collect()
}

fn near(got: f64, truth: f64, relative: f64) {
    assert!((got - truth).abs() <= relative * truth.abs(), "{got:e} is not {truth:e}");
}

/// ½ (eˡ − 1 − ℓ + (μ_p − μ_q)² e^(−ℓ_q)), the textbook's formula with twice the digits.
fn truth([mean_p, ln_p, mean_q, ln_q]: [f64; 4]) -> f64 {
    let [mean_p, ln_p, mean_q, ln_q] = [mean_p, ln_p, mean_q, ln_q].map(D::from);
    let (off, ln_ratio) = (mean_p - mean_q, ln_p - ln_q);
    let twice = ln_ratio.exp() - D::ONE - ln_ratio + off * off * (-ln_q).exp();
    0.5 * twice.value()
}

/// The derivative of `f` for each of the numbers.
fn differences(x: &[f64], f: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let at = |i: usize, step: f64| {
        let mut x = x.to_vec();
        x[i] += step;
        f(&x)
    };
    let step = 1e-4;
    let central = |i: usize, step: f64| (at(i, step) - at(i, -step)) / (2.0 * step);
    // Richardson's extrapolation.
    (0..x.len()).map(|i| (4.0 * central(i, step / 2.0) - central(i, step)) / 3.0).collect()
}

fn agree(got: &[f64], truth: &[f64]) {
    let size = truth.iter().fold(0.0, |size: f64, x| size.max(x.abs()));
    for (i, (got, truth)) in got.iter().zip(truth).enumerate() {
        assert!((got - truth).abs() <= 1e-8 * size + 1e-10, "{i}: {got:e} is not {truth:e} (of {size:e})");
    }
}

/// Both sides' gradients, μ and then ln σ².
fn gaussian(x: &[f64], n: usize, penalty: Penalty, balance: Balance) -> (LatentLoss, [Vec<f64>; 2]) {
    let side = |i: usize| Gaussians::new(&x[2 * i * n..(2 * i + 1) * n], &x[(2 * i + 1) * n..2 * (i + 1) * n], LATENT);
    let kl = GaussianKl::between(side(0).unwrap(), side(1).unwrap()).unwrap().with_balance(balance).unwrap();
    let mut to = [vec![f64::NAN; 2 * n], vec![f64::NAN; 2 * n]];
    let [by_p, by_q] = to.each_mut().map(|to| {
        let (mean, ln_variance) = to.split_at_mut(n);
        Some(GaussianGradient { mean, ln_variance })
    });
    let loss = kl.loss(penalty, by_p, by_q).unwrap();
    (loss, to)
}

#[test]
fn gaussians_have_their_digits() {
    let mut r = SplitMix::new(1);
    // From near equality to far apart; more than one block, and a rest of a vector.
    for (size, n) in [(1e-9, 5), (1e-4, 50), (1.0, 200), (20.0, 411)] {
        let n = n * LATENT;
        let x = numbers(&mut r, 4 * n, size);
        let truths: Vec<f64> = (0..n).map(|i| truth([x[i], x[n + i], x[2 * n + i], x[3 * n + i]])).collect();
        let sides = [&x[..n], &x[n..2 * n], &x[2 * n..3 * n], &x[3 * n..]];
        let q = Gaussians::new(sides[2], sides[3], LATENT).unwrap();
        let kl = GaussianKl::between(Gaussians::new(sides[0], sides[1], LATENT).unwrap(), q).unwrap();
        let mut values = vec![0.0; n / LATENT];
        kl.per_sample_into(&mut values).unwrap();
        for (value, truth) in values.iter().zip(truths.chunks(LATENT)) {
            near(*value, truth.iter().sum(), 1e-14);
        }
        let mean = |d: usize| truths.iter().skip(d).step_by(LATENT).sum::<f64>() * LATENT as f64 / n as f64;
        for (d, value) in kl.per_dimension().unwrap().iter().enumerate() {
            near(*value, mean(d), 1e-14);
        }
        // Singles, of the numbers as they are rounded.
        let single: Vec<f32> = x.iter().map(|&x| x as f32).collect();
        let [mean_p, ln_p, mean_q, ln_q] = [0, 1, 2, 3].map(|i| &single[i * n..(i + 1) * n]);
        let q = Gaussians::new(mean_q, ln_q, LATENT).unwrap();
        GaussianKl::between(Gaussians::new(mean_p, ln_p, LATENT).unwrap(), q)
            .unwrap()
            .per_sample_into(&mut values)
            .unwrap();
        for (s, value) in values.iter().enumerate() {
            let of = |i: usize| truth([mean_p[i], ln_p[i], mean_q[i], ln_q[i]].map(f64::from));
            near(*value, (s * LATENT..(s + 1) * LATENT).map(of).sum(), 1e-5);
        }
    }
}

#[test]
fn the_standard_normal_is_a_gaussian() {
    let mut r = SplitMix::new(2);
    let n = 300 * LATENT;
    let (mean, ln_variance, zero) = (numbers(&mut r, n, 2.0), numbers(&mut r, n, 2.0), vec![0.0; n]);
    let p = Gaussians::new(&mean, &ln_variance, LATENT).unwrap();
    let q = Gaussians::new(&zero, &zero, LATENT).unwrap();
    let run = |kl: GaussianKl<'_, f64>| {
        let (mut mean, mut ln_variance) = (vec![0.0; n], vec![0.0; n]);
        let to = GaussianGradient { mean: &mut mean, ln_variance: &mut ln_variance };
        (kl.loss(Penalty::free_bits(0.7), Some(to), None).unwrap(), mean, ln_variance)
    };
    assert_eq!(run(GaussianKl::to_standard(p)), run(GaussianKl::between(p, q).unwrap()));
    let equal = GaussianKl::between(p, p).unwrap().per_dimension().unwrap();
    assert_eq!(equal, [0.0; LATENT]);
}

#[test]
fn gradients_of_every_penalty() {
    let mut r = SplitMix::new(3);
    let n = 6 * LATENT;
    let x = numbers(&mut r, 4 * n, 1.0);
    let kl = gaussian(&x, n, Penalty::beta(1.0), Balance::NONE).0;
    let middle = |mut x: Vec<f64>| {
        x.sort_by(f64::total_cmp);
        0.5 * (x[x.len() / 2 - 1] + x[x.len() / 2])
    };
    // Free nats between the divergences, so that some are bent and some are not.
    let free = middle(kl.per_dimension.clone());
    for over in [Over::Dimension, Over::Group(3), Over::Batch, Over::Sample] {
        let units = if let Over::Dimension = over { free } else { 3.0 * free };
        for shape in [Shape::Plain, Shape::AtLeast(units), Shape::Near(units), Shape::Near(2.0 * units)] {
            let penalty = Penalty { weight: 1.7, shape, over };
            let (loss, [by_p, by_q]) = gaussian(&x, n, penalty, Balance::NONE);
            near(loss.kl(), kl.kl(), 1e-14);
            let value = |x: &[f64]| gaussian(x, n, penalty, Balance::NONE).0.value;
            agree(&[by_p, by_q].concat(), &differences(&x, value));
        }
    }
    let penalty = Penalty::free_bits(free);
    let by_hand: f64 = kl.per_dimension.iter().map(|kl| kl.max(free)).sum();
    near(gaussian(&x, n, penalty, Balance::NONE).0.value, by_hand, 1e-14);
    near(gaussian(&x, n, Penalty::capacity(3.0, 5.0), Balance::NONE).0.value, 3.0 * (kl.kl() - 5.0).abs(), 1e-13);

    // Each side sees its own weight, and the value is the sum of both losses.
    let balance = Balance { posterior: 0.1, prior: 0.8 };
    let (plain, of_plain) = gaussian(&x, n, penalty, Balance::NONE);
    let (balanced, of_balanced) = gaussian(&x, n, penalty, balance);
    near(balanced.value, 0.9 * plain.value, 1e-14);
    for (weight, (plain, balanced)) in [0.1, 0.8].into_iter().zip(of_plain.iter().zip(&of_balanced)) {
        plain.iter().zip(balanced).for_each(|(plain, balanced)| near(*balanced, weight * plain, 1e-15));
    }
}

#[test]
fn full_covariances() {
    let mut r = SplitMix::new(4);
    let (d, n) = (3, 4);
    let mut x = numbers(&mut r, n * (d + d * d), 0.8);
    for sample in 0..n {
        for i in 0..d {
            let at = &mut x[n * d + sample * d * d + i * d + i];
            *at = [1.0 + 1e-6 * *at, at.abs() + 0.3, 4.0][i];
        }
    }
    let run = |x: &[f64]| {
        let (mut mean, mut tril) = (vec![0.0; n * d], vec![0.0; n * d * d]);
        let kl = FullGaussianKl::to_standard(&x[..n * d], &x[n * d..], d).unwrap();
        let loss = kl.loss(Penalty::beta(2.0), Some((&mut mean, &mut tril))).unwrap();
        let mut values = vec![0.0; n];
        kl.per_sample_into(&mut values).unwrap();
        near(loss.value, 2.0 * values.iter().sum::<f64>() / n as f64, 1e-14);
        (loss.value, [mean, tril].concat())
    };
    let (value, gradient) = run(&x);
    // What the family says of the same distributions.
    let mut truth = 0.0;
    for sample in 0..n {
        use kullback::family::{KlTo as _, MultivariateNormal};
        let mut tril = x[n * d + sample * d * d..][..d * d].to_vec();
        (0..d).for_each(|i| tril[i * d + i + 1..(i + 1) * d].fill(0.0));
        let p = MultivariateNormal::from_scale_tril(&x[sample * d..(sample + 1) * d], &tril).unwrap();
        truth += p.kl_to(&MultivariateNormal::from_diagonal(&[0.0; 3], &[1.0; 3]).unwrap()).unwrap();
    }
    near(value, 2.0 * truth / n as f64, 1e-13);
    agree(&gradient, &differences(&x, |x| run(x).0));
    let zero_diagonal = FullGaussianKl::to_standard(&[0.0; 3], &[0.0; 9], 3).unwrap();
    assert!(matches!(zero_diagonal.loss(Penalty::beta(1.0), None), Err(Error::Parameter { name: "scale_tril", .. })));
}

#[test]
fn categorical_latents() {
    let mut r = SplitMix::new(5);
    let (groups, classes, samples) = (3, 4, 5);
    let n = samples * groups * classes;
    let x = numbers(&mut r, 2 * n, 3.0);
    let softmax = |z: &[f64], unimix: f64| -> Vec<f64> {
        let sum: f64 = z.iter().map(|x| x.exp()).sum();
        z.iter().map(|x| (1.0 - unimix) * x.exp() / sum + unimix / classes as f64).collect()
    };
    for unimix in [0.0, 0.01, 1.0] {
        for penalty in [
            Penalty::beta(0.5),
            Penalty { weight: 1.0, shape: Shape::AtLeast(1.5), over: Over::Group(2) },
            Penalty { weight: 2.0, shape: Shape::Near(4.0), over: Over::Sample },
        ] {
            let run = |x: &[f64]| {
                let (mut by_p, mut by_q) = (vec![0.0; n], vec![0.0; n]);
                let [p, q] = [&x[..n], &x[n..]].map(|side| Rows::new(side, classes).unwrap());
                let kl = CategoricalKl::between(p, q, groups).unwrap().with_unimix(unimix).unwrap();
                let loss = kl.loss(penalty, Some(&mut by_p), Some(&mut by_q)).unwrap();
                (loss, [by_p, by_q].concat())
            };
            let (loss, gradient) = run(&x);
            let kl = |row: usize| -> f64 {
                let at = row * classes..(row + 1) * classes;
                let (p, q) = (softmax(&x[at.clone()], unimix), softmax(&x[n + at.start..n + at.end], unimix));
                p.iter().zip(&q).map(|(p, q)| p * (p / q).ln()).sum()
            };
            let total: f64 = (0..samples * groups).map(kl).sum();
            assert!((loss.kl() - total / samples as f64).abs() <= 1e-13 * (1.0 + total));
            agree(&gradient, &differences(&x, |x| run(x).0.value));
        }
    }
    let p = Rows::new(&x[..n], classes).unwrap();
    let entropy: f64 = (0..samples * groups)
        .flat_map(|row| softmax(&x[row * classes..(row + 1) * classes], 0.0))
        .map(|p| -p * p.ln())
        .sum();
    let loss = CategoricalKl::to_uniform(p, groups).unwrap().loss(Penalty::beta(1.0), None, None).unwrap();
    near(loss.kl(), groups as f64 * (classes as f64).ln() - entropy / samples as f64, 1e-13);
}

#[test]
fn total_correlation() {
    let mut r = SplitMix::new(6);
    let (batch, latent) = (9, 3);
    let n = batch * latent;
    let x = numbers(&mut r, 3 * n, 1.2);
    for weighting in [Weighting::Minibatch { data: 100 }, Weighting::Stratified { data: 100 }] {
        let loss = TotalCorrelation { mutual_information: 0.7, total_correlation: 6.0, dimension_wise: 1.3, weighting };
        let run = |x: &[f64]| {
            let mut to = [vec![0.0; n], vec![0.0; n], vec![0.0; n]];
            let [mean, ln_variance, z] = &mut to;
            let parts = Parts { z, mean, ln_variance };
            let posterior = Gaussians::new(&x[..n], &x[n..2 * n], latent).unwrap();
            (loss.loss(posterior, &x[2 * n..], Some(parts)).unwrap(), to.concat())
        };
        // The definition, term by term; the importance weights as the paper's code has them.
        let ln_q = |i: usize, j: usize, d: usize| {
            let (mean, ln_variance, z) = (x[j * latent + d], x[n + j * latent + d], x[2 * n + i * latent + d]);
            -0.5 * ((z - mean).powi(2) * (-ln_variance).exp() + ln_variance + (2.0 * core::f64::consts::PI).ln())
        };
        let (data, others) = (100.0, batch as f64 - 1.0);
        let weight = |i: usize, j: usize| match weighting {
            Weighting::Minibatch { .. } => 1.0 / (data * batch as f64),
            Weighting::Stratified { .. } if i == j => 1.0 / data,
            Weighting::Stratified { .. } if j == (i + 1) % batch => (data - others) / (data * others),
            Weighting::Stratified { .. } => 1.0 / others,
        };
        let [mut mi, mut tc, mut dw] = [0.0; 3];
        for i in 0..batch {
            let joint = |j| (0..latent).map(|d| ln_q(i, j, d)).sum::<f64>();
            let all: f64 = (0..batch).map(|j| weight(i, j) * joint(j).exp()).sum();
            let each = |d| (0..batch).map(|j| weight(i, j) * ln_q(i, j, d).exp()).sum::<f64>().ln();
            let product: f64 = (0..latent).map(each).sum();
            let prior: f64 = (0..latent)
                .map(|d| -0.5 * (x[2 * n + i * latent + d].powi(2) + (2.0 * core::f64::consts::PI).ln()))
                .sum();
            mi += (joint(i) - all.ln()) / batch as f64;
            tc += (all.ln() - product) / batch as f64;
            dw += (product - prior) / batch as f64;
        }
        let (found, gradient) = run(&x);
        near(found.mutual_information, mi, 1e-12);
        near(found.total_correlation, tc, 1e-12);
        near(found.dimension_wise, dw, 1e-12);
        agree(&gradient, &differences(&x, |x| run(x).0.value));
    }
}

#[test]
fn schedules() {
    let cyclical = Schedule::cyclical(Form::Linear, 0.0, 1.0, 80, 4, 0.5).unwrap();
    let at = |step| cyclical.at(step);
    assert_eq!([at(0), at(5), at(10), at(19), at(20), at(79), at(80)], [0.0, 0.5, 1.0, 1.0, 0.0, 1.0, 1.0]);
    for form in [Form::Linear, Form::Cosine, Form::Sigmoid] {
        let ramp = Schedule::ramp(form, 1.0, 3.0, 10).unwrap();
        assert_eq!([ramp.at(0), ramp.at(10), ramp.at(u64::MAX)], [1.0, 3.0, 3.0], "{form:?}");
        assert!((ramp.at(5) - 2.0).abs() < 1e-15);
        assert!((0..10).all(|step| ramp.at(step) < ramp.at(step + 1)));
    }
    assert_eq!(Schedule::constant(0.3).at(7), 0.3);
    assert!(Schedule::cyclical(Form::Linear, 0.0, 1.0, 3, 4, 0.5).is_err());
    assert!(Schedule::ramp(Form::Linear, f64::NAN, 1.0, 3).is_err());
}

#[test]
fn units() {
    let mean: Vec<f64> =
        (0..100).flat_map(|i| [f64::from(i % 2), 1e6 + 0.05 * f64::from(i % 2), 1e6 + f64::from(i % 2)]).collect();
    assert_eq!(active_units(&mean, 3, 0.01).unwrap(), 2);
    assert_eq!(active_units::<f32>(&[], 3, 0.01).unwrap(), 0);
    assert!(active_units(&[f32::NAN], 1, 0.01).is_err());
}

#[test]
fn what_is_refused() {
    let bad = [0.0, f64::NAN, 0.0];
    let good = [0.0; 3];
    fn gaussians<'a>(mean: &'a [f64], ln_variance: &'a [f64]) -> Gaussians<'a, f64> {
        Gaussians::new(mean, ln_variance, 3).unwrap()
    }
    let refused = Err(Error::NotFinite { side: Side::P, index: 1 });
    assert_eq!(GaussianKl::to_standard(gaussians(&bad, &good)).per_dimension(), refused);
    assert_eq!(GaussianKl::to_standard(gaussians(&good, &bad)).per_dimension(), refused);
    let refused = Err(Error::NotFinite { side: Side::Q, index: 1 });
    assert_eq!(GaussianKl::between(gaussians(&good, &good), gaussians(&good, &bad)).unwrap().per_dimension(), refused);
    for infinite in [f64::INFINITY, f64::NEG_INFINITY] {
        assert!(GaussianKl::to_standard(gaussians(&[infinite; 3], &good)).per_dimension().is_err());
        assert!(GaussianKl::to_standard(gaussians(&good, &[infinite; 3])).per_dimension().is_err());
    }
    // A variance beyond the type makes an infinite divergence, which is a value.
    assert_eq!(GaussianKl::to_standard(gaussians(&good, &[800.0; 3])).per_dimension().unwrap(), [f64::INFINITY; 3]);
    assert!(Gaussians::new(&good, &good[..2], 3).is_err() && Gaussians::new(&good, &good, 2).is_err());
    let kl = GaussianKl::to_standard(gaussians(&good, &good));
    for penalty in
        [Penalty::beta(-1.0), Penalty::free_bits(f64::NAN), Penalty { over: Over::Group(0), ..Penalty::beta(1.0) }]
    {
        assert!(matches!(kl.loss(penalty, None, None), Err(Error::Parameter { .. })));
    }
    let (mut mean, mut short) = ([0.0; 3], [0.0; 2]);
    let to = GaussianGradient { mean: &mut mean, ln_variance: &mut short };
    assert!(matches!(kl.loss(Penalty::beta(1.0), Some(to), None), Err(Error::Shape { .. })));
    let empty = GaussianKl::to_standard(Gaussians::<f64>::new(&[], &[], 3).unwrap());
    assert_eq!(empty.loss(Penalty::free_bits(1.0), None, None).unwrap().value, 0.0);
}

#[test]
fn threads_do_not_change_bits() {
    let mut r = SplitMix::new(8);
    let n = 40_000 * LATENT;
    let (mean, ln_variance): (Vec<f32>, Vec<f32>) = (0..n).map(|_| (r.unit() as f32, r.unit() as f32 - 0.5)).unzip();
    let run = |threads: usize| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| {
            let (mut by_mean, mut by_ln_variance) = (vec![0f32; n], vec![0f32; n]);
            let kl = GaussianKl::to_standard(Gaussians::new(&mean, &ln_variance, LATENT).unwrap());
            let to = GaussianGradient { mean: &mut by_mean, ln_variance: &mut by_ln_variance };
            (kl.loss(Penalty::free_bits(0.2), Some(to), None).unwrap(), by_mean, by_ln_variance)
        })
    };
    assert_eq!(run(1), run(2));
}
