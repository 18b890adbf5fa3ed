use crate::Side;
use crate::error::RowError;
use crate::num::simd::{Level, dispatch};
use crate::state::{LogMass, LogitMass, Merge, Sum, Temperature};

use super::element::sealed::Precision;
use super::kernel::{BLOCK, WIDEST};
use super::scan::{Scan, Scanned};

/// What a thread keeps of the part of a row that it is working on. It grows to the longest and is used again.
#[derive(Debug, Default)]
pub(crate) struct Workspace<R> {
    pub(crate) blocks: Vec<Block>,
    /// Whether the weights have been kept.
    pub(crate) kept: bool,
    /// e^(a/T) and e^(b/T) of each entry, relative to its block's exponent.
    pub(crate) weights: [Vec<R>; 2],
    /// Slopes for ln p and ln q.
    pub(crate) slopes: [Vec<R>; 2],
    /// Logits that do not stand as the kernels need them, in blocks that are filled up.
    pub(crate) packed: [Vec<R>; 2],
    /// Where in the part each of these stands.
    pub(crate) places: [Vec<u32>; 2],
    /// Entries of one side alone, until those of both are a block.
    lone: [Vec<(R, u32)>; 2],
}

/// Logits that were read at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block {
    pub(crate) kind: Kind,
    /// Where its weights and slopes begin.
    pub(crate) at: usize,
    /// How many entries there are, filled up to whole vectors.
    pub(crate) len: usize,
    pub(crate) mass: LogitMass,
    /// What makes weights relative to the exponents of `mass`.
    rest: [f64; 2],
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// Entries as they stand, from this one on.
    Whole(usize),
    /// Entries with mass on both sides, collected from this place on.
    Packed(usize),
    /// Entries that one side alone has, those of P and those of Q; they have nothing to do with each other.
    Lone(usize),
}

impl<R: Precision> Workspace<R> {
    fn clear(&mut self) {
        self.blocks.clear();
        for packed in &mut self.packed {
            packed.clear();
        }
        for places in &mut self.places {
            places.clear();
        }
    }

    /// The first pass over a part of a row, in blocks from its beginning. With `keep` its weights are kept for the
    /// others.
    pub(crate) fn scan(
        &mut self,
        level: Level,
        (p, q): (&[R], &[R]),
        temperature: Temperature,
        keep: bool,
    ) -> Result<LogitMass, RowError> {
        self.clear();
        self.kept = keep;
        let (common, n) = (p.len().min(q.len()), p.len().max(q.len()));
        if keep {
            // At once, lest what is outgrown stays with the process.
            for weights in &mut self.weights {
                weights.reserve_exact(n.next_multiple_of(WIDEST).saturating_sub(weights.len()));
            }
        }
        for from in (0..n).step_by(BLOCK) {
            let end = (from + BLOCK).min(n);
            let whole = common.saturating_sub(from).min(BLOCK) / WIDEST * WIDEST;
            let mut rest = from;
            if whole > 0 {
                let at = self.reserve(whole, keep);
                let (p, q) = (&p[from..from + whole], &q[from..from + whole]);
                let Scanned { mass, rest: by } = scan::<R, false>(level, (p, q), temperature, &mut self.weights, at);
                // What is masked, NaN or infinite makes the gap one.
                if mass.gap.value().is_finite() {
                    self.blocks.push(Block { kind: Kind::Whole(from), at, len: whole, mass, rest: by });
                    rest = from + whole;
                }
            }
            if rest < end {
                self.pack(level, (p, q), (rest, end), temperature, keep)?;
            }
        }
        Ok(self.blocks.iter().fold(LogitMass::IDENTITY, |mass, block| mass.merge(block.mass)))
    }

    /// Room for the weights of a block after the others.
    fn reserve(&mut self, len: usize, keep: bool) -> usize {
        let at = if keep { self.blocks.last().map_or(0, |block| block.at + block.len) } else { 0 };
        for weights in &mut self.weights {
            if weights.len() < at + len {
                weights.resize(at + len, R::default());
            }
        }
        at
    }

