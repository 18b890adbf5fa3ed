use crate::discrete::Weight;
use crate::logits::shape;
use crate::num::simd::{Level, dispatch};
use crate::num::sum::Sum;
use crate::threads::each;
use crate::{Error, Side};

use super::kernel::Coordinates;
use super::penalty::{Slopes, Swept};
use super::{Balance, LatentLoss, Penalty};

/// A batch of Gaussians with independent coordinates: sample after sample, each with `latent` entries.
#[derive(Debug, Clone, Copy)]
pub struct Gaussians<'a, T> {
    mean: &'a [T],
    ln_variance: &'a [T],
    latent: usize,
}

impl<'a, T: Weight> Gaussians<'a, T> {
    /// Of these means μ and logarithms of variances ln σ².
    ///
    /// # Errors
    /// [`Error::Empty`] for no dimensions, [`Error::Shape`] unless both slices hold the same number of whole samples.
    pub fn new(mean: &'a [T], ln_variance: &'a [T], latent: usize) -> Result<Self, Error> {
        if latent == 0 {
            return Err(Error::Empty);
        }
        shape(mean.len(), mean.len().next_multiple_of(latent))?;
        shape(ln_variance.len(), mean.len())?;
        Ok(Self { mean, ln_variance, latent })
    }

    /// Samples in the batch.
    #[must_use]
    pub fn len(&self) -> usize {
        self.mean.len() / self.latent
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.mean.is_empty()
    }

    pub(super) fn latent(&self) -> usize {
        self.latent
    }

    pub(super) fn part(&self, from: usize, to: usize) -> [&'a [T]; 2] {
        [&self.mean[from..to], &self.ln_variance[from..to]]
    }

    /// The first entry that is no number.
    pub(super) fn not_finite(&self) -> Option<usize> {
        let finite = |x: &T| Into::<f64>::into(*x).is_finite();
        (0..self.mean.len()).find(|&i| !finite(&self.mean[i]) || !finite(&self.ln_variance[i]))
    }
}

/// Where the gradient for one side goes; slices as long as those of [`Gaussians`].
#[derive(Debug)]
pub struct GaussianGradient<'a, T> {
    /// ∂/∂μ.
    pub mean: &'a mut [T],
    /// ∂/∂ ln σ².
    pub ln_variance: &'a mut [T],
}

/// KL between batches of Gaussians with independent coordinates, N(μ, σ²) for each; ½ Σ (μ² + σ² − 1 − ln σ²) from
/// N(0, I), without the cancellation: with ℓ = ln σ² it is ½ Σ (μ² + (eˡ − 1 − ℓ)).
///
/// Values and gradients come of one reading of the input, except where a [`Penalty`] bends the divergences and has to
/// know them first. Blocks are spread over rayon's current pool (feature `rayon`), and the bits do not depend on its
/// size. Values are good to a few units of the type; they are +∞ where σ² or its inverse overflows.
///
/// (D. Kingma, M. Welling, *Auto-encoding variational Bayes*, 2014, appendix B.)
///
/// ```
/// use kullback::loss::latent::{GaussianGradient, GaussianKl, Gaussians, Penalty};
/// let (mean, ln_variance) = ([0.5f32, 0.0, -1.0, 0.0], [0.0f32, -1.0, 0.0, -1.0]); // 2 samples, 2 dimensions
/// let [mut by_mean, mut by_ln_variance] = [[0.0; 4]; 2];
/// let to = GaussianGradient { mean: &mut by_mean, ln_variance: &mut by_ln_variance };
/// let loss = GaussianKl::to_standard(Gaussians::new(&mean, &ln_variance, 2)?).loss(Penalty::beta(4.0), Some(to), None)?;
/// assert!((loss.per_dimension[0] - 0.3125).abs() < 1e-7);
/// assert!((loss.value - 4.0 * loss.kl()).abs() < 1e-12);
/// assert_eq!(by_mean, [1.0, 0.0, -2.0, 0.0]);
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct GaussianKl<'a, T> {
    p: Gaussians<'a, T>,
    q: Option<Gaussians<'a, T>>,
    balance: Balance,
}

