//! Tables as they come: wide, in files that differ, compressed, half empty.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod common;

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use arrow_array::{
    ArrayRef, Decimal128Array, DictionaryArray, Float64Array, Int32Array, Int64Array, ListArray, StringArray,
    StructArray, TimestampMicrosecondArray, types::Int32Type,
};
use common::{batch, cells, column, compare, data, mix, read_parquet, write_ipc, write_parquet};
use kullback_table::{DriftOptions, Status, drift};
use parquet::basic::{Compression, GzipLevel, ZstdLevel};

fn message(path: &Path) -> String {
    drift(path, path, &DriftOptions::default(), &|_, _| {}).unwrap_err().to_string()
}

fn numbers(rows: std::ops::Range<u64>) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(rows.map(|row| (mix(row) % 1000) as f64)))
}

fn texts(rows: std::ops::Range<u64>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(rows.map(|row| format!("v{}", mix(row) % 3))))
}

/// Writes one file.
type Write = Box<dyn Fn(&Path)>;

/// A folder of files, each written by its own means.
fn folder(inside: &Path, name: &str, files: Vec<(&str, Write)>) -> PathBuf {
    let folder = inside.join(name);
    std::fs::create_dir(&folder).unwrap();
    files.into_iter().for_each(|(file, write)| write(&folder.join(file)));
    folder
}

fn parquet(columns: Vec<(&'static str, ArrayRef)>) -> Write {
    Box::new(move |path| write_parquet(path, &batch(columns.clone()), 64))
}

fn text(content: &'static str) -> Write {
    Box::new(move |path| std::fs::write(path, content).unwrap())
}

#[test]
fn a_column_that_only_some_files_have_is_null_in_the_others() {
    let inside = tempfile::tempdir().unwrap();
    for (name, ends) in [("a", [".parquet", ".parquet"]), ("b", [".csv", ".arrow"]), ("c", [".arrow", ".csv"])] {
        let write =
            |path: &Path, columns: Vec<(&'static str, ArrayRef)>| match path.extension().unwrap().to_str().unwrap() {
                "parquet" => write_parquet(path, &batch(columns), 64),
                "arrow" => write_ipc(path, &batch(columns), false),
                _ => std::fs::write(path, common::csv(&batch(columns))).unwrap(),
            };
        let path = inside.path().join(name);
        std::fs::create_dir(&path).unwrap();
        write(&path.join(format!("1{}", ends[0])), vec![("x", numbers(0..100)), ("early", texts(0..100))]);
        write(&path.join(format!("2{}", ends[1])), vec![("late", texts(0..50)), ("x", numbers(100..150))]);
        let whole = inside.path().join(format!("{name}.parquet"));
        write_parquet(
            &whole,
            &batch(vec![("x", numbers(0..150)), ("early", texts(0..150)), ("late", texts(0..150))]),
            64,
        );
        let report = compare(&whole, &path);
        assert_eq!((report.rows_current, report.columns.len()), (150, 3));
        assert_eq!(column(&report, "x").kl, Some(column(&compare(&whole, &whole), "x").kl.unwrap()));
        let early = column(&report, "early");
        assert_eq!((early.status, early.null_fraction_current), (Status::Compared, Some(50.0 / 150.0)));
        assert_eq!(early.notes, ["current table: in 1 of 2 files, null in the others"], "{name}");
        assert_eq!(column(&report, "late").null_fraction_current, Some(100.0 / 150.0));
        // Together with the others, in filters and periods too.
        let mut options = DriftOptions::default();
        options.rows.filter = vec![("late".to_owned(), "null".to_owned())];
        options.by = Some("early".to_owned());
        options.columns.include = Some(vec!["x".to_owned()]);
        let filtered = drift(&path, &path, &options, &|_, _| {}).unwrap();
        assert_eq!(filtered.rows_current, 100);
        assert_eq!(filtered.timeline.unwrap().periods.iter().map(|period| period.rows).sum::<u64>(), 100);
    }
}

#[test]
fn types_that_differ_between_files() {
    let inside = tempfile::tempdir().unwrap();
    let ints: ArrayRef = Arc::new(Int32Array::from_iter_values((0..60).map(|row| row % 4)));
    let longs: ArrayRef = Arc::new(Int64Array::from_iter_values((0..60).map(|row| row % 4)));
    let floats: ArrayRef = Arc::new(Float64Array::from_iter_values((0..60).map(|row| f64::from(row % 4))));
    let words: ArrayRef = Arc::new(StringArray::from_iter_values((0..60).map(|row| (row % 4).to_string())));
    let list: ArrayRef =
        Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>((0..60).map(|row| Some(vec![Some(row)]))));
    // Within a family they are one column without a word.
    let table = folder(
        inside.path(),
        "widened",
        vec![
            ("1.parquet", parquet(vec![("x", ints.clone())])),
            ("2.parquet", parquet(vec![("x", longs)])),
            ("3.parquet", parquet(vec![("x", floats)])),
        ],
    );
    let report = compare(&table, &table);
    assert_eq!(cells(&report.columns[0]), [("0", 45, 45), ("1", 45, 45), ("2", 45, 45), ("3", 45, 45)]);
    assert!(report.columns[0].notes.is_empty());
    // Otherwise as text, or not at all.
    let table = folder(
        inside.path(),
        "mixed",
        vec![
            ("1.parquet", parquet(vec![("x", ints.clone()), ("n", ints)])),
            ("2.parquet", parquet(vec![("x", words), ("n", list)])),
        ],
    );
    let report = compare(&table, &table);
    let x = column(&report, "x");
    assert_eq!(cells(x), [("0", 30, 30), ("1", 30, 30), ("2", 30, 30), ("3", 30, 30)]);
    assert_eq!(x.notes[0], "reference: Int32 in 1.parquet, Utf8 in 2.parquet: read as text");
    let nested = column(&report, "n");
    assert_eq!(nested.status, Status::Unsupported);
    assert!(nested.notes[0].starts_with("reference: Int32 in 1.parquet, List("), "{:?}", nested.notes);
}

