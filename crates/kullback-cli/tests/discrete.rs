//! `kullback discrete`: the contract, line by line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::f64::consts::LN_2;

use common::{error, json, npy, stdout, write};
use serde_json::Value;

const KEYS: [&str; 21] = [
    "unit",
    "categories",
    "smoothing",
    "entropy_p",
    "entropy_q",
    "cross_entropy_pq",
    "cross_entropy_qp",
    "kl_pq",
    "kl_qp",
    "jeffreys",
    "jensen_shannon",
    "js_distance",
    "total_variation",
    "squared_hellinger",
    "hellinger_distance",
    "bhattacharyya",
    "chi_square_pq",
    "chi_square_qp",
    "renyi_half_pq",
    "renyi_2_pq",
    "max_divergence_pq",
];

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn assert_near(actual: &Value, expected: f64) {
    let actual = number(actual);
    assert!((actual - expected).abs() <= 1e-14 * expected.abs(), "{actual:e} for {expected:e}");
}

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn json_has_the_promised_keys_in_order() {
    let report = json(&["discrete", "0.2,0.8", "0.5,0.5"]);
    assert_eq!(keys(&report), KEYS);
    assert_eq!(report["unit"], "nats");
    assert_eq!(report["categories"], 2);
    assert_eq!(report["smoothing"], "none");
}

#[test]
fn values_are_those_of_fifty_digits() {
    // mpmath, of the doubles 0.2, 0.8 and 0.5, 0.5.
    let report = json(&["discrete", "0.2,0.8", "0.5,0.5"]);
    for (key, expected) in [
        ("entropy_p", 0.5004024235381879),
        ("cross_entropy_qp", 0.9162907318741551),
        ("kl_pq", 0.19274475702175745),
        ("kl_qp", 0.22314355131420974),
        ("jeffreys", 0.4158883083359672),
        ("chi_square_pq", 0.36),
        ("renyi_2_pq", 0.3074846997479607),
        ("max_divergence_pq", 0.4700036292457356),
    ] {
        assert_near(&report[key], expected);
    }
}

#[test]
fn weights_are_normalised() {
    let [a, b] = [["1,4", "3,3"], ["2,8", "1,1"]].map(|[p, q]| json(&["discrete", p, q]));
    assert_near(&a["kl_pq"], number(&b["kl_pq"]));
}

#[test]
fn equal_input_gives_exactly_zero() {
    let report = json(&["discrete", "0.1,0.7,0.2,0", "0.1,0.7,0.2,0"]);
    for key in &KEYS[7..] {
        assert_eq!(report[key], 0.0, "{key}");
    }
    assert!(stdout(&["discrete", "1,2", "1,2"]).ends_with("P and Q are the same distribution.\n"));
}

#[test]
fn disjoint_supports_are_values() {
    let report = json(&["discrete", "1,0", "0,1"]);
    for key in ["kl_pq", "kl_qp", "jeffreys", "bhattacharyya", "chi_square_pq", "renyi_2_pq", "max_divergence_pq"] {
        assert_eq!(report[key], "inf", "{key}");
    }
    assert_eq!(report["jensen_shannon"], LN_2);
    assert_eq!(report["total_variation"], 1.0);
    assert!(stdout(&["discrete", "1,0", "0,1"]).contains("has no word for it"));
}

#[test]
fn bits_divide_what_has_a_unit() {
    let nats = json(&["discrete", "0.2,0.8", "0.5,0.5"]);
    let bits = json(&["discrete", "0.2,0.8", "0.5,0.5", "--unit", "bits"]);
    assert_eq!(bits["unit"], "bits");
    for key in &KEYS[3..] {
        let divisor = match *key {
            "js_distance" => LN_2.sqrt(),
            "total_variation" | "squared_hellinger" | "hellinger_distance" | "chi_square_pq" | "chi_square_qp" => 1.0,
            _ => LN_2,
        };
        assert_near(&bits[key], number(&nats[key]) / divisor);
    }
}

#[test]
fn global_options_stand_before_or_after_the_command() {
    let after = stdout(&["discrete", "1,2", "2,1", "--json", "--unit", "bits", "--threads", "1", "--quiet"]);
    let before = stdout(&["--json", "--unit", "bits", "--threads", "2", "--quiet", "discrete", "1,2", "2,1"]);
    assert_eq!(before, after);
}

#[test]
fn json_does_not_depend_on_threads() {
    let folder = tempfile::tempdir().unwrap();
    let column = |seed: u64| -> String {
        let mut state = seed;
        let mut text = "w\n".to_owned();
        for _ in 0..200_000 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            text += &format!("{}\n", (state >> 33) as f64 / 1e9);
        }
        write(folder.path(), &format!("{seed}.csv"), text) + "#w"
    };
    let (p, q) = (column(1), column(2));
    let [one, three] = ["1", "3"].map(|threads| stdout(&["discrete", &p, &q, "--json", "--threads", threads]));
    assert_eq!(one, three);
}

