use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use anyhow::{Context, Result, bail};
use flate2::bufread::DeflateDecoder;

use super::{Array, choose, npy};

const BROKEN: &str = "is not a .npz file";
/// What NumPy puts after an array's name.
const SUFFIX: &str = ".npy";
/// A bound on what a broken file can make us read; arrays take about a hundred bytes each.
const LONGEST_DIRECTORY: u64 = 1 << 26;

/// A file in the archive, by its directory.
struct Entry {
    name: String,
    encrypted: bool,
    method: u16,
    stored: u64,
    size: u64,
    /// Where its own header is.
    header: u64,
}

/// The archive is asked where the array lies; from there on it is a file like any other.
pub(super) fn open(mut file: File, name: Option<&str>) -> Result<Array> {
    let entries = directory(&mut file)?;
    let arrays: Vec<&str> = entries.iter().filter_map(|entry| entry.name.strip_suffix(SUFFIX)).collect();
    let name = choose("array", &arrays, name.map(|name| name.strip_suffix(SUFFIX).unwrap_or(name)))?;
    let entry = entries.iter().find(|entry| entry.name.strip_suffix(SUFFIX) == Some(name)).context(BROKEN)?;
    read(file, entry).with_context(|| format!("array `{name}`"))
}

fn read(mut file: File, entry: &Entry) -> Result<Array> {
    const STORED: u16 = 0;
    const DEFLATED: u16 = 8;
    if entry.encrypted || ![STORED, DEFLATED].contains(&entry.method) {
        bail!("is encrypted or compressed in another way; expected numpy.savez or numpy.savez_compressed");
    }
    let header = at(&mut file, entry.header, 30)?;
    if !header.starts_with(b"PK\x03\x04") {
        bail!(BROKEN);
    }
    let names = u64::from(short(&header, 26)?) + u64::from(short(&header, 28)?);
    file.seek(SeekFrom::Start(entry.header + header.len() as u64 + names)).context("cannot be read")?;
    let data = BufReader::new(file).take(entry.stored);
    if entry.method == STORED {
        npy::from_reader(data, entry.stored)
    } else {
        npy::from_reader(DeflateDecoder::new(data), entry.size)
    }
}

/// The archive's files, from the directory at its end: APPNOTE.TXT 6.3.9, sections 4.3.12 to 4.3.16.
fn directory(file: &mut File) -> Result<Vec<Entry>> {
    const END: usize = 22;
    const LONGEST_COMMENT: u64 = u16::MAX as u64;
    let length = file.metadata().context("cannot be read")?.len();
    let tail = length.min(END as u64 + LONGEST_COMMENT);
    let tail_at = length - tail;
    let tail = at(file, tail_at, tail)?;
    let end = tail.windows(END).rposition(|window| window.starts_with(b"PK\x05\x06")).context(BROKEN)?;
    let (mut size, mut start) = (u64::from(word(&tail, end + 12)?), u64::from(word(&tail, end + 16)?));
    // Larger archives have a second record of their end, and where that is stands before the first.
    if let Some(locator) = end.checked_sub(20).map(|at| &tail[at..]).filter(|record| record.starts_with(b"PK\x06\x07"))
    {
        let end = at(file, long(locator, 8)?, 56)?;
        (size, start) = (long(&end, 40)?, long(&end, 48)?);
    }
    if size > LONGEST_DIRECTORY {
        bail!("{BROKEN}: its directory would be {size} bytes long");
    }
    let directory = at(file, start, size)?;
    let (mut entries, mut rest) = (Vec::new(), &directory[..]);
    while rest.starts_with(b"PK\x01\x02") {
        let (entry, after) = entry(rest)?;
        entries.push(entry);
        rest = after;
    }
    Ok(entries)
}

/// The first entry of the directory, and what follows it.
fn entry(bytes: &[u8]) -> Result<(Entry, &[u8])> {
    const FIXED: usize = 46;
    let name_end = FIXED + usize::from(short(bytes, 28)?);
    let extra_end = name_end + usize::from(short(bytes, 30)?);
    let end = extra_end + usize::from(short(bytes, 32)?);
    let text = bytes.get(FIXED..name_end).context(BROKEN)?;
    let mut extra = bytes.get(name_end..extra_end).context(BROKEN)?;
    let mut numbers = [word(bytes, 24)?, word(bytes, 20)?, word(bytes, 42)?].map(u64::from);
    // A number that does not fit is in the field of kind 1, those that do not fit in this order.
    while extra.len() >= 4 {
        let (kind, length) = (short(extra, 0)?, usize::from(short(extra, 2)?));
        let field = extra.get(4..4 + length).context(BROKEN)?;
        if kind == 1 {
            let large = numbers.iter_mut().filter(|number| **number == u64::from(u32::MAX));
            for (i, number) in large.enumerate() {
                *number = long(field, 8 * i)?;
            }
        }
        extra = &extra[4 + length..];
    }
    let [size, stored, header] = numbers;
    let name = String::from_utf8_lossy(text).into_owned();
    let encrypted = short(bytes, 8)? & 1 != 0;
    let entry = Entry { name, encrypted, method: short(bytes, 10)?, stored, size, header };
    Ok((entry, bytes.get(end..).context(BROKEN)?))
}

