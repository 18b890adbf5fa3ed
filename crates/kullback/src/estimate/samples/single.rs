//! Distances in single precision, which decide what surely is near or far; doubles decide the rest.
//!
//! A point y is nearer to x than r if s = x·y − |y|²/2 is above t = (|x|² − r²)/2: a multiply-add a coordinate. Computed in single precision s
//! is off by at most E(|x|² + |y|²), E = (2d + 8)·2⁻²⁴, multiply-adds fused or not. As |y| ≤ |x| + |x − y|, a margin of E(3|x|² + 2r²) around t
//! is enough on either side of it, however far y is.

use super::neighbours::Queries;

/// Points, or boxes, that are looked at together.
pub(super) const LANES: usize = 16;
/// A number for each, where a vector of any kind begins on a line of the cache.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Singles(pub(super) [f32; LANES]);

impl Singles {
    pub(super) const fn splat(x: f32) -> Self {
        Self([x; LANES])
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
    pub(super) near: Singles,
    /// Rounded down and up.
    pub(super) down: Singles,
    pub(super) up: Singles,
}

/// Up to as many queries as there are lanes, and what margins are made of.
pub(super) struct Rounded {
    pub(super) columns: Vec<Column>,
    /// |x|².
    squares: [f64; LANES],
    error: f64,
}

impl Rounded {
    /// Lanes without a query repeat the last one.
    pub(super) fn new(queries: Queries<'_>) -> Self {
        let (zero, last) = (Singles::splat(0.0), queries.len() - 1);
        let mut squares = [0.0; LANES];
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

    /// A box is likely not within the ball if its greatest distance is not below this; the ball of radius 0 may hold a box of no width.
    #[inline(always)]
    pub(super) fn holds(&self, lane: usize, radius: f64) -> f32 {
        (radius + self.error * (3.0 * self.squares[lane] + 2.0 * radius) + TINY) as f32
    }
}
