//! `kullback drift`: the contract, line by line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::f64::consts::LN_2;
use std::fs::File;
use std::io::Write;

use common::{data, error, json, kullback, stdout, write};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

const COLUMN_KEYS: [&str; 16] = [
    "column",
    "kind",
    "bins",
    "kl",
    "kl_reverse",
    "jensen_shannon",
    "psi",
    "g",
    "degrees_of_freedom",
    "p_value",
    "p_adjusted",
    "drifted",
    "null_fraction_reference",
    "null_fraction_current",
    "contributions",
    "status",
];

fn january() -> String {
    data("flights-2013-01.parquet")
}

fn july() -> String {
    data("flights-2013-07.parquet")
}

fn columns(report: &Value) -> &Vec<Value> {
    report["columns"].as_array().unwrap()
}

fn column<'a>(report: &'a Value, name: &str) -> &'a Value {
    columns(report).iter().find(|column| column["column"] == name).unwrap_or_else(|| panic!("no column {name}"))
}

fn near(a: &Value, b: f64, tolerance: f64) -> bool {
    (a.as_f64().unwrap() - b).abs() <= tolerance * b.abs().max(1.0)
}

#[test]
fn json_has_the_promised_keys_in_order() {
    let report = json(&["drift", &january(), &july()]);
    let keys: Vec<&str> = report.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys[..5], ["unit", "rows_reference", "rows_current", "alpha", "columns"]);
    assert_eq!(report["unit"], "nats");
    assert_eq!(report["rows_reference"], 27_004);
    assert_eq!(report["rows_current"], 29_425);
    assert_eq!(report["alpha"], 0.05);
    assert_eq!(columns(&report).len(), 18);
    for column in columns(&report) {
        let keys: Vec<&str> = column.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys[..COLUMN_KEYS.len()], COLUMN_KEYS);
        assert!(["numeric", "categorical"].contains(&column["kind"].as_str().unwrap()));
        for part in column["contributions"].as_array().unwrap() {
            let keys: Vec<&str> = part.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(keys, ["bin", "reference", "current", "nats"]);
        }
    }
}

#[test]
fn intervals_and_what_chance_alone_does_are_there() {
    for estimator in ["zhang-grabchak", "plugin", "miller-madow", "jeffreys-prior", "laplace", "perks", "shrinkage"] {
        let [nats, bits] = ["nats", "bits"]
            .map(|unit| json(&["drift", &january(), &july(), "--estimator", estimator, "--unit", unit]));
        assert_eq!(nats["estimator"], estimator);
        for column in columns(&nats) {
            let of = |name: &str| column[name].as_f64().unwrap_or_else(|| panic!("{name} of {column}"));
            assert!(of("ci_low") < of("ci_high"), "{column}");
            let (n, m) = (27_004.0, 29_425.0);
            let bins = column["contributions"].as_array().unwrap();
            let held = |bin: &&Value| bin["reference"].as_u64().unwrap() + bin["current"].as_u64().unwrap() > 0;
            let null = (bins.iter().filter(held).count() as f64 - 1.0) * (1.0 / n + 1.0 / m);
            assert!(near(&column["psi_null"], null, 1e-12) && near(&column["kl_null"], null / 2.0, 1e-12), "{column}");
            let new = |bin: &&Value| bin["reference"] == 0 && bin["current"] != 0;
            assert_eq!(of("zero_cells") as usize, bins.iter().filter(new).count());
            let rows: u64 = bins.iter().filter(new).map(|bin| bin["current"].as_u64().unwrap()).sum();
            assert!(near(&column["zero_mass"], rows as f64 / m, 1e-12));
            let other = self::column(&bits, column["column"].as_str().unwrap());
            assert!(near(&other["ci_high"], of("ci_high") / LN_2, 1e-12));
            assert_eq!(other["psi_null"], column["psi_null"]);
        }
        // A small shift is inside; the same table twice is no evidence.
        if estimator == "zhang-grabchak" {
            let day = column(&nats, "day");
            let of = |name: &str| day[name].as_f64().unwrap();
            assert!(of("ci_low") > 0.0 && of("ci_low") < of("kl") && of("kl") < of("ci_high"), "{day}");
        }
    }
    let same = json(&["drift", &january(), &january()]);
    assert!(columns(&same).iter().all(|column| column["ci_low"].as_f64().unwrap() <= 0.0));
}

#[test]
fn numeric_columns_can_be_tested_in_order() {
    let report = json(&["drift", &january(), &july(), "--test", "ordered", "--bins", "50"]);
    for (name, test) in [("dep_delay", "ordered"), ("origin", "g")] {
        let column = column(&report, name);
        assert_eq!(column["test"], test);
        let p = column["p_value"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&p));
    }
    assert!(column(&report, "dep_delay")["drifted"].as_bool().unwrap());
}