#[test]
fn smoothing_is_applied_and_repeated() {
    let report = json(&["discrete", "3,1", "4,0", "--smoothing", "additive=0.50"]);
    assert_eq!(report["smoothing"], "additive=0.50");
    // P = 3.5, 1.5 and Q = 4.5, 0.5 over 5.
    assert_near(&report["kl_pq"], 0.7 * (3.5_f64 / 4.5).ln() + 0.3 * 3.0_f64.ln());
    let report = json(&["discrete", "3,1", "4,0", "--smoothing", "epsilon=0.25"]);
    assert_near(&report["max_divergence_pq"], 2.0_f64.ln());

    let message = error(&["discrete", "3,1", "4,0", "--smoothing", "laplace"]);
    assert!(message.contains("--smoothing laplace") && message.contains("additive="), "{message}");
    error(&["discrete", "3,1", "4,0", "--smoothing", "epsilon=-1"]);
    // Smoothing hides no bad input.
    assert!(error(&["discrete", "3,1", "0,0", "--smoothing", "additive=1"]).contains('Q'));
    assert!(error(&["discrete", "3,1", "4,-0.1", "--smoothing", "additive=1"]).contains('Q'));
}

#[test]
fn measures_are_chosen_by_name() {
    let expected = ["unit", "categories", "smoothing", "renyi=2", "tv"];
    for arguments in [
        ["discrete", "0.2,0.8", "0.5,0.5", "--measure", "renyi=2", "tv"].as_slice(),
        &["discrete", "--measure", "renyi=2", "tv", "0.2,0.8", "0.5,0.5"],
        &["discrete", "--measure", "renyi=2,tv", "0.2,0.8", "0.5,0.5"],
        &["discrete", "--measure", "renyi=2", "--measure", "tv", "0.2,0.8", "0.5,0.5"],
    ] {
        let report = json(arguments);
        assert_eq!(keys(&report), expected, "{arguments:?}");
        assert_near(&report["renyi=2"], 0.3074846997479607);
    }
    let message = error(&["discrete", "1,2", "2,1", "--measure", "reny=2"]);
    assert!(message.contains("reny=2") && message.contains("`renyi"), "{message}");
    assert!(error(&["discrete", "1,2", "2,1", "--measure", "gjs=2"]).contains("gjs=2"));
}

#[test]
fn every_measure_of_the_catalogue_works() {
    let listed = json(&["measures"]);
    let text = stdout(&["measures"]);
    for measure in listed["measures"].as_array().unwrap() {
        let example = measure["example"].as_str().unwrap();
        assert!(number(&json(&["discrete", "1,3", "2,2", "--measure", example])[example]) > 0.0);
        assert!(text.contains(measure["name"].as_str().unwrap()));
    }
}

#[test]
fn contributions_sum_to_kl() {
    let report = json(&["discrete", "5,1,0,4", "2,2,1,5", "--contributions", "--unit", "bits"]);
    assert_eq!(keys(&report).last(), Some(&"contributions"));
    let parts = report["contributions"].as_array().unwrap();
    let indices: Vec<u64> = parts.iter().map(|part| part["index"].as_u64().unwrap()).collect();
    assert_eq!(indices, [0, 3, 1]);
    let sum = |key: &str| parts.iter().map(|part| number(&part[key])).sum::<f64>();
    assert!((sum("nats") - number(&report["kl_pq"])).abs() < 1e-15);
    assert!((sum("share") - 1.0).abs() < 1e-14);

    let infinite = json(&["discrete", "1,1", "1,0", "--contributions"]);
    assert_eq!(infinite["contributions"][0]["nats"], "inf");
    assert_eq!(infinite["contributions"][0]["share"], Value::Null);
}

#[test]
fn lists_are_read_generously() {
    let expected = stdout(&["discrete", "0.2,0.8", "0.5,0.5", "--json"]);
    for [p, q] in [["0.2, 0.8", " .5 ,\t0.5 "], ["[2e-1, 0.8]", "[0.5 0.5]"], ["+0.2,8e-1", "5e-1,+.5"]] {
        assert_eq!(stdout(&["discrete", p, q, "--json"]), expected, "{p} {q}");
    }
}

#[test]
fn npy_files_and_table_columns_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let doubles: Vec<u8> = [0.2_f64, 0.8].iter().flat_map(|x| x.to_le_bytes()).collect();
    let f8 = write(folder.path(), "p.npy", npy("<f8", 2, &doubles));
    let u1 = write(folder.path(), "q.npy", npy("|u1", 2, &[7, 7]));
    let csv = write(folder.path(), "t.csv", "p,q\n0.2,3\n0.8,3\n");
    let kl = |p: &str, q: &str| json(&["discrete", p, q])["kl_pq"].as_f64().unwrap();
    let expected = kl("0.2,0.8", "0.5,0.5");
    for [p, q] in [[f8.clone(), u1], [csv.clone() + "#p", csv + "#q"]] {
        // Other weights of the same shares may round otherwise.
        assert!((kl(&p, &q) / expected - 1.0).abs() < 1e-15, "{p} {q}");
    }
}

#[test]
fn extreme_weights_stay_finite() {
    let report = json(&["discrete", "5e-324,1.7e308,1.7e308", "1.7e308,1.7e308,5e-324"]);
    assert_near(&report["total_variation"], 0.5);
    assert!(number(&report["kl_pq"]) > 300.0);
}

#[test]
fn the_text_report_reads_well() {
    insta::assert_snapshot!("full", stdout(&["discrete", "0.2,0.8", "0.5,0.5", "--contributions"]));
    insta::assert_snapshot!(
        "chosen",
        stdout(&["discrete", "1,0", "0.5,0.5", "--measure", "js-distance", "kl", "tv", "--unit", "bits"])
    );
}
