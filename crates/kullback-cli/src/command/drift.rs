//! `kullback drift REFERENCE CURRENT`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use kullback_table::{ColumnSelection, DriftOptions, DriftReport};

use super::check::Thresholds;
use crate::Outcome;
use crate::args::{Drift, Global};
use crate::output::file::{self, Complete, Destination};
use crate::output::report::{ReportFile, Subject};
use crate::output::{json, junit, text};
use crate::progress::Progress;

pub(super) fn run(args: &Drift, global: &Global) -> Result<Outcome> {
    // What cannot be read or written is known before the tables are read.
    let thresholds = match &args.thresholds {
        Some(path) => Thresholds::read(path)?,
        None => Thresholds::significance(args.alpha),
    };
    let inputs: Vec<&Path> =
        [&args.reference, &args.current].into_iter().chain(&args.thresholds).map(|path| path.as_path()).collect();
    let page = args.report.as_deref().map(|path| ReportFile::create(path, &inputs)).transpose()?;
    let cases = args.junit.as_deref().map(|path| cases(path, args.report.as_deref(), &inputs)).transpose()?;

    let report = compare(args, global)?;
    let named =
        || args.thresholds.as_deref().map_or_else(String::new, |path| format!("--thresholds {}", path.display()));
    let check = thresholds.check(&report).with_context(named)?;
    let asked = Some(&check).filter(|_| args.thresholds.is_some());
    let text = match global.json {
        true => json::drift(&report, global.unit, asked),
        false => text::drift(&report, global.unit, asked),
    };
    let tables = [&args.reference, &args.current].map(|path| path.display().to_string());
    let mut written: Vec<Complete> = Vec::new();
    if let Some(cases) = cases {
        written.push(cases.whole(junit::write(&check, &tables).as_bytes())?);
    }
    if let Some(page) = page {
        written.push(page.write(&Subject { report: &report, tables, unit: global.unit })?);
    }
    written.into_iter().try_for_each(Complete::put_in_place)?;
    let alarm = args.check && check.failed().next().is_some();
    Ok(Outcome { text, code: ExitCode::from(u8::from(alarm)) })
}

/// Begins the file of test cases, which is not the report's.
fn cases(path: &Path, report: Option<&Path>, inputs: &[&Path]) -> Result<Destination> {
    let named = || format!("--junit {}", path.display());
    if report.is_some_and(|report| file::same(report, path)) {
        anyhow::bail!("{}: is the file of --report, too; expected another", named());
    }
    Destination::create(path, inputs).with_context(named)
}

fn compare(args: &Drift, global: &Global) -> Result<DriftReport> {
    let mut options = DriftOptions::default();
    options.estimator = args.estimator;
    options.test = args.test;
    options.bins = args.bins;
    options.edges.clone_from(&args.edges);
    options.alpha = args.alpha;
    options.columns = ColumnSelection { include: args.columns.clone(), exclude: args.exclude.clone() };
    options.rows.filter = args.filter.clone();
    options.rows.weights = args.weights.clone();
    options.rows.sample = args.sample;
    options.compat = args.compat;
    options.by = args.by.clone();
    options.joint = args.joint.iter().map(|names| names.split(',').map(str::to_owned).collect()).collect();

    let progress = Progress::new(global.quiet);
    let report = kullback_table::drift(&args.reference, &args.current, &options, &|done, total| {
        progress.at(done, total);
    });
    Ok(report?)
}
