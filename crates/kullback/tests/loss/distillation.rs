use super::sparse::sparse;
use super::*;

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
