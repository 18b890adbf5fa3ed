//! `kullback samples`: the contract, line by line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::f64::consts::LN_2;

use common::{array, data, error, json, npy, stdout, write};
use serde_json::Value;

const KEYS: [&str; 9] = ["unit", "n", "m", "dimensions", "estimator", "kl", "ci_low", "ci_high", "notes"];

/// Normal numbers around `mean`, by the sum of twelve uniform ones.
fn normal(seed: u64, len: usize, mean: f64) -> Vec<f64> {
    let mut state = seed;
    let mut uniform = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..len).map(|_| (0..12).map(|_| uniform()).sum::<f64>() - 6.0 + mean).collect()
}

fn bytes(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

struct Files {
    folder: tempfile::TempDir,
    x: Vec<f64>,
    y: Vec<f64>,
}

impl Files {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), x: normal(1, 2000, 0.0), y: normal(2, 1600, 1.0) }
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        write(self.folder.path(), name, content)
    }

    /// Both samples as one-dimensional arrays.
    fn arrays(&self) -> [String; 2] {
        [("x.npy", &self.x), ("y.npy", &self.y)]
            .map(|(name, values)| self.write(name, npy("<f8", values.len(), &bytes(values))))
    }

    /// Half as many points of two coordinates each.
    fn points(&self) -> [String; 2] {
        [("x2.npy", &self.x), ("y2.npy", &self.y)]
            .map(|(name, values)| self.write(name, array("<f8", &[values.len() / 2, 2], &bytes(values))))
    }

    /// The same points as two columns of a table with a third of text.
    fn tables(&self) -> [String; 2] {
        [("x.csv", &self.x, "a,t,b\n"), ("y.csv", &self.y, "t,b,a\n")].map(|(name, values, header)| {
            let row = |pair: &[f64]| match header {
                "a,t,b\n" => format!("{:?},u,{:?}\n", pair[0], pair[1]),
                _ => format!("u,{:?},{:?}\n", pair[1], pair[0]),
            };
            let rows: String = values.chunks(2).map(row).collect();
            self.write(name, header.to_owned() + &rows)
        })
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn json_has_the_promised_keys_in_order() {
    let files = Files::new();
    let [x, y] = files.arrays();
    let report = json(&["samples", &x, &y]);
    assert_eq!(report.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>(), KEYS);
    assert_eq!((&report["unit"], &report["estimator"]), (&"nats".into(), &"knn-ensemble".into()));
    assert_eq!((&report["n"], &report["m"], &report["dimensions"]), (&2000.into(), &1600.into(), &1.into()));
    assert_eq!(report["notes"], Value::Array(Vec::new()));
    let [kl, low, high] = ["kl", "ci_low", "ci_high"].map(|key| number(&report[key]));
    assert!(low < kl && kl < high && low < 0.5 && high > 0.5, "{report}");
}

#[test]
fn every_estimator_reads_every_kind_of_file() {
    let files = Files::new();
    let pairs = [files.arrays(), files.points(), files.tables()];
    for estimator in ["knn-ensemble", "knn", "histogram", "kde", "classifier"] {
        for ([x, y], truth) in pairs.iter().zip([0.5, 1.0, 1.0]) {
            let report = json(&["samples", x, y, "--estimator", estimator]);
            assert_eq!(report["estimator"], estimator);
            let [kl, low, high] = ["kl", "ci_low", "ci_high"].map(|key| number(&report[key]));
            assert!(0.0 < low && low < kl && kl < high, "{report}");
            assert!((kl / truth - 1.0).abs() < 0.35, "{estimator}: {report}");
        }
        let [x, y] = &pairs[0];
        let text = stdout(&["samples", x, y, "--estimator", estimator]);
        let bound = estimator == "classifier";
        assert_eq!((text.contains("lower bound"), text.contains("KL(X‖Y) ≳ ")), (bound, bound), "{text}");
    }
}

#[test]
fn bits_and_options() {
    let files = Files::new();
    let [x, y] = files.arrays();
    let nats = json(&["samples", &x, &y]);
    let bits = json(&["samples", &x, &y, "--unit", "bits"]);
    for key in ["kl", "ci_low", "ci_high"] {
        assert!((number(&bits[key]) * LN_2 - number(&nats[key])).abs() < 1e-14, "{key}");
    }
    let knn = json(&["samples", &x, &y, "--k", "5"]);
    assert_eq!(knn["estimator"], "knn");
    assert_eq!(knn, json(&["samples", &x, &y, "--estimator", "knn"]));
    let sure = json(&["samples", &x, &y, "--confidence", "0.99"]);
    assert!(number(&sure["ci_high"]) > number(&nats["ci_high"]));
    assert!(stdout(&["samples", &x, &y]).contains("KL(X‖Y) ≈ "));
}

#[test]
fn arrays_and_tables_give_the_same() {
    let files = Files::new();
    let [x, y] = files.points();
    let expected = json(&["samples", &x, &y]);
    assert_eq!(expected["dimensions"], 2);
    let [p, q] = files.tables();
    for [p, q] in [[p.clone(), q.clone()], [p.clone() + "#a,b", q.clone()], [p, q + "#a,b"]] {
        assert_eq!(json(&["samples", &p, &q]), expected, "{p} {q}");
    }
}

#[test]
fn rows_with_nulls_are_left_out_and_counted() {
    let flights = ["flights-2013-01.parquet", "flights-2013-07.parquet"].map(data);
    let [x, y] = flights.each_ref().map(|path| path.clone() + "#dep_delay,arr_delay");
    let report = json(&["samples", &x, &y]);
    let notes = report["notes"].as_array().unwrap();
    assert!(notes.iter().any(|note| note.as_str().unwrap().starts_with("X: ")), "{report}");
    assert!(notes.iter().any(|note| note.as_str().unwrap().contains("coincide")), "{report}");
}

#[test]
fn json_does_not_depend_on_threads() {
    let files = Files::new();
    let [x, y] = files.points();
    let [one, three] = ["1", "3"].map(|threads| stdout(&["samples", &x, &y, "--json", "--threads", threads]));
    assert_eq!(one, three);
}

#[test]
fn what_is_wrong_is_said_in_one_line() {
    let files = Files::new();
    let [x, y] = files.arrays();
    let [x2, _] = files.points();
    let [table, _] = files.tables();
    let mut bad = files.y.clone();
    bad[7] = f64::NAN;
    let nan = files.write("nan.npy", npy("<f8", bad.len(), &bytes(&bad)));
    let few = files.write("few.npy", npy("|u1", 3, &[1, 2, 3]));
    let same = files.write("same.npy", npy("|u1", 30, &[4; 30]));
    let cube = files.write("cube.npy", array("|u1", &[2, 2, 2], &[0; 8]));
    let words = files.write("words.csv", "t\nx\ny\n");
    for (arguments, words) in [
        (vec![&x, &nan], vec!["Y", "nan.npy", "row 7", "finite"]),
        (vec![&few, &y], vec!["X", "few.npy", "3 points", "20"]),
        (vec![&same, &same], vec!["same point"]),
        (vec![&x, &x2], vec!["x2.npy", "1 coordinates", "of 2"]),
        (vec![&cube, &y], vec!["X", "cube.npy", "[2, 2, 2]"]),
        (vec![&x, &words], vec!["Y", "words.csv", "numbers"]),
    ] {
        let message =
            error(&[&["samples"], &arguments.iter().map(|path| path.as_str()).collect::<Vec<_>>()[..]].concat());
        assert!(words.iter().all(|word| message.contains(word)), "{message}");
    }
    assert!(error(&["samples", &(table.clone() + "#c"), &table]).contains("`c`"));
    assert!(error(&["samples", &(table.clone() + "#t"), &table]).contains("numbers"));
    assert!(error(&["samples", &(x.clone() + "#c"), &y]).contains("no named columns"));
    assert!(error(&["samples", "none.npy", &y]).contains("none.npy"));
    assert!(error(&["samples", "none", &y]).contains("none"));
    assert!(error(&["samples", &x, &y, "--k", "0"]).contains("k = 0"));
    assert!(error(&["samples", &x, &y, "--k", "5000"]).contains("needs at least"));
    assert!(error(&["samples", &x, &y, "--confidence", "1"]).contains("confidence"));
    let refused = common::failure(&["samples", &x, &y, "--estimator", "kernel"]);
    assert!(refused[0].contains("kernel") && refused[0].contains("kde"), "{refused:?}");
    assert!(error(&["samples", &x, &y, "--k", "5", "--estimator", "kde"]).contains("--k"));
}
