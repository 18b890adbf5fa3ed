//! Tables from files: one file, a folder or a glob, streamed batch by batch.

mod csv;
mod ipc;
mod parquet;
mod paths;
mod profile;
mod text;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use arrow_array::{ArrayRef, NullArray};
use rayon::prelude::*;

use crate::{error::TableError, family::Family, profile::State, rows::RowRule, sample::RowId};

/// Rows decoded at a time.
const BATCH_ROWS: usize = 16_384;

/// Takes the number of a batch's first row within the file, how many rows it has, and its columns.
type Visit<'a, T> = dyn FnMut(u64, usize, &T) -> Result<(), TableError> + 'a;

/// A column of a table.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) family: Family,
    /// The type as the file calls it, for notes.
    pub(crate) type_name: String,
    /// The file itself declares the type; it was not guessed from text.
    pub(crate) declared: bool,
    /// How the files of the table differ in it.
    pub(crate) notes: Vec<String>,
}

/// A table in one or more files. A column that only some of them have is null in the others.
pub(crate) struct Table {
    pub(crate) path: PathBuf,
    pub(crate) columns: Vec<Column>,
    /// Of those that count.
    pub(crate) rows: u64,
    /// Which rows count.
    pub(crate) rule: RowRule,
    /// What a reader should know of its files.
    pub(crate) notes: Vec<String>,
    files: Vec<(PathBuf, Format)>,
}

enum Format {
    Parquet(parquet::ParquetFile),
    Csv(csv::CsvFile),
    Ipc(ipc::IpcFile),
    Profile(profile::ProfileFile),
}

/// What to stream: the names of columns, and the state to stream them into together.
pub(crate) struct Wanted {
    pub(crate) columns: Vec<String>,
    pub(crate) state: State,
}

impl Wanted {
    pub(crate) fn one(column: &str, state: State) -> Self {
        Self { columns: vec![column.to_owned()], state }
    }
}

/// The columns to read at once, every name once: those that decide about rows, and those of each state.
struct Layout {
    names: Vec<String>,
    rule: Vec<usize>,
    states: Vec<Vec<usize>>,
}

impl Layout {
    fn new(rule: &RowRule, wanted: &[Wanted]) -> Self {
        let mut names: Vec<String> = Vec::new();
        let mut known = HashMap::new();
        let mut place = |name: &String| {
            *known.entry(name.clone()).or_insert_with(|| {
                names.push(name.clone());
                names.len() - 1
            })
        };
        let rule = rule.columns().map(&mut place).collect();
        let states = wanted.iter().map(|wanted| wanted.columns.iter().map(&mut place).collect()).collect();
        Self { names, rule, states }
    }

    /// Streams one batch into the states of all that is wanted.
    fn update(
        &self,
        rule: &RowRule,
        wanted: &mut [Wanted],
        place: Place<'_>,
        arrays: &[ArrayRef],
    ) -> Result<(), TableError> {
        let Place { path, file, row, len } = place;
        let take = |at: &[usize]| -> Vec<ArrayRef> { at.iter().map(|&at| Arc::clone(&arrays[at])).collect() };
        let first = RowId::new(file, row);
        let rows = rule.rows(path, &take(&self.rule), first, row, len)?;
        wanted.par_iter_mut().zip(&self.states).try_for_each(|(wanted, at)| {
            let arrays = take(at);
            if wanted.state.update(&arrays, first, &rows) {
                return Ok(());
            }
            // Says which column cannot take its type.
            Err(TableError::ColumnType {
                path: path.to_owned(),
                column: wanted.columns.join(", "),
                found: arrays.first().map_or_else(String::new, |array| array.data_type().to_string()),
                expected: "the type that the other files have there",
            })
        })
    }
}

/// Where a batch is: the file and its number, the first row's number in it, and how many rows.
#[derive(Clone, Copy)]
struct Place<'a> {
    path: &'a Path,
    file: usize,
    row: u64,
    len: usize,
}

