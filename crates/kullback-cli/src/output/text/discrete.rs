use super::number::{figure, percent};
use super::table::{Align, Table};
use super::unit_name;
use crate::args;
use crate::command::discrete::{Carrier, Report, Verdict};

const DIGITS: usize = 6;
/// A report is for reading; `--json` has all of them.
const MOST_CARRIERS: usize = 20;

pub(crate) fn discrete(report: &Report) -> String {
    let plural = if report.categories == 1 { "y" } else { "ies" };
    let mut text = format!("{} categor{plural}", report.categories);
    if report.smoothing != "none" {
        text += &format!(", smoothing {}", report.smoothing);
    }
    text += "\n\n";
    let mut header = vec![("", Align::Left), ("value", Align::Right), ("unit", Align::Left), ("formula", Align::Left)];
    if report.values.iter().all(|value| value.formula.is_empty()) {
        header.pop();
    }
    let mut table = Table::new(&header);
    for value in &report.values {
        let unit = unit_name(report.unit, value.kind);
        let mut cells =
            vec![value.name.clone(), figure(value.value, DIGITS), unit.to_owned(), value.formula.to_owned()];
        cells.truncate(header.len());
        table.row(cells);
    }
    text += &table.render();
    if let Some(carriers) = &report.contributions {
        text += &format!("\nWhat carries KL(P‖Q)\n{}", contributions(carriers, report.unit));
    }
    text + "\n" + &sentences(&report.verdict)
}

fn contributions(carriers: &[Carrier], unit: args::Unit) -> String {
    let mut table = Table::new(&[
        ("category", Align::Right),
        ("p", Align::Right),
        ("q", Align::Right),
        (unit.name(), Align::Right),
        ("share", Align::Right),
    ]);
    for carrier in carriers.iter().take(MOST_CARRIERS) {
        let share = carrier.share.map_or("–".to_owned(), |share| format!("{:+.1} %", 100.0 * share));
        let sign = if carrier.nats > 0.0 { "+" } else { "" };
        table.row(vec![
            carrier.index.to_string(),
            figure(carrier.p, DIGITS),
            figure(carrier.q, DIGITS),
            format!("{sign}{}", figure(carrier.nats, DIGITS)),
            share,
        ]);
    }
    let rest = carriers.len().saturating_sub(MOST_CARRIERS);
    let more = if rest > 0 { format!("and {rest} more; --json lists all\n") } else { String::new() };
    table.render() + &more
}

/// What the numbers mean for someone who does not know them: at most two lines of 80 characters.
fn sentences(verdict: &Verdict) -> String {
    let &Verdict { kl_nats: kl, total_variation } = verdict;
    if kl == 0.0 && total_variation == 0.0 {
        return "P and Q are the same distribution.\n".to_owned();
    }
    let coding = match kl {
        f64::INFINITY => "P has mass where Q has none: a code made for Q has no word for it.".to_owned(),
        _ => format!(
            "Coding P with a code made for Q costs {} nats ({} bits) a symbol extra.",
            figure(kl, 3),
            figure(args::Unit::Bits.of(kl), 3),
        ),
    };
    // The best guess is the side under which the draw is likelier; it is right with probability (1 + TV)/2.
    let right = percent(f64::midpoint(1.0, total_variation));
    format!("{coding}\nFrom a single draw, the best guess of P or Q is right {right} % of the time.\n")
}
