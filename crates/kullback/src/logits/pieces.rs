//! A batch in pieces, for threads, and where each piece is written to.

use crate::Error;
use crate::threads::each;

use super::kernel::WIDEST;

/// Entries that one piece of work has about.
const PIECE: usize = 1 << 15;

/// Some of the rows: where their values and gradients go. An empty slice is not written.
pub(crate) struct Piece<'a, T> {
    pub(crate) first: usize,
    pub(crate) values: &'a mut [f64],
    pub(crate) to_p: &'a mut [T],
    pub(crate) to_q: &'a mut [T],
}

/// Has a batch done piece by piece, with something of each thread's own; the first error in order is returned.
pub(crate) fn in_pieces<T: Send, O>(
    columns: [usize; 2],
    values: &mut [f64],
    to: [&mut [T]; 2],
    own: fn() -> O,
    run: impl Fn(&mut O, Piece<'_, T>) -> Result<(), Error> + Sync,
) -> Result<(), Error> {
    each(pieces(columns, values, to), own, &run).into_iter().collect()
}

/// Cuts the rows into pieces. They are fixed by the shape, and each row is its own: the bits do not depend on threads.
/// The rows of a piece are one piece again.
fn pieces<'a, T>(
    columns: [usize; 2],
    values: &'a mut [f64],
    [mut to_p, mut to_q]: [&'a mut [T]; 2],
) -> Vec<Piece<'a, T>> {
    let rows = (PIECE / columns[0].max(columns[1])).max(1);
    // Whole tiles, where rows are done side by side.
    let rows = if rows > WIDEST { rows - rows % WIDEST } else { rows };
    let mut pieces = Vec::with_capacity(values.len().div_ceil(rows));
    for (i, values) in values.chunks_mut(rows).enumerate() {
        let (part_p, part_q);
        let n = values.len();
        (part_p, to_p) = to_p.split_at_mut((n * columns[0]).min(to_p.len()));
        (part_q, to_q) = to_q.split_at_mut((n * columns[1]).min(to_q.len()));
        pieces.push(Piece { first: i * rows, values, to_p: part_p, to_q: part_q });
    }
    pieces
}

/// Some rows of a gradient, if there is one.
pub(crate) fn rows_of<T>(to: &mut [T], columns: usize, first: usize, count: usize) -> &mut [T] {
    if to.is_empty() { to } else { &mut to[first * columns..(first + count) * columns] }
}

/// The slice, unless it is empty: then it is not wanted.
pub(crate) fn wanted<T>(to: &mut [T]) -> Option<&mut [T]> {
    if to.is_empty() { None } else { Some(to) }
}

pub(crate) fn shape(len: usize, needed: usize) -> Result<(), Error> {
    if len == needed { Ok(()) } else { Err(Error::Shape { len, needed }) }
}
