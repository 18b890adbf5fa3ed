//! Reports as text, one file an output format; pictures; arrays and pictures as files.

pub(crate) mod array;
pub(crate) mod axis;
pub(crate) mod file;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod plot;
pub(crate) mod report;
pub(crate) mod story;
pub(crate) mod text;
mod xml;
