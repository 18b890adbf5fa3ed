//! Filters, weights, samples and periods, against tables that were cut up by hand.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::{path::Path, sync::Arc};

use arrow_array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray, cast::AsArray};
use common::{batch, cells, column, compare, csv, data, mix, read_parquet, write_ipc, write_parquet};
use kullback_table::{DriftOptions, DriftReport, SampleSize, drift};

fn with(reference: &Path, current: &Path, set: impl FnOnce(&mut DriftOptions)) -> Result<DriftReport, String> {
    let mut options = DriftOptions::default();
    set(&mut options);
    drift(reference, current, &options, &|_, _| {}).map_err(|error| error.to_string())
}

fn condition(column: &str, value: &str) -> (String, String) {
    (column.to_owned(), value.to_owned())
}

/// The table in every format, in row groups and batches of any size, one file after the other.
fn in_every_format(folder: &Path, name: &str, table: &RecordBatch) -> Vec<std::path::PathBuf> {
    let path = |end: &str| folder.join(format!("{name}{end}"));
    write_parquet(&path(".parquet"), table, 700);
    write_ipc(&path(".arrow"), table, false);
    std::fs::write(path(".csv"), csv(table)).unwrap();
    vec![path(".parquet"), path(".arrow"), path(".csv")]
}

#[test]
fn a_filter_is_the_table_of_those_rows() {
    let folder = tempfile::tempdir().unwrap();
    let months = ["flights-2013-01.parquet", "flights-2013-07.parquet"].map(|name| read_parquet(&data(name)));
    let kept = months.clone().map(|month| {
        let text = |name: &str| {
            let array = arrow_cast::cast(month.column_by_name(name).unwrap(), &arrow_schema::DataType::Utf8).unwrap();
            array.as_string::<i32>().clone()
        };
        let (carrier, origin) = (text("carrier"), text("origin"));
        let mask: BooleanArray = (0..month.num_rows())
            .map(|row| Some(["AA", "UA"].contains(&carrier.value(row)) && origin.value(row) == "LGA"))
            .collect();
        arrow_select::filter::filter_record_batch(&month, &mask).unwrap()
    });
    let cut = ["old.parquet", "new.parquet"].map(|name| folder.path().join(name));
    cut.iter().zip(&kept).for_each(|(path, table)| write_parquet(path, table, 5000));
    let expected = compare(&cut[0], &cut[1]);
    let formats = ["a", "b"].map(|name| in_every_format(folder.path(), name, &months[usize::from(name == "b")]));
    for (old, new) in formats[0].iter().zip(&formats[1]) {
        let report = with(old, new, |options| {
            options.rows.filter =
                vec![condition("carrier", "AA"), condition("origin", "LGA"), condition("carrier", "UA")];
        })
        .unwrap();
        assert_eq!(report, expected, "{}", old.display());
    }
    assert!(expected.rows_current > 100 && expected.rows_current < 5000);
}

#[test]
fn values_are_filtered_by_their_labels() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    std::fs::write(&path, "i,f,t,d,b\n1,0.5,x,2013-07-04,true\n2,1e300,null,2013-07-05,false\n,,,,\n").unwrap();
    for (name, value) in
        [("i", "1"), ("f", "0.5"), ("f", "1e300"), ("t", "x"), ("d", "2013-07-05"), ("b", "true"), ("i", "null")]
    {
        let report = with(&path, &path, |options| options.rows.filter = vec![condition(name, value)]).unwrap();
        assert_eq!(report.rows_current, 1, "{name}={value}");
    }
    // A text `null` and none at all.
    let report = with(&path, &path, |options| options.rows.filter = vec![condition("t", "null")]).unwrap();
    assert_eq!(report.rows_current, 2);
    let fail = |name: &str, value: &str| {
        with(&path, &path, |options| options.rows.filter = vec![condition(name, value)]).unwrap_err()
    };
    assert!(fail("i", "3").contains("none of 3 rows has i=3; expected at least one"), "{}", fail("i", "3"));
    assert!(fail("j", "3").contains("no column `j`; it has"), "{}", fail("j", "3"));
}

