use std::fs::File;
use std::io::{BufReader, Read};

use anyhow::{Context, Result, bail};

use super::{Array, Dtype, dimensions, size, whole};

const ACCEPTED: &str = "expected little-endian float64, float32 or float16";
const BROKEN: &str = "is not a .npy file";
const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// Two numbers and three names take a hundred bytes; this is a bound on what a broken file can make us read.
const LONGEST_HEADER: usize = 1 << 20;

pub(super) fn open(file: File) -> Result<Array> {
    let length = file.metadata().context("cannot be read")?.len();
    from_reader(BufReader::new(file), length)
}

/// The array in `reader`, which has `length` bytes.
pub(super) fn from_reader(mut reader: impl Read + Send + 'static, length: u64) -> Result<Array> {
    let (header, start) = header(&mut reader)?;
    let (dtype, rows, columns) = describe(&header)?;
    whole(length.saturating_sub(start), size(rows, columns, dtype)?)?;
    Ok(Array { dtype, rows, columns, data: Box::new(reader) })
}

/// The header's text, and where the entries begin. The crate for one-dimensional arrays multiplies the lengths of a
/// shape without looking, which a broken file can make overflow.
fn header(reader: &mut impl Read) -> Result<(String, u64)> {
    let mut prefix = [0; 8];
    reader.read_exact(&mut prefix).context(BROKEN)?;
    let ([magic @ .., major, _], mut count) = (prefix, [0; 4]);
    if magic != *MAGIC {
        bail!(BROKEN);
    }
    let width = if major == 1 { 2 } else { 4 };
    reader.read_exact(&mut count[..width]).context(BROKEN)?;
    let length = u32::from_le_bytes(count) as usize;
    if length > LONGEST_HEADER {
        bail!("{BROKEN}: its header would be {length} bytes long");
    }
    let mut text = vec![0; length];
    reader.read_exact(&mut text).context(BROKEN)?;
    let text = String::from_utf8(text).context(BROKEN)?;
    Ok((text, (prefix.len() + width + length) as u64))
}

/// Type and dimensions.
fn describe(header: &str) -> Result<(Dtype, usize, usize)> {
    let value = |key: &str| {
        let after = |quote: &str| header.split_once(&format!("{quote}{key}{quote}")).map(|(_, after)| after);
        let after = after("'").or_else(|| after("\"")).and_then(|after| after.trim_start().strip_prefix(':'));
        after.map(str::trim_start).with_context(|| format!("{BROKEN}: its header has no `{key}`"))
    };
    let shape = value("shape")?.strip_prefix('(').and_then(|text| text.split_once(')')).map(|(inside, _)| inside);
    let lengths = shape.map(|shape| shape.split(',').map(str::trim).filter(|length| !length.is_empty()));
    let shape: Option<Vec<u64>> = lengths.and_then(|lengths| lengths.map(|length| length.parse().ok()).collect());
    let (rows, columns) = dimensions(&shape.with_context(|| format!("{BROKEN}: its shape is broken"))?)?;
    if value("fortran_order")?.starts_with("True") && rows > 1 && columns > 1 {
        bail!("is stored column by column (Fortran order); expected row by row: numpy.ascontiguousarray makes it so");
    }
    let descr = value("descr")?;
    let Some(quote @ ('\'' | '"')) = descr.chars().next() else {
        bail!("has records for entries; {ACCEPTED}");
    };
    let dtype = match descr[1..].split(quote).next().unwrap_or_default() {
        "<f8" => Dtype::F64,
        "<f4" => Dtype::F32,
        "<f2" => Dtype::F16,
        other => bail!("has entries of type `{other}`; {ACCEPTED}"),
    };
    Ok((dtype, rows, columns))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(descr: &str, order: &str, shape: &str) -> Result<(Dtype, usize, usize)> {
        describe(&format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n"))
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
            ("'>f4'", "False", "(2, 3)", "`>f4`"),
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
