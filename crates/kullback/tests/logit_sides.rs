//! Sides of a batch that are given as probabilities, or have temperatures of their own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop where it fails")]

use half::bf16;
use kullback::logits::{Form, LogitRows};
use kullback::{Error, Measure, RowError, Rows, Side};
use kullback_dev::recipe::SplitMix;
use kullback_dev::{oracle, tolerance};

const MEASURES: [&str; 5] = ["kl", "reverse-kl", "js", "renyi=2", "tv"];
const COLUMNS: usize = 70;

fn row(r: &mut SplitMix) -> Vec<f64> {
    (0..COLUMNS).map(|_| 8.0 * r.unit()).collect()
}

fn rows<T>(row: &[T]) -> Rows<'_, T> {
    Rows::new(row, COLUMNS).unwrap()
}

fn near(got: f64, truth: f64, relative: f64) {
    assert!((got - truth).abs() <= relative * truth.abs(), "{got:e} is not {truth:e}");
}

/// A measure's values and both gradients.
fn all<T: kullback::logits::Logit + Default>(batch: &LogitRows<'_, T>, measure: &str, n: usize) -> [Vec<f64>; 3] {
    let measure: Measure = measure.parse().unwrap();
    let (mut values, mut by_p, mut by_q) = (vec![0.0; n / COLUMNS], vec![T::default(); n], vec![T::default(); n]);
    batch.measure_into(measure, &mut values, Some(&mut by_p), Some(&mut by_q)).unwrap();
    let wide = |row: Vec<T>| row.into_iter().map(Into::into).collect();
    [values, wide(by_p), wide(by_q)]
}

#[test]
fn probabilities_are_the_weights_they_are() {
    let mut r = SplitMix::new(5);
    let (mut p, q) = (row(&mut r), row(&mut r));
    p[3] = 0.0;
    let batch = LogitRows::new(rows(&p), rows(&q)).unwrap().with_forms(Form::Probabilities, Form::Probabilities);
    for name in MEASURES {
        let [values, ..] = all(&batch, name, COLUMNS);
        near(values[0], name.parse::<Measure>().unwrap().between(&p, &q).unwrap(), tolerance::LOGITS[1].value);
    }
}

#[test]
fn probabilities_against_logits_are_their_logarithms() {
    let mut r = SplitMix::new(6);
    let (p, q) = (row(&mut r), row(&mut r));
    let logs: Vec<f64> = p.iter().map(|x| x.ln()).collect();
    for temperature in [1.0, 2.0] {
        let set = |p| LogitRows::new(rows(p), rows(&q)).unwrap().with_temperature(temperature).unwrap();
        let given = set(&p).with_forms(Form::Probabilities, Form::Logits);
        for name in MEASURES {
            let (got, truth) = (all(&given, name, COLUMNS), all(&set(&logs), name, COLUMNS));
            for (got, truth) in got.iter().flatten().zip(truth.iter().flatten()) {
                assert!((got - truth).abs() <= tolerance::LOGITS[1].value, "{name}: {got:e} is not {truth:e}");
            }
        }
    }
}

#[test]
fn two_temperatures_divide_each_its_side() {
    let mut r = SplitMix::new(7);
    let (p, q) = (row(&mut r), row(&mut r));
    // Halves and doubles are exact, and so are these rows and their truth at temperature 1.
    let [cold, hot]: [Vec<f64>; 2] = [p.iter().map(|x| x * 2.0).collect(), q.iter().map(|x| x * 0.5).collect()];
    let batch = LogitRows::new(rows(&p), rows(&q)).unwrap().with_temperatures(0.5, 2.0).unwrap();
    for name in MEASURES {
        let [values, by_p, by_q] = all(&batch, name, COLUMNS);
        near(values[0], oracle::logits(name, &cold, &hot, 1.0).unwrap().value(), tolerance::LOGITS[1].value);
        for (got, of_p, factor) in [(by_p, true, 2.0), (by_q, false, 0.5)] {
            let truth = oracle::logit_gradient(name, &cold, &hot, 1.0, of_p).unwrap();
            let largest = truth.iter().fold(values[0], |top, x| x.abs().max(top));
            for (got, truth) in got.iter().zip(truth) {
                assert!((got - factor * truth).abs() <= tolerance::LOGITS[1].gradient * largest, "{name}");
            }
        }
    }
}

#[test]
fn a_shift_does_not_matter_to_two_temperatures() {
    let mut r = SplitMix::new(8);
    let (p, q) = (row(&mut r), row(&mut r));
    let [p, q] = [p, q].map(|row| row.into_iter().map(|x| (x * 8.0).round() as f32).collect::<Vec<f32>>());
    let shifted: Vec<f32> = p.iter().map(|x| x + 1e6).collect();
    let values = |p| {
        let batch = LogitRows::new(rows(p), rows(&q)).unwrap().with_temperatures(3.0, 1.5).unwrap();
        all(&batch, "kl", COLUMNS)[0][0]
    };
    near(values(&shifted), values(&p), tolerance::LOGITS[1].value);
}

#[test]
fn short_floats_and_rows_of_weight_zero() {
    let mut r = SplitMix::new(9);
    let mut p: Vec<bf16> = row(&mut r).into_iter().map(bf16::from_f64).collect();
    let mut q: Vec<bf16> = row(&mut r).into_iter().map(bf16::from_f64).collect();
    let wide = |row: &[bf16]| row.iter().map(|x| x.to_f64()).collect::<Vec<f64>>();
    let truth = Measure::Kl.between(&wide(&p), &wide(&q)).unwrap();
    p.extend(vec![bf16::from_f32(-1.0); COLUMNS]);
    q.extend(vec![bf16::NAN; COLUMNS]);
    let weights = [1.0, 0.0];
    let batch = LogitRows::new(rows(&p), rows(&q)).unwrap().with_forms(Form::Probabilities, Form::Probabilities);
    let [values, by_p, _] = all(&batch.with_weights(&weights).unwrap(), "kl", 2 * COLUMNS);
    near(values[0], truth, tolerance::LOGITS[1].value);
    assert_eq!(values[1], 0.0);
    assert!(by_p[COLUMNS..].iter().all(|x| *x == 0.0));
}

#[test]
fn what_is_refused() {
    let (good, mut bad) = (vec![1.0; 3 * COLUMNS], vec![1.0; 3 * COLUMNS]);
    bad[2 * COLUMNS + 4] = -1.0;
    let batch = LogitRows::new(rows(&bad), rows(&good)).unwrap();
    let got = batch.with_forms(Form::Probabilities, Form::Logits).values(kullback::Kl);
    let reason = RowError::Negative { side: Side::P, index: 4 };
    assert_eq!(got, Err(Error::Row { p: 2, q: 2, reason }));
    bad[2 * COLUMNS + 4] = f64::NAN;
    let batch = LogitRows::new(rows(&good), rows(&bad)).unwrap();
    let got = batch.with_temperatures(1.0, 2.0).unwrap().values(kullback::Kl);
    let reason = RowError::NotFinite { side: Side::Q, index: 4 };
    assert_eq!(got, Err(Error::Row { p: 2, q: 2, reason }));
    assert!(matches!(batch.with_temperatures(0.0, 1.0), Err(Error::Parameter { name: "temperature", .. })));
    assert!(matches!(batch.with_temperatures(1.0, f64::INFINITY), Err(Error::Parameter { .. })));
}
