//! The fused losses against compositions of tensor operations, and gradients against central differences, on Flex and on
//! a second backend.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use burn::tensor::activation::{log_softmax, softmax};
use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use kullback::Measure;
use kullback::loss::latent::{Balance, Over, Penalty, Shape};
use kullback_burn::{
    DistillationLossConfig, GaussianKl, GaussianKlConfig, KlDivLossConfig, LatentTensor, PolicyKl, Reduction,
};
use kullback_dev::recipe::SplitMix;

/// The CPU as Burn has it twice.
#[allow(deprecated, reason = "the only other backend without a graphics device")]
fn devices() -> [Device; 2] {
    [Device::flex().autodiff(), Device::ndarray().autodiff()]
}

/// A power of two, as are the weights below: some backends round scalars to singles.
const ROWS: usize = 16;
const COLUMNS: usize = 37;

/// Rows from near equality to far apart; the last ones are peaked.
fn logits(seed: u64) -> [Vec<f64>; 2] {
    let mut r = SplitMix::new(seed);
    let mut number = || 2.0 * r.unit() - 1.0;
    // Singles, so that both types see the same numbers.
    let single = |x: f64| f64::from(x as f32);
    let mut sides = [Vec::new(), Vec::new()];
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            let p = 3.0 * number() + if row > 12 && column == 4 { 30.0 } else { 0.0 };
            sides[0].push(single(p));
            sides[1].push(single(p + [1e-3, 0.1, 1.0, 5.0][row % 4] * number()));
        }
    }
    sides
}

fn tensor<const D: usize>(numbers: &[f64], shape: [usize; D], dtype: DType, device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(numbers.to_vec(), shape).convert_dtype(dtype), (device, dtype))
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().convert::<f64>().iter::<f64>().collect()
}

fn near(got: &[f64], truth: &[f64], tolerance: f64) {
    near_as(got, truth, tolerance, "");
}

fn near_as(got: &[f64], truth: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), truth.len(), "{what}");
    // A gradient is a difference of probabilities, and those near 1 are rounded to units of 1.
    let size = truth.iter().fold(1.0 / ROWS as f64, |size: f64, x| size.max(x.abs()));
    for (i, (got, truth)) in got.iter().zip(truth).enumerate() {
        assert!((got - truth).abs() <= tolerance * size, "{what} {i}: {got:e} is not {truth:e} (of {size:e})");
    }
}

/// The value of a loss of two tensors, and both gradients.
fn all<const D: usize>(sides: [Tensor<D>; 2], loss: impl Fn([Tensor<D>; 2]) -> Tensor<1>) -> [Vec<f64>; 3] {
    let sides = sides.map(Tensor::require_grad);
    let value = loss(sides.clone());
    // Twice the loss, so that what comes from above is not 1.
    let gradients = (value.clone() * 2.0).backward();
    let [p, q] = sides.map(|side| numbers(side.grad(&gradients).unwrap()));
    [numbers(value), p, q]
}

/// Σ p (ln p − ln q) of two logarithms, by rows.
fn kl(p: &Tensor<2>, q: &Tensor<2>) -> Tensor<1> {
    (p.clone().exp() * (p.clone() - q.clone())).sum() / ROWS as f64
}

/// Divergences as compositions of tensor operations, of the logarithms of both sides.
fn composed(name: &str, p: &Tensor<2>, q: &Tensor<2>) -> Tensor<1> {
    let mixture = |weight: f64| (p.clone().exp() * weight + q.clone().exp() * (1.0 - weight)).log();
    match name {
        "kl" => kl(p, q),
        "reverse-kl" => kl(q, p),
        "jeffreys" => kl(p, q) + kl(q, p),
        "gjs=0.25" => kl(p, &mixture(0.25)) * 0.25 + kl(q, &mixture(0.25)) * 0.75,
        "js" => kl(p, &mixture(0.5)) * 0.5 + kl(q, &mixture(0.5)) * 0.5,
        "skew-kl=0.125" => kl(p, &mixture(0.125)),
        "renyi=0.5" => ((p.clone() * 0.5 + q.clone() * 0.5).exp().sum_dim(1).log() * -2.0).sum() / ROWS as f64,
        "hellinger" => (-((p.clone() * 0.5 + q.clone() * 0.5).exp().sum_dim(1)) + 1.0).sqrt().sum() / ROWS as f64,
        "tv" => (p.clone().exp() - q.clone().exp()).abs().sum() / (2 * ROWS) as f64,
        _ => unreachable!("{name}"),
    }
}

