//! A classifier, how it is trained, and how a student compares with its teacher.

use anyhow::{Result, ensure};
use burn::module::Module;
use burn::nn::Linear;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor, TensorData};
use kullback::logits::LogitRows;
use kullback::{Kl, Rows};
use kullback_burn::{DistillationLoss, Reduction};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use crate::support::images::Images;
use crate::support::network::{linear, numbers, rows};
use crate::support::random::{Purpose, stream};

const RATE: f64 = 3e-3;
const BATCH: usize = 64;
/// Of the calibration error.
const BINS: usize = 15;

/// One hidden layer.
#[derive(Module, Debug)]
pub(crate) struct Classifier {
    hidden: Linear,
    out: Linear,
}

impl Classifier {
    pub(crate) fn new([pixels, hidden, classes]: [usize; 3], rng: &mut StdRng, device: &Device) -> Self {
        Self { hidden: linear([pixels, hidden], rng, device), out: linear([hidden, classes], rng, device) }
    }

    fn forward(&self, images: Tensor<2>) -> Tensor<2> {
        self.out.forward(relu(self.hidden.forward(images)))
    }

    /// For every image, row by row.
    pub(crate) fn logits(&self, images: &Images) -> Vec<f32> {
        let device = Device::flex();
        numbers(self.clone().to_device(&device).forward(rows(images.pixels.clone(), images.size(), &device)))
    }
}

/// What a classifier learns from: labels, and a teacher's logits where the loss asks for them.
pub(crate) struct Lesson<'a> {
    pub(crate) images: &'a Images,
    pub(crate) teacher: &'a [f32],
    pub(crate) classes: usize,
    pub(crate) loss: DistillationLoss,
    pub(crate) epochs: u64,
    pub(crate) seed: u64,
}

impl Lesson<'_> {
    pub(crate) fn learn(&self, hidden: usize, mut live: impl FnMut(u64, f32)) -> Result<Classifier> {
        let device = Device::flex().autodiff();
        let sizes = [self.images.size(), hidden, self.classes];
        let mut model = Classifier::new(sizes, &mut stream(self.seed, Purpose::Weights, 0), &device);
        let mut optimizer = AdamConfig::new().init();
        let mut order: Vec<usize> = (0..self.images.len()).collect();
        for epoch in 0..self.epochs {
            order.shuffle(&mut stream(self.seed, Purpose::Order, epoch));
            let mut last = f32::NAN;
            for batch in order.chunks(BATCH) {
                let student = model.forward(rows(self.images.some(batch), self.images.size(), &device));
                let teacher = batch.iter().flat_map(|&i| &self.teacher[i * self.classes..(i + 1) * self.classes]);
                let teacher = rows(teacher.copied().collect(), self.classes, &device);
                let labels: Vec<i64> = batch.iter().map(|&index| self.images.labels[index] as i64).collect();
                let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [batch.len()]), &device);
                let loss = self.loss.forward(teacher, student, Some(labels), Reduction::Mean)?;
                last = loss.clone().into_scalar::<f32>();
                ensure!(last.is_finite(), "the loss is no longer finite in epoch {epoch}");
                let gradients = GradientsParams::from_grads(loss.backward(), &model);
                model = optimizer.step(RATE, model, gradients);
            }
            live(epoch, last);
        }
        Ok(model)
    }
}

/// A student on the test images.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Score {
    pub(crate) accuracy: f64,
    /// The mean of KL(teacher‖student) at temperature 1, in nats.
    pub(crate) kl: f64,
    /// How often it puts the same class first as the teacher.
    pub(crate) agreement: f64,
    /// Expected calibration error: |confidence − accuracy|, by bins of confidence.
    pub(crate) calibration: f64,
}

impl Score {
    pub(crate) fn numbers(self) -> [f64; 4] {
        [self.accuracy, self.kl, self.agreement, self.calibration]
    }

    pub(crate) fn of(teacher: &[f32], student: &[f32], labels: &[usize], classes: usize) -> Result<Self> {
        let kls = LogitRows::new(Rows::new(teacher, classes)?, Rows::new(student, classes)?)?.values(Kl)?;
        let n = labels.len() as f64;
        let (mut right, mut same) = (0.0, 0.0);
        let mut bins = [[0.0; 2]; BINS];
        for ((student, teacher), &label) in student.chunks(classes).zip(teacher.chunks(classes)).zip(labels) {
            let first = top(student);
            let hit = f64::from(first == label);
            right += hit;
            same += f64::from(first == top(teacher));
            let total: f64 = student.iter().map(|&x| f64::from(x - student[first]).exp()).sum();
            let confidence = 1.0 / total;
            let bin = &mut bins[((confidence * BINS as f64) as usize).min(BINS - 1)];
            *bin = [bin[0] + confidence, bin[1] + hit];
        }
        let calibration = bins.iter().map(|[confidence, hits]| (confidence - hits).abs()).sum::<f64>() / n;
        Ok(Self { accuracy: right / n, kl: kls.iter().sum::<f64>() / n, agreement: same / n, calibration })
    }
}

/// The class with the largest logit, the first of equals.
fn top(row: &[f32]) -> usize {
    let better = |best: usize, index: usize| if row[index] > row[best] { index } else { best };
    (0..row.len()).fold(0, better)
}
