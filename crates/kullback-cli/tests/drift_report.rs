//! `kullback drift --report`: what is in the files, and when there is none.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::Path;

use common::{data, error, json, kullback, stdout, write};

fn january() -> String {
    data("flights-2013-01.parquet")
}

fn july() -> String {
    data("flights-2013-07.parquet")
}

/// The report of two tables, as a file of this suffix.
fn report(folder: &Path, [reference, current]: [&str; 2], suffix: &str, more: &[&str]) -> Vec<u8> {
    let path = folder.join(format!("report.{suffix}"));
    stdout(&[&["drift", reference, current, "--report", path.to_str().unwrap()], more].concat());
    std::fs::read(path).unwrap()
}

fn page(folder: &Path, tables: [&str; 2], more: &[&str]) -> String {
    String::from_utf8(report(folder, tables, "html", more)).unwrap()
}

#[test]
fn the_page_says_what_changed_and_has_a_picture_of_each() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(folder.path(), [&january(), &july()], &[]);
    assert!(page.contains("17 of 18 columns changed; strongest evidence: tailnum, air_time and dep_delay."));
    assert!(page.contains("[40, 1301] up from 10.0 to 18.0\u{a0}% of rows"));
    let found = json(&["drift", &january(), &july()]);
    for column in found["columns"].as_array().unwrap() {
        let name = column["column"].as_str().unwrap();
        assert_eq!(page.contains(&format!("Distribution of {name} in")), column["drifted"] == true, "{name}");
    }
    // Everything that has a picture has a name for those who do not see it.
    assert_eq!(page.matches("<svg ").count(), page.matches("role=\"img\" aria-labelledby=").count());
    assert_eq!(page.matches("<svg ").count(), page.matches("<desc id=").count());
    assert_eq!(page.matches("<table").count(), page.matches("<caption>").count());
}

#[test]
fn the_page_stands_alone() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(folder.path(), [&january(), &july()], &[]).to_lowercase();
    for outside in ["http:", "https:", "src=", "<script", "<link", "url(", "@import", "javascript"] {
        assert!(!page.contains(outside), "{outside}");
    }
    // Links lead to places on the page.
    for link in page.split("href=\"").skip(1) {
        let target = link.split('"').next().unwrap().strip_prefix('#').unwrap();
        assert!(page.contains(&format!("id=\"{target}\"")), "{target}");
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for suffix in ["html", "svg", "png", "csv", "md"] {
        let [one, three] =
            ["1", "3"].map(|threads| report(folder.path(), [&january(), &july()], suffix, &["--threads", threads]));
        assert!(one == three, "{suffix}");
    }
}

#[test]
fn names_and_values_are_no_markup() {
    let folder = tempfile::tempdir().unwrap();
    let table = |value: &str| {
        let mut text = "<script>alert(1)</script>,a&b|c\n".to_owned();
        for row in 0..300 {
            text += &format!("{},{row}\n", if row % 3 == 0 { "x" } else { value });
        }
        text
    };
    let a = write(folder.path(), "a.csv", table("<img src=x>"));
    let b = write(folder.path(), "b.csv", table("\"&amp;\"\"'\""));
    let page = page(folder.path(), [&a, &b], &[]);
    assert!(!page.contains("<script") && !page.contains("<img"));
    assert!(page.contains("&lt;script&gt;") && page.contains("a&amp;b|c") && page.contains("&amp;amp;"));
    let svg = String::from_utf8(report(folder.path(), [&a, &b], "svg", &[])).unwrap();
    assert!(svg.contains("&lt;script&gt;") && !svg.contains("<script") && !svg.contains("<img"));
    let md = String::from_utf8(report(folder.path(), [&a, &b], "md", &[])).unwrap();
    assert!(md.contains("&lt;script&gt;") && md.contains("a&amp;b\\|c"), "{md}");
}

#[test]
fn names_in_any_script_have_a_place() {
    let folder = tempfile::tempdir().unwrap();
    let table = |shift: usize| {
        let mut text = "列名,\u{202e}turned\n".to_owned();
        (0..300).for_each(|row| text += &format!("{},{row}\n", (row % 7 + shift) / 2));
        text
    };
    let [a, b] = [("a.csv", 0), ("b.csv", 3)].map(|(name, shift)| write(folder.path(), name, table(shift)));
    let page = page(folder.path(), [&a, &b], &[]);
    assert!(page.contains("列名") && page.contains("·turned") && !page.contains('\u{202e}'));
    // The built-in letters lack these; they are drawn as question marks, so the picture is not that of a name of spaces.
    let [named, spaces] = ["列名", "  "].map(|name| {
        let [a, b] = [("c.csv", 0), ("d.csv", 3)]
            .map(|(file, shift)| write(folder.path(), file, table(shift).replace("列名", name)));
        report(folder.path(), [&a, &b], "png", &[])
    });
    assert!(named.starts_with(b"\x89PNG") && named != spaces);
}

