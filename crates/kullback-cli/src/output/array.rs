//! Arrays written as `.npy` files: aside first, and put in their place when complete.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tempfile::NamedTempFile;

use crate::input::logits::{Dtype, Working};

/// A file that is being written.
pub(crate) struct Destination {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
    dtype: Dtype,
    bytes: Vec<u8>,
}

/// A file that is written and only has to be renamed.
pub(crate) struct Complete {
    path: PathBuf,
    file: NamedTempFile,
}

impl Destination {
    /// Begins the file that will be at `path`, which may be none of the `inputs`.
    pub(crate) fn create(path: &Path, inputs: &[&Path], dtype: Dtype, shape: &[usize]) -> Result<Self> {
        if inputs.iter().any(|input| same(path, input)) {
            bail!("is an input; expected another file");
        }
        // A device or a pipe would be replaced, not written to.
        if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) || path.file_name().is_none() {
            bail!("is no regular file; expected the name of a file to write");
        }
        let folder = folder(path);
        if !folder.is_dir() {
            bail!("its folder {} does not exist", folder.display());
        }
        let file = aside(folder).with_context(|| format!("cannot be written in {}", folder.display()))?;
        let mut file = BufWriter::new(file);
        file.write_all(&header(dtype, shape)).context("cannot be written")?;
        Ok(Self { path: path.to_owned(), file, dtype, bytes: Vec::new() })
    }

    pub(crate) fn write<T: Working>(&mut self, entries: &[T]) -> Result<()> {
        /// Entries turned to bytes at a time.
        const AT_ONCE: usize = 1 << 16;
        for entries in entries.chunks(AT_ONCE) {
            self.bytes.clear();
            T::encode(self.dtype, entries, &mut self.bytes);
            self.file.write_all(&self.bytes).with_context(|| format!("{}: cannot be written", self.path.display()))?;
        }
        Ok(())
    }

    pub(crate) fn end(self) -> Result<Complete> {
        let Self { path, file, .. } = self;
        let file = file.into_inner().map_err(std::io::IntoInnerError::into_error);
        let file = file.with_context(|| format!("{}: cannot be written", path.display()))?;
        Ok(Complete { path, file })
    }
}

impl Complete {
    pub(crate) fn put_in_place(self) -> Result<()> {
        let Self { path, file } = self;
        file.persist(&path).map(|_: File| ()).with_context(|| format!("{}: cannot be written", path.display()))
    }
}

/// Whether both name one file, there already or not.
pub(crate) fn same(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| match path.canonicalize() {
        Ok(path) => Some(path),
        Err(_) => Some(folder(path).canonicalize().ok()?.join(path.file_name()?)),
    };
    a == b || real(a).is_some_and(|a| real(b) == Some(a))
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn aside(folder: &Path) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".kullback-");
    // Readable by whom the user lets read new files, not by the user alone.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// The header of a C-ordered array, padded as the format asks for.
fn header(dtype: Dtype, shape: &[usize]) -> Vec<u8> {
    const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";
    const ALIGNMENT: usize = 64;
    let descr = if dtype == Dtype::F64 { "<f8" } else { "<f4" };
    let lengths: String = shape.iter().map(|length| format!("{length}, ")).collect();
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({}), }}", lengths.trim_end());
    let length = MAGIC.len() + 2 + text.len() + 1;
    text += &" ".repeat(length.next_multiple_of(ALIGNMENT) - length);
    text.push('\n');
    // A few numbers in a line: far below the 65,536 bytes that the first version has room for.
    [MAGIC, &(text.len() as u16).to_le_bytes(), text.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_as_numpy_writes_them() {
        let header = header(Dtype::F32, &[5, 3]);
        assert_eq!(header.len(), 128);
        let file = npyz::NpyFile::new(&header[..]).unwrap();
        assert_eq!(file.shape(), [5, 3]);
        assert_eq!(file.dtype().descr(), "'<f4'");
        let header = super::header(Dtype::F64, &[7]);
        assert_eq!(npyz::NpyFile::new(&header[..]).unwrap().shape(), [7]);
    }
}
