//! The numeric vocabulary.
pub(crate) mod special;
