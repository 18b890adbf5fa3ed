//! What a parameter may be.

use crate::Error;

fn check(name: &'static str, value: f64, fine: bool, expected: &'static str) -> Result<(), Error> {
    if fine { Ok(()) } else { Err(Error::Parameter { name, value, expected }) }
}

pub(super) fn finite(name: &'static str, value: f64) -> Result<(), Error> {
    check(name, value, value.is_finite(), "a finite number")
}

pub(super) fn positive(name: &'static str, value: f64) -> Result<(), Error> {
    check(name, value, value > 0.0 && value.is_finite(), "a finite number above 0")
}

pub(super) fn not_negative(name: &'static str, value: f64) -> Result<(), Error> {
    check(name, value, value >= 0.0 && value.is_finite(), "a finite number of at least 0")
}

pub(super) fn probability(name: &'static str, value: f64) -> Result<(), Error> {
    check(name, value, (0.0..=1.0).contains(&value), "a number from 0 to 1")
}

/// Neither 0 nor 1.
pub(super) fn inner_probability(name: &'static str, value: f64) -> Result<(), Error> {
    check(name, value, value > 0.0 && value < 1.0, "a number between 0 and 1, both excluded")
}

/// Not 0.
pub(super) fn success(name: &'static str, value: f64) -> Result<(), Error> {
    check(name, value, value > 0.0 && value <= 1.0, "a number above 0, at most 1")
}

/// Not 1.
pub(super) fn failure(name: &'static str, value: f64) -> Result<(), Error> {
    check(name, value, (0.0..1.0).contains(&value), "a number of at least 0, below 1")
}

/// Integers up to here and their neighbours are doubles.
const LARGEST: f64 = 4_503_599_627_370_496.0;

pub(super) fn integer(name: &'static str, value: f64) -> Result<(), Error> {
    check(name, value, value.fract() == 0.0 && value.abs() <= LARGEST, "an integer of magnitude up to 2^52")
}

pub(super) fn count(name: &'static str, value: f64) -> Result<(), Error> {
    check(name, value, value.fract() == 0.0 && (0.0..=LARGEST).contains(&value), "an integer from 0 to 2^52")
}

pub(super) fn finite_above(name: &'static str, value: f64, low: f64) -> Result<(), Error> {
    check(name, value, value > low && value.is_finite(), "a finite number above low")
}

pub(super) fn above(name: &'static str, value: f64, low: f64) -> Result<(), Error> {
    check(name, value, value > low, "a number above low")
}

pub(super) fn at_least(name: &'static str, value: f64, low: f64) -> Result<(), Error> {
    check(name, value, value >= low, "an integer of at least low")
}
