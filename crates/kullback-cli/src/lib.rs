//! The command line tool `kullback`: arguments, input, the commands and what they print.
//!
//! No mathematics: every number printed comes from `kullback` or `kullback-table`. The flow is one line: `args` is
//! parsed, a `command` makes a report, `output` renders it, and `run` writes it out in one piece or reports one
//! `error`.

mod args;
mod command;
mod error;
pub mod input;
mod output;
mod progress;
mod unit;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

use args::{Args, Global};

/// What a command hands back: the text for stdout and the exit code.
struct Outcome {
    text: String,
    code: ExitCode,
}

/// Runs the tool and returns its exit code: 0 done, 1 a `--check` found drift, 2 an error.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::try_parse_from(arguments) {
        Ok(args) => args,
        Err(error) => return error::usage(&error),
    };
    match execute(args) {
        Ok(code) => code,
        Err(error) => error::report(&error),
    }
}

fn execute(Args { global, command }: Args) -> anyhow::Result<ExitCode> {
    set_threads(&global)?;
    // Nothing is printed before the whole result is there: a failed run leaves stdout empty.
    let Outcome { text, code } = command.run(&global)?;
    match anstream::stdout().lock().write_all(text.as_bytes()) {
        // The reader has seen enough, as in `kullback … | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(code),
        written => written.map(|()| code).context("cannot write to stdout"),
    }
}

fn set_threads(global: &Global) -> anyhow::Result<()> {
    let Some(threads) = global.threads else { return Ok(()) };
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.into())
        .build_global()
        .with_context(|| format!("--threads {threads}: cannot start the threads"))
}
