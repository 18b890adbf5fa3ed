//! Tables from files: one file, a folder or a glob, streamed batch by batch.

mod csv;
mod ipc;
mod parquet;
mod paths;
mod profile;
mod text;

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use arrow_array::ArrayRef;
use rayon::prelude::*;

use crate::{error::TableError, family::Family, profile::State, sample::RowId};

/// Rows decoded at a time.
const BATCH_ROWS: usize = 16_384;

/// Takes a batch and the number of its first row within the file.
type Visit<'a, T> = dyn FnMut(u64, &T) -> Result<(), TableError> + 'a;

/// A column of a table.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) family: Family,
    /// The type as the file calls it, for notes.
    pub(crate) type_name: String,
    /// The file itself declares the type; it was not guessed from text.
    pub(crate) declared: bool,
}

/// A table in one or more files of the same columns.
pub(crate) struct Table {
    pub(crate) path: PathBuf,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: u64,
    files: Vec<(PathBuf, Format)>,
}

enum Format {
    Parquet(parquet::ParquetFile),
    Csv(csv::CsvFile),
    Ipc(ipc::IpcFile),
    Profile(profile::ProfileFile),
}

/// A column to stream: its name, and the state to stream it into.
pub(crate) struct Wanted {
    pub(crate) name: String,
    pub(crate) state: State,
}

impl Wanted {
    /// Adds a batch, or says which column cannot take its type.
    fn update(&mut self, path: &Path, array: &ArrayRef, first: RowId) -> Result<(), TableError> {
        if self.state.update(array, first) {
            return Ok(());
        }
        Err(TableError::ColumnType {
            path: path.to_owned(),
            column: self.name.clone(),
            found: array.data_type().to_string(),
            expected: "the type that the other files have there",
        })
    }
}

/// How much has been read, in bytes of files.
pub(crate) struct Meter<'a> {
    done: AtomicU64,
    total: AtomicU64,
    report: &'a (dyn Fn(u64, u64) + Sync),
}

impl<'a> Meter<'a> {
    pub(crate) fn new(report: &'a (dyn Fn(u64, u64) + Sync)) -> Self {
        Self { done: AtomicU64::new(0), total: AtomicU64::new(0), report }
    }

    /// More is going to be read.
    pub(crate) fn expect(&self, bytes: u64) {
        self.total.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn advance(&self, bytes: u64) {
        let done = self.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        (self.report)(done, self.total.load(Ordering::Relaxed).max(done));
    }

    /// Nothing more is going to be read.
    pub(crate) fn finish(&self) {
        let done = self.done.load(Ordering::Relaxed);
        (self.report)(done, done);
    }
}

impl Table {
    /// Finds the files and their columns. CSV files are read once to learn their types.
    pub(crate) fn open(path: &Path, meter: &Meter<'_>) -> Result<Self, TableError> {
        Self::open_all(std::slice::from_ref(&path), meter)
    }

    /// The same, of several files, folders and globs, which together are one table.
    pub(crate) fn open_all(paths: &[impl AsRef<Path>], meter: &Meter<'_>) -> Result<Self, TableError> {
        let path = paths.first().map(AsRef::as_ref).unwrap_or(Path::new(""));
        let mut expanded = Vec::new();
        for path in paths {
            expanded.extend(paths::expand(path.as_ref())?);
        }
        let alone = expanded.len() == 1;
        let mut files = Vec::new();
        for file in expanded {
            let format = match paths::kind(&file)? {
                paths::Kind::Parquet => Format::Parquet(parquet::ParquetFile::open(&file)?),
                paths::Kind::Csv { delimiter, gzip } => Format::Csv(csv::CsvFile::open(&file, delimiter, gzip, meter)?),
                paths::Kind::Ipc => Format::Ipc(ipc::IpcFile::open(&file)?),
                paths::Kind::Profile if alone => Format::Profile(profile::ProfileFile::open(&file)?),
                paths::Kind::Profile => return Err(TableError::ProfileAmongTables { path: file }),
            };
            files.push((file, format));
        }
        csv::agree(files.iter_mut().filter_map(|(_, format)| match format {
            Format::Csv(file) => Some(file),
            _ => None,
        }));
        let columns = common_columns(&files)?;
        let rows = files.iter().map(|(_, format)| format.rows()).sum();
        let table = Self { path: path.to_owned(), columns, rows, files };
        if table.rows == 0 || table.columns.is_empty() {
            return Err(TableError::Empty { path: path.to_owned() });
        }
        Ok(table)
    }

    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Streams every row of the wanted columns into their states. The result does not depend on the number of threads:
    /// the states are exactly mergeable.
    pub(crate) fn scan(&self, mut wanted: Vec<Wanted>, meter: &Meter<'_>) -> Result<Vec<State>, TableError> {
        if !wanted.is_empty() {
            meter.expect(self.bytes());
            for (number, (path, format)) in self.files.iter().enumerate() {
                match format {
                    Format::Parquet(file) => file.scan(path, number, &mut wanted, meter)?,
                    Format::Csv(file) => file.scan(path, number, &mut wanted, meter)?,
                    Format::Ipc(file) => file.scan(path, number, &mut wanted, meter)?,
                    Format::Profile(file) => file.scan(path, &mut wanted)?,
                }
            }
        }
        Ok(wanted.into_iter().map(|wanted| wanted.state).collect())
    }

