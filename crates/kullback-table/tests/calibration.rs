//! Without drift, p-values below 0.05 are about 5 % of all, for small tables of every shape.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod common;

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int32Array, StringArray};
use common::{batch, write_ipc};
use kullback_table::{DriftOptions, DriftReport, Test, drift};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.uniform()).ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    fn below(&mut self, n: u32) -> u32 {
        (self.uniform() * f64::from(n)) as u32
    }
}

const COLUMNS: usize = 500;

/// Two tables of columns of the same make, compared.
fn unchanged(
    columns: usize,
    [n, m]: [usize; 2],
    test: Test,
    random: &mut Random,
    make: &mut dyn FnMut(&mut Random, usize) -> ArrayRef,
) -> DriftReport {
    let folder = tempfile::tempdir().unwrap();
    let paths = ["old.arrow", "new.arrow"].map(|name| folder.path().join(name));
    for (path, rows) in paths.iter().zip([n, m]) {
        let names: Vec<String> = (0..columns).map(|at| at.to_string()).collect();
        write_ipc(path, &batch(names.iter().map(|name| (name.as_str(), make(random, rows))).collect()), false);
    }
    let mut options = DriftOptions::default();
    options.test = test;
    drift(&paths[0], &paths[1], &options, &|_, _| {}).unwrap()
}

/// The share of p-values below 0.05 among columns of `n` and `m` rows of the same make.
fn false_alarms(n: usize, m: usize, make: impl FnMut(&mut Random, usize) -> ArrayRef) -> f64 {
    false_alarms_by(Test::G, n, m, make)
}

fn false_alarms_by(test: Test, n: usize, m: usize, mut make: impl FnMut(&mut Random, usize) -> ArrayRef) -> f64 {
    let report = unchanged(COLUMNS, [n, m], test, &mut Random(1), &mut make);
    let p_values: Vec<f64> = report.columns.iter().filter_map(|column| column.p_value).collect();
    assert!(p_values.len() > COLUMNS * 9 / 10);
    p_values.iter().filter(|&&p| p < 0.05).count() as f64 / p_values.len() as f64
}

fn numbers(make: impl Fn(&mut Random) -> Option<f64>) -> impl FnMut(&mut Random, usize) -> ArrayRef {
    move |random, rows| Arc::new((0..rows).map(|_| make(random)).collect::<Float64Array>())
}

fn texts(make: impl Fn(&mut Random) -> u32) -> impl FnMut(&mut Random, usize) -> ArrayRef {
    move |random, rows| Arc::new((0..rows).map(|_| Some(make(random).to_string())).collect::<StringArray>())
}

/// Skewed: category k has probability about 2⁻ᵏ.
fn geometric(random: &mut Random) -> u32 {
    (-(1.0 - random.uniform()).log2()) as u32
}

#[test]
fn the_ordered_test_of_bins_and_nulls() {
    for (n, m) in [(200, 200), (2000, 500)] {
        let make = |random: &mut Random, rows| -> ArrayRef {
            let value = |_| (random.below(8) > 0).then(|| random.normal());
            Arc::new((0..rows).map(value).collect::<Float64Array>())
        };
        let share = false_alarms_by(Test::Ordered, n, m, make);
        println!("ordered, {n} and {m} rows: {share:.3}");
        // Of 500 columns the standard error is 0.01.
        assert!((0.03..=0.075).contains(&share), "{n} {m}: {share}");
    }
}

#[test]
fn numbers_of_every_shape() {
    for (shape, share) in [
        ("normal", false_alarms(200, 200, numbers(|random| Some(random.normal())))),
        ("unequal", false_alarms(150, 600, numbers(|random| Some(random.normal())))),
        ("few rows", false_alarms(40, 40, numbers(|random| Some(random.normal())))),
        ("heavy tail", false_alarms(200, 200, numbers(|random| Some(random.normal() / random.uniform())))),
        (
            "half zeros",
            false_alarms(200, 200, numbers(|random| Some(if random.below(2) == 0 { 0.0 } else { random.normal() }))),
        ),
        ("rounded", false_alarms(200, 200, numbers(|random| Some((random.normal() * 10.0).round())))),
        ("nulls", false_alarms(200, 200, numbers(|random| (random.below(10) > 0).then(|| random.normal())))),
        ("few nulls", false_alarms(200, 200, numbers(|random| (random.below(100) > 0).then(|| random.normal())))),
    ] {
        println!("{shape}: {share}");
        assert!((0.02..=0.09).contains(&share), "{shape}: {share}");
    }
}

