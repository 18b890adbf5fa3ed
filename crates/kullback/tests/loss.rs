//! Losses: the faults that are known elsewhere, gradients against differences, and other libraries' formulas.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop where it fails")]

use kullback::divergence::CrossEntropy;
use kullback::logits::{LogitRows, Remainder, SparseTeacher};
use kullback::loss::{Objective, Reduction, cross_entropy_from_logits, entropy_from_logits};
use kullback::{
    CrossEntropyLoss, Distillation, Divergence, Error, JensenShannon, Kl, KlDivLoss, Measure, Reverse, RowError, Rows,
    Side, SkewKl,
};
use kullback_dev::recipe::SplitMix;
use kullback_dev::{conventions, tolerance};

const MASKED: f64 = f64::NEG_INFINITY;
const NOTHING: [f64; 0] = [];

fn random(r: &mut SplitMix, n: usize, scale: f64) -> Vec<f64> {
    (0..n).map(|_| scale * ((0..12).map(|_| r.unit()).sum::<f64>() - 6.0)).collect()
}

fn rows(x: &[f64], columns: usize) -> Rows<'_, f64> {
    Rows::new(x, columns).unwrap()
}

fn measure(name: &str) -> Measure {
    name.parse().unwrap()
}

#[track_caller]
fn close(ours: f64, theirs: f64, tolerance: f64) {
    assert!((ours - theirs).abs() <= tolerance * theirs.abs(), "{ours} and {theirs}");
}

/// The gradient of `f` at `x` against central differences.
#[track_caller]
fn check_gradient(x: &[f64], gradient: &[f64], f: impl Fn(&[f64]) -> f64) {
    const STEP: f64 = 1e-5;
    for i in 0..x.len() {
        let at = |step: f64| {
            let mut x = x.to_vec();
            x[i] += step;
            f(&x)
        };
        let difference = (at(STEP) - at(-STEP)) / (2.0 * STEP);
        assert!((gradient[i] - difference).abs() <= tolerance::DIFFERENCE, "{i}: {} and {difference}", gradient[i]);
    }
}

#[test]
fn kl_div_where_torch_has_nan() {
    let plain = KlDivLoss::new(Reduction::Sum);
    let logs = KlDivLoss { log_target: true, ..plain };
    let of = |loss: KlDivLoss, x: f64, y: f64| {
        let (mut by_input, mut by_target) = ([5.0], [5.0]);
        let to = (Some(&mut by_input[..]), Some(&mut by_target[..]));
        let value = loss.value_and_gradients_into(&[x], &[y], 1, to.0, to.1).unwrap();
        [value, by_input[0], by_target[0]]
    };
    let (zeros, infinity) = ([0.0; 3], f64::INFINITY);
    assert_eq!(of(plain, -1.0, 0.0), zeros);
    assert_eq!(of(plain, MASKED, 0.0), zeros);
    assert_eq!(of(plain, MASKED, 0.5), [infinity, -0.5, infinity]);
    assert_eq!(of(logs, -1.0, MASKED), zeros);
    assert_eq!(of(logs, MASKED, MASKED), zeros);
    assert_eq!(of(logs, MASKED, 0.0), [infinity, -1.0, infinity]);
    // A log-target whose exponential is no double adds nothing.
    assert_eq!(of(logs, MASKED, -800.0), zeros);

    // torch's table: value, by input, by target.
    let strict = |loss: KlDivLoss, x, y| of(KlDivLoss { strict_torch: true, ..loss }, x, y);
    let nan = f64::NAN;
    let same = |a: [f64; 3], b: [f64; 3]| {
        assert!(a.iter().zip(&b).all(|(a, b)| a == b || a.is_nan() && b.is_nan()), "{a:?} and {b:?}");
    };
    same(strict(plain, -1.0, 0.0), [0.0, 0.0, nan]);
    same(strict(plain, MASKED, 0.0), [nan, 0.0, nan]);
    same(strict(plain, MASKED, 0.5), [infinity, -0.5, infinity]);
    same(strict(plain, -1.0, -0.5), [nan, 0.5, nan]);
    same(strict(logs, -1.0, MASKED), [nan, 0.0, nan]);
    same(strict(logs, MASKED, MASKED), [nan, 0.0, nan]);

    for (x, y, error) in [
        (-1.0, -0.5, Error::Negative { side: Side::P, index: 1 }),
        (-1.0, f64::NAN, Error::NotFinite { side: Side::P, index: 1 }),
        (-1.0, infinity, Error::NotFinite { side: Side::P, index: 1 }),
        (f64::NAN, 0.5, Error::NotFinite { side: Side::Q, index: 1 }),
        (infinity, 0.5, Error::NotFinite { side: Side::Q, index: 1 }),
    ] {
        assert_eq!(plain.forward(&[-1.0, x], &[1.0, y], 1), Err(error));
    }
    assert_eq!(logs.forward(&[0.0], &[f64::NAN], 1), Err(Error::NotFinite { side: Side::P, index: 0 }));
    assert_eq!(plain.forward(&[0.0; 3], &[0.0; 2], 1), Err(Error::LengthMismatch { p: 2, q: 3 }));
    assert_eq!(plain.forward(&[0.0; 3], &[0.0; 3], 2), Err(Error::Shape { len: 3, needed: 4 }));
}

