//! From logits to logarithms of probabilities, and from what the second pass keeps to a value.

use crate::Side;
use crate::divergence::{Divergence, Generator};
use crate::num::exp_log::ln;
use crate::state::{LogMass, LogitMass, Reference, Sum, Temperature};

use super::element::sealed::{Limits, Precision};
use super::kernel::{Scales, WIDEST};
use super::terms::Terms;

/// What turns the logits of one side into ln p = (a − reference)·slope − offset.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SideFrame {
    pub(crate) reference: f64,
    pub(crate) offset: f64,
}

/// The scale of a row, from its [`LogitMass`]: what turns logits into logarithms of probabilities.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    pub(crate) mass: LogitMass,
    pub(crate) temperature: Temperature,
    limits: Limits,
    pub(crate) p: SideFrame,
    /// ln(q/p) = (b − a − shift) / temperature.
    pub(crate) shift: Sum,
    /// E_P[ln(p/q)], where the first pass has found it to all the digits promised.
    mean: Option<f64>,
    refined: bool,
}

impl Frame {
    pub(crate) fn new<R: Precision>(mass: LogitMass, temperature: Temperature) -> Self {
        let limits = R::LIMITS;
        let at = |mass: &LogMass| (Reference::of(mass.max, temperature, limits.digits), ln(mass.sum.value()));
        let ((p, ln_p), (q, ln_q)) = (at(&mass.p), at(&mass.q));
        let between = (Sum::from(q.high) + -p.high) + (q.low - p.low);
        let shift = between + (ln_q - ln_p) * temperature.value;
        // NaN as soon as a logit of P is −∞ where Q's is not.
        let gap = (mass.gap + between * mass.p.sum).value() / mass.p.sum.value();
        let mean = gap * temperature.inverse - (ln_p - ln_q);
        // It is a difference of numbers of this size.
        let size = 1.0 + (ln_p - ln_q).abs();
        let mean = (mean >= limits.apart * size && mean <= limits.largest).then_some(mean);
        let p = SideFrame { reference: p.high, offset: p.low * temperature.inverse + ln_p };
        Self { mass, temperature, limits, p, shift, mean, refined: false }
    }

    /// The frame in every lane; the scales of weights are a block's own.
    pub(crate) fn splat<R: Precision>(&self) -> Scales<R> {
        let lane = |x: f64| [R::rounded(x); WIDEST];
        let [high, low] = self.shift.parts();
        let rounded: f64 = R::rounded(high).into();
        let shift = [lane(rounded), lane((high - rounded) + low)];
        Scales { reference: lane(self.p.reference), offset: lane(self.p.offset), shift, ..Scales::zero() }
    }

    /// The sum of a relative entropy, where the first pass has found it to all the digits promised.
    pub(crate) fn at_once<G: Generator>(&self) -> Option<f64> {
        if is_forward::<G>() { self.mean } else { None }
    }

    /// The same frame for the terms of a part of the row, whose sum is not what the first pass has found.
    pub(crate) fn of_a_part(self) -> Self {
        Self { mean: None, ..self }
    }

    /// The frame with the digits of the shift that the second pass has shown, if the value needs them: then that pass
    /// is to be repeated in it.
    ///
    /// An error δ of ln(q/p) changes a sum by a multiple of δ to the power of the generator's order, and the sum of the
    /// all differences q − p, which is 0, by δ. As for weights.
    #[must_use]
    pub fn refined<D: Divergence>(&self, divergence: D, terms: &Terms) -> Option<Self> {
        let off = (terms.mismatch + terms.only_q - terms.only_p).value();
        let sum = terms.value(divergence.generator());
        let shows = off.abs().powi(D::Generator::ORDER) > self.limits.negligible * sum;
        (shows && sum.is_finite() && !self.refined).then(|| Self {
            shift: self.shift + off.ln_1p() * self.temperature.value,
            refined: true,
            ..*self
        })
    }

    /// Whether the sums fit the type.
    pub(crate) fn holds(&self, terms: &Terms) -> bool {
        terms.sum.value() <= self.limits.largest && terms.slope.value().is_finite()
    }

    /// The least sum that has not lost terms to underflow.
    pub(crate) fn smallest(&self) -> f64 {
        1.0 / self.limits.largest
    }

    /// Σ φ, from the first pass where that is enough.
    pub(crate) fn sum<G: Generator>(&self, generator: G, terms: &Terms) -> f64 {
        self.at_once::<G>().unwrap_or_else(|| terms.value(generator))
    }

    /// The value of the row, from what the second pass keeps of all of it.
    #[must_use]
    pub fn value<D: Divergence>(&self, divergence: D, terms: &Terms) -> f64 {
        divergence.finish(self.sum(divergence.generator(), terms))
    }
}

/// Whether the generator is that of relative entropy from P to Q. Only then are the kernels for it compiled.
pub(crate) const fn is_forward<G: Generator>() -> bool {
    matches!(G::KL_FROM, Some(Side::P))
}
