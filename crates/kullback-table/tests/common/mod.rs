//! Tables for the tests.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, reason = "shared by tests")]

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
};

use arrow_array::{Array, ArrayRef, RecordBatch};
use kullback_table::{ColumnDrift, DriftOptions, DriftReport, drift};

/// A file of the repository's data folder.
pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data").join(name)
}

pub fn compare(reference: &Path, current: &Path) -> DriftReport {
    drift(reference, current, &DriftOptions::default(), &|_, _| {}).unwrap()
}

pub fn column<'a>(report: &'a DriftReport, name: &str) -> &'a ColumnDrift {
    report.columns.iter().find(|column| column.column == name).unwrap()
}

/// (bin, reference, current) of every cell.
pub fn cells(column: &ColumnDrift) -> Vec<(&str, u64, u64)> {
    column.contributions.iter().map(|cell| (cell.bin.as_str(), cell.reference, cell.current)).collect()
}

pub fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

/// Writes Parquet with row groups of `group` rows.
pub fn write_parquet(path: &Path, batch: &RecordBatch, group: usize) {
    let properties =
        parquet::file::properties::WriterProperties::builder().set_max_row_group_row_count(Some(group)).build();
    let file = File::create(path).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

pub fn read_parquet(path: &Path) -> RecordBatch {
    let file = File::open(path).unwrap();
    let builder = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let schema = builder.schema().clone();
    let batches: Vec<RecordBatch> = builder.build().unwrap().map(Result::unwrap).collect();
    arrow_select::concat::concat_batches(&schema, &batches).unwrap()
}

pub fn write_ipc(path: &Path, batch: &RecordBatch, stream: bool) {
    let file = File::create(path).unwrap();
    if stream {
        let mut writer = arrow_ipc::writer::StreamWriter::try_new(file, &batch.schema()).unwrap();
        writer.write(batch).unwrap();
        writer.finish().unwrap();
    } else {
        let mut writer = arrow_ipc::writer::FileWriter::try_new(file, &batch.schema()).unwrap();
        writer.write(batch).unwrap();
        writer.finish().unwrap();
    }
}

/// The table as CSV text: nulls empty, everything else as Arrow displays it.
pub fn csv(batch: &RecordBatch) -> String {
    let options = arrow_cast::display::FormatOptions::default();
    let columns: Vec<_> = batch
        .columns()
        .iter()
        .map(|array| arrow_cast::display::ArrayFormatter::try_new(array, &options).unwrap())
        .collect();
    let names: Vec<&str> = batch.schema_ref().fields().iter().map(|field| field.name().as_str()).collect();
    let mut text = names.join(",") + "\n";
    for row in 0..batch.num_rows() {
        let fields: Vec<String> = columns
            .iter()
            .zip(batch.columns())
            .map(|(column, array)| if array.is_null(row) { String::new() } else { column.value(row).to_string() })
            .map(|field| if field.contains(',') { format!("\"{field}\"") } else { field })
            .collect();
        text += &fields.join(",");
        text += "\n";
    }
    text
}

pub fn write_gzip(path: &Path, text: &str) {
    let mut writer = flate2::write::GzEncoder::new(File::create(path).unwrap(), flate2::Compression::fast());
    writer.write_all(text.as_bytes()).unwrap();
    writer.finish().unwrap();
}

/// A hash of a number, as a source of randomness.
pub fn mix(mut z: u64) -> u64 {
    z = z.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x1234_5678_9abc_def1);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
