use kullback::estimate::Estimator;
use kullback_table::{ColumnDrift, Contribution, DriftReport, Status};

use super::number::{count, figure, p_value, percent};
use super::table::{Align, Table};
use super::{ALARM, BOLD, FAINT, cell, check, course, histogram, styled};
use crate::args::Unit;
use crate::command::check::Check;
use crate::output::story;

const MARK: &str = "●";
/// Drift of a column whose values are all new, as of a table's own date.
const MARK_DISJOINT: &str = "○";
const DIGITS: usize = 3;
const MOVED_SHOWN: usize = 3;
/// The width of a terminal in which intervals and PSI have a place.
const WIDE: usize = 120;
/// The narrowest a column's name may get, and the widest a bin's name.
const NAME: usize = 12;
const BIN: usize = 24;
/// The bin that has a place of its own in the table.
const NULL: &str = "null";

pub(crate) fn drift(report: &DriftReport, unit: Unit, check: Option<&Check>) -> String {
    let width = super::width();
    let mut text = headline(report);
    text += "\n";
    text += &table(&report.columns, unit, width);
    text += &moved(&report.columns, unit, width.unwrap_or(usize::MAX));
    text += &compat(&report.columns);
    if let Some(timeline) = &report.timeline {
        text += &course::timeline(timeline, &report.columns, unit);
    }
    text += &course::joint(&report.joint, unit);
    text += &notes(report);
    if let Some(check) = check {
        text += &check::check(check);
    }
    text + "\n" + &legend(report, width)
}

fn headline(report: &DriftReport) -> String {
    let verdict = story::verdict(report);
    let style = if report.drifted() { ALARM } else { BOLD };
    let rows = [report.rows_reference, report.rows_current].map(count);
    format!("{}\n{} rows in the reference, {} now; alpha {}\n", styled(style, &verdict), rows[0], rows[1], report.alpha)
}

/// A column of the table: its title, how it is aligned, and what stands in it.
type Part = (String, Align, Vec<String>);

fn table(columns: &[ColumnDrift], unit: Unit, width: Option<usize>) -> String {
    let parts = parts(columns, unit, width);
    // What the names may take: the line less every other column, each with the two spaces before it.
    let others: usize = parts.iter().map(|(title, _, cells)| 2 + widest(title, cells)).sum();
    let names = width.map_or(usize::MAX, |width| width.saturating_sub(others + MARK.chars().count() + 1).max(NAME));

    let mut header = vec![(" ", Align::Left), ("column", Align::Left)];
    header.extend(parts.iter().map(|(title, align, _)| (title.as_str(), *align)));
    let mut table = Table::new(&header);
    for (index, column) in columns.iter().enumerate() {
        let mark = match (column.drifted, column.status) {
            (false, _) => " ",
            (true, Status::Disjoint) => MARK_DISJOINT,
            (true, _) => MARK,
        };
        let mut line = vec![mark.to_owned(), cell(&column.column, names)];
        line.extend(parts.iter().map(|(_, _, cells)| cells[index].clone()));
        table.row(line);
    }
    table.render().replace(MARK, &styled(ALARM, MARK))
}

/// The columns of the table after the names: what is left out first in a narrow terminal is the interval and PSI.
fn parts(columns: &[ColumnDrift], unit: Unit, width: Option<usize>) -> Vec<Part> {
    let wide = is_wide(width);
    let of = |title: &str, align, cell: &dyn Fn(&ColumnDrift) -> String| {
        (title.to_owned(), align, columns.iter().map(cell).collect())
    };
    let tested = |column: &ColumnDrift, value: Option<f64>| value.filter(|_| column.status != Status::Constant);
    let information = |column: &ColumnDrift, nats: Option<f64>| {
        optional(tested(column, nats).map(|nats| figure(unit.of(nats), DIGITS)))
    };
    let kl = format!("KL {}", unit.name());
    let mut parts = vec![
        of("kind", Align::Left, &|column| column.kind.to_string().chars().take(3).collect()),
        of(&kl, Align::Right, &|column| information(column, column.kl)),
    ];
    if wide {
        parts.push(of("95 %", Align::Left, &|column| {
            let ends = column.interval.filter(|_| column.status != Status::Constant);
            optional(
                ends.map(|(low, high)| format!("{} … {}", figure(unit.of(low), DIGITS), figure(unit.of(high), DIGITS))),
            )
        }));
        let plain = |column: &ColumnDrift, psi: Option<f64>, digits| {
            optional(tested(column, psi).map(|psi| figure(psi, digits)))
        };
        parts.push(of("PSI", Align::Right, &|column| plain(column, column.psi, DIGITS)));
        parts.push(of("by chance", Align::Right, &|column| plain(column, column.psi_null, 2)));
    }
    parts.push(of("p adj.", Align::Right, &|column| optional(column.p_adjusted.map(p_value))));
    let drawn: Vec<[String; 2]> = columns.iter().map(|column| drawn(column, if wide { 12 } else { 8 })).collect();
    let side = |side: usize| drawn.iter().map(|pair| pair[side].clone()).collect();
    parts.push(("reference".to_owned(), Align::Left, side(0)));
    parts.push(("current".to_owned(), Align::Left, side(1)));
    if columns.iter().any(has_nulls) {
        parts.push(of("nulls %", Align::Right, &|column| match has_nulls(column) {
            true => format!("{}→{}", nulls(column.null_fraction_reference), nulls(column.null_fraction_current)),
            false => String::new(),
        }));
    }
    parts
}

