use crate::Error;
use crate::divergence::Divergence;
use crate::num::simd::Level;
use crate::state::{LogitMass, Temperature};

use super::part::{Chain, Part, outer};
use super::workspace::Workspace;
use super::{Frame, Logit, Terms, row};

/// A part of the vocabulary of one row: what a rank, a thread or a chunk holds of it.
///
/// Each shard gives its [`LogitMass`]; merged, they are the [`Frame`] of the row. In it each gives its [`Terms`]; merged,
/// they are the value, and with them each writes its part of the gradient. Where shards begin at multiples of 2048 the
/// numbers are those of the whole row: states are kept to 106 bits and rescaled by powers of two.
///
/// ```
/// use kullback::logits::Shard;
/// use kullback::state::Merge;
/// use kullback::{Divergence, JensenShannon};
/// let (p, q) = ([1.0, 0.5, 0.0, -1.0], [0.0, 0.0, 1.0, 1.0]);
/// let shards = [Shard::new(&p[..2], &q[..2])?, Shard::new(&p[2..], &q[2..])?];
///
/// let frame = shards[0].frame(shards[0].mass()?.merge(shards[1].mass()?))?;
/// let [first, second] = shards.map(|shard| shard.terms(JensenShannon::HALF, &frame));
/// let terms = first?.merge(second?);
/// let whole = JensenShannon::HALF.between_logits(&p, &q)?;
/// assert!((frame.value(JensenShannon::HALF, &terms) - whole).abs() < 1e-15);
///
/// let mut gradient = [0.0; 2];
/// shards[0].gradient_into(JensenShannon::HALF, &frame, &terms, 1.0, &mut [], &mut gradient)?;
/// assert!(gradient[0] < 0.0);
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Shard<'a, T> {
    level: Level,
    p: &'a [T],
    q: &'a [T],
    temperature: Temperature,
}

impl<'a, T: Logit> Shard<'a, T> {
    /// The same part on both sides, temperature 1.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn new(p: &'a [T], q: &'a [T]) -> Result<Self, Error> {
        if p.len() != q.len() {
            return Err(Error::LengthMismatch { p: p.len(), q: q.len() });
        }
        Ok(Self { level: Level::new(), p, q, temperature: Temperature::ONE })
    }

    /// Divides all logits by `temperature`, which is the same for all shards.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless it is positive and finite.
    pub fn with_temperature(self, temperature: f64) -> Result<Self, Error> {
        Ok(Self { temperature: Temperature::checked(temperature)?, ..self })
    }

    /// What is done to the part, in the precision of the kernels.
    fn with<O>(&self, run: impl FnOnce(Part<'_, T::Real>, &mut Workspace<T::Real>) -> O) -> O {
        let (mut p, mut q) = (Vec::new(), Vec::new());
        let (p, q) = (T::widened(self.p, &mut p), T::widened(self.q, &mut q));
        run(Part { level: self.level, p, q, temperature: self.temperature }, &mut Workspace::default())
    }

    /// The first pass.
    ///
    /// # Errors
    /// [`Error::NotFinite`] for NaN and +∞, with the index in this shard.
    pub fn mass(&self) -> Result<LogitMass, Error> {
        Ok(self.with(|part, work| part.scan(work, false))?)
    }

    /// The frame of the row whose shards' masses merge to `mass`.
    ///
    /// # Errors
    /// [`Error::ZeroMass`] where all of one side is masked.
    pub fn frame(&self, mass: LogitMass) -> Result<Frame, Error> {
        Ok(row::frame::<T::Real>(mass, self.temperature)?)
    }

    /// The second pass. Where [`Frame::refined`] has a better frame it is to be repeated in that one.
    ///
    /// # Errors
    /// As [`mass`](Shard::mass).
    pub fn terms<D: Divergence>(&self, divergence: D, frame: &Frame) -> Result<Terms, Error> {
        self.with(|part, work| {
            part.scan(work, true)?;
            // Slopes are summed where they are wanted, and gradients will need the sum.
            Ok(part.terms(divergence.generator(), frame, work, [false, true]))
        })
    }

    /// Writes the gradient of the row's value times `factor` for the shard's logits of P and of Q; `terms` are those of
    /// the whole row. An empty slice is not written. Of Rényi and Bhattacharyya divergences of α < 1 the slopes cancel
    /// as what is left of Σ p^α q^(1−α) does, which whole rows' do not.
    ///
    /// # Errors
    /// [`Error::Shape`] for a slice that is neither empty nor as long as the shard; otherwise as [`mass`](Shard::mass).
    pub fn gradient_into<D: Divergence>(
        &self,
        divergence: D,
        frame: &Frame,
        terms: &Terms,
        factor: f64,
        to_p: &mut [T],
        to_q: &mut [T],
    ) -> Result<(), Error> {
        for len in [to_p.len(), to_q.len()] {
            if len != 0 && len != self.p.len() {
                return Err(Error::Shape { len, needed: self.p.len() });
            }
        }
        self.with(|part, work| {
            part.scan(work, true)?;
            let wanted = [!to_p.is_empty(), !to_q.is_empty()];
            let chain = match frame.at_once::<D::Generator>() {
                Some(sum) if !wanted[0] => {
                    Chain::Weights { factor: factor * outer(divergence, sum, divergence.finish(sum)) }
                }
                _ => {
                    part.terms(divergence.generator(), frame, work, wanted);
                    Chain::of(divergence, frame, terms, frame.value(divergence, terms), factor)
                }
            };
            if let (Some(to_p), Some(to_q)) = (T::direct(&mut *to_p), T::direct(&mut *to_q)) {
                part.gradient(&chain, frame, work, (to_p, to_q));
                return Ok(());
            }
            let [mut by_p, mut by_q] = [&*to_p, &*to_q].map(|to| vec![<T::Real>::default(); to.len()]);
            part.gradient(&chain, frame, work, (&mut by_p, &mut by_q));
            T::narrow(&by_p, to_p);
            T::narrow(&by_q, to_q);
            Ok(())
        })
    }
}
