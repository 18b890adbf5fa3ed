//! Reports as text, one file an output format; arrays as files.

pub(crate) mod array;
pub(crate) mod json;
pub(crate) mod text;
