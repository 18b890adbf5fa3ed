//! Long inputs in pieces of fixed size, merged in order: the same bits on any number of threads.

use crate::Error;
use crate::state::Merge;
use crate::threads::each;

use super::kernel::BLOCK;

/// Elements per piece of work: long enough to be worth a thread, a whole number of blocks.
pub(super) const CHUNK: usize = 64 * BLOCK;

/// Merges `state` of every pair of chunks, in order.
#[inline(always)]
pub(super) fn fold<T: Sync, M: Merge + Send>(p: &[T], q: &[T], state: impl Fn(&[T], &[T]) -> M + Sync) -> M {
    if p.len() <= CHUNK {
        return M::IDENTITY.merge(state(p, q));
    }
    fold_long(p, q, &state)
}

fn fold_long<T: Sync, M: Merge + Send>(p: &[T], q: &[T], state: &(dyn Fn(&[T], &[T]) -> M + Sync)) -> M {
    let work = p.chunks(CHUNK).zip(q.chunks(CHUNK)).collect();
    each(work, || (), &|(), (p, q)| state(p, q)).into_iter().fold(M::IDENTITY, M::merge)
}

/// Fills `out` in pieces of `len` values, each by `fill(index of the first, piece)`.
///
/// The first error in order is returned.
pub(super) fn fill(
    out: &mut [f64],
    len: usize,
    fill: impl Fn(usize, &mut [f64]) -> Result<(), Error> + Sync,
) -> Result<(), Error> {
    let work = out.chunks_mut(len).enumerate().collect();
    each(work, || (), &|(), (i, piece)| fill(i * len, piece)).into_iter().collect()
}
