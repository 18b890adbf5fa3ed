//! Images to learn from and to test with: the digits of this repository, or files in MNIST's format.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use flate2::read::{GzDecoder, MultiGzDecoder};

const DIGITS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/digits.csv.gz");
const SIDE: usize = 8;
/// The brightest pixel of the digits.
const WHITE: f32 = 16.0;
/// Every so manyth digit is kept for the test, as in `kullback-cli`'s example.
const TEST: usize = 3;
/// The largest image that is read.
const LARGEST: usize = 1 << 16;

/// Images of one size, pixel by pixel and row by row.
#[derive(Debug, Clone, Default)]
pub(crate) struct Images {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// From 0 to 1.
    pub(crate) pixels: Vec<f32>,
    pub(crate) labels: Vec<usize>,
}

/// What there is to learn from, and what to test with.
#[derive(Debug, Clone)]
pub(crate) struct Split {
    pub(crate) name: String,
    pub(crate) train: Images,
    pub(crate) test: Images,
}

impl Images {
    pub(crate) fn len(&self) -> usize {
        self.pixels.len() / self.size()
    }

    /// Pixels of an image.
    pub(crate) fn size(&self) -> usize {
        (self.width * self.height).max(1)
    }

    pub(crate) fn image(&self, index: usize) -> &[f32] {
        &self.pixels[index * self.size()..(index + 1) * self.size()]
    }

    /// These images, one after the other.
    pub(crate) fn some(&self, which: &[usize]) -> Vec<f32> {
        which.iter().flat_map(|&index| self.image(index)).copied().collect()
    }
}

/// The digits, or the IDX files in a folder.
pub(crate) fn load(folder: Option<&Path>) -> Result<Split> {
    match folder {
        None => digits(),
        Some(folder) => idx(folder),
    }
}

fn digits() -> Result<Split> {
    let mut text = String::new();
    File::open(DIGITS).and_then(|file| GzDecoder::new(file).read_to_string(&mut text)).context(DIGITS)?;
    let [mut train, mut test] = [(); 2].map(|()| Images { width: SIDE, height: SIDE, ..Images::default() });
    for (row, line) in text.lines().enumerate() {
        let cells: Vec<f32> = line
            .split(',')
            .map(str::parse)
            .collect::<Result<_, _>>()
            .with_context(|| format!("{DIGITS}: row {row} has a cell that is no number"))?;
        let [pixels @ .., digit] = &*cells else { bail!("{DIGITS}: row {row} is empty") };
        if pixels.len() != SIDE * SIDE {
            bail!("{DIGITS}: row {row} has {} cells; expected {}", cells.len(), SIDE * SIDE + 1);
        }
        let images = if row % TEST == 0 { &mut test } else { &mut train };
        images.pixels.extend(pixels.iter().map(|pixel| pixel / WHITE));
        images.labels.push(*digit as usize);
    }
    Ok(Split { name: "the 8 × 8 digits".to_owned(), train, test })
}

/// The four files of MNIST and of its successors, gzipped or not.
fn idx(folder: &Path) -> Result<Split> {
    let [train, test] = ["train", "t10k"].map(|part| half(folder, part));
    let (train, test) = (train?, test?);
    if [train.width, train.height] != [test.width, test.height] {
        let size = |images: &Images| format!("{} × {}", images.height, images.width);
        bail!("{}: images to learn from are {}, to test with {}", folder.display(), size(&train), size(&test));
    }
    Ok(Split { name: folder.display().to_string(), train, test })
}

fn half(folder: &Path, part: &str) -> Result<Images> {
    let (path, [count, height, width], bytes) = read_idx(folder, &format!("{part}-images-idx3-ubyte"))?;
    if count == 0 || height * width == 0 {
        bail!("{}: has no image", path.display());
    }
    let (labels_path, [labels_count], labels) = read_idx(folder, &format!("{part}-labels-idx1-ubyte"))?;
    if labels_count != count {
        bail!("{}: has {labels_count} labels; expected one for each of {count} images", labels_path.display());
    }
    let pixels = bytes.into_iter().map(|byte| f32::from(byte) / 255.0).collect();
    Ok(Images { width, height, pixels, labels: labels.into_iter().map(usize::from).collect() })
}

/// A file of bytes in IDX format with so many dimensions: 0, 0, 8 for bytes, the dimensions, their lengths, the bytes.
fn read_idx<const D: usize>(folder: &Path, name: &str) -> Result<(PathBuf, [usize; D], Vec<u8>)> {
    let plain = folder.join(name);
    let zipped = folder.join(format!("{name}.gz"));
    let path = if plain.exists() || !zipped.exists() { plain } else { zipped };
    let read = || -> Result<([usize; D], Vec<u8>)> {
        let mut file: Box<dyn Read> = Box::new(File::open(&path)?);
        if path.extension().is_some_and(|extension| extension == "gz") {
            file = Box::new(MultiGzDecoder::new(file));
        }
        let mut magic = [0; 4];
        file.read_exact(&mut magic).context("is truncated")?;
        if magic != [0, 0, 8, D as u8] {
            bail!("begins with {magic:?}; expected an IDX file of bytes with {D} dimensions");
        }
        let mut shape = [0; D];
        for length in &mut shape {
            let mut word = [0; 4];
            file.read_exact(&mut word).context("is truncated")?;
            *length = u32::from_be_bytes(word) as usize;
        }
        let [_, image @ ..] = &shape[..] else { bail!("has no dimensions") };
        let size = image.iter().try_fold(1, |size: usize, &side| size.checked_mul(side));
        let size = size.filter(|&size| size <= LARGEST).context("has images of more than 65,536 pixels")?;
        let expected = shape[0] * size;
        let mut bytes = Vec::new();
        file.take(expected as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() != expected {
            let more = if bytes.len() > expected { "more" } else { "fewer" };
            bail!("has {more} bytes than its header {shape:?} says");
        }
        Ok((shape, bytes))
    };
    let (shape, bytes) = read().with_context(|| path.display().to_string())?;
    Ok((path, shape, bytes))
}