#[test]
fn distillation_is_what_tensor_operations_make() {
    let sides = logits(1);
    for name in ["kl", "reverse-kl", "jeffreys", "gjs=0.25", "js", "skew-kl=0.125", "renyi=0.5", "tv"] {
        let config =
            DistillationLossConfig::new().with_divergence(name.into()).with_temperature(2.0).with_scale_t2(true);
        let loss = config.init().unwrap();
        let fused = |[p, q]: [Tensor<2>; 2]| loss.forward(p, q, None, Reduction::Mean).unwrap();
        let plain = |[p, q]: [Tensor<2>; 2]| composed(name, &log_softmax(p / 2.0, 1), &log_softmax(q / 2.0, 1)) * 4.0;
        for device in devices() {
            let of = |dtype| sides.each_ref().map(|side| tensor(side, [ROWS, COLUMNS], dtype, &device));
            let truth = all(of(DType::F64), plain);
            for (dtype, tolerance) in [(DType::F64, 1e-9), (DType::F32, 1e-6)] {
                for (got, truth) in all(of(dtype), fused).iter().zip(&truth) {
                    near(got, truth, tolerance);
                }
            }
        }
    }
}

/// Pairs of logits by kind.
fn kinds() -> [(&'static str, [Vec<f64>; 2]); 5] {
    let single = |x: f64| f64::from(x as f32);
    let mut r = SplitMix::new(11);
    let mut draw = |of: &dyn Fn(f64) -> f64| (0..ROWS * COLUMNS).map(|_| single(of(2.0 * r.unit() - 1.0))).collect();
    let random = [draw(&|x| 3.0 * x), draw(&|x| 3.0 * x)];
    let near = logits(12)[0].clone();
    let other = near.iter().map(|x| single(x + 1e-3 * (2.0 * r.unit() - 1.0))).collect();
    let peaked = logits(13).map(|side| {
        side.iter().enumerate().map(|(i, x)| if i % COLUMNS == i / COLUMNS { single(x + 25.0) } else { *x }).collect()
    });
    let masked = logits(14).map(|side| {
        let masked = |(i, x): (usize, &f64)| if i % 5 == 2 { f64::NEG_INFINITY } else { *x };
        side.iter().enumerate().map(masked).collect()
    });
    // Every row has entries that only the student has, the even ones also some that only the teacher has.
    let [mut p, mut q] = logits(15);
    for row in 0..ROWS {
        p[row * COLUMNS + 3] = f64::NEG_INFINITY;
        if row % 2 == 0 {
            q[row * COLUMNS + 8] = f64::NEG_INFINITY;
        }
    }
    [("random", random), ("near", [near, other]), ("peaked", peaked), ("masked", masked), ("parted", [p, q])]
}

/// The value and both gradients of a distillation, with labels where they have a weight.
fn distilled(config: &DistillationLossConfig, sides: &[Vec<f64>; 2], dtype: DType, device: &Device) -> [Vec<f64>; 3] {
    let loss = config.init().unwrap();
    let labels: Vec<i64> = (0..ROWS as i64).map(|row| if row == 6 { -100 } else { (5 * row) % 37 }).collect();
    let sides = sides.each_ref().map(|side| tensor(side, [ROWS, side.len() / ROWS], dtype, device));
    all(sides, |[p, q]| {
        let labels = Tensor::<1, Int>::from_data(TensorData::new(labels.clone(), [ROWS]), device);
        loss.forward(p, q, Some(labels), Reduction::Mean).unwrap()
    })
}

/// What is infinite in the one is in the other; the rest is equal.
fn same(got: &[Vec<f64>; 3], truth: &[Vec<f64>; 3], tolerance: f64, what: &str) {
    for (got, truth) in got.iter().zip(truth) {
        let finite = |x: &[f64]| x.iter().copied().map(|x| if x.is_finite() { x } else { 0.0 }).collect::<Vec<_>>();
        for (x, y) in got.iter().zip(truth) {
            assert!(x == y || (x.is_finite() && y.is_finite()), "{what}: {x} is not {y}");
        }
        near_as(&finite(got), &finite(truth), tolerance, what);
    }
}

/// Every divergence by tensor operations alone, against the kernels.
#[test]
fn tensor_operations_are_the_fused_operation() {
    let [flex, other] = devices();
    for info in Measure::catalogue() {
        let config = DistillationLossConfig::new().with_divergence(info.example.into()).with_temperature(1.5);
        for (kind, sides) in kinds() {
            let what = format!("{}, {kind}", info.example);
            if info.example == "max-divergence" {
                let of = |device: &Device| {
                    let device = device.clone().inner();
                    let [p, q] = sides.each_ref().map(|side| tensor(side, [ROWS, COLUMNS], DType::F64, &device));
                    numbers(config.init().unwrap().forward(p, q, None, Reduction::Mean).unwrap())
                };
                let [got, truth] = [of(&other), of(&flex)];
                assert!(got == truth || (got[0] / truth[0] - 1.0).abs() <= 1e-12, "{what}: {got:?} is not {truth:?}");
                continue;
            }
            // Singles are held to what doubles say: two singles may be off to either side.
            let truth = distilled(&config, &sides, DType::F64, &flex);
            for (dtype, tolerance) in [(DType::F64, 1e-12), (DType::F32, 1e-6)] {
                for (device, name) in [(&other, "tensors"), (&flex, "kernels")] {
                    let got = distilled(&config, &sides, dtype, device);
                    same(&got, &truth, tolerance, &format!("{what}, {name}"));
                }
            }
        }
    }
}

#[test]
fn tensor_operations_have_labels_and_vocabularies_too() {
    let [flex, other] = devices();
    let narrow: Vec<f64> = logits(16)[1].chunks(COLUMNS).flat_map(|row| &row[..COLUMNS - 4]).copied().collect();
    for smoothing in [0.0, 0.125, 1.0] {
        let config = DistillationLossConfig::new().with_hard_label_weight(0.25).with_label_smoothing(smoothing);
        let config = config.with_divergence("js".into()).with_scale_t2(true).with_temperature(2.0);
        let mut pairs: Vec<(&str, [Vec<f64>; 2])> = kinds().into();
        pairs.push(("wider student", [narrow.clone(), logits(16)[0].clone()]));
        for (kind, sides) in pairs {
            let truth = distilled(&config, &sides, DType::F64, &flex);
            for (dtype, tolerance) in [(DType::F64, 1e-12), (DType::F32, 1e-6)] {
                let got = distilled(&config, &sides, dtype, &other);
                same(&got, &truth, tolerance, &format!("smoothing {smoothing}, {kind}"));
            }
        }
    }
}

/// Where the textbook's sum keeps no digit, the value and the gradient keep all but a few, relative to themselves.
#[test]
fn near_equality_by_tensor_operations() {
    let [_, other] = devices();
    let mut r = SplitMix::new(17);
    let p: Vec<f64> = logits(18)[0].clone();
    let q: Vec<f64> = p.iter().map(|x| f64::from((x + 1e-4 * (2.0 * r.unit() - 1.0)) as f32)).collect();
    let config = DistillationLossConfig::new();
    let sides = [p, q];
    let [got, truth] = [(DType::F32, &other), (DType::F64, &devices()[0])]
        .map(|(dtype, device)| distilled(&config, &sides, dtype, device));
    assert!((got[0][0] / truth[0][0] - 1.0).abs() < 2e-6, "{} is not {}", got[0][0], truth[0][0]);
    let most = truth[2].iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    for (got, truth) in got[2].iter().zip(&truth[2]) {
        assert!((got - truth).abs() < 2e-6 * most, "{got:e} is not {truth:e}");
    }
}

/// What singles cannot hold is left to numbers that can, and what is refused is refused in the same words.
#[test]
fn tensor_operations_give_up_where_kernels_do() {
    let row = |x: f32| [[0.0, x, 1.0], [0.5, 0.0, -0.5]];
    let on = |device: &Device, p: [[f32; 3]; 2], q: [[f32; 3]; 2], name: &str| {
        let [p, q] = [p, q].map(|side| Tensor::<2>::from_floats(side, device).require_grad());
        let loss = DistillationLossConfig::new().with_divergence(name.into()).init().unwrap();
        let value = loss.forward(p, q.clone(), None, Reduction::Sum)?;
        Ok::<_, kullback::Error>([numbers(value.clone()), numbers(q.grad(&value.backward()).unwrap())])
    };
    let [flex, other] = devices();
    for (p, q, name) in [
        (row(90.0), row(-90.0), "kl"),
        (row(90.0), row(-90.0), "chi2"),
        (row(90.0), row(-60.0), "renyi=3"),
        (row(f32::MAX), row(f32::MIN), "js"),
        (row(f32::NAN), row(0.0), "kl"),
        (row(0.0), row(f32::INFINITY), "kl"),
    ] {
        match (on(&other, p, q, name), on(&flex, p, q, name)) {
            (Ok(got), Ok(truth)) => {
                for (got, truth) in got.iter().zip(&truth) {
                    for (x, y) in got.iter().zip(truth) {
                        assert!(x == y || (x - y).abs() <= 1e-6 * y.abs().max(0.1), "{name}: {x:e} is not {y:e}");
                    }
                }
            }
            (got, truth) => assert_eq!(got.unwrap_err(), truth.unwrap_err()),
        }
    }
}

#[test]
fn masks_labels_and_shapes() {
    let [teacher, mut student] = logits(2);
    for row in 0..ROWS {
        student[row * COLUMNS + 3] = f64::NEG_INFINITY;
    }
    let mut masked = teacher.clone();
    for row in 0..ROWS {
        masked[row * COLUMNS + 3] = f64::NEG_INFINITY;
    }
    let labels: Vec<i64> =
        (0..ROWS as i64).map(|row| if row == 5 { -100 } else { row }).map(|x| if x == 3 { 0 } else { x }).collect();
    let loss = DistillationLossConfig::new().with_hard_label_weight(0.3).init().unwrap();
    for device in devices() {
        let [p, q] = [&masked, &student].map(|side| tensor(side, [ROWS, COLUMNS], DType::F32, &device).require_grad());
        let labels = Tensor::<1, Int>::from_data(TensorData::new(labels.clone(), [ROWS]), &device);
        let value = loss.forward(p.clone(), q.clone(), Some(labels.clone()), Reduction::Mean).unwrap();
        let gradients = value.backward();
        let gradient = numbers(q.grad(&gradients).unwrap());
        assert!(gradient.iter().all(|x| x.is_finite()));
        assert!((0..ROWS).all(|row| gradient[row * COLUMNS + 3] == 0.0));
        assert!(gradient[5 * COLUMNS..6 * COLUMNS].iter().all(|x| *x == 0.0));
        // The same rows in three dimensions.
        let deep = [p.clone(), q.clone()].map(|side| side.reshape([2, 8, COLUMNS]));
        let [p3, q3] = deep;
        let deep = loss.forward(p3, q3, Some(labels), Reduction::Mean).unwrap();
        assert_eq!(numbers(deep), numbers(value));
        // The truth where the student has no mass is infinite, and a value.
        let open = tensor(&teacher, [ROWS, COLUMNS], DType::F32, &device);
        let infinite =
            DistillationLossConfig::new().init().unwrap().forward(open, q.clone(), None, Reduction::Sum).unwrap();
        assert_eq!(numbers(infinite), [f64::INFINITY]);
    }
}

#[test]
fn a_teacher_without_a_graph_has_no_gradient() {
    let [teacher, student] = logits(3);
    for device in devices() {
        let teacher = tensor(&teacher, [ROWS, COLUMNS], DType::F32, &device.clone().inner());
        let student = tensor(&student, [ROWS, COLUMNS], DType::F32, &device).require_grad();
        // Through an operation before, so that the tracked tensor is no leaf.
        let loss = DistillationLossConfig::new().init().unwrap();
        let value = loss.forward(teacher.clone(), student.clone() * 1.5, None, Reduction::Mean).unwrap();
        let gradients = value.backward();
        let got = numbers(student.grad(&gradients).unwrap());
        let leaf = (student.clone().detach() * 1.5).detach().require_grad();
        let gradients = loss.forward(teacher, leaf.clone(), None, Reduction::Mean).unwrap().backward();
        let truth: Vec<f64> = numbers(leaf.grad(&gradients).unwrap()).iter().map(|x| 1.5 * x).collect();
        near(&got, &truth, 1e-6);
    }
}

#[test]
fn kl_div_loss_is_burns_without_its_faults() {
    use burn::nn::loss::{KLDivLossConfig, Reduction as Theirs};
    let [p, q] = logits(4);
    for device in devices() {
        let of = |side: &[f64]| log_softmax(tensor(side, [ROWS, COLUMNS], DType::F64, &device), 1);
        let (predictions, logs) = (of(&q), of(&p));
        for log_target in [false, true] {
            let targets = if log_target { logs.clone() } else { logs.clone().exp() };
            let (ours, theirs) = (
                KlDivLossConfig::new().with_log_target(log_target).init(),
                KLDivLossConfig::new().with_log_target(log_target).init(),
            );
            for (reduction, theirs_by) in [
                (Reduction::BatchMean, Theirs::BatchMean),
                (Reduction::Mean, Theirs::Mean),
                (Reduction::Sum, Theirs::Sum),
            ] {
                let sides = || [predictions.clone().detach(), targets.clone().detach()];
                let got = all(sides(), |[x, y]| ours.forward(x, y, reduction).unwrap());
                let truth = all(sides(), |[x, y]| theirs.forward(x, y, theirs_by.clone()));
                for (got, truth) in got.iter().zip(&truth) {
                    near(got, truth, 1e-12);
                }
            }
            let weights = predictions.clone().detach().powf_scalar(2.0);
            let sides = || [predictions.clone().detach(), targets.clone().detach()];
            let got = all(sides(), |[x, y]| (ours.forward_no_reduction(x, y).unwrap() * weights.clone()).sum());
            let truth = all(sides(), |[x, y]| (theirs.forward_no_reduction(x, y) * weights.clone()).sum());
            for (got, truth) in got.iter().zip(&truth) {
                near(got, truth, 1e-12);
            }
        }
        let masked = Tensor::<2>::from_floats([[0.0, f32::NEG_INFINITY]], &device).require_grad();
        let target = Tensor::<2>::from_floats([[1.0, 0.0]], &device);
        let theirs = KLDivLossConfig::new().init().forward(masked.clone(), target.clone(), Theirs::Sum);
        assert!(numbers(theirs)[0].is_nan());
        let ours = KlDivLossConfig::new().init().forward(masked.clone(), target, Reduction::Sum).unwrap();
        assert_eq!(numbers(ours.clone()), [0.0]);
        assert_eq!(numbers(masked.grad(&ours.backward()).unwrap()), [-1.0, 0.0]);
    }
}

#[test]
fn gaussians() {
    let mut r = SplitMix::new(5);
    let [mean, ln_variance, mean_q, ln_q] = [0; 4].map(|_| (0..80).map(|_| 2.0 * r.unit() - 1.0).collect::<Vec<f64>>());
    for device in devices() {
        for (dtype, tolerance) in [(DType::F64, 1e-12), (DType::F32, 1e-6)] {
            let of = |x: &[f64]| tensor(x, [ROWS, 5], dtype, &device);
            let sides = || [of(&mean), of(&ln_variance)];
            let plain = |[m, l]: [Tensor<2>; 2]| (m.powf_scalar(2.0) + l.clone().exp() - 1.0 - l).sum() / 32.0;
            let fused = |[m, l]: [Tensor<2>; 2]| GaussianKlConfig::new().init().forward(m, l).unwrap().loss;
            for (got, truth) in all(sides(), fused).iter().zip(&all(sides(), plain)) {
                near(got, truth, tolerance);
            }
            // Free bits by group, against clamps of means over the batch.
            let penalty = Penalty { weight: 0.75, shape: Shape::AtLeast(0.375), over: Over::Dimension };
            let plain = |[m, l]: [Tensor<2>; 2]| {
                let each = (m.powf_scalar(2.0) + l.clone().exp() - 1.0 - l).sum_dim(0) / 32.0;
                (each.clamp_min(0.375)).sum() * 0.75
            };
            let fused = |[m, l]: [Tensor<2>; 2]| GaussianKl::of(penalty).forward(m, l).unwrap().loss;
            for (got, truth) in all(sides(), fused).iter().zip(&all(sides(), plain)) {
                near(got, truth, tolerance);
            }
            // Both sides.
            let q = [of(&mean_q), of(&ln_q)];
            let plain = |[m, l]: [Tensor<2>; 2]| {
                let (off, ratio) = (q[0].clone() - m, q[1].clone() - l.clone());
                (ratio.clone().exp() - 1.0 - ratio + off.powf_scalar(2.0) * (-l).exp()).sum() / 32.0
            };
            let fused = |m: [Tensor<2>; 2]| GaussianKlConfig::new().init().forward_between(q.clone(), m).unwrap().loss;
            for (got, truth) in all(sides(), fused).iter().zip(&all(sides(), plain)) {
                near(got, truth, tolerance);
            }
            let halves =
                |[m, s]: [Tensor<2>; 2]| PolicyKl.gaussian([q[0].clone(), q[1].clone() * 0.5], [m, s]).unwrap();
            let plain_halves = |[m, s]: [Tensor<2>; 2]| plain([m, s * 2.0]);
            for (got, truth) in all(sides(), halves).iter().zip(&all(sides(), plain_halves)) {
                near(got, truth, tolerance);
            }
        }
        let only_mean = tensor(&mean, [ROWS, 5], DType::F32, &device).require_grad();
        let fixed = tensor(&ln_variance, [ROWS, 5], DType::F32, &device.clone().inner());
        let LatentTensor { loss, found } = GaussianKlConfig::new().init().forward(only_mean.clone(), fixed).unwrap();
        assert!((numbers(loss.clone())[0] - found.kl()).abs() < 1e-6 * found.kl());
        let truth: Vec<f64> = mean.iter().map(|x| x / ROWS as f64).collect();
        near(&numbers(only_mean.grad(&loss.backward()).unwrap()), &truth, 1e-6);
    }
}

/// Every penalty, of Gaussians near the prior and far from it, by tensor operations against the kernels.
#[test]
fn gaussians_by_tensor_operations() {
    let [flex, other] = devices();
    let mut r = SplitMix::new(19);
    let mut draw =
        |size: f64| -> Vec<f64> { (0..80).map(|_| f64::from((size * (2.0 * r.unit() - 1.0)) as f32)).collect() };
    for size in [1e-3, 1.0, 12.0] {
        let sides = [0; 4].map(|_| draw(size));
        for shape in [Shape::Plain, Shape::AtLeast(0.25), Shape::Near(1.0)] {
            for over in [Over::Dimension, Over::Group(2), Over::Batch, Over::Sample] {
                for balance in [Balance::NONE, Balance { posterior: 0.25, prior: 0.75 }] {
                    let loss = GaussianKl::of(Penalty { weight: 1.5, shape, over }).with_balance(balance);
                    let run = |dtype, device: &Device| {
                        let [mean_p, ln_p, mean_q, ln_q] =
                            sides.each_ref().map(|x| tensor(x, [ROWS, 5], dtype, device));
                        let two = all([mean_p.clone(), ln_p.clone()], |[m, l]| loss.forward(m, l).unwrap().loss);
                        let by_p = all([mean_p.clone(), ln_p.clone()], |p| {
                            loss.forward_between(p, [mean_q.clone(), ln_q.clone()]).unwrap().loss
                        });
                        let by_q = all([mean_q.clone(), ln_q.clone()], |q| {
                            loss.forward_between([mean_p.clone(), ln_p.clone()], q).unwrap().loss
                        });
                        [two, by_p, by_q]
                    };
                    for (dtype, tolerance) in [(DType::F64, 1e-12), (DType::F32, 1e-6)] {
                        let what = format!("{size} {shape:?} {over:?} {balance:?}");
                        for (got, truth) in run(dtype, &other).iter().zip(&run(dtype, &flex)) {
                            same(got, truth, tolerance, &what);
                        }
                    }
                }
            }
        }
    }
    let bad = Balance { posterior: -1.0, prior: 1.0 };
    for device in devices() {
        let [m, l] = [0; 2].map(|_| Tensor::<2>::zeros([2, 2], &device));
        assert!(GaussianKlConfig::new().init().with_balance(bad).forward(m, l).is_err());
    }
}

/// Batches that tensor operations take piece by piece.
#[test]
fn pieces_make_a_whole() {
    let [flex, other] = devices();
    let mut r = SplitMix::new(23);
    let mut draw = |n: usize| -> Vec<f64> { (0..n).map(|_| f64::from((2.0 * r.unit() - 1.0) as f32)).collect() };
    let (rows, columns) = (3, 100_000);
    let sides = [draw(rows * columns), draw(rows * columns)];
    let loss = DistillationLossConfig::new().with_divergence("jeffreys".into()).init().unwrap();
    let run = |dtype, device: &Device| {
        let sides = sides.each_ref().map(|side| tensor(side, [rows, columns], dtype, device));
        all(sides, |[p, q]| loss.forward(p, q, None, Reduction::Sum).unwrap())
    };
    same(&run(DType::F32, &other), &run(DType::F64, &flex), 1e-6, "rows");
    let (samples, latent) = (60_000, 5);
    let sides = [draw(samples * latent), draw(samples * latent)];
    for penalty in [Penalty::beta(1.0), Penalty { over: Over::Sample, ..Penalty::free_bits(0.5) }] {
        let run = |dtype, device: &Device| {
            let sides = sides.each_ref().map(|side| tensor(side, [samples, latent], dtype, device));
            all(sides, |[m, l]| GaussianKl::of(penalty).forward(m, l).unwrap().loss * samples as f64)
        };
        same(&run(DType::F32, &other), &run(DType::F64, &flex), 1e-6, "samples");
    }
}

/// Central differences in double precision, through the graph.
#[test]
fn gradients_by_differences() {
    let [p, q] = logits(6);
    let device = Device::flex().autodiff();
    let of = |x: &[f64]| tensor(x, [ROWS, COLUMNS], DType::F64, &device);
    for name in ["kl", "js", "renyi=2", "hellinger"] {
        let loss = DistillationLossConfig::new().with_divergence(name.into()).with_temperature(1.5).init().unwrap();
        let value = |[p, q]: [Tensor<2>; 2]| {
            loss.forward(softmax(p.clone(), 1) + p, q.powf_scalar(3.0) * 0.01, None, Reduction::Mean).unwrap()
        };
        let [_, by_p, by_q] = all([of(&p), of(&q)], value);
        for i in (0..ROWS * COLUMNS).step_by(29) {
            let moved = |x: &[f64], step: f64| {
                let mut x = x.to_vec();
                x[i] += step;
                of(&x)
            };
            let at = |of_p: f64, of_q: f64| numbers(value([moved(&p, of_p), moved(&q, of_q)]))[0];
            let central = |of_p: f64, of_q: f64| (at(of_p, of_q) - at(-of_p, -of_q)) / (2.0 * (of_p + of_q));
            for (got, truth) in [(by_p[i], central(1e-5, 0.0)), (by_q[i], central(0.0, 1e-5))] {
                assert!((got - 2.0 * truth).abs() < 1e-7, "{name}: {got:e} is not {truth:e}");
            }
        }
    }
}

#[test]
fn errors_are_values() {
    assert!(DistillationLossConfig::new().with_divergence("kll".into()).init().is_err());
    for device in devices() {
        let bad = Tensor::<2>::from_floats([[0.0, f32::NAN]], &device);
        let good = Tensor::<2>::from_floats([[0.0, 1.0]], &device).require_grad();
        let loss = DistillationLossConfig::new().init().unwrap();
        assert!(loss.forward(bad.clone(), good.clone(), None, Reduction::Mean).is_err());
        assert!(GaussianKlConfig::new().init().forward(bad, good.clone()).is_err());
        let other = Tensor::<2>::zeros([2, 2], &device);
        assert!(loss.forward(other.clone(), good.clone(), None, Reduction::Mean).is_err());
        assert!(KlDivLossConfig::new().init().forward(other, good, Reduction::Mean).is_err());
    }
}
