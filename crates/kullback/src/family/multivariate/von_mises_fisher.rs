use core::f64::consts::{LN_2, PI};

use rand::Rng;
use rand_distr::{Distribution as _, StandardNormal};

use super::{Joint, always_closed};
use crate::Error;
use crate::family::{Beta, Distribution as _, KlTo, unit};
use crate::num::special::{bessel, ln_gamma};

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
        let loc = unit_vector(loc)?;
        crate::family::parameter::not_negative("concentration", concentration)?;
        Ok(Self { loc, concentration })
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

    /// 1 − ⟨loc, x⟩ of a random x, by rejection from a transformed Beta variable (G. Ulrich, 1984, as corrected by
    /// A. Wood, 1994). Written in what is left of 1, it keeps its digits where x is next to `loc`.
    fn sample_short_of_loc(&self, rng: &mut dyn Rng) -> f64 {
        let (kappa, n) = (self.concentration, self.loc.len() as f64 - 1.0);
        let b = n / (2.0 * kappa + (2.0 * kappa).hypot(n));
        // 1 less Wood's x₀, about where the ratio of the densities is largest.
        let short = 2.0 * b / (1.0 + b);
        let Ok(beta) = Beta::new(0.5 * n, 0.5 * n) else { return f64::NAN };
        loop {
            let z = beta.sample(rng);
            let found = 2.0 * b * z / (1.0 - (1.0 - b) * z);
            let ratio = (short + (1.0 - short) * found) / (short * (2.0 - short));
            if kappa * (short - found) + n * ratio.ln() >= unit(rng).ln() {
                return found;
            }
        }
    }
}

/// A direction, brought to length 1.
pub(super) fn unit_vector(loc: &[f64]) -> Result<Vec<f64>, Error> {
    if loc.len() < 2 {
        return Err(Error::Empty);
    }
    let length = loc.iter().map(|x| x * x).sum::<f64>().sqrt();
    crate::family::parameter::positive("loc", length)?;
    Ok(loc.iter().map(|x| x / length).collect())
}

/// ln of the area of the unit sphere, 2π^(d/2)/Γ(d/2).
pub(super) fn ln_area(dimension: usize) -> f64 {
    let half = 0.5 * dimension as f64;
    LN_2 + half * PI.ln() - ln_gamma(half)
}

/// Unit vectors; the density is that by area on the sphere.
impl Joint for VonMisesFisher {
    fn dimension(&self) -> usize {
        self.loc.len()
    }
    fn ln_density(&self, x: &[f64]) -> f64 {
        let ln_scaled = bessel::ln_i_scaled(0.5 * self.loc.len() as f64 - 1.0, self.concentration);
        // 1 − ⟨loc, x⟩ is half of the squared distance.
        let square: f64 = self.loc.iter().zip(x).map(|(m, x)| (x - m) * (x - m)).sum();
        -0.5 * self.concentration * square - ln_scaled - ln_area(self.loc.len())
    }
    fn sample(&self, rng: &mut dyn Rng) -> Vec<f64> {
        let short = self.sample_short_of_loc(rng);
        around_direction(&self.loc, short, rng)
    }
}

/// A random one of the unit vectors whose product with `loc` is 1 − `short`.
pub(super) fn around_direction(loc: &[f64], short: f64, rng: &mut dyn Rng) -> Vec<f64> {
    loop {
        let mut across: Vec<f64> = loc.iter().map(|_| StandardNormal.sample(&mut *rng)).collect();
        let along: f64 = across.iter().zip(loc).map(|(x, m)| x * m).sum();
        across.iter_mut().zip(loc).for_each(|(x, m)| *x -= along * m);
        let length = across.iter().map(|x| x * x).sum::<f64>().sqrt();
        if length > 0.0 {
            let factor = (short * (2.0 - short)).max(0.0).sqrt() / length;
            return across.iter().zip(loc).map(|(x, m)| m - short * m + factor * x).collect();
        }
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
