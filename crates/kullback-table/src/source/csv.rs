//! CSV, plain or compressed. A first pass over the whole file learns what each column holds, so that no later row can surprise.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
    sync::Arc,
};

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, NullArray, StringArray,
    TimestampMicrosecondArray, builder::BinaryBuilder,
};
use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};
use rayon::prelude::*;

use super::{BATCH_ROWS, Column, Layout, Meter, Place, Visit, Wanted, absent};
use crate::{
    error::TableError,
    family::Family,
    rows::RowRule,
    source::paths::Packed,
    source::text::{Kinds, Type, boolean, date, float, integer, timestamp},
};

const WHAT: &str = "CSV";

pub(super) struct CsvFile {
    delimiter: u8,
    packed: Packed,
    names: Vec<String>,
    kinds: Vec<Kinds>,
    rows: u64,
}

/// Gives the columns of one name the same type in all CSV files of a table.
pub(super) fn agree<'a>(files: impl Iterator<Item = &'a mut CsvFile>) {
    let mut files: Vec<&mut CsvFile> = files.collect();
    let mut all = std::collections::HashMap::<String, Kinds>::new();
    for file in &files {
        for (name, kinds) in file.names.iter().zip(&file.kinds) {
            all.entry(name.clone()).or_default().add(*kinds);
        }
    }
    for file in &mut files {
        for (name, kinds) in file.names.iter().zip(&mut file.kinds) {
            kinds.add(all[name]);
        }
    }
}

impl CsvFile {
    pub(super) fn open(path: &Path, delimiter: u8, packed: Packed, meter: &Meter<'_>) -> Result<Self, TableError> {
        let mut file = Self { delimiter, packed, names: Vec::new(), kinds: Vec::new(), rows: 0 };
        meter.expect(super::size(path));
        let mut reader = file.reader(path)?;
        let mut headers = reader.byte_headers().map_err(|error| csv_error(path, &error))?;
        // Semicolons are what spreadsheets write where the comma is the decimal sign.
        let other = b";\t|".iter().find(|other| headers.len() == 1 && headers[0].contains(other));
        if let Some(&other) = other.filter(|_| delimiter == b',') {
            file.delimiter = other;
            reader = file.reader(path)?;
            headers = reader.byte_headers().map_err(|error| csv_error(path, &error))?;
        }
        if headers.is_empty() || (headers.len() == 1 && headers[0].is_empty()) {
            return Err(TableError::unreadable(
                path,
                WHAT,
                "the first line is empty; expected the names of the columns",
            ));
        }
        let names = headers.iter().enumerate().map(|(at, name)| header(path, at, name));
        file.names = names.collect::<Result<_, _>>()?;
        let mut kinds = vec![Kinds::default(); file.names.len()];
        file.rows = raw_batches(path, reader, &(0..kinds.len()).collect::<Vec<_>>(), &mut |_, _, columns| {
            kinds.par_iter_mut().zip(columns).for_each(|(kinds, column)| column.each(|field| kinds.see(field)));
            Ok(())
        })?;
        meter.advance(super::size(path));
        file.kinds = kinds;
        Ok(file)
    }

    fn reader(&self, path: &Path) -> Result<Reader<Box<dyn Read>>, TableError> {
        let file = File::open(path).map_err(|error| TableError::unreadable(path, WHAT, error))?;
        let file = BufReader::with_capacity(1 << 17, file);
        let input: Box<dyn Read> = match self.packed {
            Packed::Not => Box::new(file),
            Packed::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
            Packed::Zstd => {
                Box::new(zstd::Decoder::with_buffer(file).map_err(|error| TableError::unreadable(path, WHAT, error))?)
            }
        };
        Ok(ReaderBuilder::new().delimiter(self.delimiter).buffer_capacity(1 << 17).from_reader(input))
    }

