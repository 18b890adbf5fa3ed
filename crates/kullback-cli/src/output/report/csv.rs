//! A line a column, for spreadsheets and other programs. Fields that do not apply are empty.

use anyhow::{Context, Result};
use kullback_table::ColumnDrift;

use super::Subject;
use crate::args::Unit;
use crate::output::story;

const HEADER: [&str; 24] = [
    "column",
    "kind",
    "status",
    "drifted",
    "unit",
    "kl",
    "ci_low",
    "ci_high",
    "kl_null",
    "kl_reverse",
    "jensen_shannon",
    "psi",
    "psi_null",
    "g",
    "degrees_of_freedom",
    "p_value",
    "p_adjusted",
    "test",
    "null_fraction_reference",
    "null_fraction_current",
    "bins",
    "zero_cells",
    "zero_mass",
    "notes",
];

pub(super) fn table(subject: &Subject<'_>) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER)?;
    for column in &subject.report.columns {
        writer.write_record(record(column, subject.unit))?;
    }
    writer.into_inner().context("cannot be written as CSV")
}

fn record(column: &ColumnDrift, unit: Unit) -> [String; HEADER.len()] {
    let plain = |x: Option<f64>| x.map_or_else(String::new, |x| x.to_string().to_lowercase());
    let information = |nats: Option<f64>| plain(nats.map(|nats| unit.of(nats)));
    let count = |n: Option<u64>| n.map_or_else(String::new, |n| n.to_string());
    [
        column.column.clone(),
        column.kind.to_string(),
        column.status.to_string(),
        column.drifted.to_string(),
        unit.name().to_owned(),
        information(column.kl),
        information(column.interval.map(|(low, _)| low)),
        information(column.interval.map(|(_, high)| high)),
        information(column.kl_null),
        information(column.kl_reverse),
        information(column.jensen_shannon),
        plain(column.psi),
        plain(column.psi_null),
        plain(column.g),
        count(column.degrees_of_freedom),
        plain(column.p_value),
        plain(column.p_adjusted),
        column.test.to_string(),
        plain(column.null_fraction_reference),
        plain(column.null_fraction_current),
        column.bins.to_string(),
        count(column.zero_cells.map(|cells| cells as u64)),
        plain(column.zero_mass),
        story::caveats(column).join("; "),
    ]
}
