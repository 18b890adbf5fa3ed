//! `ACCURACY.md`: the tolerance table beside what was measured, generated so that it cannot be out of date.

use std::fmt::Write as _;

use crate::accuracy::{self, Outcome, Section};
use crate::tolerance::{self, Likeness, OWED, Promise};

/// The document for these measurements, and what broke a promise.
pub fn accuracy() -> (String, Vec<Outcome>) {
    let outcomes = [accuracy::measures(), accuracy::logs(), accuracy::functions(), accuracy::primitives()].concat();
    let text = document(&outcomes);
    let broken = outcomes.into_iter().filter(|outcome| !outcome.kept && outcome.owed.is_none()).collect();
    (text, broken)
}

/// Whether what was measured here bears out the document. An error may be smaller, and up to twice as large: machines
/// differ in the width of their vectors, hence in the order of additions, and in whether they fuse a multiplication and an
/// addition.
pub fn agree(stored: &str, fresh: &str) -> bool {
    // The cells have two digits.
    let alike = |a: &str, b: &str| a == b || matches!((measured(a), measured(b)), (Some(a), Some(b)) if b <= 2.1 * a);
    let (stored, fresh) = (cells(stored), cells(fresh));
    stored.len() == fresh.len() && stored.iter().zip(&fresh).all(|(a, b)| alike(a.trim(), b.trim()))
}

/// The document with the larger of either's errors; the fresh one if they differ in anything else.
pub fn joined(stored: &str, fresh: &str) -> String {
    let (old, new) = (cells(stored), cells(fresh));
    let mut joined = Vec::new();
    for (old, new) in old.iter().zip(&new) {
        joined.push(match (measured(old.trim()), measured(new.trim())) {
            (Some(a), Some(b)) => {
                if a > b {
                    *old
                } else {
                    *new
                }
            }
            _ if old.trim() == new.trim() => *new,
            _ => return fresh.into(),
        });
    }
    if old.len() == new.len() { joined.join("|") } else { fresh.into() }
}

fn cells(text: &str) -> Vec<&str> {
    text.split('|').collect()
}

/// A cell `≤ x`; 0 counts as the smallest error there is.
fn measured(cell: &str) -> Option<f64> {
    cell.strip_prefix("≤ ")?.parse().ok()
}

/// An error, rounded up to a power of two of the unit roundoff: `≤ 2.2e-16`.
fn show(error: f64) -> String {
    if error <= f64::EPSILON / 2.0 {
        return "≤ 1.1e-16".into();
    }
    format!("≤ {:.1e}", 2f64.powi(error.log2().ceil() as i32))
}

/// The same in units in the last place, in steps of a quarter below one and of a half above.
fn show_ulps(error: f64) -> String {
    format!("≤ {}", if error < 1.0 { (error * 4.0).ceil() / 4.0 } else { (error * 2.0).ceil() / 2.0 })
}

fn worst<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> (usize, f64) {
    outcomes.filter(|outcome| outcome.owed.is_none() && outcome.error.is_finite()).fold(
        (0, 0.0),
        |(count, worst), o| {
            // What an absolute allowance excuses says nothing about the relative error.
            let counts = o.error <= o.allowed && o.allowed < 1e-10 || o.section == Section::Primitives;
            (count + 1, if counts { f64::max(worst, o.error) } else { worst })
        },
    )
}

