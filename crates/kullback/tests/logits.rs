//! Logits against the double-double oracle: values and gradients of every measure, for rows of every character.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop where it fails")]

use kullback::logits::{Logit, LogitRows, Shard, Terms};
use kullback::state::{LogitMass, Merge};
use kullback::{Divergence, Error, JensenShannon, Kl, Measure, RowError, Rows, Side};
use kullback_dev::recipe::SplitMix;
use kullback_dev::ulp::relative_error;
use kullback_dev::{oracle, subject, tolerance};

/// Measures with a smooth gradient, the family that people distil with.
const FAMILY: [&str; 12] = [
    "kl",
    "reverse-kl",
    "jeffreys",
    "js",
    "gjs=0.1",
    "skew-kl=0.3",
    "skew-kl=0",
    "renyi=0.5",
    "renyi=2",
    "hellinger",
    "chi2",
    "tv",
];

fn normal(r: &mut SplitMix) -> f64 {
    (0..12).map(|_| r.unit()).sum::<f64>() - 6.0
}

/// Two rows of `n` logits, rounded to singles so that both types get the same numbers.
fn rows(r: &mut SplitMix, kind: &str, n: usize) -> (Vec<f64>, Vec<f64>) {
    let single = |x: f64| f64::from(x as f32);
    let mut p: Vec<f64> = (0..n).map(|_| single(3.0 * normal(r))).collect();
    let mut q: Vec<f64> = (0..n).map(|_| single(3.0 * normal(r))).collect();
    match kind {
        "random" => {}
        "peaked" => {
            p[n / 2] += 30.0;
            q[n / 3] += 25.0;
        }
        "deep" => {
            p = p.iter().map(|x| single(8.0 * x)).collect();
            q = q.iter().map(|x| single(6.0 * x)).collect();
        }
        "near" => q = p.iter().map(|x| single(x + 5e-5 * normal(r))).collect(),
        "near-deep" => {
            p = p.iter().map(|x| single(8.0 * x)).collect();
            q = p.iter().map(|x| single(x + 1e-3 * normal(r))).collect();
        }
        "close" => q = p.iter().map(|x| single(x + 0.1 * normal(r))).collect(),
        "shifted" => {
            p = p.iter().map(|x| single(x + 1e6)).collect();
            q = q.iter().map(|x| single(x + 1e6)).collect();
        }
        "shifted-one" => q = q.iter().map(|x| single(x - 1e4)).collect(),
        "near-shifted" => q = p.iter().map(|x| single(single(x + 1e-4 * normal(r)) + 60.0)).collect(),
        "masked" => (0..n).filter(|i| i % 3 == 1).for_each(|i| {
            p[i] = f64::NEG_INFINITY;
            q[i] = f64::NEG_INFINITY;
        }),
        "masked-p" => (0..n).filter(|i| i % 3 == 1).for_each(|i| p[i] = f64::NEG_INFINITY),
        "masked-q" => (0..n).filter(|i| i % 3 == 1).for_each(|i| q[i] = f64::NEG_INFINITY),
        "large-negative" => (0..n).filter(|i| i % 3 == 1).for_each(|i| {
            p[i] = single(-1e9);
            q[i] = single(-1e9);
        }),
        "one-hot" => (0..n).filter(|i| *i != n / 2).for_each(|i| p[i] = f64::NEG_INFINITY),
        "equal" => q.clone_from(&p),
        _ => unreachable!("{kind}"),
    }
    (p, q)
}

const KINDS: [&str; 15] = [
    "random",
    "peaked",
    "deep",
    "near",
    "near-deep",
    "close",
    "shifted",
    "shifted-one",
    "near-shifted",
    "masked",
    "masked-p",
    "masked-q",
    "large-negative",
    "one-hot",
    "equal",
];

#[derive(Debug, Default, Clone, Copy)]
struct Worst {
    value: f64,
    gradient: f64,
}

