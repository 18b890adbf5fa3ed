use crate::discrete::Weight;
use crate::logits::{shape, side};
use crate::num::simd::Level;
use crate::num::special::gamma::HALF_LN_TAU;
use crate::num::sum::Sum;
use crate::state::Temperature;
use crate::threads::each;
use crate::{Error, Side};

use super::Gaussians;

/// The KL of a batch of posteriors from the prior N(0, I), taken apart: α·MI + β·TC + γ·(dimension-wise KL), with
/// everything estimated from one sample z of each posterior.
///
/// - MI, the mutual information of data and code: mean ln q(z|x) − ln q(z);
/// - TC, the total correlation of the code: mean ln q(z) − Σ_d ln q(z_d);
/// - the dimension-wise KL: mean Σ_d ln q(z_d) − ln p(z_d).
///
/// q is the mixture of the posteriors of all data, of which a batch is a part ([`Weighting`]). α = β = γ = 1 is the KL
/// itself, and the β-TCVAE has a large β. (R. Chen, X. Li, R. Grosse, D. Duvenaud, *Isolating sources of
/// disentanglement in variational autoencoders*, 2018.) Estimates of the parts are biased, and may be negative.
///
/// In double precision; the cost is that of batch² × latent exponentials.
///
/// ```
/// use kullback::loss::latent::{Gaussians, TotalCorrelation, Weighting};
/// let (mean, ln_variance) = ([0.5, -0.5, 0.3, 0.2], [-1.0; 4]);
/// let weighting = Weighting::Minibatch { data: 1000 };
/// let loss = TotalCorrelation { mutual_information: 1.0, total_correlation: 6.0, dimension_wise: 1.0, weighting };
/// let found = loss.loss(Gaussians::new(&mean, &ln_variance, 2)?, &[0.4, -0.9, 0.1, 0.6], None)?;
/// let parts = found.mutual_information + 6.0 * found.total_correlation + found.dimension_wise;
/// assert!((found.value - parts).abs() < 1e-12);
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TotalCorrelation {
    /// α.
    pub mutual_information: f64,
    /// β.
    pub total_correlation: f64,
    /// γ.
    pub dimension_wise: f64,
    /// How a batch stands for the data.
    pub weighting: Weighting,
}

/// How the posteriors of a batch of B stand for those of all N data in ln q(z).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weighting {
    /// Minibatch-weighted sampling: each has the weight 1/(N·B).
    Minibatch {
        /// N, at least B.
        data: usize,
    },
    /// Minibatch-stratified sampling: the sample's own posterior has the weight 1/N, one other (N − B + 1)/(N (B − 1)),
    /// the rest 1/(B − 1) each. Unbiased for q(z).
    Stratified {
        /// N, at least B.
        data: usize,
    },
}

/// What [`TotalCorrelation::loss`] found, in nats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decomposition {
    /// The weighted sum of the parts.
    pub value: f64,
    /// MI.
    pub mutual_information: f64,
    /// TC.
    pub total_correlation: f64,
    /// The dimension-wise KL.
    pub dimension_wise: f64,
}

/// Where the gradients of a [`TotalCorrelation`] go: slices as long as those of [`Gaussians`].
///
/// With z = μ + σε the gradient that training needs is that for μ plus that for z, and that for ln σ² plus ½σε times
/// that for z.
#[derive(Debug)]
pub struct Parts<'a, T> {
    /// ∂/∂z.
    pub z: &'a mut [T],
    /// ∂/∂μ.
    pub mean: &'a mut [T],
    /// ∂/∂ ln σ².
    pub ln_variance: &'a mut [T],
}

impl Weighting {
    fn data(self) -> usize {
        match self {
            Self::Minibatch { data } | Self::Stratified { data } => data,
        }
    }

    /// ln of the weight that sample `i` gives to posterior `j` of `batch`.
    fn ln_weight(self, i: usize, j: usize, batch: usize) -> f64 {
        let (n, b) = (self.data() as f64, batch as f64);
        let others = b - 1.0;
        match self {
            Self::Minibatch { .. } => -(n * b).ln(),
            Self::Stratified { .. } if i == j => -n.ln(),
            Self::Stratified { .. } if (i + 1) % batch == j => ((n - others) / (n * others)).ln(),
            Self::Stratified { .. } => -others.ln(),
        }
    }
}

