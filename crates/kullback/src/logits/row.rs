use core::cell::{OnceCell, RefCell};

use crate::discrete::LogPair;
use crate::divergence::{Divergence, Generator, Sums};
use crate::error::RowError;
use crate::num::simd::Level;
use crate::state::{LogitMass, Temperature};
use crate::{Error, Side};

use super::element::sealed::Precision;
use super::frame::{Frame, is_forward};
use super::part::{Chain, Part, outer};
use super::terms::Terms;
use super::workspace::Workspace;

/// One row of logits on both sides.
pub(crate) struct Row<'a, R> {
    part: Part<'a, R>,
    frame: Frame,
    work: RefCell<&'a mut Workspace<R>>,
    /// Both rows as logarithms of weights in double precision, for what the vectors cannot hold.
    logs: OnceCell<(Vec<f64>, Vec<f64>)>,
}

/// The frame of a whole row, unless all of it is masked.
pub(crate) fn frame<R: Precision>(mass: LogitMass, temperature: Temperature) -> Result<Frame, RowError> {
    for (mass, side) in [(&mass.p, Side::P), (&mass.q, Side::Q)] {
        if mass.max == f64::NEG_INFINITY {
            return Err(RowError::ZeroMass { side });
        }
    }
    Ok(Frame::new::<R>(mass, temperature))
}

impl<'a, R: Precision> Row<'a, R> {
    /// Reads the row once. With `keep` what that pass has computed is kept for the others; else it is computed again
    /// if there turn out to be any.
    pub(crate) fn new(
        level: Level,
        (p, q): (&'a [R], &'a [R]),
        temperature: Temperature,
        work: &'a mut Workspace<R>,
        keep: bool,
    ) -> Result<Self, RowError> {
        let part = Part { level, p, q, temperature };
        let frame = frame::<R>(part.scan(work, keep)?, temperature)?;
        Ok(Self { part, frame, work: RefCell::new(work), logs: OnceCell::new() })
    }

    /// The second pass; `None` where a sum does not fit the type.
    fn pass<D: Divergence>(&self, divergence: D, wanted: [bool; 2]) -> Option<(Frame, Terms)> {
        let mut work = self.work.borrow_mut();
        if !work.kept {
            self.part.scan(&mut work, true).ok()?;
        }
        let mut frame = self.frame;
        loop {
            let terms = self.part.terms(divergence.generator(), &frame, &mut work, wanted);
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
        to_p: &mut [R],
        to_q: &mut [R],
    ) -> Result<f64, Error> {
        let generator = divergence.generator();
        let at_once = if to_p.is_empty() { self.frame.at_once::<D::Generator>() } else { None };
        if let Some(sum) = at_once {
            let value = divergence.conclude(sum, self)?;
            if !to_q.is_empty() {
                let chain = Chain::Weights { factor: factor * outer(divergence, sum, value) };
                self.part.gradient(&chain, &self.frame, &self.work.borrow(), (to_p, to_q));
            }
            return Ok(value);
        }
        let wanted = [!to_p.is_empty(), !to_q.is_empty()];
        let Some((frame, terms)) = self.pass(divergence, wanted) else {
            return self.wide_gradient(divergence, factor / self.frame.temperature.value, to_p, to_q);
        };
        let value = divergence.conclude(frame.sum(generator, &terms), self)?;
        if wanted == [false; 2] {
            return Ok(value);
        }
        let Some((affinity, by)) = divergence.logarithm(value) else {
            let chain = Chain::of(divergence, &frame, &terms, value, factor);
            self.part.gradient(&chain, &frame, &self.work.borrow(), (to_p, to_q));
            return Ok(value);
        };
        let plain = Plain(affinity);
        match self.pass(plain, wanted).map(|(frame, terms)| (terms.value(affinity), frame, terms)) {
            Some((sum, frame, terms)) if sum >= self.frame.smallest() => {
                let chain = Chain::of(plain, &frame, &terms, sum, factor * by / sum);
                self.part.gradient(&chain, &frame, &self.work.borrow(), (to_p, to_q));
                Ok(value)
            }
            _ => self.wide_gradient(divergence, factor / self.frame.temperature.value, to_p, to_q),
        }
    }

    #[cold]
    fn wide_gradient<D: Divergence>(
        &self,
        divergence: D,
        factor: f64,
        to_p: &mut [R],
        to_q: &mut [R],
    ) -> Result<f64, Error> {
        let pair = self.logs()?;
        let generator = divergence.generator();
        let sum = pair.sum(generator)?;
        let value = divergence.conclude(sum, &pair)?;
        if to_p.is_empty() && to_q.is_empty() {
            return Ok(value);
        }
        match divergence.logarithm(value) {
            Some((affinity, by)) => pair.logarithm_slopes(affinity, factor * by, &mut writer(to_p, to_q)),
            None => pair.slopes(generator, factor * divergence.slope(sum, value), &mut writer(to_p, to_q)),
        }
        Ok(value)
    }

    /// The row in numbers with unbounded exponents.
    #[cold]
    fn logs(&self) -> Result<LogPair<'_>, Error> {
        let Part { p, q, .. } = self.part;
        let n = p.len().max(q.len());
        let (p, q) = self.logs.get_or_init(|| {
            // Less the largest, so that scaling by the temperature neither rounds nor overflows.
            let logs = |logits: &[R], max: f64| {
                let log = |x: &R| ((*x).into() - max) * self.frame.temperature.inverse;
                let mut logs: Vec<f64> = logits.iter().map(log).collect();
                logs.resize(n, f64::NEG_INFINITY);
                logs
            };
            (logs(p, self.frame.mass.p.max), logs(q, self.frame.mass.q.max))
        });
        LogPair::new(p, q)
    }
}

/// Puts slopes for either side where they belong; an empty slice is not written.
fn writer<R: Precision>(to_p: &mut [R], to_q: &mut [R]) -> impl FnMut(usize, f64, f64) {
    |index, by_p, by_q| {
        for (to, slope) in [(&mut *to_p, by_p), (&mut *to_q, by_q)] {
            if let Some(to) = to.get_mut(index) {
                *to = R::rounded(slope);
            }
        }
    }
}

impl<R: Precision> Sums for Row<'_, R> {
    fn sum<G: Generator>(&self, generator: G) -> Result<f64, Error> {
        if let Some(sum) = self.frame.at_once::<G>() {
            return Ok(sum);
        }
        match self.pass(Plain(generator), [false; 2]) {
            Some((_, terms)) => Ok(terms.value(generator)),
            None => self.logs()?.sum(generator),
        }
    }

    fn ln_sum<G: Generator>(&self, generator: G) -> Result<f64, Error> {
        match self.pass(Plain(generator), [false; 2]).map(|(_, terms)| terms.value(generator)) {
            Some(sum) if sum >= self.frame.smallest() => Ok(sum.ln()),
            _ => self.logs()?.ln_sum(generator),
        }
    }
}

/// A generator as the divergence that is its sum.
#[derive(Clone, Copy)]
pub(crate) struct Plain<G>(pub(crate) G);

impl<G: Generator> Divergence for Plain<G> {
    type Generator = G;
    fn generator(self) -> G {
        self.0
    }
}

/// Whether a row's weights are worth keeping on the first pass.
pub(crate) const fn keeps<D: Divergence>(gradient: bool) -> bool {
    gradient || !is_forward::<D::Generator>()
}