fn compare(name: &str, kind: &str, n: usize, temperature: f64, p: &[f64], q: &[f64], gradients: bool) -> [Worst; 2] {
    let singles = |row: &[f64]| row.iter().map(|x| *x as f32).collect::<Vec<f32>>();
    let (p32, q32) = (singles(p), singles(q));
    let truth = oracle::logits(name, p, q, temperature).expect("the oracle has it");
    let single = subject::logits_singles(name, (&p32, p.len()), (&q32, q.len()), temperature).expect("valid logits");
    let double = subject::logits(name, (p, p.len()), (q, q.len()), temperature).expect("valid logits");
    let label = format!("{name} of {kind}, n = {n}, T = {temperature}");
    let mut worst = [Worst::default(); 2];
    for (i, value) in [single.values[0], double.values[0]].into_iter().enumerate() {
        assert!(value >= 0.0, "{label}: {value:e}");
        if kind == "equal" {
            assert_eq!(value, 0.0, "{label}");
        } else if (value - truth.value()).abs() > tolerance::LOGITS[i].least(name).max(tolerance::LOGIT_ORACLE)
            || !value.is_finite()
        {
            worst[i].value = relative_error(value, truth);
        }
    }
    let value = double.values[0];
    let max_divergence = name == "max-divergence";
    if gradients && truth.value().is_finite() && !max_divergence {
        for by_p in [false, true] {
            let truth = oracle::logit_gradient(name, p, q, temperature, by_p).expect("the oracle has it");
            let size = match (name, by_p) {
                ("kl", false) => 0.0,
                // Its slopes do not vanish with the value.
                ("tv", _) => 1.0,
                _ => value,
            };
            let largest = truth.iter().fold(size, |top, x| x.abs().max(top));
            let singles: Vec<f64> =
                if by_p { &single.by_p } else { &single.by_q }.iter().map(|x| f64::from(*x)).collect();
            let doubles = if by_p { &double.by_p } else { &double.by_q };
            for (i, got) in [&singles, doubles].into_iter().enumerate() {
                let promise = tolerance::LOGITS[i];
                let sum: f64 = got.iter().sum();
                let nothing = 4.0 * promise.gradient * largest + promise.shift;
                assert!(sum.abs() <= nothing, "{label}: Σ gradient = {sum:e}");
                for (got, truth) in got.iter().zip(&truth) {
                    if kind == "equal" {
                        assert_eq!(*got, 0.0, "{label}");
                    } else if largest > 0.0 {
                        let error = ((got - truth).abs() - promise.shift).max(0.0) / largest;
                        assert!(got.is_finite(), "{label}");
                        worst[i].gradient = worst[i].gradient.max(error);
                    }
                }
            }
        }
    }
    worst
}

