//! A small student learns from labels, or from what a larger teacher says: by forward KL, by reverse KL and by the
//! generalised Jensen–Shannon divergence, at several temperatures, many times over.
//! ```text
//! cargo run --release -p kullback-burn --example distill -- --out OUT-FOLDER
//! ```

mod model;
mod report;
#[path = "../support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use kullback_burn::{DistillationLoss, DistillationLossConfig};
use serde_json::{Value, json};

use self::model::{Classifier, Lesson, Score};
use self::support::Outcome;
use self::support::args::Common;
use self::support::checkpoint::Checkpoint;
use self::support::folder::Folder;
use self::support::images::{self, Split};
use self::support::progress::Progress;

const FILE: &str = "distill.checkpoint";
const TEMPERATURES: [f64; 3] = [1.0, 2.0, 4.0];
/// The divergences, by the name they have in the table.
const DIVERGENCES: [(&str, &str); 3] = [("forward-kl", "kl"), ("reverse-kl", "reverse-kl"), ("gjs", "gjs=0.5")];
/// What numbers a [`Score`] has.
const NUMBERS: usize = 4;

/// A small student learns digits from labels or from a teacher
#[derive(Debug, Parser)]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    /// Students of each setting
    #[arg(long, default_value_t = 10, value_name = "K")]
    seeds: u64,
    /// Passes over the images, for the teacher and for each student
    #[arg(long, default_value_t = 100)]
    epochs: u64,
    /// Hidden units of the teacher
    #[arg(long, default_value_t = 256)]
    teacher: usize,
    /// Hidden units of a student
    #[arg(long, default_value_t = 16)]
    student: usize,
    /// Folder with MNIST's four files, gzipped or not, instead of the 8 × 8 digits
    #[arg(long, value_name = "IDX-FOLDER")]
    data: Option<PathBuf>,
}

/// A way to teach, and how its students did.
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    divergence: &'static str,
    pub(crate) temperature: f64,
    pub(crate) scores: Vec<[f64; NUMBERS]>,
}

impl Setting {
    fn all() -> Vec<Self> {
        let setting = |name, divergence, temperature| Self { name, divergence, temperature, scores: Vec::new() };
        let soft = DIVERGENCES
            .into_iter()
            .flat_map(|(name, divergence)| TEMPERATURES.map(|temperature| setting(name, divergence, temperature)));
        [setting("hard-labels", "kl", 1.0)].into_iter().chain(soft).collect()
    }

    fn loss(&self) -> Result<DistillationLoss, kullback::Error> {
        let hard = if self.name == "hard-labels" { 1.0 } else { 0.0 };
        DistillationLossConfig::new()
            .with_divergence(self.divergence.to_owned())
            .with_temperature(self.temperature)
            .with_scale_t2(true)
            .with_hard_label_weight(hard)
            .init()
    }

    /// One of the numbers of each student.
    pub(crate) fn column(&self, index: usize) -> Vec<f64> {
        self.scores.iter().map(|score| score[index]).collect()
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    support::ended(&options.common, |folder| run(&options, folder))
}

fn run(options: &Options, folder: &Folder) -> Result<Option<Outcome>> {
    for (name, value) in [
        ("--seeds", options.seeds),
        ("--epochs", options.epochs),
        ("--teacher", options.teacher as u64),
        ("--student", options.student as u64),
    ] {
        ensure!(value > 0, "{name} is 0; expected at least 1");
    }
    let start = Instant::now();
    let data = images::load(options.data.as_deref())?;
    let labels = data.train.labels.iter().chain(&data.test.labels);
    let classes = labels.max().context("there are no labels")? + 1;
    let settings = settings(options, &data);
    let mut kept = match options.common.resume {
        true => Checkpoint::load(folder, FILE, &settings)?.unwrap_or_default(),
        false => Checkpoint::default(),
    };
    let mut ways = Setting::all();
    let total = ways.len() as u64 * options.seeds;
    let progress = Progress::new(&options.common, total, 0);
    if !kept.has("teacher") {
        let teacher = teach(options, &data, classes, &progress)?;
        for (name, images) in [("teacher", &data.train), ("teacher.test", &data.test)] {
            let logits: Vec<f64> = teacher.logits(images).into_iter().map(f64::from).collect();
            kept.set_numbers(name, &logits);
        }
        kept.save(folder, FILE, &settings)?;
    }
    let [train, test] = ["teacher", "teacher.test"].map(|name| kept.numbers(name));
    let [train, test] = [train?, test?].map(|logits| -> Vec<f32> { logits.into_iter().map(|x| x as f32).collect() });
    let (mut done, mut fresh) = (0, 0);
    for seed in 0..options.seeds {
        for way in &mut ways {
            let part = format!("{} {} {seed}", way.name, way.temperature);
            if !kept.has(&part) {
                if options.common.stop_after.is_some_and(|students| fresh >= students) {
                    return Ok(None);
                }
                let lesson = Lesson {
                    images: &data.train,
                    teacher: &train,
                    classes,
                    loss: way.loss()?,
                    epochs: options.epochs,
                    seed: student_seed(options, seed),
                };
                let student = lesson.learn(options.student, |_, loss| {
                    progress.at(done, &format_args!("{}, T = {}: loss {loss:.4}", way.name, way.temperature));
                })?;
                let score = Score::of(&test, &student.logits(&data.test), &data.test.labels, classes)?;
                kept.set_numbers(&part, &score.numbers());
                kept.save(folder, FILE, &settings)?;
                fresh += 1;
            }
            let score = kept.numbers(&part)?;
            way.scores.push(score.try_into().ok().context("the checkpoint's scores are not four")?);
            done += 1;
        }
    }
    let teacher = Score::of(&test, &test, &data.test.labels, classes)?;
    report::outcome(options, &data, &ways, teacher, start.elapsed().as_secs_f64()).map(Some)
}

/// Of a student: the same for every setting, so that settings differ in nothing but the loss.
fn student_seed(options: &Options, seed: u64) -> u64 {
    options.common.seed.wrapping_mul(1 << 32).wrapping_add(seed + 1)
}

fn teach(options: &Options, data: &Split, classes: usize, progress: &Progress) -> Result<Classifier> {
    let lesson = Lesson {
        images: &data.train,
        // Labels weigh everything: what stands here does not matter.
        teacher: &vec![0.0; data.train.len() * classes],
        classes,
        loss: DistillationLossConfig::new().with_hard_label_weight(1.0).init()?,
        epochs: options.epochs,
        seed: student_seed(options, options.seeds),
    };
    lesson.learn(options.teacher, |epoch, loss| progress.at(0, &format_args!("teacher, epoch {epoch}: loss {loss:.4}")))
}

/// What a run that goes on must share with the one it goes on from.
fn settings(options: &Options, data: &Split) -> Value {
    json!({
        "program": "distill",
        "seeds": options.seeds,
        "epochs": options.epochs,
        "hidden": [options.teacher, options.student],
        "data": data.name,
        "images": [data.train.len(), data.test.len(), data.train.width, data.train.height],
        "seed": options.common.seed,
    })
}
