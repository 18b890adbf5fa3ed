//! What is wrong is said in one line, with exit code 2 and nothing on stdout.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::process::{Command, Stdio};

use common::{data, error, failure, kullback, npy, write};

/// Asserts that a failing run's message holds every word.
fn names(arguments: &[&str], words: &[&str]) {
    let message = error(arguments);
    for word in words {
        assert!(message.contains(word), "{arguments:?}: {message} does not name {word}");
    }
}

#[test]
fn bad_weights_name_side_and_index() {
    names(&["discrete", "-0.2,1.2", "0.5,0.5"], &["P", "index 0", "negative"]);
    names(&["discrete", "0.5,0.5", "0.5,-1e-300"], &["Q", "index 1", "negative"]);
    names(&["discrete", "nan,1", "0.5,0.5"], &["P", "index 0", "finite"]);
    names(&["discrete", "0.5,0.5", "1,inf"], &["Q", "index 1", "finite"]);
    names(&["discrete", "0,0", "0.5,0.5"], &["P", "zero"]);
    names(&["discrete", "1,2,3", "0.5,0.5"], &["3", "2", "same number"]);
}

#[test]
fn bad_lists_name_the_entry() {
    names(&["discrete", "0.2,x,0.8", "1,1,1"], &["P", "entry 1", "`x`"]);
    names(&["discrete", "1,1,1", "0.2,,0.8"], &["Q", "entry 1", "empty"]);
    names(&["discrete", "1,1,", "1,1,1"], &["P", "entry 2", "empty"]);
    names(&["discrete", "", "1"], &["P", "empty"]);
    names(&["discrete", "0.2;0.8", "1,1"], &["P", "0.2;0.8"]);
    names(&["discrete", "wat", "1,1"], &["P", "wat", "table.csv#name"]);
}

#[test]
fn bad_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let cut = write(folder.path(), "cut.npy", npy("<f8", 3, &[0; 16]));
    let square = write(folder.path(), "square.npy", npy("<c16", 1, &[0; 16]));
    let table = write(folder.path(), "t.csv", "a,b\n1,2\n3,x\n");
    let here = folder.path().to_str().unwrap();

    names(&["discrete", &cut, "1,1,1"], &["cut.npy", "3 entries and 2"]);
    names(&["discrete", &square, "1"], &["square.npy", "<c16"]);
    names(&["discrete", &at("none.npy"), "1"], &["P", "none.npy"]);
    names(&["discrete", "1,2", &table], &["Q", "t.csv", "#"]);
    names(&["discrete", "1,2", &(table.clone() + "#c")], &["t.csv", "`c`", "`a`"]);
    names(&["discrete", "1,2", &(table + "#b")], &["t.csv", "`b`", "text", "numbers"]);
    names(&["discrete", here, "1"], &["P", "folder"]);
    names(&["discrete", &(at("none.csv") + "#a"), "1"], &["none.csv"]);
}

#[test]
fn bad_tables_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let whole = data("flights-2013-01.parquet");
    let bytes = std::fs::read(&whole).unwrap();
    let truncated = write(folder.path(), "truncated.parquet", &bytes[..bytes.len() / 2]);
    let ragged = write(folder.path(), "ragged.csv", "a,b\n1,2\n3\n");
    let empty = write(folder.path(), "empty.csv", "");
    let headed = write(folder.path(), "headed.csv", "a,b\n");
    let here = folder.path().join("inner");
    std::fs::create_dir(&here).unwrap();
    let here = here.to_str().unwrap();

    names(&["drift", &truncated, &whole], &["truncated.parquet"]);
    names(&["drift", &whole, &truncated], &["truncated.parquet"]);
    names(&["drift", &ragged, &ragged], &["ragged.csv", "row 1", "2"]);
    names(&["drift", &empty, &empty], &["empty.csv"]);
    names(&["drift", &headed, &headed], &["headed.csv", "rows"]);
    names(&["drift", here, &whole], &["inner"]);
    names(&["drift", "no/such/*.parquet", &whole], &["no/such/*.parquet"]);
    names(&["drift", &whole, "nosuch.parquet"], &["nosuch.parquet"]);
    names(&["drift", &whole, &whole, "--columns", "dep_dely"], &["dep_dely", "`dep_delay`"]);
    names(&["drift", &whole, &whole, "--alpha", "2"], &["alpha", "2"]);
    names(&["drift", &whole, &whole, "--bins", "0"], &["bins", "0"]);
}

#[test]
#[cfg(unix)]
fn unreadable_files_are_named() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let secret = write(folder.path(), "secret.csv", "a\n1\n");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o000)).unwrap();
    // Root reads everything.
    if std::fs::read(&secret).is_err() {
        names(&["drift", &secret, &secret], &["secret.csv"]);
        names(&["discrete", &(secret + "#a"), "1"], &["secret.csv"]);
    }
}

#[test]
fn line_breaks_in_names_stay_in_one_line() {
    names(&["drift", "no\nsuch\u{1b}[31m.csv", "b.csv"], &["no such"]);
}

#[test]
fn usage_errors_are_short() {
    for arguments in [
        [].as_slice(),
        &["discret", "1", "2"],
        &["discrete"],
        &["discrete", "1,2"],
        &["discrete", "1,2", "2,1", "3,3"],
        &["discrete", "1,2", "2,1", "--unit", "hartley"],
        &["discrete", "1,2", "2,1", "--threads", "0"],
        &["discrete", "1,2", "2,1", "--threads", "many"],
        &["discrete", "--jsn", "1,2", "2,1"],
        &["discrete", "1,2", "2,1", "--measure"],
        &["drift", "a.csv"],
        &["drift", "a.csv", "b.csv", "--estimator", "best"],
        &["drift", "a.csv", "b.csv", "--bins", "-1"],
        &["drift", "a.csv", "b.csv", "--chek"],
    ] {
        let lines = failure(arguments);
        assert!(lines.len() <= 8, "{arguments:?}: {lines:?}");
        assert!(lines[0].len() > "kullback: ".len(), "{arguments:?}");
    }
}

#[test]
fn help_and_version_are_no_errors() {
    for arguments in [["--help"].as_slice(), &["--version"], &["discrete", "-h"], &["drift", "--help"]] {
        let output = kullback(arguments);
        assert!(output.status.success() && output.stderr.is_empty() && !output.stdout.is_empty());
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kullback"))
        .args(["discrete", &vec!["1"; 20_000].join(","), &vec!["2"; 20_000].join(","), "--json", "--contributions"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}