#[test]
fn equal_weights_are_no_weights_and_unequal_ones_say_less() {
    let folder = tempfile::tempdir().unwrap();
    let table = |weights: &dyn Fn(usize) -> f64, salt: u64| {
        let rows = 0..4000_usize;
        let x: ArrayRef =
            Arc::new(Float64Array::from_iter_values(rows.clone().map(|row| (mix(row as u64 ^ salt) % 977) as f64)));
        let t: ArrayRef =
            Arc::new(StringArray::from_iter_values(rows.clone().map(|row| (mix(row as u64 + salt) % 7).to_string())));
        let w: ArrayRef = Arc::new(Float64Array::from_iter_values(rows.map(weights)));
        batch(vec![("x", x), ("t", t), ("w", w)])
    };
    let at = |name: &str| folder.path().join(name);
    let weigh = |options: &mut DriftOptions| options.rows.weights = Some("w".to_owned());
    for (weight, name) in [(1.0, "one.parquet"), (0.3, "less.parquet")] {
        write_parquet(&at(name), &table(&|_| weight, 1), 900);
        write_parquet(&at("new.parquet"), &table(&|_| weight, 1 << 40), 900);
        let weighted = with(&at(name), &at("new.parquet"), weigh).unwrap();
        assert_eq!(weighted.columns, compare(&at(name), &at("new.parquet")).columns);
        assert_eq!(weighted.notes.len(), 2);
    }
    // Rows of weight 0 are not there; (Σw)²/Σw² = 5000²/(2000 + 1000·9) of those with 1 and 3.
    let unequal = |row: usize| [1.0, 0.0, 1.0, 3.0][row % 4];
    write_parquet(&at("old.parquet"), &table(&unequal, 1), 900);
    let report = with(&at("old.parquet"), &at("new.parquet"), weigh).unwrap();
    assert_eq!(report.rows_reference, 3000);
    assert_eq!(report.notes[0], "3000 rows of the reference, weighted by w, say as much as 2272.7 of equal weight");
    let sum = |t: &str| -> f64 {
        (0..4000).filter(|row| (mix(*row as u64 + 1) % 7).to_string() == t).map(unequal).sum::<f64>()
    };
    let texts = column(&report, "t");
    assert_eq!(cells(texts).iter().map(|cell| cell.1).sum::<u64>(), 2273);
    for (value, reference, _) in cells(texts) {
        // Within one of its share.
        assert!((reference as f64 - sum(value) / 5000.0 * (25e6 / 11e3)).abs() < 1.0, "{value}");
    }
    // What is no weight.
    for (weight, found) in [("", "null"), ("-1", "-1"), ("nan", "NaN"), ("inf", "inf")] {
        std::fs::write(at("w.csv"), format!("x,w\n1,2\n2,{weight}\n")).unwrap();
        let error = with(&at("w.csv"), &at("w.csv"), weigh).unwrap_err();
        assert!(error.contains(&format!("w.csv: column `w`, row 1: {found}; expected a weight")), "{error}");
    }
    std::fs::write(at("w.csv"), "x,w\n1,a\n").unwrap();
    assert!(with(&at("w.csv"), &at("w.csv"), weigh).unwrap_err().contains("column `w` holds Utf8; expected weights"));
    std::fs::write(at("w.csv"), "x,w\n1,0\n").unwrap();
    assert!(with(&at("w.csv"), &at("w.csv"), weigh).unwrap_err().contains("none of 1 rows has w above 0"));
}

#[test]
fn periods_are_the_tables_of_those_months() {
    let folder = tempfile::tempdir().unwrap();
    let year = folder.path().join("year");
    std::fs::create_dir(&year).unwrap();
    for month in ["02", "07"] {
        let name = format!("flights-2013-{month}.parquet");
        std::fs::copy(data(&name), year.join(&name)).unwrap();
    }
    let january = data("flights-2013-01.parquet");
    let report = with(&january, &year, |options| options.by = Some("month".to_owned())).unwrap();
    let timeline = report.timeline.as_ref().unwrap();
    assert_eq!(timeline.by, "month");
    assert_eq!(timeline.periods.iter().map(|period| period.name.as_str()).collect::<Vec<_>>(), ["2", "7"]);
    for (period, month) in timeline.periods.iter().zip(["02", "07"]) {
        let alone = compare(&january, &data(&format!("flights-2013-{month}.parquet")));
        assert_eq!(period.rows, alone.rows_current);
        assert_eq!(period.columns.len(), report.columns.len() - 1);
        let order: Vec<&str> =
            report.columns.iter().map(|column| column.column.as_str()).filter(|name| *name != "month").collect();
        assert_eq!(period.columns.iter().map(|column| column.column.as_str()).collect::<Vec<_>>(), order);
        for got in period.columns.iter().filter(|got| got.column != "tailnum") {
            let want = column(&alone, &got.column);
            let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * (1.0 + a.abs());
            // Sums of the same terms in another order, and the same bins, of which the period leaves a few empty.
            assert!(close(got.kl, want.kl.unwrap()), "{}", got.column);
            assert!(got.interval.0 <= got.kl && got.kl <= got.interval.1);
            if !want.permuted && want.bins == column(&report, &got.column).bins {
                assert!(close(got.p_value.unwrap_or(9.0), want.p_value.unwrap_or(9.0)), "{}", got.column);
            }
        }
    }
    let [first, second] = timeline.periods.as_slice() else { panic!("two periods") };
    assert!(first.columns.iter().all(|column| column.kl_previous.is_none()));
    assert!(second.columns.iter().all(|column| column.kl_previous.is_some()));
    let adjusted = |name: &str| second.columns.iter().find(|column| column.column == name).unwrap().p_adjusted.unwrap();
    assert!(adjusted("dep_delay") < 1e-90);
    // Weights that are all the same change nothing.
    let weighted = with(&january, &year, |options| {
        options.by = Some("month".to_owned());
        options.rows.weights = Some("year".to_owned());
    });
    assert_eq!(weighted.unwrap().timeline.as_ref(), Some(timeline));
    // Neither do formats and threads.
    let parts: Vec<RecordBatch> =
        ["02", "07"].map(|month| read_parquet(&data(&format!("flights-2013-{month}.parquet")))).into();
    let both = arrow_select::concat::concat_batches(&parts[0].schema(), &parts).unwrap();
    for path in in_every_format(folder.path(), "both", &both) {
        let again = with(&january, &path, |options| {
            options.by = Some("month".to_owned());
            options.threads = Some(3);
        });
        assert_eq!(again.unwrap().timeline.as_ref(), Some(timeline), "{}", path.display());
    }
}

