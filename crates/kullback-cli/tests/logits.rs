//! `kullback logits`: the contract, line by line, against plain double precision.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::f64::consts::LN_2;
use std::fs;
use std::path::Path;

use common::{array, error, failure, json, read_array, safetensors, stdout, write};
use half::{bf16, f16};
use serde_json::Value;

const NONE: f64 = f64::NEG_INFINITY;

/// Numbers like logits, the same in every run.
fn logits(seed: u64, n: usize) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1u64 << 24) as f64
    };
    // Multiples of a sixteenth, which every type holds exactly.
    (0..n).map(|_| ((next() + next() + next() - 1.5) * 64.0).round() / 16.0).collect()
}

fn singles(logits: &[f64]) -> Vec<u8> {
    logits.iter().flat_map(|&x| (x as f32).to_le_bytes()).collect()
}

fn doubles(logits: &[f64]) -> Vec<u8> {
    logits.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// Two arrays of singles in files.
fn pair(folder: &Path, shape: [usize; 2], p: &[f64], q: &[f64]) -> [String; 2] {
    [("p.npy", p), ("q.npy", q)].map(|(name, logits)| write(folder, name, array("<f4", &shape, &singles(logits))))
}

fn softmax(row: &[f64], temperature: f64) -> Vec<f64> {
    let top = row.iter().copied().fold(NONE, f64::max);
    let weights: Vec<f64> = row.iter().map(|x| ((x - top) / temperature).exp()).collect();
    let mass: f64 = weights.iter().sum();
    weights.iter().map(|w| w / mass).collect()
}

fn kl(p: &[f64], q: &[f64]) -> f64 {
    p.iter().zip(q).filter(|(p, _)| **p > 0.0).map(|(p, q)| p * (p / q).ln()).sum()
}

fn blend(p: &[f64], q: &[f64], share: f64) -> Vec<f64> {
    p.iter().zip(q).map(|(p, q)| share * p + (1.0 - share) * q).collect()
}

fn each(p: &[f64], q: &[f64], term: impl Fn(f64, f64) -> f64) -> f64 {
    p.iter().zip(q).map(|(p, q)| term(*p, *q)).sum()
}

fn divergence(name: &str, p: &[f64], q: &[f64]) -> f64 {
    let gjs = |b: f64| b * kl(p, &blend(p, q, b)) + (1.0 - b) * kl(q, &blend(p, q, b));
    match name {
        "kl" => kl(p, q),
        "reverse-kl" => kl(q, p),
        "jeffreys" => kl(p, q) + kl(q, p),
        "js" => gjs(0.5),
        "gjs=0.3" => gjs(0.3),
        "skew-kl=0.1" => kl(p, &blend(p, q, 0.1)),
        "tv" => each(p, q, |p, q| (p - q).abs() / 2.0),
        "renyi=2" => each(p, q, |p, q| p * p / q).ln(),
        "hellinger" => 1.0 - each(p, q, |p, q| (p * q).sqrt()),
        "chi2" => each(p, q, |p, q| (p - q) * (p - q) / q),
        _ => panic!("{name}"),
    }
}

/// The value of each row by the textbook.
fn expected(name: &str, columns: usize, p: &[f64], q: &[f64], temperature: f64) -> Vec<f64> {
    let rows = p.chunks(columns).zip(q.chunks(columns));
    rows.map(|(p, q)| divergence(name, &softmax(p, temperature), &softmax(q, temperature))).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn near(actual: &Value, expected: f64, tolerance: f64) {
    let actual = number(actual);
    assert!((actual - expected).abs() <= tolerance * expected.abs(), "{actual:e} for {expected:e}");
}

fn quantile(sorted: &[f64], fraction: f64) -> f64 {
    let at = fraction * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    below + (above - below) * at.fract()
}

/// Asserts that the report is that of the values.
fn summarises(report: &Value, values: &[f64], tolerance: f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let deviation = (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    near(&report["mean"], mean, tolerance);
    near(&report["std_error"], deviation / n.sqrt(), tolerance);
    near(&report["median"], quantile(&sorted, 0.5), tolerance);
    for (key, fraction) in [("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99_9", 0.999)] {
        near(&report["percentiles"][key], quantile(&sorted, fraction), tolerance);
    }
    near(&report["min"], sorted[0], tolerance);
    near(&report["max"], sorted[sorted.len() - 1], tolerance);
    let worst = report["worst_row"].as_u64().unwrap() as usize;
    assert!(values[worst] >= sorted[sorted.len() - 1] * (1.0 - tolerance));
}

#[test]
fn json_has_the_promised_keys_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let [p, q] = pair(folder.path(), [3, 4], &logits(1, 12), &logits(2, 12));
    let report = json(&["logits", &p, &q, "--temperature", "2"]);
    let keys: Vec<&str> = report.as_object().unwrap().keys().map(String::as_str).collect();
    let promised = "unit rows vocabulary divergence temperature mean std_error median percentiles min max worst_row \
                    top1_agreement masked_entries";
    assert_eq!(keys, promised.split(' ').collect::<Vec<_>>());
    let keys: Vec<&str> = report["percentiles"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["p90", "p95", "p99", "p99_9"]);
    assert_eq!([&report["unit"], &report["divergence"]], ["nats", "kl"]);
    assert_eq!((&report["rows"], &report["vocabulary"], &report["temperature"]), (&3.into(), &4.into(), &2.0.into()));
}

#[test]
fn every_divergence_is_that_of_the_textbook() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["kl", "reverse-kl", "jeffreys", "js", "gjs=0.3", "skew-kl=0.1", "tv", "renyi=2", "hellinger", "chi2"];
    // Small rows, which are measured side by side, and rows of more than a block.
    for (rows, columns) in [(57, 10), (7, 1500)] {
        let (a, b) = (logits(3, rows * columns), logits(4, rows * columns));
        let [p, q] = pair(folder.path(), [rows, columns], &a, &b);
        let mut arguments = vec!["logits", &p, &q, "--temperature", "1.5"];
        names.iter().for_each(|name| arguments.extend(["--divergence", name]));
        let report = json(&arguments);
        for (i, name) in names.iter().enumerate() {
            let object = &report["divergences"][i];
            assert_eq!(object["divergence"], *name);
            summarises(object, &expected(name, columns, &a, &b, 1.5), 1e-4);
        }
        let agree = a.chunks(columns).zip(b.chunks(columns)).filter(|(a, b)| top(a) == top(b)).count();
        assert_eq!(number(&report["top1_agreement"]), agree as f64 / rows as f64);
        assert_eq!(report["divergence"], "kl");
        assert_eq!(report["mean"], report["divergences"][0]["mean"]);
    }
}

fn top(row: &[f64]) -> usize {
    (0..row.len()).rev().max_by(|&i, &j| row[i].total_cmp(&row[j])).unwrap()
}

#[test]
fn every_type_gives_the_same_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (logits(5, 60), logits(6, 60));
    let values = expected("kl", 12, &a, &b, 1.0);
    let short: Vec<u8> = b.iter().flat_map(|&x| f16::from_f64(x).to_le_bytes()).collect();
    let brain: Vec<u8> = b.iter().flat_map(|&x| bf16::from_f64(x).to_le_bytes()).collect();
    let p32 = write(folder.path(), "p32.npy", array("<f4", &[5, 12], &singles(&a)));
    let p64 = write(folder.path(), "p64.npy", array("<f8", &[5, 12], &doubles(&a)));
    let q64 = write(folder.path(), "q64.npy", array("<f8", &[5, 12], &doubles(&b)));
    let q16 = write(folder.path(), "q16.npy", array("<f2", &[5, 12], &short));
    let many = [("x", "F32", &[5, 12][..], singles(&b)), ("y#z", "BF16", &[5, 12], brain)];
    let many = write(folder.path(), "many.safetensors", safetensors(&many));
    let one = write(folder.path(), "one.safetensors", safetensors(&[("only", "F16", &[5, 12], short)]));
    for (p, q, tolerance) in [
        (&p32, &q64, 1e-12),
        (&p64, &q64, 1e-12),
        (&p64, &q16, 1e-12),
        (&p32, &q16, 1e-5),
        (&p32, &one, 1e-5),
        (&p32, &(many.clone() + "#x"), 1e-5),
        (&p32, &(many.clone() + "#y#z"), 1e-5),
        (&p64, &(many + "#y#z"), 1e-12),
    ] {
        summarises(&json(&["logits", p, q]), &values, tolerance);
    }
}

