//! Distances in single precision, which decide what surely is near or far; doubles decide the rest.
//!
//! A point y is nearer to x than r if s = x·y − |y|²/2 is above t = (|x|² − r²)/2: a multiply-add a coordinate. Computed in single precision s
//! is off by at most E(|x|² + |y|²), E = (2d + 8)·2⁻²⁴, multiply-adds fused or not. As |y| ≤ |x| + |x − y|, a margin of E(3|x|² + 2r²) around t
//! is enough on either side of it, however far y is.

use super::neighbours::Queries;

/// Points, or boxes, that are looked at together.
pub(super) const LANES: usize = 16;
/// Queries that go together: as many as a word has bits.
pub(super) const GROUP: usize = 64;
/// Parts of a group, with a lane for each query.
pub(super) const PARTS: usize = GROUP / LANES;

/// Numbers of which a vector of any kind begins on a line of the cache.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Aligned<const N: usize>(pub(super) [f32; N]);

/// A number for each lane.
pub(super) type Singles = Aligned<LANES>;
/// A number for each query of a group.
pub(super) type Each = Aligned<GROUP>;

impl<const N: usize> Aligned<N> {
    pub(super) const fn splat(x: f32) -> Self {
        Self([x; N])
    }
}

/// Coordinates are cut here, which makes no distance larger: squares stay in range.
const FAR: f64 = 1e15;
/// Up to this square of lengths nothing that is cut can seem near.
const WHOLE: f64 = 1e29;
/// More than underflow changes, with coordinates cut as above.
const TINY: f64 = 1e-26;

#[inline(always)]
fn cut(x: f64) -> f64 {
    x.clamp(-FAR, FAR)
}

/// Below what is left of `x` when it is cut.
#[inline(always)]
pub(super) fn down(x: f64) -> f32 {
    let near = cut(x) as f32;
    near - (near.abs() * f32::EPSILON + f32::MIN_POSITIVE)
}

/// Above it.
#[inline(always)]
pub(super) fn up(x: f64) -> f32 {
    -down(-x)
}

/// Blocks of row-major points: −|y|²/2 of each, then coordinate after coordinate. What fills the last block is infinitely far.
pub(super) fn blocks(dimensions: usize, points: &[f64]) -> Vec<Singles> {
    let mut blocks = Vec::with_capacity(points.len().div_ceil(dimensions * LANES) * (dimensions + 1));
    for points in points.chunks(dimensions * LANES) {
        let start = blocks.len();
        blocks.push(Singles::splat(f32::NEG_INFINITY));
        blocks.resize(start + 1 + dimensions, Singles::splat(0.0));
        for (lane, row) in points.chunks_exact(dimensions).enumerate() {
            blocks[start].0[lane] = (-0.5 * row.iter().map(|&x| cut(x) * cut(x)).sum::<f64>()) as f32;
            for (column, &x) in row.iter().enumerate() {
                blocks[start + 1 + column].0[lane] = cut(x) as f32;
            }
        }
    }
    blocks
}

/// A coordinate of each query in single precision.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub(super) near: Each,
    /// Rounded down and up.
    pub(super) down: Each,
    pub(super) up: Each,
}

/// A group of queries, and what margins are made of.
pub(super) struct Rounded {
    pub(super) columns: Vec<Column>,
    /// |x|².
    squares: [f64; GROUP],
    error: f64,
}

impl Rounded {
    /// The last one is repeated where there are no more.
    pub(super) fn new(queries: Queries<'_>) -> Self {
        let (zero, last) = (Each::splat(0.0), queries.len() - 1);
        let mut squares = [0.0; GROUP];
        let mut columns = vec![Column { near: zero, down: zero, up: zero }; queries.dimensions];
        for (lane, square) in squares.iter_mut().enumerate() {
            for (column, &x) in columns.iter_mut().zip(queries.point(lane.min(last))) {
                *square += cut(x) * cut(x);
                (column.near.0[lane], column.down.0[lane], column.up.0[lane]) = (cut(x) as f32, down(x), up(x));
            }
        }
        let error = (2 * queries.dimensions + 8) as f64 * f64::from(f32::EPSILON) / 2.0;
        Self { columns, squares, error }
    }

    /// Above the first of these s may be that of a point within the squared radius, above the second it is. A radius below zero holds nothing.
    #[inline(always)]
    pub(super) fn thresholds(&self, lane: usize, radius: f64) -> [f32; 2] {
        if radius < 0.0 {
            return [f32::INFINITY; 2];
        }
        let square = self.squares[lane];
        let (middle, margin) = (0.5 * (square - radius), self.error * (3.0 * square + 2.0 * radius) + TINY);
        let sure = if square + radius < WHOLE { (middle + margin) as f32 } else { f32::INFINITY };
        [(middle - margin) as f32, sure]
    }

    /// A box is met by the ball of a squared radius only if its distance, in single precision from coordinates cut and rounded away, is
    /// below this.
    #[inline(always)]
    pub(super) fn reach(&self, radius: f64) -> f32 {
        let reach = (radius * (1.0 + self.error) + TINY) as f32;
        if radius >= 0.0 { reach } else { -1.0 }
    }

    /// A ball of this squared radius may hold a box whose greatest distance, of coordinates cut and rounded away in single precision, is
    /// below the first; it holds one if that is below the second. A coordinate of the difference f between x and a side is off by at most
    /// 2⁻²³(3|x| + 2f), which makes 2⁻²³(3|x|² + (d + 6)r²) of the square.
    #[inline(always)]
    pub(super) fn holds(&self, lane: usize, radius: f64) -> [f32; 2] {
        if radius < 0.0 {
            return [-1.0; 2];
        }
        let square = self.squares[lane];
        let margin = self.error * (3.0 * square + 2.0 * radius) + TINY;
        let sure = if square + radius < WHOLE { (radius - margin) as f32 } else { -1.0 };
        [(radius + margin) as f32, sure]
    }
}
