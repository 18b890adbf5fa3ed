use kullback::family::{Curves, Family, FamilyInfo};

use super::number::figure;
use super::table::{Align, Table};
use super::{sketch, unit_name};
use crate::command::family::Report;

const DIGITS: usize = 6;

pub(crate) fn family(report: &Report, curves: Option<&Curves>) -> String {
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
    let mut certain = String::new();
    for bounds in &report.bounds {
        let [lower, upper, variational] =
            [bounds.of.lower, bounds.of.upper, bounds.of.variational].map(|x| figure(x, DIGITS));
        certain += &format!(
            "{} is certainly from {lower} to {upper} {}; variational approximation {variational}\n",
            bounds.name,
            report.unit.name()
        );
    }
    let certain = if certain.is_empty() { certain } else { format!("\n{certain}") };
    let sketch = curves.map(|curves| format!("\n{}", sketch::curves(curves))).unwrap_or_default();
    format!("P = {}\nQ = {}\n\n{}{certain}{sketch}", report.p, report.q, table.render())
}

pub(crate) fn families(catalogue: &[FamilyInfo]) -> String {
    let mut table = Table::new(&[("family", Align::Left), ("parameters", Align::Left)]);
    for info in catalogue {
        table.row(vec![info.name.to_owned(), parameters(info)]);
    }
    for (name, parameters) in Family::shaped() {
        table.row(vec![name.to_owned(), parameters.join(", ")]);
    }
    table.row(vec!["mixture".to_owned(), "weight1 P1, weight2 P2, …".to_owned()]);
    table.row(vec!["independent".to_owned(), "P1, P2, …".to_owned()]);
    format!(
        "{}\nAs in `kullback family 'normal(0, 1)' 'gamma(2, rate=3)'`. [] is a list, [][] a matrix, () a distribution; \
         a list or a matrix may be a file, `@matrix.npy`.\n",
        table.render()
    )
}

fn parameters(info: &FamilyInfo) -> String {
    if info.parameters.is_empty() { "any number of weights".to_owned() } else { info.parameters.join(", ") }
}