/// Batches in double precision, dimension after dimension, so that what is compared with one coordinate is contiguous.
struct Turned {
    latent: usize,
    batch: usize,
    mean: Vec<f64>,
    ln_variance: Vec<f64>,
    precision: Vec<f64>,
}

/// Pieces of work, at most: each has gradients of its own.
const PIECES: usize = 16;

/// What some samples add to the parts and to the gradients.
struct Found {
    z: Vec<f64>,
    mean: Vec<f64>,
    ln_variance: Vec<f64>,
    parts: [Sum; 3],
}

impl TotalCorrelation {
    /// The parts, and the gradients of their weighted sum where they are wanted.
    ///
    /// # Errors
    /// [`Error::Empty`] for an empty batch, [`Error::Shape`] for slices of another length; [`Error::Parameter`] for a
    /// weight that is not finite, or fewer data than are in the batch; [`Error::NotFinite`], with side P for a posterior
    /// and Q for z; [`Error::Row`] for a density that overflows.
    pub fn loss<T: Weight>(
        &self,
        posterior: Gaussians<'_, T>,
        z: &[T],
        to: Option<Parts<'_, T>>,
    ) -> Result<Decomposition, Error> {
        let Some(turned) = Turned::new(posterior)? else { return Err(Error::Empty) };
        let (batch, latent) = (turned.batch, turned.latent);
        self.checked(batch)?;
        shape(z.len(), batch * latent)?;
        let z: Vec<f64> = z.iter().map(|&x| x.into()).collect();
        if let Some(index) = z.iter().position(|x| !x.is_finite()) {
            return Err(Error::NotFinite { side: Side::Q, index });
        }
        for to in to.iter().flat_map(|to| [&to.z, &to.mean, &to.ln_variance]) {
            shape(to.len(), batch * latent)?;
        }
        let size = batch.div_ceil(PIECES);
        let pieces = (0..batch).step_by(size).map(|first| first..(first + size).min(batch)).collect();
        let found = each(pieces, side::Block::default, &|block: &mut side::Block<f64>, samples| {
            self.samples(&turned, &z, samples, block)
        });
        let found = found.into_iter().collect::<Result<Vec<_>, _>>()?;
        let mean =
            |part: usize| found.iter().fold(Sum::ZERO, |sum, x| sum + x.parts[part].value()).value() / batch as f64;
        let [mutual_information, total_correlation, dimension_wise] = [mean(0), mean(1), mean(2)];
        if let Some(to) = to {
            for (to, x) in to.z.iter_mut().zip(found.iter().flat_map(|x| &x.z)) {
                *to = T::rounded(*x);
            }
            for (to, of) in [(to.mean, (|x| &x.mean) as fn(&Found) -> &Vec<f64>), (to.ln_variance, |x| &x.ln_variance)]
            {
                for (i, to) in to.iter_mut().enumerate() {
                    let at = (i % latent) * batch + i / latent;
                    *to = T::rounded(found.iter().map(|x| of(x)[at]).sum());
                }
            }
        }
        let value = self.mutual_information * mutual_information
            + self.total_correlation * total_correlation
            + self.dimension_wise * dimension_wise;
        Ok(Decomposition { value, mutual_information, total_correlation, dimension_wise })
    }

    fn checked(&self, batch: usize) -> Result<(), Error> {
        let weights = [self.mutual_information, self.total_correlation, self.dimension_wise];
        if let Some(&value) = weights.iter().find(|x| !x.is_finite()) {
            return Err(Error::Parameter { name: "weight", value, expected: "a finite number" });
        }
        let data = self.weighting.data();
        if data < batch {
            return Err(Error::Parameter { name: "data", value: data as f64, expected: "at least the batch" });
        }
        match self.weighting {
            Weighting::Stratified { .. } if batch == 1 => Err(Error::Parameter {
                name: "batch",
                value: 1.0,
                expected: "at least 2 samples where it is stratified",
            }),
            _ => Ok(()),
        }
    }

