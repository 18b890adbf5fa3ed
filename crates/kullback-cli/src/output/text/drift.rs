use kullback::estimate::Estimator;
use kullback_table::{ColumnDrift, Contribution, DriftReport};

use super::number::{count, figure, p_value, percent};
use super::table::{Align, Table};
use super::{ALARM, BOLD, FAINT, cell, histogram, styled};
use crate::args::Unit;

const MARK: &str = "●";
const DIGITS: usize = 3;
const MOVED_SHOWN: usize = 3;
/// The narrowest a column's name may get, and the widest a bin's name.
const NAME: usize = 12;
const BIN: usize = 24;

pub(crate) fn drift(report: &DriftReport, unit: Unit, estimator: Estimator) -> String {
    let width = super::width();
    let mut text = headline(report);
    text += "\n";
    text += &table(&report.columns, unit, width);
    text += &moved(&report.columns, unit, width.unwrap_or(usize::MAX));
    text += &notes(report);
    text += &styled(FAINT, &legend(estimator));
    text + "\n"
}

fn headline(report: &DriftReport) -> String {
    let drifted = report.columns.iter().filter(|column| column.drifted).count();
    let columns = report.columns.len();
    let verdict = format!("{drifted} of {columns} columns drifted");
    let verdict = if drifted > 0 { styled(ALARM, &verdict) } else { styled(BOLD, &verdict) };
    format!(
        "{verdict} at alpha {}: {} rows now, {} in the reference\n",
        report.alpha,
        count(report.rows_current),
        count(report.rows_reference),
    )
}

fn table(columns: &[ColumnDrift], unit: Unit, width: Option<usize>) -> String {
    let wide = width.is_none_or(|width| width >= 100);
    let cells = if wide { 12 } else { 8 };
    let nulls = columns.iter().any(|column| column.null_fraction_reference + column.null_fraction_current > 0.0);
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
        let mark = if column.drifted { MARK } else { " " };
        let mut line = vec![mark.to_owned(), cell(&column.column, names)];
        line.extend(row.into_iter().take(shown + 1));
        table.row(line);
    }
    table.render().replace(MARK, &styled(ALARM, MARK))
}

fn widest<'a>(title: &str, cells: impl Iterator<Item = &'a String>) -> usize {
    cells.map(|cell| console::measure_text_width(cell)).max().unwrap_or(0).max(console::measure_text_width(title))
}

/// The cells of a column's row after its name.
fn figures(column: &ColumnDrift, unit: Unit, wide: bool, cells: usize) -> [String; 7] {
    let kind = column.kind.to_string();
    let (reference, current): (Vec<u64>, Vec<u64>) =
        column.contributions.iter().map(|bin| (bin.reference, bin.current)).unzip();
    let [reference, current] = histogram::pair(&reference, &current, cells);
    let (before, now) = (column.null_fraction_reference, column.null_fraction_current);
    [
        if wide { kind } else { kind.chars().take(3).collect() },
        figure(unit.of(column.kl), DIGITS),
        figure(unit.of(column.jensen_shannon), DIGITS),
        p_value(column.p_adjusted),
        reference,
        current,
        if before + now > 0.0 { format!("{}→{}", percent(before), percent(now)) } else { String::new() },
    ]
}

/// One line a drifted column: the bins with the largest part of its KL.
fn moved(columns: &[ColumnDrift], unit: Unit, width: usize) -> String {
    let drifted: Vec<&ColumnDrift> = columns.iter().filter(|column| column.drifted).collect();
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
    let of_columns = report
        .columns
        .iter()
        .flat_map(|column| column.notes.iter().map(move |note| format!("{}: {note}", cell(&column.column, BIN))));
    let notes: Vec<String> = report.notes.iter().cloned().chain(of_columns).collect();
    match notes.is_empty() {
        true => "\n".to_owned(),
        false => format!("\n{}\n  {}\n\n", styled(BOLD, "Notes"), notes.join("\n  ")),
    }
}

fn legend(estimator: Estimator) -> String {
    let estimate = match estimator {
        Estimator::ZhangGrabchak => "the Zhang–Grabchak estimate; it may be slightly negative and is not clamped",
        Estimator::PlugIn => "of the observed frequencies; infinite where a bin is new",
    };
    format!(
        "KL is KL(current‖reference), {estimate}.\np is that of the G test, Benjamini–Hochberg adjusted over the columns.\n"
    )
}
