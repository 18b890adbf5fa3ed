use core::fmt;
use core::str::FromStr;

use crate::Error;
use crate::num::wide::Wide;

use super::wide;

/// A rule for giving mass to empty categories. Nothing in this crate smooths unless a caller names one of these.
///
/// ```
/// use kullback::{Divergence, Kl, Smoothing};
/// let rule: Smoothing = "additive=0.5".parse()?;
/// let (p, q) = (rule.apply(&[3.0, 1.0])?, rule.apply(&[4.0, 0.0])?);
/// assert!(Kl.between(&p, &q)?.is_finite());
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Smoothing {
    /// Weights as they are: KL is +∞ where Q has no mass and P has.
    #[default]
    None,
    /// Adds ε to every *normalised* probability.
    Epsilon(f64),
    /// Adds α to every weight (a pseudo-count): ½ is Jeffreys' prior, 1 Laplace's.
    Additive(f64),
}

impl Smoothing {
    /// The smoothed weights (not normalised: every driver does that).
    ///
    /// # Errors
    /// [`Error::Parameter`] unless ε or α is positive and finite; for ε also what is wrong with the weights.
    pub fn apply(self, weights: &[f64]) -> Result<Vec<f64>, Error> {
        self.check()?;
        Ok(match self {
            Self::None => weights.to_vec(),
            Self::Additive(alpha) => weights.iter().map(|w| w + alpha).collect(),
            Self::Epsilon(epsilon) => {
                let total = wide::mass(weights);
                weights.iter().map(|&w| (Wide::new(w) / total).value() + epsilon).collect()
            }
        })
    }

    fn check(self) -> Result<(), Error> {
        let (name, value) = match self {
            Self::None => return Ok(()),
            Self::Epsilon(x) => ("ε", x),
            Self::Additive(x) => ("α", x),
        };
        if value > 0.0 && value.is_finite() {
            Ok(())
        } else {
            Err(Error::Parameter { name, value, expected: "a finite number above 0" })
        }
    }
}

impl fmt::Display for Smoothing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Epsilon(x) => write!(f, "epsilon={x:?}"),
            Self::Additive(x) => write!(f, "additive={x:?}"),
        }
    }
}

impl FromStr for Smoothing {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        let rule = match text.split_once('=') {
            None if text == "none" => Self::None,
            Some((key, value)) => {
                let value = value.parse().map_err(|_| Error::UnknownSmoothing)?;
                match key {
                    "epsilon" => Self::Epsilon(value),
                    "additive" => Self::Additive(value),
                    _ => return Err(Error::UnknownSmoothing),
                }
            }
            None => return Err(Error::UnknownSmoothing),
        };
        rule.check()?;
        Ok(rule)
    }
}
