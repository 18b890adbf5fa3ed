//! The only place that knows of threads. Work is cut by its shape and its results are merged in order, so that the bits
//! do not depend on their number.

/// Shares of the work that a thread takes, about: some, for threads are not equally fast.
#[cfg(feature = "rayon")]
const SHARES: usize = 8;

/// What comes of each piece of work, in order. A thread makes something of its `own` and has it for all its pieces.
///
/// `run` is called through a pointer: the machinery of threads is compiled once for a kind of work, not once for each
/// divergence that is computed in it.
pub(crate) fn each<W: Send, O, R: Send>(work: Vec<W>, own: fn() -> O, run: &(dyn Fn(&mut O, W) -> R + Sync)) -> Vec<R> {
    #[cfg(feature = "rayon")]
    if work.len() > 1 && rayon::current_num_threads() > 1 {
        return on_threads(work, own, run);
    }
    let mut own = own();
    work.into_iter().map(|work| run(&mut own, work)).collect()
}

/// Both results, by two threads where there are.
pub(crate) fn both<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    #[cfg(feature = "rayon")]
    if rayon::current_num_threads() > 1 {
        return rayon::join(a, b);
    }
    (a(), b())
}

/// The caller takes its shares like everybody else. Were it to wait, all threads of the pool would have to wake up first,
/// and may do so on the caller's core, where the second stands in line for milliseconds.
#[cfg(feature = "rayon")]
fn on_threads<W: Send, O, R: Send>(work: Vec<W>, own: fn() -> O, run: &(dyn Fn(&mut O, W) -> R + Sync)) -> Vec<R> {
    use std::sync::{Mutex, PoisonError};
    let threads = rayon::current_num_threads().min(work.len());
    let share = work.len().div_ceil(SHARES * threads);
    let found = Mutex::new(Vec::with_capacity(work.len()));
    let left = Mutex::new(work.into_iter().enumerate());
    let take = || {
        let mut mine = None;
        loop {
            let some: Vec<_> = left.lock().unwrap_or_else(PoisonError::into_inner).by_ref().take(share).collect();
            if some.is_empty() {
                return;
            }
            let mine = mine.get_or_insert_with(own);
            let of_some: Vec<_> = some.into_iter().map(|(at, work)| (at, run(mine, work))).collect();
            found.lock().unwrap_or_else(PoisonError::into_inner).extend(of_some);
        }
    };
    rayon::in_place_scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|_| take());
        }
        take();
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_unstable_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, found)| found).collect()
}
