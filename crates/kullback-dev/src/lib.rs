//! What the tests of kullback are made of: truths that share no code with it, ways to measure an error, and the one
//! table of how large an error may be. Unpublished.

#![allow(clippy::panic)] // A broken golden file should stop the test run, naming itself.

pub mod double_double;
pub mod golden;
pub mod oracle;
pub mod recipe;
pub mod ulp;
