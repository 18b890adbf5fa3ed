//! `kullback drift --compat`: what other tools say, beside our own numbers. The numbers themselves are tested in `kullback-table`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{data, error, failure, json, stdout, write};
use serde_json::Value;

const TOOLS: [&str; 4] = ["evidently", "great-expectations", "tfdv", "psi-deciles"];

fn months() -> [String; 2] {
    ["01", "02"].map(|month| data(&format!("flights-2013-{month}.parquet")))
}

fn column<'a>(report: &'a Value, name: &str) -> &'a Value {
    report["columns"].as_array().unwrap().iter().find(|column| column["column"] == name).unwrap()
}

#[test]
fn json_has_it_for_each_column_when_asked_and_is_otherwise_the_same() {
    let [january, february] = &months();
    let plain = json(&["drift", january, february, "--columns", "dep_delay,carrier"]);
    for tool in TOOLS {
        let mut report = json(&["drift", january, february, "--columns", "dep_delay,carrier", "--compat", tool]);
        for column in report["columns"].as_array_mut().unwrap() {
            let said = column.as_object_mut().unwrap().remove("compat").unwrap();
            let keys: Vec<&String> = said.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["tool", "statistics", "reason"]);
            assert_eq!(said["tool"], tool);
            let statistics = said["statistics"].as_array().unwrap();
            assert_eq!(statistics.is_empty(), said["reason"].is_string(), "{said}");
            for one in statistics {
                let keys: Vec<&String> = one.as_object().unwrap().keys().collect();
                assert_eq!(keys, ["statistic", "value", "threshold", "drifted"]);
            }
        }
        assert_eq!(report["columns"], plain["columns"], "{tool}");
        assert!(plain["notes"].as_array().unwrap().is_empty());
        assert!(report["notes"][0].as_str().unwrap().starts_with(&format!("compat {tool}: ")));
    }
}

#[test]
fn units_are_the_tools_and_rows_may_be_chosen() {
    let [january, february] = &months();
    let options = ["--columns", "dep_delay", "--compat", "evidently", "--where", "carrier=AA"];
    let of = |unit: &str| {
        let report = json(&[&["drift", january, february, "--unit", unit], &options[..]].concat());
        column(&report, "dep_delay").clone()
    };
    let (nats, bits) = (of("nats"), of("bits"));
    assert_eq!(nats["compat"], bits["compat"]);
    assert_ne!(nats["kl"], bits["kl"]);
    let all = json(&["drift", january, february, "--columns", "dep_delay", "--compat", "evidently"]);
    assert_ne!(column(&all, "dep_delay")["compat"], nats["compat"]);
}

#[test]
fn people_read_it_too() {
    let [january, february] = &months();
    let folder = tempfile::tempdir().unwrap();
    for kind in ["html", "csv", "md"] {
        let page = folder.path().join(format!("out.{kind}"));
        let page = page.to_str().unwrap();
        let text = stdout(&[
            "drift",
            january,
            february,
            "--columns",
            "day,carrier",
            "--compat",
            "psi-deciles",
            "--report",
            page,
        ]);
        assert!(text.contains("What psi-deciles says, by its own threshold"), "{text}");
        assert!(text.contains("nothing (the recipe is for numbers)"), "{text}");
        let written = std::fs::read_to_string(page).unwrap();
        assert!(written.contains("psi-deciles says"), "{kind}");
    }
}

#[test]
fn what_cannot_be_compared_has_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let old = write(folder.path(), "old.csv", "a,b,c,d\n1,2013-01-01,x,1\n2,2013-01-02,y,2\n3,2013-01-03,x,3\n");
    let new = write(folder.path(), "new.csv", "a,b,c\n1,2013-02-01,1\n2,2013-02-02,2\n2,2013-02-03,2\n");
    for tool in TOOLS {
        let report = json(&["drift", &old, &new, "--compat", tool]);
        for (name, reason) in [("b", "only numbers and text"), ("c", "different types"), ("d", "only in reference")] {
            let said = &column(&report, name)["compat"];
            assert!(said["reason"].as_str().unwrap().contains(reason), "{tool} {name}: {said}");
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let [january, february] = &months();
    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path().join("january.profile.json");
    let profile = profile.to_str().unwrap();
    stdout(&["profile", january, "-o", profile]);
    let said = error(&["drift", profile, february, "--compat", "evidently"]);
    assert!(said.contains("january.profile.json") && said.contains("a profile, which has no rows"), "{said}");
    let said = error(&["drift", january, february, "--compat", "tfdv", "--weights", "distance"]);
    assert!(said.contains("compat is tfdv beside weights; expected no weights"), "{said}");
    let said = failure(&["drift", january, february, "--compat", "whylogs"]).concat();
    assert!(TOOLS.iter().all(|tool| said.contains(tool)), "{said}");
}