#[test]
fn kl_div_reductions() {
    let mut r = SplitMix::new(1);
    // B × T × V = 2 × 3 × 4: batchmean divides by B alone.
    let (input, target) = (random(&mut r, 24, 1.0), vec![0.25; 24]);
    let of = |reduction| KlDivLoss::new(reduction).forward(&input, &target, 2).unwrap();
    let sum = conventions::torch_kl_div(&input, &target, false);
    close(of(Reduction::Sum), sum, tolerance::CONVENTION);
    close(of(Reduction::BatchMean), sum / 2.0, tolerance::CONVENTION);
    close(of(Reduction::Mean), sum / 24.0, tolerance::CONVENTION);
    let mut each = vec![0.0; 24];
    KlDivLoss::new(Reduction::Mean).forward_into(&input, &target, &mut each).unwrap();
    close(each.iter().sum(), sum, tolerance::CONVENTION);

    for reduction in [Reduction::Sum, Reduction::Mean, Reduction::BatchMean] {
        let empty = KlDivLoss::new(reduction);
        assert_eq!(empty.forward(&NOTHING, &NOTHING, 0), Ok(0.0));
        let strict = KlDivLoss { strict_torch: true, ..empty }.forward(&NOTHING, &NOTHING, 0).unwrap();
        assert_eq!(strict.is_nan(), reduction != Reduction::Sum);
    }
}

#[test]
fn kl_div_gradients() {
    let mut r = SplitMix::new(2);
    let (input, mut target) = (random(&mut r, 12, 1.0), random(&mut r, 12, 0.5));
    for log_target in [true, false] {
        if !log_target {
            target = target.iter().map(|y| y.exp()).collect();
        }
        let loss = KlDivLoss { log_target, ..KlDivLoss::new(Reduction::BatchMean) };
        let (mut by_input, mut by_target) = ([0.0; 12], [0.0; 12]);
        let to = (Some(&mut by_input[..]), Some(&mut by_target[..]));
        loss.value_and_gradients_into(&input, &target, 3, to.0, to.1).unwrap();
        check_gradient(&input, &by_input, |x| loss.forward(x, &target, 3).unwrap());
        check_gradient(&target, &by_target, |y| loss.forward(&input, y, 3).unwrap());
        let mut backward = [0.0; 12];
        loss.backward_into(&input, &target, &[1.0 / 3.0; 12], Some(&mut backward), None).unwrap();
        assert_eq!(backward, by_input);
    }
    // Singles are read as what they are.
    let (input, target) = ([-0.5f32, -1.0], [0.25f32, 0.75]);
    let value = KlDivLoss::new(Reduction::Sum).forward(&input, &target, 1).unwrap();
    let doubles = conventions::torch_kl_div(&[-0.5, -1.0], &[0.25, 0.75], false);
    close(value, doubles, tolerance::CONVENTION);
}

