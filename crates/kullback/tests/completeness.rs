//! Fails when a measure is in the catalogue but not in the golden files, the tolerance table, the oracle, the laws or
//! the documents: nothing can be added untested.

use kullback::Measure;
use kullback::divergence::MeasureInfo;
use kullback_dev::law::LAWS;
use kullback_dev::{golden, oracle, subject, tolerance};

fn name(info: &MeasureInfo) -> &'static str {
    info.example.split('=').next().unwrap_or_default()
}

/// Everything that a measure lacks.
fn lacks(info: &MeasureInfo) -> Vec<&'static str> {
    let rows = golden::values("divergences");
    let of_this = |quantity: &str| quantity.split('=').next() == Some(name(info));
    let golden = rows.values().flatten().filter(|row| of_this(&row.quantity)).count();
    let parsed = subject::parse(info.example);
    let checks = [
        ("golden rows: scripts/golden_values.py", golden >= 50),
        ("a tolerance: kullback-dev/src/tolerance.rs", tolerance::measure(info.example).is_some()),
        ("an oracle: kullback-dev/src/oracle.rs", oracle::divergence(info.example, &[0.2, 0.8], &[0.5, 0.5]).is_some()),
        ("a law: kullback-dev/src/law.rs", LAWS.iter().any(|law| law.measure == name(info))),
        ("a summary", info.summary.len() > 5),
        ("an example that parses and prints as itself", parsed.is_ok_and(|m| m.to_string() == info.example)),
        ("a pattern that its example fits", info.pattern.split('=').next() == Some(name(info))),
        ("a row in ACCURACY.md", accuracy().contains(&format!("| {} |", name(info)))),
    ];
    checks.into_iter().filter(|(_, there)| !there).map(|(what, _)| what).collect()
}

fn accuracy() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../ACCURACY.md")).unwrap_or_default()
}

#[test]
fn no_measure_lacks_anything() {
    for info in Measure::catalogue() {
        assert!(lacks(info).is_empty(), "{} lacks {:?}", info.pattern, lacks(info));
    }
}

/// The other way round: no entry is left behind by a measure that was renamed.
#[test]
fn every_entry_is_of_a_measure() {
    let known = |entry: &str| Measure::catalogue().iter().any(|info| name(info) == entry);
    for promise in tolerance::MEASURES {
        assert!(known(promise.name), "tolerance of {}", promise.name);
    }
    for law in LAWS {
        assert!(known(law.measure), "law of {}", law.measure);
    }
}

#[test]
fn a_new_measure_would_be_noticed() {
    let first = Measure::catalogue()[0];
    let new = MeasureInfo { pattern: "jeffries", example: "jeffries", ..first };
    assert_eq!(lacks(&new).len(), 6);
}
