//! `kullback measures`: the divergences that have a name.

use std::process::ExitCode;

use kullback::Measure;

use crate::Outcome;
use crate::args::Global;
use crate::output::{json, text};

pub(super) fn run(global: &Global) -> Outcome {
    let catalogue = Measure::catalogue();
    let text = match global.json {
        true => json::measures(catalogue),
        false => text::measures(catalogue),
    };
    Outcome { text, code: ExitCode::SUCCESS }
}
