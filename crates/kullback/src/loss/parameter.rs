use crate::Error;

/// `value`, if it lies in [0, 1].
pub(super) fn unit_interval(name: &'static str, value: f64) -> Result<f64, Error> {
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err(Error::Parameter { name, value, expected: "a number from 0 to 1" })
    }
}
