use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::{Array, Dtype, choose, dimensions, size, whole};

const ACCEPTED: &str = "expected F64, F32, F16 or BF16";
const BROKEN: &str = "is not a .safetensors file";
/// The format's own bound.
const LONGEST_HEADER: u64 = 100_000_000;
/// The one key of the header that names no tensor.
const METADATA: &str = "__metadata__";

pub(super) fn open(mut file: File, name: Option<&str>) -> Result<Array> {
    let length = file.metadata().context("cannot be read")?.len();
    let mut prefix = [0; 8];
    file.read_exact(&mut prefix).context(BROKEN)?;
    let header_length = u64::from_le_bytes(prefix);
    let start = header_length.saturating_add(prefix.len() as u64);
    if header_length > LONGEST_HEADER || start > length {
        bail!("{BROKEN}, or is cut short: its header would be {header_length} bytes long, the file is {length}");
    }
    let mut header = vec![0; usize::try_from(header_length)?];
    file.read_exact(&mut header).context(BROKEN)?;
    let header: Map<String, Value> = serde_json::from_slice(&header).context(BROKEN)?;

    let names: Vec<&str> = header.keys().map(String::as_str).filter(|name| *name != METADATA).collect();
    let name = choose("tensor", &names, name)?;
    let tensor = header.get(name).with_context(|| format!("{BROKEN}: no tensor `{name}`"))?;
    let (dtype, rows, columns, [begin, end]) = describe(tensor).with_context(|| format!("tensor `{name}`"))?;
    let needed = size(rows, columns, dtype).with_context(|| format!("tensor `{name}`"))?;
    if end.checked_sub(begin) != Some(needed) {
        bail!("tensor `{name}` takes {needed} bytes by its shape; its offsets are {begin} and {end}");
    }
    whole(length - start, end).with_context(|| format!("tensor `{name}`"))?;
    file.seek(SeekFrom::Start(start + begin)).context("cannot be read")?;
    Ok(Array { dtype, rows, columns, data: Box::new(file) })
}

/// Type, dimensions and the offsets of a tensor's bytes.
fn describe(tensor: &Value) -> Result<(Dtype, usize, usize, [u64; 2])> {
    let numbers = |key: &str| -> Option<Vec<u64>> { tensor.get(key)?.as_array()?.iter().map(Value::as_u64).collect() };
    let shape = numbers("shape").context("its shape is missing or broken")?;
    let (rows, columns) = dimensions(&shape)?;
    let dtype = match tensor.get("dtype").and_then(Value::as_str) {
        Some("F64") => Dtype::F64,
        Some("F32") => Dtype::F32,
        Some("F16") => Dtype::F16,
        Some("BF16") => Dtype::Bf16,
        Some(other) => bail!("has entries of type {other}; {ACCEPTED}"),
        None => bail!("has no type; {ACCEPTED}"),
    };
    let offsets = numbers("data_offsets").and_then(|offsets| offsets.try_into().ok());
    Ok((dtype, rows, columns, offsets.context("its offsets are missing or broken")?))
}
