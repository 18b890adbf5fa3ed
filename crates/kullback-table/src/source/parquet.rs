//! Parquet: every column of every row group is its own task.

use std::{fs::File, path::Path, sync::Arc};

use arrow_array::ArrayRef;
use arrow_schema::{DataType, Schema};
use parquet::arrow::{
    ProjectionMask,
    arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder},
};
use rayon::prelude::*;

use super::{BATCH_ROWS, Column, Layout, Meter, Place, Visit, Wanted, absent, columns_of, size};
use crate::{error::TableError, rows::RowRule};

const WHAT: &str = "Parquet";

pub(super) struct ParquetFile {
    metadata: ArrowReaderMetadata,
    /// The same with text as dictionaries, which is how it is stored: a value is decoded and looked up once, not for every row.
    coded: ArrowReaderMetadata,
}

/// The schema with text as dictionaries.
fn coded(schema: &Schema) -> Schema {
    let field = |field: &arrow_schema::FieldRef| match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let values = if *field.data_type() == DataType::LargeUtf8 { DataType::LargeUtf8 } else { DataType::Utf8 };
            let coded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(values));
            Arc::new(field.as_ref().clone().with_data_type(coded))
        }
        _ => Arc::clone(field),
    };
    Schema::new_with_metadata(schema.fields().iter().map(field).collect::<Vec<_>>(), schema.metadata().clone())
}

impl ParquetFile {
    pub(super) fn open(path: &Path) -> Result<Self, TableError> {
        let unreadable = |error: &dyn std::fmt::Display| TableError::unreadable(path, WHAT, error);
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        let metadata =
            ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(|error| unreadable(&error))?;
        let options = ArrowReaderOptions::new().with_schema(Arc::new(coded(metadata.schema())));
        let coded = ArrowReaderMetadata::try_new(metadata.metadata().clone(), options);
        Ok(Self { coded: coded.unwrap_or_else(|_| metadata.clone()), metadata })
    }

    pub(super) fn columns(&self) -> Vec<Column> {
        columns_of(self.metadata.schema())
    }

    pub(super) fn rows(&self) -> u64 {
        self.row_counts().sum()
    }

    fn row_counts(&self) -> impl Iterator<Item = u64> + '_ {
        self.metadata.metadata().row_groups().iter().map(|group| group.num_rows().max(0).unsigned_abs())
    }

    pub(super) fn scan(
        &self,
        path: &Path,
        file: usize,
        rule: &RowRule,
        wanted: &mut [Wanted],
        meter: &Meter<'_>,
    ) -> Result<(), TableError> {
        let groups: Vec<(usize, u64)> = self
            .row_counts()
            .scan(0, |before, rows| Some(std::mem::replace(before, *before + rows)))
            .enumerate()
            .collect();
        let share = size(path) / (groups.len() * wanted.len()).max(1) as u64;
        // A state that goes on from group to group has less to merge than one for each.
        let pieces = (4 * rayon::current_num_threads()).div_ceil(wanted.len().max(1));
        let together = groups.len().div_ceil(pieces).max(1);
        wanted.par_iter_mut().with_max_len(1).try_for_each(|wanted| {
            let layout = Layout::new(rule, std::slice::from_ref(wanted));
            let fresh = || Wanted { columns: wanted.columns.clone(), state: wanted.state.fresh() };
            let seen = groups
                .par_iter()
                .with_min_len(together)
                .try_fold(fresh, |mut seen, &(group, before)| {
                    self.each(path, &layout.names, group, before, &mut |row, len, arrays| {
                        layout.update(rule, std::slice::from_mut(&mut seen), Place { path, file, row, len }, arrays)
                    })?;
                    meter.advance(share);
                    Ok::<_, TableError>(seen)
                })
                .try_reduce(fresh, |mut a, b| {
                    a.state.merge(b.state);
                    Ok(a)
                })?;
            wanted.state.merge(seen.state);
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
        let mut before = 0;
        for (group, rows) in self.row_counts().enumerate() {
            self.each(path, names, group, before, visit)?;
            before += rows;
        }
        Ok(())
    }

    /// Reads columns of one row group, whose first row is number `row` of the file.
    fn each(
        &self,
        path: &Path,
        names: &[String],
        group: usize,
        mut row: u64,
        visit: &mut Visit<'_, [ArrayRef]>,
    ) -> Result<(), TableError> {
        let unreadable = |error: &dyn std::fmt::Display| TableError::unreadable(path, WHAT, error);
        let schema = self.metadata.schema();
        let found: Vec<Option<usize>> = names.iter().map(|name| schema.index_of(name).ok()).collect();
        // The reader hands columns over in the order of the file.
        let mut sorted: Vec<usize> = found.iter().flatten().copied().collect();
        sorted.sort_unstable();
        let place = |index: usize| sorted.partition_point(|&other| other < index);
        let order: Vec<Option<usize>> = found.iter().map(|index| index.map(place)).collect();
        // A file of its own: clones of one would share a position.
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.coded.clone())
            .with_row_groups(vec![group])
            .with_projection(ProjectionMask::roots(self.metadata.parquet_schema(), sorted.iter().copied()))
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|error| unreadable(&error))?;
        for batch in reader {
            let batch = batch.map_err(|error| unreadable(&error))?;
            let len = batch.num_rows();
            let array = |at: &Option<usize>| at.map_or_else(|| absent(len), |at| batch.column(at).clone());
            visit(row, len, &order.iter().map(array).collect::<Vec<_>>())?;
            row += len as u64;
        }
        Ok(())
    }
}
