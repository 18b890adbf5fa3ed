//! One file a command: from arguments to a report.

pub(crate) mod check;
pub(crate) mod discrete;
pub(crate) mod drift;
pub(crate) mod family;
pub(crate) mod logits;
mod measures;
pub(crate) mod profile;
pub(crate) mod samples;

use anyhow::Result;

use crate::Outcome;
use crate::args::{Command, Global};

impl Command {
    pub(crate) fn run(self, global: &Global) -> Result<Outcome> {
        match self {
            Self::Discrete(args) => discrete::run(args, global),
            Self::Drift(args) => drift::run(&args, global),
            Self::Family(args) => family::run(args, global),
            Self::Logits(args) => logits::run(&args, global),
            Self::Merge(args) => profile::merge(&args, global),
            Self::Profile(args) => profile::profile(&args, global),
            Self::Samples(args) => samples::run(&args, global),
            Self::Measures => Ok(measures::run(global)),
        }
    }
}
