//! `kullback drift REFERENCE CURRENT`.

use std::process::ExitCode;

use anyhow::Result;
use kullback_table::{ColumnSelection, DriftOptions, DriftReport};

use crate::Outcome;
use crate::args::{Drift, Global};
use crate::output::{json, text};
use crate::progress::Progress;

pub(super) fn run(args: &Drift, global: &Global) -> Result<Outcome> {
    let report = compare(args, global)?;
    let text = match global.json {
        true => json::drift(&report, global.unit),
        false => text::drift(&report, global.unit),
    };
    let alarm = args.check && report.drifted();
    Ok(Outcome { text, code: ExitCode::from(u8::from(alarm)) })
}

fn compare(args: &Drift, global: &Global) -> Result<DriftReport> {
    let mut options = DriftOptions::default();
    options.estimator = args.estimator;
    options.permutation = args.permutation;
    options.bins = args.bins;
    options.edges.clone_from(&args.edges);
    options.alpha = args.alpha;
    options.columns = ColumnSelection { include: args.columns.clone(), exclude: args.exclude.clone() };

    let progress = Progress::new(global.quiet);
    let report = kullback_table::drift(&args.reference, &args.current, &options, &|done, total| {
        progress.at(done, total);
    });
    Ok(report?)
}