fn is_wide(width: Option<usize>) -> bool {
    width.is_none_or(|width| width >= WIDE)
}

fn widest(title: &str, cells: &[String]) -> usize {
    cells
        .iter()
        .map(|cell| console::measure_text_width(cell))
        .max()
        .unwrap_or(0)
        .max(console::measure_text_width(title))
}

fn has_nulls(column: &ColumnDrift) -> bool {
    [column.null_fraction_reference, column.null_fraction_current].into_iter().flatten().any(|fraction| fraction > 0.0)
}

fn nulls(fraction: Option<f64>) -> String {
    optional(fraction.map(percent))
}

fn optional(figure: Option<String>) -> String {
    figure.unwrap_or_else(|| "–".to_owned())
}

/// Both distributions, in at most so many characters.
fn drawn(column: &ColumnDrift, cells: usize) -> [String; 2] {
    // Without nulls the word is a value like any other.
    let drawn = column.contributions.iter().filter(|bin| bin.bin != NULL || !has_nulls(column));
    let (reference, current): (Vec<u64>, Vec<u64>) = drawn.map(|bin| (bin.reference, bin.current)).unzip();
    histogram::pair(&reference, &current, cells)
}

/// One line a drifted column: the bins with the largest part of its KL.
fn moved(columns: &[ColumnDrift], unit: Unit, width: usize) -> String {
    let drifted: Vec<&ColumnDrift> =
        columns.iter().filter(|column| column.drifted && column.status != Status::Disjoint).collect();
    if drifted.is_empty() {
        return String::new();
    }
    let names =
        drifted.iter().map(|column| console::measure_text_width(&column.column)).max().unwrap_or(0).min(width / 4);
    let title = format!("What moved: share of rows, reference→current, and signed {} of KL", unit.name());
    let mut text = format!("\n{}\n", styled(BOLD, cell(&title, width).as_str()));
    for column in drifted {
        let name = console::pad_str(&cell(&column.column, names), names, console::Alignment::Left, None).into_owned();
        let mut line = format!("  {name}");
        for part in story::largest(column).take(MOVED_SHOWN).map(|bin| movement(column, bin, unit)) {
            let longer = format!("{line}   {part}");
            if console::measure_text_width(&longer) > width {
                break;
            }
            line = longer;
        }
        text += &line;
        text.push('\n');
    }
    text
}

/// One line a column: what another tool says of it.
fn compat(columns: &[ColumnDrift]) -> String {
    let said: Vec<_> = columns.iter().filter_map(|column| Some((column, column.compat.as_ref()?))).collect();
    let Some((_, first)) = said.first() else { return String::new() };
    let mut table = Table::new(&[("  column", Align::Left), (" ", Align::Left)]);
    for (column, said) in &said {
        table.row(vec![format!("  {}", cell(&column.column, BIN)), story::compat(said)]);
    }
    format!(
        "\n{}\n{}",
        styled(BOLD, format!("What {} says, by its own threshold", first.tool).as_str()),
        table.render()
    )
}

fn movement(column: &ColumnDrift, bin: &Contribution, unit: Unit) -> String {
    let moved = story::movement(&cell(&bin.bin, BIN), story::shares(column, bin));
    format!("{moved}{}{}", if bin.nats > 0.0 { " +" } else { " " }, figure(unit.of(bin.nats), 2))
}

fn notes(report: &DriftReport) -> String {
    let mut text = String::new();
    for note in &report.notes {
        text += &format!("  {}\n", cell(note, usize::MAX));
    }
    for column in &report.columns {
        for note in &column.notes {
            text += &format!("  {}: {}\n", cell(&column.column, BIN), cell(note, usize::MAX));
        }
    }
    if text.is_empty() { text } else { format!("\n{}\n{text}", styled(BOLD, "Notes")) }
}

/// What the figures are, in lines of at most 80 characters.
fn legend(report: &DriftReport, width: Option<usize>) -> String {
    let estimate = match report.estimator {
        Estimator::ZhangGrabchak => [
            "KL is KL(current‖reference), the Zhang–Grabchak estimate: it may be slightly",
            "negative and is not clamped. p is the G test's, Benjamini–Hochberg adjusted.",
        ],
        Estimator::PlugIn => [
            "KL is KL(current‖reference) of the observed frequencies: infinite where a bin",
            "is new. p is the G test's, Benjamini–Hochberg adjusted.",
        ],
        Estimator::MillerMadow => [
            "KL is KL(current‖reference) of the observed frequencies less its expected bias:",
            "infinite where a bin is new. p is the G test's, Benjamini–Hochberg adjusted.",
        ],
        Estimator::Shrinkage => [
            "KL is KL(current‖reference) of frequencies drawn towards equal ones, which is",
            "James–Stein shrinkage. p is the G test's, Benjamini–Hochberg adjusted.",
        ],
        _ => [
            "KL is KL(current‖reference) of counts with something added to every bin.",
            "p is the G test's, Benjamini–Hochberg adjusted.",
        ],
    };
    let mut lines = estimate.to_vec();
    if is_wide(width) {
        lines.push("By chance: what PSI is expected to be without drift.");
    }
    lines.into_iter().map(|line| styled(FAINT, line) + "\n").collect()
}