#[test]
fn columns_of_every_storage_are_read() {
    let inside = tempfile::tempdir().unwrap();
    let rows = || 0..400_u64;
    let value = |row: u64| (mix(row) % 50) as i64;
    let words: Vec<String> = rows().map(|row| value(row).to_string()).collect();
    let dictionary: DictionaryArray<Int32Type> = words.iter().map(|word| Some(word.as_str())).collect();
    let decimals = Decimal128Array::from_iter_values(rows().map(|row| i128::from(value(row)) * 25));
    let zoned = TimestampMicrosecondArray::from_iter_values(rows().map(|row| value(row) * 3_600_000_000));
    let nested = StructArray::from(batch(vec![("inner", numbers(rows()))]));
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>(rows().map(|row| Some(vec![Some(row as i32)])));
    let table = batch(vec![
        ("dictionary", Arc::new(dictionary) as ArrayRef),
        ("decimal", Arc::new(decimals.with_precision_and_scale(20, 2).unwrap())),
        ("zoned", Arc::new(zoned.with_timezone("America/New_York"))),
        ("nested", Arc::new(nested)),
        ("list", Arc::new(list)),
    ]);
    for name in ["x.parquet", "x.arrow"] {
        let path = inside.path().join(name);
        if name == "x.arrow" {
            write_ipc(&path, &table, false)
        } else {
            write_parquet(&path, &table, 100)
        }
        let report = compare(&path, &path);
        assert_eq!(report.columns.len(), 5, "{name}");
        for (name, status) in [
            ("dictionary", Status::Compared),
            ("decimal", Status::Compared),
            ("zoned", Status::Compared),
            ("nested", Status::Unsupported),
            ("list", Status::Unsupported),
        ] {
            assert_eq!(column(&report, name).status, status, "{name}");
        }
        assert_eq!(cells(column(&report, "dictionary")).len(), 50);
        assert!(cells(column(&report, "decimal"))[0].0.starts_with("[0, "));
        // Instants are instants, whatever the zone: 0 is 1970 in UTC.
        assert!(
            cells(column(&report, "zoned"))[0].0.starts_with("[1970-01-01, "),
            "{:?}",
            cells(column(&report, "zoned"))
        );
        assert!(column(&report, "nested").notes[0].contains("Struct("), "{:?}", column(&report, "nested").notes);
        let mut options = DriftOptions::default();
        options.by = Some("zoned:day".to_owned());
        let days = drift(&path, &path, &options, &|_, _| {}).unwrap().timeline.unwrap().periods;
        assert_eq!(
            days.iter().map(|day| day.name.as_str()).collect::<Vec<_>>(),
            ["1970-01-01", "1970-01-02", "1970-01-03"]
        );
        options.by = Some("nested".to_owned());
        assert!(
            drift(&path, &path, &options, &|_, _| {})
                .unwrap_err()
                .to_string()
                .contains("column `nested` holds Struct(")
        );
    }
}

