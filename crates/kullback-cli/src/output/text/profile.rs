use super::number::{count, percent};
use super::table::{Align, Table};
use super::{FAINT, cell, styled};
use crate::command::profile::Report;

/// The widest name of a column or value.
const WIDTH: usize = 24;

pub(crate) fn profile(report: &Report) -> String {
    let profile = &report.profile;
    let mut table = Table::new(&[
        ("column", Align::Left),
        ("kind", Align::Left),
        ("distinct", Align::Right),
        ("nulls %", Align::Right),
        ("NaN %", Align::Right),
        ("from", Align::Right),
        ("to", Align::Right),
    ]);
    let share = |rows: u64| match rows {
        0 => String::new(),
        _ => percent(rows as f64 / profile.rows().max(1) as f64),
    };
    for column in profile.columns() {
        let distinct = match (column.distinct(), column.family()) {
            (Some(distinct), _) => count(distinct as u64),
            (None, "null" | "unsupported") => "–".to_owned(),
            (None, _) => "many".to_owned(),
        };
        let (low, high) = column.range().unwrap_or_default();
        table.row(vec![
            cell(column.name(), WIDTH),
            column.family().replace('-', " "),
            distinct,
            share(column.nulls()),
            share(column.nans()),
            cell(&low, WIDTH),
            cell(&high, WIDTH),
        ]);
    }
    let columns = profile.columns().len();
    let size = styled(FAINT, &format!("{} kB", count(report.bytes.div_ceil(1000))));
    format!(
        "{}: {} rows of {columns} {}, {size}\n\n{}",
        report.file.display().to_string().replace(char::is_control, "·"),
        count(profile.rows()),
        if columns == 1 { "column" } else { "columns" },
        table.render()
    )
}
