use core::cell::OnceCell;

use crate::divergence::{Generator, Kl, Measure, Sums};
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

    /// Σ (p ln(p/q) − p + q) over the weights as they are, not normalised.
    pub(crate) fn generalized_kl(&self) -> Result<f64, Error> {
        let (mass, sum) = self.raw_kl(Side::P)?;
        let limit = f64::MAX.sqrt();
        Ok(if mass.p.value() <= limit && mass.q.value() <= limit && !sum.is_nan() {
            sum
        } else {
            wide::sum(Kl, self.p, self.q, &Frame::RAW.into()).0.value()
        })
    }

    /// One pass: the masses, and the sum of KL's terms with the weights as they are, from one side to the other. The sum
    /// is NaN where the vectors overflowed.
    fn raw_kl(&self, from: Side) -> Result<(Mass, f64), Error> {
        let level = self.level;
        let (p, q) = if from == Side::P { (self.p, self.q) } else { (self.q, self.p) };
        let (mass, total) = chunks::fold(p, q, |p, q| kernel::kl(level, p, q));
        self.accept(if from == Side::P { mass } else { Mass { p: mass.q, q: mass.p, ..mass } })?;
        let sum = total.sum.value();
        let edges = edge(Kl.at_zero(), total.only_q.value(), 1.0) + edge(Kl.at_infinity(), total.only_p.value(), 1.0);
        Ok((mass, if sum.is_finite() { sum + edges } else { f64::NAN }))
    }

    /// Σ φ per unit of mass, and what the terms' pass kept of it; `None` where the vectors overflowed.
    fn sum_in<G: Generator>(&self, generator: G, frame: Frame, mass: &Mass) -> Option<(f64, Total)> {
        let level = self.level;
        let total = chunks::fold(self.p, self.q, |p, q| kernel::totals(level, generator, p, q, frame, mass));
        total.sum.value().is_finite().then(|| (Frame::finish(generator, &total, mass), total))
    }

    /// By what part of the mass the scaled sides differ.
    fn off(&self, frame: Frame) -> f64 {
        let level = self.level;
        chunks::fold(self.p, self.q, |p, q| kernel::mismatch(level, p, q, frame)).value() / frame.mass
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

    /// KL from one side to the other in one pass, by the chain rule: `Σ φ(p, q) = φ(Σp, Σq) + Σp · KL` for weights as they
    /// are.
    ///
    /// `None` where the masses differ so much, or the sides so little, that the subtraction would cost digits.
    fn kl_at_once(&self, from: Side) -> Result<Option<f64>, Error> {
        if !self.alike() {
            return Ok(None);
        }
        let (mass, sum) = self.raw_kl(from)?;
        if Frame::normalising(&mass).is_none() {
            return Ok(None);
        }
        let (p, q, difference) = (mass.p.value(), mass.q.value(), (mass.q - mass.p).value());
        let of_totals = f64::kl_term(p, q, difference);
        let value = (sum - of_totals) / p;
        // A quarter costs less than half a bit; and a mass is off by about a quarter of what is negligible, which the term
        // of the totals multiplies by their difference.
        let exact = of_totals <= sum * 0.25 && difference.abs() / q <= value * 4.0;
        // Where the masses agree it is the square of their rounding that is missed.
        let exact = exact && !Frame::shows::<T, Kl>(T::MASS_ERROR, value);
        Ok(exact.then_some(value))
    }

    /// A guess whether the masses are near each other. Most inputs are normalised already, so a short one, which is in
    /// cache if it has to be read again, is not looked at.
    fn alike(&self) -> bool {
        let masses = match self.mass.get() {
            Some(mass) => *mass,
            None if self.p.len() <= BLOCK => return true,
            None => kernel::masses(self.level, &self.p[..BLOCK], &self.q[..BLOCK]),
        };
        Frame::normalising(&masses).is_none_or(|frame| frame.is_ordinary(1.5))
    }
}

impl<T: Weight> Sums for Pair<'_, T> {
    fn measure(&self, measure: Measure) -> Result<f64, Error> {
        T::evaluate(self, measure)
    }

    fn sum<G: Generator>(&self, generator: G) -> Result<f64, Error> {
        if let Some(from) = G::KL_FROM
            && let Some(kl) = self.kl_at_once(from)?
        {
            return Ok(kl);
        }
        let mass = self.mass()?;
        if let Some(frame) = Frame::normalising(mass)
            && let Some((value, total)) = self.sum_in(generator, frame, mass)
        {
            if !Frame::shows::<T, G>(T::MASS_ERROR, value) {
                return Ok(value);
            }
            let off = if G::ORDER == 1 { total.mismatch.value() / frame.mass } else { self.off(frame) };
            if !Frame::shows::<T, G>(off, value) {
                return Ok(value);
            }
            if let Some((value, _)) = self.sum_in(generator, frame.refined(off), mass)
                && !Frame::shows::<T, G>(T::REFINED_ERROR, value)
            {
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
