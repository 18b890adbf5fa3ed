//! Which files a table is made of.

use std::path::{Path, PathBuf};

use crate::error::TableError;

/// What a file's name says it is.
pub(super) enum Kind {
    Parquet,
    Csv { delimiter: u8, packed: Packed },
    Ipc,
    Profile,
}

/// How a text file is compressed as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packed {
    Not,
    Gzip,
    Zstd,
}

/// The kind of a file by the end of its name.
pub(super) fn kind(path: &Path) -> Result<Kind, TableError> {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    if name.ends_with(".profile.json") {
        return Ok(Kind::Profile);
    }
    let (plain, packed) = match name.rsplit_once('.') {
        Some((plain, "gz")) => (plain, Packed::Gzip),
        Some((plain, "zst" | "zstd")) => (plain, Packed::Zstd),
        _ => (name.as_str(), Packed::Not),
    };
    match plain.rsplit_once('.').map(|(_, extension)| (extension, packed)) {
        Some(("parquet" | "parq" | "pq", Packed::Not)) => Ok(Kind::Parquet),
        Some(("arrow" | "feather" | "ipc" | "arrows", Packed::Not)) => Ok(Kind::Ipc),
        Some(("csv", packed)) => Ok(Kind::Csv { delimiter: b',', packed }),
        Some(("tsv", packed)) => Ok(Kind::Csv { delimiter: b'\t', packed }),
        _ => Err(TableError::UnknownFormat { path: path.to_owned() }),
    }
}

/// The files meant by a file, folder or glob, sorted by name.
pub(super) fn expand(path: &Path) -> Result<Vec<PathBuf>, TableError> {
    if path.is_dir() {
        let mut files = Vec::new();
        collect(path, &mut files)?;
        files.sort();
        return if files.is_empty() { Err(TableError::NoTables { path: path.to_owned() }) } else { Ok(files) };
    }
    if path.exists() {
        return Ok(vec![path.to_owned()]);
    }
    let missing = || TableError::Missing { path: path.to_owned() };
    let pattern = path.to_str().filter(|text| text.contains(['*', '?', '['])).ok_or_else(missing)?;
    let matches = glob::glob(pattern).map_err(|_| missing())?;
    let mut files: Vec<PathBuf> = matches.filter_map(Result::ok).filter(|file| file.is_file()).collect();
    files.sort();
    if files.is_empty() { Err(missing()) } else { Ok(files) }
}

/// The tables in a folder and the folders in it; hidden files, profiles and files of other kinds are passed over.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), TableError> {
    let unreadable = |error| TableError::unreadable(folder, "a folder", error);
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(['.', '_']));
        if hidden {
            continue;
        }
        if path.is_dir() {
            collect(&path, files)?;
        } else if kind(&path).is_ok_and(|kind| !matches!(kind, Kind::Profile)) {
            files.push(path);
        }
    }
    Ok(())
}