#[test]
fn an_unchanged_table_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(folder.path(), [&january(), &january()], &[]);
    assert!(page.contains("None of the 18 columns changed by more than chance explains."));
    assert!(!page.contains("What moved"));
    for suffix in ["svg", "md"] {
        let text = String::from_utf8(report(folder.path(), [&january(), &january()], suffix, &[])).unwrap();
        assert!(text.contains("None of the 18 columns changed"), "{suffix}");
    }
}

#[test]
fn the_table_has_a_line_for_each_column() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = report(folder.path(), [&january(), &july()], "csv", &[]);
    let mut reader = csv::Reader::from_reader(&bytes[..]);
    let header = reader.headers().unwrap().clone();
    let found = json(&["drift", &january(), &july()]);
    let columns = found["columns"].as_array().unwrap();
    let mut lines = 0;
    for (line, column) in reader.records().zip(columns) {
        let line = line.unwrap();
        lines += 1;
        for (key, field) in header.iter().zip(&line) {
            match (key, &column[key]) {
                ("unit", _) => assert_eq!(field, "nats"),
                ("notes", _) => {}
                (_, serde_json::Value::Number(number)) => {
                    // The parser of JSON is a unit in the last place off, now and then.
                    let (read, expected) = (field.parse::<f64>().unwrap(), number.as_f64().unwrap());
                    assert!((read - expected).abs() <= 2.0 * f64::EPSILON * expected.abs(), "{key}: {field} {number}");
                }
                (_, serde_json::Value::Bool(flag)) => assert_eq!(field, flag.to_string(), "{key}"),
                (_, serde_json::Value::Null) => assert_eq!(field, "", "{key}"),
                (_, value) => assert_eq!(value, field, "{key}"),
            }
        }
    }
    assert_eq!(lines, columns.len());
}

#[test]
fn a_refused_report_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let here = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let refused = |path: &str| error(&["drift", &january(), &july(), "--report", path]);
    assert!(refused(&here("report.pdf")).contains(".html, .svg, .png, .csv or .md"));
    assert!(refused(&here("none/report.html")).contains("does not exist"));
    std::fs::create_dir(here("folder.html")).unwrap();
    assert!(refused(&here("folder.html")).contains("no regular file"));
    // A table that cannot be read leaves an older report as it was.
    let old = write(folder.path(), "old.html", "old");
    let missing = here("missing.parquet");
    error(&["drift", &january(), &missing, "--report", &old]);
    assert_eq!(std::fs::read(&old).unwrap(), b"old");
    let table = write(folder.path(), "t.csv", "a\n1\n2\n");
    assert!(error(&["drift", &table, &table, "--report", &table]).contains("is an input"));
    let mut names: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["folder.html", "old.html", "t.csv"]);
}

#[test]
fn a_check_that_alarms_leaves_its_report() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    let output = kullback(&["drift", &january(), &july(), "--check", "--report", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(path.is_file());
}

/// The element of a test case.
fn case<'a>(xml: &'a str, column: &str) -> &'a str {
    let start = xml.find(&format!("name=\"{column}\"")).unwrap_or_else(|| panic!("no case {column}"));
    xml[start..].lines().next().unwrap()
}

#[test]
fn limits_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let run = |limits: &str| {
        let file = write(folder.path(), "limits.toml", limits);
        let cases = folder.path().join("cases.xml");
        let _ = std::fs::remove_file(&cases);
        let arguments =
            ["drift", &january(), &july(), "--check", "--thresholds", &file, "--junit", cases.to_str().unwrap()];
        let output = kullback(&arguments);
        assert!(output.stderr.is_empty());
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.code().unwrap(), text, std::fs::read_to_string(cases).unwrap())
    };
    // Significance is not asked for by a file that does not name it.
    let (code, text, xml) = run("[default]\nkl = 20\n");
    assert_eq!(code, 0);
    assert!(text.contains("Check: 0 of 18 columns over a limit"), "{text}");
    assert!(xml.contains("tests=\"18\" failures=\"0\" errors=\"0\" skipped=\"0\""));
    // The lower end of the interval counts: 0.0455 for dep_delay, whose estimate is 0.0507.
    let (code, text, xml) = run("[default]\nkl = 20\n[columns.dep_delay]\nkl = 0.045\n[columns.air_time]\nkl = 0.07\n");
    assert_eq!(code, 1);
    assert!(text.contains("  dep_delay: KL is 0.0455 nats or more, over kl 0.045\n"), "{text}");
    assert!(case(&xml, "dep_delay").contains("<failure type=\"drift\" message=\"KL is 0.0455"), "{xml}");
    assert!(case(&xml, "dep_delay").contains("[40, 1301] 10.0→18.0 %"));
    assert!(case(&xml, "air_time").ends_with("name=\"air_time\"/>"));
    assert!(xml.contains("tests=\"18\" failures=\"1\""));
    let (code, _, xml) = run("[default]\nalpha = 0.01\nnulls = 0.5\n[columns.month]\nignore = true\n");
    assert_eq!(code, 1);
    assert!(case(&xml, "month").contains("<skipped message=\"ignored\"/>"));
    assert!(case(&xml, "arr_delay").contains("adjusted p &lt;1e-99 is below alpha 0.01"));
    assert!(!case(&xml, "origin").contains("failure"), "0.02 is not below 0.01");
    let (code, text, _) = run("[columns.arr_time]\nnulls = 0.01\npsi = 0.03\n");
    assert_eq!(code, 1);
    assert!(text.contains("nulls went from 2.0 to 3.5 %, over nulls 0.01"), "{text}");
    assert!(text.contains("PSI 0.0374 less 0.00071"), "{text}");
    let json =
        json(&["drift", &january(), &july(), "--thresholds", folder.path().join("limits.toml").to_str().unwrap()]);
    assert_eq!(json["failed"][0]["column"], "arr_time");
    assert_eq!(json["failed"].as_array().unwrap().len(), 1);
}

