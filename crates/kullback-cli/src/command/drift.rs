//! `kullback drift REFERENCE CURRENT`.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use kullback_table::{ColumnSelection, DriftOptions, DriftReport};

use crate::Outcome;
use crate::args::{Drift, Global};
use crate::output::{json, text};

/// How long a run may take before it shows its progress; on stderr, and only if that is a terminal.
const PATIENCE: Duration = Duration::from_millis(500);

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

    let bar = ProgressBar::hidden().with_style(style());
    let start = Instant::now();
    let report = kullback_table::drift(&args.reference, &args.current, &options, &|done, total| {
        if bar.is_hidden() && !global.quiet && start.elapsed() > PATIENCE {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        bar.set_length(total);
        // Threads report in any order.
        bar.set_position(done.max(bar.position()));
    });
    bar.finish_and_clear();
    Ok(report?)
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{wide_bar} {percent:>3} % {eta:>4}").unwrap_or_else(|_| ProgressStyle::default_bar())
}