#[test]
fn cross_entropy_of_labels() {
    let mut r = SplitMix::new(3);
    for (n, smoothing) in [(3, 0.0), (40, 0.0), (40, 0.1), (2100, 0.0), (2100, 1.0)] {
        let logits = random(&mut r, 2 * n, 2.0);
        let labels = [1, n as i64 - 1];
        let loss = CrossEntropyLoss { label_smoothing: smoothing, ..CrossEntropyLoss::default() };
        let mut gradient = vec![0.0; 2 * n];
        let value = loss.value_and_gradient_into(rows(&logits, n), &labels, &mut gradient).unwrap();
        let theirs = [0, 1]
            .map(|i| conventions::torch_cross_entropy(&logits[i * n..(i + 1) * n], labels[i] as usize, smoothing));
        close(value, (theirs[0] + theirs[1]) / 2.0, tolerance::CONVENTION);
        if n < 100 {
            check_gradient(&logits, &gradient, |x| loss.forward(rows(x, n), &labels).unwrap());
        }
    }
}

/// Singles, with rests of vectors and of blocks.
#[test]
fn cross_entropy_of_singles() {
    let mut r = SplitMix::new(11);
    let [promise, _] = tolerance::LOGITS;
    for n in [1, 5, 33, 1024, 1025, 3071] {
        let logits: Vec<f32> = random(&mut r, n, 3.0).into_iter().map(|x| x as f32).collect();
        let doubles: Vec<f64> = logits.iter().map(|x| f64::from(*x)).collect();
        let label = n as i64 / 2;
        for label_smoothing in [0.0, 0.1] {
            let loss = CrossEntropyLoss { label_smoothing, ..CrossEntropyLoss::default() };
            let (mut gradient, mut truth) = (vec![0.0f32; n], vec![0.0; n]);
            let value = loss.value_and_gradient_into(Rows::new(&logits, n).unwrap(), &[label], &mut gradient).unwrap();
            let expected = loss.value_and_gradient_into(rows(&doubles, n), &[label], &mut truth).unwrap();
            close(value, expected, promise.value);
            let largest = truth.iter().fold(0.0, |max, x| f64::max(max, x.abs()));
            let near = |(a, b): (&f32, &f64)| (f64::from(*a) - b).abs() <= promise.gradient * largest;
            assert!(gradient.iter().zip(&truth).all(near), "{n}");
        }
    }
}

#[test]
fn cross_entropy_at_the_edges() {
    let loss = CrossEntropyLoss { reduction: Reduction::Sum, ..CrossEntropyLoss::default() };
    let of = |logits: &[f64], label: i64, smoothing: f64| {
        let mut gradient = vec![5.0; logits.len()];
        let loss = CrossEntropyLoss { label_smoothing: smoothing, ..loss };
        let value = loss.value_and_gradient_into(rows(logits, logits.len()), &[label], &mut gradient).unwrap();
        (value, gradient)
    };
    // A sure label: ln(1 + e^−50), of which the plain form keeps no digit.
    let (value, gradient) = of(&[60.0, 10.0], 0, 0.0);
    close(value, (-50f64).exp(), tolerance::CONVENTION);
    close(gradient[0], -(-50f64).exp(), tolerance::CONVENTION);
    // Far from 0 nothing is lost.
    close(of(&[1e8 + 1.0, 1e8], 1, 0.0).0, 1.0 + (-1f64).exp().ln_1p(), tolerance::CONVENTION);
    // Masked entries have gradient 0 and no part in the smoothing.
    let (value, gradient) = of(&[0.0, MASKED, 0.0], 0, 0.5);
    close(value, 2f64.ln(), tolerance::CONVENTION);
    assert_eq!(gradient[1], 0.0);
    let (value, gradient) = of(&[1.0, MASKED], 1, 0.0);
    assert_eq!((value, gradient), (f64::INFINITY, vec![0.0; 2]));
    assert_eq!(of(&[1.0, MASKED], 0, 0.0), (0.0, vec![0.0; 2]));
    // All of the label is smoothing: whether it is masked does not matter.
    assert_eq!(of(&[1.0, MASKED], 1, 1.0), (0.0, vec![0.0; 2]));

    let row = |reason| Err(Error::Row { p: 0, q: 0, reason });
    let forward = |logits: &[f64], label| loss.forward(rows(logits, logits.len()), &[label]);
    assert_eq!(forward(&[0.0, f64::NAN], 0), row(RowError::NotFinite { side: Side::Q, index: 1 }));
    assert_eq!(forward(&[f64::INFINITY, 0.0], 0), row(RowError::NotFinite { side: Side::Q, index: 0 }));
    assert_eq!(forward(&[MASKED; 2], 0), row(RowError::ZeroMass { side: Side::Q }));
    assert_eq!(forward(&[0.0; 2], 2), Err(Error::NoCategory { row: 0, category: 2, categories: 2 }));
    assert_eq!(forward(&[0.0; 2], -1), Err(Error::NoCategory { row: 0, category: -1, categories: 2 }));
}

