//! Epochs, and what a checkpoint keeps of them.

use anyhow::{Context, Result, ensure};
use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::Device;
use clap::ValueEnum;
use kullback::loss::latent::{Form, Penalty, Schedule, active_units};
use kullback_burn::GaussianKl;
use rand::seq::SliceRandom;
use serde_json::{Value, json};

use crate::Options;
use crate::model::Vae;
use crate::support::checkpoint::Checkpoint;
use crate::support::folder::Folder;
use crate::support::images::{Images, Split};
use crate::support::network::{load, numbers, rows, save};
use crate::support::progress::Progress;
use crate::support::random::{Purpose, stream};

const FILE: &str = "vae.checkpoint";
const RATE: f64 = 2e-3;
/// Images that are evaluated at a time.
const AT_ONCE: usize = 512;
/// Draws of z for each test image, at the end.
const DRAWS: u64 = 16;
/// The variance of a posterior mean from which on a unit counts as active (Y. Burda et al., 2016).
const ACTIVE: f64 = 0.01;
/// Of the cyclical schedule (H. Fu et al., 2019).
const CYCLES: u64 = 4;

/// How β comes to its value
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScheduleName {
    Constant,
    /// From 0 in a straight line over the first half of the run
    Linear,
    /// The same along half a cosine
    Cosine,
    /// The same along a logistic curve
    Sigmoid,
    /// From 0 in a straight line, four times over
    Cyclical,
}

impl ScheduleName {
    fn schedule(self, beta: f64, steps: u64) -> Result<Schedule, kullback::Error> {
        let ramp = |form| Schedule::ramp(form, 0.0, beta, steps / 2);
        match self {
            Self::Constant => Ok(Schedule::constant(beta)),
            Self::Linear => ramp(Form::Linear),
            Self::Cosine => ramp(Form::Cosine),
            Self::Sigmoid => ramp(Form::Sigmoid),
            Self::Cyclical => Schedule::cyclical(Form::Linear, 0.0, beta, steps, CYCLES.min(steps), 0.5),
        }
    }

    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// Mean nats an image.
#[derive(Debug, Clone, Default)]
pub(crate) struct Measured {
    pub(crate) reconstruction: f64,
    pub(crate) per_dimension: Vec<f64>,
}

impl Measured {
    pub(crate) fn kl(&self) -> f64 {
        self.per_dimension.iter().sum()
    }

    /// E ln p(x|z) − KL, with β = 1 whatever the training's.
    pub(crate) fn elbo(&self) -> f64 {
        -self.reconstruction - self.kl()
    }
}

pub(crate) struct Run<'a> {
    options: &'a Options,
    data: &'a Split,
    device: Device,
    pub(crate) model: Vae,
    optimizer: ModuleOptimizer,
    /// For each epoch: reconstruction and KL of the test images, and β.
    pub(crate) reconstructions: Vec<f64>,
    pub(crate) kls: Vec<f64>,
    pub(crate) betas: Vec<f64>,
}

impl<'a> Run<'a> {
    fn new(options: &'a Options, data: &'a Split) -> Self {
        let device = Device::flex().autodiff();
        let mut rng = stream(options.common.seed, Purpose::Weights, 0);
        let model = Vae::new(data.train.size(), options.latent, &mut rng, &device);
        let optimizer = AdamConfig::new().init();
        let [reconstructions, kls, betas] = [(); 3].map(|()| Vec::new());
        Self { options, data, device, model, optimizer, reconstructions, kls, betas }
    }

    /// All epochs, from the checkpoint on if that is wanted; `None` if it was to stop before.
    pub(crate) fn make(options: &'a Options, data: &'a Split, folder: &Folder) -> Result<Option<Self>> {
        let settings = settings(options, data);
        let mut run = Self::new(options, data);
        if options.common.resume
            && let Some(checkpoint) = Checkpoint::load(folder, FILE, &settings)?
        {
            run = run.restored(&checkpoint)?;
        }
        let batches = data.train.len().div_ceil(options.batch) as u64;
        let schedule = options.schedule.schedule(options.beta, options.epochs * batches)?;
        let progress = Progress::new(&options.common, options.epochs, run.done());
        let first = run.done();
        while run.done() < options.epochs {
            if options.common.stop_after.is_some_and(|steps| run.done() - first >= steps) {
                return Ok(None);
            }
            run = run.epoch(&schedule, batches)?;
            run.kept()?.save(folder, FILE, &settings)?;
            let [reconstruction, kl] =
                [&run.reconstructions, &run.kls].map(|of| of.last().copied().unwrap_or_default());
            progress.at(run.done(), &format_args!("reconstruction {reconstruction:.2}, KL {kl:.2} nats"));
        }
        Ok(Some(run))
    }

    fn done(&self) -> u64 {
        self.kls.len() as u64
    }

