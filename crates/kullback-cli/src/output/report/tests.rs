#![allow(clippy::unwrap_used, clippy::expect_used)]

use kullback_table::{ConditionalDrift, Contribution, DriftOptions, JointDrift, Period, PeriodColumn, Timeline, drift};

use super::*;
use crate::output::{json, text};

/// Two columns, one of which changed, with a summer and a pair of columns made by hand.
fn report() -> DriftReport {
    let folder = tempfile::tempdir().unwrap();
    let table = |name: &str, shift: usize| {
        let mut text = "delay,<tail>\n".to_owned();
        (0..2000).for_each(|row| text += &format!("{},{}\n", (row * 7919) % 1000 + shift, row % 3));
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let [a, b] = [table("a.csv", 0), table("b.csv", 200)];
    let mut report = drift(a, b, &DriftOptions::default(), &|_, _| {}).unwrap();
    let mut timeline = Timeline::default();
    timeline.by = "month of <day>".to_owned();
    for month in 1..=12 {
        let mut period = Period::default();
        period.name = format!("2013-{month:02}");
        period.rows = 1000 + month;
        for column in ["delay", "<tail>"] {
            let mut found = PeriodColumn::default();
            found.column = column.to_owned();
            found.kl = if (6..=8).contains(&month) && column == "delay" { 0.09 * month as f64 + 0.08 } else { 0.001 };
            let least = if column == "delay" { 0.9 } else { -0.1 };
            found.interval = (least * found.kl, 1.1 * found.kl);
            found.kl_previous = (month > 1).then_some(0.02);
            found.p_value = Some(0.5);
            period.columns.push(found);
        }
        timeline.periods.push(period);
    }
    report.timeline = Some(timeline);
    let mut joint = JointDrift::default();
    joint.columns = vec!["<tail>".to_owned(), "delay".to_owned()];
    joint.kl = 0.25;
    for (column, given, kl) in [("<tail>", vec![], 0.05), ("delay", vec!["<tail>".to_owned()], 0.2)] {
        let mut part = ConditionalDrift::default();
        part.column = column.to_owned();
        part.given = given;
        part.kl = kl;
        part.g = 12.5;
        part.degrees_of_freedom = 3;
        part.p_value = Some(1e-7);
        part.contributions.push(bin(&report));
        joint.parts.push(part);
    }
    report.joint.push(joint);
    report
}

fn bin(report: &DriftReport) -> Contribution {
    let mut bin = report.columns[0].contributions[0].clone();
    (bin.bin, bin.nats) = ("1, [2, 3)".to_owned(), 0.15);
    bin
}

fn page(report: &DriftReport) -> String {
    html::page(&Subject { report, tables: ["a.csv".to_owned(), "b.csv".to_owned()], unit: Unit::Nats }).unwrap()
}

#[test]
fn the_course_of_a_column_shows_its_summer() {
    let report = report();
    let page = page(&report);
    assert!(page.contains("<h2 id=\"time\">By month of &lt;day&gt;</h2>"));
    assert!(page.contains("KL of delay by month of &lt;day&gt;"), "the title of its picture");
    assert!(page.contains("Largest in 2013-08: 0.800 nats."));
    assert!(page.contains("<th scope=\"col\">2013-07<br>1,007 rows</th>"));
    // Text, too: nothing until June, then up to August.
    let text = text::drift(&report, Unit::Nats, None);
    assert!(text.contains("By month of <day>: nats of KL"), "{text}");
    assert!(text.contains("▁▁▁▁▁▇██▁▁▁▁         0.800  2013-08"), "{text}");
    // What may be chance is not drawn as large because nothing is larger.
    assert!(text.contains("············       0.00100"), "{text}");
}

#[test]
fn columns_together_are_told_apart() {
    let report = report();
    let page = page(&report);
    assert!(page.contains("&lt;tail&gt;, delay together</h2>"));
    assert!(page.contains("delay given &lt;tail&gt;<br>"));
    let text = text::drift(&report, Unit::Nats, None);
    assert!(text.contains("<tail>, delay together: KL 0.250 nats"), "{text}");
    assert!(text.contains("  delay given <tail>: 0.200, p 1e-7   1, [2, 3) +0.15\n"), "{text}");
}

#[test]
fn json_has_what_was_asked_for() {
    let mut report = report();
    let value: serde_json::Value = serde_json::from_str(&json::drift(&report, Unit::Nats, None)).unwrap();
    assert_eq!(value["timeline"]["by"], "month of <day>");
    let period = &value["timeline"]["periods"][7];
    assert_eq!((&period["period"], &period["rows"]), (&"2013-08".into(), &1008.into()));
    let keys: Vec<&String> = period["columns"][0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["column", "kl", "ci_low", "ci_high", "kl_previous", "p_value", "p_adjusted"]);
    assert_eq!(value["timeline"]["periods"][0]["columns"][0]["kl_previous"], serde_json::Value::Null);
    let joint = &value["joint"][0];
    assert_eq!(joint["columns"], serde_json::json!(["<tail>", "delay"]));
    let keys: Vec<&String> = joint["parts"][1].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["column", "given", "kl", "g", "degrees_of_freedom", "p_value", "p_permuted", "contributions"]);
    report.timeline = None;
    report.joint.clear();
    let value: serde_json::Value = serde_json::from_str(&json::drift(&report, Unit::Nats, None)).unwrap();
    assert!(value.get("timeline").is_none() && value.get("joint").is_none());
}

#[test]
fn pictures_have_no_infinite_places() {
    let mut report = report();
    for column in &mut report.columns {
        column.kl = Some(f64::INFINITY);
        column.contributions.iter_mut().for_each(|bin| bin.nats = f64::INFINITY);
    }
    if let Some(timeline) = &mut report.timeline {
        for column in timeline.periods.iter_mut().flat_map(|period| &mut period.columns) {
            (column.kl, column.interval) = (f64::INFINITY, (0.0, f64::INFINITY));
        }
    }
    let page = page(&report);
    for path in page.split(" d=\"").skip(1) {
        let path = path.split('"').next().unwrap();
        assert!(!path.contains("NaN") && !path.contains("inf"), "{path}");
    }
    for number in [" x=\"NaN", " y=\"NaN", " x=\"inf", " y=\"inf", "cx=\"NaN", "cy=\"NaN"] {
        assert!(!page.contains(number), "{number}");
    }
    // A timeline of no periods is no chart, and no failure.
    report.timeline = Some(Timeline::default());
    self::page(&report);
    assert!(!text::drift(&report, Unit::Nats, None).contains("of each period"));
}
