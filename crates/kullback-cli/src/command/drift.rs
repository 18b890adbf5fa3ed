//! `kullback drift REFERENCE CURRENT`.

use std::process::ExitCode;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use kullback_table::{ColumnSelection, DriftOptions, DriftReport};

use crate::Outcome;
use crate::args::{Drift, Global};
use crate::output::{json, text};

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
    options.bins = args.bins;
    options.alpha = args.alpha;
    options.columns = ColumnSelection { include: args.columns.clone(), exclude: args.exclude.clone() };

    let bar = progress_bar(global.quiet);
    let report = kullback_table::drift(&args.reference, &args.current, &options, &|done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    Ok(report?)
}

/// On stderr, and only if that is a terminal.
fn progress_bar(quiet: bool) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(
        None,
        match quiet {
            true => ProgressDrawTarget::hidden(),
            false => ProgressDrawTarget::stderr(),
        },
    );
    match ProgressStyle::with_template("{wide_bar} {percent:>3} % {eta:>4}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