    fn epoch(mut self, schedule: &Schedule, batches: u64) -> Result<Self> {
        let (epoch, seed) = (self.done(), self.options.common.seed);
        let mut order: Vec<usize> = (0..self.data.train.len()).collect();
        order.shuffle(&mut stream(seed, Purpose::Order, epoch));
        let mut rng = stream(seed, Purpose::Noise, epoch);
        let mut beta = 0.0;
        for (batch, step) in order.chunks(self.options.batch).zip(epoch * batches..) {
            beta = schedule.at(step);
            let images = rows(self.data.train.some(batch), self.data.train.size(), &self.device);
            let penalty = GaussianKl::of(Penalty { weight: beta, ..Penalty::free_bits(self.options.free_bits) });
            let cost = self.model.cost(images, &penalty, &mut rng)?;
            ensure!(
                cost.reconstruction.is_finite(),
                "the loss is no longer finite in epoch {epoch}; a smaller --beta may help"
            );
            let gradients = GradientsParams::from_grads(cost.loss.backward(), &self.model);
            self.model = self.optimizer.step(RATE, self.model, gradients);
        }
        let measured = self.measure(&self.data.test, 1)?;
        self.reconstructions.push(measured.reconstruction);
        self.kls.push(measured.kl());
        self.betas.push(beta);
        Ok(self)
    }

    /// With so many draws of z for each image, the same ones whenever it is asked.
    pub(crate) fn measure(&self, images: &Images, draws: u64) -> Result<Measured> {
        let device = Device::flex();
        let model = self.model.clone().to_device(&device);
        let penalty = GaussianKl::of(Penalty::beta(1.0));
        let mut all = Measured { per_dimension: vec![0.0; self.options.latent], ..Measured::default() };
        let indices: Vec<usize> = (0..images.len()).collect();
        for draw in 0..draws {
            let mut rng = stream(self.options.common.seed, Purpose::Test, draw);
            for batch in indices.chunks(AT_ONCE) {
                let share = batch.len() as f64 / (images.len() as u64 * draws) as f64;
                let cost = model.cost(rows(images.some(batch), images.size(), &device), &penalty, &mut rng)?;
                all.reconstruction += share * cost.reconstruction;
                all.per_dimension.iter_mut().zip(&cost.latent.per_dimension).for_each(|(to, kl)| *to += share * kl);
            }
        }
        Ok(all)
    }

    pub(crate) fn measure_test(&self) -> Result<Measured> {
        self.measure(&self.data.test, DRAWS)
    }

    /// Posterior means of some test images.
    pub(crate) fn means(&self, which: &[usize]) -> Vec<f32> {
        let images = rows(self.data.test.some(which), self.data.test.size(), &self.device);
        let [mean, _] = self.model.posterior(images);
        numbers(mean)
    }

    /// Dimensions whose posterior mean varies over the test images.
    pub(crate) fn active_units(&self) -> Result<usize> {
        let all: Vec<usize> = (0..self.data.test.len()).collect();
        let means: Vec<f32> = all.chunks(AT_ONCE).flat_map(|which| self.means(which)).collect();
        Ok(active_units(&means, self.options.latent, ACTIVE)?)
    }

    /// Images for latent vectors.
    pub(crate) fn decoded(&self, latent: Vec<f32>) -> Vec<Vec<f32>> {
        let decoded = numbers(self.model.decoded(rows(latent, self.options.latent, &self.device)));
        decoded.chunks(self.data.test.size()).map(<[f32]>::to_vec).collect()
    }

    fn kept(&self) -> Result<Checkpoint> {
        let mut all = Checkpoint::default();
        save(&mut all, &self.model, &self.optimizer)?;
        all.set_numbers("reconstructions", &self.reconstructions);
        all.set_numbers("kls", &self.kls);
        all.set_numbers("betas", &self.betas);
        Ok(all)
    }

    fn restored(self, checkpoint: &Checkpoint) -> Result<Self> {
        let (model, optimizer) = load(checkpoint, self.model, self.optimizer).context(FILE)?;
        Ok(Self {
            model,
            optimizer,
            reconstructions: checkpoint.numbers("reconstructions")?,
            kls: checkpoint.numbers("kls")?,
            betas: checkpoint.numbers("betas")?,
            ..self
        })
    }
}

/// Nats an image of the best decoder that sees nothing of it: whatever it makes of draws from N(0, I), no image is told
/// from another, and the pixels' means over the images to learn from are the best it can say.
pub(crate) fn baseline(data: &Split) -> f64 {
    let (size, train) = (data.train.size(), data.train.len() as f64);
    let mut ink = vec![0.0; size];
    for image in data.train.pixels.chunks(size) {
        ink.iter_mut().zip(image).for_each(|(sum, &pixel)| *sum += f64::from(pixel));
    }
    // One image's worth of grey more, so that no pixel is impossible.
    let ink: Vec<f64> = ink.iter().map(|sum| (sum + 0.5) / (train + 1.0)).collect();
    let cost = |(index, &pixel): (usize, &f32)| {
        let (p, pixel) = (ink[index % size], f64::from(pixel));
        -(pixel * p.ln() + (1.0 - pixel) * (-p).ln_1p())
    };
    data.test.pixels.iter().enumerate().map(cost).sum::<f64>() / data.test.len() as f64
}

/// What a run that goes on must share with the one it goes on from.
fn settings(options: &Options, data: &Split) -> Value {
    json!({
        "program": "vae",
        "beta": options.beta,
        "free_bits": options.free_bits,
        "schedule": options.schedule.name(),
        "epochs": options.epochs,
        "latent": options.latent,
        "batch": options.batch,
        "data": data.name,
        "images": [data.train.len(), data.test.len(), data.train.width, data.train.height],
        "seed": options.common.seed,
    })
}
