//! What the three programs share: options, random numbers, data, checkpoints, and the folder that a run writes.

#![allow(dead_code, reason = "each program compiles this and uses its part")]

pub(crate) mod args;
pub(crate) mod checkpoint;
pub(crate) mod figure;
pub(crate) mod folder;
pub(crate) mod images;
pub(crate) mod network;
pub(crate) mod page;
pub(crate) mod progress;
pub(crate) mod random;
pub(crate) mod statistics;
pub(crate) mod tiles;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::Value;

use self::args::Common;
use self::folder::Folder;
use self::page::Page;

/// What a run has come to.
pub(crate) struct Outcome {
    /// For people, line by line.
    pub(crate) lines: Vec<String>,
    /// For programs: `--json`.
    pub(crate) json: Value,
    /// The summary.
    pub(crate) page: Page,
}

/// What `main` returns: 2 and one line on stderr for an error, as the command line tool does.
pub(crate) fn ended(common: &Common, run: impl FnOnce(&Folder) -> Result<Option<Outcome>>) -> ExitCode {
    match finish(common, run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let text = format!("error: {error:#}").replace('\n', " ");
            // There is nowhere left to say it if stderr is closed.
            _ = writeln!(io::stderr(), "{text}");
            ExitCode::from(2)
        }
    }
}

fn finish(common: &Common, run: impl FnOnce(&Folder) -> Result<Option<Outcome>>) -> Result<()> {
    let folder = Folder::new(&common.out)?;
    let Some(Outcome { lines, json, page }) = run(&folder)? else {
        writeln!(io::stderr(), "stopped; --resume goes on from here")?;
        return Ok(());
    };
    page.write(&folder)?;
    let mut out = io::stdout().lock();
    let written = if common.json {
        writeln!(out, "{json}")
    } else {
        lines
            .iter()
            .try_for_each(|line| writeln!(out, "{line}"))
            .and_then(|()| writeln!(out, "{}", folder.path().join("summary.html").display()))
    };
    written.context("stdout: cannot be written")
}
