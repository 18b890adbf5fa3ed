//! `kullback profile`, `kullback merge`, and profiles in the place of tables.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::Path;

use common::{data, error, failure, json, stdout, write};
use serde_json::Value;

const TABLE: &str = "letter,n,x,when\na,1,0.5,2013-01-01\nb,2,1.25,2013-01-02\n,2,,2013-02-01\na,3,1e300,2013-03-01\n";

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

/// A small profile in `folder`.
fn small(folder: &Path) -> String {
    let table = write(folder, "small.csv", TABLE);
    let profile = path(folder, "small.profile.json");
    stdout(&["profile", &table, "-o", &profile]);
    profile
}

#[test]
fn a_profile_is_written_and_described() {
    let folder = tempfile::tempdir().unwrap();
    let output = path(folder.path(), "january.profile.json");
    let january = data("flights-2013-01.parquet");
    let text = stdout(&["profile", &january, "-o", &output]).replace(&output, "january.profile.json");
    insta::assert_snapshot!("january", text);
    assert!(std::fs::metadata(&output).unwrap().len() < 2_000_000);
    let found = json(&["profile", &january, "-o", &output]);
    let keys: Vec<&str> = found.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["file", "bytes", "rows", "columns"]);
    assert_eq!((&found["rows"], found["columns"].as_array().unwrap().len()), (&Value::from(27_004), 18));
    let profile: Value = serde_json::from_slice(&std::fs::read(&output).unwrap()).unwrap();
    assert_eq!((&profile["format"], &profile["version"]), (&"kullback profile".into(), &1.into()));
}

#[test]
fn drift_takes_a_profile_on_either_side() {
    let folder = tempfile::tempdir().unwrap();
    let months = ["flights-2013-01.parquet", "flights-2013-07.parquet"].map(data);
    let profiles = ["old.profile.json", "new.profile.json"].map(|name| path(folder.path(), name));
    for (month, profile) in months.iter().zip(&profiles) {
        stdout(&["profile", month, "--output", profile, "--threads", "1"]);
    }
    let expected = stdout(&["drift", &months[0], &months[1], "--json"]);
    assert_eq!(stdout(&["drift", &profiles[0], &months[1], "--json"]), expected);
    assert_eq!(stdout(&["drift", &months[0], &profiles[1], "--json"]), expected);
    assert_eq!(stdout(&["drift", &profiles[0], &profiles[1], "--json", "--threads", "3"]), expected);
    assert_eq!(stdout(&["drift", &months[0], &months[1], "--json", "--edges", &profiles[0]]), expected);
}

#[test]
fn several_files_are_one_table_and_profiles_merge_into_it() {
    let folder = tempfile::tempdir().unwrap();
    let months = ["flights-2013-01.parquet", "flights-2013-02.parquet"].map(data);
    let [a, b, both, merged] =
        ["a", "b", "both", "merged"].map(|name| path(folder.path(), &format!("{name}.profile.json")));
    stdout(&["profile", &months[0], "-o", &a]);
    stdout(&["profile", &months[1], "-o", &b, "--edges", &a]);
    assert!(
        error(&["merge", &a, &b, "-o", &merged])
            .contains("b.profile.json: column `day` was counted between other edges")
    );
    stdout(&["profile", &months[0], "-o", &a, "--edges", &b]);
    stdout(&["profile", &months[0], &months[1], "-o", &both, "--edges", &b]);
    let rows = json(&["merge", &b, &a, "-o", &merged])["rows"].clone();
    assert_eq!(rows, 27_004 + 24_951);
    assert_eq!(std::fs::read(&both).unwrap(), std::fs::read(&merged).unwrap());
}