fn at(file: &mut File, at: u64, length: u64) -> Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length)?];
    file.seek(SeekFrom::Start(at)).context("cannot be read")?;
    file.read_exact(&mut bytes).context(BROKEN)?;
    Ok(bytes)
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N]> {
    bytes.get(at..).and_then(<[u8]>::first_chunk).copied().context(BROKEN)
}

fn short(bytes: &[u8], at: usize) -> Result<u16> {
    number(bytes, at).map(u16::from_le_bytes)
}

fn word(bytes: &[u8], at: usize) -> Result<u32> {
    number(bytes, at).map(u32::from_le_bytes)
}

fn long(bytes: &[u8], at: usize) -> Result<u64> {
    number(bytes, at).map(u64::from_le_bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;

    use super::super::Dtype;
    use super::*;

    fn npy() -> Vec<u8> {
        let header = "{'descr': '<f2', 'fortran_order': False, 'shape': (2, 3), }\n";
        [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), &[7; 12]].concat()
    }

    /// An archive of such arrays; a large one has its sizes in fields of eight bytes.
    fn archive(names: &[&str], deflated: bool, large: bool) -> File {
        let (mut bytes, mut directory) = (Vec::new(), Vec::new());
        for name in names {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&npy()).unwrap();
            let data = if deflated { encoder.finish().unwrap() } else { npy() };
            let sizes = [npy().len() as u64, data.len() as u64, bytes.len() as u64];
            let extra: Vec<u8> = [&[1, 0, 24, 0][..], &sizes.map(u64::to_le_bytes).concat()].concat();
            let extra = if large { &extra[..] } else { &[] };
            let [size, stored, at] = sizes.map(|size| if large { [0xff; 4] } else { (size as u32).to_le_bytes() });
            let method = if deflated { 8u16 } else { 0 }.to_le_bytes();
            let lengths = [name.len() as u16, extra.len() as u16].map(u16::to_le_bytes).concat();
            bytes.extend([b"PK\x03\x04\x14\0\0\0", &method[..], &[0; 8], &stored, &size, &lengths].concat());
            bytes.extend([name.as_bytes(), extra, &data].concat());
            directory.extend([b"PK\x01\x02\x14\0\x14\0\0\0", &method[..], &[0; 8], &stored, &size, &lengths].concat());
            directory.extend([&[0; 10][..], &at, name.as_bytes(), extra].concat());
        }
        let [at, size] = [bytes.len() as u64, directory.len() as u64].map(u64::to_le_bytes);
        let end = (bytes.len() + directory.len()) as u64;
        bytes.extend(directory);
        let mut last = [&size[..4], &at[..4]].concat();
        if large {
            bytes.extend([b"PK\x06\x06", &[0; 36][..], &size, &at].concat());
            bytes.extend([b"PK\x06\x07", &[0; 4][..], &end.to_le_bytes(), &[1, 0, 0, 0]].concat());
            last = vec![0xff; 8];
        }
        bytes.extend([b"PK\x05\x06", &[0; 8][..], &last, &[0; 2]].concat());
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        file
    }

    #[test]
    fn stored_and_deflated_arrays_are_read() {
        for (deflated, large, name) in
            [(false, false, "b"), (true, false, "b.npy"), (false, true, "b"), (true, true, "a.npy")]
        {
            let mut array = open(archive(&["a.npy", "b.npy"], deflated, large), Some(name)).unwrap();
            assert_eq!((array.dtype, array.rows, array.columns), (Dtype::F16, 2, 3));
            let mut bytes = Vec::new();
            array.data.read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes, [7; 12]);
        }
        assert!(open(archive(&["a.npy", "notes.txt"], false, false), None).is_ok());
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let message = |file, name| format!("{:#}", open(file, name).err().unwrap());
        let two = || archive(&["a.npy", "b.npy"], false, false);
        assert!(message(two(), None).contains("several arrays"));
        assert!(message(two(), Some("c")).contains("no array `c`; it has `a`, `b`"));
        assert!(message(archive(&[], false, false), None).contains("no array"));
        assert!(message(tempfile::tempfile().unwrap(), None).contains("not a .npz"));
        let cut = archive(&["a.npy"], false, false);
        let end = cut.metadata().unwrap().len();
        cut.set_len(end - 1).unwrap();
        assert!(message(cut, None).contains("not a .npz"));
    }
}
