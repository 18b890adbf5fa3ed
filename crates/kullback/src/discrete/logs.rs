use crate::divergence::{Generator, Point, Sums};
use crate::num::Real;
use crate::num::wide::Wide;
use crate::state::LogMass;
use crate::{Error, Side};

use super::weight::sealed::Vectorised as _;
use super::wide::WideTotal;

/// Two vectors of log-probabilities (or logarithms of weights), to be measured by any number of divergences.
///
/// They are normalised exactly; −∞ is no mass. A difference of logarithms is taken before any exponential, so equality
/// keeps its digits and no probability is too small.
///
/// ```
/// use kullback::{Divergence, Kl, LogPair};
/// let pair = LogPair::new(&[-1000.0, -1000.0], &[-1000.0, f64::NEG_INFINITY])?;
/// assert_eq!(Kl.evaluate(&pair)?, f64::INFINITY);
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct LogPair<'a> {
    p: &'a [f64],
    q: &'a [f64],
    mass: (LogMass, LogMass),
}

impl<'a> LogPair<'a> {
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::Empty`], [`Error::NotFinite`] for NaN and +∞, [`Error::ZeroMass`] for a side
    /// that is −∞ everywhere.
    pub fn new(p: &'a [f64], q: &'a [f64]) -> Result<Self, Error> {
        if p.len() != q.len() {
            return Err(Error::LengthMismatch { p: p.len(), q: q.len() });
        }
        if p.is_empty() {
            return Err(Error::Empty);
        }
        Ok(Self { p, q, mass: (mass(p, Side::P)?, mass(q, Side::Q)?) })
    }

    /// Σ φ, every category with an unbounded exponent.
    fn wide_sum<G: Generator>(&self, generator: G) -> Wide {
        let (value, mismatch) = self.sum_shifted(generator, 0.0);
        // The logarithms of the masses are rounded; near equality that shows, as in `Frame::refined`.
        let off = mismatch.value();
        if off.abs().powi(G::ORDER) > f64::NEGLIGIBLE * value.value() {
            return self.sum_shifted(generator, off).0;
        }
        value
    }

    /// The sum with Q scaled down by a further `e^shift`, and the mismatch of the masses.
    fn sum_shifted<G: Generator>(&self, generator: G, shift: f64) -> (Wide, Wide) {
        let (ln_p, ln_q) = (self.mass.0.sum.value().ln(), self.mass.1.sum.value().ln());
        let (max_p, max_q) = (self.mass.0.max, self.mass.1.max);
        let mut total = WideTotal::ZERO;
        for (&a, &b) in self.p.iter().zip(self.q) {
            // The maximum and the logarithm of the sum are subtracted one after the other: the first is exact near it.
            let [p, q] = [(a - max_p) - ln_p, (b - max_q) - ln_q].map(|x| Wide::new(x).exp());
            let log_ratio = ((b - a) - (max_q - max_p)) - (ln_q - ln_p);
            let near = log_ratio.abs() < 1.0;
            let difference = if near { p * (log_ratio.exp_m1() - shift * log_ratio.exp()) } else { q - p };
            total.add(generator, Point { p, q, difference, mass: Wide::ONE });
        }
        total.finish::<G>(Wide::ONE)
    }
}

fn mass(logs: &[f64], side: Side) -> Result<LogMass, Error> {
    if let Some(index) = logs.iter().position(|x| x.is_nan() || *x == f64::INFINITY) {
        return Err(Error::NotFinite { side, index });
    }
    let mass = LogMass::of(logs);
    if mass.max == f64::NEG_INFINITY { Err(Error::ZeroMass { side }) } else { Ok(mass) }
}

impl Sums for LogPair<'_> {
    fn sum<G: Generator>(&self, generator: G) -> Result<f64, Error> {
        Ok(self.wide_sum(generator).value())
    }

    fn ln_sum<G: Generator>(&self, generator: G) -> Result<f64, Error> {
        Ok(self.wide_sum(generator).ln())
    }
}
