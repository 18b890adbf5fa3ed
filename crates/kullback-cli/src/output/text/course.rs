//! KL along time and of columns together, in a few lines.

use kullback_table::{ColumnDrift, ConditionalDrift, JointDrift, Timeline};

use super::number::{figure, p_value};
use super::table::{Align, Table};
use super::{BOLD, cell, histogram, styled};
use crate::args::Unit;
use crate::output::story;

/// Columns whose course is shown: those that changed most, or the first.
const COLUMNS: usize = 10;
const NAME: usize = 24;

pub(super) fn timeline(timeline: &Timeline, columns: &[ColumnDrift], unit: Unit) -> String {
    let (Some(first), Some(last)) = (timeline.periods.first(), timeline.periods.last()) else { return String::new() };
    let span = format!("{} … {}", cell(&first.name, NAME), cell(&last.name, NAME));
    let mut table = Table::new(&[
        (" ", Align::Left),
        ("column", Align::Left),
        (&span, Align::Left),
        ("largest", Align::Right),
        ("in", Align::Left),
        ("p adj.", Align::Right),
    ]);
    let mut shown = 0;
    for column in columns {
        let Some((period, most)) = story::furthest(timeline, &column.column) else { continue };
        let found = timeline.periods.iter().map(|period| period.columns.iter().find(|of| of.column == column.column));
        let values: Vec<f64> = found.map(|of| of.map_or(0.0, story::beyond_chance)).collect();
        if shown == COLUMNS {
            break;
        }
        shown += 1;
        table.row(vec![
            String::new(),
            cell(&column.column, NAME),
            histogram::spark(&values),
            figure(unit.of(most.kl), 3),
            cell(&period.name, NAME),
            most.p_adjusted.map_or_else(|| "–".to_owned(), p_value),
        ]);
    }
    let title = format!("By {}: {} of KL of each period against the reference", cell(&timeline.by, NAME), unit.name());
    format!("\n{}\n{}", styled(BOLD, &title), table.render())
}

pub(super) fn joint(joint: &[JointDrift], unit: Unit) -> String {
    let mut text = String::new();
    for together in joint {
        let title =
            format!("{} together: KL {} {}", names(&together.columns), figure(unit.of(together.kl), 3), unit.name());
        text += &format!("\n{}\n", styled(BOLD, &title));
        for part in &together.parts {
            text += &self::part(part, unit);
        }
    }
    text
}

fn part(part: &ConditionalDrift, unit: Unit) -> String {
    let given = if part.given.is_empty() { String::new() } else { format!(" given {}", names(&part.given)) };
    let p = part.p_value.map_or_else(|| "–".to_owned(), p_value);
    let mut line = format!("  {}{given}: {}, p {p}", cell(&part.column, NAME), figure(unit.of(part.kl), 3));
    for bin in part.contributions.iter().take(2) {
        let sign = if bin.nats > 0.0 { "+" } else { "" };
        line += &format!("   {} {sign}{}", cell(&bin.bin, 2 * NAME), figure(unit.of(bin.nats), 2));
    }
    line + "\n"
}

fn names(columns: &[String]) -> String {
    columns.iter().map(|column| cell(column, NAME)).collect::<Vec<_>>().join(", ")
}
