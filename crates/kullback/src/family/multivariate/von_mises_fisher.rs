use super::always_closed;
use crate::Error;
use crate::family::KlTo;
use crate::num::special::bessel;

/// The von Mises–Fisher distribution on the unit sphere: e^(concentration·⟨loc, x⟩), normalised.
#[derive(Debug, Clone, PartialEq)]
pub struct VonMisesFisher {
    loc: Vec<f64>,
    concentration: f64,
}

impl VonMisesFisher {
    /// With a mean direction, which is brought to length 1, and a concentration; 0 is the uniform distribution.
    ///
    /// # Errors
    /// [`Error::Empty`] for fewer than two dimensions, [`Error::Parameter`] for a direction without length or a negative
    /// concentration.
    pub fn new(loc: &[f64], concentration: f64) -> Result<Self, Error> {
        if loc.len() < 2 {
            return Err(Error::Empty);
        }
        let length = loc.iter().map(|x| x * x).sum::<f64>().sqrt();
        crate::family::parameter::positive("loc", length)?;
        crate::family::parameter::not_negative("concentration", concentration)?;
        Ok(Self { loc: loc.iter().map(|x| x / length).collect(), concentration })
    }

    /// The mean direction.
    #[must_use]
    pub fn loc(&self) -> &[f64] {
        &self.loc
    }

    /// The concentration κ.
    #[must_use]
    pub fn concentration(&self) -> f64 {
        self.concentration
    }
}

impl KlTo<Self> for VonMisesFisher {
    /// The Bregman divergence of ln(κ^−ν I_ν(κ)), ν = d/2 − 1, and κ_q A(κ_p)(1 − cos of the angle).
    fn closed_form(&self, q: &Self) -> Option<f64> {
        if self.loc.len() != q.loc.len() {
            return None;
        }
        let nu = 0.5 * self.loc.len() as f64 - 1.0;
        // 1 − cos is half of the squared distance.
        let square: f64 = self.loc.iter().zip(&q.loc).map(|(x, y)| (x - y) * (x - y)).sum();
        let turned = 0.5 * q.concentration * bessel::ratio(nu, self.concentration) * square;
        Some(bessel::bregman(nu, q.concentration, self.concentration).max(0.0) + turned)
    }
    always_closed!(|x| [x.loc.len()]);
}
