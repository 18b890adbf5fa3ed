//! The only place that knows of threads. Work is cut by its shape and its results are merged in order, so that the bits
//! do not depend on their number.

/// What comes of each piece of work, in order. A thread makes something of its `own` and has it for all its pieces.
///
/// `run` is called through a pointer: the machinery of threads is compiled once for a kind of work, not once for each
/// divergence that is computed in it.
pub(crate) fn each<W: Send, O, R: Send>(work: Vec<W>, own: fn() -> O, run: &(dyn Fn(&mut O, W) -> R + Sync)) -> Vec<R> {
    #[cfg(feature = "rayon")]
    if work.len() > 1 && rayon::current_num_threads() > 1 {
        use rayon::prelude::*;
        return work.into_par_iter().map_init(own, run).collect();
    }
    let mut own = own();
    work.into_iter().map(|work| run(&mut own, work)).collect()
}
