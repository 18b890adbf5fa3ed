use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result, bail};
use npyz::{DType, Deserialize, NpyFile, Order, TypeChar};

const ACCEPTED: &str = "expected a one-dimensional array of booleans, integers or floats of up to 64 bits";
const ARRAYS: &str = "expected a list or a matrix: one or two dimensions of numbers of up to 64 bits";
const POINTS: &str =
    "expected points × coordinates (or one coordinate): one or two dimensions of numbers of up to 64 bits";

/// Reads a one-dimensional `.npy` file of any real type as doubles.
pub(super) fn read(path: &Path) -> Result<Vec<f64>> {
    from_reader(open(path)?)
}

/// Reads a `.npy` file of one or two dimensions: points row by row, and how many coordinates each has.
pub(super) fn read_points(path: &Path) -> Result<(Vec<f64>, usize)> {
    points_from(open(path)?)
}

/// Reads a `.npy` file of one or two dimensions: its entries row by row, and its shape.
pub(super) fn read_array(path: &Path) -> Result<(Vec<f64>, Vec<usize>)> {
    array_from(open(path)?, ARRAYS)
}

fn open(path: &Path) -> Result<impl Read + use<>> {
    let file = File::open(path).with_context(|| "cannot be read")?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        bail!("is a folder; expected a .npy file");
    }
    Ok(BufReader::new(file))
}

fn from_reader(reader: impl Read) -> Result<Vec<f64>> {
    let file = NpyFile::new(reader).context("is not a .npy file")?;
    if let shape @ ([] | [_, _, ..]) = file.shape() {
        bail!("has the shape {shape:?}; {ACCEPTED}");
    }
    entries(file, ACCEPTED)
}

fn points_from(reader: impl Read) -> Result<(Vec<f64>, usize)> {
    let (points, shape) = array_from(reader, POINTS)?;
    Ok((points, shape.get(1).copied().unwrap_or(1)))
}

fn array_from(reader: impl Read, accepted: &str) -> Result<(Vec<f64>, Vec<usize>)> {
    let file = NpyFile::new(reader).context("is not a .npy file")?;
    let columns = match *file.shape() {
        [_] => None,
        [rows, columns] if columns > 0 && rows.checked_mul(columns).is_some() => Some(columns),
        ref shape => bail!("has the shape {shape:?}; {accepted}"),
    };
    // As many entries will have been read, so all lengths fit.
    let shape: Vec<usize> = file.shape().iter().map(|length| *length as usize).collect();
    let by_column = file.order() == Order::Fortran;
    let stored = entries(file, accepted)?;
    let entries = match columns {
        Some(columns) if by_column => {
            let (rows, columns) = (shape[0], columns as usize);
            (0..stored.len()).map(|at| stored[at % columns * rows + at / columns]).collect()
        }
        _ => stored,
    };
    Ok((entries, shape))
}

/// Every entry, in the order of the file.
fn entries(file: NpyFile<impl Read>, accepted: &str) -> Result<Vec<f64>> {
    let dtype = file.dtype();
    let DType::Plain(plain) = &dtype else {
        bail!("has records for entries; {accepted}");
    };
    match (plain.type_char(), plain.size_field()) {
        (TypeChar::Bool, 1) => collect(file, |x: bool| f64::from(u8::from(x))),
        (TypeChar::Int, 1) => collect(file, |x: i8| f64::from(x)),
        (TypeChar::Int, 2) => collect(file, |x: i16| f64::from(x)),
        (TypeChar::Int, 4) => collect(file, |x: i32| f64::from(x)),
        (TypeChar::Int, 8) => collect(file, |x: i64| x as f64),
        (TypeChar::Uint, 1) => collect(file, |x: u8| f64::from(x)),
        (TypeChar::Uint, 2) => collect(file, |x: u16| f64::from(x)),
        (TypeChar::Uint, 4) => collect(file, |x: u32| f64::from(x)),
        (TypeChar::Uint, 8) => collect(file, |x: u64| x as f64),
        (TypeChar::Float, 2) => collect(file, |x: half::f16| f64::from(x)),
        (TypeChar::Float, 4) => collect(file, |x: f32| f64::from(x)),
        (TypeChar::Float, 8) => collect(file, |x: f64| x),
        _ => bail!("has entries of type {}; {accepted}", dtype.descr()),
    }
}

fn collect<T: Deserialize>(file: NpyFile<impl Read>, double: impl Fn(T) -> f64) -> Result<Vec<f64>> {
    let promised = file.len();
    // Grown entry by entry: the length in the header is a claim, not a reason to reserve memory.
    let mut weights = Vec::new();
    for entry in file.data::<T>()? {
        match entry {
            Ok(entry) => weights.push(double(entry)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                bail!("is cut short: the header promises {promised} entries and {} are there", weights.len())
            }
            Err(error) => return Err(error).context(format!("entry {}", weights.len())),
        }
    }
    Ok(weights)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    fn message(bytes: &[u8]) -> String {
        format!("{:#}", from_reader(bytes).unwrap_err())
    }

    #[test]
    fn every_real_type_is_read() {
        let cases: [(&str, &[u8], &[f64]); 7] = [
            ("'<f8'", &[0, 0, 0, 0, 0, 0, 0xf0, 0x3f], &[1.0]),
            ("'>f4'", &[0x40, 0, 0, 0], &[2.0]),
            ("'<f2'", &[0, 0x3c], &[1.0]),
            ("'|b1'", &[1], &[1.0]),
            ("'>i2'", &[0xff, 0xfe], &[-2.0]),
            ("'|u1'", &[255], &[255.0]),
            ("'<u8'", &[255; 8], &[18446744073709551615.0]),
        ];
        for (descr, data, expected) in cases {
            assert_eq!(from_reader(&npy(descr, "(1,)", data)[..]).unwrap(), expected, "{descr}");
        }
        assert_eq!(from_reader(&npy("'<f8'", "(0,)", &[])[..]).unwrap(), [0.0; 0]);
    }

    #[test]
    fn points_are_read_row_by_row() {
        let read = |shape: &str, order: &str| {
            let bytes = npy("'|u1'", shape, &[1, 2, 3, 4, 5, 6]);
            let at = bytes.windows(5).position(|word| word == b"False").unwrap();
            let bytes = [&bytes[..at], order.as_bytes(), &bytes[at + 5..]].concat();
            points_from(&bytes[..])
        };
        assert_eq!(read("(3, 2)", "False").unwrap(), (vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2));
        assert_eq!(read("(3, 2)", "True ").unwrap(), (vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0], 2));
        assert_eq!(read("(6,)", "False").unwrap().1, 1);
        for shape in ["(1, 2, 3)", "(6, 0)", "()"] {
            assert!(format!("{:#}", read(shape, "False").unwrap_err()).contains("points × coordinates"), "{shape}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        assert!(message(b"a,b\n1,2\n").starts_with("is not a .npy file"));
        assert!(message(&npy("'<f8'", "(3,)", &[0; 16])).contains("promises 3 entries and 2 are there"));
        assert!(message(&npy("'<f8'", "(2, 1)", &[0; 16])).contains("shape [2, 1]"));
        assert!(message(&npy("'<f8'", "()", &[0; 8])).contains("one-dimensional"));
        assert!(message(&npy("'<c16'", "(1,)", &[0; 16])).contains("'<c16'"));
        assert!(message(&npy("'|O'", "(1,)", &[0; 16])).contains("'|O'"));
        assert!(message(&npy("'<f8'", "(99999999999999,)", &[0; 8])).contains("1 are there"));
    }
}
