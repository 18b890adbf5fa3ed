//! The months of flights: what a user sees first.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{cells, column, compare, csv, data, mix, read_parquet, write_gzip, write_ipc, write_parquet};
use kullback::estimate::Estimator;
use kullback_table::{DriftOptions, Kind, Status, drift};

#[test]
fn january_against_july() {
    let report = compare(&data("flights-2013-01.parquet"), &data("flights-2013-07.parquet"));
    assert_eq!((report.rows_reference, report.rows_current, report.columns.len()), (27_004, 29_425, 18));
    let month = column(&report, "month");
    assert_eq!((month.status, month.bins, month.degrees_of_freedom), (Status::Disjoint, 2, Some(1)));
    assert!((month.jensen_shannon.unwrap() - std::f64::consts::LN_2).abs() < 1e-15);
    assert_eq!(month.psi, Some(f64::INFINITY));
    assert_eq!(month.notes, ["no value in common: always 1 in the reference, 7 in the current table"]);
    let year = column(&report, "year");
    assert_eq!((year.status, year.p_value, year.g), (Status::Constant, None, Some(0.0)));
    assert_ne!(report.columns[0].column, "month");
    let delay = column(&report, "dep_delay");
    assert!(delay.drifted && delay.kind == Kind::Numeric && delay.kl.unwrap() > 0.01);
    assert_eq!(column(&report, "carrier").kind, Kind::Categorical);
    for column in &report.columns {
        let sum: f64 = column.contributions.iter().map(|cell| cell.nats).sum();
        assert!((sum - column.kl.unwrap()).abs() < 1e-12, "{}", column.column);
        let rows = column.contributions.iter().fold((0, 0), |sum, cell| (sum.0 + cell.reference, sum.1 + cell.current));
        assert_eq!(rows, (27_004, 29_425), "{}", column.column);
        assert_eq!(column.bins, column.contributions.len());
    }
}

#[test]
fn a_month_against_itself() {
    let january = data("flights-2013-01.parquet");
    let mut options = DriftOptions::default();
    options.estimator = Estimator::PlugIn;
    let report = drift(&january, &january, &options, &|_, _| {}).unwrap();
    for column in &report.columns {
        assert_eq!(
            (column.kl, column.jensen_shannon, column.psi, column.g),
            (Some(0.0), Some(0.0), Some(0.0), Some(0.0))
        );
        assert!(column.p_value.is_none_or(|p| p == 1.0) && !column.drifted, "{}", column.column);
    }
    assert!(!report.drifted());
}

#[test]
fn formats_agree() {
    let folder = tempfile::tempdir().unwrap();
    let months = ["flights-2013-01.parquet", "flights-2013-07.parquet"].map(|name| read_parquet(&data(name)));
    let file = |name: &str, month: usize| folder.path().join(format!("{month}{name}"));
    for (at, month) in months.iter().enumerate() {
        let text = csv(month);
        std::fs::write(file(".csv", at), &text).unwrap();
        write_gzip(&file(".csv.gz", at), &text);
        write_ipc(&file(".arrow", at), month, false);
        write_ipc(&file(".feather", at), month, true);
        write_parquet(&file(".parquet", at), month, 1000);
    }
    let expected = compare(&data("flights-2013-01.parquet"), &data("flights-2013-07.parquet"));
    for format in [".parquet", ".arrow", ".feather", ".csv", ".csv.gz"] {
        let report = compare(&file(format, 0), &file(format, 1));
        assert_eq!(report.columns.len(), expected.columns.len());
        for (got, want) in report.columns.iter().zip(&expected.columns) {
            assert_eq!(got, want, "{format}");
        }
    }
    // A folder, a glob and the single file are the same table.
    let parts = folder.path().join("parts");
    std::fs::create_dir(&parts).unwrap();
    let half = months[0].num_rows() / 2;
    write_parquet(&parts.join("a.parquet"), &months[0].slice(0, half), 5000);
    std::fs::write(parts.join("b.csv"), csv(&months[0].slice(half, months[0].num_rows() - half))).unwrap();
    for spec in [parts.clone(), parts.join("*.[cp]*")] {
        let report = compare(&spec, &file(".parquet", 1));
        assert_eq!(cells(column(&report, "carrier")), cells(column(&expected, "carrier")));
        assert_eq!(cells(column(&report, "dep_delay")), cells(column(&expected, "dep_delay")));
    }
}

#[test]
fn threads_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("january.parquet");
    write_parquet(&path, &read_parquet(&data("flights-2013-01.parquet")), 700);
    let run = |threads| {
        let mut options = DriftOptions::default();
        options.threads = Some(threads);
        drift(&path, data("flights-2013-02.parquet"), &options, &|_, _| {}).unwrap()
    };
    assert_eq!(run(1), run(2));
    assert_eq!(run(1), run(7));
}

#[test]
fn shuffled_halves_alarm_at_about_alpha() {
    let folder = tempfile::tempdir().unwrap();
    let january = read_parquet(&data("flights-2013-01.parquet"));
    let (mut tested, mut alarms, mut reports) = (0, 0, 0);
    for seed in 0..12_u64 {
        let mut order: Vec<(u64, u64)> =
            (0..january.num_rows() as u64).map(|row| (mix(row ^ (seed << 32)), row)).collect();
        order.sort_unstable();
        let rows: arrow_array::UInt64Array = order.into_iter().map(|(_, row)| row).collect();
        let shuffled = arrow_select::take::take_record_batch(&january, &rows).unwrap();
        let half = shuffled.num_rows() / 2;
        let paths = ["old.parquet", "new.parquet"].map(|name| folder.path().join(name));
        write_parquet(&paths[0], &shuffled.slice(0, half), 5000);
        write_parquet(&paths[1], &shuffled.slice(half, half), 5000);
        let report = compare(&paths[0], &paths[1]);
        let p_values = || report.columns.iter().filter_map(|column| column.p_value);
        tested += p_values().count();
        alarms += p_values().filter(|&p| p < 0.05).count();
        reports += usize::from(report.drifted());
    }
    let share = alarms as f64 / tested as f64;
    assert!((0.01..0.10).contains(&share), "{alarms} of {tested} columns below 0.05");
    assert!(reports <= 4, "{reports} of 12 reports with an alarm");
}
