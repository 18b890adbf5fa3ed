//! One side of a row: the denominator of its softmax, and the softmax itself as a part of a gradient.

use core::f64::consts::LOG2_E;

use crate::Side;
use crate::discrete::Vectorised;
use crate::error::RowError;
use crate::num::Real;
use crate::num::exp_log::{exp2_down, ln};
use crate::num::simd::{F64s, Kernel, Lanes, Level, Simd, dispatch};
use crate::state::{LogMass, Merge, Reference, Sum, Temperature};

use super::Logit;
use super::frame::SideFrame;
use super::kernel::{BLOCK, WIDEST};

/// The lanes of `T`.
type V<T, S> = <T as Vectorised>::Lanes<S>;

/// Σ e^(b/T). Errors are about Q.
pub(crate) fn mass<T: Logit>(level: Level, logits: &[T], temperature: Temperature) -> Result<LogMass, RowError> {
    mass_without(level, logits, &[], temperature)
}

/// The same without the entries at these positions, which ascend.
pub(crate) fn mass_without<T: Logit>(
    level: Level,
    logits: &[T],
    mut without: &[usize],
    temperature: Temperature,
) -> Result<LogMass, RowError> {
    let mut total = LogMass::IDENTITY;
    for (i, part) in logits.chunks(BLOCK).enumerate() {
        let first = i * BLOCK;
        let here;
        (here, without) = without.split_at(without.partition_point(|&at| at < first + part.len()));
        let (whole, rest) = part.split_at(part.len() - part.len() % WIDEST);
        let scanned = if here.is_empty() {
            let mut filled = [T::MASKED; WIDEST];
            filled[..rest.len()].copy_from_slice(rest);
            let whole = dispatch(level, Scan { logits: whole, temperature });
            if rest.is_empty() { whole } else { whole.merge(dispatch(level, Scan { logits: &filled, temperature })) }
        } else {
            let mut block = [T::MASKED; BLOCK];
            block[..part.len()].copy_from_slice(part);
            here.iter().for_each(|at| block[at - first] = T::MASKED);
            let filled = &block[..part.len().next_multiple_of(WIDEST)];
            dispatch(level, Scan { logits: filled, temperature })
        };
        if scanned.refused {
            let bad = |x: &T| (*x).into().is_nan() || (*x).into() == f64::INFINITY;
            let index = first + part.iter().position(bad).unwrap_or_default();
            return Err(RowError::NotFinite { side: Side::Q, index });
        }
        total = total.merge(scanned.mass);
    }
    Ok(total)
}

/// What turns the logits behind `mass` into logarithms of shares of it.
pub(crate) fn frame<T: Logit>(mass: &LogMass, temperature: Temperature) -> SideFrame {
    let at = Reference::of(mass.max, temperature, T::LIMITS.digits);
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
) {
    let frame = frame::<T>(mass, temperature);
    let whole = logits.len() - logits.len() % WIDEST;
    let (logits, rest) = logits.split_at(whole);
    let (to, to_rest) = to.split_at_mut(whole);
    dispatch(level, AddSoftmax { logits, frame, temperature, factor, to });
    if !rest.is_empty() {
        let (mut filled, mut out) = ([T::MASKED; WIDEST], [T::rounded(0.0); WIDEST]);
        filled[..rest.len()].copy_from_slice(rest);
        out[..rest.len()].copy_from_slice(to_rest);
        dispatch(level, AddSoftmax { logits: &filled, frame, temperature, factor, to: &mut out });
        to_rest.copy_from_slice(&out[..rest.len()]);
    }
}

/// The total of a block, and whether there is a NaN or +∞ in it.
#[derive(Clone, Copy)]
struct Scanned {
    mass: LogMass,
    refused: bool,
}

impl Scanned {
    fn merge(self, other: Self) -> Self {
        Self { mass: self.mass.merge(other.mass), refused: self.refused || other.refused }
    }
}

struct Scan<'a, T> {
    logits: &'a [T],
    temperature: Temperature,
}

