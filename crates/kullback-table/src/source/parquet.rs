//! Parquet: every column of every row group is its own task.

use std::{fs::File, path::Path};

use arrow_array::ArrayRef;
use parquet::arrow::{
    ProjectionMask,
    arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder},
};
use rayon::prelude::*;

use super::{BATCH_ROWS, Column, Meter, Wanted, columns_of, size};
use crate::{error::TableError, sample::RowId};

const WHAT: &str = "Parquet";

pub(super) struct ParquetFile {
    metadata: ArrowReaderMetadata,
}

impl ParquetFile {
    pub(super) fn open(path: &Path) -> Result<Self, TableError> {
        let unreadable = |error: &dyn std::fmt::Display| TableError::unreadable(path, WHAT, error);
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        let metadata =
            ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(|error| unreadable(&error))?;
        Ok(Self { metadata })
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
        number: usize,
        wanted: &mut [Wanted],
        meter: &Meter<'_>,
    ) -> Result<(), TableError> {
        let groups: Vec<(usize, u64)> = self
            .row_counts()
            .scan(0, |before, rows| Some(std::mem::replace(before, *before + rows)))
            .enumerate()
            .collect();
        let share = size(path) / (groups.len() * wanted.len()).max(1) as u64;
        wanted.par_iter_mut().try_for_each(|wanted| {
            let fresh = || Wanted { name: wanted.name.clone(), state: wanted.state.fresh() };
            let seen = groups
                .par_iter()
                .try_fold(fresh, |mut seen, &(group, before)| {
                    self.each(path, &seen.name.clone(), group, before, &mut |row, array| {
                        seen.update(path, array, RowId::new(number, row))
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

    pub(super) fn each_batch(
        &self,
        path: &Path,
        name: &str,
        visit: &mut dyn FnMut(u64, &ArrayRef) -> Result<(), TableError>,
    ) -> Result<(), TableError> {
        let mut before = 0;
        for (group, rows) in self.row_counts().enumerate() {
            self.each(path, name, group, before, visit)?;
            before += rows;
        }
        Ok(())
    }

    /// Reads one column of one row group, whose first row is number `row` of the file.
    fn each(
        &self,
        path: &Path,
        name: &str,
        group: usize,
        mut row: u64,
        visit: &mut dyn FnMut(u64, &ArrayRef) -> Result<(), TableError>,
    ) -> Result<(), TableError> {
        let unreadable = |error: &dyn std::fmt::Display| TableError::unreadable(path, WHAT, error);
        let schema = self.metadata.schema();
        let index = schema.index_of(name).map_err(|error| unreadable(&error))?;
        // A file of its own: clones of one would share a position.
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
            .with_row_groups(vec![group])
            .with_projection(ProjectionMask::roots(self.metadata.parquet_schema(), [index]))
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|error| unreadable(&error))?;
        for batch in reader {
            let batch = batch.map_err(|error| unreadable(&error))?;
            visit(row, batch.column(0))?;
            row += batch.num_rows() as u64;
        }
        Ok(())
    }
}
