use crate::Error;
use crate::num::sum::Sum;

/// What a batch of divergences costs: their weight, how each of them is bent, and over what it is taken.
///
/// | | `over` | `shape` |
/// |---|---|---|
/// | β-VAE (I. Higgins et al., 2017): β · mean KL | any but `Sample` | [`Shape::Plain`] |
/// | free bits (D. Kingma et al., 2016): Σ_g max(λ, mean KL_g) | [`Over::Dimension`], [`Over::Group`] | [`Shape::AtLeast`] |
/// | free nats of DreamerV3 (D. Hafner et al., 2023): mean max(λ, KL) | [`Over::Sample`] | [`Shape::AtLeast`] |
/// | capacity (C. Burgess et al., 2018): γ·\|mean KL − C\| | [`Over::Batch`] | [`Shape::Near`] |
/// | pythae's `DisentangledBetaVAE`: mean γ·\|KL − C\| | [`Over::Sample`] | [`Shape::Near`] |
///
/// In free bits the mean over the batch is taken before the maximum, so that a dimension is free for the batch, not for
/// some of its samples. The slope of `max` and `|·|` where they bend is 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Penalty {
    /// β or γ: what the sum is multiplied by. At least 0.
    pub weight: f64,
    /// What becomes of each divergence.
    pub shape: Shape,
    /// Which divergences.
    pub over: Over,
}

/// What becomes of a divergence K.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// K.
    Plain,
    /// max(λ, K), λ in nats, at least 0: what is below is free.
    AtLeast(f64),
    /// |K − C|, C in nats, at least 0: a capacity to be used.
    Near(f64),
}

/// Which divergences a [`Penalty`] bends before it adds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// The mean over the batch of each dimension.
    Dimension,
    /// The mean over the batch of each group of so many successive dimensions; the last may be shorter.
    Group(usize),
    /// The mean over the batch of all dimensions together.
    Batch,
    /// All dimensions together of each sample. What they come to is averaged.
    Sample,
}

/// A penalty and the divergences it is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct LatentLoss {
    /// The penalty.
    pub value: f64,
    /// The mean over the batch of the divergence of each dimension, in nats, before the penalty.
    pub per_dimension: Vec<f64>,
}

impl LatentLoss {
    /// The mean over the batch of the divergence, in nats, before the penalty.
    #[must_use]
    pub fn kl(&self) -> f64 {
        self.per_dimension.iter().fold(Sum::ZERO, |sum, &x| sum + x).value()
    }
}

impl Shape {
    /// The value and its slope.
    fn of(self, kl: f64) -> (f64, f64) {
        match self {
            Self::Plain => (kl, 1.0),
            Self::AtLeast(free) if kl > free => (kl, 1.0),
            Self::AtLeast(free) => (free, 0.0),
            Self::Near(capacity) if kl > capacity => (kl - capacity, 1.0),
            Self::Near(capacity) if kl < capacity => (capacity - kl, -1.0),
            Self::Near(_) => (0.0, 0.0),
        }
    }
}

/// What the divergence of each entry is multiplied by to become the penalty's.
#[derive(Debug, Clone, PartialEq)]
pub enum Slopes {
    /// The same for all.
    All(f64),
    /// One for each dimension.
    Dimensions(Vec<f64>),
    /// One for each sample.
    Samples(Vec<f64>),
}

impl Slopes {
    pub(super) fn of(&self, sample: usize, dimension: usize) -> f64 {
        match self {
            Self::All(slope) => *slope,
            Self::Dimensions(slopes) => slopes[dimension],
            Self::Samples(slopes) => slopes[sample],
        }
    }
}

/// The divergences of a batch.
pub(super) struct Swept {
    /// The mean over the batch of each dimension.
    pub(super) dimensions: Vec<f64>,
    /// The sum over the dimensions of each sample.
    pub(super) samples: Vec<f64>,
}

impl Swept {
    /// From the divergence of every entry, `latent` of them a sample.
    pub(super) fn of_entries(values: &[f64], latent: usize) -> Self {
        let mut dimensions = vec![Sum::ZERO; latent];
        let samples = values.chunks_exact(latent).map(|sample| {
            dimensions.iter_mut().zip(sample).for_each(|(sum, &x)| *sum = *sum + x);
            sample.iter().sum()
        });
        let samples: Vec<f64> = samples.collect();
        let batch = samples.len().max(1) as f64;
        Self { dimensions: dimensions.iter().map(|sum| sum.value() / batch).collect(), samples }
    }
}

