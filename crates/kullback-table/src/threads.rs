//! How many threads read.

use crate::error::TableError;

/// Runs on that many threads, or on all there are.
pub(crate) fn on_threads<T: Send>(
    threads: Option<usize>,
    run: impl FnOnce() -> Result<T, TableError> + Send,
) -> Result<T, TableError> {
    let Some(threads) = threads else { return run() };
    match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
        Ok(pool) if threads > 0 => pool.install(run),
        _ => Err(TableError::Option { name: "threads", value: threads.to_string(), expected: "1 or more" }),
    }
}