#[test]
fn what_is_wrong_is_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let good = small(folder.path());
    let text = std::fs::read_to_string(&good).unwrap();
    let output = path(folder.path(), "out.profile.json");
    let broken = |name: &str, from: &str, to: &str| {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        write(folder.path(), &format!("{name}.profile.json"), changed)
    };
    for (name, from, to, says) in [
        ("newer", "\"version\":1", "\"version\":2", "it is of version 2; expected 1"),
        ("other", "kullback profile", "parquet", "its format is `parquet`"),
        ("rows", "\"rows\":4", "\"rows\":5", "column `letter` has counts by value that do not add up"),
        ("negative", "\"nulls\":1", "\"nulls\":-1", "invalid value: integer `-1`"),
        ("nulls", "\"nulls\":1", "\"nulls\":9", "column `letter` has more nulls and NaNs than there are rows"),
        ("unsorted", "[[0.5,false],[1.0,false]", "[[1.0,false],[0.5,false]", "column `x` has edges out of order"),
        ("twice", "\"name\":\"n\"", "\"name\":\"letter\"", "column `letter` stands there twice"),
        ("family", "\"family\":\"text\"", "\"family\":\"number\"", "column `letter` does not hold what its family has"),
        ("kind", "\"family\":\"text\"", "\"family\":\"blob\"", "unknown variant `blob`"),
        ("share", "\"share\":1.0", "\"share\":-1.0", "column `letter` has a share"),
        ("empty", text.as_str(), "", "EOF"),
        ("cut", "\"columns\"", "\"colu", "cannot be read as a profile"),
    ] {
        let path = broken(name, from, to);
        for arguments in [
            &["drift", &path, &good][..],
            &["drift", &good, &path],
            &["merge", &good, &path, "-o", &output],
            &["drift", &good, &good, "--edges", &path],
        ] {
            let message = error(arguments);
            assert!(message.contains(&format!("{name}.profile.json: ")) && message.contains(says), "{name}: {message}");
        }
    }
    let half = write(folder.path(), "half.profile.json", &text.as_bytes()[..text.len() / 3]);
    assert!(error(&["drift", &half, &good]).contains("half.profile.json: cannot be read as a profile: EOF"));
    assert!(!Path::new(&output).exists());
}

#[test]
fn profiles_that_do_not_fit_are_not_merged() {
    let folder = tempfile::tempdir().unwrap();
    let good = small(folder.path());
    let output = write(folder.path(), "out.profile.json", "as before");
    for (name, table, says) in [
        ("typed", TABLE.replace("a,1", "a,one"), "column `n` holds text there and number in"),
        ("more", TABLE.replace(",when", ",when2"), "column `when2` is not in"),
        (
            "fewer",
            TABLE.lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned() + "\n").collect(),
            "column `when` is missing",
        ),
    ] {
        let table = write(folder.path(), &format!("{name}.csv"), table);
        let profile = path(folder.path(), &format!("{name}.profile.json"));
        stdout(&["profile", &table, "-o", &profile]);
        let message = error(&["merge", &good, &profile, "-o", &output]);
        assert!(message.contains(&format!("{name}.profile.json: ")) && message.contains(says), "{message}");
    }
    assert_eq!(std::fs::read_to_string(&output).unwrap(), "as before");
    // Nothing but the files that were there: none half written.
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with('.')), "{left:?}");
}

#[test]
fn names_and_places_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let table = write(folder.path(), "t.csv", TABLE);
    let good = small(folder.path());
    assert!(error(&["profile", &table, "-o", &path(folder.path(), "t.json")]).contains("ends in .profile.json"));
    assert!(error(&["profile", &table, "-o", &path(folder.path(), "no/t.profile.json")]).contains("does not exist"));
    assert!(error(&["merge", &good, "-o", &good]).contains("is an input"));
    assert!(
        error(&["merge", &path(folder.path(), "no.profile.json"), "-o", &path(folder.path(), "o.profile.json")])
            .contains("no such file")
    );
    assert!(error(&["discrete", &format!("{good}#n"), "1,2"]).contains("has no rows; expected a table"));
    assert!(
        error(&["profile", &table, &good, "-o", &path(folder.path(), "o.profile.json")])
            .contains("a profile among other files")
    );
    assert!(
        error(&["profile", &good, "-o", &path(folder.path(), "o.profile.json")])
            .contains("has no rows; expected a table")
    );
    assert!(failure(&["profile", &table])[0].contains("required"));
    let empty = write(folder.path(), "empty.csv", "a\n");
    assert!(error(&["profile", &empty, "-o", &path(folder.path(), "o.profile.json")]).contains("has no rows"));
    assert!(!folder.path().join("o.profile.json").exists());
}

#[test]
fn files_of_version_1_stay_readable() {
    let fixture: String = format!("{}/tests/profiles/version-1.profile.json", env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let table = write(folder.path(), "small.csv", TABLE);
    let found = stdout(&["drift", &fixture, &table, "--json"]);
    assert_eq!(found, stdout(&["drift", &table, &table, "--edges", &fixture, "--json"]));
    // This version writes the same, but for an edge between rows that it takes with fewer digits.
    let [mut written, kept]: [Value; 2] =
        [small(folder.path()), fixture].map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap());
    let edge = &mut written["columns"][2]["bins"]["edges"][1];
    assert_eq!(*edge, serde_json::json!([1.0, false]));
    *edge = serde_json::json!([1.25, false]);
    assert_eq!(written, kept);
}
