use core::f64::consts::PI;

use crate::Error;

/// How far along its way a ramp is, from 0 to 1, at x from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// x.
    Linear,
    /// (1 − cos πx)/2.
    Cosine,
    /// The logistic curve through (½, ½), σ(12x − 6), stretched to begin at 0 and end at 1.
    Sigmoid,
}

impl Form {
    fn at(self, x: f64) -> f64 {
        match self {
            Self::Linear => x,
            Self::Cosine => 0.5 * (1.0 - (PI * x).cos()),
            Self::Sigmoid => 0.5 + 0.5 * (6.0 * x - 3.0).tanh() / 3f64.tanh(),
        }
    }
}

/// A number that changes while training: β, the temperature, a capacity.
///
/// ```
/// use kullback::loss::latent::{Form, Schedule};
/// let warm_up = Schedule::ramp(Form::Linear, 0.0, 4.0, 1000)?;
/// assert_eq!([0, 500, 1000, 5000].map(|step| warm_up.at(step)), [0.0, 2.0, 4.0, 4.0]);
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    form: Form,
    from: f64,
    to: f64,
    /// Steps on the way.
    steps: u64,
    /// Steps from one beginning to the next, if it begins again.
    period: Option<u64>,
    /// From here on it stays.
    until: u64,
}

impl Schedule {
    /// Always the same.
    #[must_use]
    pub const fn constant(value: f64) -> Self {
        Self { form: Form::Linear, from: value, to: value, steps: 0, period: None, until: u64::MAX }
    }

    /// From one value to another in so many steps, and then the other. (KL warm-up: S. Bowman et al., 2016; C. Sønderby
    /// et al., 2016.)
    ///
    /// # Errors
    /// [`Error::Parameter`] for a value that is not finite.
    pub fn ramp(form: Form, from: f64, to: f64, steps: u64) -> Result<Self, Error> {
        Ok(Self { form, from: finite("from", from)?, to: finite("to", to)?, steps, period: None, until: u64::MAX })
    }

    /// The way begun anew in each of `cycles` equal parts of `steps` steps: `ratio` of a part is on the way, the rest
    /// of it at the end. After `steps` it stays at the end. (H. Fu et al., 2019, with 4 cycles and a ratio of ½.)
    ///
    /// # Errors
    /// [`Error::Parameter`] for a value that is not finite, no cycles, more cycles than steps, or a ratio outside [0, 1].
    pub fn cyclical(form: Form, from: f64, to: f64, steps: u64, cycles: u64, ratio: f64) -> Result<Self, Error> {
        let ratio = super::super::parameter::unit_interval("ratio", ratio)?;
        if cycles == 0 || cycles > steps {
            return Err(Error::Parameter { name: "cycles", value: cycles as f64, expected: "from 1 to the steps" });
        }
        let period = steps / cycles;
        let ramp = Self::ramp(form, from, to, (period as f64 * ratio).round() as u64)?;
        Ok(Self { period: Some(period), until: period * cycles, ..ramp })
    }

    /// The value at a step, counted from 0.
    #[must_use]
    pub fn at(&self, step: u64) -> f64 {
        let step = match self.period {
            Some(period) if step < self.until => step % period,
            _ => step,
        };
        if step >= self.steps {
            return self.to;
        }
        self.from + (self.to - self.from) * self.form.at(step as f64 / self.steps as f64)
    }
}

fn finite(name: &'static str, value: f64) -> Result<f64, Error> {
    if value.is_finite() { Ok(value) } else { Err(Error::Parameter { name, value, expected: "a finite number" }) }
}
