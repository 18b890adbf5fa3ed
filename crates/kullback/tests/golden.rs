//! Every golden value of `scripts/golden.py` against the tolerance table.

use std::sync::LazyLock;

use kullback_dev::accuracy::{self, Outcome};
use kullback_dev::tolerance::OWED;

/// Run once for both tests that look at them.
static MEASURES: LazyLock<Vec<Outcome>> = LazyLock::new(accuracy::measures);

fn assert_kept(outcomes: &[Outcome], at_least: usize) {
    assert!(outcomes.len() >= at_least, "only {} golden rows", outcomes.len());
    let mut broken: Vec<&Outcome> = outcomes.iter().filter(|outcome| !outcome.kept && outcome.owed.is_none()).collect();
    broken.sort_by(|a, b| b.error.total_cmp(&a.error));
    let lines: Vec<String> = broken
        .iter()
        .map(|o| format!("{}: {:e}, not {:e}: error {:.1e} > {:.1e}", o.row, o.computed, o.truth, o.error, o.allowed))
        .collect();
    assert!(broken.is_empty(), "{} of {} promises broken:\n{}", broken.len(), outcomes.len(), lines.join("\n"));
}

#[test]
fn measures_of_weights() {
    assert_kept(&MEASURES, 4000);
}

#[test]
fn measures_of_log_probabilities() {
    assert_kept(&accuracy::logs(), 100);
}

#[test]
fn functions_of_weights_and_tables() {
    assert_kept(&accuracy::functions(), 300);
}

#[test]
fn numeric_primitives() {
    assert_kept(&accuracy::primitives(), 1000);
}

/// What is owed is a list that can only become shorter.
#[test]
fn no_debt_has_been_paid() {
    let outcomes = [&MEASURES[..], &accuracy::logs(), &accuracy::functions()].concat();
    for (i, debt) in OWED.iter().enumerate() {
        let still_owed = outcomes.iter().any(|outcome| outcome.owed == Some(i) && !outcome.kept);
        assert!(still_owed, "take {debt:?} off tolerance.rs: every row comes out as promised");
    }
}
