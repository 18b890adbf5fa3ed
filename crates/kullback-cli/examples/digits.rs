//! Trains a small model on real digits and writes what it says of the ones it has not seen, with the copies that its
//! weights, rounded to 8 and to 4 bits, make of that:
//! ```text
//! cargo run --release -p kullback-cli --example digits -- OUT-FOLDER
//! kullback logits OUT-FOLDER/digits-logits.npy OUT-FOLDER/digits-logits-4bit.npy
//! ```
//! The model is softmax regression. Its loss is KL(P‖Q) with P all on the right digit, and its gradient comes from
//! `LogitRows`. Nothing is drawn at random.

use std::fs::File;
use std::io::{BufWriter, Read};
use std::path::Path;

use anyhow::{Context, Result};
use flate2::read::GzDecoder;
use kullback::logits::LogitRows;
use kullback::{Measure, Rows};
use npyz::WriterBuilder;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/digits.csv.gz");
const PIXELS: usize = 64;
/// The brightest pixel.
const WHITE: f64 = 16.0;
const DIGITS: usize = 10;
/// Every so manyth image is kept for the test.
const TEST: usize = 3;
const STEPS: usize = 500;
const RATE: f64 = 0.2;
/// Of Polyak's momentum.
const MOMENTUM: f64 = 0.9;

#[derive(Default)]
struct Images {
    /// Rows of `PIXELS`, from 0 to 1.
    pixels: Vec<f64>,
    digits: Vec<usize>,
}

/// A row of weights and a bias for each digit.
#[derive(Clone)]
struct Model {
    weights: Vec<f64>,
    biases: Vec<f64>,
}

fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1).context("expected the folder to write to")?;
    let [train, test] = images()?;
    let model = train_model(&train)?;
    for (name, model) in [
        ("digits-logits", model.clone()),
        ("digits-logits-8bit", model.rounded(8)),
        ("digits-logits-4bit", model.rounded(4)),
    ] {
        let logits = model.logits(&test);
        let path = Path::new(&folder).join(name).with_extension("npy");
        write(&path, &logits).with_context(|| format!("{}: cannot be written", path.display()))?;
        report(&format!("{name}: {:.1} % of {} right", 100.0 * accuracy(&logits, &test), test.digits.len()));
    }
    Ok(())
}

#[allow(clippy::print_stdout, reason = "an example's output")]
fn report(line: &str) {
    println!("{line}");
}

/// The images to learn from and those to test with.
fn images() -> Result<[Images; 2]> {
    let mut text = String::new();
    GzDecoder::new(File::open(DATA).context(DATA)?).read_to_string(&mut text).context(DATA)?;
    let [mut train, mut test] = [Images::default(), Images::default()];
    for (i, line) in text.lines().enumerate() {
        let cells: Vec<f64> = line.split(',').map(str::parse).collect::<Result<_, _>>().context("a cell of digits")?;
        let (digit, pixels) = cells.split_last().context("an empty line of digits")?;
        let images = if i % TEST == 0 { &mut test } else { &mut train };
        images.pixels.extend(pixels.iter().map(|pixel| pixel / WHITE));
        images.digits.push(*digit as usize);
    }
    Ok([train, test])
}

fn train_model(images: &Images) -> Result<Model> {
    let n = images.digits.len();
    let mut model = Model { weights: vec![0.0; DIGITS * PIXELS], biases: vec![0.0; DIGITS] };
    let mut speed = model.clone();
    // All of P's mass is on the right digit: logit 0 there, −∞ elsewhere.
    let mut truth = vec![f64::NEG_INFINITY; n * DIGITS];
    for (row, digit) in truth.chunks_mut(DIGITS).zip(&images.digits) {
        row[*digit] = 0.0;
    }
    let (mut losses, mut gradient) = (vec![0.0; n], vec![0.0; n * DIGITS]);
    for _ in 0..STEPS {
        let logits = model.logits(images);
        let rows = LogitRows::new(Rows::new(&truth, DIGITS)?, Rows::new(&logits, DIGITS)?)?;
        rows.with_scale(1.0 / n as f64).measure_into(Measure::Kl, &mut losses, None, Some(&mut gradient))?;
        speed.weights.iter_mut().chain(&mut speed.biases).for_each(|x| *x *= MOMENTUM);
        for (slopes, pixels) in gradient.chunks(DIGITS).zip(images.pixels.chunks(PIXELS)) {
            for (digit, slope) in slopes.iter().enumerate() {
                let weights = &mut speed.weights[digit * PIXELS..(digit + 1) * PIXELS];
                weights.iter_mut().zip(pixels).for_each(|(weight, pixel)| *weight -= RATE * slope * pixel);
                speed.biases[digit] -= RATE * slope;
            }
        }
        model.weights.iter_mut().zip(&speed.weights).for_each(|(x, step)| *x += step);
        model.biases.iter_mut().zip(&speed.biases).for_each(|(x, step)| *x += step);
    }
    Ok(model)
}

impl Model {
    /// A row of ten for each image.
    fn logits(&self, images: &Images) -> Vec<f64> {
        let dot = |weights: &[f64], pixels: &[f64]| weights.iter().zip(pixels).map(|(w, x)| w * x).sum::<f64>();
        let row = |pixels| {
            self.weights.chunks(PIXELS).zip(&self.biases).map(move |(weights, bias)| bias + dot(weights, pixels))
        };
        images.pixels.chunks(PIXELS).flat_map(row).collect()
    }

    /// Weights as whole multiples of a step of their own for each digit, as many as `bits` can tell apart on either
    /// side of zero. Biases stay.
    fn rounded(&self, bits: u32) -> Self {
        let levels = f64::from((1 << (bits - 1)) - 1);
        let mut model = self.clone();
        for weights in model.weights.chunks_mut(PIXELS) {
            let step = weights.iter().fold(0.0, |top: f64, weight| top.max(weight.abs())) / levels;
            weights.iter_mut().for_each(|weight| *weight = (*weight / step).round() * step);
        }
        model
    }
}

/// The share of images whose largest logit is that of their digit.
fn accuracy(logits: &[f64], images: &Images) -> f64 {
    let right = logits.chunks(DIGITS).zip(&images.digits).filter(|(row, digit)| {
        let top = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        row[**digit] == top
    });
    right.count() as f64 / images.digits.len() as f64
}

fn write(path: &Path, logits: &[f64]) -> Result<()> {
    let shape = [(logits.len() / DIGITS) as u64, DIGITS as u64];
    let file = BufWriter::new(File::create(path)?);
    let mut writer = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(file).begin_nd()?;
    writer.extend(logits.iter().map(|&logit| logit as f32))?;
    Ok(writer.finish()?)
}
