//! The summary and a table, as GitHub renders them.

use kullback_table::ColumnDrift;

use super::{STRONGEST, Subject};
use crate::output::story;
use crate::output::text::{count, figure, p_value, percent};

pub(super) fn text(subject: &Subject<'_>) -> String {
    let Subject { report, tables: [reference, current], unit } = subject;
    let happened = story::pictured(report).into_iter().take(STRONGEST);
    let happened: Vec<String> = happened
        .map(|column| format!("- {}: {}\n", escaped(&column.column), escaped(&story::happened(column))))
        .collect();
    let mut text = format!(
        "**{}**\n\n{}\n{}: {} rows; {}: {} rows. False discovery rate {}.\n\n",
        escaped(&story::summary(report)),
        happened.concat(),
        escaped(reference),
        count(report.rows_reference),
        escaped(current),
        count(report.rows_current),
        report.alpha,
    );
    text +=
        &format!("| | column | KL, {} | 95 % | PSI | without drift | p adj. | nulls % | what moved |\n", unit.name());
    text += "|---|---|--:|---|--:|--:|--:|---|---|\n";
    for column in &report.columns {
        let cells = [
            if column.drifted { "●" } else { "" }.to_owned(),
            column.column.clone(),
            optional(column.kl, |kl| figure(unit.of(kl), 3)),
            optional(column.interval, |(low, high)| {
                format!("{} … {}", figure(unit.of(low), 3), figure(unit.of(high), 3))
            }),
            optional(column.psi, |psi| figure(psi, 3)),
            optional(column.psi_null, |psi| figure(psi, 2)),
            optional(column.p_adjusted, p_value),
            nulls(column),
            moved(column),
        ];
        text += &format!("| {} |\n", cells.map(|cell| escaped(&cell)).join(" | "));
    }
    let said = report.columns.iter().filter_map(|column| Some((column, column.compat.as_ref()?)));
    let said: Vec<String> = said
        .map(|(column, said)| {
            format!("- {} says of {}: {}\n", said.tool, escaped(&column.column), escaped(&story::compat(said)))
        })
        .collect();
    if said.is_empty() { text } else { format!("{text}\n{}", said.concat()) }
}

fn moved(column: &ColumnDrift) -> String {
    match column.drifted {
        true => story::movements(column, 2).join("; "),
        false => column.notes.join("; "),
    }
}

fn nulls(column: &ColumnDrift) -> String {
    let [before, now] = [column.null_fraction_reference, column.null_fraction_current];
    match [before, now].into_iter().flatten().any(|fraction| fraction > 0.0) {
        true => format!("{} → {}", optional(before, percent), optional(now, percent)),
        false => String::new(),
    }
}

fn optional<T>(value: Option<T>, text: impl Fn(T) -> String) -> String {
    value.map_or_else(|| "–".to_owned(), text)
}

/// A text that is no markup, in one line.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            _ if letter.is_control() => escaped.push('·'),
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' | '@' => escaped.extend(['\\', letter]),
            _ => escaped.push(letter),
        }
    }
    escaped
}