#[test]
fn permutations_can_be_asked_for() {
    let [plain, permuted] = [&[][..], &["--test", "permutation"]]
        .map(|more| json(&[&["drift", &january(), &july(), "--columns", "day,origin,dest"], more].concat()));
    for name in ["day", "origin"] {
        let [plain, permuted] = [&plain, &permuted].map(|report| column(report, name));
        assert_eq!((&plain["p_permuted"], &permuted["p_permuted"]), (&Value::Bool(false), &Value::Bool(true)));
        assert_eq!(plain["g"], permuted["g"]);
        let [a, b] = [plain, permuted].map(|column| column["p_value"].as_f64().unwrap());
        assert!(a != b && (a - b).abs() < 0.02, "{name}: {a} {b}");
    }
}

#[test]
fn counts_cover_every_row_and_nats_add_up() {
    for unit in ["nats", "bits"] {
        let report = json(&["drift", &january(), &july(), "--unit", unit]);
        for column in columns(&report) {
            let parts = column["contributions"].as_array().unwrap();
            let sum = |key: &str| parts.iter().map(|part| part[key].as_u64().unwrap()).sum::<u64>();
            assert_eq!((sum("reference"), sum("current")), (27_004, 29_425), "{}", column["column"]);
            assert_eq!(column["bins"], parts.len());
            let nats: f64 = parts.iter().map(|part| part["nats"].as_f64().unwrap()).sum();
            assert!(near(&column["kl"], nats, 1e-12), "{}", column["column"]);
        }
    }
}

#[test]
fn statistics_follow_from_the_counts() {
    let report = json(&["drift", &january(), &july()]);
    let carrier = column(&report, "carrier");
    let (n, m) = (29_425.0, 27_004.0);
    let (mut js, mut psi, mut g) = (0.0, 0.0, 0.0);
    for part in carrier["contributions"].as_array().unwrap() {
        let (c, d) = (part["current"].as_f64().unwrap(), part["reference"].as_f64().unwrap());
        let (p, q) = (c / n, d / m);
        let term = |x: f64, y: f64| if x == 0.0 { 0.0 } else { x * (x / y).ln() };
        js += 0.5 * (term(p, 0.5 * (p + q)) + term(q, 0.5 * (p + q)));
        psi += (p - q) * (p / q).ln();
        let pooled = (c + d) / (n + m);
        g += 2.0 * (term(c, n * pooled) + term(d, m * pooled));
    }
    assert!(near(&carrier["jensen_shannon"], js, 1e-12));
    match psi.is_finite() {
        true => assert!(near(&carrier["psi"], psi, 1e-12)),
        false => assert_eq!(carrier["psi"], "inf"),
    }
    assert!(near(&carrier["g"], g, 1e-9));
    assert_eq!(carrier["degrees_of_freedom"], carrier["bins"].as_u64().unwrap() - 1);
}

#[test]
fn drifted_is_the_adjusted_p_value_below_alpha() {
    let report = json(&["drift", &january(), &july(), "--alpha", "0.001"]);
    assert_eq!(report["alpha"], 0.001);
    for column in columns(&report) {
        let adjusted = column["p_adjusted"].as_f64();
        assert_eq!(column["drifted"], adjusted.is_some_and(|p| p < 0.001), "{}", column["column"]);
        assert!(adjusted >= column["p_value"].as_f64());
    }
}

#[test]
fn a_month_against_itself_does_not_drift() {
    let report = json(&["drift", &january(), &january(), "--estimator", "plugin"]);
    for column in columns(&report) {
        assert_eq!(column["jensen_shannon"], 0.0, "{}", column["column"]);
        assert_eq!(column["kl"], 0.0, "{}", column["column"]);
        assert_eq!(column["kl_reverse"], 0.0);
        assert_eq!(column["drifted"], false);
        assert!(column["p_value"].is_null() || column["p_value"] == 1.0, "{}", column["column"]);
    }
    assert_eq!(kullback(&["drift", &january(), &january(), "--check"]).status.code(), Some(0));
}

#[test]
fn key_and_constant_columns_are_told_apart() {
    let report = json(&["drift", &january(), &july()]);
    assert_eq!(column(&report, "month")["status"], "disjoint");
    assert_eq!(column(&report, "year")["status"], "constant");
    assert_eq!(column(&report, "year")["drifted"], false);
}