#[test]
fn equal_files_give_exact_zeros() {
    let folder = tempfile::tempdir().unwrap();
    let a = logits(7, 1200);
    let [p, q] = pair(folder.path(), [6, 200], &a, &a);
    let [gradient, per_row] = ["g.npy", "r.npy"].map(|name| folder.path().join(name).to_str().unwrap().to_owned());
    for name in ["kl", "reverse-kl", "js", "tv", "renyi=0.5", "chi2"] {
        let arguments = ["logits", &p, &q, "--divergence", name, "--gradient", &gradient, "--per-row", &per_row];
        let report = json(&arguments);
        for key in ["mean", "std_error", "median", "min", "max"] {
            assert_eq!(number(&report[key]), 0.0, "{name} {key}");
        }
        assert_eq!(report["top1_agreement"], 1.0);
        assert_eq!(report["worst_row"], 0);
        assert_eq!(read_array(&gradient), ("<f4".to_owned(), vec![6, 200], vec![0.0; 1200]), "{name}");
        assert_eq!(read_array(&per_row), ("<f8".to_owned(), vec![6], vec![0.0; 6]), "{name}");
    }
    assert!(stdout(&["logits", &p, &q]).contains("P and Q say the same in every row."));
}

#[test]
fn the_gradient_is_that_of_the_mean() {
    let folder = tempfile::tempdir().unwrap();
    let (a, mut b) = (logits(8, 30), logits(9, 30));
    let [p, gradient] = ["p.npy", "g.npy"].map(|name| folder.path().join(name).to_str().unwrap().to_owned());
    fs::write(&p, array("<f4", &[3, 10], &singles(&a))).unwrap();
    let q = |b: &[f64]| write(folder.path(), "q.npy", array("<f8", &[3, 10], &doubles(b)));
    for options in [&["--divergence", "js", "--temperature", "2"][..], &["--scale-t2", "--temperature", "3"]] {
        let mean = |b: &[f64]| number(&json(&[&["logits", &p, &q(b)], options].concat())["mean"]);
        json(&[&["logits", &p, &q(&b), "--gradient", &gradient], options].concat());
        let (descr, shape, entries) = read_array(&gradient);
        assert_eq!((descr.as_str(), &shape[..]), ("<f8", &[3, 10][..]));
        for i in [0, 13, 29] {
            let step = 1e-4;
            b[i] += step;
            let above = mean(&b);
            b[i] -= 2.0 * step;
            let slope = (above - mean(&b)) / (2.0 * step);
            b[i] += step;
            assert!((entries[i] - slope).abs() < 1e-8 + 1e-6 * slope.abs(), "{} for {slope}", entries[i]);
        }
    }
    // KL's gradient at temperature 1 is the difference of the shares, over the number of rows.
    let single = write(folder.path(), "q.npy", array("<f4", &[3, 10], &singles(&b)));
    json(&["logits", &p, &single, "--gradient", &gradient]);
    let (descr, _, entries) = read_array(&gradient);
    assert_eq!(descr, "<f4");
    let (p, q) = (softmax(&a[10..20], 1.0), softmax(&b[10..20], 1.0));
    for i in 0..10 {
        assert!((entries[10 + i] - (q[i] - p[i]) / 3.0).abs() < 1e-6);
    }
}