#[test]
fn ignored_rows_count_nowhere() {
    let mut r = SplitMix::new(4);
    let n = 5;
    let (teacher, mut student) = (random(&mut r, 3 * n, 2.0), random(&mut r, 3 * n, 2.0));
    let alone = |x: &[f64]| x[n..2 * n].to_vec();
    let (one_teacher, one_student) = (alone(&teacher), alone(&student));
    // They are not even looked at.
    student[0] = f64::NAN;
    let labels = [-100, 2, -100];
    for (reduction, divisor) in [(Reduction::Sum, 1.0), (Reduction::Mean, 1.0), (Reduction::BatchMean, 3.0)] {
        let hard = CrossEntropyLoss { reduction, ..CrossEntropyLoss::default() };
        let mut gradient = vec![5.0; 3 * n];
        let value = hard.value_and_gradient_into(rows(&student, n), &labels, &mut gradient).unwrap();
        close(value, conventions::torch_cross_entropy(&one_student, 2, 0.0) / divisor, tolerance::CONVENTION);
        assert!(gradient[..n].iter().chain(&gradient[2 * n..]).all(|slope| *slope == 0.0));

        for name in ["kl", "reverse-kl", "js", "tv"] {
            let loss = Distillation { reduction, hard_label_weight: 0.3, ..Distillation::new(measure(name), 2.0) };
            let (mut by_t, mut by_s) = (vec![5.0; 3 * n], vec![5.0; 3 * n]);
            let (t, s) = (rows(&teacher, n), rows(&student, n));
            let value = loss.value_and_gradients_into(t, s, Some(&labels), Some(&mut by_t), Some(&mut by_s)).unwrap();
            let one = loss.forward(rows(&one_teacher, n), rows(&one_student, n), Some(&[2])).unwrap();
            close(value, one / divisor, tolerance::CONVENTION);
            for gradient in [by_t, by_s] {
                assert!(gradient[..n].iter().chain(&gradient[2 * n..]).all(|slope| *slope == 0.0));
                assert!(gradient[n..2 * n].iter().all(|slope| *slope != 0.0));
            }

            let mut gradient = vec![5.0; 3 * n];
            let value = loss.value_and_gradient_into(t, s, Some(&[-100; 3]), &mut gradient).unwrap();
            assert!(value == 0.0 && gradient.iter().all(|slope| *slope == 0.0));
        }
        assert_eq!(hard.forward(rows(&student, n), &[-100; 3]), Ok(0.0));
    }
}

