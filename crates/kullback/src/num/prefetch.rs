//! Memory asked for before it is read. A processor does so by itself, but only within a page, and it starts late.

use prefetch_index::prefetch_index;

/// How far ahead of its reader memory is asked for where nothing says otherwise, in bytes: hardware stops at its end.
pub(crate) const PAGE: usize = 4096;
/// Bytes that memory comes in.
const LINE: usize = 64;

/// Asks for the elements from `at` on, `len` of them. They may lie behind the end of the slice, where the next to be read
/// often is; asking for what does not exist is harmless.
#[inline(always)]
pub(crate) fn prefetch<T>(of: &[T], at: usize, len: usize) {
    let per_line = LINE / size_of::<T>();
    let mut line = 0;
    // A number of lines that is known when this is compiled.
    while line < len.div_ceil(per_line) {
        prefetch_index(of, at + line * per_line);
        line += 1;
    }
}