#[test]
fn values_are_scaled_and_in_the_unit() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (logits(10, 40), logits(11, 40));
    let [p, q] = pair(folder.path(), [4, 10], &a, &b);
    let per_row = folder.path().join("r.npy").to_str().unwrap().to_owned();
    let plain = json(&["logits", &p, &q, "--temperature", "2"]);
    let arguments = ["logits", &p, &q, "--temperature", "2", "--scale-t2", "--per-row", &per_row];
    let scaled = json(&arguments);
    near(&scaled["mean"], 4.0 * number(&plain["mean"]), 1e-15);
    let (_, shape, values) = read_array(&per_row);
    assert_eq!(shape, [4]);
    summarises(&scaled, &values, 1e-13);
    let bits = json(&["logits", &p, &q, "--temperature", "2", "--unit", "bits"]);
    assert_eq!(bits["unit"], "bits");
    near(&bits["mean"], number(&plain["mean"]) / LN_2, 1e-15);
    let tv = |unit: &str| json(&["logits", &p, &q, "--measure", "tv", "--unit", unit])["mean"].clone();
    assert_eq!(tv("bits"), tv("nats"));
}

#[test]
fn masked_entries_count_and_have_no_gradient() {
    let folder = tempfile::tempdir().unwrap();
    let a = [1.0, NONE, 2.0, NONE, 0.0, 3.0];
    let b = [0.0, NONE, 1.5, 1.0, 0.0, 3.0];
    let [p, q] = pair(folder.path(), [2, 3], &a, &b);
    let gradient = folder.path().join("g.npy").to_str().unwrap().to_owned();
    let report = json(&["logits", &p, &q, "--gradient", &gradient]);
    assert_eq!(report["masked_entries"], 1);
    summarises(&report, &expected("kl", 3, &a, &b, 1.0), 1e-5);
    assert_eq!(read_array(&gradient).2[1], 0.0);
    // P has mass where Q has none.
    let reverse = json(&["logits", &q, &p]);
    assert_eq!((&reverse["mean"], &reverse["max"], &reverse["worst_row"]), (&"inf".into(), &"inf".into(), &1.into()));
    assert!(stdout(&["logits", &q, &p]).contains("mass where Q has none"));
}