impl Penalty {
    /// β · mean KL.
    #[must_use]
    pub const fn beta(beta: f64) -> Self {
        Self { weight: beta, shape: Shape::Plain, over: Over::Batch }
    }

    /// Σ max(λ, mean KL) over dimensions: so many nats of each are free.
    #[must_use]
    pub const fn free_bits(nats: f64) -> Self {
        Self { weight: 1.0, shape: Shape::AtLeast(nats), over: Over::Dimension }
    }

    /// γ·|mean KL − C|.
    #[must_use]
    pub const fn capacity(gamma: f64, nats: f64) -> Self {
        Self { weight: gamma, shape: Shape::Near(nats), over: Over::Batch }
    }

    fn checked(self) -> Result<Self, Error> {
        let at_least_0 = |name, value: f64| match value >= 0.0 && value.is_finite() {
            true => Ok(()),
            false => Err(Error::Parameter { name, value, expected: "a finite number, at least 0" }),
        };
        at_least_0("weight", self.weight)?;
        match self.shape {
            Shape::Plain => {}
            Shape::AtLeast(nats) => at_least_0("free nats", nats)?,
            Shape::Near(nats) => at_least_0("capacity", nats)?,
        }
        match self.over {
            Over::Group(0) => Err(Error::Parameter { name: "group", value: 0.0, expected: "at least 1 dimension" }),
            _ => Ok(self),
        }
    }

    /// The penalty of what `sweep` finds. It is called with slopes to write gradients, and called first without them if
    /// the slopes depend on the divergences.
    pub(super) fn of(
        self,
        samples: usize,
        wanted: bool,
        mut sweep: impl FnMut(Option<&Slopes>) -> Result<Swept, Error>,
    ) -> Result<LatentLoss, Error> {
        let penalty = self.checked()?;
        let known = Slopes::All(self.weight / samples as f64);
        let swept = sweep((wanted && self.shape == Shape::Plain).then_some(&known))?;
        if samples == 0 {
            return Ok(LatentLoss { value: 0.0, per_dimension: swept.dimensions });
        }
        let (value, slopes) = penalty.bent(&swept.dimensions, &swept.samples);
        if wanted && self.shape != Shape::Plain {
            sweep(Some(&slopes))?;
        }
        Ok(LatentLoss { value, per_dimension: swept.dimensions })
    }

    /// The penalty and its slopes for the divergence of every entry, from the mean over the batch of each dimension and the
    /// sum over the dimensions of each sample: for divergences that are computed elsewhere. The sums themselves matter to
    /// [`Over::Sample`] alone, their number always. Without samples the penalty is 0.
    ///
    /// ```
    /// use kullback::loss::latent::{Penalty, Slopes};
    /// let (value, slopes) = Penalty::free_bits(0.5).evaluate(&[0.25, 1.0], &[1.5, 1.0])?;
    /// assert_eq!((value, slopes), (1.5, Slopes::Dimensions(vec![0.0, 0.5])));
    /// # Ok::<(), kullback::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] for a penalty out of range.
    pub fn evaluate(self, per_dimension: &[f64], per_sample: &[f64]) -> Result<(f64, Slopes), Error> {
        let penalty = self.checked()?;
        match per_sample.is_empty() {
            true => Ok((0.0, Slopes::All(0.0))),
            false => Ok(penalty.bent(per_dimension, per_sample)),
        }
    }

    fn bent(self, dimensions: &[f64], samples: &[f64]) -> (f64, Slopes) {
        let batch = 1.0 / samples.len() as f64;
        let mut total = Sum::ZERO;
        let mut bend = |kl: f64, weight: f64| {
            let (value, slope) = self.shape.of(kl);
            total = total + weight * value;
            weight * slope
        };
        let slopes = match self.over {
            Over::Sample => Slopes::Samples(samples.iter().map(|&kl| bend(kl, self.weight * batch)).collect()),
            Over::Batch => {
                let kl = dimensions.iter().fold(Sum::ZERO, |sum, &x| sum + x).value();
                Slopes::All(bend(kl, self.weight) * batch)
            }
            Over::Dimension => Slopes::Dimensions(dimensions.iter().map(|&kl| bend(kl, self.weight) * batch).collect()),
            Over::Group(size) => {
                let mut slopes = Vec::with_capacity(dimensions.len());
                for group in dimensions.chunks(size) {
                    let slope = bend(group.iter().sum(), self.weight) * batch;
                    slopes.resize(slopes.len() + group.len(), slope);
                }
                Slopes::Dimensions(slopes)
            }
        };
        (total.value(), slopes)
    }
}
