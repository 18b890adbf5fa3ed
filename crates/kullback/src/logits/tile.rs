//! Small vocabularies: as many rows side by side as a vector has lanes.

use crate::Error;
use crate::discrete::Rows;
use crate::divergence::{Divergence, Generator, Sums};
use crate::num::prefetch::prefetch;
use crate::num::simd::{Level, dispatch};
use crate::state::Temperature;

use super::element::sealed::Precision;
use super::frame::is_forward;
use super::kernel::{self, BLOCK, Combine, Lane, LaneTerms, Layout, Scales, WIDEST};
use super::part::outer;
use super::row::Row;
use super::scan::ScanTile;
use super::workspace::Workspace;

/// Up to this many entries rows are taken side by side.
pub(crate) const SMALL: usize = 64;

/// Rows side by side, entry by entry, and what is kept of them.
pub(crate) struct Tile<R> {
    logits: [Vec<R>; 2],
    weights: [Vec<R>; 2],
    slopes: [Vec<R>; 2],
    /// A gradient before its lanes become rows.
    out: Vec<R>,
    scales: Scales<R>,
    mean: Lane<R>,
    size: Lane<R>,
}

/// The rows of a batch that one tile takes.
#[derive(Clone, Copy)]
pub(crate) struct Strip<'a, T> {
    pub(crate) p: Rows<'a, T>,
    pub(crate) q: Rows<'a, T>,
    pub(crate) first: usize,
    pub(crate) count: usize,
}

impl<R: Precision> Tile<R> {
    pub(crate) fn new() -> Self {
        let space = || [Vec::new(), Vec::new()];
        let zero = [R::default(); WIDEST];
        Self {
            logits: space(),
            weights: space(),
            slopes: space(),
            out: Vec::new(),
            scales: Scales::zero(),
            mean: zero,
            size: zero,
        }
    }

    /// Values, and gradients times `factors`, of the rows of a strip; returns those rows that cannot be done side by
    /// side, which are masked, refused, beyond the type, or want the slopes of a logarithm.
    ///
    /// A row without a factor is not looked at. What comes of a row does not depend on the others.
    pub(crate) fn run<D: Divergence>(
        &mut self,
        divergence: D,
        (level, temperature): (Level, Temperature),
        strip: Strip<'_, R>,
        factors: &Lane<Option<f64>>,
        values: &mut [f64],
        to: [&mut [R]; 2],
    ) -> Result<u32, Error> {
        self.scan((level, temperature), strip, factors);
        let wanted = to.each_ref().map(|to| !to.is_empty());
        let mut chains = Chains { weights: Coefficients::none(), slopes: [Coefficients::none(); 2] };
        let mut left = 0;
        let mut lanes = None;
        for lane in 0..strip.count {
            let Some(factor) = factors[lane] else { continue };
            let factor = factor * temperature.inverse;
            let (mean, size): (f64, f64) = (self.mean[lane].into(), self.size[lane].into());
            let scales = [self.scales.p[lane].into(), self.scales.q[lane].into()];
            let at_once = is_forward::<D::Generator>() && mean >= R::LIMITS.apart * size && mean <= R::LIMITS.largest;
            if at_once && !wanted[0] {
                values[lane] = divergence.finish(mean);
                let factor = factor * outer(divergence, mean, values[lane]);
                chains.weights.set(lane, scales[1] * factor, -scales[0] * factor);
                continue;
            }
            if lanes.is_none() {
                lanes = Some(self.terms(level, divergence, temperature, wanted));
            }
            let Some(lanes) = &lanes else { continue };
            let (sum, slope): (f64, f64) = (lanes.sum[lane].into(), lanes.slope[lane].into());
            // Only a masked, infinite or missing logit makes the mean one.
            if !mean.is_finite() || sum.is_nan() || sum > R::LIMITS.largest || !slope.is_finite() {
                left |= 1 << lane;
                continue;
            }
            let index = strip.first + lane;
            let alone = Alone { level, p: strip.p.row(index), q: strip.q.row(index), temperature };
            values[lane] = divergence.conclude(if at_once { mean } else { sum }, &alone)?;
            if wanted != [false; 2] && divergence.logarithm(values[lane]).is_some() {
                left |= 1 << lane;
                continue;
            }
            let factor = factor * outer(divergence, sum, values[lane]);
            for (side, total) in [sum - slope, slope].into_iter().enumerate() {
                chains.slopes[side].set(lane, factor, -total * scales[side] * factor);
            }
        }
        self.gradients(level, &chains, &strip, to);
        Ok(left)
    }

    /// The first pass.
    fn scan(&mut self, (level, temperature): (Level, Temperature), strip: Strip<'_, R>, factors: &Lane<Option<f64>>) {
        let n = strip.p.columns() * WIDEST;
        let sides = [&mut self.logits, &mut self.weights, &mut self.slopes];
        for space in sides.into_iter().flatten().chain([&mut self.out]) {
            space.resize(n, R::default());
        }
        self.load(strip, factors);
        let ([p, q], [to_p, to_q]) = (&self.logits, &mut self.weights);
        let (scales, mean, size) = (&mut self.scales, &mut self.mean, &mut self.size);
        dispatch(level, ScanTile { p, q, temperature, to_p, to_q, scales, mean, size });
    }

    /// Writes the gradients that are wanted.
    fn gradients(&mut self, level: Level, chains: &Chains<R>, strip: &Strip<'_, R>, [to_p, to_q]: [&mut [R]; 2]) {
        let Self { weights, slopes, out, .. } = self;
        if !to_q.is_empty() {
            chains.weights.write(level, (&weights[1], &weights[0]), out, strip, to_q);
        }
        for (side, to) in [to_p, to_q].into_iter().enumerate().filter(|(_, to)| !to.is_empty()) {
            chains.slopes[side].write(level, (&slopes[side], &weights[side]), out, strip, to);
        }
    }

