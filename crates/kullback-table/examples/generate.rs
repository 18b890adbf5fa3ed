//! `cargo run --release -p kullback-table --example generate -- FOLDER [ROWS]`: writes `old` and `new` as `.parquet` and `.csv`,
//! each of 10 numeric and 5 categorical columns, some of which drift.
#![allow(clippy::print_stdout)]

use std::{error::Error, fs::File, io::Write, path::Path, sync::Arc};

use arrow_array::{ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray};

const BATCH: u64 = 100_000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = Path::new(arguments.first().ok_or("expected FOLDER [ROWS]")?);
    let rows: u64 = arguments.get(1).map_or(Ok(1_000_000), |rows| rows.parse())?;
    for (name, salt) in [("old", 1), ("new", 2)] {
        write(folder, name, rows, salt)?;
    }
    Ok(())
}

fn write(folder: &Path, name: &str, rows: u64, salt: u64) -> Result<(), Box<dyn Error>> {
    let mut csv = std::io::BufWriter::new(File::create(folder.join(format!("{name}.csv")))?);
    let mut parquet = None;
    for start in (0..rows).step_by(BATCH as usize) {
        let batch = table(start..rows.min(start + BATCH), salt)?;
        if parquet.is_none() {
            let file = File::create(folder.join(format!("{name}.parquet")))?;
            parquet = Some(parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None)?);
            let names: Vec<&str> = batch.schema_ref().fields().iter().map(|field| field.name().as_str()).collect();
            writeln!(csv, "{}", names.join(","))?;
        }
        if let Some(parquet) = &mut parquet {
            parquet.write(&batch)?;
        }
        let options = arrow_cast::display::FormatOptions::default();
        let columns = batch.columns().iter().map(|array| arrow_cast::display::ArrayFormatter::try_new(array, &options));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            let fields: Vec<String> = columns.iter().map(|column| column.value(row).to_string()).collect();
            writeln!(csv, "{}", fields.join(","))?;
        }
    }
    if let Some(parquet) = parquet {
        parquet.close()?;
    }
    println!("{name}: {rows} rows");
    Ok(())
}

fn table(rows: std::ops::Range<u64>, salt: u64) -> Result<RecordBatch, Box<dyn Error>> {
    let mix = |mut z: u64| {
        z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let random = |row: u64, column: u64| (mix(mix(row) ^ (column << 8 | salt)) >> 11) as f64 / (1_u64 << 53) as f64;
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    for column in 0..8 {
        // Exponential; the last three drift a little.
        let scale = if salt == 2 && column >= 5 { 1.02 } else { 1.0 };
        let values = rows
            .clone()
            .map(|row| Some(-scale * (1.0 - random(row, column)).ln()).filter(|_| random(row, column + 100) > 0.02));
        columns.push((format!("x{column}"), Arc::new(values.collect::<Float64Array>())));
    }
    columns.push((
        "i".into(),
        Arc::new(rows.clone().map(|row| Some((random(row, 8) * 1e5) as i64)).collect::<Int64Array>()),
    ));
    columns.push((
        "k".into(),
        Arc::new(rows.clone().map(|row| Some((random(row, 9) * 12.0) as i32)).collect::<Int32Array>()),
    ));
    for (at, distinct) in [3.0, 20.0, 300.0, 5_000.0, 200_000.0].into_iter().enumerate() {
        let column = 10 + at as u64;
        let values = rows.clone().map(|row| Some(format!("v{}", (random(row, column).powi(2) * distinct) as u64)));
        columns.push((format!("c{at}"), Arc::new(values.collect::<StringArray>())));
    }
    Ok(RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))?)
}