#[test]
fn entropies() {
    let mut r = SplitMix::new(5);
    let (n, temperature) = (7, 1.7);
    let (p, q) = (random(&mut r, 2 * n, 2.0), random(&mut r, 2 * n, 2.0));
    let mut gradient = vec![0.0; 2 * n];
    let h = entropy_from_logits(rows(&p, n), temperature, Some(&mut gradient)).unwrap();
    check_gradient(&p, &gradient, |x| entropy_from_logits(rows(x, n), temperature, None).unwrap().iter().sum());

    let (mut by_p, mut by_q) = (vec![0.0; 2 * n], vec![0.0; 2 * n]);
    let (a, b) = (rows(&p, n), rows(&q, n));
    let cross = cross_entropy_from_logits(a, b, temperature, Some(&mut by_p), Some(&mut by_q)).unwrap();
    let of = |a: &[f64], b: &[f64]| cross_entropy_from_logits(rows(a, n), rows(b, n), temperature, None, None).unwrap();
    check_gradient(&p, &by_p, |x| of(x, &q).iter().sum());
    check_gradient(&q, &by_q, |x| of(&p, x).iter().sum());

    let mut kl = [0.0; 2];
    let pair = LogitRows::new(a, b).unwrap().with_temperature(temperature).unwrap();
    pair.measure_into(Measure::Kl, &mut kl, None, None).unwrap();
    for i in 0..2 {
        let lp = conventions::log_softmax(&p[i * n..(i + 1) * n], temperature);
        let theirs: f64 = -lp.iter().map(|x| x.exp() * x).sum::<f64>();
        close(h[i], theirs, tolerance::CONVENTION);
        close(cross[i] - h[i], kl[i], tolerance::CONVENTION);
    }
    let masked = [0.0, MASKED, 0.0, MASKED];
    let mut gradient = [5.0; 4];
    let h = entropy_from_logits(rows(&masked, 4), 1.0, Some(&mut gradient)).unwrap();
    close(h[0], 2f64.ln(), tolerance::CONVENTION);
    assert!(gradient.iter().all(|slope| slope.abs() <= f64::EPSILON) && gradient[1] == 0.0);
}

#[test]
fn gradients_of_distillation() {
    let mut r = SplitMix::new(6);
    // The student knows two tokens more.
    let (t, s) = (random(&mut r, 3 * 6, 1.5), random(&mut r, 3 * 8, 1.5));
    let labels = [7, -100, 0];
    for name in ["kl", "reverse-kl", "js"] {
        for reduction in [Reduction::Mean, Reduction::BatchMean] {
            // Where the teacher has no mass its reverse is infinite.
            let columns = if name == "reverse-kl" { 6 } else { 8 };
            let (s, labels) = (&s[..3 * columns], labels.map(|label| label.min(columns as i64 - 1)));
            let loss = Distillation {
                scale_t2: true,
                hard_label_weight: 0.25,
                label_smoothing: 0.1,
                reduction,
                ..Distillation::new(measure(name), 2.0)
            };
            let (mut by_t, mut by_s) = (vec![0.0; t.len()], vec![0.0; s.len()]);
            let of = |t: &[f64], s: &[f64]| loss.forward(rows(t, 6), rows(s, columns), Some(&labels)).unwrap();
            let to = (Some(&mut by_t[..]), Some(&mut by_s[..]));
            let value = loss.value_and_gradients_into(rows(&t, 6), rows(s, columns), Some(&labels), to.0, to.1);
            assert_eq!(value.unwrap().to_bits(), of(&t, s).to_bits());
            check_gradient(s, &by_s, |x| of(&t, x));
            check_gradient(&t, &by_t, |x| of(x, s));
            let mut again = vec![0.0; s.len()];
            loss.value_and_gradient_into(rows(&t, 6), rows(s, columns), Some(&labels), &mut again).unwrap();
            assert!(again.iter().zip(&by_s).all(|(a, b)| (a - b).abs() <= tolerance::DIFFERENCE));
        }
    }
}

