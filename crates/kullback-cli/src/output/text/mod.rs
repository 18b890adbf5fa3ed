//! Reports for people. The text holds terminal codes; `anstream` takes them out where stdout is no terminal.

mod check;
mod course;
mod discrete;
mod drift;
mod family;
mod histogram;
mod logits;
mod number;
mod profile;
mod samples;
mod sketch;
mod table;

pub(crate) use discrete::discrete;
pub(crate) use drift::drift;
pub(crate) use family::{families, family};
pub(crate) use logits::logits;
pub(crate) use number::{count, figure, p_value, percent};
pub(crate) use profile::profile;
pub(crate) use samples::samples;

use anstyle::{AnsiColor, Style};
use console::Term;
use kullback::divergence::{MeasureInfo, Unit};

use crate::args;
use table::{Align, Table};

const BOLD: Style = Style::new().bold();
const ALARM: Style = AnsiColor::Red.on_default().bold();
const FAINT: Style = Style::new().dimmed();

fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// The columns of the terminal that the report goes to; without one, lines may be as long as they need.
fn width() -> Option<usize> {
    Term::stdout().size_checked().map(|(_, columns)| usize::from(columns))
}

/// Whether the report is read in a terminal.
pub(crate) fn is_terminal() -> bool {
    Term::stdout().is_term()
}

/// Text from a file, fit to be one cell of a table.
fn cell(text: &str, width: usize) -> String {
    let printable: String = text.chars().map(|c| if c.is_control() { '·' } else { c }).collect();
    console::truncate_str(&printable, width, "…").into_owned()
}

/// What stands beside a value.
fn unit_name(unit: args::Unit, kind: Unit) -> &'static str {
    match (kind, unit) {
        (Unit::Nats, unit) => unit.name(),
        (Unit::RootNats, args::Unit::Nats) => "√nats",
        (Unit::RootNats, args::Unit::Bits) => "√bits",
        (Unit::One, _) => "",
    }
}

pub(crate) fn measures(catalogue: &[MeasureInfo]) -> String {
    let mut table = Table::new(&[("name", Align::Left), ("unit", Align::Left), ("definition", Align::Left)]);
    for info in catalogue {
        let unit = match info.unit {
            Unit::Nats => "nats, bits",
            Unit::RootNats => "√nats, √bits",
            Unit::One => "–",
        };
        table.row(vec![info.pattern.to_owned(), unit.to_owned(), info.summary.to_owned()]);
    }
    format!("{}\nAs in `kullback discrete P Q --measure renyi=2 tv`.\n", table.render())
}