fn check(names: &[&str], lengths: &[usize], gradients: bool) {
    let mut failures = Vec::new();
    for name in names {
        // The oracle loses a weight of e^-1e9, and with it its ratio.
        for kind in KINDS.iter().filter(|kind| **kind != "large-negative" || *name != "max-divergence") {
            let mut r = SplitMix::new(17);
            let mut all = [Worst::default(); 2];
            for &n in lengths {
                for temperature in [1.0, 1.7, 0.5] {
                    let (p, q) = rows(&mut r, kind, n);
                    let worst = compare(name, kind, n, temperature, &p, &q, gradients);
                    for (all, worst) in all.iter_mut().zip(worst) {
                        all.value = all.value.max(worst.value);
                        all.gradient = all.gradient.max(worst.gradient);
                    }
                }
            }
            for (worst, promise) in all.iter().zip(tolerance::LOGITS) {
                if !(worst.value <= promise.value && worst.gradient <= promise.gradient) {
                    failures.push(format!("{name} of {kind}: {all:?}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn values_of_every_measure() {
    let names: Vec<&str> = Measure::catalogue().iter().map(|info| info.example).collect();
    check(&names, &[1, 2, 7, 33, 200], false);
}

#[test]
fn long_rows() {
    check(&["kl", "reverse-kl", "js", "tv", "hellinger"], &[2048, 5000], false);
}

#[test]
fn gradients_of_the_family() {
    check(&FAMILY, &[2, 7, 40], true);
}

/// Next to nothing is left of Σ √(pq), and the gradient is the difference of that, normalised, and q.
#[test]
fn gradients_far_from_equality() {
    let (p, q) = ([0.0, 90.0, 1.0], [0.0, -60.0, 1.0]);
    let near = |got: &[f64], want: [f64; 3], error: f64| {
        assert!(got.iter().zip(want).all(|(got, want)| (got - want).abs() <= error), "{got:?} for {want:?}");
    };
    // Halves of the logits: 0, 15 and 1.
    let weights = [0.0, 15.0, 1.0].map(|x: f64| (x - 15.0).exp());
    let (g, of_q) = (weights.map(|w| w / weights.iter().sum::<f64>()), [0.0, -60.0, 1.0].map(f64::exp));
    let by_q = [0, 1, 2].map(|i| of_q[i] / of_q.iter().sum::<f64>() - g[i]);
    let by_p = [0, 1, 2].map(|i| f64::from(u8::from(i == 1)) - g[i]);
    let double = subject::logits("renyi=0.5", (&p, 3), (&q, 3), 1.0).unwrap();
    near(&double.by_q, by_q, 1e-13);
    near(&double.by_p, by_p, 1e-13);
    let singles = |x: [f64; 3]| x.map(|x| x as f32);
    let single = subject::logits_singles("renyi=0.5", (&singles(p), 3), (&singles(q), 3), 1.0).unwrap();
    let wide = |x: &[f32]| x.iter().map(|x| f64::from(*x)).collect::<Vec<f64>>();
    near(&wide(&single.by_q), by_q, 1e-6);
    near(&wide(&single.by_p), by_p, 1e-6);
}

#[test]
fn what_is_refused() {
    let good = [0.0f32, 1.0, 2.0, 3.0];
    for (bad, side) in [(f32::NAN, Side::Q), (f32::INFINITY, Side::P)] {
        let mut row = good;
        row[2] = bad;
        let (p, q) = if side == Side::P { (&row, &good) } else { (&good, &row) };
        let got = subject::logits_singles("kl", (p, 2), (q, 2), 1.0).map(|answer| answer.values);
        assert_eq!(got, Err(Error::Row { p: 1, q: 1, reason: RowError::NotFinite { side, index: 0 } }));
    }
    let masked = [f32::NEG_INFINITY; 4];
    let got = subject::logits_singles("js", (&good, 4), (&masked, 4), 1.0).map(|answer| answer.values);
    assert_eq!(got, Err(Error::Row { p: 0, q: 0, reason: RowError::ZeroMass { side: Side::Q } }));
}

/// A generic function of the library, compiled here: few and short rows.
fn bits_by_threads_and_shards<D: Divergence>(divergence: D, near: bool) {
    let mut r = SplitMix::new(3);
    let (rows, n) = (70, 5000);
    let p: Vec<f32> = (0..rows * n).map(|_| (3.0 * normal(&mut r)) as f32).collect();
    let other = |x: &f32| if near { x + (1e-3 * normal(&mut r)) as f32 } else { (2.0 * normal(&mut r)) as f32 };
    let q: Vec<f32> = p.iter().map(other).collect();
    let batch = LogitRows::new(Rows::new(&p, n).unwrap(), Rows::new(&q, n).unwrap()).unwrap();
    let on = |threads| {
        let mut gradient = vec![0.0f32; rows * n];
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let values = pool.install(|| batch.value_and_gradient(divergence, &mut gradient)).unwrap();
        (values, gradient)
    };
    let (values, gradient) = on(1);
    assert!((values.clone(), gradient.clone()) == on(2));

    for cuts in [vec![0, 2048, n], vec![0, 4096, n], vec![0, 2048, 4096, n]] {
        let shards: Vec<_> =
            cuts.windows(2).map(|cut| Shard::new(&p[cut[0]..cut[1]], &q[cut[0]..cut[1]]).unwrap()).collect();
        let mass = shards.iter().map(|shard| shard.mass().unwrap()).fold(LogitMass::IDENTITY, LogitMass::merge);
        let mass = LogitMass::from_bytes(mass.to_bytes());
        let mut frame = shards[0].frame(mass).unwrap();
        let terms = loop {
            let terms =
                shards.iter().map(|shard| shard.terms(divergence, &frame).unwrap()).fold(Terms::IDENTITY, Terms::merge);
            match frame.refined(divergence, &terms) {
                Some(better) => frame = better,
                None => break Terms::from_bytes(terms.to_bytes()),
            }
        };
        assert_eq!(frame.value(divergence, &terms).to_bits(), values[0].to_bits());
        let mut whole = vec![0.0f32; n];
        for (shard, cut) in shards.iter().zip(cuts.windows(2)) {
            shard.gradient_into(divergence, &frame, &terms, 1.0, &mut [], &mut whole[cut[0]..cut[1]]).unwrap();
        }
        assert!(whole == gradient[..n]);
    }
}

#[test]
fn the_bits_depend_neither_on_threads_nor_on_shards() {
    bits_by_threads_and_shards(Kl, false);
    bits_by_threads_and_shards(Kl, true);
    bits_by_threads_and_shards(JensenShannon::HALF, false);
}

/// Near-equal, masked and ordinary rows of few entries.
#[test]
fn never_negative_and_never_nan() {
    let mut r = SplitMix::new(9);
    for (name, rows) in [("kl", 350_000), ("js", 50_000), ("tv", 50_000), ("renyi=2", 50_000)] {
        for columns in [2, 5] {
            let p: Vec<f32> = (0..rows * columns).map(|_| (4.0 * normal(&mut r)) as f32).collect();
            let mut q: Vec<f32> = Vec::with_capacity(p.len());
            for (i, x) in p.iter().enumerate() {
                let scale = 10f64.powi(-((i / columns % 10) as i32));
                let masked = i % columns > 0 && r.bits().is_multiple_of(16);
                q.push(if masked { f32::NEG_INFINITY } else { x + (scale * normal(&mut r)) as f32 });
            }
            let answer = subject::logits_singles(name, (&p, columns), (&q, columns), 1.0).unwrap();
            assert!(answer.values.iter().all(|value| *value >= 0.0), "{name}");
            assert!(answer.by_q.iter().all(|slope| slope.is_finite()), "{name}");
        }
    }
}

/// A vocabulary that one side lacks the end of is masked there, not padded with zeros.
#[test]
fn vocabularies_of_different_length() {
    let (teacher, student) = ([1.0, 2.0, 0.5], [0.5, 1.0, 0.0, 3.0, -1.0]);
    let padded = [1.0, 2.0, 0.5, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for name in ["kl", "js", "tv", "reverse-kl"] {
        let short = subject::logits(name, (&teacher, 3), (&student, 5), 1.0).unwrap();
        let long = subject::logits(name, (&padded, 5), (&student, 5), 1.0).unwrap();
        assert_eq!(short.values, long.values, "{name}");
        assert_eq!(short.by_q, long.by_q, "{name}");
        assert_eq!(short.by_p, long.by_p[..3], "{name}");
    }
}

/// Short floats are widened as they are read: the value is that of the singles they stand for, bit for bit, and the
/// gradient that one rounded. On rows side by side, and on rows by themselves.
#[test]
fn short_floats() {
    let mut r = SplitMix::new(23);
    for columns in [10, 1500] {
        let logits: Vec<half::bf16> =
            (0..2 * 40 * columns).map(|_| half::bf16::from_f64(3.0 * normal(&mut r))).collect();
        let halves: Vec<half::f16> = logits.iter().map(|x| half::f16::from_f32(x.to_f32())).collect();
        let singles: Vec<f32> = logits.iter().map(|x| x.to_f32()).collect();
        let measure: Measure = "js".parse().unwrap();
        let (values, gradient) = both(&singles, columns, measure, 0.0f32);
        let (of_bf16, short) = both(&logits, columns, measure, half::bf16::ZERO);
        assert_eq!(of_bf16, values);
        assert!(short.iter().zip(&gradient).all(|(short, x)| *short == half::bf16::from_f32(*x)));
        let (of_f16, short) = both(&halves, columns, measure, half::f16::ZERO);
        assert_eq!(of_f16, values);
        assert!(short.iter().zip(&gradient).all(|(short, x)| *short == half::f16::from_f32(*x)));
    }
}

/// Buffers of another length are refused, whatever the type.
#[test]
fn buffers_of_another_length() {
    let (singles, short) = ([0.0f32; 6], [half::bf16::ZERO; 6]);
    fn refused<T: Logit>(logits: &[T; 6], rows: usize, slopes: usize) {
        let side = Rows::new(&logits[..], 3).unwrap();
        let batch = LogitRows::new(side, side).unwrap();
        let (mut values, mut gradient) = (vec![0.0; rows], vec![logits[0]; slopes]);
        let got = batch.measure_into("kl".parse().unwrap(), &mut values, None, Some(&mut gradient));
        let (len, needed) = if rows == 2 { (slopes, 6) } else { (rows, 2) };
        assert_eq!(got, Err(Error::Shape { len, needed }));
    }
    for (rows, slopes) in [(2, 5), (2, 7), (1, 6), (3, 6)] {
        refused(&singles, rows, slopes);
        refused(&short, rows, slopes);
    }
}

/// Values and gradient of the first half of the rows against the second.
fn both<T: Logit>(logits: &[T], columns: usize, measure: Measure, zero: T) -> (Vec<f64>, Vec<T>) {
    let (p, q) = logits.split_at(logits.len() / 2);
    let rows = LogitRows::new(Rows::new(p, columns).unwrap(), Rows::new(q, columns).unwrap()).unwrap();
    let (mut values, mut gradient) = (vec![f64::NAN; p.len() / columns], vec![zero; q.len()]);
    rows.measure_into(measure, &mut values, None, Some(&mut gradient)).unwrap();
    (values, gradient)
}

/// What comes of a row does not depend on its neighbours, on their masks, or on rows that are not looked at.
#[test]
fn rows_side_by_side_do_not_mind_each_other() {
    let mut r = SplitMix::new(29);
    for (columns, name) in [(5, "kl"), (10, "js"), (64, "kl"), (65, "kl")] {
        let measure: Measure = name.parse().unwrap();
        let n = 75;
        let p: Vec<f64> = (0..n * columns).map(|_| 3.0 * normal(&mut r)).collect();
        let mut q: Vec<f64> =
            p.iter().map(|x| x + [1e-6, 0.1, 3.0][(r.bits() % 3) as usize] * normal(&mut r)).collect();
        q[2 * columns] = f64::NEG_INFINITY;
        q[3 * columns..4 * columns].fill(f64::NAN);
        let weights: Vec<f64> = (0..n).map(|i| if i == 3 { 0.0 } else { 1.0 + i as f64 }).collect();
        let of = |range: std::ops::Range<usize>| {
            let cut = range.start * columns..range.end * columns;
            let side = |x| Rows::new(x, columns).unwrap();
            let rows = LogitRows::new(side(&p[cut.clone()]), side(&q[cut])).unwrap();
            let rows = rows.with_weights(&weights[range.clone()]).unwrap();
            let (mut values, mut gradient) = (vec![f64::NAN; range.len()], vec![f64::NAN; range.len() * columns]);
            rows.measure_into(measure, &mut values, None, Some(&mut gradient)).unwrap();
            (values, gradient)
        };
        let (values, gradient) = of(0..n);
        assert!(values[3] == 0.0 && gradient[3 * columns..4 * columns].iter().all(|slope| *slope == 0.0));
        assert_eq!(values[2], if name == "kl" { f64::INFINITY } else { values[2] });
        assert!(gradient.iter().all(|slope| slope.is_finite()));
        for i in 0..n {
            let (value, slopes) = of(i..i + 1);
            assert_eq!(value[0], values[i], "{columns}: row {i}");
            assert_eq!(slopes, gradient[i * columns..(i + 1) * columns], "{columns}: row {i}");
        }
    }
}
