//! A row in blocks, and blocks in whole vectors and a rest that is filled up.

use crate::divergence::{Divergence, Generator};
use crate::num::simd::{Level, dispatch};
use crate::state::{LogitMass, Merge, Temperature};

use super::Logit;
use super::frame::{Frame, Terms, is_forward};
use super::kernel::{BLOCK, Projection, Scan, Slopes, SlopesApart, Sums, WIDEST};

/// Logits that are filled up at a time.
const PIECE: usize = 2 * WIDEST;

/// Both sides of a part of a row, filled up with masked entries to the length of the longer one and to whole vectors.
struct Filled<T> {
    p: [T; PIECE],
    q: [T; PIECE],
    len: usize,
}

impl<T: Logit> Filled<T> {
    fn new(p: &[T], q: &[T]) -> Self {
        let n = p.len().max(q.len());
        let mut filled = Self { p: [T::MASKED; PIECE], q: [T::MASKED; PIECE], len: n.next_multiple_of(WIDEST) };
        for (to, from) in [(&mut filled.p, p), (&mut filled.q, q)] {
            to[..from.len()].copy_from_slice(from);
        }
        filled
    }

    fn sides(&self) -> (&[T], &[T]) {
        (&self.p[..self.len], &self.q[..self.len])
    }
}

/// `x[from..to]`, or as much of it as there is.
fn cut<T>(x: &[T], from: usize, to: usize) -> &[T] {
    &x[from.min(x.len())..to.min(x.len())]
}

fn cut_mut<T>(x: &mut [T], from: usize, to: usize) -> &mut [T] {
    let len = x.len();
    &mut x[from.min(len)..to.min(len)]
}

/// Where the parts of a row begin and end: whole vectors of one block, or a piece to be filled up.
struct Parts {
    p: usize,
    q: usize,
    at: usize,
}

impl Parts {
    fn of<T>(p: &[T], q: &[T]) -> Self {
        Self { p: p.len(), q: q.len(), at: 0 }
    }
}

impl Iterator for Parts {
    /// From, to, and whether these are whole vectors.
    type Item = (usize, usize, bool);

    fn next(&mut self) -> Option<Self::Item> {
        let (from, end) = (self.at, self.p.max(self.q));
        if from == end {
            return None;
        }
        let block = (from / BLOCK + 1) * BLOCK;
        let common = self.p.min(self.q).min(block);
        let whole = common.saturating_sub(from);
        let whole = whole - whole % WIDEST;
        self.at = if whole > 0 { from + whole } else { (from + PIECE).min(block).min(end) };
        Some((from, self.at, whole > 0))
    }
}

/// The first pass over a row, or over a part of it.
pub(crate) fn scan<T: Logit>(level: Level, p: &[T], q: &[T], temperature: Temperature) -> LogitMass {
    let mut mass = LogitMass::IDENTITY;
    for (from, to, whole) in Parts::of(p, q) {
        let (p, q) = (cut(p, from, to), cut(q, from, to));
        mass = mass.merge(if whole {
            dispatch(level, Scan::<T, false> { p, q, temperature })
        } else {
            let filled = Filled::new(p, q);
            let (p, q) = filled.sides();
            dispatch(level, Scan::<T, true> { p, q, temperature })
        });
    }
    mass
}

/// The second pass.
pub(crate) fn sums<T: Logit, G: Generator>(level: Level, generator: G, p: &[T], q: &[T], frame: &Frame) -> Terms {
    let mut terms = Terms::IDENTITY;
    for (from, to, whole) in Parts::of(p, q) {
        let (p, q) = (cut(p, from, to), cut(q, from, to));
        terms = terms.merge(if whole {
            dispatch(level, Sums { generator, p, q, frame })
        } else {
            let filled = Filled::new(p, q);
            let (p, q) = filled.sides();
            dispatch(level, Sums { generator, p, q, frame })
        });
    }
    terms
}