    /// Collects entries that are masked here and there, or end within a vector.
    #[cold]
    fn pack(
        &mut self,
        level: Level,
        (p, q): (&[R], &[R]),
        (from, end): (usize, usize),
        temperature: Temperature,
        keep: bool,
    ) -> Result<(), RowError> {
        for lone in &mut self.lone {
            lone.clear();
        }
        let start = self.packed[0].len();
        for index in from..end {
            let [a, b] = [(p, Side::P), (q, Side::Q)].map(|(row, side)| match row.get(index) {
                Some(x) if (*x).into().is_nan() || (*x).into() == f64::INFINITY => {
                    Err(RowError::NotFinite { side, index })
                }
                Some(x) => Ok(*x),
                None => Ok(R::MASKED),
            });
            let (a, b) = (a?, b?);
            let place = index as u32;
            match (a > R::MASKED, b > R::MASKED) {
                (true, true) => {
                    for (side, x) in [a, b].into_iter().enumerate() {
                        self.packed[side].push(x);
                        self.places[side].push(place);
                    }
                }
                (true, false) => self.lone[0].push((a, place)),
                (false, true) => self.lone[1].push((b, place)),
                (false, false) => {}
            }
        }
        self.fill(level, Kind::Packed(start), temperature, keep);

        let start = self.packed[0].len();
        for (side, entries) in self.lone.iter().enumerate() {
            self.packed[side].extend(entries.iter().map(|entry| entry.0));
            self.places[side].extend(entries.iter().map(|entry| entry.1));
        }
        self.fill(level, Kind::Lone(start), temperature, keep);
        Ok(())
    }

    /// Makes a block of what has been collected from `start` on.
    fn fill(&mut self, level: Level, kind: Kind, temperature: Temperature, keep: bool) {
        let (Kind::Packed(start) | Kind::Lone(start) | Kind::Whole(start)) = kind;
        let counts = [0, 1].map(|side| self.packed[side].len() - start);
        let len = counts[0].max(counts[1]).next_multiple_of(WIDEST);
        if len == 0 {
            return;
        }
        for side in 0..2 {
            self.packed[side].resize(start + len, R::MASKED);
            self.places[side].resize(start + len, NOWHERE);
        }
        let at = self.reserve(len, keep);
        let sides = (&self.packed[0][start..], &self.packed[1][start..]);
        let Scanned { mut mass, rest } = scan::<R, true>(level, sides, temperature, &mut self.weights, at);
        match kind {
            Kind::Lone(_) => {
                let gap = if counts[0] > 0 { f64::NAN } else { 0.0 };
                mass.gap = Sum::from(gap);
            }
            _ => {
                for packed in &mut self.packed {
                    packed[start + counts[0]..].fill(R::FILLER);
                }
            }
        }
        self.blocks.push(Block { kind, at, len, mass, rest });
    }

    /// Whether any entry has mass on both sides.
    pub(crate) fn has_common(&self) -> bool {
        self.blocks.iter().any(|block| !matches!(block.kind, Kind::Lone(_)))
    }

    /// Room for slopes.
    pub(crate) fn reserve_slopes(&mut self, side: usize) {
        let len = self.blocks.last().map_or(0, |block| block.at + block.len);
        if self.slopes[side].len() < len {
            self.slopes[side].resize(len, R::default());
        }
    }
}

/// The place of what fills a block up.
pub(crate) const NOWHERE: u32 = u32::MAX;

fn scan<R: Precision, const PADDED: bool>(
    level: Level,
    (p, q): (&[R], &[R]),
    temperature: Temperature,
    weights: &mut [Vec<R>; 2],
    at: usize,
) -> Scanned {
    let [to_p, to_q] = weights.each_mut().map(|weights| &mut weights[at..at + p.len()]);
    dispatch(level, Scan::<R, PADDED> { p, q, temperature, to_p, to_q })
}

impl Block {
    /// What makes probabilities of the block's weights in a row of this mass.
    pub(crate) fn scales(&self, row: &LogitMass) -> [f64; 2] {
        let scale = |side: usize, block: &LogMass, row: &LogMass| {
            LogMass::rescaled(Sum::from(self.rest[side]), block.exponent, row.exponent).value() / row.sum.value()
        };
        [scale(0, &self.mass.p, &row.p), scale(1, &self.mass.q, &row.q)]
    }
}