#[test]
fn output_does_not_depend_on_threads() {
    let folder = tempfile::tempdir().unwrap();
    // More than one block of rows.
    let (rows, columns) = (6000, 400);
    let [p, q] = pair(folder.path(), [rows, columns], &logits(12, rows * columns), &logits(13, rows * columns));
    let run = |threads: &str| {
        let at = |name: &str| folder.path().join(format!("{name}{threads}.npy")).to_str().unwrap().to_owned();
        let (gradient, per_row) = (at("g"), at("r"));
        let arguments =
            ["logits", &p, &q, "--threads", threads, "--gradient", &gradient, "--per-row", &per_row, "--json"];
        (stdout(&arguments), fs::read(gradient).unwrap(), fs::read(per_row).unwrap())
    };
    let (one, two) = (run("1"), run("2"));
    assert!(one == two);
    assert_eq!(one.1.len(), 128 + 4 * rows * columns);
}

#[test]
fn the_report_for_people_shows_the_worst_rows() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (logits(14, 900), logits(15, 900));
    let [p, q] = pair(folder.path(), [90, 10], &a, &b);
    let text = stdout(&["logits", &p, &q, "--divergence", "js", "--divergence", "tv"]);
    let worst = json(&["logits", &p, &q, "--divergence", "js"])["worst_row"].to_string();
    for word in ["90 rows of 10 logits", "median", "js nats", "tv", "█", "same entry first"] {
        assert!(text.contains(word), "{text} does not say {word}");
    }
    let line = text.lines().skip_while(|line| !line.contains("worst row")).nth(1).unwrap();
    assert!(line.trim_start().starts_with(&worst), "{line}");
}

#[test]
fn refused_options_name_what_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let [p, q] = pair(folder.path(), [3, 4], &logits(1, 12), &logits(2, 12));
    let names = |options: &[&str], words: &[&str]| {
        let message = error(&[&["logits", &p, &q], options].concat());
        words.iter().for_each(|word| assert!(message.contains(word), "{message} does not name {word}"));
    };
    for temperature in ["0", "-1", "nan", "inf"] {
        names(&["--temperature", temperature], &["--temperature", "positive"]);
    }
    names(&["--scale-t2", "--temperature", "1e200"], &["--scale-t2", "1e200"]);
    names(&["--divergence", "lk"], &["lk", "`kl`"]);
    names(&["--divergence", "gjs=1.5"], &["gjs=1.5", "1"]);
    names(&["--divergence", "skew-kl=-0.1"], &["-0.1"]);
    names(&["--divergence", "renyi=0"], &["renyi=0", "0"]);
    assert!(failure(&["logits", &p]).len() <= 8);
}
