//! Errors as the user sees them: one line on stderr that starts with the program's name, and exit code 2.

use std::fmt;
use std::io::Write;
use std::process::ExitCode;

/// The longest usage error, as promised to whoever reads our stderr.
const USAGE_LINES: usize = 8;
const FAILED: u8 = 2;

/// What is wrong with a text, and where: shown with a caret under the place.
#[derive(Debug)]
pub(crate) struct Located {
    pub(crate) message: String,
    pub(crate) text: String,
    /// In bytes from 0.
    pub(crate) position: usize,
}

impl fmt::Display for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = self.text.get(..self.position).unwrap_or(&self.text);
        let indent = console::measure_text_width(&one_line(before));
        write!(f, "{}\n  {}\n  {:indent$}^", one_line(&self.message), one_line(&self.text), "")
    }
}

impl std::error::Error for Located {}

/// Prints an error and its causes as one line, or what is wrong with a text as three.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    if let Some(located) = error.downcast_ref::<Located>() {
        print(&located.to_string());
        return ExitCode::from(FAILED);
    }
    print(&one_line(&format!("{error:#}")));
    ExitCode::from(FAILED)
}

/// Prints what the argument parser has to say: help and version on stdout, a mistake in a few lines on stderr.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // As with every other output, a reader that has gone away is no failure.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.render().to_string();
    let text = text.trim().trim_start_matches("error: ");
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).take(USAGE_LINES).collect();
    print(&lines.join("\n"));
    ExitCode::from(FAILED)
}

fn print(message: &str) {
    // Nothing is left to tell anyone when stderr is closed too.
    let _ = writeln!(anstream::stderr(), "kullback: {message}");
}

/// File names and cells may hold line breaks and terminal codes; a message may not.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
