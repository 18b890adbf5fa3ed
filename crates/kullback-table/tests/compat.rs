//! Other tools' numbers against those tools: `scripts/compat_golden.py` ran them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kullback_table::{Compat, CompatDrift, DriftOptions, DriftReport, TableError, drift};

/// Relative: the tools' sums are taken in another order, NumPy's pairwise one.
const TOLERANCE: f64 = 1e-12;
/// Absolute, for sums of signed terms that cancel: as much as rounding terms below 1 leaves, 2⁻⁵³ a term of up to ten. Of a distance, a
/// square root, it holds for the square.
const CANCELLED: f64 = 1e-15;

fn near(statistic: &str, found: f64, value: f64) -> bool {
    let sum = |x: f64| if statistic == "jensenshannon" { x * x } else { x };
    (found - value).abs() <= TOLERANCE * value.abs() || (sum(found) - sum(value)).abs() <= CANCELLED
}

fn compared(pair: &str, tool: Compat) -> DriftReport {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let [reference, current]: [PathBuf; 2] = match pair {
        "flights" => ["01", "02"].map(|month| root.join(format!("../../data/flights-2013-{month}.parquet"))),
        pair => ["reference", "current"].map(|side| root.join(format!("tests/golden/compat/{pair}-{side}.csv.gz"))),
    };
    let mut options = DriftOptions::default();
    options.compat = Some(tool);
    drift(reference, current, &options, &|_, _| {}).unwrap()
}

fn of<'a>(report: &'a DriftReport, column: &str) -> &'a CompatDrift {
    let column = report.columns.iter().find(|found| found.column == column).unwrap();
    column.compat.as_ref().unwrap()
}

#[test]
fn the_tools_say_the_same() {
    for tool in Compat::ALL {
        let path = format!("{}/tests/golden/compat/{tool}.csv", env!("CARGO_MANIFEST_DIR"));
        let golden = std::fs::read_to_string(&path).unwrap();
        let mut reports: BTreeMap<&str, DriftReport> = BTreeMap::new();
        let (mut values, mut faults) = (0, Vec::new());
        for line in golden.lines().filter(|line| !line.starts_with('#')).skip(1) {
            let fields: Vec<&str> = line.split(';').collect();
            let [pair, column, statistic, value, threshold, drifted] = fields[..] else { panic!("{path}: {line}") };
            let report = reports.entry(pair).or_insert_with(|| compared(pair, tool));
            let said = of(report, column);
            let found = said.statistics.iter().find(|found| found.statistic == statistic);
            let same = match (value, found) {
                ("refused", None) => said.reason.is_some() && said.statistics.is_empty(),
                ("none", Some(found)) => found.value.is_none(),
                ("refused", Some(_)) | (_, None) => false,
                (value, Some(found)) => {
                    values += 1;
                    let value: f64 = value.parse().unwrap();
                    let plain = |x: Option<f64>| x.map_or("none".to_owned(), |x| x.to_string());
                    near(statistic, found.value.unwrap_or(f64::NAN), value)
                        && plain(found.threshold) == threshold
                        && found.drifted.map_or("none".to_owned(), |drifted| drifted.to_string()) == drifted
                }
            };
            if !same {
                faults.push(format!("{tool} {line}: {said:?}"));
            }
        }
        assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
        assert!(values > 15, "{tool}: {values} values only");
    }
}

#[test]
fn all_that_a_tool_says_is_known() {
    // No statistic beyond those that the golden files hold.
    let report = compared("small", Compat::Evidently);
    let names = |column: &str| of(&report, column).statistics.iter().map(|one| one.statistic).collect::<Vec<_>>();
    assert_eq!(names("normal"), ["kl_div", "psi", "jensenshannon", "wasserstein", "ks"]);
    assert_eq!(names("digits"), ["kl_div", "psi", "jensenshannon", "chisquare"]);
    assert_eq!(names("city"), ["kl_div", "psi", "jensenshannon", "chisquare"]);
    assert_eq!(names("flag"), ["kl_div", "psi", "jensenshannon", "z"]);
    assert!(report.notes.iter().any(|note| note.contains("Evidently 0.7.23")));
}

#[test]
fn nothing_else_changes() {
    let with = compared("small", Compat::PsiDeciles);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/compat");
    let [reference, current] = ["reference", "current"].map(|side| root.join(format!("small-{side}.csv.gz")));
    let without = drift(reference, current, &DriftOptions::default(), &|_, _| {}).unwrap();
    assert!(without.columns.iter().all(|column| column.compat.is_none()));
    let mut columns = with.columns;
    columns.iter_mut().for_each(|column| column.compat = None);
    assert_eq!(format!("{columns:?}"), format!("{:?}", without.columns));
}

#[test]
fn names_read_back() {
    for tool in Compat::ALL {
        assert_eq!(tool.to_string().parse(), Ok(tool));
    }
    let error = "whylogs".parse::<Compat>().unwrap_err();
    assert!(Compat::ALL.iter().all(|tool| error.contains(tool.name())), "{error}");
}

#[test]
fn weights_are_refused() {
    let mut options = DriftOptions::default();
    options.compat = Some(Compat::Evidently);
    options.rows.weights = Some("distance".to_owned());
    let error = drift("a.csv", "b.csv", &options, &|_, _| {}).unwrap_err();
    assert!(matches!(error, TableError::Option { name: "compat", .. }), "{error}");
}
