//! Every error is one line that says where, and what would be accepted.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::path::Path;

use common::{data, write_parquet};
use kullback_table::{ColumnSelection, DriftOptions, TableError, drift, read_column};

fn message(path: &Path) -> String {
    let message = drift(path, path, &DriftOptions::default(), &|_, _| {}).unwrap_err().to_string();
    assert_eq!(message.lines().count(), 1, "{message}");
    message
}

#[test]
fn files_that_are_no_tables() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    assert!(message(folder.path()).contains("no table in this folder"));
    assert!(message(&at("missing.csv")).contains("missing.csv: no such file"));
    assert!(message(&at("*.csv")).contains("no such file"));
    std::fs::write(at("notes.txt"), "a").unwrap();
    assert!(message(&at("notes.txt")).contains("not a kind of table"));
    for (name, bytes) in
        [("a.csv", ""), ("b.csv", "\n"), ("c.csv", "a,b\n"), ("d.arrow", "no"), ("e.parquet", ""), ("f.csv.gz", "no")]
    {
        std::fs::write(at(name), bytes).unwrap();
        assert!(message(&at(name)).contains(name), "{name}");
    }
    assert!(message(&at("c.csv")).contains("no rows"));
    std::fs::write(at("g.csv"), "a,a\n1,2\n").unwrap();
    assert!(message(&at("g.csv")).contains("column `a` stands there twice"));
    std::fs::create_dir(at("h.parquet")).unwrap();
    assert!(message(&at("h.parquet")).contains("no table in this folder"));
}

#[test]
fn damaged_parquet() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.parquet");
    let whole = std::fs::read(data("flights-2013-01.parquet")).unwrap();
    for keep in [0, 3, 8, 100, 1000, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..keep]).unwrap();
        assert!(message(&path).contains("cut.parquet: cannot be read as Parquet"), "{keep}");
    }
    // Damage within: an error or a report, but no panic.
    for at in (100..whole.len()).step_by(whole.len() / 60) {
        let mut damaged = whole.clone();
        damaged[at..at + 8].iter_mut().for_each(|byte| *byte ^= 0x5a);
        std::fs::write(&path, &damaged).unwrap();
        let _ = drift(&path, &path, &DriftOptions::default(), &|_, _| {});
    }
}

#[test]
fn ragged_and_garbled_csv() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.csv");
    std::fs::write(&path, "a,b\n1,2\n3,4\n5\n").unwrap();
    assert!(message(&path).contains("row 2 has 1 fields; expected 2"), "{}", message(&path));
    std::fs::write(&path, b"a,b\n1,x\n3,\xff\xfe\n").unwrap();
    assert!(message(&path).contains("column `b`, row 1"), "{}", message(&path));
    for bytes in [&b"a,caf\xe9\n1,2\n"[..], b"\xff\xfea\0,\0b\0\n\0"] {
        std::fs::write(&path, bytes).unwrap();
        assert!(message(&path).contains("bytes that are not UTF-8; expected UTF-8 text"), "{}", message(&path));
    }
    std::fs::write(&path, b"\"b\nc\"\n\xff\n").unwrap();
    assert!(message(&path).contains("column `b c`, row 0"), "{}", message(&path));
    let cut = folder.path().join("cut.csv.gz");
    common::write_gzip(&cut, &"a,b\n1,2\n".repeat(5000));
    let bytes = std::fs::read(&cut).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    assert!(message(&cut).contains("cut.csv.gz: cannot be read"), "{}", message(&cut));
}

#[test]
fn columns_that_are_not_there() {
    let january = data("flights-2013-01.parquet");
    let mut options = DriftOptions::default();
    options.columns = ColumnSelection { include: Some(vec!["dep_dely".to_owned()]), exclude: Vec::new() };
    let message = drift(&january, &january, &options, &|_, _| {}).unwrap_err().to_string();
    assert!(message.contains("no column `dep_dely`; it has `dep_delay`"), "{message}");
    options.columns =
        ColumnSelection { include: Some(vec!["carrier".into(), "dest".into()]), exclude: vec!["dest".into()] };
    let report = drift(&january, &january, &options, &|_, _| {}).unwrap();
    assert_eq!(report.columns.len(), 1);
    options.bins = 0;
    assert!(matches!(drift(&january, &january, &options, &|_, _| {}), Err(TableError::Option { name: "bins", .. })));
}

#[test]
fn columns_as_weights() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.csv");
    std::fs::write(&path, "name,count,gap\na,1,1\nb,2.5,\nc,1e-3,3\n").unwrap();
    let read = |column: &str| read_column(&format!("{}#{column}", path.display()));
    assert_eq!(read("count").unwrap(), [1.0, 2.5, 1e-3]);
    assert!(read("gap").unwrap_err().to_string().contains("column `gap`, row 1: null; expected a number"));
    assert!(read("name").unwrap_err().to_string().contains("column `name` holds text; expected numbers"));
    assert!(read("cuont").unwrap_err().to_string().contains("no column `cuont`; it has `count`"));
    assert!(read_column("nothing").is_err());
    let counts: arrow_array::ArrayRef = std::sync::Arc::new(arrow_array::Int32Array::from(vec![1, 2, 3]));
    let path = folder.path().join("w.parquet");
    write_parquet(&path, &common::batch(vec![("n", counts)]), 2);
    assert_eq!(read_column(&format!("{}#n", path.display())).unwrap(), [1.0, 2.0, 3.0]);
}
