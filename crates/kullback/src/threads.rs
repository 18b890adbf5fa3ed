//! The only place that knows of threads. Work is cut by its shape and its results are merged in order, so that the bits
//! do not depend on their number.

/// Shares of the work that a thread has about: some, for threads are not equally fast.
#[cfg(feature = "rayon")]
const SHARES: usize = 8;

/// What comes of each piece of work, in order. A thread makes something of its `own` and has it for all its pieces.
///
/// `run` is called through a pointer: the machinery of threads is compiled once for a kind of work, not once for each
/// divergence that is computed in it.
pub(crate) fn each<W: Send, O, R: Send>(work: Vec<W>, own: fn() -> O, run: &(dyn Fn(&mut O, W) -> R + Sync)) -> Vec<R> {
    #[cfg(feature = "rayon")]
    if work.len() > 1 && rayon::current_num_threads() > 1 {
        use rayon::prelude::*;
        // What is a thread's own is made anew for each share of the work, so there are few of them.
        let least = work.len().div_ceil(SHARES * rayon::current_num_threads());
        return work.into_par_iter().with_min_len(least).map_init(own, run).collect();
    }
    let mut own = own();
    work.into_iter().map(|work| run(&mut own, work)).collect()
}
