use core::fmt;

use rand::Rng;

use super::{Joint, always_closed};
use crate::Error;
use crate::family::beta::kl_of_dirichlets;
use crate::family::formula::{Check, RowFormula};
use crate::family::{Distribution as _, Gamma, KlTo, Parametric, parameter, write_arguments};
use crate::num::simd::Least;
use crate::num::special::{digamma, ln_gamma};

/// The Dirichlet distribution on the shares of two or more categories.
#[derive(Debug, Clone, PartialEq)]
pub struct Dirichlet {
    concentration: Vec<f64>,
}

impl Dirichlet {
    /// The distribution with these concentrations, one a category.
    ///
    /// # Errors
    /// [`Error::Empty`] for fewer than two, [`Error::Parameter`] for one that is not a finite number above 0.
    pub fn new(concentration: &[f64]) -> Result<Self, Error> {
        if concentration.len() < 2 {
            return Err(Error::Empty);
        }
        for a in concentration {
            parameter::positive("concentration", *a)?;
        }
        Ok(Self { concentration: concentration.to_vec() })
    }

    /// The concentrations.
    #[must_use]
    pub fn concentration(&self) -> &[f64] {
        &self.concentration
    }

    fn total(&self) -> f64 {
        self.concentration.iter().sum()
    }

    /// ln of what the density is normalised by.
    fn ln_beta(&self) -> f64 {
        self.concentration.iter().map(|a| ln_gamma(*a)).sum::<f64>() - ln_gamma(self.total())
    }

    /// The differential entropy of all but one of the shares, in nats.
    #[must_use]
    pub fn entropy(&self) -> f64 {
        let total = self.total();
        let parts: f64 = self.concentration.iter().map(|a| (a - 1.0) * (digamma(total) - digamma(*a))).sum();
        self.ln_beta() + parts
    }
}

impl Parametric for Dirichlet {
    const NAME: &'static str = "dirichlet";
    const PARAMETERS: &'static [&'static str] = &[];
    fn from_parameters(values: &[f64]) -> Result<Self, Error> {
        Self::new(values)
    }
}

impl fmt::Display for Dirichlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAME)?;
        write_arguments(f, &self.concentration)
    }
}

impl Joint for Dirichlet {
    fn dimension(&self) -> usize {
        self.concentration.len()
    }
    fn ln_density(&self, x: &[f64]) -> f64 {
        self.concentration.iter().zip(x).map(|(a, x)| (a - 1.0) * x.ln()).sum::<f64>() - self.ln_beta()
    }
    fn sample(&self, rng: &mut dyn Rng) -> Vec<f64> {
        let parts: Vec<f64> = self.concentration.iter().map(|a| Gamma::trusted(*a, 1.0).sample(rng)).collect();
        let total: f64 = parts.iter().sum();
        parts.into_iter().map(|x| x / total).collect()
    }
}

impl RowFormula for Dirichlet {
    const VECTOR: &'static str = "concentration";
    const CHECK: Check = parameter::positive;
    const LEAST_COLUMNS: usize = 2;
    const NEEDS_MASS: bool = false;
    #[inline(always)]
    fn kl<V: Least, const GRADIENT: bool>(p: &mut [V], q: &mut [V], to_p: &mut [V], to_q: &mut [V]) -> V {
        kl_of_dirichlets::<V, GRADIENT>(p, q, to_p, to_q)
    }
}

impl KlTo<Self> for Dirichlet {
    fn closed_form(&self, q: &Self) -> Option<f64> {
        let one = self.concentration.len() == q.concentration.len();
        one.then(|| kl_of_dirichlets::<f64, false>(&self.concentration, &q.concentration, &mut [], &mut []))
    }
    always_closed!(|x| [x.concentration.len()]);
}
