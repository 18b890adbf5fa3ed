//! Reports as text: one file an output format.

pub(crate) mod json;
pub(crate) mod text;
