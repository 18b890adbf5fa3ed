//! `kullback family`: the contract, line by line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::f64::consts::LN_2;

use common::{error, failure, json, stdout};
use serde_json::Value;

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn json_has_the_promised_keys_in_order() {
    let report = json(&["family", "normal(0, 1)", "normal(1, 2)"]);
    assert_eq!(keys(&report), ["unit", "p", "q", "kl_pq", "kl_qp"]);
    assert_eq!(keys(&report["kl_pq"]), ["value", "method", "error"]);
    assert_eq!(report["kl_pq"]["method"], "closed-form");
    assert!((report["kl_pq"]["value"].as_f64().unwrap() - 0.4431471805599453).abs() < 1e-15);
    assert_eq!(report["p"], "normal(0, 1)");
    let bits = json(&["family", "normal(0, 1)", "normal(1, 2)", "--unit", "bits"]);
    assert!((bits["kl_pq"]["value"].as_f64().unwrap() - 0.4431471805599453 / LN_2).abs() < 1e-15);
}

#[test]
fn every_kind_of_value_is_printed() {
    let infinite = json(&["family", "cauchy(0, 1)", "normal(0, 1)"]);
    assert_eq!(infinite["kl_pq"]["value"], "inf");
    assert_eq!(infinite["kl_pq"]["error"], 0.0);
    assert_eq!(infinite["kl_qp"]["method"], "quadrature");
    let series = json(&["family", "poisson(3)", "negative_binomial(2, 0.5)"]);
    assert_eq!(series["kl_pq"]["method"], "series");
    let mixture = json(&["family", "mixture(0.3 normal(0,1), 0.7 normal(4,2))", "normal(2, 3)"]);
    assert_eq!(mixture["kl_pq"]["method"], "quadrature");
    let dirichlet = json(&["family", "dirichlet(1, 2, 3)", "dirichlet(1, 1, 1)"]);
    // mpmath: ln B(1,1,1) − ln B(1,2,3) + ψ(2) + 2ψ(3) − 3ψ(6).
    assert!((dirichlet["kl_pq"]["value"].as_f64().unwrap() - 0.5511973816621549).abs() < 1e-15);
    let same = json(&["family", "gamma(2, rate=3)", "gamma(rate=3, concentration=2)"]);
    assert_eq!(same["kl_pq"]["value"], 0.0);
}

#[test]
fn other_measures_can_be_asked_for() {
    let report =
        json(&["family", "normal(0, 1)", "normal(1, 1)", "--measure", "bhattacharyya", "tv", "jeffreys", "js"]);
    let value = |key: &str| report[key]["value"].as_f64().unwrap();
    assert!((value("bhattacharyya") - 0.125).abs() < 1e-12);
    // 2Φ(½) − 1.
    assert!((value("tv") - 0.38292492254802624).abs() <= report["tv"]["error"].as_f64().unwrap().max(1e-9));
    assert!((value("jeffreys") - 1.0).abs() < 1e-14);
    let first = json(&["family", "--measure", "tv", "bernoulli(0.25)", "bernoulli(0.5)"]);
    assert!((first["tv"]["value"].as_f64().unwrap() - 0.25).abs() < 1e-15);
    assert!(error(&["family", "normal(0, 1)", "laplace(1, 1)", "--measure", "chi2"]).contains("chi2"));
}

#[test]
fn the_report_for_people_names_method_and_error() {
    let text = stdout(&["family", "normal(0, 1)", "laplace(0, 1)"]);
    for part in ["P = normal(0, 1)", "KL(P‖Q)", "closed-form", "error at most"] {
        assert!(text.contains(part), "{text}");
    }
    assert!(stdout(&["family", "--list"]).contains("inverse_gamma"));
    assert!(json(&["family", "--list"])["families"].as_array().unwrap().len() >= 27);
}

#[test]
fn faults_are_shown_under_the_text() {
    for (text, column, part) in [
        ("normall(0, 1)", 0, "did you mean `normal`"),
        ("gamma(2, rat=3)", 9, "concentration, rate"),
        ("gamma(2, rate=-3)", 14, "rate = -3"),
        ("normal(0, nan)", 10, "finite"),
        ("mixture(0.3 normal(0, 1), 0.7 dirichlet(1, 2))", 30, "one-dimensional"),
    ] {
        let lines = failure(&["family", text, "normal(0, 1)"]);
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[0].contains("P: ") && lines[0].contains(part), "{lines:?}");
        assert_eq!(lines[1].trim_start(), text);
        assert_eq!(lines[2].find('^'), Some(2 + column), "{lines:?}");
    }
    let kinds = error(&["family", "normal(0, 1)", "poisson(3)"]);
    assert!(kinds.contains("continuous") && kinds.contains("discrete"), "{kinds}");
    let lengths = error(&["family", "dirichlet(1, 2, 3)", "dirichlet(1, 2)"]);
    assert!(lengths.contains('3') && lengths.contains('2'), "{lengths}");
    assert!(error(&["family"]).contains("two distributions"));
}
