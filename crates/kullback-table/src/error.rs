//! What can go wrong with a table: one clear line each.

use std::path::{Path, PathBuf};

/// The files that can be read, for messages.
pub(crate) const ACCEPTED: &str =
    ".parquet, .csv, .tsv, .csv.gz, .csv.zst, .arrow or .feather, a folder of them, a glob, or a .profile.json";

/// An error of reading or comparing tables. `Display` is one line that names the file, and the column and row where there is one.
/// Rows are counted from 0, the header not being one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// No file of this name, or a glob that matches none.
    #[error("{}: no such file; expected {ACCEPTED}", line(path.display()))]
    Missing {
        /// As given.
        path: PathBuf,
    },
    /// A folder without a table in it.
    #[error("{}: no table in this folder; expected {ACCEPTED}", line(path.display()))]
    NoTables {
        /// The folder.
        path: PathBuf,
    },
    /// A file whose name does not say that it is a table.
    #[error("{}: not a kind of table known here; expected {ACCEPTED}", line(path.display()))]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be opened or decoded.
    #[error("{}: cannot be read as {expected}: {reason}", line(path.display()))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What its name promises.
        expected: &'static str,
        /// What the reader says.
        reason: String,
    },
    /// A CSV row whose number of fields is not the header's.
    #[error("{}: row {row} has {found} fields; expected {expected} as in the header", line(path.display()))]
    Ragged {
        /// The file.
        path: PathBuf,
        /// Counted from 0 after the header.
        row: u64,
        /// Fields in that row.
        found: u64,
        /// Fields in the header.
        expected: u64,
    },
    /// One value that cannot be used.
    #[error("{}: column `{}`, row {row}: {found}; expected {expected}", line(path.display()), line(column))]
    Value {
        /// The file.
        path: PathBuf,
        /// The column's name.
        column: String,
        /// Counted from 0.
        row: u64,
        /// What is there.
        found: String,
        /// What would be accepted.
        expected: &'static str,
    },
    /// A profile where rows are needed.
    #[error("{}: a profile, which has no rows; expected a table", line(path.display()))]
    ProfileForRows {
        /// The profile.
        path: PathBuf,
    },
    /// A profile among the files of a table.
    #[error("{}: a profile among other files; expected tables only, or one profile (`kullback merge` makes one of several)", line(path.display()))]
    ProfileAmongTables {
        /// The profile.
        path: PathBuf,
    },
    /// A column of a type that does not serve.
    #[error("{}: column `{}` holds {}; expected {expected}", line(path.display()), line(column), line(found))]
    ColumnType {
        /// The file.
        path: PathBuf,
        /// The column's name.
        column: String,
        /// Its type.
        found: String,
        /// What would be accepted.
        expected: &'static str,
    },
    /// A table of no rows.
    #[error("{}: the table has no rows; expected at least one", line(path.display()))]
    Empty {
        /// As given.
        path: PathBuf,
    },
    /// A column that was asked for is not there.
    #[error("{}: no column `{}`; {}", line(path.display()), line(column), line(near))]
    NoColumn {
        /// The table.
        path: PathBuf,
        /// The name asked for.
        column: String,
        /// The names nearest to it.
        near: String,
    },
    /// No column of the table holds numbers.
    #[error("{}: none of its columns holds numbers; expected at least one that does", line(path.display()))]
    NoNumbers {
        /// As given.
        path: PathBuf,
    },
    /// A name stands twice in one file.
    #[error("{}: column `{}` {}", line(path.display()), line(column), line(problem))]
    Columns {
        /// The file.
        path: PathBuf,
        /// The column's name.
        column: String,
        /// What is wrong, and what is expected.
        problem: String,
    },
    /// A filter, a sample or weights that leave nothing.
    #[error("{}: none of {rows} rows has {}; expected at least one", line(path.display()), line(asked))]
    NoRows {
        /// As given.
        path: PathBuf,
        /// What was asked for.
        asked: String,
        /// Rows of the table.
        rows: u64,
    },
    /// What periods cannot be made by.
    #[error("by {}; expected {}", line(value), line(expected))]
    By {
        /// As given.
        value: String,
        /// What would be accepted.
        expected: String,
    },
    /// Columns with too many combinations to count.
    #[error("columns {}: more than {limit} combinations; expected fewer columns, or fewer bins", line(columns))]
    TooManyCombinations {
        /// The columns.
        columns: String,
        /// How many can be counted.
        limit: usize,
    },
    /// An option outside its range.
    #[error("{name} is {}; expected {expected}", line(value))]
    Option {
        /// The option.
        name: &'static str,
        /// As given.
        value: String,
        /// What would be accepted.
        expected: &'static str,
    },
    /// The numbers cannot be compared.
    #[error(transparent)]
    Counts(#[from] kullback::Error),
}

/// Names of files and columns may hold line breaks and terminal codes; a message may not.
fn line(text: impl std::fmt::Display) -> String {
    text.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

impl TableError {
    /// A reader's complaint, cut to its first line.
    pub(crate) fn unreadable(path: &Path, expected: &'static str, reason: impl ToString) -> Self {
        let reason = reason.to_string().lines().next().unwrap_or_default().to_owned();
        Self::Unreadable { path: path.to_owned(), expected, reason }
    }

    /// The combinations of these columns are too many.
    pub(crate) fn too_many(columns: &[&str]) -> Self {
        Self::TooManyCombinations { columns: columns.join(", "), limit: crate::joint::MAX_COMBINATIONS }
    }

    /// `column` is not among `names`.
    pub(crate) fn no_column<'a>(path: &Path, column: &str, names: impl Iterator<Item = &'a str>) -> Self {
        let mut names: Vec<(usize, &str)> =
            names.map(|name| (strsim::levenshtein(&name.to_lowercase(), &column.to_lowercase()), name)).collect();
        names.sort();
        let shown: Vec<String> = names.iter().take(6).map(|(_, name)| format!("`{name}`")).collect();
        let rest = names.len() - shown.len();
        let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        Self::NoColumn {
            path: path.to_owned(),
            column: column.to_owned(),
            near: format!("it has {}{more}", shown.join(", ")),
        }
    }
}