#[test]
fn periods_of_the_calendar() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    let rows: String =
        (0..700).map(|row| format!("2013-{:02}-{:02},{}\n", row % 7 + 1, row % 28 + 1, row % 5)).collect();
    std::fs::write(&path, format!("at,x\n{rows},1\n")).unwrap();
    let by = |by: &str| with(&path, &path, |options| options.by = Some(by.to_owned()));
    let names = |report: DriftReport| -> Vec<String> {
        report.timeline.unwrap().periods.into_iter().map(|period| period.name).collect()
    };
    assert_eq!(names(by("month").unwrap())[..3], ["2013-01", "2013-02", "2013-03"]);
    assert_eq!(names(by("at:quarter").unwrap()), ["2013-Q1", "2013-Q2", "2013-Q3"]);
    assert_eq!(names(by("year").unwrap()), ["2013"]);
    assert_eq!(names(by("x").unwrap()), ["0", "1", "2", "3", "4"]);
    let report = by("quarter").unwrap().timeline.unwrap();
    assert_eq!((report.by.as_str(), report.periods[0].rows), ("quarter of at", 300));
    assert!(by("weak").unwrap_err().contains("no column `weak`"));
    assert!(
        by("at:decade").unwrap_err().contains("by at:decade; expected COLUMN:day, :week, :month, :quarter or :year")
    );
    assert!(by("x:month").unwrap_err().contains("column `x` holds integer; expected dates or timestamps"));
    // Without dates, and with more of them than one; more periods than can be read.
    let other = folder.path().join("y.csv");
    let text: String = (0..1500).map(|row| format!("2013-01-01,2013-01-02,{row}\n")).collect();
    std::fs::write(&other, format!("a,b,n\n{text}")).unwrap();
    let of_other = |by: &str| with(&other, &other, |options| options.by = Some(by.to_owned())).unwrap_err();
    assert!(
        of_other("month").contains("by month, of which of a, b?; expected such as a:month"),
        "{}",
        of_other("month")
    );
    assert!(
        of_other("n").contains("more than 1000 periods; expected a column of at most 1000 values"),
        "{}",
        of_other("n")
    );
}

#[test]
fn a_sample_has_the_size_asked_for() {
    let january = data("flights-2013-01.parquet");
    let july = data("flights-2013-07.parquet");
    let sample = |size| with(&january, &july, |options| options.rows.sample = Some(size)).unwrap();
    let some = sample(SampleSize::Rows(5000));
    assert_eq!((some.rows_reference, some.rows_current), (5000, 5000));
    assert_eq!(
        some.notes,
        ["a sample of the reference: 5000 of 27004 rows", "a sample of the current table: 5000 of 29425 rows"]
    );
    let delay = column(&some, "dep_delay");
    let rows = cells(delay).iter().fold((0, 0), |sum, cell| (sum.0 + cell.1, sum.1 + cell.2));
    assert_eq!(rows, (5000, 5000));
    let tenth = sample(SampleSize::Fraction(0.1));
    // Binomial with a standard deviation of 50.
    assert!(tenth.rows_current.abs_diff(2942) < 250, "{}", tenth.rows_current);
    let all = sample(SampleSize::Rows(40_000));
    assert_eq!(all, compare(&january, &july));
    assert_eq!("0.5".parse(), Ok(SampleSize::Fraction(0.5)));
    assert!(["0", "1.5", "x", "-1"].iter().all(|text| text.parse::<SampleSize>().is_err()));
}
