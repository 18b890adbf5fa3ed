use crate::discrete::Weight;
use crate::logits::shape;
use crate::num::Real as _;
use crate::{Error, Side};

use super::penalty::{Slopes, Swept};
use super::{LatentLoss, Penalty};

/// KL from Gaussians with full covariance, N(μ, LLᵀ) for each sample, to N(0, I):
/// ½ (|μ|² + Σ_{i>j} L_ij² + Σ_i (L_ii² − 1 − ln L_ii²)), whose terms are never negative.
///
/// Each sample has `latent` means and `latent²` entries of its lower triangular factor L, row by row; entries above the
/// diagonal are not looked at, and their gradient is 0. To a [`Penalty`] all dimensions together are one.
///
/// ```
/// use kullback::loss::latent::{FullGaussianKl, Penalty};
/// let (mean, scale_tril) = ([1.0, 0.0], [1.0, 0.0, 0.5, 2.0]);
/// let (mut by_mean, mut by_tril) = ([0.0; 2], [0.0; 4]);
/// let to = (&mut by_mean[..], &mut by_tril[..]);
/// let loss = FullGaussianKl::to_standard(&mean, &scale_tril, 2)?.loss(Penalty::beta(1.0), Some(to))?;
/// assert!((loss.value - 0.5 * (1.0 + 0.25 + 3.0 - 4f64.ln())).abs() < 1e-15);
/// assert_eq!((by_mean, by_tril), ([1.0, 0.0], [0.0, 0.0, 0.5, 1.5]));
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct FullGaussianKl<'a, T> {
    mean: &'a [T],
    scale_tril: &'a [T],
    latent: usize,
}

impl<'a, T: Weight> FullGaussianKl<'a, T> {
    /// From each sample to N(0, I).
    ///
    /// # Errors
    /// [`Error::Empty`] for no dimensions; [`Error::Shape`] for an incomplete sample or another number of factors than of
    /// means.
    pub fn to_standard(mean: &'a [T], scale_tril: &'a [T], latent: usize) -> Result<Self, Error> {
        if latent == 0 {
            return Err(Error::Empty);
        }
        shape(mean.len(), mean.len().next_multiple_of(latent))?;
        shape(scale_tril.len(), mean.len() * latent)?;
        Ok(Self { mean, scale_tril, latent })
    }

    /// The divergence of each sample.
    ///
    /// # Errors
    /// [`Error::Shape`] for a buffer of another length than the batch; [`Error::Parameter`] for a diagonal entry that is
    /// not positive, [`Error::NotFinite`] (with the index of a mean, or that of an entry of L after all means).
    pub fn per_sample_into(&self, values: &mut [f64]) -> Result<(), Error> {
        shape(values.len(), self.mean.len() / self.latent)?;
        values.copy_from_slice(&self.sweep(&Slopes::All(0.0), &mut None)?.samples);
        Ok(())
    }

    /// The penalty, and its gradients for the means and for L where they are wanted. Without samples it is 0.
    ///
    /// # Errors
    /// As [`per_sample_into`](Self::per_sample_into), and [`Error::Parameter`] for a penalty out of range.
    pub fn loss(&self, penalty: Penalty, mut to: Option<(&mut [T], &mut [T])>) -> Result<LatentLoss, Error> {
        if let Some((mean, scale_tril)) = &to {
            shape(mean.len(), self.mean.len())?;
            shape(scale_tril.len(), self.scale_tril.len())?;
        }
        penalty.of(self.mean.len() / self.latent, to.is_some(), |slopes| match slopes {
            None => self.sweep(&Slopes::All(0.0), &mut None),
            Some(slopes) => self.sweep(slopes, &mut to),
        })
    }

    fn sweep(&self, slopes: &Slopes, to: &mut Option<(&mut [T], &mut [T])>) -> Result<Swept, Error> {
        let d = self.latent;
        let mut values = Vec::with_capacity(self.mean.len() / d);
        for (sample, (mean, factor)) in self.mean.chunks_exact(d).zip(self.scale_tril.chunks_exact(d * d)).enumerate() {
            let slope = slopes.of(sample, 0);
            let mut twice = 0.0;
            for (i, &m) in mean.iter().enumerate() {
                let at = sample * d + i;
                let m = self.finite(m, at)?;
                twice += m * m;
                if let Some((to, _)) = to {
                    to[at] = T::rounded(slope * m);
                }
                for (j, &entry) in factor[i * d..(i + 1) * d].iter().enumerate() {
                    let at = sample * d * d + i * d + j;
                    let by = match j.cmp(&i) {
                        core::cmp::Ordering::Greater => 0.0,
                        core::cmp::Ordering::Less => {
                            let x = self.finite(entry, self.mean.len() + at)?;
                            twice += x * x;
                            x
                        }
                        core::cmp::Ordering::Equal => {
                            let x = self.finite(entry, self.mean.len() + at)?;
                            let (term, by) = diagonal(x)?;
                            twice += term;
                            by
                        }
                    };
                    if let Some((_, to)) = to {
                        to[at] = T::rounded(slope * by);
                    }
                }
            }
            values.push(0.5 * twice);
        }
        Ok(Swept::of_entries(&values, 1))
    }

    fn finite(&self, x: T, index: usize) -> Result<f64, Error> {
        let x: f64 = x.into();
        if x.is_finite() { Ok(x) } else { Err(Error::NotFinite { side: Side::P, index }) }
    }
}

/// x² − 1 − ln x² and half its slope.
fn diagonal(x: f64) -> Result<(f64, f64), Error> {
    if x <= 0.0 {
        return Err(Error::Parameter { name: "scale_tril", value: x, expected: "above 0 on the diagonal" });
    }
    let growth = (x - 1.0) * (x + 1.0);
    // Far from 1 nothing cancels, and the square may overflow or vanish.
    let near = (0.5..=2.0).contains(&x);
    let term = if near { f64::kl_term(1.0, x * x, growth) } else { growth - 2.0 * x.ln() };
    Ok((term, growth / x))
}
