//! One side of a row: the denominator of its softmax, and the softmax itself as a part of a gradient.

use crate::Side;
use crate::discrete::Vectorised as _;
use crate::error::RowError;
use crate::num::Real as _;
use crate::num::exp_log::ln;
use crate::num::simd::{Level, dispatch};
use crate::state::{LogMass, Merge, Reference, Temperature};

use super::Logit;
use super::element::sealed::Precision;
use super::frame::SideFrame;
use super::kernel::{BLOCK, Combine, Layout, WIDEST};
use super::scan::Weigh;

/// Σ e^(b/T). Errors are about Q.
pub(crate) fn mass<T: Logit>(
    level: Level,
    logits: &[T],
    temperature: Temperature,
    block: &mut Block<T::Real>,
) -> Result<LogMass, RowError> {
    mass_without(level, logits, &[], temperature, block)
}

/// The same without the entries at these positions, which ascend.
pub(crate) fn mass_without<T: Logit>(
    level: Level,
    logits: &[T],
    mut without: &[usize],
    temperature: Temperature,
    block: &mut Block<T::Real>,
) -> Result<LogMass, RowError> {
    let mut total = LogMass::IDENTITY;
    for (i, part) in logits.chunks(BLOCK).enumerate() {
        let first = i * BLOCK;
        let here;
        (here, without) = without.split_at(without.partition_point(|&at| at < first + part.len()));
        block.fill(part);
        here.iter().for_each(|at| block.logits[at - first] = T::Real::MASKED);
        let (mass, _) = block.weigh(level, temperature);
        if !mass.sum.value().is_finite() {
            let bad = |x: &T| (*x).into().is_nan() || (*x).into() == f64::INFINITY;
            let index = first + part.iter().position(bad).unwrap_or_default();
            return Err(RowError::NotFinite { side: Side::Q, index });
        }
        total = total.merge(mass);
    }
    Ok(total)
}

/// What turns the logits behind `mass` into logarithms of shares of it.
pub(crate) fn frame<T: Logit>(mass: &LogMass, temperature: Temperature) -> SideFrame {
    let at = Reference::of(mass.max, temperature, T::Real::LIMITS.digits);
    SideFrame { reference: at.high, offset: at.low * temperature.inverse + ln(mass.sum.value()) }
}

/// `to[i] += factor · e^(b_i/T) / mass`. An entry that is larger than the largest one behind `mass` by a factor of
/// e⁸⁰ or more gets a number without meaning.
pub(crate) fn add_softmax<T: Logit>(
    level: Level,
    logits: &[T],
    mass: &LogMass,
    temperature: Temperature,
    factor: f64,
    to: &mut [T],
    block: &mut Block<T::Real>,
) {
    let of_y = [T::Real::rounded(1.0); WIDEST];
    for (part, to) in logits.chunks(BLOCK).zip(to.chunks_mut(BLOCK)) {
        block.fill(part);
        let (of_block, rest) = block.weigh(level, temperature);
        // What the mass is without may be larger than it.
        let octaves = (of_block.exponent - mass.exponent).min(1000.0);
        let scale = if octaves < -1000.0 { 0.0 } else { rest * octaves.exp2_integer() };
        let of_x = [T::Real::rounded(factor * scale / mass.sum.value()); WIDEST];
        // The logits have been used; what becomes of the slice takes their place.
        let Block { logits: out, weights, before, len } = &mut *block;
        T::widen(to, &mut before[..to.len()]);
        let (x, y, out) = (&weights[..*len], &before[..*len], &mut out[..*len]);
        dispatch(level, Combine { layout: Layout::Row, x, of_x: &of_x, y, of_y: &of_y, to: out });
        for (to, x) in to.iter_mut().zip(out) {
            *to = T::narrowed(*x);
        }
    }
}

/// A block filled up with masked entries to whole vectors: what a thread keeps from row to row.
pub(crate) struct Block<R> {
    logits: [R; BLOCK],
    weights: [R; BLOCK],
    before: [R; BLOCK],
    len: usize,
}

impl<R: Precision> Default for Block<R> {
    fn default() -> Self {
        let zero = [R::default(); BLOCK];
        Self { logits: zero, weights: zero, before: zero, len: 0 }
    }
}

impl<R: Precision> Block<R> {
    fn fill<T: Logit<Real = R>>(&mut self, part: &[T]) {
        self.len = part.len().next_multiple_of(WIDEST);
        T::widen(part, &mut self.logits[..part.len()]);
        self.logits[part.len()..self.len].fill(R::MASKED);
    }

    fn weigh(&mut self, level: Level, temperature: Temperature) -> (LogMass, f64) {
        let (logits, to) = (&self.logits[..self.len], &mut self.weights[..self.len]);
        dispatch(level, Weigh { logits, temperature, to })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;
    use crate::num::simd::levels;

    /// Every instruction set, with rests, masks and entries left out.
    #[test]
    fn on_every_level() {
        let (temperature, mut block) = (Temperature::checked(1.7).unwrap(), Block::default());
        for n in [1usize, 31, 64, 1000, 2048, 5000] {
            let mut logits: Vec<f64> = (0..n).map(|i| 3.0 * (i as f64 * 0.7).sin() + 100.0).collect();
            logits[n / 2] = f64::NEG_INFINITY;
            let without = if n > 2 { vec![0, n - 1] } else { vec![] };
            let weight = |i: usize| if without.contains(&i) { 0.0 } else { (logits[i] / 1.7 - 60.0).exp() };
            let sum: f64 = (0..n).map(weight).sum();
            for level in levels() {
                let mass = mass_without(level, &logits, &without, temperature, &mut block).unwrap();
                if n == 1 {
                    assert_eq!(mass, LogMass::IDENTITY);
                    continue;
                }
                assert!((mass.ln() - (60.0 + sum.ln())).abs() < 1e-13);
                let mut to = vec![1.0; n];
                add_softmax(level, &logits, &mass, temperature, 2.0, &mut to, &mut block);
                for (i, to) in to.iter().enumerate().filter(|(i, _)| !without.contains(i)) {
                    assert!((to - (1.0 + 2.0 * weight(i) / sum)).abs() < 1e-14, "{n}: {i}");
                }
            }
        }
        for bad in [f64::NAN, f64::INFINITY] {
            let mut logits = vec![0.0; 3000];
            logits[2500] = bad;
            let refused = RowError::NotFinite { side: Side::Q, index: 2500 };
            for level in levels() {
                assert_eq!(mass(level, &logits, temperature, &mut block), Err(refused));
            }
        }
    }
}
