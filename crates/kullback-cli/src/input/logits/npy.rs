use std::fs::File;
use std::io::{BufReader, Read, Seek};

use anyhow::{Context, Result, bail};
use npyz::{DType, Endianness, NpyFile, Order, TypeChar};

use super::{Array, Dtype, dimensions, size, whole};

const ACCEPTED: &str = "expected little-endian float64, float32 or float16";

pub(super) fn open(file: File) -> Result<Array> {
    let length = file.metadata().context("cannot be read")?.len();
    let mut reader = BufReader::new(file);
    let (dtype, rows, columns) = header(&mut reader)?;
    let start = reader.stream_position().context("cannot be read")?;
    whole(length.saturating_sub(start), size(rows, columns, dtype)?)?;
    // Blocks are larger than the reader's buffer, which they pass by.
    Ok(Array { dtype, rows, columns, data: Box::new(reader) })
}

/// Type and dimensions; the reader stands at the first entry then.
fn header(reader: impl Read) -> Result<(Dtype, usize, usize)> {
    let file = NpyFile::new(reader).context("is not a .npy file")?;
    let (rows, columns) = dimensions(file.shape())?;
    if file.order() == Order::Fortran && rows > 1 && columns > 1 {
        bail!("is stored column by column (Fortran order); expected row by row: numpy.ascontiguousarray makes it so");
    }
    let dtype = file.dtype();
    let DType::Plain(plain) = &dtype else {
        bail!("has records for entries; {ACCEPTED}");
    };
    let dtype = match (plain.type_char(), plain.size_field(), plain.endianness()) {
        (TypeChar::Float, 8, Endianness::Little) => Dtype::F64,
        (TypeChar::Float, 4, Endianness::Little) => Dtype::F32,
        (TypeChar::Float, 2, Endianness::Little) => Dtype::F16,
        _ => bail!("has entries of type {}; {ACCEPTED}", dtype.descr()),
    };
    Ok((dtype, rows, columns))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(descr: &str, order: &str, shape: &str) -> Result<(Dtype, usize, usize)> {
        let header = format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        super::header(&bytes[..])
    }

    #[test]
    fn headers_are_read() {
        assert_eq!(read("'<f4'", "False", "(2, 3)").unwrap(), (Dtype::F32, 2, 3));
        assert_eq!(read("'<f2'", "False", "(1, 3)").unwrap(), (Dtype::F16, 1, 3));
        // With one row or one column both orders are the same.
        assert_eq!(read("'<f8'", "True", "(3, 1)").unwrap(), (Dtype::F64, 3, 1));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (descr, order, shape, words) in [
            ("'<f4'", "True", "(2, 3)", "Fortran"),
            ("'>f4'", "False", "(2, 3)", "'>f4'"),
            ("'<i8'", "False", "(2, 3)", "float32"),
            ("'<f4'", "False", "(6,)", "[6]"),
            ("'<f4'", "False", "(1, 2, 3)", "[1, 2, 3]"),
            ("'<f4'", "False", "(0, 3)", "no rows"),
            ("'<f4'", "False", "(3, 0)", "no vocabulary"),
            ("[('a', '<f4')]", "False", "(2, 3)", "records"),
        ] {
            let message = format!("{:#}", read(descr, order, shape).unwrap_err());
            assert!(message.contains(words), "{message}");
        }
    }
}
