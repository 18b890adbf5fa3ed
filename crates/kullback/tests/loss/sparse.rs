use super::*;

pub(crate) fn sparse<D: Divergence>(
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