    pub(super) fn columns(&self) -> Vec<Column> {
        let column = |(name, kinds): (&String, &Kinds)| {
            let (family, type_name) = match kinds.resolve() {
                Type::Null => (Family::Null, "empty"),
                Type::Integer => (Family::Number, "integer"),
                Type::Float => (Family::Number, "number"),
                Type::Boolean => (Family::Text, "boolean"),
                Type::Date => (Family::Instant, "date"),
                Type::Timestamp => (Family::Instant, "timestamp"),
                Type::Text => (Family::Text, "text"),
            };
            Column { name: name.clone(), family, type_name: type_name.to_owned(), declared: false, notes: Vec::new() }
        };
        self.names.iter().zip(&self.kinds).map(column).collect()
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn scan(
        &self,
        path: &Path,
        file: usize,
        rule: &RowRule,
        wanted: &mut [Wanted],
        meter: &Meter<'_>,
    ) -> Result<(), TableError> {
        let layout = Layout::new(rule, wanted);
        self.batches(path, &layout.names, meter, &mut |row, len, arrays| {
            layout.update(rule, wanted, Place { path, file, row, len }, arrays)
        })
    }

    /// Every batch of the named columns, in the order of the names, with the number of its first row. Columns that are not
    /// there are null.
    pub(super) fn batches(
        &self,
        path: &Path,
        names: &[String],
        meter: &Meter<'_>,
        visit: &mut Visit<'_, [ArrayRef]>,
    ) -> Result<(), TableError> {
        let found: Vec<Option<usize>> =
            names.iter().map(|name| self.names.iter().position(|known| known == name)).collect();
        let indices: Vec<usize> = found.iter().flatten().copied().collect();
        let bytes = super::size(path);
        let rows = self.rows.max(1);
        raw_batches(path, self.reader(path)?, &indices, &mut |first, len, columns| {
            let parsed: Result<Vec<ArrayRef>, TableError> = columns
                .par_iter()
                .zip(&indices)
                .map(|(column, &index)| {
                    column.parse(self.kinds[index].resolve()).map_err(|row| TableError::Value {
                        path: path.to_owned(),
                        column: self.names[index].clone(),
                        row: first + row,
                        found: "bytes that are not UTF-8".to_owned(),
                        expected: "UTF-8 text",
                    })
                })
                .collect();
            let mut parsed = parsed?.into_iter();
            let next = |at: &Option<usize>| at.and_then(|_| parsed.next()).unwrap_or_else(|| absent(len));
            visit(first, len, &found.iter().map(next).collect::<Vec<_>>())?;
            meter.advance((u128::from(bytes) * len as u128 / u128::from(rows)) as u64);
            Ok(())
        })?;
        Ok(())
    }
}

/// A column's name; one without a name gets its position.
fn header(path: &Path, at: usize, name: &[u8]) -> Result<String, TableError> {
    // The csv crate drops UTF-8's byte order mark itself; UTF-16's is not UTF-8.
    match std::str::from_utf8(name) {
        Ok("") => Ok(format!("column_{at}")),
        Ok(name) => Ok(name.to_owned()),
        Err(_) => {
            let reason = format!("the name of column {at} holds bytes that are not UTF-8; expected UTF-8 text");
            Err(TableError::unreadable(path, WHAT, reason))
        }
    }
}

/// The fields of one column in one batch, end to end.
#[derive(Default)]
struct RawColumn {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl RawColumn {
    fn each<'a>(&'a self, mut visit: impl FnMut(&'a [u8])) {
        let mut start = 0;
        for &end in &self.ends {
            visit(&self.bytes[start..end]);
            start = end;
        }
    }

    fn collect<'a, T, A: FromIterator<Option<T>>>(&'a self, parse: impl Fn(&'a [u8]) -> Option<T>) -> A {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).map(|(&start, &end)| parse(&self.bytes[start..end])).collect()
    }

    /// The fields as values of `kind`; or the row of one that is not UTF-8.
    fn parse(&self, kind: Type) -> Result<ArrayRef, u64> {
        Ok(match kind {
            Type::Null => Arc::new(NullArray::new(self.ends.len())),
            Type::Integer => Arc::new(self.collect::<_, Int64Array>(integer)),
            Type::Float => Arc::new(self.collect::<_, Float64Array>(float)),
            Type::Boolean => Arc::new(self.collect::<_, BooleanArray>(boolean)),
            Type::Date => Arc::new(self.collect::<_, Date32Array>(date)),
            Type::Timestamp => Arc::new(self.collect::<_, TimestampMicrosecondArray>(timestamp)),
            Type::Text => self.text()?,
        })
    }

    fn text(&self) -> Result<ArrayRef, u64> {
        let mut builder = BinaryBuilder::with_capacity(self.ends.len(), self.bytes.len());
        self.each(|field| if field.is_empty() { builder.append_null() } else { builder.append_value(field) });
        let bytes = builder.finish();
        let first_bad =
            |_| (0..bytes.len()).find(|&row| std::str::from_utf8(bytes.value(row)).is_err()).unwrap_or(0) as u64;
        let array = StringArray::try_from_binary(bytes.clone()).map_err(first_bad)?;
        Ok(Arc::new(array))
    }
}

/// Splits the file into batches of the columns at `indices`; the number of rows.
fn raw_batches(
    path: &Path,
    mut reader: Reader<Box<dyn Read>>,
    indices: &[usize],
    visit: &mut Visit<'_, [RawColumn]>,
) -> Result<u64, TableError> {
    let mut columns: Vec<RawColumn> = indices.iter().map(|_| RawColumn::default()).collect();
    let mut record = ByteRecord::new();
    let (mut row, mut first) = (0, 0);
    loop {
        let more = reader.read_byte_record(&mut record).map_err(|error| csv_error(path, &error))?;
        if more {
            for (column, &index) in columns.iter_mut().zip(indices) {
                column.bytes.extend_from_slice(record.get(index).unwrap_or_default());
                column.ends.push(column.bytes.len());
            }
            row += 1;
        }
        if row - first == BATCH_ROWS as u64 || (!more && row > first) {
            visit(first, (row - first) as usize, &columns)?;
            for column in &mut columns {
                column.bytes.clear();
                column.ends.clear();
            }
            first = row;
        }
        if !more {
            return Ok(row);
        }
    }
}

fn csv_error(path: &Path, error: &csv::Error) -> TableError {
    match error.kind() {
        // Record 0 is the header.
        ErrorKind::UnequalLengths { pos, expected_len, len } => TableError::Ragged {
            path: path.to_owned(),
            row: pos.as_ref().map_or(0, |pos| pos.record().saturating_sub(1)),
            found: *len,
            expected: *expected_len,
        },
        ErrorKind::Io(error) => TableError::unreadable(path, WHAT, error),
        _ => TableError::unreadable(path, WHAT, error),
    }
}
