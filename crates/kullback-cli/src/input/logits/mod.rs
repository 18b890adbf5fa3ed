//! One side of `kullback logits`: a two-dimensional array in a file, read a block of rows at a time.
//!
//! Files are read, not mapped: a block of each side is all that is in memory, and a file that is cut while it is read
//! is an error like any other.

mod dtype;
mod npy;
mod npz;
mod safetensors;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use kullback::Side;

pub(crate) use dtype::{Dtype, Working};

const ACCEPTED: &str = "expected rows × vocabulary in a file.npy, file.npz[#array] or file.safetensors[#tensor]";
const TWO_DIMENSIONS: &str = "expected two dimensions, rows × vocabulary";

/// A file of logits, read from its first row to its last.
pub(crate) struct Source {
    side: Side,
    /// The argument.
    text: String,
    path: PathBuf,
    pub(crate) dtype: Dtype,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    data: Box<dyn Read + Send>,
    bytes: Vec<u8>,
}

/// A two-dimensional array in a file, as the file's header describes it; `data` stands at its first entry.
struct Array {
    dtype: Dtype,
    rows: usize,
    columns: usize,
    data: Box<dyn Read + Send>,
}

impl Source {
    /// Opens the file that `text`, the argument called `side`, stands for, and reads its header.
    pub(crate) fn open(side: Side, text: &str) -> Result<Self> {
        let (path, name) = split(text);
        let path = expand(path).with_context(|| format!("{side}: {text}"))?;
        let array = open(&path, name).with_context(|| format!("{side}: {text}"))?;
        let Array { dtype, rows, columns, data } = array;
        Ok(Self { side, text: text.to_owned(), path, dtype, rows, columns, data, bytes: Vec::new() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The argument's name and text, to begin a message with.
    pub(crate) fn name(&self) -> String {
        format!("{}: {}", self.side, self.text)
    }

    /// The next `rows` rows.
    pub(crate) fn read<T: Working>(&mut self, rows: usize, into: &mut Vec<T>) -> Result<()> {
        self.bytes.resize(rows * self.columns * self.dtype.size(), 0);
        self.data.read_exact(&mut self.bytes).map_err(cut_short).with_context(|| self.name())?;
        T::decode(self.dtype, &self.bytes, into);
        Ok(())
    }
}

/// A file's name and that of the array in it. Both may have a `#` of their own.
fn split(text: &str) -> (&str, Option<&str>) {
    if Path::new(text).is_file() {
        return (text, None);
    }
    let cuts = || text.match_indices('#').map(|(at, _)| (&text[..at], Some(&text[at + 1..])));
    cuts().find(|(path, _)| Path::new(path).is_file()).or_else(|| cuts().next()).unwrap_or((text, None))
}

/// The file that a pattern matches, where the shell has not expanded it.
fn expand(text: &str) -> Result<PathBuf> {
    if Path::new(text).exists() || !text.contains(['*', '?', '[']) {
        return Ok(text.into());
    }
    let found: Vec<PathBuf> =
        glob::glob(text).context("is no pattern of file names")?.collect::<Result<_, _>>().context("cannot be read")?;
    match <[PathBuf; 1]>::try_from(found) {
        Ok([path]) => Ok(path),
        Err(found) => bail!("matches {} files; expected a pattern that matches one", found.len()),
    }
}

fn open(path: &Path, name: Option<&str>) -> Result<Array> {
    let file = File::open(path).context("cannot be read")?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        bail!("is a folder; {ACCEPTED}");
    }
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    match extension.as_str() {
        "npy" if name.is_some() => bail!("a .npy file holds one array and takes no #name"),
        "npy" => npy::open(file),
        "npz" => npz::open(file, name),
        "safetensors" => safetensors::open(file, name),
        _ => bail!("is a file of another kind; {ACCEPTED}"),
    }
}

/// The two dimensions of a shape, if it has as many and an entry.
fn dimensions(shape: &[u64]) -> Result<(usize, usize)> {
    let &[rows, columns] = shape else { bail!("has the shape {shape:?}; {TWO_DIMENSIONS}") };
    match (usize::try_from(rows), usize::try_from(columns)) {
        (Ok(0), _) => bail!("has no rows (its shape is {shape:?}); at least one is needed"),
        (_, Ok(0)) => bail!("has no vocabulary (its shape is {shape:?}); at least one column is needed"),
        (Ok(rows), Ok(columns)) => Ok((rows, columns)),
        _ => bail!("has the shape {shape:?}, which no memory can address"),
    }
}

/// How many bytes the entries take.
fn size(rows: usize, columns: usize, dtype: Dtype) -> Result<u64> {
    let entries = (rows as u64).checked_mul(columns as u64);
    let bytes = entries.and_then(|entries| entries.checked_mul(dtype.size() as u64));
    bytes.with_context(|| format!("has the shape [{rows}, {columns}], which no file can hold"))
}

/// The array that is called for: the one of that name, or the only one there is.
fn choose<'a>(what: &str, names: &[&'a str], name: Option<&str>) -> Result<&'a str> {
    let present = || list(names);
    match (name, names) {
        (_, []) => bail!("holds no {what}"),
        (None, [only]) => Ok(only),
        (None, _) => bail!("holds several {what}s; name one of them after a `#`: {}", present()),
        (Some(name), _) => match names.iter().find(|present| **present == name) {
            Some(found) => Ok(found),
            None => bail!("holds no {what} `{name}`; it has {}", present()),
        },
    }
}

fn list(names: &[&str]) -> String {
    const MOST_NAMES: usize = 20;
    let mut text = names.iter().take(MOST_NAMES).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if let Some(rest @ 1..) = names.len().checked_sub(MOST_NAMES) {
        text += &format!(" and {rest} more");
    }
    text
}

/// Asserts that the file is as long as its header promises.
fn whole(available: u64, needed: u64) -> Result<()> {
    if available < needed {
        bail!("is cut short: its header promises {needed} bytes of entries and {available} are there");
    }
    Ok(())
}

fn cut_short(error: io::Error) -> anyhow::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => anyhow::anyhow!("is cut short: it ends before its last row"),
        _ => anyhow::Error::new(error).context("cannot be read"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_name_follows_the_first_hash_after_a_file() {
        assert_eq!(split("a.safetensors#x#y"), ("a.safetensors", Some("x#y")));
        assert_eq!(split("a.npy"), ("a.npy", None));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a#b.npy");
        std::fs::write(&path, "").unwrap();
        let text = path.to_str().unwrap();
        assert_eq!(split(text), (text, None));
        assert_eq!(split(&format!("{text}#c")), (text, Some("c")));
    }

    #[test]
    fn many_names_are_cut() {
        assert_eq!(list(&["a", "b"]), "`a`, `b`");
        assert!(list(&["a"; 25]).ends_with("and 5 more"));
        assert!(!list(&["a"; 20]).contains("more"));
    }
}
