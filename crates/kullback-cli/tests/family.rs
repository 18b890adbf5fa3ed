//! `kullback family`: the contract, line by line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::f64::consts::LN_2;

use common::{array, error, failure, json, stdout, write};
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
    assert!(json(&["family", "--list"])["families"].as_array().unwrap().len() >= 33);
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

#[test]
fn pictures_are_drawn_by_the_suffix() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let pair = ["family", "normal(0, 1)", "student_t(3, 0.5, 1)", "--plot"];
    let report = stdout(&pair[..3]);
    let svg = at("a.svg");
    assert_eq!(stdout(&[&pair[..], &[&svg]].concat()), report);
    let text = std::fs::read_to_string(&svg).unwrap();
    for part in [
        "KL(P‖Q) = 0.162685 nats, error at most",
        "P = normal(0, 1)",
        "Q = student_t(3, 0.5, 1)",
        "p ln(p/q), in nats",
        "prefers-color-scheme: dark",
        "<desc",
    ] {
        assert!(text.contains(part), "{part}");
    }
    assert!(!text.contains("NaN") && !text.contains("inf"));
    let png = at("a.PNG");
    json(&[&pair[..], &[&png]].concat());
    assert!(std::fs::read(&png).unwrap().starts_with(b"\x89PNG\r\n\x1a\n"));
    // The same again replaces the file and leaves nothing beside it.
    stdout(&[&pair[..], &[&svg], &["--unit", "bits"]].concat());
    assert!(std::fs::read_to_string(&svg).unwrap().contains("p log₂(p/q), in bits"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn pictures_show_infinity_poles_and_scales() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("a.svg").to_str().unwrap().to_owned();
    for (p, q, parts) in [
        ("uniform(0, 1)", "uniform(3, 4)", ["KL(P‖Q) = ∞", "+∞"]),
        ("cauchy(0, 1)", "normal(0, 1)", ["KL(P‖Q) = ∞", "no bound"]),
        ("poisson(4)", "binomial(10, 0.3)", ["probability", "<circle"]),
        ("beta(0.5, 0.5)", "uniform(0, 1)", ["goes on beyond", "density"]),
        ("normal(0, 1)", "normal(0, 1e-3)", ["density along the axis", "logarithmic beyond"]),
        ("poisson(1e5)", "poisson(1.01e5)", ["probability", "In view"]),
        ("bernoulli(1)", "bernoulli(1)", ["KL(P‖Q) = 0 nats", "In view: 100 % of P"]),
        ("gamma(0.001, 1)", "log_normal(0, 5)", ["density along the axis", "In view"]),
        ("uniform(0, 1e-300)", "uniform(0, 1e300)", ["density", "In view"]),
    ] {
        stdout(&["family", p, q, "--plot", &at]);
        let text = std::fs::read_to_string(&at).unwrap();
        for part in parts {
            assert!(text.contains(part), "{p} {q}: {part}");
        }
        assert!(!text.contains("NaN"), "{p} {q}");
    }
}

#[test]
fn what_cannot_be_drawn_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let pair = ["family", "normal(0, 1)", "normal(1, 1)", "--plot"];
    for (place, part) in
        [(at("a.pdf"), "file.svg or file.png"), (at("a"), "file.svg or file.png"), (at("none/a.svg"), "does not exist")]
    {
        assert!(error(&[&pair[..], &[&place]].concat()).contains(part), "{place}");
    }
    let several = error(&["family", "dirichlet(1, 2)", "dirichlet(2, 1)", "--plot", &at("a.svg")]);
    assert!(several.contains("one-dimensional"), "{several}");
    let kinds = error(&["family", "normal(0, 1)", "poisson(1)", "--plot", &at("a.svg")]);
    assert!(kinds.contains("discrete"), "{kinds}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_sketch_is_printed_when_asked_for() {
    let text = stdout(&["family", "normal(0, 1)", "normal(1, 2)", "--plot", "-"]);
    for line in ["P  ", "Q  ", "+  ", "−  "] {
        assert!(text.lines().any(|row| row.starts_with(line)), "{text}");
    }
    assert!(text.lines().all(|row| row.chars().count() <= 90 && row == row.trim_end()), "{text}");
    assert!(!stdout(&["family", "normal(0, 1)", "normal(1, 2)"]).contains('█'));
    assert!(stdout(&["family", "poisson(4)", "binomial(10, 0.3)", "--plot", "-"]).contains('█'));
    assert_eq!(
        stdout(&["family", "normal(0, 1)", "normal(1, 2)", "--plot", "-", "--json"]),
        stdout(&["family", "normal(0, 1)", "normal(1, 2)", "--json"])
    );
}

/// A C-ordered array of doubles.
fn doubles(shape: &[usize], entries: &[f64]) -> Vec<u8> {
    array("<f8", shape, &entries.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>())
}

#[test]
fn vectors_and_matrices_have_a_grammar() {
    let value = |p: &str, q: &str| json(&["family", p, q])["kl_pq"]["value"].as_f64().unwrap();
    let near = |p: &str, q: &str, truth: f64| {
        let found = value(p, q);
        assert!((found - truth).abs() <= 1e-12 * truth, "{p} {q}: {found}, not {truth}");
    };
    let unit = "multivariate_normal([0, 0], [[1, 0], [0, 1]])";
    // ½(tr Σ − 2 − ln det Σ) for Σ with 1 on the diagonal and ½ beside it.
    let truth = -0.5 * 0.75f64.ln();
    for p in [
        "multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]])",
        "multivariate_normal(covariance_matrix=[[1, 0.5], [0.5, 1]], loc=[0, 0])",
        " multivariate_normal ( [ 0,0 ] ,precision_matrix = [[4e0, -2], [-2, 4]] ) ",
        "lowrank_multivariate_normal([0, 0], [[1], [1]], [1, 1])",
    ] {
        let of = match p {
            p if p.contains("precision") => 0.5 * (2.0 / 3.0 - 2.0 - (1.0 / 12f64).ln()),
            p if p.contains("lowrank") => 0.5 * (4.0 - 2.0 - 3f64.ln()),
            _ => truth,
        };
        near(p, unit, of);
    }
    near("multivariate_normal([0, 0], scale_tril=[[1, 0], [0, 2]])", unit, 0.5 * (3.0 - 4f64.ln()));
    near("multivariate_normal([3, 4], scale_diag=[1, 2])", unit, 0.5 * (3.0 - 4f64.ln() + 25.0));
    near(
        "independent(normal(3, 1), normal(4, 2))",
        "independent(normal(0, 1), normal(0, 1))",
        0.5 * (28.0 - 4f64.ln()),
    );
    near("multinomial(10, [0.2, 0.8])", "multinomial(10, [0.5, 0.5])", 10.0 * (0.2 * 0.4f64.ln() + 0.8 * 1.6f64.ln()));
    near("wishart(3, [[2]])", "wishart(3, [[1]])", 1.5 * (1.0 - 2f64.ln()));
    near("von_mises_fisher([1, 0, 0], 2)", "von_mises_fisher([0, 1, 0], 2)", 2.0 * (1.0 / 2f64.tanh() - 0.5));
    near("power_spherical([0, 0, 1], 2)", "von_mises_fisher([1, 0, 0], 0)", 3f64.ln() - 2.0 / 3.0);
    near("independent(normal(3, 1), normal(4, 2))", unit, 0.5 * (28.0 - 4f64.ln()));
    let to_laplace = 2f64.ln() - 0.5 * (1.0 + std::f64::consts::TAU.ln()) + (2.0 / std::f64::consts::PI).sqrt();
    near(unit, "independent(normal(0, 1), laplace(0, 1))", to_laplace);
    near(
        "matrix_normal([[1], [2]], [[1, 0], [0, 1]], [[1]])",
        "matrix_normal([[0], [0]], [[1, 0], [0, 1]], [[1]])",
        2.5,
    );
    near("affine(1, 2, normal(0, 1))", "normal(0, 2)", 0.125);
    near("affine(1, 2, laplace(0, 1))", "affine(1, 2, laplace(1, 1))", (-1f64).exp());
    near("truncated(0, 1, normal(0, 1e9))", "uniform(0, 2)", 2f64.ln());
    assert_eq!(value(unit, unit), 0.0);
    assert_eq!(json(&["family", "multinomial(3, [1, 1])", "multinomial(4, [1, 1])"])["kl_pq"]["value"], "inf");
    let mixed = json(&["family", "mixture(1 affine(0, 2, normal(0, 1)), 1 normal(1, 1))", "normal(0, 1)"]);
    assert_eq!(mixed["kl_pq"]["method"], "quadrature");
}

#[test]
fn matrices_may_be_files() {
    let folder = tempfile::tempdir().unwrap();
    let mean = write(folder.path(), "the mean.npy", doubles(&[2], &[3.0, 4.0]));
    let matrix = write(folder.path(), "cov.npy", doubles(&[2, 2], &[1.0, 0.5, 0.5, 1.0]));
    let by_column = doubles(&[2, 2], &[1.0, 0.5, 0.0, 1.0]);
    let at = by_column.windows(5).position(|word| word == b"False").unwrap();
    let by_column = [&by_column[..at], b"True ", &by_column[at + 5..]].concat();
    let fortran = write(folder.path(), "fortran.npy", by_column);
    let inline = "multivariate_normal([3, 4], [[1, 0.5], [0.5, 1]])";
    let of_files = format!("multivariate_normal(@\"{mean}\", @{matrix})");
    let report = json(&["family", &of_files, inline]);
    assert_eq!(report["kl_pq"]["value"], 0.0);
    assert_eq!(report["p"], of_files.as_str());
    // Stored by columns, what is above the diagonal in the file's order is below it.
    let lower = format!("multivariate_normal([0, 0], scale_tril=@{fortran})");
    let same = json(&["family", &lower, "multivariate_normal([0, 0], scale_tril=[[1, 0], [0.5, 1]])"]);
    assert_eq!(same["kl_pq"]["value"], 0.0);

    let cut = write(folder.path(), "cut.npy", &doubles(&[2, 2], &[1.0, 0.5, 0.5, 1.0])[..90]);
    let cube = write(folder.path(), "cube.npy", doubles(&[1, 2, 2], &[1.0, 0.5, 0.5, 1.0]));
    let none = folder.path().join("none.npy").to_str().unwrap().to_owned();
    for (file, parts) in [
        (none, ["none.npy", "cannot be read"]),
        (mean, ["`covariance_matrix`", "shape is [2]"]),
        (cut, ["cut.npy", "cut short"]),
        (cube, ["cube.npy", "shape [1, 2, 2]"]),
        (folder.path().to_str().unwrap().to_owned(), ["folder", "expected a .npy file"]),
    ] {
        let text = format!("multivariate_normal([3, 4], @\"{file}\")");
        let lines = failure(&["family", &text, inline]);
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert_eq!(lines[2].find('^'), Some(2 + 28), "{lines:?}");
        assert!(parts.iter().all(|part| lines[0].contains(part)), "{lines:?}");
    }
}

#[test]
fn faults_of_vectors_and_matrices_are_shown_under_the_text() {
    for (text, column, part) in [
        ("multivariate_normal([0, 0], [[1, 2], [2, 1]])", 28, "positive definite"),
        ("multivariate_normal([0, 0], [[1, 0.5], [0.4, 1]])", 28, "symmetric"),
        ("multivariate_normal([0, 0, 0], [[1, 0], [0, 1]])", 31, "3 × 3 is accepted"),
        ("multivariate_normal([0, 0], [[1, 0], [0]])", 37, "row 1 of `covariance_matrix` has 1 entries"),
        ("multivariate_normal([0, 0], [1, 0])", 29, "a matrix"),
        ("multivariate_normal(0, [[1]])", 20, "a list"),
        ("multivariate_normal([0, 0])", 26, "is missing"),
        ("multivariate_normal([0, 0], scale_tril=[[1, 1], [0, 1]])", 39, "positive definite"),
        ("multivariate_normal([0, 0], scale_diag=[1, -1])", 39, "scale_diag = -1"),
        ("multivariate_normal([0, 0], [[1, 0], [0, 1]], scale_diag=[1, 1])", 46, "given twice"),
        ("multivariate_normal([0, 0], covariance=[[1]])", 28, "covariance_matrix[][]|precision_matrix"),
        ("multivariate_normal([0, nan], [[1, 0], [0, 1]])", 24, "finite"),
        ("multivariat_normal([0], [[1]])", 0, "did you mean `multivariate_normal`"),
        ("wishart(0.5, [[1, 0], [0, 1]])", 8, "dimension less 1"),
        ("von_mises_fisher([1], 2)", 17, "2 or more"),
        ("power_spherical([0, 1], -2)", 24, "concentration = -2"),
        ("multinomial(2.5, [1, 1])", 12, "total_count"),
        ("independent(normal(0, 1), dirichlet(1, 2))", 26, "one-dimensional"),
        ("affine(0, -1, normal(0, 1))", 10, "scale = -1"),
        ("affine(0, 1, poisson(1))", 13, "discrete"),
        ("truncated(2, 1, normal(0, 1))", 13, "high = 1"),
        ("truncated(2, 3, uniform(0, 1))", 10, "no mass"),
        ("mixture(1 multivariate_normal([0], [[1]]), 1 wishart(3, [[1]]))", 45, "multivariate_normal is accepted"),
        ("mixture(1 multivariate_normal([0], [[1]]), 1 multivariate_normal([0, 0], scale_diag=[1, 1]))", 0, "2"),
    ] {
        let lines = failure(&["family", text, "normal(0, 1)"]);
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[0].contains("P: "), "{lines:?}");
        assert!(lines[0].contains(part), "{lines:?} does not say {part}");
        assert_eq!(lines[2].find('^'), Some(2 + column), "{lines:?}");
    }
    let unit = "multivariate_normal([0, 0], scale_diag=[1, 1])";
    let sizes = error(&["family", unit, "multivariate_normal([0], [[1]])"]);
    assert!(sizes.contains("coordinates") && sizes.contains('2') && sizes.contains('1'), "{sizes}");
    let kinds = error(&["family", unit, "wishart(3, [[1]])"]);
    assert!(kinds.contains("multivariate_normal") && kinds.contains("wishart"), "{kinds}");
}

