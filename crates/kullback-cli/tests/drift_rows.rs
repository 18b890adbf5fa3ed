//! Which rows `drift` compares, and what it says of that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{data, error, failure, json, stdout, write};

#[test]
fn rows_are_chosen_on_both_sides() {
    let months = [data("flights-2013-01.parquet"), data("flights-2013-07.parquet")];
    let report = json(&["drift", &months[0], &months[1], "--where", "carrier=AA", "--where", "origin=LGA"]);
    assert_eq!((report["rows_reference"].as_u64(), report["rows_current"].as_u64()), (Some(1260), Some(1376)));
    assert_eq!(report["notes"].as_array().map(Vec::len), Some(0));
    let refused = error(&["drift", &months[0], &months[1], "--where", "carrier=XX"]);
    assert!(refused.contains("none of 27004 rows has carrier=XX; expected at least one"), "{refused}");
    assert!(error(&["drift", &months[0], &months[1], "--where", "airline=AA"]).contains("no column `airline`; it has"));
    assert!(failure(&["drift", &months[0], &months[1], "--where", "carrier"])[0].contains("expected COLUMN=VALUE"));
}

#[test]
fn samples_and_weights_are_said() {
    let months = [data("flights-2013-01.parquet"), data("flights-2013-07.parquet")];
    let sampled = stdout(&["drift", &months[0], &months[1], "--sample", "1000"]);
    assert!(sampled.contains("1,000 rows in the reference, 1,000 now"), "{sampled}");
    assert!(sampled.contains("  a sample of the reference: 1000 of 27004 rows\n"), "{sampled}");
    let weighed = json(&["drift", &months[0], &months[1], "--weights", "distance", "--columns", "carrier"]);
    assert!(
        weighed["notes"][1].as_str().unwrap().contains("of the current table, weighted by distance, say as much as")
    );
    assert!(failure(&["drift", &months[0], &months[1], "--sample", "0"])[0].contains("a fraction between 0 and 1"));
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "w.csv", "x,w\na,1\nb,-2\n");
    let refused = error(&["drift", &path, &path, "--weights", "w"]);
    assert!(
        refused.contains("w.csv: column `w`, row 1: -2; expected a weight: a finite number of 0 or more"),
        "{refused}"
    );
}

#[test]
fn periods_that_cannot_be_made() {
    let january = data("flights-2013-01.parquet");
    let refused = |by: &str| error(&["drift", &january, &january, "--by", by]);
    assert!(refused("tailnum").contains("by tailnum, which makes more than 1000 periods"), "{}", refused("tailnum"));
    assert!(refused("fortnight").contains("no column `fortnight`; it has"), "{}", refused("fortnight"));
    assert!(refused("week").contains("by week; expected a column"), "{}", refused("week"));
}
