use super::*;

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