#[test]
fn distillation_at_the_edges() {
    // Both sides underflow in all but one entry; elsewhere ln 0 meets 0·∞.
    let both = [0.0f32, -200.0, -200.0, -1e30, f32::NEG_INFINITY];
    let mut other = both;
    other[1] = -190.0;
    for name in ["js", "gjs=0.1", "kl", "reverse-kl", "tv"] {
        let loss = Distillation::new(measure(name), 1.0);
        let mut gradient = [5.0f32; 5];
        let (p, q) = (Rows::new(&both, 5).unwrap(), Rows::new(&other, 5).unwrap());
        let value = loss.value_and_gradient_into(p, q, None, &mut gradient).unwrap();
        assert!((0.0..1e-30).contains(&value) && gradient.iter().all(|slope| slope.is_finite()), "{name}: {value}");
        assert_eq!(loss.forward(p, p, None), Ok(0.0));
    }
    // A longer student: what the teacher lacks has no mass there.
    let (t, s) = ([1.0, 2.0], [1.0, 2.0, 0.5]);
    let loss = Distillation::new(Measure::Kl, 1.0);
    let value = loss.forward(rows(&t, 2), rows(&s, 3), Some(&[2])).unwrap();
    let rest = 1.0 - conventions::log_softmax(&s, 1.0)[2].exp();
    close(value, -rest.ln(), tolerance::CONVENTION);

    let (t, s) = (rows(&t, 2), rows(&s, 3));
    let hard = Distillation { hard_label_weight: 0.5, ..loss };
    let expected = "0 without labels";
    assert_eq!(hard.forward(t, s, None), Err(Error::Parameter { name: "hard_label_weight", value: 0.5, expected }));
    assert_eq!(loss.forward(t, s, Some(&[3])), Err(Error::NoCategory { row: 0, category: 3, categories: 3 }));
    assert_eq!(loss.forward(t, s, Some(&[])), Err(Error::Shape { len: 0, needed: 1 }));
    for bad in [0.0, f64::NAN] {
        assert!(Distillation { temperature: bad, ..loss }.forward(t, s, None).is_err());
    }
    assert!(Distillation { label_smoothing: 1.5, ..loss }.forward(t, s, None).is_err());
}

/// Rows of several pieces, one of them refused.
#[test]
fn the_bits_do_not_depend_on_threads() {
    let mut r = SplitMix::new(7);
    let (count, n) = (150, 1001);
    let single = |x: Vec<f64>| x.into_iter().map(|x| x as f32).collect::<Vec<_>>();
    let (t, mut s) = (single(random(&mut r, count * n, 2.0)), single(random(&mut r, count * n, 2.0)));
    let labels: Vec<i64> = (0..count as i64).map(|i| if i % 7 == 0 { -100 } else { i * 6 }).collect();
    let loss = Distillation { hard_label_weight: 0.5, label_smoothing: 0.1, ..Distillation::new(Measure::Kl, 2.0) };
    let on = |threads, s: &[f32]| {
        let mut gradient = vec![0.0f32; count * n];
        let (t, s) = (Rows::new(&t, n).unwrap(), Rows::new(s, n).unwrap());
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let value = pool.install(|| loss.value_and_gradient_into(t, s, Some(&labels), &mut gradient));
        (value, gradient)
    };
    assert!(on(1, &s) == on(2, &s));
    s[141 * n + 3] = f32::NAN;
    let reason = RowError::NotFinite { side: Side::Q, index: 3 };
    assert_eq!(on(2, &s).0, Err(Error::Row { p: 141, q: 141, reason }));
}

