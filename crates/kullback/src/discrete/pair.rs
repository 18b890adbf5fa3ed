use core::cell::OnceCell;

use crate::divergence::{Generator, Point, Sums};
use crate::error::RowError;
use crate::num::Real;
use crate::num::simd::Level;
use crate::state::{Mass, Total};
use crate::{Error, Side};

use super::frame::{self, Frame, edge};
use super::kernel::{self, BLOCK};
use super::weight::Weight;
use super::{chunks, wide};

/// Two vectors of weights, to be measured by any number of divergences.
///
/// The masses are found once, in the first pass that any measure makes; KL and its reverse need no other.
///
/// ```
/// use kullback::{Divergence, Kl, Pair, TotalVariation};
/// let pair = Pair::new(&[1.0, 2.0, 1.0], &[1.0, 1.0, 2.0])?;
/// let (kl, tv) = (Kl.evaluate(&pair)?, TotalVariation.evaluate(&pair)?);
/// assert!(tv <= (kl / 2.0).sqrt()); // Pinsker
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Pair<'a, T> {
    p: &'a [T],
    q: &'a [T],
    level: Level,
    mass: OnceCell<Mass>,
}

impl<'a, T: Weight> Pair<'a, T> {
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::Empty`]. The weights themselves are looked at in the first pass.
    pub fn new(p: &'a [T], q: &'a [T]) -> Result<Self, Error> {
        Self::at_level(p, q, Level::new())
    }

    pub(crate) fn at_level(p: &'a [T], q: &'a [T], level: Level) -> Result<Self, Error> {
        if p.len() != q.len() {
            return Err(Error::LengthMismatch { p: p.len(), q: q.len() });
        }
        if p.is_empty() {
            return Err(Error::Empty);
        }
        Ok(Self { p, q, level, mass: OnceCell::new() })
    }

    /// Σ φ over the weights as they are, not normalised.
    pub(crate) fn raw_sum<G: Generator>(&self, generator: G) -> Result<f64, Error> {
        let (mass, total) = self.totals(generator, Frame::RAW);
        self.accept(mass)?;
        let sum = raw(generator, &total, 1.0);
        Ok(if mass.high <= f64::MAX.sqrt() && sum.is_finite() {
            sum
        } else {
            wide::sum(generator, self.p, self.q, Frame::RAW.into()).0.value()
        })
    }

    /// The terms of all categories, and the masses unless they are known.
    fn totals<G: Generator>(&self, generator: G, frame: Frame) -> (Mass, Total) {
        let (level, known) = (self.level, self.mass.get());
        chunks::fold(self.p, self.q, |p, q| kernel::totals(level, generator, p, q, frame, known))
    }

    /// Both masses, looking at the weights if nothing has yet.
    pub(crate) fn mass(&self) -> Result<&Mass, RowError> {
        match self.mass.get() {
            Some(mass) => Ok(mass),
            None => {
                let level = self.level;
                self.accept(chunks::fold(self.p, self.q, |p, q| kernel::masses(level, p, q)))
            }
        }
    }

    /// Keeps the masses of a complete pass if every weight was a valid one.
    fn accept(&self, mass: Mass) -> Result<&Mass, RowError> {
        frame::check(&mass, self.p, self.q)?;
        Ok(self.mass.get_or_init(|| mass))
    }

    /// One pass for a generator with a chain rule: the sum over unnormalised weights less the term of the totals.
    ///
    /// The masses are not known yet, so their ratio is guessed to a power of two from the first block. `None` where the
    /// guess was so far off that the subtraction would cost digits.
    fn sum_once<G: Generator>(&self, generator: G, side: Side) -> Result<Option<f64>, Error> {
        let head = self.p.len().min(BLOCK);
        let first = kernel::masses(self.level, &self.p[..head], &self.q[..head]);
        let Some(guess) = Frame::normalising(&first) else { return Ok(None) };
        let ratio = guess.ratio.log2().round().exp2_integer();
        let (mass, total) = self.totals(generator, Frame { ratio, ..Frame::RAW });
        let mass = self.accept(mass)?;
        if Frame::normalising(mass).is_none() {
            return Ok(None);
        }
        let (p, q) = (mass.p.value() * ratio, mass.q.value());
        let of_totals = generator.term(Point::new(p, q, total.mismatch.value(), 1.0));
        let sum = raw(generator, &total, ratio);
        // A quarter costs less than half a bit.
        let exact = of_totals <= sum * 0.25 && total.sum.value().is_finite();
        Ok(exact.then_some((sum - of_totals) / if side == Side::P { p } else { q }))
    }
}

impl<T: Weight> Sums for Pair<'_, T> {
    fn sum<G: Generator>(&self, generator: G) -> Result<f64, Error> {
        // A single block is in cache for its second pass.
        if let (Some(side), None, true) = (G::CHAIN, self.mass.get(), self.p.len() > BLOCK)
            && let Some(sum) = self.sum_once(generator, side)?
        {
            return Ok(sum);
        }
        let mass = self.mass()?;
        let mut frame = Frame::normalising(mass);
        while let Some(scale) = frame {
            let (_, total) = self.totals(generator, scale);
            if !total.sum.value().is_finite() {
                break;
            }
            let value = Frame::finish(generator, &total, mass);
            frame = scale.refined::<T, G>(&total, value);
            if frame.is_none() {
                return Ok(value);
            }
        }
        Ok(wide::normalised_sum(generator, self.p, self.q).value())
    }

    fn ln_sum<G: Generator>(&self, generator: G) -> Result<f64, Error> {
        let sum = self.sum(generator)?;
        Ok(if (1e-250..=1e250).contains(&sum) {
            sum.ln()
        } else {
            wide::normalised_sum(generator, self.p, self.q).ln()
        })
    }
}

/// Σ φ of unnormalised weights, those of P times `ratio`.
fn raw<G: Generator>(generator: G, total: &Total, ratio: f64) -> f64 {
    total.sum.value()
        + edge(generator.at_zero(), total.only_q.value())
        + edge(generator.at_infinity(), total.only_p.value() * ratio)
}