#[test]
fn mixtures_of_vectors_have_an_interval_and_bounds() {
    let p = "mixture(0.3 multivariate_normal([0, 0], scale_diag=[1, 1]), 0.7 multivariate_normal([4, 0], scale_diag=[2, 1]))";
    let q = "multivariate_normal([3, 0], [[6, 0], [0, 1]])";
    let report = json(&["family", p, q]);
    assert_eq!(report["kl_pq"]["method"], "monte-carlo");
    let number = |value: &Value| value.as_f64().unwrap();
    let (value, error) = (number(&report["kl_pq"]["value"]), number(&report["kl_pq"]["error"]));
    // Along the other coordinate both are the same, so that the one-dimensional integral is the truth.
    let line = json(&["family", "mixture(0.3 normal(0, 1), 0.7 normal(4, 2))", "normal(3, 2.449489742783178)"]);
    let truth = number(&line["kl_pq"]["value"]);
    assert!((value - truth).abs() <= error && error < 0.1 * truth, "{value} ± {error}, not {truth}");
    let (lower, upper) = (number(&report["bounds_pq"]["lower"]), number(&report["bounds_pq"]["upper"]));
    assert!(lower <= truth && truth <= upper && upper < 1.0, "{lower} {truth} {upper}");
    assert_eq!(json(&["family", p, q]), report);
    let text = stdout(&["family", p, q]);
    assert!(text.contains("is certainly from") && text.contains("variational approximation"), "{text}");
    assert!(json(&["family", q, q]).get("bounds_pq").is_none());
}

#[test]
fn the_list_has_every_family() {
    let list = stdout(&["family", "--list"]);
    for name in ["multivariate_normal", "cov_factor[][]", "independent", "truncated", "@matrix.npy"] {
        assert!(list.contains(name), "{list}");
    }
}
