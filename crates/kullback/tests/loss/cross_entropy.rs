use super::*;

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
