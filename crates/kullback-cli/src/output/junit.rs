//! JUnit's XML: a test case a column, as CI services show it. No time stamps: the same comparison gives the same bytes.

use std::fmt::Write;

use super::xml::escaped;
use crate::command::check::{Check, Verdict};

pub(crate) fn write(check: &Check, tables: &[String; 2]) -> String {
    let tests = check.verdicts.len();
    let failures = check.failed().count();
    let skipped = check.verdicts.iter().filter(|verdict| verdict.skipped.is_some()).count();
    let counts = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\"");
    let name = escaped(&format!("{} → {}", tables[0], tables[1]));
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"kullback drift\" {counts}>\n\
         <testsuite name=\"{name}\" {counts}>\n"
    );
    for verdict in &check.verdicts {
        case(&mut text, verdict);
    }
    text + "</testsuite>\n</testsuites>\n"
}

fn case(text: &mut String, verdict: &Verdict) {
    let open = format!("<testcase classname=\"drift\" name=\"{}\"", escaped(&verdict.column));
    // Writing to a text does not fail.
    let _ = match (&verdict.skipped, verdict.reasons.as_slice()) {
        (Some(why), _) => writeln!(text, "{open}><skipped message=\"{}\"/></testcase>", escaped(why)),
        (None, []) => writeln!(text, "{open}/>"),
        (None, reasons) => {
            let message = escaped(&reasons.join("; "));
            let moved = escaped(&verdict.moved.join("; "));
            writeln!(text, "{open}><failure type=\"drift\" message=\"{message}\">{moved}</failure></testcase>")
        }
    };
}