/// Every row of the table in the documentation of `kullback::loss`.
#[test]
fn what_others_call_it() {
    let mut r = SplitMix::new(8);
    for n in [2, 9, 60] {
        let (t, s) = (random(&mut r, n, 2.0), random(&mut r, n, 2.0));
        let (a, b) = (rows(&t, n), rows(&s, n));
        let (lp, lq) = (conventions::log_softmax(&t, 1.0), conventions::log_softmax(&s, 1.0));
        let p: Vec<f64> = lp.iter().map(|x| x.exp()).collect();
        let kl = KlDivLoss::new(Reduction::Sum);
        let same = |ours: Result<f64, Error>, theirs: f64| close(ours.unwrap(), theirs, tolerance::CONVENTION);
        fn distil<D: Objective>(d: D, a: Rows<'_, f64>, b: Rows<'_, f64>, temperature: f64) -> Result<f64, Error> {
            Distillation::new(d, temperature).forward(a, b, None)
        }
        let entropy = entropy_from_logits(a, 1.0, None).unwrap()[0];

        same(kl.forward(&lq, &p, 1), conventions::torch_kl_div(&lq, &p, false));
        same(KlDivLoss { log_target: true, ..kl }.forward(&lq, &lp, 1), conventions::torch_kl_div(&lq, &lp, true));
        same(CrossEntropyLoss::default().forward(b, &[1]), conventions::torch_cross_entropy(&s, 1, 0.0));
        let hinton = Distillation { scale_t2: true, ..Distillation::new(Measure::Kl, 3.0) };
        same(hinton.forward(a, b, None), conventions::modelopt_logits_distillation(&t, &s, 3.0));
        for temperature in [1.0, 2.0] {
            let theirs = |beta| conventions::generalized_jsd(&t, &s, beta, temperature);
            for beta in [0.1, 0.5, 0.9] {
                same(distil(Measure::GeneralizedJensenShannon(beta), a, b, temperature), theirs(beta));
            }
            same(distil(Measure::Kl, a, b, temperature), theirs(0.0));
            same(distil(Measure::ReverseKl, a, b, temperature), theirs(1.0));
        }
        same(distil(Measure::TotalVariation, a, b, 1.0), conventions::liger_tvd(&t, &s));
        for lambda in [0.1, 0.9] {
            let js = Measure::GeneralizedJensenShannon(1.0 - lambda);
            same(distil(js, a, b, 1.0), conventions::distillm_js(&t, &s, lambda));
            let skew = distil(Measure::SkewKl(lambda), a, b, 1.0).unwrap();
            same(Ok(skew + entropy), conventions::distillm_skewed_forward_kl(&t, &s, lambda));
            let reverse = Reverse(SkewKl::new(lambda).unwrap());
            same(distil(reverse, a, b, 1.0), conventions::distillm_skewed_reverse_kl(&t, &s, lambda));
        }
        let forward = distil(CrossEntropy, a, b, 1.0).unwrap();
        let backward = distil(Measure::ReverseKl, a, b, 1.0).unwrap();
        same(Ok(forward), conventions::torchtune_forward_kl(&t, &s));
        same(distil(Measure::Kl, a, b, 1.0).map(|kl| kl + entropy), conventions::torchtune_forward_kl(&t, &s));
        same(Ok(backward), conventions::torchtune_reverse_kl(&t, &s));
        same(Ok(0.3 * forward + 0.7 * backward), conventions::torchtune_symmetric_kl(&t, &s, 0.3));

        let k = n.div_ceil(3);
        let ids: Vec<u32> = (0..k as u32).map(|i| (i * 7 + 1) % n as u32).collect();
        let logs = conventions::at(&lp, &ids);
        let list = |remainder| sparse(Kl, &ids, &logs, &s, remainder, 1.0).0;
        same(Ok(list(Remainder::TailBucket)), conventions::tail_bucket_kl(&ids, &logs, &s));
        let share = |logs: &[f64]| logs.iter().map(|x| x.exp()).sum::<f64>();
        let correction = share(&logs) - share(&conventions::at(&lq, &ids));
        same(Ok(list(Remainder::Truncate) + correction), conventions::verl_forward_kl_topk(&ids, &logs, &s));
        if k > 1 {
            same(Ok(list(Remainder::Renormalise)), conventions::renormalised_kl(&ids, &logs, &s));
        }
    }
}

fn sparse<D: Divergence>(
    divergence: D,
    ids: &[u32],
    logs: &[f64],
    student: &[f64],
    remainder: Remainder,
    temperature: f64,
) -> (f64, Vec<f64>) {
    let (mut values, mut gradient) = ([0.0], vec![5.0; student.len()]);
    let teacher = SparseTeacher::new(Rows::new(ids, ids.len()).unwrap(), rows(logs, logs.len()), remainder).unwrap();
    let teacher = teacher.with_temperature(temperature).unwrap();
    let student = rows(student, student.len());
    teacher.values_and_gradient_into(divergence, student, &mut values, Some(&mut gradient)).unwrap();
    (values[0], gradient)
}

fn sparse_gradients<D: Divergence>(divergence: D) {
    let mut r = SplitMix::new(9);
    let n = 60;
    let (t, s) = (random(&mut r, n, 1.5), random(&mut r, n, 1.5));
    let ids = [3, 59, 0, 17];
    let logs = conventions::at(&conventions::log_softmax(&t, 1.0), &ids);
    for remainder in [Remainder::Truncate, Remainder::Renormalise, Remainder::TailBucket] {
        for temperature in [1.0, 2.0] {
            let (value, gradient) = sparse(divergence, &ids, &logs, &s, remainder, temperature);
            assert!(value >= 0.0);
            check_gradient(&s, &gradient, |x| sparse(divergence, &ids, &logs, x, remainder, temperature).0);
        }
    }
}