    /// Every batch of one column in order, with the file and the number of its first row.
    pub(crate) fn each_batch(
        &self,
        name: &str,
        visit: &mut dyn FnMut(&Path, u64, &ArrayRef) -> Result<(), TableError>,
    ) -> Result<(), TableError> {
        let meter = Meter::new(&|_, _| {});
        for (path, format) in &self.files {
            let mut visit = |first: u64, array: &ArrayRef| visit(path, first, array);
            match format {
                Format::Parquet(file) => file.each_batch(path, name, &mut visit)?,
                Format::Csv(file) => {
                    file.batches(path, &[name], &meter, &mut |first, arrays| visit(first, &arrays[0]))?
                }
                Format::Ipc(file) => file.batches(path, &[name], &mut |first, arrays| visit(first, &arrays[0]))?,
                Format::Profile(_) => return Err(TableError::NoRows { path: path.clone() }),
            }
        }
        Ok(())
    }

    /// Nulls and rows of a column of a profile, which `scan` knows a sample of only.
    pub(crate) fn profiled(&self, name: &str) -> Option<(u64, u64)> {
        match self.files.as_slice() {
            [(_, Format::Profile(file))] => file.nulls_and_rows(name),
            _ => None,
        }
    }

    fn bytes(&self) -> u64 {
        self.files.iter().map(|(path, _)| size(path)).sum()
    }
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}

impl Format {
    fn columns(&self) -> Vec<Column> {
        match self {
            Self::Parquet(file) => file.columns(),
            Self::Csv(file) => file.columns(),
            Self::Ipc(file) => file.columns(),
            Self::Profile(file) => file.columns(),
        }
    }

    fn rows(&self) -> u64 {
        match self {
            Self::Parquet(file) => file.rows(),
            Self::Csv(file) => file.rows(),
            Self::Ipc(file) => file.rows(),
            Self::Profile(file) => file.rows(),
        }
    }
}

/// The columns of an Arrow schema.
fn columns_of(schema: &arrow_schema::Schema) -> Vec<Column> {
    let column = |field: &arrow_schema::FieldRef| Column {
        name: field.name().clone(),
        family: Family::of(field.data_type()),
        type_name: field.data_type().to_string(),
        declared: true,
    };
    schema.fields().iter().map(column).collect()
}

/// The columns of all files, which must have the same names.
fn common_columns(files: &[(PathBuf, Format)]) -> Result<Vec<Column>, TableError> {
    let mut columns: Vec<Column> = Vec::new();
    for (number, (path, format)) in files.iter().enumerate() {
        let problem = |column: &str, problem: String| TableError::Columns {
            path: path.clone(),
            column: column.to_owned(),
            problem,
        };
        let mine = format.columns();
        for (at, column) in mine.iter().enumerate() {
            if mine[..at].iter().any(|earlier| earlier.name == column.name) {
                return Err(problem(&column.name, "stands there twice; expected each name once".to_owned()));
            }
            match columns.iter_mut().find(|known| known.name == column.name) {
                Some(known) => known.family = known.family.common(column.family),
                None if number == 0 => columns.push(column.clone()),
                None => {
                    return Err(problem(
                        &column.name,
                        format!(
                            "is not in {}; expected the same columns in every file of a table",
                            files[0].0.display()
                        ),
                    ));
                }
            }
        }
        if let Some(missing) = columns.iter().find(|known| !mine.iter().any(|column| column.name == known.name)) {
            return Err(problem(
                &missing.name,
                format!(
                    "is missing, but {} has it; expected the same columns in every file of a table",
                    files[0].0.display()
                ),
            ));
        }
    }
    Ok(columns)
}

/// Streams one batch of several columns at once into their states.
fn update_all(path: &Path, wanted: &mut [Wanted], arrays: &[ArrayRef], first: RowId) -> Result<(), TableError> {
    wanted.par_iter_mut().zip(arrays).try_for_each(|(wanted, array)| wanted.update(path, array, first))
}