    fn samples(
        &self,
        turned: &Turned,
        z: &[f64],
        samples: core::ops::Range<usize>,
        block: &mut side::Block<f64>,
    ) -> Result<Found, Error> {
        let (batch, latent) = (turned.batch, turned.latent);
        let level = Level::new();
        let mut found = Found {
            z: Vec::with_capacity(samples.len() * latent),
            mean: vec![0.0; batch * latent],
            ln_variance: vec![0.0; batch * latent],
            parts: [Sum::ZERO; 3],
        };
        // ln q(z_d|x_j) with the weight of j, for each d and j; the same of z as a whole; and the slopes for both.
        let mut each = vec![0.0; batch * latent];
        let mut slopes = vec![0.0; batch];
        let scale = 1.0 / batch as f64;
        let of_joint = (self.total_correlation - self.mutual_information) * scale;
        let of_each = (self.dimension_wise - self.total_correlation) * scale;
        for i in samples {
            let z = &z[i * latent..(i + 1) * latent];
            let weights: Vec<f64> = (0..batch).map(|j| self.weighting.ln_weight(i, j, batch)).collect();
            let mut joint = weights.clone();
            for (d, row) in each.chunks_exact_mut(batch).enumerate() {
                turned.ln_density(d, z[d], row);
                for ((joint, x), weight) in joint.iter_mut().zip(row).zip(&weights) {
                    *joint += *x;
                    *x += weight;
                }
            }
            let own = joint[i] - weights[i];
            let mut mass =
                |row: &[f64]| side::mass(level, row, Temperature::ONE, block).map_err(|reason| reason.at(i, i));
            let of_all = mass(&joint)?;
            let masses: Vec<_> = each.chunks_exact(batch).map(&mut mass).collect::<Result<_, _>>()?;
            let ln_q = of_all.ln();
            let ln_product: f64 = masses.iter().map(|mass| mass.ln()).sum();
            let ln_prior: f64 = z.iter().map(|z| -0.5 * z * z - HALF_LN_TAU).sum();
            let parts = [own - ln_q, ln_q - ln_product, ln_product - ln_prior];
            for (sum, part) in found.parts.iter_mut().zip(parts) {
                *sum = *sum + part;
            }

            let mut shared = vec![0.0; batch];
            side::add_softmax(level, &joint, &of_all, Temperature::ONE, of_joint, &mut shared, block);
            shared[i] += self.mutual_information * scale;
            for (d, (row, mass)) in each.chunks_exact(batch).zip(&masses).enumerate() {
                slopes.copy_from_slice(&shared);
                side::add_softmax(level, row, mass, Temperature::ONE, of_each, &mut slopes, block);
                let by_z = turned.chain(d, z[d], &slopes, &mut found);
                found.z.push(by_z + self.dimension_wise * scale * z[d]);
            }
        }
        Ok(found)
    }
}

impl Turned {
    fn new<T: Weight>(posterior: Gaussians<'_, T>) -> Result<Option<Self>, Error> {
        if let Some(index) = posterior.not_finite() {
            return Err(Error::NotFinite { side: Side::P, index });
        }
        let (batch, latent) = (posterior.len(), posterior.latent());
        let [mean, ln_variance] = posterior.part(0, batch * latent).map(|from| {
            let at = |i: usize| from[(i % batch) * latent + i / batch].into();
            (0..batch * latent).map(at).collect::<Vec<f64>>()
        });
        let precision = ln_variance.iter().map(|x| (-x).exp()).collect();
        Ok((batch > 0).then_some(Self { latent, batch, mean, ln_variance, precision }))
    }

    fn of(&self, d: usize) -> [&[f64]; 3] {
        [&self.mean, &self.ln_variance, &self.precision].map(|of| &of[d * self.batch..(d + 1) * self.batch])
    }

    /// ln N(z; μ_j, σ_j²) in dimension `d`, for each j.
    fn ln_density(&self, d: usize, z: f64, to: &mut [f64]) {
        let [mean, ln_variance, precision] = self.of(d);
        for (((to, mean), ln_variance), precision) in to.iter_mut().zip(mean).zip(ln_variance).zip(precision) {
            let off = z - mean;
            *to = -0.5 * (off * off * precision + ln_variance) - HALF_LN_TAU;
        }
    }

    /// The chain rule from slopes for these densities; returns what comes to z.
    fn chain(&self, d: usize, z: f64, slopes: &[f64], to: &mut Found) -> f64 {
        let [mean, _, precision] = self.of(d);
        let here = d * self.batch..(d + 1) * self.batch;
        let by = to.mean[here.clone()].iter_mut().zip(&mut to.ln_variance[here]);
        let mut by_z = 0.0;
        for (((slope, mean), precision), (by_mean, by_ln_variance)) in slopes.iter().zip(mean).zip(precision).zip(by) {
            let off = z - mean;
            let pull = slope * off * precision;
            by_z -= pull;
            *by_mean += pull;
            *by_ln_variance += 0.5 * (pull * off - slope);
        }
        by_z
    }
}
