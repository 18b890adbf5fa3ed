use core::cell::OnceCell;

use crate::discrete::LogPair;
use crate::divergence::{Divergence, Generator, Sums};
use crate::error::RowError;
use crate::num::simd::Level;
use crate::state::{LogitMass, Temperature};
use crate::{Error, Side};

use super::Logit;
use super::frame::{Frame, Terms};
use super::parts;

/// One row of logits on both sides.
pub(crate) struct Row<'a, T> {
    level: Level,
    p: &'a [T],
    q: &'a [T],
    frame: Frame,
    /// Both rows as logarithms of weights in double precision, for what the vectors cannot hold.
    logs: OnceCell<(Vec<f64>, Vec<f64>)>,
}

/// The first pass over a row, or over a part of it.
pub(crate) fn scan<T: Logit>(level: Level, p: &[T], q: &[T], temperature: Temperature) -> Result<LogitMass, RowError> {
    let mass = parts::scan(level, p, q, temperature);
    // NaN and infinite logits make the gap one.
    if !mass.gap.value().is_finite() {
        for (logits, side) in [(p, Side::P), (q, Side::Q)] {
            let bad = |x: &T| (*x).into().is_nan() || (*x).into() == f64::INFINITY;
            if let Some(index) = logits.iter().position(bad) {
                return Err(RowError::NotFinite { side, index });
            }
        }
    }
    Ok(mass)
}

/// The frame of a whole row, unless all of it is masked.
pub(crate) fn frame<T: Logit>(mass: LogitMass, temperature: Temperature) -> Result<Frame, RowError> {
    for (mass, side) in [(&mass.p, Side::P), (&mass.q, Side::Q)] {
        if mass.max == f64::NEG_INFINITY {
            return Err(RowError::ZeroMass { side });
        }
    }
    Ok(Frame::new::<T>(mass, temperature))
}

impl<'a, T: Logit> Row<'a, T> {
    /// Reads the row once.
    pub(crate) fn new(level: Level, p: &'a [T], q: &'a [T], temperature: Temperature) -> Result<Self, RowError> {
        let frame = frame::<T>(scan(level, p, q, temperature)?, temperature)?;
        Ok(Self { level, p, q, frame, logs: OnceCell::new() })
    }

    /// The second pass; `None` where a sum does not fit the type.
    fn pass<D: Divergence>(&self, divergence: D) -> Option<(Frame, Terms)> {
        let mut frame = self.frame;
        loop {
            let terms = parts::sums(self.level, divergence.generator(), self.p, self.q, &frame);
            if !frame.holds(&terms) {
                return None;
            }
            match frame.refined(divergence, &terms) {
                Some(better) => frame = better,
                None => return Some((frame, terms)),
            }
        }
    }

    /// The value, and the gradient for either side's logits times `factor`; an empty slice is not written.
    pub(crate) fn value_and_gradient<D: Divergence>(
        &self,
        divergence: D,
        factor: f64,
        to_p: &mut [T],
        to_q: &mut [T],
    ) -> Result<f64, Error> {
        let generator = divergence.generator();
        let at_once = if to_p.is_empty() { self.frame.at_once::<D::Generator>() } else { None };
        if let Some(sum) = at_once {
            let value = divergence.conclude(sum, self)?;
            parts::gradient(self.level, divergence, (self.p, self.q), &self.frame, None, factor, (to_p, to_q));
            return Ok(value);
        }
        let Some((frame, terms)) = self.pass(divergence) else {
            return self.wide_gradient(divergence, factor / self.frame.temperature.value, to_p, to_q);
        };
        let value = divergence.conclude(frame.sum(generator, &terms), self)?;
        let known = Some((&terms, value));
        parts::gradient(self.level, divergence, (self.p, self.q), &frame, known, factor, (to_p, to_q));
        Ok(value)
    }

    #[cold]
    fn wide_gradient<D: Divergence>(
        &self,
        divergence: D,
        factor: f64,
        to_p: &mut [T],
        to_q: &mut [T],
    ) -> Result<f64, Error> {
        let pair = self.logs()?;
        let generator = divergence.generator();
        let sum = pair.sum(generator)?;
        let value = divergence.conclude(sum, &pair)?;
        pair.slopes(generator, factor * divergence.slope(sum, value), |index, by_p, by_q| {
            for (to, slope) in [(&mut *to_p, by_p), (&mut *to_q, by_q)] {
                if let Some(to) = to.get_mut(index) {
                    *to = T::rounded(slope);
                }
            }
        });
        Ok(value)
    }

    /// The row in numbers with unbounded exponents.
    #[cold]
    fn logs(&self) -> Result<LogPair<'_>, Error> {
        let n = self.p.len().max(self.q.len());
        let (p, q) = self.logs.get_or_init(|| {
            // Less the largest, so that scaling by the temperature neither rounds nor overflows.
            let logs = |logits: &[T], max: f64| {
                let log = |x: &T| ((*x).into() - max) * self.frame.temperature.inverse;
                let mut logs: Vec<f64> = logits.iter().map(log).collect();
                logs.resize(n, f64::NEG_INFINITY);
                logs
            };
            (logs(self.p, self.frame.mass.p.max), logs(self.q, self.frame.mass.q.max))
        });
        LogPair::new(p, q)
    }
}

impl<T: Logit> Sums for Row<'_, T> {
    fn sum<G: Generator>(&self, generator: G) -> Result<f64, Error> {
        if let Some(sum) = self.frame.at_once::<G>() {
            return Ok(sum);
        }
        match self.pass(Plain(generator)) {
            Some((_, terms)) => Ok(terms.value(generator)),
            None => self.logs()?.sum(generator),
        }
    }

    fn ln_sum<G: Generator>(&self, generator: G) -> Result<f64, Error> {
        match self.pass(Plain(generator)).map(|(_, terms)| terms.value(generator)) {
            Some(sum) if sum >= self.frame.smallest() => Ok(sum.ln()),
            _ => self.logs()?.ln_sum(generator),
        }
    }
}

/// A generator as the divergence that is its sum.
#[derive(Clone, Copy)]
struct Plain<G>(G);

impl<G: Generator> Divergence for Plain<G> {
    type Generator = G;
    fn generator(self) -> G {
        self.0
    }
}