#[test]
fn gradients_of_sparse_teachers() {
    sparse_gradients(Kl);
    sparse_gradients(JensenShannon::HALF);
}

#[test]
fn sparse_teachers_at_the_edges() {
    // The student thinks more of the list than the teacher: Σ p ln(p/q) is negative.
    let (ids, logs, s) = ([1u32, 0], [0.3f64.ln(), 0.3f64.ln()], [2.0, 2.0, 0.0, 0.0]);
    assert!(conventions::verl_forward_kl_topk(&ids, &logs, &s) < 0.0);
    assert!(sparse(Kl, &ids, &logs, &s, Remainder::Truncate, 1.0).0 > 0.0);
    assert!(sparse(Kl, &ids, &logs, &s, Remainder::TailBucket, 1.0).0 > 0.0);

    // All of the vocabulary: every mode is the dense teacher.
    let mut r = SplitMix::new(10);
    let (t, s) = (random(&mut r, 5, 1.0), random(&mut r, 5, 1.0));
    let (ids, logs) = ([0, 1, 2, 3, 4], conventions::log_softmax(&t, 1.0));
    let dense = Distillation::new(Measure::Kl, 1.0).forward(rows(&t, 5), rows(&s, 5), None).unwrap();
    for remainder in [Remainder::Truncate, Remainder::Renormalise, Remainder::TailBucket] {
        close(sparse(Kl, &ids, &logs, &s, remainder, 1.0).0, dense, tolerance::CONVENTION);
    }
    // A rest of 1e-10 is neither lost nor cancelled; one of 0 is none.
    let near = [-1e-10f64];
    let (value, _) = sparse(Kl, &[0], &near, &[0.0, -23.0], Remainder::TailBucket, 1.0);
    let ln_mass = (-23f64).exp().ln_1p();
    let tail = -near[0].exp_m1();
    let theirs = near[0].exp() * (near[0] + ln_mass) + tail * (tail.ln() + 23.0 + ln_mass);
    close(value, theirs, tolerance::DIFFERENCE);
    assert_eq!(sparse(Kl, &[0], &[0.0], &[0.0, MASKED], Remainder::TailBucket, 1.0).0, 0.0);
    // A short list, filled up; masked entries have gradient 0.
    let (value, gradient) =
        sparse(Kl, &[2, 9999], &[0.5f64.ln(), MASKED], &[0.0, MASKED, 1.0], Remainder::TailBucket, 1.0);
    assert!(value > 0.0 && gradient[1] == 0.0);
    close(gradient[0], -gradient[2], tolerance::CONVENTION);

    let refused = |ids: [u32; 2], logs: [f64; 2], s: [f64; 3]| {
        let (mut values, ids) = ([0.0], Rows::new(&ids, 2).unwrap());
        let teacher = SparseTeacher::new(ids, rows(&logs, 2), Remainder::TailBucket).unwrap();
        teacher.values_and_gradient_into(Kl, rows(&s, 3), &mut values, None).unwrap_err()
    };
    let (logs, s) = ([-1.0, -2.0], [0.0; 3]);
    assert_eq!(refused([1, 1], logs, s), Error::Repeated { row: 0, category: 1 });
    assert_eq!(refused([1, 3], logs, s), Error::NoCategory { row: 0, category: 3, categories: 3 });
    let row = |reason| Error::Row { p: 0, q: 0, reason };
    assert_eq!(refused([0, 1], [-1.0, f64::NAN], s), row(RowError::NotFinite { side: Side::P, index: 1 }));
    assert_eq!(refused([0, 1], logs, [0.0, 0.0, f64::NAN]), row(RowError::NotFinite { side: Side::Q, index: 2 }));
    assert_eq!(refused([0, 1], logs, [0.0, f64::NAN, 0.0]), row(RowError::NotFinite { side: Side::Q, index: 1 }));
    assert_eq!(refused([0, 1], [MASKED; 2], s), row(RowError::ZeroMass { side: Side::P }));
    assert_eq!(refused([0, 1], logs, [MASKED; 3]), row(RowError::ZeroMass { side: Side::Q }));
}