#[test]
fn check_exits_with_one_on_drift_and_prints_the_report() {
    let output = kullback(&["drift", &january(), &july(), "--check"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("columns drifted"));
    assert!(output.stderr.is_empty());
}

#[test]
fn bits_divide_the_divergences_only() {
    let nats = json(&["drift", &january(), &july()]);
    let bits = json(&["drift", &january(), &july(), "--unit", "bits"]);
    for (nats, bits) in columns(&nats).iter().zip(columns(&bits)) {
        for (key, value) in nats.as_object().unwrap() {
            match key.as_str() {
                "kl" | "kl_reverse" | "jensen_shannon" | "ci_low" | "ci_high" | "kl_null" if value.is_number() => {
                    assert!(near(&bits[key], value.as_f64().unwrap() / LN_2, 1e-14));
                }
                "contributions" => {}
                _ => assert_eq!(&bits[key], value),
            }
        }
    }
}

#[test]
fn json_does_not_depend_on_threads() {
    let [one, three] =
        ["1", "3"].map(|threads| stdout(&["drift", &january(), &july(), "--json", "--threads", threads]));
    assert_eq!(one, three);
}

#[test]
fn columns_are_chosen_and_left_out() {
    let names = |arguments: &[&str]| -> Vec<String> {
        let report = json(&[&["drift", &january(), &july()], arguments].concat());
        let mut names: Vec<String> =
            columns(&report).iter().map(|column| column["column"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&["--columns", "origin,carrier"]), ["carrier", "origin"]);
    assert_eq!(names(&["--columns", "origin", "--columns", "carrier"]), ["carrier", "origin"]);
    assert_eq!(names(&["--exclude", "origin"]).len(), 17);
}

#[test]
fn bins_are_as_many_as_asked_for() {
    let bins = |n: &str| {
        let report = json(&["drift", &january(), &july(), "--bins", n, "--columns", "air_time"]);
        columns(&report)[0]["bins"].as_u64().unwrap()
    };
    assert!(bins("5") < bins("20"));
}

#[test]
fn the_same_table_as_csv_and_gzip_gives_the_same_categories() {
    let folder = tempfile::tempdir().unwrap();
    let table = |shift: usize| {
        let mut text = "letter,flag,number\n".to_owned();
        for row in 0..2000 {
            let letter = ["a", "b", "\"c,d\"", "", "é"][(row * row + shift * row / 3) % 5];
            text += &format!("{letter},{},{}\n", row % 3 == 0, (row * 7919 + shift) % 1000);
        }
        text
    };
    let gzip = |name: &str, text: &str| {
        let path = folder.path().join(name);
        let mut encoder = GzEncoder::new(File::create(&path).unwrap(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap();
        path.to_str().unwrap().to_owned()
    };
    let [old, new] = [table(0), table(5)];
    let plain =
        stdout(&["drift", &write(folder.path(), "a.csv", &old), &write(folder.path(), "b.csv", &new), "--json"]);
    let zipped = stdout(&["drift", &gzip("a.csv.gz", &old), &gzip("b.csv.gz", &new), "--json"]);
    assert_eq!(plain, zipped);
}

#[test]
fn schema_differences_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let a = write(folder.path(), "a.csv", "same,gone,retyped\n1,x,1\n2,y,2\n2,x,3\n");
    let b = write(folder.path(), "b.csv", "same,retyped,new\n1,one,0\n2,two,1\n2,three,1\n");
    let report = json(&["drift", &a, &b]);
    assert_eq!(columns(&report).len(), 4);
    assert_eq!(column(&report, "gone")["status"], "only in reference");
    assert_eq!(column(&report, "gone")["kl"], Value::Null);
    assert_eq!(column(&report, "new")["status"], "only in current");
    assert!(column(&report, "retyped")["notes"][0].as_str().unwrap().contains("retyped"));
    assert!(stdout(&["drift", &a, &b]).contains("only in current"));
}

#[test]
fn odd_names_do_not_break_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let long = "x".repeat(300);
    let table = format!("{long},列名,\"two\nlines\",\u{1b}[31mred\n1,a,2,3\n2,b,3,4\n");
    let path = write(folder.path(), "odd.csv", table);
    let text = stdout(&["drift", &path, &path]);
    assert!(text.contains("列名") && text.contains("two·lines") && !text.contains('\u{1b}'));
    assert!(error(&["drift", &path, &path, "--columns", "列"]).contains("`列名`"));
}

#[test]
fn odd_values_do_not_break_the_notes() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "odd.csv", "a\n\"two\nlines\u{1b}[2J\"\n");
    let text = stdout(&["drift", &path, &path]);
    assert!(text.contains("always two·lines"), "{text}");
}

#[test]
fn a_value_called_null_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "null.csv", "a\nnull\nx\nx\n");
    assert!(stdout(&["drift", &path, &path]).contains("█▄"));
}

#[test]
fn folders_and_globs_are_tables() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "1.csv", "a\n1\n2\n");
    write(folder.path(), "2.csv", "a\n2\n3\n");
    let here = folder.path().to_str().unwrap();
    let report = json(&["drift", here, &format!("{here}/*.csv")]);
    assert_eq!((&report["rows_reference"], &report["rows_current"]), (&Value::from(4), &Value::from(4)));
}

#[test]
fn the_text_report_reads_well() {
    insta::assert_snapshot!("january_july", stdout(&["drift", &january(), &july()]));
    insta::assert_snapshot!(
        "january_january",
        stdout(&["drift", &january(), &january(), "--estimator", "plugin", "--columns", "carrier,dep_delay,year"])
    );
}
