use core::fmt;

/// How a divergence between two families was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A formula.
    ClosedForm,
    /// A sum over the integers.
    Series,
    /// An integral over the real line.
    Quadrature,
    /// An average over random points.
    MonteCarlo,
}

impl Method {
    /// The name in outputs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClosedForm => "closed-form",
            Self::Series => "series",
            Self::Quadrature => "quadrature",
            Self::MonteCarlo => "monte-carlo",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A value with the way it was found and a bound on its error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Certified {
    /// The value in nats; +∞ where P has mass that Q has not, or where E_P[−ln q] diverges.
    pub value: f64,
    /// How it was found.
    pub method: Method,
    /// |value − truth| is at most this; 0 for an infinite value. Of Monte Carlo, with a probability of 99.99 %.
    pub error: f64,
}

impl Certified {
    /// The relative error that formulas are held to, nominally.
    const FORMULA: f64 = 1e-13;

    /// What the rounding of parameters' differences, whose square is the value near equality, does to its root.
    const DIFFERENCE: f64 = 4e-16;

    /// +∞, by reasoning about supports and tails.
    pub(crate) const INFINITE: Self = Self { value: f64::INFINITY, method: Method::ClosedForm, error: 0.0 };

    /// The sum of two values, with the sum of their errors.
    pub(crate) fn plus(self, other: Self) -> Self {
        let value = self.value + other.value;
        Self {
            value,
            method: if other.method == Method::ClosedForm { self.method } else { other.method },
            error: if value.is_infinite() { 0.0 } else { self.error + other.error },
        }
    }

    /// By a formula in which nothing cancels.
    pub(crate) fn exact(value: f64) -> Self {
        let error = if value.is_finite() { Self::FORMULA * value + Self::DIFFERENCE * value.sqrt() } else { 0.0 };
        Self { value, method: Method::ClosedForm, error }
    }
}