/// Writes the gradient for the logits of either side, times `factor`; an empty slice is not written.
///
/// `known` is what the second pass keeps, and the value; it may be missing where the first pass was enough and P's
/// gradient is not wanted.
pub(crate) fn gradient<T: Logit, D: Divergence>(
    level: Level,
    divergence: D,
    (p, q): (&[T], &[T]),
    frame: &Frame,
    known: Option<(&Terms, f64)>,
    factor: f64,
    (to_p, to_q): (&mut [T], &mut [T]),
) {
    let generator = divergence.generator();
    let scale = factor * frame.temperature.inverse;
    // A distance has no slope at 0, and equal rows have the gradient 0.
    let factor = |sum: f64, value: f64| if sum == 0.0 { 0.0 } else { scale * divergence.slope(sum, value) };
    let at_once = if to_p.is_empty() { frame.at_once::<D::Generator>() } else { None };
    match (at_once, known) {
        (Some(sum), _) => {
            // Else there is no such sum, and the kernel need not be compiled.
            if is_forward::<D::Generator>() {
                let value = divergence.finish(sum);
                slopes_apart(level, generator, p, q, frame, factor(sum, value), to_q);
            }
        }
        (None, Some((terms, value))) => {
            let factor = factor(frame.sum(generator, terms), value);
            let [by_p, by_q] =
                [terms.slope_p(generator), terms.slope_q(generator)].map(|total| Projection { factor, total });
            slopes(level, generator, (p, q), Gradient { frame, by_p, by_q }, (to_p, to_q));
        }
        (None, None) => {}
    }
}

/// What the slopes become a gradient by.
#[derive(Clone, Copy)]
struct Gradient<'a> {
    frame: &'a Frame,
    by_p: Projection,
    by_q: Projection,
}

/// Writes the gradient for the logits of either side; an empty slice is not written.
fn slopes<T: Logit, G: Generator>(
    level: Level,
    generator: G,
    (p, q): (&[T], &[T]),
    gradient: Gradient<'_>,
    (to_p, to_q): (&mut [T], &mut [T]),
) {
    let Gradient { frame, by_p, by_q } = gradient;
    for (from, to, whole) in Parts::of(p, q) {
        let (p, q) = (cut(p, from, to), cut(q, from, to));
        let (to_p, to_q) = (cut_mut(to_p, from, to), cut_mut(to_q, from, to));
        if whole {
            dispatch(level, Slopes { generator, p, q, frame, by_p, by_q, to_p, to_q });
        } else {
            let filled = Filled::new(p, q);
            let (p, q) = filled.sides();
            let (mut out_p, mut out_q) = ([T::MASKED; PIECE], [T::MASKED; PIECE]);
            {
                let (to_p, to_q) = (&mut out_p[..p.len()], &mut out_q[..p.len()]);
                dispatch(level, Slopes { generator, p, q, frame, by_p, by_q, to_p, to_q });
            }
            to_p.copy_from_slice(&out_p[..to_p.len()]);
            to_q.copy_from_slice(&out_q[..to_q.len()]);
        }
    }
}

/// The same for Q where P and Q are far from equal, nothing is masked, and the slopes sum to nothing.
fn slopes_apart<T: Logit, G: Generator>(
    level: Level,
    generator: G,
    p: &[T],
    q: &[T],
    frame: &Frame,
    factor: f64,
    to: &mut [T],
) {
    for (from, end, whole) in Parts::of(p, q) {
        let (p, q, to) = (cut(p, from, end), cut(q, from, end), cut_mut(to, from, end));
        if whole {
            dispatch(level, SlopesApart { generator, p, q, frame, factor, to });
        } else {
            let filled = Filled::new(p, q);
            let (p, q) = filled.sides();
            let mut out = [T::MASKED; PIECE];
            dispatch(level, SlopesApart { generator, p, q, frame, factor, to: &mut out[..p.len()] });
            to.copy_from_slice(&out[..to.len()]);
        }
    }
}