impl<T: Logit> Kernel for Scan<'_, T> {
    type Output = Scanned;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Scanned {
        let len = V::<T, S>::LEN;
        let (logits, n) = (self.logits, self.logits.len());
        let zero = V::<T, S>::splat(simd, 0.0);
        let (one, infinity) = (V::<T, S>::splat(simd, 1.0), V::<T, S>::splat(simd, f64::INFINITY));
        let (mut high, mut refused) = (-infinity, zero);
        let mut i = 0;
        while i + len <= n {
            let b = V::<T, S>::load(simd, &logits[i..i + len]);
            high = high.max(b);
            refused = refused.max(b.where_less(infinity, zero, one));
            i += len;
        }
        let max = high.reduce_max();
        let at = Reference::of(max, self.temperature, T::LIMITS.digits);
        let octaves = self.temperature.inverse * LOG2_E;
        let slope = V::<T, S>::splat(simd, octaves);
        let (reference, rest) = (V::<T, S>::splat(simd, at.high), V::<T, S>::splat(simd, -at.low * octaves));
        let mut sums = [zero; 2];
        let mut i = 0;
        while i + 2 * len <= n {
            let mut j = 0;
            while j < 2 {
                let from = i + j * len;
                let b = V::<T, S>::load(simd, &logits[from..from + len]) - reference;
                sums[j] = sums[j] + exp2_down(b.mul_add(slope, rest));
                j += 1;
            }
            i += 2 * len;
        }
        let mut sum = [F64s::splat(simd, 0.0); 2];
        sums[0].add_to(&mut sum);
        sums[1].add_to(&mut sum);
        let sum = Sum::from((sum[0] + sum[1]).reduce_sum());
        Scanned { mass: LogMass { max, exponent: at.exponent, sum }, refused: refused.reduce_max() > 0.0 }
    }
}

struct AddSoftmax<'a, T> {
    logits: &'a [T],
    frame: SideFrame,
    temperature: Temperature,
    factor: f64,
    to: &'a mut [T],
}

impl<T: Logit> Kernel for AddSoftmax<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let len = V::<T, S>::LEN;
        let n = self.logits.len();
        let (logits, to) = (self.logits, &mut self.to[..n]);
        let slope = V::<T, S>::splat(simd, self.temperature.inverse * LOG2_E);
        let reference = V::<T, S>::splat(simd, self.frame.reference);
        let offset = V::<T, S>::splat(simd, -self.frame.offset * LOG2_E);
        let factor = V::<T, S>::splat(simd, self.factor);
        let mut i = 0;
        while i + len <= n {
            let b = V::<T, S>::load(simd, &logits[i..i + len]) - reference;
            let share = exp2_down(b.mul_add(slope, offset));
            let before = V::<T, S>::load(simd, &to[i..i + len]);
            share.mul_add(factor, before).store(&mut to[i..i + len]);
            i += len;
        }
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
        let temperature = Temperature::checked(1.7).unwrap();
        for n in [1usize, 31, 64, 1000, 1024, 2500] {
            let mut logits: Vec<f64> = (0..n).map(|i| 3.0 * (i as f64 * 0.7).sin() + 100.0).collect();
            logits[n / 2] = f64::NEG_INFINITY;
            let without = if n > 2 { vec![0, n - 1] } else { vec![] };
            let weight = |i: usize| if without.contains(&i) { 0.0 } else { (logits[i] / 1.7 - 60.0).exp() };
            let sum: f64 = (0..n).map(weight).sum();
            for level in levels() {
                let mass = mass_without(level, &logits, &without, temperature).unwrap();
                if n == 1 {
                    assert_eq!(mass, LogMass::IDENTITY);
                    continue;
                }
                assert!((mass.ln() - (60.0 + sum.ln())).abs() < 1e-13);
                let mut to = vec![1.0; n];
                add_softmax(level, &logits, &mass, temperature, 2.0, &mut to);
                for (i, to) in to.iter().enumerate().filter(|(i, _)| !without.contains(i)) {
                    assert!((to - (1.0 + 2.0 * weight(i) / sum)).abs() < 1e-14, "{n}: {i}");
                }
            }
        }
        for bad in [f64::NAN, f64::INFINITY] {
            let mut logits = vec![0.0; 1500];
            logits[1200] = bad;
            let refused = RowError::NotFinite { side: Side::Q, index: 1200 };
            assert!(levels().into_iter().all(|level| mass(level, &logits, temperature) == Err(refused)));
        }
    }
}