fn document(outcomes: &[Outcome]) -> String {
    let mut text = String::from(HEAD);
    let of = |section: Section, name: &str, likeness: Likeness| {
        let name = name.to_owned();
        worst(outcomes.iter().filter(move |o| o.section == section && o.name == name && o.likeness == likeness))
    };
    text.push_str("\n## Divergences of weights\n\n| measure | cases | promise | measured | promise near equality | measured |\n|---|---|---|---|---|---|\n");
    for promise in tolerance::MEASURES {
        row(&mut text, promise, |likeness| of(Section::Weights, promise.name, likeness));
    }
    text.push_str("\n## Functions of weights and tables\n\n| function | cases | promise | measured | promise near equality | measured |\n|---|---|---|---|---|---|\n");
    for promise in tolerance::FUNCTIONS {
        row(&mut text, promise, |likeness| of(Section::Functions, promise.name, likeness));
    }
    let (count, error) = worst(outcomes.iter().filter(|o| o.section == Section::Logs));
    let _ = writeln!(
        text,
        "\n## Log-probabilities\n\n| cases | added to the promise | measured |\n|---|---|---|\n| {count} | {:e} | {} |",
        tolerance::LOGARITHMS,
        show(error)
    );
    text.push_str("\n## Numeric primitives, in units in the last place\n\n| function | cases | promise | measured |\n|---|---|---|---|\n");
    for primitive in tolerance::PRIMITIVES {
        let (count, error) = of(Section::Primitives, primitive.name, Likeness::Ordinary);
        if count > 0 {
            let _ = writeln!(
                text,
                "| {} | {count} | {} | {} |",
                primitive.name,
                primitive.unfused.max(primitive.ulps),
                show_ulps(error)
            );
        }
    }
    if !OWED.is_empty() {
        text.push_str("\n## Owed\n\nWhat does not come out as promised yet:\n\n");
        for debt in OWED {
            let measure = if debt.measure.is_empty() { "every measure" } else { debt.measure };
            let case = if debt.case.is_empty() { "every case" } else { debt.case };
            let _ = writeln!(text, "- {measure}, {case}: {}", debt.reason);
        }
    }
    text
}

fn row(text: &mut String, promise: &Promise, of: impl Fn(Likeness) -> (usize, f64)) {
    let [ordinary, near] = [Likeness::Ordinary, Likeness::Near].map(of);
    let absolute = if promise.absolute > 0.0 { format!(" or {:e} absolute", promise.absolute) } else { String::new() };
    let near_cells = if near.0 == 0 { "| |".into() } else { format!("| {:e} | {} |", promise.near, show(near.1)) };
    let cases = ordinary.0 + near.0;
    let _ = writeln!(
        text,
        "| {} | {cases} | {:e}{absolute} | {} {near_cells}",
        promise.name,
        promise.relative,
        show(ordinary.1)
    );
}

const HEAD: &str = "# Accuracy

Generated by `cargo run -p kullback-dev -- accuracy`; `--check` fails when it is out of date. The promises are those of
`crates/kullback-dev/src/tolerance.rs`, the truths those of `scripts/golden.py` (mpmath, 90 digits and more): random,
spiky, sparse, disjoint and nearly disjoint weights from 5e-324 to 1.8e308, up to n = 10⁶. Errors are relative, for
`f64`; *measured* is the largest one on any of the CPUs on which this was generated, with AVX2 or AVX-512, rounded up to a power of two.

*Near equality* is q = p(1 + ε·noise) with ε from 1e-2 down to the last bit of one weight. Equal input gives exactly 0;
proportional but unequal input may give up to 1e-30 (1e-15 for distances, total variation and max-divergence). No result
is negative, and +∞ is a value.
";

#[cfg(test)]
mod tests {
    use super::{agree, joined};

    #[test]
    fn only_measured_errors_may_differ_and_only_so_far() {
        assert!(agree("| kl | ≤ 1.8e-15 |", "| kl | ≤ 2.2e-16 |"));
        assert!(agree("| kl | ≤ 2.2e-16 |", "| kl | ≤ 4.4e-16 |"));
        assert!(!agree("| kl | ≤ 2.2e-16 |", "| kl | ≤ 1.8e-15 |"));
        assert!(!agree("| kl | 2e-15 |", "| kl | 4e-15 |"));
        assert!(!agree("| kl |", "| js |"));
    }

    #[test]
    fn the_larger_error_is_kept_while_nothing_else_has_changed() {
        let (small, large) = ("| kl | ≤ 2.2e-16 |", "| kl | ≤ 4.4e-16 |");
        assert_eq!([joined(small, large), joined(large, small)], [large, large]);
        assert_eq!(joined(large, "| js | ≤ 2.2e-16 |"), "| js | ≤ 2.2e-16 |");
        assert_eq!(joined(large, "| kl |"), "| kl |");
    }
}
