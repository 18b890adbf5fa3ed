//! Arrow IPC: the file format (also called Feather) and the stream format.

use std::{
    fs::File,
    io::{BufReader, Read, Seek},
    path::Path,
};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, SchemaRef};

use super::{Column, Meter, Wanted, columns_of, size, update_all};
use crate::{error::TableError, sample::RowId};

const WHAT: &str = "Arrow IPC";

pub(super) struct IpcFile {
    schema: SchemaRef,
    rows: u64,
}

/// Batches of either format.
struct Batches {
    schema: SchemaRef,
    batches: Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>>>,
}

impl Batches {
    /// The columns at `projection` of the whole file, or all of them.
    fn open(path: &Path, projection: Option<Vec<usize>>) -> Result<Self, TableError> {
        let unreadable = |error: &dyn std::fmt::Display| TableError::unreadable(path, WHAT, error);
        let mut file = File::open(path).map_err(|error| unreadable(&error))?;
        let mut magic = Vec::new();
        file.by_ref().take(6).read_to_end(&mut magic).map_err(|error| unreadable(&error))?;
        file.rewind().map_err(|error| unreadable(&error))?;
        let file = BufReader::new(file);
        if magic == b"ARROW1" {
            let reader = FileReader::try_new(file, projection).map_err(|error| unreadable(&error))?;
            Ok(Self { schema: reader.schema(), batches: Box::new(reader) })
        } else {
            let reader = StreamReader::try_new(file, projection).map_err(|error| unreadable(&error))?;
            Ok(Self { schema: reader.schema(), batches: Box::new(reader) })
        }
    }
}

impl IpcFile {
    pub(super) fn open(path: &Path) -> Result<Self, TableError> {
        let Batches { schema, batches } = Batches::open(path, None)?;
        let mut rows = 0;
        for batch in batches {
            rows += batch.map_err(|error| TableError::unreadable(path, WHAT, error))?.num_rows() as u64;
        }
        Ok(Self { schema, rows })
    }

    pub(super) fn columns(&self) -> Vec<Column> {
        columns_of(&self.schema)
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn scan(
        &self,
        path: &Path,
        number: usize,
        wanted: &mut [Wanted],
        meter: &Meter<'_>,
    ) -> Result<(), TableError> {
        let names: Vec<String> = wanted.iter().map(|wanted| wanted.name.clone()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (bytes, rows) = (size(path), self.rows.max(1));
        self.batches(path, &names, &mut |first, arrays| {
            update_all(path, wanted, arrays, RowId::new(number, first))?;
            let read = arrays.first().map_or(0, |array| array.len() as u64);
            meter.advance((u128::from(bytes) * u128::from(read) / u128::from(rows)) as u64);
            Ok(())
        })
    }

    /// Every batch of the named columns, in the order of the names, with the number of its first row.
    pub(super) fn batches(
        &self,
        path: &Path,
        names: &[&str],
        visit: &mut dyn FnMut(u64, &[ArrayRef]) -> Result<(), TableError>,
    ) -> Result<(), TableError> {
        let unreadable = |error: ArrowError| TableError::unreadable(path, WHAT, error);
        let projection =
            names.iter().map(|name| self.schema.index_of(name)).collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
        // Sorted for the reader, and put back in the order asked for.
        let mut sorted = projection.clone();
        sorted.sort_unstable();
        let order: Vec<usize> = projection.iter().map(|index| sorted.partition_point(|other| other < index)).collect();
        let mut row = 0;
        for batch in Batches::open(path, Some(sorted))?.batches {
            let batch = batch.map_err(unreadable)?;
            let arrays: Vec<ArrayRef> = order.iter().map(|&at| batch.column(at).clone()).collect();
            visit(row, &arrays)?;
            row += batch.num_rows() as u64;
        }
        Ok(())
    }
}
