//! Columns of every type, and what is odd about them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::{path::PathBuf, sync::Arc};

use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, DurationSecondArray,
    Float16Array, Float32Array, Float64Array, Int8Array, Int32Array, Int64Array, LargeStringArray, NullArray,
    RecordBatch, StringArray, StringViewArray, StructArray, Time64MicrosecondArray, TimestampMillisecondArray,
    UInt64Array, types::Int8Type,
};
use common::{batch, cells, column, compare, mix, write_ipc, write_parquet};
use kullback_table::{ColumnDrift, Kind, Status};

/// One column compared between two arrays, through Arrow IPC.
fn between(old: impl Array + 'static, new: impl Array + 'static) -> ColumnDrift {
    let folder = tempfile::tempdir().unwrap();
    let paths = ["old.arrow", "new.arrow"].map(|name| folder.path().join(name));
    write_ipc(&paths[0], &batch(vec![("x", Arc::new(old) as ArrayRef)]), false);
    write_ipc(&paths[1], &batch(vec![("x", Arc::new(new) as ArrayRef)]), false);
    compare(&paths[0], &paths[1]).columns.remove(0)
}

fn repeated<T: Clone>(values: &[T]) -> Vec<T> {
    values.iter().cycle().take(60).cloned().collect()
}

#[test]
fn nulls_are_a_bin_of_their_own() {
    let values = |null: usize| -> Int32Array { (0..60).map(|row| (row % null != 0).then_some(row as i32)).collect() };
    let drift = between(values(3), values(2));
    assert_eq!(
        (drift.kind, drift.null_fraction_reference, drift.null_fraction_current),
        (Kind::Numeric, Some(1.0 / 3.0), Some(0.5))
    );
    assert_eq!(cells(&drift).last(), Some(&("null", 20, 30)));
    let strings = |null: usize| -> StringArray { (0..60).map(|row| (row % null != 0).then_some("null")).collect() };
    let drift = between(strings(3), strings(2));
    assert_eq!(cells(&drift), [("\"null\"", 40, 30), ("null", 20, 30)]);
    // Nulls in one side only, and in neither.
    let none = between(Int8Array::from(repeated(&[1, 2])), Int8Array::from(repeated(&[1, 2])));
    assert_eq!(cells(&none), [("1", 30, 30), ("2", 30, 30)]);
}

#[test]
fn nan_is_not_null_and_zero_has_no_sign() {
    let old = Float64Array::from(repeated(&[Some(0.5), Some(f64::NAN), None, Some(1.5)]));
    let new = Float64Array::from(repeated(&[Some(0.5), Some(f64::INFINITY), None, Some(f64::NEG_INFINITY)]));
    let drift = between(old, new);
    assert_eq!(
        cells(&drift),
        [("below 0.5", 0, 15), ("0.5", 15, 15), ("1.5", 15, 0), ("above 1.5", 0, 15), ("NaN", 15, 0), ("null", 15, 15)]
            .into_iter()
            .map(|(bin, old, new)| (if bin == "0.5" { "[0.5, 1.5)" } else { bin }, old, new))
            .collect::<Vec<_>>()
    );
    // Joined: below to the first bin, above to the last.
    assert_eq!(drift.degrees_of_freedom, Some(3));
    let zeros = between(Float32Array::from(repeated(&[0.0, 1.0])), Float32Array::from(repeated(&[-0.0, 1.0])));
    assert_eq!(cells(&zeros), [("0", 30, 30), ("1", 30, 30)]);
    assert_eq!(zeros.p_value, Some(1.0));
}

#[test]
fn whole_numbers_with_few_values_are_counted_by_value() {
    for few in [
        between(Int64Array::from(repeated(&[5, 7])), Int64Array::from(repeated(&[5, 9]))),
        between(UInt64Array::from(repeated(&[5, 7])), Float64Array::from(repeated(&[5.0, 9.0]))),
        between(
            Float16Array::from(repeated(&[half::f16::from_f32(5.0), half::f16::from_f32(7.0)])),
            Int8Array::from(repeated(&[5, 9])),
        ),
        between(
            Decimal128Array::from(repeated(&[500, 700])).with_precision_and_scale(9, 2).unwrap(),
            Decimal128Array::from(repeated(&[5000, 9000])).with_precision_and_scale(9, 3).unwrap(),
        ),
    ] {
        assert_eq!(few.kind, Kind::Categorical);
        assert_eq!(cells(&few), [("5", 30, 30), ("7", 30, 0), ("9", 0, 30)]);
    }
    let many = between(Int64Array::from_iter_values(0..21), Int64Array::from_iter_values(0..21));
    assert_eq!(many.kind, Kind::Numeric);
}

