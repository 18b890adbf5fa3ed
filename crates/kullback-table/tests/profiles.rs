//! Profiles say of a table what the table would have said.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod common;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow_array::{
    ArrayRef, Date32Array, Float64Array, Int32Array, Int64Array, NullArray, RecordBatch, StringArray,
    TimestampMillisecondArray,
};
use common::{batch, column, compare, data, mix, read_parquet, write_parquet};
use kullback_table::{DriftOptions, DriftReport, Profile, ProfileOptions, drift, merge, profile};

fn made(paths: &[PathBuf], edges: Option<&Path>, threads: Option<usize>) -> Profile {
    let mut options = ProfileOptions::default();
    options.edges = edges.map(Path::to_owned);
    options.threads = threads;
    profile(paths, &options, &|_, _| {}).unwrap()
}

fn text(profile: &Profile) -> String {
    let mut bytes = Vec::new();
    profile.write(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn written(profile: &Profile, path: PathBuf) -> PathBuf {
    std::fs::write(&path, text(profile)).unwrap();
    assert_eq!(Profile::read(&path).unwrap(), *profile, "{}", path.display());
    path
}

fn uniform(row: u64, salt: u64) -> f64 {
    (mix(mix(row) ^ salt) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Columns of every kind, some of them with more distinct values than are counted.
fn table(rows: std::ops::Range<u64>, salt: u64, shift: f64) -> RecordBatch {
    let at = |column: u64| move |row: u64| uniform(row, column << 32 | salt);
    let numbers =
        |make: &dyn Fn(u64) -> Option<f64>| -> ArrayRef { Arc::new(rows.clone().map(make).collect::<Float64Array>()) };
    let texts = |distinct: f64, column: u64| -> ArrayRef {
        let text = |row: u64| Some(format!("v{}", (at(column)(row).powi(2) * distinct) as u64));
        Arc::new(rows.clone().map(text).collect::<StringArray>())
    };
    let odd = |row: u64| match row % 40 {
        0 => None,
        1 => Some(f64::NAN),
        2 => Some(f64::INFINITY),
        3 => Some(f64::NEG_INFINITY),
        _ => Some(at(2)(row) + shift),
    };
    batch(vec![
        ("continuous", numbers(&|row| Some(-(1.0 - at(1)(row)).ln() * (1.0 + shift)))),
        ("odd", numbers(&odd)),
        ("rounded", numbers(&|row| Some((at(3)(row) * 500.0).round() / 4.0))),
        ("few", Arc::new(rows.clone().map(|row| Some((at(4)(row) * 12.0) as i32)).collect::<Int32Array>())),
        ("many", Arc::new(rows.clone().map(|row| Some((at(5)(row) * 1e6) as i64)).collect::<Int64Array>())),
        ("infinite", numbers(&|row| Some(if row % 3 == 0 { f64::INFINITY } else { (row % 7) as f64 }))),
        ("nothing", Arc::new(NullArray::new((rows.end - rows.start) as usize))),
        ("nulls", numbers(&|_| None)),
        ("nans", numbers(&|row| (row % 2 == 0).then_some(f64::NAN))),
        ("day", Arc::new(rows.clone().map(|row| Some((at(6)(row) * 400.0) as i32)).collect::<Date32Array>())),
        (
            "moment",
            Arc::new(rows.clone().map(|row| Some((at(7)(row) * 1e12) as i64)).collect::<TimestampMillisecondArray>()),
        ),
        ("texts", texts(30_000.0, 8)),
        ("words", texts(40.0, 9)),
    ])
}

/// A table in one file.
fn file(folder: &Path, name: &str, batch: &RecordBatch) -> PathBuf {
    let path = folder.join(name);
    write_parquet(&path, batch, 50_000);
    path
}

/// The same rows in a folder of `parts` files.
fn split(folder: &Path, name: &str, batch: &RecordBatch, parts: usize) -> Vec<PathBuf> {
    let folder = folder.join(name);
    std::fs::create_dir(&folder).unwrap();
    let rows = batch.num_rows();
    let part = |at: usize| {
        let (start, end) = (at * rows / parts, (at + 1) * rows / parts);
        file(&folder, &format!("{at:03}.parquet"), &batch.slice(start, end - start))
    };
    (0..parts).map(part).collect()
}

fn profiled(folder: &Path, name: &str, tables: &[PathBuf]) -> PathBuf {
    written(&made(tables, None, None), folder.join(format!("{name}.profile.json")))
}

#[test]
fn a_profile_takes_the_place_of_either_month() {
    let folder = tempfile::tempdir().unwrap();
    let [january, july] = ["flights-2013-01.parquet", "flights-2013-07.parquet"].map(data);
    let profiles = [("old", &january), ("new", &july)]
        .map(|(name, path)| profiled(folder.path(), name, std::slice::from_ref(path)));
    for path in &profiles {
        let size = std::fs::metadata(path).unwrap().len();
        println!("{} bytes", size);
        assert!(size < 2_000_000, "{size}");
    }
    let expected = compare(&january, &july);
    for (reference, current) in [(&profiles[0], &july), (&january, &profiles[1]), (&profiles[0], &profiles[1])] {
        assert_eq!(compare(reference, current), expected);
    }
    // Everything in a month was counted, so that any other edges are exact, too.
    let mut options = DriftOptions::default();
    options.bins = 37;
    let run = |reference: &Path| drift(reference, &july, &options, &|_, _| {}).unwrap();
    assert_eq!(run(&profiles[0]), run(&january));
}

#[test]
fn the_reference_of_a_large_table_is_exact() {
    let folder = tempfile::tempdir().unwrap();
    let old = file(folder.path(), "old.parquet", &table(0..200_000, 1, 0.0));
    let mut of_new = table(0..60_000, 2, 0.02);
    of_new.remove_column(1);
    let new = file(folder.path(), "new.parquet", &of_new);
    let profile = profiled(folder.path(), "old", std::slice::from_ref(&old));
    let (report, expected) = (compare(&profile, &new), compare(&old, &new));
    assert_eq!(report, expected);
    assert_eq!(expected.columns.len(), 13);
    // And the other way round: what is only there, and what is new.
    let profile = profiled(folder.path(), "new", std::slice::from_ref(&new));
    assert_eq!(compare(&profile, &old), compare(&new, &old));
}

#[test]
fn between_the_edges_of_the_reference_the_current_table_is_exact() {
    let folder = tempfile::tempdir().unwrap();
    let old = file(folder.path(), "old.parquet", &table(0..150_000, 3, 0.0));
    let new = file(folder.path(), "new.parquet", &table(0..150_000, 4, 0.01));
    let reference = profiled(folder.path(), "old", std::slice::from_ref(&old));
    let fixed = made(std::slice::from_ref(&new), Some(&reference), None);
    let fixed = written(&fixed, folder.path().join("new.profile.json"));
    let expected = compare(&old, &new);
    assert_eq!(compare(&reference, &fixed), expected);
    assert_eq!(compare(&old, &fixed), expected);
}

/// Reports without notes, which say where a sample was counted.
fn without_notes(mut report: DriftReport) -> DriftReport {
    report.columns.iter_mut().for_each(|column| column.notes.clear());
    report
}

#[test]
fn parts_between_fixed_edges_are_the_whole_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let rows = table(0..140_000, 5, 0.0);
    let whole = file(folder.path(), "whole.parquet", &rows);
    let reference = file(folder.path(), "reference.parquet", &table(0..100_000, 6, 0.01));
    let edges = profiled(folder.path(), "reference", &[reference]);
    let expected = text(&made(std::slice::from_ref(&whole), Some(&edges), Some(1)));
    let report = |reference: &Path| {
        let mut options = DriftOptions::default();
        options.edges = Some(edges.clone());
        drift(reference, &whole, &options, &|_, _| {}).unwrap()
    };
    let expected_report = report(&whole);
    for parts in [1, 7, 100] {
        let files = split(folder.path(), &parts.to_string(), &rows, parts);
        assert_eq!(text(&made(&files, Some(&edges), Some(3))), expected, "{parts} files, one table");
        let mut profiles: Vec<PathBuf> = files
            .iter()
            .map(|file| {
                written(&made(std::slice::from_ref(file), Some(&edges), None), file.with_extension("profile.json"))
            })
            .collect();
        assert_eq!(text(&merge(&profiles).unwrap()), expected, "{parts} profiles");
        profiles.sort_by_key(|path| {
            mix(path.as_os_str().len() as u64 ^ path.to_string_lossy().bytes().map(u64::from).sum::<u64>())
        });
        assert_eq!(text(&merge(&profiles).unwrap()), expected, "{parts} profiles in another order");
        assert_eq!(report(files[0].parent().unwrap()), expected_report, "drift of {parts} files");
    }
}

#[test]
fn parts_are_the_whole_to_the_stated_error() {
    let folder = tempfile::tempdir().unwrap();
    let rows = table(0..140_000, 7, 0.0);
    let whole = file(folder.path(), "whole.parquet", &rows);
    let other = file(folder.path(), "other.parquet", &table(0..50_000, 8, 0.05));
    let expected = compare(&other, &whole);
    let exact: Vec<&str> = vec!["rounded", "few", "infinite", "nothing", "nulls", "nans", "day", "texts", "words"];
    for parts in [1, 7, 100] {
        let files = split(folder.path(), &parts.to_string(), &rows, parts);
        let mut profiles: Vec<PathBuf> = files
            .iter()
            .map(|file| {
                profiled(
                    file.parent().unwrap(),
                    file.file_stem().unwrap().to_str().unwrap(),
                    std::slice::from_ref(file),
                )
            })
            .collect();
        for order in 0..2 {
            let merged = merge(&profiles).unwrap();
            assert_eq!(merged.rows(), 140_000);
            let merged = written(&merged, folder.path().join(format!("{parts}-{order}.profile.json")));
            let report = compare(&other, &merged);
            for name in &exact {
                let found = column(&report, name);
                assert_eq!(found.contributions, column(&expected, name).contributions, "{name}");
                assert!(!found.notes.iter().any(|note| note.contains("sample")), "{name}: {:?}", found.notes);
            }
            for name in ["continuous", "odd", "many", "moment"] {
                let (found, truth) = (column(&report, name), column(&expected, name));
                assert!(found.notes.iter().any(|note| note.contains("has a sample of ")), "{name}: {:?}", found.notes);
                assert_eq!(found.null_fraction_current, truth.null_fraction_current);
                let all: u64 = found.contributions.iter().map(|cell| cell.current).sum();
                for truth in &truth.contributions {
                    // A bin outside of the reference that is empty on both sides is not listed.
                    let cell = found.contributions.iter().find(|cell| cell.bin == truth.bin);
                    let share = cell.map_or(0.0, |cell| cell.current as f64 / all as f64);
                    let truth = truth.current as f64 / 140_000.0;
                    assert!((share - truth).abs() < 0.021, "{parts} {name}: {share} {truth}");
                }
            }
            profiles.reverse();
        }
        // The table itself, in parts: edges from another sample of rows.
        let report = compare(files[0].parent().unwrap(), &other);
        let truth = compare(&whole, &other);
        for (found, truth) in report.columns.iter().map(|found| (found, column(&truth, &found.column))) {
            assert_eq!(found.bins, truth.bins, "{}", found.column);
            assert_eq!((found.drifted, found.status), (truth.drifted, truth.status), "{}", found.column);
            for (a, b) in found.contributions.iter().zip(&truth.contributions) {
                assert!(
                    (a.reference as f64 - b.reference as f64).abs() < 0.02 * 140_000.0,
                    "{}: {a:?} {b:?}",
                    found.column
                );
            }
        }
    }
}

#[test]
fn threads_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let files = split(folder.path(), "parts", &table(0..100_000, 9, 0.0), 3);
    let one = text(&made(&files, None, Some(1)));
    assert_eq!(text(&made(&files, None, Some(4))), one);
    let months = [data("flights-2013-01.parquet"), data("flights-2013-02.parquet")];
    assert_eq!(text(&made(&months, None, Some(1))), text(&made(&months, None, Some(2))));
}

#[test]
fn months_merge_into_the_year_so_far() {
    let folder = tempfile::tempdir().unwrap();
    let months = ["flights-2013-01.parquet", "flights-2013-02.parquet"].map(data);
    let profiles: Vec<PathBuf> = months
        .iter()
        .enumerate()
        .map(|(at, month)| profiled(folder.path(), &at.to_string(), std::slice::from_ref(month)))
        .collect();
    let merged = written(&merge(&profiles).unwrap(), folder.path().join("both.profile.json"));
    let both = profiled(folder.path(), "whole", &months);
    let july = data("flights-2013-07.parquet");
    // Fewer rows than a first look keeps: its quantiles are those of all rows.
    assert_eq!(without_notes(compare(&merged, &july)), without_notes(compare(&both, &july)));
    assert_eq!(read_parquet(&july).num_rows(), 29_425);
}

/// Texts too many to count: the sample is compared, and there is no false alarm.
#[test]
fn texts_beyond_counting_are_compared_by_a_sample() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..40).map(|at| at.to_string()).collect();
    let make = |rows: u64, salt: u64| -> RecordBatch {
        let texts = |at: usize| -> ArrayRef {
            let value = |row: u64| {
                let u = uniform(row, (at as u64) << 32 | salt);
                // Some fifteen frequent ones, and 850,000 more.
                Some(((u * if u < 0.15 { 100.0 } else { 1e6 }) as u64).to_string())
            };
            Arc::new((0..rows).map(value).collect::<StringArray>())
        };
        batch(names.iter().enumerate().map(|(at, name)| (name.as_str(), texts(at))).collect())
    };
    let old = file(folder.path(), "old.parquet", &make(90_000, 1));
    let new = file(folder.path(), "new.parquet", &make(20_000, 2));
    let profile = profiled(folder.path(), "old", &[old]);
    let report = compare(&profile, &new);
    let alarms = report.columns.iter().filter(|column| column.p_value.is_some_and(|p| p < 0.05)).count();
    for column in &report.columns {
        assert!(column.notes.iter().any(|note| note.contains("has a sample of 16384 rows")), "{:?}", column.notes);
        assert_eq!(column.contributions.iter().map(|cell| cell.reference).sum::<u64>(), 16_384);
        assert!(column.contributions.iter().any(|cell| cell.bin == "other"));
    }
    // 2 are expected; 8 or more have a chance of 1 in 1000.
    println!("{alarms} of 40");
    assert!(alarms < 8, "{alarms} of 40");
}
