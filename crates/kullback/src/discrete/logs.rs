use crate::divergence::{Generator, Point, Sums};
use crate::num::Real;
use crate::num::wide::Wide;
use crate::state::{LogMass, Reference, Sum, Temperature};
use crate::{Error, Side};

use super::frame::finite;
use super::weight::sealed::Vectorised as _;
use super::wide::{WideSum, WideTotal};

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

    fn frame(&self) -> LogFrame {
        let ln = |mass: &LogMass| mass.sum.value().ln();
        let at = |mass: &LogMass| Reference::of(mass.max, Temperature::ONE, f64::DIGITS);
        let (ln_p, ln_q) = (ln(&self.mass.0), ln(&self.mass.1));
        let (p, q) = (at(&self.mass.0), at(&self.mass.1));
        let ratio = (Sum::from(q.high) + -p.high) + ((q.low - p.low) + (ln_q - ln_p));
        LogFrame { p: [p.high, p.low + ln_p], q: [q.high, q.low + ln_q], ratio: ratio.parts(), excess: 0.0 }
    }

    /// Σ φ, every category with an unbounded exponent, and the frame in which it was computed.
    fn wide_sum<G: Generator>(&self, generator: G) -> (Wide, LogFrame) {
        let frame = self.frame();
        let (value, mismatch) = self.sum_in(generator, frame);
        // The logarithms of the masses are rounded; near equality that shows, as in `Frame::refined`.
        let off = mismatch.value();
        if off.abs().powi(G::ORDER) > f64::NEGLIGIBLE * value.value() {
            let frame = LogFrame { excess: off, ..frame };
            return (self.sum_in(generator, frame).0, frame);
        }
        (value, frame)
    }

    /// The sum, and the mismatch of the masses.
    fn sum_in<G: Generator>(&self, generator: G, frame: LogFrame) -> (Wide, Wide) {
        let mut total = WideTotal::ZERO;
        for (&a, &b) in self.p.iter().zip(self.q) {
            total.add(generator, frame.point(a, b));
        }
        total.finish::<G>(Wide::ONE)
    }

    /// Calls `write` with each category's ∂/∂a and ∂/∂b of the sum times `factor`.
    pub(crate) fn slopes<G: Generator>(&self, generator: G, factor: f64, write: &mut dyn FnMut(usize, f64, f64)) {
        let (_, frame) = self.wide_sum(generator);
        self.slopes_in(generator, frame, Wide::new(factor), write);
    }

    /// The same of the sum's logarithm.
    pub(crate) fn logarithm_slopes<G: Generator>(
        &self,
        generator: G,
        factor: f64,
        write: &mut dyn FnMut(usize, f64, f64),
    ) {
        let (sum, frame) = self.wide_sum(generator);
        self.slopes_in(generator, frame, Wide::new(factor) / sum, write);
    }

    fn slopes_in<G: Generator>(
        &self,
        generator: G,
        frame: LogFrame,
        factor: Wide,
        write: &mut dyn FnMut(usize, f64, f64),
    ) {
        let slopes = |x: Point<Wide>| match (x.p == Wide::ZERO, x.q == Wide::ZERO) {
            (false, false) => {
                let slope = generator.slope_q(x);
                (generator.term(x) - slope, slope)
            }
            // Where a divergence is infinite the gradient is that of its finite part.
            (_, true) => (x.p * finite(generator.at_infinity()), Wide::ZERO),
            (true, _) => (Wide::ZERO, x.q * finite(generator.at_zero())),
        };
        let points = || self.p.iter().zip(self.q).map(|(&a, &b)| frame.point(a, b));
        let (mut total_p, mut total_q) = (WideSum::ZERO, WideSum::ZERO);
        for x in points() {
            let (by_p, by_q) = slopes(x);
            (total_p, total_q) = (total_p.add(by_p), total_q.add(by_q));
        }
        let (total_p, total_q) = (total_p.value(), total_q.value());
        for (index, x) in points().enumerate() {
            let (by_p, by_q) = slopes(x);
            let [by_p, by_q] = [by_p - x.p * total_p, by_q - x.q * total_q].map(|slope| (slope * factor).value());
            write(index, by_p, by_q);
        }
    }
}

/// What turns logarithms of weights into probabilities.
#[derive(Debug, Clone, Copy)]
struct LogFrame {
    /// The reference and the rest of ln Σ, subtracted one after the other: the first is exact near it.
    p: [f64; 2],
    q: [f64; 2],
    /// The same for ln(q/p).
    ratio: [f64; 2],
    /// By how much the mass of Q is then still too large.
    excess: f64,
}

impl LogFrame {
    fn point(&self, a: f64, b: f64) -> Point<Wide> {
        let p = Wide::new((a - self.p[0]) - self.p[1]).exp();
        let q = Wide::new((b - self.q[0]) - self.q[1]).exp();
        let log_ratio = ((b - a) - self.ratio[0]) - self.ratio[1];
        let near = log_ratio.abs() < 1.0;
        let difference = if near { p * (log_ratio.exp_m1() - self.excess * log_ratio.exp()) } else { q - p };
        Point::new(p, q, difference, Wide::ONE)
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
        Ok(self.wide_sum(generator).0.value())
    }

    fn ln_sum<G: Generator>(&self, generator: G) -> Result<f64, Error> {
        Ok(self.wide_sum(generator).0.ln())
    }
}
