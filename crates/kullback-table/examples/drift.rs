//! `cargo run --release -p kullback-table --example drift -- REFERENCE CURRENT`: the report in brief.
#![allow(clippy::print_stdout)]

use kullback_table::{DriftOptions, drift};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [reference, current] = arguments.as_slice() else { return Err("expected REFERENCE CURRENT".into()) };
    let report = drift(reference, current, &DriftOptions::default(), &|_, _| {})?;
    println!("{} rows, {} rows", report.rows_reference, report.rows_current);
    for column in report.columns {
        println!(
            "{:16} {:12} {:10} bins {:4} kl {:.5?} g {:.1?} df {:?} p {:.2e} {} {}",
            column.column,
            column.kind,
            column.status,
            column.bins,
            column.kl,
            column.g,
            column.degrees_of_freedom,
            column.p_adjusted.unwrap_or(f64::NAN),
            if column.drifted { "drifted" } else { "" },
            column.notes.join("; "),
        );
    }
    Ok(())
}
