use kullback::family::FamilyInfo;

use super::number::figure;
use super::table::{Align, Table};
use super::unit_name;
use crate::command::family::Report;

const DIGITS: usize = 6;

pub(crate) fn family(report: &Report) -> String {
    let mut table = Table::new(&[
        ("", Align::Left),
        ("value", Align::Right),
        ("unit", Align::Left),
        ("error at most", Align::Right),
        ("method", Align::Left),
    ]);
    for value in &report.values {
        let found = value.found;
        table.row(vec![
            value.name.clone(),
            figure(found.value, DIGITS),
            unit_name(report.unit, value.kind).to_owned(),
            figure(found.error, 1),
            found.method.name().to_owned(),
        ]);
    }
    format!("P = {}\nQ = {}\n\n{}", report.p, report.q, table.render())
}

pub(crate) fn families(catalogue: &[FamilyInfo]) -> String {
    let mut table = Table::new(&[("family", Align::Left), ("parameters", Align::Left)]);
    for info in catalogue {
        table.row(vec![info.name.to_owned(), parameters(info)]);
    }
    table.row(vec!["mixture".to_owned(), "weight1 P1, weight2 P2, …".to_owned()]);
    format!("{}\nAs in `kullback family 'normal(0, 1)' 'gamma(2, rate=3)'`.\n", table.render())
}

fn parameters(info: &FamilyInfo) -> String {
    if info.parameters.is_empty() { "any number of weights".to_owned() } else { info.parameters.join(", ") }
}