    /// The second pass, repeated in a better frame where a row needs that.
    fn terms<D: Divergence>(
        &mut self,
        level: Level,
        divergence: D,
        temperature: Temperature,
        wanted: [bool; 2],
    ) -> LaneTerms<R> {
        let mut refined = false;
        loop {
            let [to_p, to_q] = &mut self.slopes;
            let lanes = dispatch(
                level,
                kernel::Terms {
                    layout: Layout::Tile,
                    generator: divergence.generator(),
                    p: &self.logits[0],
                    q: &self.logits[1],
                    weights_p: &self.weights[0],
                    weights_q: &self.weights[1],
                    scales: &self.scales,
                    inverse: temperature.inverse,
                    to_p: if wanted[0] { to_p } else { &mut [] },
                    to_q: if wanted[1] { to_q } else { &mut [] },
                },
            );
            let mut again = false;
            if !refined {
                for lane in 0..WIDEST {
                    let (off, sum): (f64, f64) = (lanes.mismatch[lane].into(), lanes.sum[lane].into());
                    if off.abs().powi(D::Generator::ORDER) > R::LIMITS.negligible * sum && sum.is_finite() {
                        let low: f64 = self.scales.shift[1][lane].into();
                        self.scales.shift[1][lane] = R::rounded(low + off.ln_1p() * temperature.value);
                        again = true;
                    }
                }
            }
            if !again {
                return lanes;
            }
            refined = true;
        }
    }

    /// Puts the rows side by side; lanes without a row are filled with zeros.
    fn load(&mut self, strip: Strip<'_, R>, factors: &Lane<Option<f64>>) {
        let columns = strip.p.columns();
        let zeros = [R::default(); SMALL];
        for (to, rows) in self.logits.iter_mut().zip([strip.p, strip.q]) {
            let entries = &mut to.as_chunks_mut::<WIDEST>().0[..columns];
            for lane in (0..WIDEST).step_by(SQUARE) {
                if lane < strip.count {
                    prefetch(rows.row(strip.first + lane), BLOCK, SQUARE * columns);
                }
                let four = core::array::from_fn(|i| {
                    let there = lane + i < strip.count && factors[lane + i].is_some();
                    if there { rows.row(strip.first + lane + i) } else { &zeros[..columns] }
                });
                aside(four, entries, lane);
            }
        }
    }
}

/// Rows that are turned at a time: small enough for registers.
const SQUARE: usize = 4;

/// Writes four rows as lanes from `lane` on.
#[inline(always)]
fn aside<R: Precision>(rows: [&[R]; SQUARE], entries: &mut [Lane<R>], lane: usize) {
    let columns = entries.len();
    let [a, b, c, d] = rows.map(|row| &row[..columns]);
    for (i, entry) in entries.iter_mut().enumerate() {
        entry[lane..lane + SQUARE].copy_from_slice(&[a[i], b[i], c[i], d[i]]);
    }
}

/// What two numbers of an entry are multiplied by to become its gradient, in the lanes in which they do.
#[derive(Clone, Copy)]
struct Coefficients<R> {
    lanes: u32,
    of_x: Lane<R>,
    of_y: Lane<R>,
}

impl<R: Precision> Coefficients<R> {
    fn none() -> Self {
        Self { lanes: 0, of_x: [R::default(); WIDEST], of_y: [R::default(); WIDEST] }
    }

    fn set(&mut self, lane: usize, of_x: f64, of_y: f64) {
        self.lanes |= 1 << lane;
        self.of_x[lane] = R::rounded(of_x);
        self.of_y[lane] = R::rounded(of_y);
    }

    /// Combines `x` and `y` in `out` and writes the lanes as rows.
    fn write(&self, level: Level, (x, y): (&[R], &[R]), out: &mut [R], strip: &Strip<'_, R>, to: &mut [R]) {
        if self.lanes == 0 {
            return;
        }
        dispatch(level, Combine { layout: Layout::Tile, x, of_x: &self.of_x, y, of_y: &self.of_y, to: out });
        for (lane, row) in to.chunks_exact_mut(strip.p.columns()).enumerate() {
            if self.lanes & (1 << lane) != 0 {
                prefetch(row, BLOCK, row.len());
                for (to, entries) in row.iter_mut().zip(out.as_chunks::<WIDEST>().0) {
                    *to = entries[lane];
                }
            }
        }
    }
}

/// The coefficients for every way to a gradient, as [`Chain`](super::part::Chain) has them for a row.
struct Chains<R> {
    weights: Coefficients<R>,
    slopes: [Coefficients<R>; 2],
}

/// A row by itself, for the few divergences that need more than one sum, and then rarely.
struct Alone<'a, R> {
    level: Level,
    p: &'a [R],
    q: &'a [R],
    temperature: Temperature,
}

impl<R: Precision> Alone<'_, R> {
    fn with<O>(&self, run: impl FnOnce(&Row<'_, R>) -> Result<O, Error>) -> Result<O, Error> {
        let mut work = Workspace::default();
        run(&Row::new(self.level, (self.p, self.q), self.temperature, &mut work, true)?)
    }
}

impl<R: Precision> Sums for Alone<'_, R> {
    fn sum<G: Generator>(&self, generator: G) -> Result<f64, Error> {
        self.with(|row| row.sum(generator))
    }
    fn ln_sum<G: Generator>(&self, generator: G) -> Result<f64, Error> {
        self.with(|row| row.ln_sum(generator))
    }
}