#[test]
fn a_column_with_limits_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let a = write(folder.path(), "a.csv", "same,gone\n1,x\n2,y\n");
    let b = write(folder.path(), "b.csv", "same,new\n1,x\n2,y\n");
    let check = |limits: &str| {
        let file = write(folder.path(), "limits.toml", limits);
        kullback(&["drift", &a, &b, "--check", "--thresholds", &file])
    };
    assert_eq!(check("[default]\nkl = 0\n").status.code(), Some(0));
    let output = check("[columns.gone]\nkl = 0\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("gone: cannot be compared: only in reference"));
    let output = check("[columns.gon]\nkl = 0\n");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("[columns.gon]: no such column is compared; there is `gone`")
    );
}

#[test]
fn mistaken_limits_are_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    for (limits, message) in [
        ("[default]\nkll = 1\n", "[default] has no key `kll`; expected `kl`, perhaps"),
        ("[default\n", "line 1: "),
        ("[default]\nalpha = yes\n", "line 2: "),
    ] {
        let file = write(folder.path(), "limits.toml", limits);
        let cases = folder.path().join("cases.xml");
        let said = error(&["drift", &january(), &july(), "--thresholds", &file, "--junit", cases.to_str().unwrap()]);
        assert!(said.contains(&format!("--thresholds {file}: {message}")), "{said}");
        assert!(!cases.exists());
    }
    let missing = folder.path().join("none.toml");
    assert!(error(&["drift", &january(), &july(), "--thresholds", missing.to_str().unwrap()]).contains("none.toml"));
    let here = folder.path().join("x.html");
    let here = here.to_str().unwrap();
    assert!(error(&["drift", &january(), &july(), "--report", here, "--junit", here]).contains("--report"));
}

#[test]
fn test_cases_are_written_as_xml_has_them() {
    let folder = tempfile::tempdir().unwrap();
    let table = "\"<a> & \"\"b\"\"\u{1}\",c\nx,1\ny,2\n";
    let path = write(folder.path(), "odd & <even>.csv", table);
    let cases = folder.path().join("cases.xml");
    stdout(&["drift", &path, &path, "--junit", cases.to_str().unwrap()]);
    let xml = std::fs::read_to_string(&cases).unwrap();
    assert!(xml.contains("name=\"&lt;a&gt; &amp; &quot;b&quot;·\""), "{xml}");
    assert!(xml.contains("odd &amp; &lt;even&gt;.csv"));
    assert!(!xml.contains(['\u{1}']) && xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
    assert_eq!(xml.matches("<testcase ").count(), 2);
}

#[test]
fn periods_and_chains_are_on_the_page_and_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let year = data("flights-2013-0*.parquet");
    let asked = ["--by", "month", "--joint", "carrier,dep_delay", "--exclude", "year"];
    let page = page(folder.path(), [&january(), &year], &asked);
    assert!(page.contains("<h2 id=\"time\">By month</h2>"));
    assert!(page.contains("KL of dep_delay by month") && page.contains("carrier, dep_delay together</h2>"));
    assert!(page.contains("<b>month</b>: 2 new values hold"));
    assert!(page.contains("<b>dep_delay</b>") && page.contains("furthest away in month 7"));
    let found = json(&[&["drift", &january(), &year][..], &asked].concat());
    let periods = found["timeline"]["periods"].as_array().unwrap();
    let names: Vec<&str> = periods.iter().map(|period| period["period"].as_str().unwrap()).collect();
    assert_eq!((found["timeline"]["by"].as_str(), names), (Some("month"), vec!["1", "2", "7"]));
    // The first period is the reference itself; July is the furthest from it.
    let delay = |index: usize| {
        let columns = periods[index]["columns"].as_array().unwrap();
        columns.iter().find(|column| column["column"] == "dep_delay").unwrap()["kl"].as_f64().unwrap()
    };
    assert!(delay(0) <= 0.0 && delay(1) > 0.0 && delay(2) > delay(1));
    let parts = found["joint"][0]["parts"].as_array().unwrap();
    let sum: f64 = parts.iter().map(|part| part["kl"].as_f64().unwrap()).sum();
    assert!((sum - found["joint"][0]["kl"].as_f64().unwrap()).abs() < 1e-12);
}