#[test]
fn categories_of_every_number() {
    let integers = |random: &mut Random, rows: usize| -> ArrayRef {
        Arc::new((0..rows).map(|_| Some(random.below(12) as i32)).collect::<Int32Array>())
    };
    for (shape, share) in [
        ("two", false_alarms(200, 200, texts(|random| random.below(2)))),
        ("five", false_alarms(200, 200, texts(|random| random.below(5)))),
        ("twelve integers", false_alarms(200, 200, integers)),
        ("fifty", false_alarms(200, 200, texts(|random| random.below(50)))),
        ("three hundred", false_alarms(200, 200, texts(|random| random.below(300)))),
        ("skewed", false_alarms(200, 200, texts(geometric))),
        ("skewed, unequal", false_alarms(100, 700, texts(geometric))),
    ] {
        println!("{shape}: {share}");
        assert!((0.02..=0.09).contains(&share), "{shape}: {share}");
    }
}

#[test]
#[ignore = "half a minute"]
fn sampled_quantiles() {
    let share = false_alarms(100_000, 150_000, numbers(|random| Some(random.normal())));
    println!("sampled quantiles: {share}");
    assert!((0.02..=0.09).contains(&share), "{share}");
}

/// What makes a column.
type Make = Box<dyn FnMut(&mut Random, usize) -> ArrayRef>;

/// Numbers with and without a long tail, few and many categories, and numbers of which most are repeated.
fn shapes() -> [(&'static str, Make); 5] {
    [
        ("normal", Box::new(numbers(|random| Some(random.normal())))),
        ("log-normal", Box::new(numbers(|random| Some(random.normal().exp())))),
        ("5 categories", Box::new(texts(|random| random.below(5)))),
        ("200 categories", Box::new(texts(|random| random.below(200)))),
        ("ties", Box::new(numbers(|random| Some((10.0 * random.normal()).round())))),
    ]
}

/// 2000 pairs of each shape and size. For 200 equally frequent categories of 10 rows each the χ² limit, trusted from 5 on, rejects in
/// 7 to 8 %: there permutations are asked for.
#[test]
#[ignore = "minutes"]
fn two_thousand_pairs_of_every_shape() {
    let mut out = Vec::new();
    for rows in [50, 200, 2000, 50_000] {
        for (shape, mut make) in shapes() {
            let mut random = Random(rows as u64);
            // Tables of fewer columns where these are long.
            let columns = if rows > 2000 { 50 } else { 1000 };
            let test = if (shape, rows) == ("200 categories", 2000) { Test::Permutation } else { Test::G };
            let (mut below, mut tested, mut covered) = (0, 0, 0);
            for _ in 0..2000 / columns {
                for column in unchanged(columns, [rows, rows], test, &mut random, &mut make).columns {
                    tested += 1;
                    below += usize::from(column.p_value.is_some_and(|p| p < 0.05));
                    covered += usize::from(column.interval.is_some_and(|(low, high)| low <= 0.0 && 0.0 <= high));
                }
            }
            assert_eq!(tested, 2000);
            let [share, covered] = [below, covered].map(|count| count as f64 / f64::from(tested));
            println!("{shape}, n = m = {rows}: p < 0.05 {share:.4}, interval holds 0 {covered:.4}");
            if !(0.035..=0.065).contains(&share) {
                out.push(format!("{shape}, n = m = {rows}: {share}"));
            }
        }
    }
    assert!(out.is_empty(), "{out:?}");
}

/// The share of comparisons of unchanged tables, 200 rows of 50 columns of every shape, that raise an alarm.
fn alarms(runs: u32) -> f64 {
    let mut random = Random(99);
    let mut makes = shapes();
    let mut at = 0;
    let mut make = |random: &mut Random, rows| {
        at += 1;
        makes[at % 5].1(random, rows)
    };
    (0..runs).filter(|_| unchanged(50, [200, 200], Test::G, &mut random, &mut make).drifted()).count() as f64
        / f64::from(runs)
}

#[test]
fn unchanged_tables_raise_few_alarms() {
    let share = alarms(60);
    println!("alarms: {share}");
    // Of 60 runs the standard error is 0.028.
    assert!(share <= 0.1, "{share}");
}

#[test]
#[ignore = "minutes"]
fn unchanged_tables_raise_alarms_in_one_of_twenty() {
    let share = alarms(1000);
    println!("alarms: {share}");
    assert!(share <= 0.05, "{share}");
}
