//! Arrow IPC: the file format (also called Feather) and the stream format.

use std::{
    fs::File,
    io::{BufReader, Read, Seek},
    path::Path,
};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, SchemaRef};

use super::{Column, Layout, Meter, Place, Visit, Wanted, absent, columns_of, size};
use crate::{error::TableError, rows::RowRule};

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
        file: usize,
        rule: &RowRule,
        wanted: &mut [Wanted],
        meter: &Meter<'_>,
    ) -> Result<(), TableError> {
        let layout = Layout::new(rule, wanted);
        let (bytes, rows) = (size(path), self.rows.max(1));
        self.batches(path, &layout.names, &mut |row, len, arrays| {
            layout.update(rule, wanted, Place { path, file, row, len }, arrays)?;
            meter.advance((u128::from(bytes) * len as u128 / u128::from(rows)) as u64);
            Ok(())
        })
    }

    /// Every batch of the named columns, in the order of the names, with the number of its first row. Columns that are not
    /// there are null.
    pub(super) fn batches(
        &self,
        path: &Path,
        names: &[String],
        visit: &mut Visit<'_, [ArrayRef]>,
    ) -> Result<(), TableError> {
        let unreadable = |error: ArrowError| TableError::unreadable(path, WHAT, error);
        let found: Vec<Option<usize>> = names.iter().map(|name| self.schema.index_of(name).ok()).collect();
        // Sorted for the reader, and put back in the order asked for.
        let mut sorted: Vec<usize> = found.iter().flatten().copied().collect();
        sorted.sort_unstable();
        let place = |index: usize| sorted.partition_point(|&other| other < index);
        let order: Vec<Option<usize>> = found.iter().map(|index| index.map(place)).collect();
        let mut row = 0;
        for batch in Batches::open(path, Some(sorted))?.batches {
            let batch = batch.map_err(unreadable)?;
            let len = batch.num_rows();
            let array = |at: &Option<usize>| at.map_or_else(|| absent(len), |at| batch.column(at).clone());
            visit(row, len, &order.iter().map(array).collect::<Vec<_>>())?;
            row += len as u64;
        }
        Ok(())
    }
}
