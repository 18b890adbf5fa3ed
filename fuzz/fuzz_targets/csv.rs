//! CSV files: any bytes are a table or an error of one line.
#![no_main]

use kullback_table::{DriftOptions, drift, read_column};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|content: (&[u8], &[u8])| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [reference, current] = ["reference.csv", "current.csv"].map(|name| folder.path().join(name));
    std::fs::write(&reference, content.0).expect("the file is written");
    std::fs::write(&current, content.1).expect("the file is written");

    match drift(&reference, &current, &DriftOptions::default(), &|_, _| {}) {
        Ok(report) => {
            for column in &report.columns {
                assert_eq!(column.bins, column.contributions.len());
                assert!(column.p_value.is_none_or(|p| (0.0..=1.0).contains(&p)), "{column:?}");
                assert!(column.jensen_shannon.is_none_or(|js| js >= 0.0), "{column:?}");
            }
        }
        Err(error) => assert!(!error.to_string().contains('\n'), "{error}"),
    }
    // The first line, cut at its first comma, is the name of the first column unless it is quoted.
    let header = content.0.split(|byte| b",\r\n".contains(byte)).next().unwrap_or_default();
    if let Ok(name) = std::str::from_utf8(header) {
        let _ = read_column(&format!("{}#{name}", reference.display()));
    }
});
