use kullback::estimate::Estimator;
use kullback_table::{ColumnDrift, Contribution, DriftReport, Status};

use super::number::{count, figure, p_value, percent};
use super::table::{Align, Table};
use super::{ALARM, BOLD, FAINT, cell, histogram, styled};
use crate::args::Unit;

const MARK: &str = "●";
/// Drift of a column whose values are all new, as of a table's own date.
const MARK_DISJOINT: &str = "○";
const DIGITS: usize = 3;
const MOVED_SHOWN: usize = 3;
/// The narrowest a column's name may get, and the widest a bin's name.
const NAME: usize = 12;
const BIN: usize = 24;
/// The bin that has a place of its own in the table.
const NULL: &str = "null";

pub(crate) fn drift(report: &DriftReport, unit: Unit) -> String {
    let width = super::width();
    let mut text = headline(report);
    text += "\n";
    text += &table(&report.columns, unit, width);
    text += &moved(&report.columns, unit, width.unwrap_or(usize::MAX));
    text += &notes(report);
    text + "\n" + &legend(report)
}

fn headline(report: &DriftReport) -> String {
    let with = |status| report.columns.iter().filter(|column| column.status == status).count();
    let drifted = report.columns.iter().filter(|column| column.drifted).count();
    let mut verdict = format!("{drifted} of {} columns drifted", report.columns.len());
    for (status, meaning) in [(Status::Disjoint, "with no value in common"), (Status::Constant, "constant")] {
        match with(status) {
            0 => {}
            n => verdict += &format!(", {n} {meaning}"),
        }
    }
    let style = if drifted > 0 { ALARM } else { BOLD };
    let rows = [report.rows_reference, report.rows_current].map(count);
    format!("{}\n{} rows in the reference, {} now; alpha {}\n", styled(style, &verdict), rows[0], rows[1], report.alpha)
}

fn table(columns: &[ColumnDrift], unit: Unit, width: Option<usize>) -> String {
    let wide = width.is_none_or(|width| width >= 100);
    let cells = if wide { 12 } else { 8 };
    let nulls = columns.iter().any(has_nulls);
    let rows: Vec<[String; 7]> = columns.iter().map(|column| figures(column, unit, wide, cells)).collect();

    let kl = format!("KL {}", unit.name());
    let titles = [kl.as_str(), "JS", "p adj.", "reference", "current", "nulls %"];
    let shown = if nulls { 6 } else { 5 };
    // What the names may take: the line less every other column, each with the two spaces before it.
    let others: usize = (0..shown).map(|i| 2 + widest(titles[i], rows.iter().map(|row| &row[i + 1]))).sum();
    let kinds = 2 + widest("kind", rows.iter().map(|row| &row[0]));
    let names =
        width.map_or(usize::MAX, |width| width.saturating_sub(others + kinds + MARK.chars().count() + 1).max(NAME));

    let mut header = vec![(" ", Align::Left), ("column", Align::Left), ("kind", Align::Left)];
    let aligns = [Align::Right, Align::Right, Align::Right, Align::Left, Align::Left, Align::Right];
    header.extend(titles.into_iter().zip(aligns).take(shown));
    let mut table = Table::new(&header);
    for (column, row) in columns.iter().zip(rows) {
        let mark = match (column.drifted, column.status) {
            (false, _) => " ",
            (true, Status::Disjoint) => MARK_DISJOINT,
            (true, _) => MARK,
        };
        let mut line = vec![mark.to_owned(), cell(&column.column, names)];
        line.extend(row.into_iter().take(shown + 1));
        table.row(line);
    }
    table.render().replace(MARK, &styled(ALARM, MARK))
}

fn widest<'a>(title: &str, cells: impl Iterator<Item = &'a String>) -> usize {
    cells.map(|cell| console::measure_text_width(cell)).max().unwrap_or(0).max(console::measure_text_width(title))
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

/// The cells of a column's row after its name.
fn figures(column: &ColumnDrift, unit: Unit, wide: bool, cells: usize) -> [String; 7] {
    let kind = column.kind.to_string();
    // Without nulls the word is a value like any other.
    let drawn = column.contributions.iter().filter(|bin| bin.bin != NULL || !has_nulls(column));
    let (reference, current): (Vec<u64>, Vec<u64>) = drawn.map(|bin| (bin.reference, bin.current)).unzip();
    let [reference, current] = histogram::pair(&reference, &current, cells);
    let tested = |figure: Option<f64>| figure.filter(|_| column.status != Status::Constant);
    [
        if wide { kind } else { kind.chars().take(3).collect() },
        optional(tested(column.kl).map(|kl| figure(unit.of(kl), DIGITS))),
        optional(tested(column.jensen_shannon).map(|js| figure(unit.of(js), DIGITS))),
        optional(column.p_adjusted.map(p_value)),
        reference,
        current,
        if has_nulls(column) {
            format!("{}→{}", nulls(column.null_fraction_reference), nulls(column.null_fraction_current))
        } else {
            String::new()
        },
    ]
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
        for part in largest(column).map(|bin| movement(column, bin, unit)) {
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

fn largest(column: &ColumnDrift) -> impl Iterator<Item = &Contribution> {
    let mut bins: Vec<&Contribution> = column.contributions.iter().filter(|bin| bin.nats != 0.0).collect();
    bins.sort_by(|a, b| b.nats.abs().total_cmp(&a.nats.abs()));
    bins.into_iter().take(MOVED_SHOWN)
}

fn movement(column: &ColumnDrift, bin: &Contribution, unit: Unit) -> String {
    let share = |count: u64, total: u64| percent(count as f64 / total.max(1) as f64);
    let (before, now) = column.contributions.iter().fold((0, 0), |(r, c), bin| (r + bin.reference, c + bin.current));
    format!(
        "{} {}→{} % {}{}",
        cell(&bin.bin, BIN),
        share(bin.reference, before),
        share(bin.current, now),
        if bin.nats > 0.0 { "+" } else { "" },
        figure(unit.of(bin.nats), 2),
    )
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
fn legend(report: &DriftReport) -> String {
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
    estimate.map(|line| styled(FAINT, line) + "\n").concat()
}