#[test]
fn compressed_tables_are_the_same_tables() {
    let inside = tempfile::tempdir().unwrap();
    let january = read_parquet(&data("flights-2013-01.parquet")).slice(0, 3000);
    let plain = inside.path().join("plain.parquet");
    write_parquet(&plain, &january, 1000);
    let expected = compare(&plain, &plain);
    for (name, codec) in [
        ("none", Compression::UNCOMPRESSED),
        ("snappy", Compression::SNAPPY),
        ("gzip", Compression::GZIP(GzipLevel::default())),
        ("zstd", Compression::ZSTD(ZstdLevel::default())),
        ("lz4", Compression::LZ4_RAW),
    ] {
        let path = inside.path().join(format!("{name}.parquet"));
        let properties = parquet::file::properties::WriterProperties::builder().set_compression(codec).build();
        let mut writer =
            parquet::arrow::ArrowWriter::try_new(File::create(&path).unwrap(), january.schema(), Some(properties))
                .unwrap();
        writer.write(&january).unwrap();
        writer.close().unwrap();
        assert_eq!(compare(&plain, &path), expected, "{name}");
    }
    let csv = common::csv(&january);
    for name in ["a.csv.zst", "b.csv.gz", "c.csv"] {
        let path = inside.path().join(name);
        match name {
            "a.csv.zst" => std::fs::write(&path, zstd::encode_all(csv.as_bytes(), 1).unwrap()).unwrap(),
            "b.csv.gz" => common::write_gzip(&path, &csv),
            _ => std::fs::write(&path, &csv).unwrap(),
        }
        assert_eq!(compare(&plain, &path).columns, expected.columns, "{name}");
    }
    let cut = inside.path().join("cut.csv.zst");
    let bytes = std::fs::read(inside.path().join("a.csv.zst")).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    assert!(message(&cut).contains("cut.csv.zst: cannot be read as CSV"), "{}", message(&cut));
}

#[test]
fn separators_are_found_in_the_header() {
    let inside = tempfile::tempdir().unwrap();
    let path = |name: &str, content: &str| {
        let path = inside.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let expected = compare(&path("c.csv", "a,b\n1,x\n2,y\n"), &path("c.csv", "a,b\n1,x\n2,y\n"));
    for (name, content) in
        [("s.csv", "a;b\n1;x\n2;y\n"), ("t.csv", "a\tb\n1\tx\n2\ty\n"), ("p.csv", "a|b\r\n1|x\r\n2|y\r\n")]
    {
        let path = path(name, content);
        assert_eq!(compare(&path, &path), expected, "{name}");
    }
    let ragged = folder(inside.path(), "ragged", vec![("1.csv", text("a,b\n1,x\n")), ("2.csv", text("a,b\n1,x\n2\n"))]);
    assert!(message(&ragged).contains("2.csv: row 1 has 1 fields; expected 2"), "{}", message(&ragged));
    let twice = folder(inside.path(), "twice", vec![("1.csv", text("a,b\n1,x\n")), ("2.csv", text("a,a\n1,x\n"))]);
    assert!(message(&twice).contains("2.csv: column `a` stands there twice"), "{}", message(&twice));
}

#[test]
fn files_without_rows_are_no_reason_to_stop() {
    let inside = tempfile::tempdir().unwrap();
    let table = folder(
        inside.path(),
        "parts",
        vec![
            ("1.csv", text("a,b\n1,x\n2,y\n")),
            ("2.csv", text("")),
            ("3.csv", text("a,b\n")),
            ("4.parquet", parquet(vec![("a", Arc::new(Int32Array::from(Vec::<i32>::new()))), ("b", texts(0..0))])),
        ],
    );
    let report = compare(&table, &table);
    assert_eq!(report.rows_current, 2);
    assert_eq!(report.notes.len(), 2);
    assert!(report.notes[0].ends_with("2.csv: passed over, the file is empty"), "{:?}", report.notes);
    let nothing = folder(inside.path(), "nothing", vec![("1.csv", text("")), ("2.csv", text("a\n"))]);
    assert!(message(&nothing).contains("the table has no rows"), "{}", message(&nothing));
}

#[test]
fn a_thousand_columns() {
    const COLUMNS: usize = 1000;
    let inside = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..COLUMNS).map(|at| format!("column_{at}")).collect();
    let [old, new] = ["old", "new"].map(|name| {
        let salt = u64::from(name == "new") << 40;
        let array = |at: usize| {
            let rows = (at as u64 * 1_000_000 + salt)..(at as u64 * 1_000_000 + salt + 2000);
            if at.is_multiple_of(4) { texts(rows) } else { numbers(rows) }
        };
        let table = batch(names.iter().enumerate().map(|(at, name)| (name.as_str(), array(at))).collect());
        let path = inside.path().join(format!("{name}.parquet"));
        write_parquet(&path, &table, 1000);
        let mut text = File::create(inside.path().join(format!("{name}.csv"))).unwrap();
        text.write_all(common::csv(&table).as_bytes()).unwrap();
        path
    });
    let start = Instant::now();
    let report = compare(&old, &new);
    let parquet = start.elapsed();
    assert_eq!(report.columns.len(), COLUMNS);
    assert_eq!(report.columns.iter().filter(|column| column.kl.is_some()).count(), COLUMNS);
    let start = Instant::now();
    assert_eq!(compare(&inside.path().join("old.csv"), &inside.path().join("new.csv")), report);
    println!("Parquet {parquet:?}, CSV {:?}", start.elapsed());
    // A second or so where nothing else runs.
    assert!(parquet.as_secs() < 60);
}
