//! What is done to a row, or to the part of it that a shard holds, block by block.

use core::f64::consts::LOG2_E;

use crate::discrete::finite;
use crate::divergence::{Divergence, Generator, Reduction};
use crate::error::RowError;
use crate::num::simd::{Level, dispatch};
use crate::state::{LogMass, LogitMass, Merge, Sum, Temperature};

use super::element::sealed::Precision;
use super::frame::Frame;
use super::kernel::{self, Combine, Lane, LaneTerms, Layout, WIDEST};
use super::terms::Terms;
use super::workspace::{Block, Kind, NOWHERE, Workspace};

/// The same part of a row on both sides, and what is kept of it between the passes.
pub(crate) struct Part<'a, R> {
    pub(crate) level: Level,
    pub(crate) p: &'a [R],
    pub(crate) q: &'a [R],
    pub(crate) temperature: Temperature,
}

/// Entries that are written at a time to where they do not follow each other.
const PIECE: usize = 4 * WIDEST;

/// The binary logarithm of the smallest double.
const SMALLEST: f64 = -1074.0;

/// Slices of both sides.
type Sides<'a, R> = (&'a [R], &'a [R]);

impl<R: Precision> Part<'_, R> {
    /// The first pass.
    pub(crate) fn scan(&self, work: &mut Workspace<R>, keep: bool) -> Result<LogitMass, RowError> {
        work.scan(self.level, (self.p, self.q), self.temperature, keep)
    }

    /// The second pass, after a first one that has kept its weights. Slopes are kept for the sides that want them.
    pub(crate) fn terms<G: Generator>(
        &self,
        generator: G,
        frame: &Frame,
        work: &mut Workspace<R>,
        wanted: [bool; 2],
    ) -> Terms {
        for (side, _) in wanted.iter().enumerate().filter(|(_, wanted)| **wanted) {
            work.reserve_slopes(side);
        }
        let mut scales = frame.splat::<R>();
        let mut terms = Terms { common: work.has_common(), ..Terms::IDENTITY };
        let Workspace { blocks, weights, slopes, packed, .. } = work;
        for block in blocks.iter() {
            let Some((p, q)) = block.logits((self.p, self.q), packed) else {
                terms = terms.merge(lone(block, frame));
                continue;
            };
            let [scale_p, scale_q] = block.scales(&frame.mass);
            scales.p = [R::rounded(scale_p); WIDEST];
            scales.q = [R::rounded(scale_q); WIDEST];
            let of = block.at..block.at + block.len;
            let [to_p, to_q] = slopes.each_mut();
            let lanes = dispatch(
                self.level,
                kernel::Terms {
                    layout: Layout::Row,
                    generator,
                    p,
                    q,
                    weights_p: &weights[0][of.clone()],
                    weights_q: &weights[1][of.clone()],
                    scales: &scales,
                    inverse: frame.temperature.inverse,
                    to_p: if wanted[0] { &mut to_p[of.clone()] } else { &mut [] },
                    to_q: if wanted[1] { &mut to_q[of] } else { &mut [] },
                },
            );
            terms = terms.merge(of_lanes::<R, G>(&lanes));
        }
        terms
    }

    /// Writes the gradient for the logits of either side; an empty slice is not written.
    pub(crate) fn gradient(
        &self,
        chain: &Chain,
        frame: &Frame,
        work: &Workspace<R>,
        (to_p, to_q): (&mut [R], &mut [R]),
    ) {
        let whole: usize = work.blocks.iter().map(|block| if block.is_whole() { block.len } else { 0 }).sum();
        for to in [&mut *to_p, &mut *to_q] {
            // What is masked on both sides is in no block.
            if to.len() != whole {
                to.fill(R::default());
            }
        }
        match *chain {
            Chain::Weights { factor } => {
                let factor = factor * frame.temperature.inverse;
                for block in &work.blocks {
                    let [scale_p, scale_q] = block.scales(&frame.mass);
                    let (x, y) = (&work.weights[1], &work.weights[0]);
                    self.write(work, block, 1, (x, scale_q * factor), (y, -scale_p * factor), to_q);
                }
            }
            Chain::Slopes { factor, totals, edges } => {
                let factor = factor * frame.temperature.inverse;
                for (side, to) in [to_p, to_q].into_iter().enumerate().filter(|(_, to)| !to.is_empty()) {
                    for block in &work.blocks {
                        let scale = block.scales(&frame.mass)[side];
                        let by = -totals[side] * scale * factor;
                        let weights = &work.weights[side];
                        let (x, of_x) = match block.kind {
                            // There the slope is a multiple of the weight.
                            Kind::Lone(_) => (weights, edges[side] * scale * factor),
                            _ => (&work.slopes[side], factor),
                        };
                        self.write(work, block, side, (x, of_x), (weights, by), to);
                    }
                }
            }
        }
    }

    /// `x·of_x + y·of_y` to where the block's entries of a side stand.
    fn write(
        &self,
        work: &Workspace<R>,
        block: &Block,
        side: usize,
        (x, of_x): (&[R], f64),
        (y, of_y): (&[R], f64),
        to: &mut [R],
    ) {
        let (of_x, of_y): (Lane<R>, Lane<R>) = ([R::rounded(of_x); WIDEST], [R::rounded(of_y); WIDEST]);
        let of = block.at..block.at + block.len;
        let (x, y) = (&x[of.clone()], &y[of]);
        let combine = |at: usize, to: &mut [R]| {
            let (x, y) = (&x[at..at + to.len()], &y[at..at + to.len()]);
            dispatch(self.level, Combine { layout: Layout::Row, x, of_x: &of_x, y, of_y: &of_y, to });
        };
        match block.kind {
            Kind::Whole(from) => combine(0, &mut to[from..from + block.len]),
            Kind::Packed(start) | Kind::Lone(start) => {
                let mut space = [R::default(); PIECE];
                for at in (0..block.len).step_by(PIECE) {
                    let end = (at + PIECE).min(block.len);
                    let space = &mut space[..end - at];
                    combine(at, space);
                    for (place, x) in work.places[side][start + at..start + end].iter().zip(space) {
                        if *place != NOWHERE {
                            to[*place as usize] = *x;
                        }
                    }
                }
            }
        }
    }
}

