//! What the tests of kullback are made of: truths that share no code with it, ways to measure an error, and the one
//! table of how large an error may be. Unpublished.

#![allow(clippy::panic, reason = "a broken golden file should stop the test run, naming itself")]

pub mod accuracy;
pub mod conventions;
pub mod dense;
pub mod double_double;
pub mod dual;
pub mod golden;
pub mod law;
pub mod oracle;
pub mod recipe;
pub mod report;
pub mod strategy;
pub mod subject;
pub mod tolerance;
pub mod ulp;
