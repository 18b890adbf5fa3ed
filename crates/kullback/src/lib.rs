//! kullback
mod error;
pub mod estimate;
mod num;

pub use error::{Error, Side};