#[test]
fn texts_of_every_layout_are_one() {
    let want = [("b", 20, 20), ("a", 20, 0), ("c", 20, 0), ("d", 0, 20), ("e", 0, 20)];
    let (old, new) = (repeated(&["a", "b", "c"]), repeated(&["b", "d", "e"]));
    let dictionary: DictionaryArray<Int8Type> = old.iter().copied().collect();
    let new = || LargeStringArray::from(new.clone());
    assert_eq!(cells(&between(StringArray::from(old.clone()), new())), want);
    assert_eq!(cells(&between(StringViewArray::from(old.clone()), new())), want);
    assert_eq!(cells(&between(dictionary, new())), want);
    let booleans =
        between(BooleanArray::from(repeated(&[true, false, false])), StringArray::from(repeated(&["true", "false"])));
    assert_eq!(cells(&booleans), [("false", 40, 30), ("true", 20, 30)]);
}

#[test]
fn times_are_numbers_with_readable_bins() {
    let dates = between(
        Date32Array::from_iter_values(0..40),
        TimestampMillisecondArray::from_iter_values((0..40).map(|day| day * 86_400_000)),
    );
    assert_eq!(dates.kind, Kind::Numeric);
    assert_eq!(dates.contributions[0].bin, "[1970-01-01, 1970-01-05)");
    assert_eq!((dates.g, dates.p_value), (Some(0.0), Some(1.0)));
    let clock = |micros: i64| Time64MicrosecondArray::from_iter_values((0..30).map(|i| i * micros));
    assert_eq!(between(clock(60_000_000), clock(60_000_000)).contributions[0].bin, "[00:00:00, 00:03:00)");
    let waits = || DurationSecondArray::from_iter_values(0..30);
    assert_eq!(between(waits(), waits()).contributions[9].bin, "[27s, 29s]");
}

#[test]
fn nothing_but_nulls() {
    let nulls = || NullArray::new(60);
    let both = between(nulls(), nulls());
    assert_eq!((both.status, both.p_value, both.null_fraction_current), (Status::Constant, None, Some(1.0)));
    let filled = between(nulls(), Int32Array::from(repeated(&[1, 2, 3])));
    assert_eq!(filled.null_fraction_reference, Some(1.0));
    assert!(filled.drifted && filled.kl.unwrap().is_finite());
    let emptied = between(StringArray::from(repeated(&["a", "b"])), nulls());
    assert_eq!(cells(&emptied), [("a", 30, 0), ("b", 30, 0), ("null", 0, 60)]);
    let typed = between(Float64Array::new_null(60), Float64Array::new_null(60));
    assert_eq!((typed.status, typed.bins), (Status::Constant, 2));
}

#[test]
fn differences_of_schema_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let table = |name: &str, columns: Vec<(&str, ArrayRef)>| -> PathBuf {
        let path = folder.path().join(name);
        write_parquet(&path, &batch(columns), 16);
        path
    };
    let ints = || Arc::new(Int32Array::from_iter_values(0..60)) as ArrayRef;
    let texts = || Arc::new(StringArray::from(repeated(&["0", "1"]))) as ArrayRef;
    let bytes = Arc::new(BinaryArray::from_iter_values(repeated(&[b"x"]))) as ArrayRef;
    let nested = Arc::new(StructArray::from(batch(vec![("inner", ints())]))) as ArrayRef;
    let old = table(
        "old.parquet",
        vec![("same", ints()), ("gone", texts()), ("typed", ints()), ("bytes", bytes), ("nested", nested)],
    );
    let new = table(
        "new.parquet",
        vec![("new", ints()), ("same", ints()), ("typed", texts()), ("bytes", ints()), ("nested", ints())],
    );
    let report = compare(&old, &new);
    assert_eq!(report.columns.len(), 6);
    let status = |name: &str| column(&report, name).status;
    assert_eq!(
        [status("gone"), status("new"), status("bytes"), status("nested")],
        [Status::OnlyInReference, Status::OnlyInCurrent, Status::Unsupported, Status::Unsupported]
    );
    let gone = column(&report, "gone");
    assert_eq!(
        (gone.kl, gone.p_value, gone.null_fraction_reference, gone.null_fraction_current),
        (None, None, Some(0.0), None)
    );
    let typed = column(&report, "typed");
    assert_eq!(typed.kind, Kind::Categorical);
    assert_eq!(typed.notes[0], "retyped from Int32 to Utf8: compared as text");
    assert!(typed.contributions.iter().any(|cell| (cell.bin.as_str(), cell.reference, cell.current) == ("1", 1, 30)));
}