/// Successive samples, and where their gradients go.
struct Piece<'a, T> {
    first: usize,
    samples: &'a mut [f64],
    by: [[&'a mut [T]; 2]; 2],
}

/// Entries that a block has about: what it comes to stays in the first-level cache.
const BLOCK: usize = 1024;
/// Entries that one piece of work has about.
const PIECE: usize = 1 << 16;
/// Numbers that are kept of all pieces together.
const KEPT: usize = 1 << 22;

impl<'a, T: Weight> GaussianKl<'a, T> {
    /// From P to N(0, I).
    #[must_use]
    pub const fn to_standard(p: Gaussians<'a, T>) -> Self {
        Self { p, q: None, balance: Balance::NONE }
    }

    /// From each of P to the same of Q.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for batches of different shape.
    pub const fn between(p: Gaussians<'a, T>, q: Gaussians<'a, T>) -> Result<Self, Error> {
        if p.mean.len() != q.mean.len() {
            return Err(Error::LengthMismatch { p: p.mean.len(), q: q.mean.len() });
        }
        if p.latent != q.latent {
            return Err(Error::LengthMismatch { p: p.latent, q: q.latent });
        }
        Ok(Self { p, q: Some(q), balance: Balance::NONE })
    }

    /// The same with each side's gradient weighed by itself.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a weight that is negative or not finite.
    pub fn with_balance(self, balance: Balance) -> Result<Self, Error> {
        Ok(Self { balance: balance.checked()?, ..self })
    }

    /// The divergence of each sample, summed over its dimensions.
    ///
    /// # Errors
    /// [`Error::Shape`] for a buffer of another length than the batch, [`Error::NotFinite`].
    pub fn per_sample_into(&self, values: &mut [f64]) -> Result<(), Error> {
        shape(values.len(), self.p.len())?;
        values.copy_from_slice(&self.measured()?.samples);
        Ok(())
    }

    /// The divergence of each dimension, averaged over the batch; 0 without samples.
    ///
    /// # Errors
    /// [`Error::NotFinite`].
    pub fn per_dimension(&self) -> Result<Vec<f64>, Error> {
        Ok(self.measured()?.dimensions)
    }

    /// The penalty, and its gradients for P and for Q where they are wanted. Without samples it is 0.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a penalty out of range, or a gradient for N(0, I); [`Error::Shape`] for a buffer of
    /// another length, [`Error::NotFinite`]: gradients are then of no use.
    pub fn loss(
        &self,
        penalty: Penalty,
        by_p: Option<GaussianGradient<'_, T>>,
        by_q: Option<GaussianGradient<'_, T>>,
    ) -> Result<LatentLoss, Error> {
        if self.q.is_none() && by_q.is_some() {
            return Err(Error::Parameter { name: "by_q", value: 1.0, expected: "no gradient: Q is N(0, I)" });
        }
        let mut by = [by_p, by_q].map(|gradient| match gradient {
            Some(GaussianGradient { mean, ln_variance }) => [mean, ln_variance],
            None => [&mut [][..], &mut [][..]],
        });
        let wanted = by.iter().any(|[mean, _]| !mean.is_empty());
        for to in by.iter().filter(|[mean, ln_variance]| !mean.is_empty() || !ln_variance.is_empty()).flatten() {
            shape(to.len(), self.p.mean.len())?;
        }
        let loss = penalty.of(self.p.len(), wanted, |slopes| match slopes {
            None => self.measured(),
            Some(slopes) => self.sweep(slopes, by.each_mut().map(|side| side.each_mut().map(|to| &mut **to))),
        })?;
        Ok(self.balance.of(loss))
    }

    /// The divergences without a gradient.
    fn measured(&self) -> Result<Swept, Error> {
        self.sweep(&Slopes::All(0.0), [[&mut [], &mut []], [&mut [], &mut []]])
    }

    fn sweep(&self, slopes: &Slopes, by: [[&mut [T]; 2]; 2]) -> Result<Swept, Error> {
        let latent = self.p.latent;
        let mut samples = vec![0.0; self.p.len()];
        let found = each(self.pieces(&mut samples, by), Vec::new, &|space: &mut Vec<T>, piece| {
            self.piece(slopes, space, piece)
        });
        let batch = samples.len().max(1) as f64;
        let mut dimensions = vec![Sum::ZERO; latent];
        for piece in &found {
            for (sum, &value) in dimensions.iter_mut().zip(piece) {
                *sum = *sum + value;
            }
        }
        let dimensions: Vec<f64> = dimensions.iter().map(|sum| sum.value() / batch).collect();
        if dimensions.iter().any(|x| !x.is_finite()) {
            for (side, gaussians) in [(Side::P, Some(self.p)), (Side::Q, self.q)] {
                if let Some(index) = gaussians.and_then(|x| x.not_finite()) {
                    return Err(Error::NotFinite { side, index });
                }
            }
        }
        Ok(Swept { dimensions, samples })
    }

    /// Cuts the batch into pieces that are fixed by its shape.
    fn pieces<'b>(&self, samples: &'b mut [f64], by: [[&'b mut [T]; 2]; 2]) -> Vec<Piece<'b, T>> {
        let latent = self.p.latent;
        let count = (self.p.mean.len().div_ceil(PIECE)).min(KEPT / latent).max(1);
        let size = samples.len().div_ceil(count).max(1);
        let mut by = by.map(|side| side.map(|to| to.chunks_mut(size * latent)));
        let part = |to: &mut core::slice::ChunksMut<'b, T>| to.next().unwrap_or_default();
        let piece =
            |(i, samples)| Piece { first: i * size, samples, by: by.each_mut().map(|side| side.each_mut().map(part)) };
        samples.chunks_mut(size).enumerate().map(piece).collect()
    }

    /// The sum over the samples of a piece of each dimension.
    fn piece(&self, slopes: &Slopes, space: &mut Vec<T>, piece: Piece<'_, T>) -> Vec<f64> {
        let Piece { first, samples, mut by } = piece;
        let (level, latent) = (Level::new(), self.p.latent);
        let together = (BLOCK / latent).max(1);
        let mut dimensions = vec![0.0; latent];
        for (block, samples) in samples.chunks_mut(together).enumerate() {
            let of = block * together;
            let here = of * latent..(of + samples.len()) * latent;
            let (from, to) = ((first + of) * latent, (first + of + samples.len()) * latent);
            space.resize(to - from, T::default());
            let mut by = by
                .each_mut()
                .map(|side| side.each_mut().map(|to| if to.is_empty() { &mut [][..] } else { &mut to[here.clone()] }));
            let [[mean_p, ln_p], [mean_q, ln_q]] = &mut by;
            dispatch(
                level,
                Coordinates {
                    p: self.p.part(from, to),
                    q: self.q.map(|q| q.part(from, to)),
                    scale: match slopes {
                        Slopes::All(slope) => *slope,
                        Slopes::Dimensions(_) | Slopes::Samples(_) => 1.0,
                    },
                    values: space,
                    by_p: [mean_p, ln_p],
                    by_q: [mean_q, ln_q],
                },
            );
            for (row, sample) in space.chunks_exact(latent).zip(samples) {
                let mut sum = 0.0;
                for (total, &value) in dimensions.iter_mut().zip(row) {
                    let value: f64 = value.into();
                    *total += value;
                    sum += value;
                }
                *sample = sum;
            }
            let balance = [self.balance.posterior, self.balance.prior];
            for (side, weight) in by.iter_mut().zip(balance) {
                for to in side {
                    weigh(to, latent, slopes, first + of, weight);
                }
            }
        }
        dimensions
    }
}

/// Multiplies the gradient of some samples by what the kernel did not know.
fn weigh<T: Weight>(to: &mut [T], latent: usize, slopes: &Slopes, first: usize, weight: f64) {
    let known = match slopes {
        Slopes::All(_) if weight == 1.0 => return,
        Slopes::All(_) => true,
        Slopes::Dimensions(_) | Slopes::Samples(_) => false,
    };
    for (row, sample) in to.chunks_exact_mut(latent).zip(first..) {
        for (dimension, x) in row.iter_mut().enumerate() {
            let slope = if known { 1.0 } else { slopes.of(sample, dimension) };
            *x = T::rounded((*x).into() * (slope * weight));
        }
    }
}
