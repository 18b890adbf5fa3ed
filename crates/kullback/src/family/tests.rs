//! Families against mpmath, which integrates and sums the definition.

use kullback_dev::{golden, tolerance, ulp};

use super::{Any, Method};

fn parsed(text: &str) -> Any {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn divergences_agree_with_mpmath() {
    let mut faults = Vec::new();
    let mut count = 0;
    for row in golden::families() {
        let (p, q) = (parsed(&row.p), parsed(&row.q));
        let found = p.kl(&q).expect("one kind");
        let truth = row.truth;
        let error = ulp::relative_error(found.value, truth);
        let promised = match (found.method, row.is_near) {
            (Method::ClosedForm, false) => tolerance::FAMILY_FORMULA,
            (Method::ClosedForm, true) => tolerance::FAMILY_FORMULA_NEAR,
            (_, false) => tolerance::FAMILY_FALLBACK,
            (_, true) => tolerance::FAMILY_FALLBACK_NEAR,
        };
        let covered = found.value == truth.value() || (found.value - truth.value()).abs() <= found.error;
        if error > promised || !covered {
            faults.push(format!(
                "{} || {}: {} by {} ± {:e}, not {}: {error:e}",
                row.p, row.q, found.value, found.method, found.error, truth.value()
            ));
        }
        count += 1;
    }
    assert!(faults.is_empty(), "{} of {count}:\n{}", faults.len(), faults.join("\n"));
    assert!(count > 300, "{count}");
}
