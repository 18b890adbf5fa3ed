//! Columns together: the chain rule, its tests and its combinations.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod common;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use arrow_array::{ArrayRef, Float64Array, StringArray};
use common::{batch, column, compare, csv, data, mix, read_parquet, write_ipc, write_parquet};
use kullback::estimate::{Estimator, g_test};
use kullback_table::{ConditionalDrift, DriftOptions, DriftReport, JointDrift, drift};

fn with(reference: &Path, current: &Path, set: impl FnOnce(&mut DriftOptions)) -> Result<DriftReport, String> {
    let mut options = DriftOptions::default();
    set(&mut options);
    drift(reference, current, &options, &|_, _| {}).map_err(|error| error.to_string())
}

fn chain(columns: &[&str]) -> Vec<String> {
    columns.iter().map(|name| (*name).to_owned()).collect()
}

fn joint(reference: &Path, current: &Path, columns: &[&str]) -> JointDrift {
    with(reference, current, |options| options.joint = vec![chain(columns)]).unwrap().joint.remove(0)
}

fn close(a: f64, b: f64) -> bool {
    // Sums of some thousand terms of the size of a and b.
    (a - b).abs() <= 1e-11 * (1.0 + a.abs())
}

#[test]
fn parts_are_those_of_the_chain_rule() {
    let months = ["flights-2013-01.parquet", "flights-2013-07.parquet"].map(data);
    let report = with(&months[0], &months[1], |options| {
        options.joint = vec![
            chain(&["carrier", "origin"]),
            chain(&["origin", "carrier"]),
            chain(&["carrier", "origin", "dep_delay"]),
        ];
    })
    .unwrap();
    let [one, other, three] = report.joint.as_slice() else { unreachable!() };
    // The first is the column itself; the whole does not depend on the order, and a longer chain begins with a shorter one.
    for joint in &report.joint {
        let alone = column(&report, &joint.columns[0]);
        assert!(joint.parts[0].given.is_empty());
        assert_eq!(
            (joint.parts[0].kl, joint.parts[0].degrees_of_freedom),
            (alone.kl.unwrap(), alone.degrees_of_freedom.unwrap())
        );
        assert_eq!((Some(joint.parts[0].g), joint.parts[0].p_value), (alone.g, alone.p_value));
        assert_eq!(joint.kl, joint.parts.iter().map(|part| part.kl).sum::<f64>());
    }
    assert!(close(one.kl, other.kl) && one.parts[1].kl > 0.0);
    assert_eq!(three.parts[..2], one.parts[..]);
    assert_eq!(three.parts[2].given, ["carrier", "origin"]);
    // By hand, from the rows.
    let mut counts = BTreeMap::<(String, String), [u64; 2]>::new();
    for (side, month) in months.iter().enumerate() {
        let month = read_parquet(month);
        let text = |name: &str| csv(&batch(vec![("x", Arc::clone(month.column_by_name(name).unwrap()))]));
        for (carrier, origin) in text("carrier").lines().zip(text("origin").lines()).skip(1) {
            counts.entry((carrier.to_owned(), origin.to_owned())).or_default()[side] += 1;
        }
    }
    let (reference, current): (Vec<u64>, Vec<u64>) = counts.values().map(|[a, b]| (*a, *b)).unzip();
    let kl = Estimator::default().kl(&current, &reference).unwrap();
    assert!(close(one.kl, kl.value), "{} {}", one.kl, kl.value);
    let g = g_test(&current, &reference).unwrap();
    let sum: f64 = one.parts.iter().map(|part| part.g).sum();
    assert!(
        close(sum, g.g) && one.parts.iter().map(|part| part.degrees_of_freedom).sum::<u64>() <= g.degrees_of_freedom
    );
    // What is listed, by size and by name.
    let listed = &one.parts[1].contributions;
    assert!(listed.windows(2).all(|pair| pair[0].nats.abs() >= pair[1].nats.abs()) && listed.len() == 20);
    let first = listed[0].bin.split_once(": ").unwrap();
    let [a, b] = counts[&(first.0.to_owned(), first.1.to_owned())];
    assert_eq!((listed[0].reference, listed[0].current), (a, b));
}

