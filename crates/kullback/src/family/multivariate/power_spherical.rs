use rand::Rng;

use super::von_mises_fisher::{around_direction, ln_area, unit_vector};
use super::{Joint, MonteCarlo, VonMisesFisher, one_shape};
use crate::Error;
use crate::family::{Beta, Certified, Distribution as _, KlTo, Terms};
use crate::num::special::{bessel, bregman, gamma::ln_beta, trigamma};

/// The power spherical distribution on the unit sphere: (1 + ⟨loc, x⟩)^concentration, normalised (N. De Cao, W. Aziz, 2020).
///
/// Its (1 + ⟨loc, x⟩)/2 is a Beta variable, so it is drawn without rejection.
#[derive(Debug, Clone, PartialEq)]
pub struct PowerSpherical {
    loc: Vec<f64>,
    concentration: f64,
}

impl PowerSpherical {
    /// With a mean direction, which is brought to length 1, and a concentration; 0 is the uniform distribution.
    ///
    /// ```
    /// use kullback::family::KlTo;
    /// use kullback::family::multivariate::{PowerSpherical, VonMisesFisher};
    /// let p = PowerSpherical::new(&[0.0, 0.0, 1.0], 2.0)?;
    /// // ∫ p ln(4π p) over the sphere: p is 3/8π·((1 + t)/2)², the mean of ln((1 + t)/2) is −1/3.
    /// let uniform = VonMisesFisher::new(&[0.0, 0.0, 1.0], 0.0)?;
    /// assert!((p.kl_to(&uniform)? - (3f64.ln() - 2.0 / 3.0)).abs() < 1e-14);
    /// # Ok::<(), kullback::Error>(())
    /// ```
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

    /// Half of the dimension less 1: the shape at either end of (1 + ⟨loc, x⟩)/2 for uniform x.
    fn half(&self) -> f64 {
        0.5 * (self.loc.len() as f64 - 1.0)
    }

    /// The shapes of (1 + ⟨loc, x⟩)/2.
    fn shapes(&self) -> [f64; 2] {
        [self.half() + self.concentration, self.half()]
    }

    /// KL of the products with one direction: that of Beta distributions, or the Bregman divergence of
    /// ln Γ(κ + b) − ln Γ(κ + 2b), where κ + b would lose the digits of κ.
    fn along(&self, q: &Self) -> Option<f64> {
        let [[a, b], [c, d]] = [self.shapes(), q.shapes()];
        if self.concentration.max(q.concentration) <= b {
            let curvature = |kappa: f64| trigamma(kappa + b) - trigamma(kappa + 2.0 * b);
            return Some(bregman::from_curvature(q.concentration, self.concentration, curvature));
        }
        Beta::new(a, b).ok()?.closed_form(&Beta::new(c, d).ok()?)
    }
}

/// Unit vectors; the density is that by area on the sphere.
impl Joint for PowerSpherical {
    fn dimension(&self) -> usize {
        self.loc.len()
    }
    fn ln_density(&self, x: &[f64]) -> f64 {
        let [a, b] = self.shapes();
        // 1 + ⟨loc, x⟩ is half of the squared length of the sum.
        let square: f64 = self.loc.iter().zip(x).map(|(m, x)| (x + m) * (x + m)).sum();
        let power = if self.concentration == 0.0 { 0.0 } else { self.concentration * (0.25 * square).ln() };
        power - (ln_beta(a, b) - ln_beta(b, b)) - ln_area(self.loc.len())
    }
    fn sample(&self, rng: &mut dyn Rng) -> Vec<f64> {
        let [a, b] = self.shapes();
        let rest = Beta::new(b, a).map_or(f64::NAN, |beta| beta.sample(rng));
        around_direction(&self.loc, 2.0 * rest, rng)
    }
}

impl KlTo<Self> for PowerSpherical {
    /// For one direction that of the Beta variables; which direction a uniform distribution has is of no account.
    fn closed_form(&self, q: &Self) -> Option<f64> {
        let one_direction = self.loc == q.loc || self.concentration == 0.0 || q.concentration == 0.0;
        if one_direction && self.loc.len() == q.loc.len() { self.along(q) } else { None }
    }
    fn certified_kl_to(&self, q: &Self) -> Result<Certified, Error> {
        one_shape([self.loc.len()], [q.loc.len()])?;
        self.closed_form(q).map_or_else(|| MonteCarlo::default().kl(self, q), |value| Ok(Certified::exact(value)))
    }
}

/// KL to the uniform distribution and what −ln q averages beyond that: a von Mises–Fisher model is linear in x.
fn to_von_mises_fisher(p: &PowerSpherical, q: &VonMisesFisher) -> Option<Terms> {
    if p.loc.len() != q.loc().len() {
        return None;
    }
    let uniform = PowerSpherical { loc: p.loc.clone(), concentration: 0.0 };
    let (kappa, dimension) = (q.concentration(), p.loc.len() as f64);
    let square: f64 = p.loc.iter().zip(q.loc()).map(|(x, y)| (x - y) * (x - y)).sum();
    // 1 less the mean product with Q's direction.
    let short = (dimension - 1.0) / (p.concentration + dimension - 1.0);
    let off = 0.5 * square * (1.0 - short) + short;
    let normalizer = bessel::ln_i_scaled(0.5 * dimension - 1.0, kappa);
    Some(Terms::of([p.along(&uniform)?, normalizer, kappa * off]))
}

impl KlTo<VonMisesFisher> for PowerSpherical {
    /// By the mean of x; some of that cancels where the two are alike, and the error says how much.
    fn closed_form(&self, q: &VonMisesFisher) -> Option<f64> {
        to_von_mises_fisher(self, q).map(|terms| terms.value.max(0.0))
    }
    fn certified_kl_to(&self, q: &VonMisesFisher) -> Result<Certified, Error> {
        one_shape([self.loc.len()], [q.loc().len()])?;
        Ok(to_von_mises_fisher(self, q).map_or(Certified::INFINITE, |terms| {
            let exact = Certified::exact(terms.value.max(0.0));
            Certified { error: exact.error + 1e-13 * terms.size, ..exact }
        }))
    }
}

impl KlTo<PowerSpherical> for VonMisesFisher {
    /// Of the uniform distribution only.
    fn closed_form(&self, q: &PowerSpherical) -> Option<f64> {
        let uniform = PowerSpherical { loc: self.loc().to_vec(), concentration: 0.0 };
        if self.concentration() == 0.0 { uniform.closed_form(q) } else { None }
    }
    fn certified_kl_to(&self, q: &PowerSpherical) -> Result<Certified, Error> {
        one_shape([self.loc().len()], [q.loc.len()])?;
        self.closed_form(q).map_or_else(|| MonteCarlo::default().kl(self, q), |value| Ok(Certified::exact(value)))
    }
}