#[test]
fn values_beyond_the_cap_are_other() {
    let folder = tempfile::tempdir().unwrap();
    // 1, 5,000 and 40,000 distinct values beside two frequent ones: all named; counted whole; found in a sample.
    for (distinct, group) in [(900, 10_000), (5_000, 10_000), (40_000, 3_000)] {
        let values = |salt: u64| -> ArrayRef {
            let text = |row: u64| match row % 4 {
                0 => "often".to_owned(),
                1 => "twice".to_owned(),
                _ => format!("id {}", mix(row << 8 | salt) % distinct),
            };
            Arc::new((0..120_000_u64).map(|row| Some(text(row))).collect::<StringArray>())
        };
        let table = |name: &str, array: ArrayRef, group: usize| {
            let path = folder.path().join(name);
            let batch: RecordBatch = batch(vec![("id", array)]);
            write_parquet(&path, &batch, group);
            path
        };
        let report = compare(&table("old.parquet", values(0), group), &table("new.parquet", values(7), 50_000));
        let id = column(&report, "id");
        let cells = cells(id);
        assert_eq!(cells.iter().fold((0, 0), |sum, cell| (sum.0 + cell.1, sum.1 + cell.2)), (120_000, 120_000));
        assert_eq!(cells[0].1 + cells[1].1, 60_000);
        assert_eq!(cells.iter().any(|cell| cell.0 == "other"), distinct > 1000, "{distinct}");
        assert!(id.bins <= 1001);
        assert!(!id.drifted, "{distinct}: {:?}", id.p_value);
        let again = compare(&table("old.parquet", values(0), 120_000), &table("new.parquet", values(7), 1_000));
        assert_eq!(again, report, "row groups change nothing");
    }
}

#[test]
fn long_texts_are_cut_and_kept_apart() {
    let long = |end: &str| "ä".repeat(1000) + end;
    let drift =
        between(StringArray::from(repeated(&[long("1"), long("2")])), StringArray::from(repeated(&[long("1")])));
    assert_eq!(drift.bins, 2);
    assert!(drift.contributions.iter().all(|cell| cell.bin.len() < 300));
}

#[test]
fn csv_of_every_dialect_is_one_table() {
    let folder = tempfile::tempdir().unwrap();
    let table = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let plain = table("plain.csv", "n,words\n1,\"two\nlines\"\n2,\"a \"\"word\"\"\"\n2,\n");
    let report = compare(&plain, &plain);
    assert_eq!(cells(column(&report, "n")), [("2", 2, 2), ("1", 1, 1)]);
    assert_eq!(cells(column(&report, "words")), [("a \"word\"", 1, 1), ("two\nlines", 1, 1), ("null", 1, 1)]);
    for (name, text) in [
        ("bom.csv", "\u{feff}n,words\n1,\"two\nlines\"\n2,\"a \"\"word\"\"\"\n2,\n"),
        ("crlf.csv", "n,words\r\n1,\"two\nlines\"\r\n2,\"a \"\"word\"\"\"\r\n2,\r\n"),
        ("cut.csv", "\"n\",\"words\"\n1,\"two\nlines\"\n2,\"a \"\"word\"\"\"\n2,\"\""),
        ("semicolons.csv", "n;words\n1;\"two\nlines\"\n2;\"a \"\"word\"\"\"\n2;\n"),
        ("tabs.tsv", "n\twords\n1\t\"two\nlines\"\n2\t\"a \"\"word\"\"\"\n2\t\n"),
    ] {
        assert_eq!(compare(&table(name, text), &plain), report, "{name}");
    }
    // One column may have a semicolon in its name, if it is quoted.
    let one = table("one.csv", "\"a;b\"\n1\n2\n");
    assert_eq!(compare(&one, &one).columns[0].column, "a;b");
}

#[test]
fn dates_far_away_are_no_nulls() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("far.csv");
    std::fs::write(&path, "t\n2013-01-01 05:00:00\n9999-12-31\n9999-12-31\n").unwrap();
    let report = compare(&path, &path);
    assert_eq!(report.columns[0].kind, Kind::Numeric);
    assert_eq!(report.columns[0].null_fraction_reference, Some(0.0));
}
