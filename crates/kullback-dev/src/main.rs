//! `cargo run -p kullback-dev -- accuracy [--check]` writes or checks `ACCURACY.md`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool")]

use std::process::ExitCode;

use kullback_dev::report;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let check = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["accuracy"] => false,
        ["accuracy", "--check"] => true,
        _ => {
            eprintln!("usage: cargo run -p kullback-dev -- accuracy [--check]");
            return ExitCode::from(2);
        }
    };
    let (text, broken) = report::accuracy();
    for outcome in &broken {
        eprintln!("{}: {:e}, not {:e}: error {:.1e}", outcome.row, outcome.computed, outcome.truth, outcome.error);
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ACCURACY.md");
    if check {
        let stale = !std::fs::read_to_string(path).is_ok_and(|stored| report::agree(&stored, &text));
        if stale {
            eprintln!("ACCURACY.md is out of date: run cargo run -p kullback-dev -- accuracy");
        }
        return ExitCode::from(u8::from(stale || !broken.is_empty()));
    }
    // What other machines have measured stays.
    let text = std::fs::read_to_string(path).map_or(text.clone(), |stored| report::joined(&stored, &text));
    if let Err(error) = std::fs::write(path, &text) {
        eprintln!("{path}: {error}");
        return ExitCode::from(2);
    }
    println!("ACCURACY.md written; {} promises broken", broken.len());
    ExitCode::from(u8::from(!broken.is_empty()))
}