/// A column that this file of the table does not have.
fn absent(len: usize) -> ArrayRef {
    Arc::new(NullArray::new(len))
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
        let mut notes = Vec::new();
        for file in expanded {
            let kind = paths::kind(&file)?;
            // As programs leave that write in parts and had nothing to write.
            if !alone && matches!(kind, paths::Kind::Csv { .. }) && size(&file) == 0 {
                notes.push(format!("{}: passed over, the file is empty", file.display()));
                continue;
            }
            let format = match kind {
                paths::Kind::Parquet => Format::Parquet(parquet::ParquetFile::open(&file)?),
                paths::Kind::Csv { delimiter, packed } => {
                    Format::Csv(csv::CsvFile::open(&file, delimiter, packed, meter)?)
                }
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
        let table = Self { path: path.to_owned(), columns, rows, rule: RowRule::default(), notes, files };
        if table.rows == 0 || table.columns.is_empty() {
            return Err(TableError::Empty { path: path.to_owned() });
        }
        Ok(table)
    }

    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The error that a column is not there, with those that are.
    pub(crate) fn lacks(&self, column: &str) -> TableError {
        TableError::no_column(&self.path, column, self.columns.iter().map(|column| column.name.as_str()))
    }

    /// Streams every row of the wanted columns into their states. The result does not depend on the number of threads:
    /// the states are exactly mergeable.
    pub(crate) fn scan(&self, mut wanted: Vec<Wanted>, meter: &Meter<'_>) -> Result<Vec<State>, TableError> {
        if !wanted.is_empty() {
            meter.expect(self.bytes());
            for (number, (path, format)) in self.files.iter().enumerate() {
                match format {
                    Format::Parquet(file) => file.scan(path, number, &self.rule, &mut wanted, meter)?,
                    Format::Csv(file) => file.scan(path, number, &self.rule, &mut wanted, meter)?,
                    Format::Ipc(file) => file.scan(path, number, &self.rule, &mut wanted, meter)?,
                    Format::Profile(file) => file.scan(path, &self.rule, &mut wanted)?,
                }
            }
        }
        Ok(wanted.into_iter().map(|wanted| wanted.state).collect())
    }

    /// The number of the row that is `count`-th when all rows of all files are in the order of their hashes, as its hash.
    pub(crate) fn sample_limit(&self, count: u64) -> u64 {
        let rows = |(file, (_, format)): (usize, &(PathBuf, Format))| {
            let first = RowId::new(file, 0);
            (0..format.rows()).map(move |row| first.hash(row as usize))
        };
        let mut hashes: Vec<u64> = self.files.iter().enumerate().flat_map(rows).collect();
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        if count >= hashes.len() { u64::MAX } else { *hashes.select_nth_unstable(count).1 }
    }

    /// Every batch of one column in order, with the file and the number of its first row.
    pub(crate) fn each_batch(
        &self,
        name: &str,
        visit: &mut dyn FnMut(&Path, u64, &ArrayRef) -> Result<(), TableError>,
    ) -> Result<(), TableError> {
        let (meter, names) = (Meter::new(&|_, _| {}), [name.to_owned()]);
        for (path, format) in &self.files {
            let mut visit = |first: u64, _: usize, arrays: &[ArrayRef]| visit(path, first, &arrays[0]);
            match format {
                Format::Parquet(file) => file.batches(path, &names, &mut visit)?,
                Format::Csv(file) => file.batches(path, &names, &meter, &mut visit)?,
                Format::Ipc(file) => file.batches(path, &names, &mut visit)?,
                Format::Profile(_) => return Err(TableError::ProfileForRows { path: path.clone() }),
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
        notes: Vec::new(),
    };
    schema.fields().iter().map(column).collect()
}

/// A column as it is met in file after file.
struct Met {
    column: Column,
    files: usize,
    /// The number of the last of them.
    last: Option<usize>,
    /// Its types and the first file with each, where they are of different families.
    types: Vec<(Family, String)>,
}

/// The columns of all files, in the order in which they are met; each file has a name once at most.
fn common_columns(files: &[(PathBuf, Format)]) -> Result<Vec<Column>, TableError> {
    let mut columns: Vec<Met> = Vec::new();
    let mut known = HashMap::<String, usize>::new();
    for (number, (path, format)) in files.iter().enumerate() {
        for column in format.columns() {
            let at = *known.entry(column.name.clone()).or_insert(columns.len());
            if at == columns.len() {
                columns.push(Met { column: column.clone(), files: 0, last: None, types: Vec::new() });
            }
            let met = &mut columns[at];
            if met.last.replace(number) == Some(number) {
                return Err(TableError::Columns {
                    path: path.clone(),
                    column: column.name,
                    problem: "stands there twice; expected each name once".to_owned(),
                });
            }
            met.files += 1;
            if met.column.family == Family::Null {
                (met.column.type_name, met.column.declared) = (column.type_name.clone(), column.declared);
            }
            met.column.family = met.column.family.common(column.family);
            if column.family != Family::Null && !met.types.iter().any(|(family, _)| *family == column.family) {
                let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
                met.types.push((column.family, format!("{} in {file}", column.type_name)));
            }
        }
    }
    Ok(columns.into_iter().map(|met| met.settle(files.len())).collect())
}

impl Met {
    fn settle(mut self, files: usize) -> Column {
        if self.files < files {
            self.column.notes.push(format!("in {} of {files} files, null in the others", self.files));
        }
        if self.types.len() > 1 {
            let types: Vec<&str> = self.types.iter().map(|(_, name)| name.as_str()).collect();
            let outcome = if self.column.family == Family::Text { "read as text" } else { "not compared" };
            self.column.notes.push(format!("{}: {outcome}", types.join(", ")));
        }
        self.column
    }
}
