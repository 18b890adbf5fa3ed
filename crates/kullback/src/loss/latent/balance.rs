use super::LatentLoss;
use crate::Error;

/// Gradients stopped between the two sides of a divergence: the posterior is drawn to the prior with one weight, the
/// prior to the posterior with another. The value is the sum of both.
///
/// KL balancing of DreamerV2 (D. Hafner et al., 2021) is `{ posterior: 0.2, prior: 0.8 }`, the two losses of DreamerV3
/// (2023) `{ posterior: 0.1, prior: 1.0 }`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Balance {
    /// The weight of KL(P ‖ sg(Q)), which only P sees. At least 0.
    pub posterior: f64,
    /// The weight of KL(sg(P) ‖ Q), which only Q sees. At least 0.
    pub prior: f64,
}

impl Balance {
    /// One divergence, seen by both sides.
    pub const NONE: Self = Self { posterior: 1.0, prior: 1.0 };

    /// The same weights, if they are in range.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a weight that is negative or not finite.
    pub fn checked(self) -> Result<Self, Error> {
        for (name, value) in [("posterior", self.posterior), ("prior", self.prior)] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(Error::Parameter { name, value, expected: "a finite number, at least 0" });
            }
        }
        Ok(self)
    }

    /// The loss of both sides together, from that of one divergence.
    #[must_use]
    pub fn of(self, loss: LatentLoss) -> LatentLoss {
        match self == Self::NONE {
            true => loss,
            false => LatentLoss { value: loss.value * (self.posterior + self.prior), ..loss },
        }
    }
}
