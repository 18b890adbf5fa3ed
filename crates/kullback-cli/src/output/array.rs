//! Arrays written as `.npy` files.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use super::file::{self, Complete};
use crate::input::logits::{Dtype, Working};

/// A file that is being written.
pub(crate) struct Destination {
    file: file::Destination,
    dtype: Dtype,
    bytes: Vec<u8>,
}

impl Destination {
    /// Begins the file that will be at `path`, which may be none of the `inputs`.
    pub(crate) fn create(path: &Path, inputs: &[&Path], dtype: Dtype, shape: &[usize]) -> Result<Self> {
        let mut file = file::Destination::create(path, inputs)?;
        file.write_all(&header(dtype, shape)).context("cannot be written")?;
        Ok(Self { file, dtype, bytes: Vec::new() })
    }

    pub(crate) fn write<T: Working>(&mut self, entries: &[T]) -> Result<()> {
        /// Entries turned to bytes at a time.
        const AT_ONCE: usize = 1 << 16;
        for entries in entries.chunks(AT_ONCE) {
            self.bytes.clear();
            T::encode(self.dtype, entries, &mut self.bytes);
            let written = self.file.write_all(&self.bytes);
            written.with_context(|| format!("{}: cannot be written", self.file.path().display()))?;
        }
        Ok(())
    }

    pub(crate) fn end(self) -> Result<Complete> {
        self.file.end()
    }
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
