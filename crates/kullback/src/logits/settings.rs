use crate::Error;
use crate::state::Temperature;

/// What a batch of rows is measured with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings<'a> {
    pub(crate) temperature: Temperature,
    /// What gradients are multiplied by.
    scale: f64,
    /// What each row's is multiplied by besides.
    weights: Option<&'a [f64]>,
}

impl<'a> Settings<'a> {
    pub(crate) const PLAIN: Self = Self { temperature: Temperature::ONE, scale: 1.0, weights: None };

    pub(crate) fn with_temperature(self, temperature: f64) -> Result<Self, Error> {
        Ok(Self { temperature: Temperature::checked(temperature)?, ..self })
    }

    pub(crate) fn with_scale(self, scale: f64) -> Self {
        Self { scale, ..self }
    }

    /// With a weight for each of `rows` rows.
    pub(crate) fn with_weights(self, weights: &'a [f64], rows: usize) -> Result<Self, Error> {
        if weights.len() != rows {
            return Err(Error::LengthMismatch { p: rows, q: weights.len() });
        }
        Ok(Self { weights: Some(weights), ..self })
    }

    /// Those of some of the rows.
    pub(crate) fn part(self, first: usize, rows: usize) -> Self {
        Self { weights: self.weights.map(|weights| &weights[first..first + rows]), ..self }
    }

    /// What the gradient of a row is multiplied by; `None` for a row of weight 0, which is not looked at.
    pub(crate) fn factor(&self, row: usize) -> Option<f64> {
        let weight = self.weights.map_or(1.0, |weights| weights[row]);
        if weight == 0.0 { None } else { Some(weight * self.scale) }
    }
}