/// How what the passes have kept becomes a gradient, before the temperature.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Chain {
    /// Q's gradient of a relative entropy from weights: ∂/∂ ln q is q − p, and that sums to nothing.
    Weights { factor: f64 },
    /// From slopes, their totals, and what they are per unit of a weight that the other side lacks.
    Slopes { factor: f64, totals: [f64; 2], edges: [f64; 2] },
}

impl Chain {
    /// From a second pass over the whole row.
    pub(crate) fn of<D: Divergence>(divergence: D, frame: &Frame, terms: &Terms, value: f64, factor: f64) -> Self {
        let generator = divergence.generator();
        Self::Slopes {
            factor: factor * outer(divergence, frame.sum(generator, terms), value),
            totals: [terms.slope_p(generator), terms.slope_q(generator)],
            edges: [finite(generator.at_infinity()), finite(generator.at_zero())],
        }
    }
}

/// The derivative of a value by its sum. A distance has none at 0, and equal rows have the gradient 0.
pub(crate) fn outer<D: Divergence>(divergence: D, sum: f64, value: f64) -> f64 {
    if sum == 0.0 { 0.0 } else { divergence.slope(sum, value) }
}

impl Block {
    fn is_whole(&self) -> bool {
        matches!(self.kind, Kind::Whole(_))
    }

    /// The logits of a block that has both sides.
    fn logits<'a, R>(&self, (p, q): Sides<'a, R>, packed: &'a [Vec<R>; 2]) -> Option<Sides<'a, R>> {
        match self.kind {
            Kind::Whole(from) => Some((&p[from..from + self.len], &q[from..from + self.len])),
            Kind::Packed(from) => Some((&packed[0][from..from + self.len], &packed[1][from..from + self.len])),
            Kind::Lone(_) => None,
        }
    }
}

/// What entries of one side alone come to.
fn lone(block: &Block, frame: &Frame) -> Terms {
    let mass = &block.mass;
    let share = |block: &LogMass, row: &LogMass| {
        let sum = LogMass::rescaled(block.sum, block.exponent, row.exponent);
        Sum::from(sum.value() / row.sum.value())
    };
    // One side has none of a category of which the other has a double's worth.
    let orphan = |max: f64, row: &LogMass| {
        max > f64::NEG_INFINITY && (max * frame.temperature.inverse - row.ln()) * LOG2_E >= SMALLEST
    };
    Terms {
        only_p: share(&mass.p, &frame.mass.p),
        only_q: share(&mass.q, &frame.mass.q),
        orphan_p: orphan(mass.p.max, &frame.mass.p),
        orphan_q: orphan(mass.q.max, &frame.mass.q),
        ..Terms::IDENTITY
    }
}

fn of_lanes<R: Precision, G: Generator>(lanes: &LaneTerms<R>) -> Terms {
    let total = |lane: &Lane<R>| {
        let mut total = 0.0;
        for x in lane {
            total += (*x).into();
        }
        Sum::from(total)
    };
    let mut terms = Terms { slope: total(&lanes.slope), mismatch: total(&lanes.mismatch), ..Terms::IDENTITY };
    match G::REDUCTION {
        Reduction::Sum => terms.sum = total(&lanes.sum),
        Reduction::Max => terms.peak = lanes.sum.iter().fold(0.0, |peak: f64, x| peak.max((*x).into())),
    }
    terms
}
