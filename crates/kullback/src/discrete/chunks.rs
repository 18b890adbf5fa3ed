//! Long inputs in pieces of fixed size, merged in order: the same bits on any number of threads.

use crate::state::Merge;

use super::kernel::BLOCK;

/// Elements per piece of work: long enough to be worth a thread, a whole number of blocks.
pub(super) const CHUNK: usize = 64 * BLOCK;

/// Merges `state` of every pair of chunks, in order.
#[cfg(feature = "rayon")]
pub(super) fn fold<T: Sync, M: Merge + Send>(p: &[T], q: &[T], state: impl Fn(&[T], &[T]) -> M + Sync) -> M {
    use rayon::prelude::*;
    if p.len() <= CHUNK || rayon::current_num_threads() == 1 {
        return fold_in_order(p, q, state);
    }
    let states: Vec<M> = p.par_chunks(CHUNK).zip(q.par_chunks(CHUNK)).map(|(p, q)| state(p, q)).collect();
    states.into_iter().fold(M::IDENTITY, M::merge)
}

/// Merges `state` of every pair of chunks, in order.
#[cfg(not(feature = "rayon"))]
pub(super) fn fold<T, M: Merge>(p: &[T], q: &[T], state: impl Fn(&[T], &[T]) -> M) -> M {
    fold_in_order(p, q, state)
}

fn fold_in_order<T, M: Merge>(p: &[T], q: &[T], state: impl Fn(&[T], &[T]) -> M) -> M {
    let mut whole = M::IDENTITY;
    for (p, q) in p.chunks(CHUNK).zip(q.chunks(CHUNK)) {
        whole = whole.merge(state(p, q));
    }
    whole
}

/// Fills `out` in pieces of `len` values, each by `fill(index of the first, piece)`.
///
/// The first error in order is returned.
pub(super) fn fill<E: Send>(
    out: &mut [f64],
    len: usize,
    fill: impl Fn(usize, &mut [f64]) -> Result<(), E> + Sync,
) -> Result<(), E> {
    #[cfg(feature = "rayon")]
    if out.len() > len && rayon::current_num_threads() > 1 {
        use rayon::prelude::*;
        let results: Vec<_> = out.par_chunks_mut(len).enumerate().map(|(i, piece)| fill(i * len, piece)).collect();
        return results.into_iter().collect();
    }
    out.chunks_mut(len).enumerate().try_for_each(|(i, piece)| fill(i * len, piece))
}