#[test]
fn a_change_of_the_shares_only_is_no_conditional_change() {
    // The delays of each carrier are as before, but one carrier flies three times as often.
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, copies: usize, late: f64| {
        let (mut carriers, mut delays) = (Vec::new(), Vec::new());
        for row in 0..6000_u64 {
            let carrier = ["AA", "EV", "UA"][(row % 3) as usize];
            let spread = if carrier == "EV" { 40.0 + late } else { 10.0 };
            for copy in 0..if carrier == "EV" { copies } else { 1 } {
                carriers.push(carrier);
                delays.push(
                    (mix(row * 7 + copy as u64 + u64::from(copies > 1) * 1_000_000) % 1000) as f64 / 1000.0 * spread,
                );
            }
        }
        let path = folder.path().join(name);
        let columns: Vec<(&str, ArrayRef)> =
            vec![("carrier", Arc::new(StringArray::from(carriers))), ("delay", Arc::new(Float64Array::from(delays)))];
        write_parquet(&path, &batch(columns), 1000);
        path
    };
    let (old, shifted, late) =
        (write("old.parquet", 1, 0.0), write("new.parquet", 3, 0.0), write("late.parquet", 3, 8.0));
    assert!(column(&compare(&old, &shifted), "delay").p_value.unwrap() < 1e-9);
    let given: ConditionalDrift = joint(&old, &shifted, &["carrier", "delay"]).parts.remove(1);
    assert!(given.p_value.unwrap() > 0.01 && given.kl.abs() < 0.005, "{given:?}");
    let given = joint(&old, &late, &["carrier", "delay"]).parts.remove(1);
    assert!(given.p_value.unwrap() < 1e-9 && given.contributions[0].bin.starts_with("EV: "), "{given:?}");
}

#[test]
fn formats_and_threads_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let months = ["flights-2013-01.parquet", "flights-2013-07.parquet"].map(data);
    let run = |reference: &Path, current: &Path, threads| {
        with(reference, current, |options| {
            options.joint = vec![chain(&["dest", "arr_delay", "carrier"])];
            options.threads = Some(threads);
        })
        .unwrap()
        .joint
    };
    let expected = run(&months[0], &months[1], 1);
    assert_eq!(run(&months[0], &months[1], 5), expected);
    let [a, b] = ["a.arrow", "b.csv"].map(|name| folder.path().join(name));
    write_ipc(&a, &read_parquet(&months[0]), true);
    std::fs::write(&b, csv(&read_parquet(&months[1]))).unwrap();
    assert_eq!(run(&a, &b, 2), expected);
    // The weights of a survey in which all count the same.
    let weighted = with(&months[0], &months[1], |options| {
        options.joint = vec![chain(&["dest", "arr_delay", "carrier"])];
        options.rows.weights = Some("year".to_owned());
    });
    assert_eq!(weighted.unwrap().joint, expected);
}

#[test]
fn conditional_p_values_are_calibrated_in_sparse_tables() {
    // 12 strata of shares that differ between the tables, and 10 bins of 150 rows: next to every cell is below 5.
    let folder = tempfile::tempdir().unwrap();
    let [old, new] = ["old.arrow", "new.arrow"].map(|name| folder.path().join(name));
    let (mut low, runs) = (0, 300);
    for run in 0..runs {
        for (path, skew) in [(&old, 12), (&new, 7)] {
            let random = |row: u64, of: u64| mix(mix(row + 1_000_000 * (run * 2 + u64::from(skew == 7))) ^ of);
            let strata: StringArray =
                (0..150).map(|row| Some((random(row, 1) % skew).max(random(row, 2) % 12).to_string())).collect();
            let values: Float64Array = (0..150).map(|row| Some((random(row, 3) % 100_000) as f64 / 7.0)).collect();
            write_ipc(path, &batch(vec![("a", Arc::new(strata) as ArrayRef), ("b", Arc::new(values))]), false);
        }
        let part = joint(&old, &new, &["a", "b"]).parts.remove(1);
        assert!(part.permuted);
        low += u32::from(part.p_value.unwrap() < 0.05);
    }
    // 15 ± 3 standard deviations of 3.8.
    println!("{low} of {runs} below 0.05");
    assert!((4..=27).contains(&low), "{low} of {runs} below 0.05");
}

#[test]
fn chains_that_cannot_be_made() {
    let january = data("flights-2013-01.parquet");
    let refused =
        |columns: &[&str]| with(&january, &january, |options| options.joint = vec![chain(columns)]).unwrap_err();
    assert!(refused(&["carrier"]).contains("joint is `carrier`; expected two or more columns, each once"));
    assert!(refused(&["carrier", "carrier"]).contains("expected two or more columns, each once"));
    assert!(refused(&["carrier", "dep_dely"]).contains("no column `dep_dely`; it has `dep_delay`"));
}
