//! KL of every ordered pair of one-dimensional families, at random parameters, against integrals and sums in mpmath: what is
//! finite, and whether the stated error covers the truth.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use std::collections::{BTreeMap, BTreeSet};

use kullback::family::{Any, Family};
use kullback_dev::golden;

fn parsed(text: &str) -> Family {
    text.parse().unwrap()
}

fn name(text: &str) -> &str {
    text.split('(').next().unwrap()
}

#[test]
fn stated_errors_cover_the_truth() {
    let (mut finite, mut missed, mut wrong) = (0, Vec::new(), Vec::new());
    let pairs = golden::pairs();
    for (p, q, truth) in &pairs {
        let found = parsed(p).kl(&parsed(q)).unwrap();
        let line = format!("{p} || {q}: {} ± {:e} by {}, truth {truth}", found.value, found.error, found.method);
        // The truth is rounded to a double.
        let off = (found.value - truth).abs() - f64::EPSILON * truth;
        if found.value.is_infinite() != truth.is_infinite() || truth.is_finite() && off > 1e-9 * truth {
            wrong.push(line);
        } else if truth.is_finite() {
            finite += 1;
            if off > found.error {
                missed.push(line);
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(finite > pairs.len() / 3, "{finite} of {}", pairs.len());
    assert!(100 * missed.len() <= finite, "{} of {finite}:\n{}", missed.len(), missed.join("\n"));
}

#[test]
fn every_pair_is_there_twice() {
    let (mut kinds, mut counts) = (BTreeMap::new(), BTreeMap::new());
    let pairs = golden::pairs();
    for (p, q, _) in &pairs {
        kinds.insert(name(p), parsed(p).kind());
        *counts.entry((name(p), name(q))).or_insert(0) += 1;
    }
    for (p, of_p) in &kinds {
        for (q, _) in kinds.iter().filter(|(_, of_q)| of_p == *of_q) {
            assert_eq!(counts.get(&(*p, *q)), Some(&2), "{p} {q}");
        }
    }
    // The only one of vectors.
    let known: BTreeSet<&str> =
        Any::catalogue().iter().map(|info| info.name).filter(|name| *name != "dirichlet").collect();
    assert_eq!(kinds.into_keys().collect::<BTreeSet<_>>(), known);
}
