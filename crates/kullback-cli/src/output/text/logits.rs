use kullback::divergence::Unit;

use super::number::{count, figure, percent};
use super::table::{Align, Table};
use super::{BOLD, histogram, styled, unit_name};
use crate::args;
use crate::command::logits::{Bin, Report, Spread};

const DIGITS: usize = 5;
/// Characters of a histogram's longest bar.
const BAR: usize = 40;

pub(crate) fn logits(report: &Report) -> String {
    let mut text = headline(report);
    text += &figures(report);
    if let Some(first) = report.divergences.first() {
        text += &format!("\n{}\n", styled(BOLD, &format!("Rows by {}", first.name)));
        text += &bars(&first.summary.histogram);
        text += &format!("\n{}", worst(first));
        text += "\n";
        text += &sentences(report, first);
    }
    text
}

fn headline(report: &Report) -> String {
    let rows = if report.rows == 1 { "row" } else { "rows" };
    let mut text = format!(
        "{} {rows} of {} logits, temperature {}",
        count(report.rows as u64),
        count(report.vocabulary as u64),
        report.temperature
    );
    if report.scaled {
        text += ", values times its square";
    }
    text + "\n\n"
}

/// One column a divergence.
fn figures(report: &Report) -> String {
    let titles: Vec<String> = report.divergences.iter().map(|spread| title(spread, report.unit)).collect();
    let mut header = vec![("", Align::Left)];
    header.extend(titles.iter().map(|title| (title.as_str(), Align::Right)));
    let mut table = Table::new(&header);
    let mut row = |name: &str, cell: &dyn Fn(&Spread) -> String| {
        let mut cells = vec![name.to_owned()];
        cells.extend(report.divergences.iter().map(cell));
        table.row(cells);
    };
    row("mean", &|spread| figure(spread.summary.mean, DIGITS));
    row("standard error", &|spread| match spread.summary.std_error {
        error if error.is_nan() => "–".to_owned(),
        error => figure(error, 2),
    });
    row("smallest", &|spread| figure(spread.summary.min, DIGITS));
    row("median", &|spread| figure(spread.summary.median, DIGITS));
    row("90 %", &|spread| figure(spread.summary.p90, DIGITS));
    row("95 %", &|spread| figure(spread.summary.p95, DIGITS));
    row("99 %", &|spread| figure(spread.summary.p99, DIGITS));
    row("99.9 %", &|spread| figure(spread.summary.p99_9, DIGITS));
    row("largest", &|spread| figure(spread.summary.max, DIGITS));
    table.render()
}

fn title(spread: &Spread, unit: args::Unit) -> String {
    format!("{} {}", spread.name, unit_name(unit, spread.kind)).trim_end().to_owned()
}

fn bars(bins: &[Bin]) -> String {
    let most = bins.iter().map(|bin| bin.count).max().unwrap_or(1).max(1) as f64;
    let mut table =
        Table::new(&[("from", Align::Right), ("to", Align::Right), ("rows", Align::Right), ("", Align::Left)]);
    for bin in bins {
        let to = if bin.low == bin.high { String::new() } else { figure(bin.high, 3) };
        let bar = histogram::bar(bin.count as f64 / most, BAR);
        table.row(vec![figure(bin.low, 3), to, count(bin.count as u64), bar]);
    }
    table.render()
}

fn worst(spread: &Spread) -> String {
    let mut table = Table::new(&[
        ("worst row", Align::Right),
        (spread.name.as_str(), Align::Right),
        ("top of P", Align::Right),
        ("top of Q", Align::Right),
    ]);
    for row in &spread.worst {
        let [p, q] = row.top;
        table.row(vec![row.row.to_string(), figure(row.value, DIGITS), p.to_string(), q.to_string()]);
    }
    table.render()
}

/// What the numbers mean for someone who does not know them, in lines of about 80 characters.
fn sentences(report: &Report, first: &Spread) -> String {
    let mean = first.summary.mean;
    let mut text = match first.name.as_str() {
        _ if first.summary.max == 0.0 => "P and Q say the same in every row.\n".to_owned(),
        _ if mean == f64::INFINITY => "Some row of P has mass where Q has none.\n".to_owned(),
        "kl" if !report.scaled => {
            let bits = if first.kind == Unit::Nats && report.unit == args::Unit::Nats {
                args::Unit::Bits.of(mean)
            } else {
                mean
            };
            format!("Coding P with a code made for Q costs {} bits a row extra, on average.\n", figure(bits, 3))
        }
        name => format!(
            "On average {name} is {} a row.\n",
            format!("{} {}", figure(mean, 3), unit_name(report.unit, first.kind)).trim_end()
        ),
    };
    let share = report.agreement.top1 as f64 / report.rows as f64;
    let same = if report.agreement.top1 == report.rows { "100".to_owned() } else { percent(share) };
    text += &format!("Both put the same entry first in {same} % of the rows.\n");
    if report.agreement.masked > 0 {
        text += &format!("{} entries are masked (−∞) on both sides.\n", count(report.agreement.masked));
    }
    text
}
