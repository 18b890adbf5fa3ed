//! What losses of rows against labels share.

use crate::error::RowError;
use crate::logits::{Logit, shape, side};
use crate::num::exp_log::{exp, exp_m1, ln_1p};
use crate::num::simd::Level;
use crate::state::{Sum, Temperature};
use crate::{Error, Side};

/// A label for each row, and which rows count.
#[derive(Clone, Copy)]
pub(super) struct Labels<'a> {
    labels: Option<&'a [i64]>,
    ignored: Option<i64>,
}

impl<'a> Labels<'a> {
    /// Labels for so many rows of logits.
    pub(super) fn new(
        labels: Option<&'a [i64]>,
        ignored: Option<i64>,
        rows: usize,
        categories: usize,
    ) -> Result<Self, Error> {
        if let Some(labels) = labels {
            shape(labels.len(), rows)?;
            for (row, &category) in labels.iter().enumerate() {
                let exists = usize::try_from(category).is_ok_and(|label| label < categories);
                if Some(category) != ignored && !exists {
                    return Err(Error::NoCategory { row, category, categories });
                }
            }
        }
        Ok(Self { labels, ignored })
    }

    /// Whether there are any.
    pub(super) fn given(&self) -> bool {
        self.labels.is_some()
    }

    /// Whether the row counts.
    pub(super) fn counts(&self, row: usize) -> bool {
        !self.given() || self.get(row).is_some()
    }

    /// The row's label, if there is one and it counts.
    pub(super) fn get(&self, row: usize) -> Option<usize> {
        let label = *self.labels?.get(row)?;
        if Some(label) == self.ignored { None } else { usize::try_from(label).ok() }
    }

    /// How many of the rows count.
    pub(super) fn counted(&self, rows: usize) -> usize {
        self.labels.map_or(rows, |labels| labels.iter().filter(|&&label| Some(label) != self.ignored).count())
    }
}

/// −(1 − ε) ln q_label − ε/K Σ ln q_i over the K entries that are not masked; `factor` times its gradient is added to
/// `to`, unless that is empty.
///
/// Where all but the label is unlikely, ln q_label is taken from the sum of the others, which then carries the digits.
pub(super) fn surprise<T: Logit>(
    level: Level,
    logits: &[T],
    label: usize,
    smoothing: f64,
    factor: f64,
    to: &mut [T],
    block: &mut side::Block<T::Real>,
) -> Result<f64, RowError> {
    let mass = side::mass(level, logits, Temperature::ONE, block)?;
    if mass.max == f64::NEG_INFINITY {
        return Err(RowError::ZeroMass { side: Side::Q });
    }
    let frame = side::frame::<T>(&mass, Temperature::ONE);
    let relative = |x: T| x.into() - frame.reference;
    // All surprises are that of one entry and a difference of logits.
    let masked = relative(logits[label]) == f64::NEG_INFINITY;
    let likeliest = || logits.iter().position(|x| (*x).into() == mass.max).unwrap_or(label);
    let pivot = if masked { likeliest() } else { label };
    let mut value = frame.offset - relative(logits[pivot]);
    if value < LIKELY {
        let others = side::mass_without(level, logits, &[pivot], Temperature::ONE, block)?;
        value = if others.max == f64::NEG_INFINITY {
            0.0
        } else {
            let of_others = side::frame::<T>(&others, Temperature::ONE);
            ln_1p(exp(of_others.offset + (of_others.reference - logits[pivot].into())))
        };
    }
    let unlikely = -exp_m1(-value);

    let mut spread = 0.0;
    if smoothing > 0.0 {
        let (mut sum, mut count) = (Sum::ZERO, 0usize);
        for &x in logits.iter().filter(|x| (**x).into() > f64::NEG_INFINITY) {
            sum = sum + (logits[pivot].into() - x.into());
            count += 1;
        }
        spread = smoothing / count as f64;
        value += spread * sum.value();
    }
    if masked && smoothing < 1.0 {
        value = f64::INFINITY;
    }
    if to.is_empty() {
        return Ok(value);
    }
    // A masked label has no gradient; what is left is that of the smoothing.
    let total = if masked { smoothing } else { 1.0 };
    let before: f64 = to[label].into();
    side::add_softmax(level, logits, &mass, Temperature::ONE, factor * total, to, block);
    if spread > 0.0 {
        for (to, _) in to.iter_mut().zip(logits).filter(|(_, x)| (**x).into() > f64::NEG_INFINITY) {
            *to = T::rounded((*to).into() - factor * spread);
        }
    }
    if !masked {
        to[label] = T::rounded(before + factor * (smoothing - spread - unlikely));
    }
    Ok(value)
}

/// Below it the label's probability is so near 1 that its logarithm is not taken from it.
const LIKELY: f64 = 0.1;
