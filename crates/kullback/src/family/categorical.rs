use core::fmt;

use rand::Rng;

use super::bernoulli::{ln_shares, share_term};
use super::formula::{Check, RowFormula};
use super::{
    Distribution, Edge, Kind, KlTo, Parametric, Point, Support, Tail, Terms, kl, parameter, unit, write_arguments,
};
use crate::Error;
use crate::num::Real;
use crate::num::simd::Least;

/// The categorical distribution on 0, 1, …: weights, normalised here.
#[derive(Debug, Clone, PartialEq)]
pub struct Categorical {
    weights: Vec<f64>,
    /// The weights over their sum.
    probs: Vec<f64>,
}

impl Categorical {
    /// The distribution with these weights.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a weight that is negative, NaN or infinite; [`Error::Empty`] without weights, or where
    /// all are 0.
    pub fn new(weights: &[f64]) -> Result<Self, Error> {
        let largest = weights.iter().copied().fold(0.0, f64::max);
        for weight in weights {
            parameter::not_negative("probs", *weight)?;
        }
        if largest == 0.0 {
            return Err(Error::Empty);
        }
        let mut probs = weights.to_vec();
        normalize(&mut probs);
        Ok(Self { weights: weights.to_vec(), probs })
    }

    /// The probabilities.
    #[must_use]
    pub fn probs(&self) -> &[f64] {
        &self.probs
    }

    fn sum(&self, term: impl Fn(f64, f64) -> f64) -> f64 {
        self.probs.iter().enumerate().map(|(k, p)| term(k as f64, *p)).sum()
    }
}

impl Parametric for Categorical {
    const NAME: &'static str = "categorical";
    const PARAMETERS: &'static [&'static str] = &[];
    fn from_parameters(values: &[f64]) -> Result<Self, Error> {
        Self::new(values)
    }
}

impl fmt::Display for Categorical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAME)?;
        write_arguments(f, &self.weights)
    }
}

impl Distribution for Categorical {
    fn name(&self) -> &'static str {
        Self::NAME
    }
    fn has_formulas(&self) -> bool {
        true
    }
    fn support(&self) -> Support {
        let positive = self.weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0);
        Support::union(Kind::Discrete, positive.map(|(k, _)| [k as f64, k as f64]).collect())
    }
    fn ln_density(&self, x: Point) -> f64 {
        let k = x.value();
        let prob = if k >= 0.0 && k.fract() == 0.0 { self.probs.get(k as usize) } else { None };
        prob.map_or(f64::NEG_INFINITY, |prob| prob.ln())
    }
    fn landmarks(&self) -> Vec<f64> {
        (0..self.probs.len()).map(|k| k as f64).collect()
    }
    fn tail(&self, _: Edge) -> Tail {
        Tail::Power(1.0)
    }
    fn mean(&self) -> f64 {
        self.sum(|k, p| k * p)
    }
    fn variance(&self) -> f64 {
        let mean = self.mean();
        self.sum(|k, p| (k - mean) * (k - mean) * p)
    }
    fn entropy(&self) -> f64 {
        self.sum(|_, p| if p > 0.0 { -p * p.ln() } else { 0.0 })
    }
    fn cross_entropy_of(&self, _: &dyn Distribution) -> Option<Terms> {
        None
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        let mut left = unit(rng);
        for (k, p) in self.probs.iter().enumerate() {
            left -= p;
            if left < 0.0 {
                return k as f64;
            }
        }
        self.support().hull()[1]
    }
}

/// Σ φ(p, q) of shares.
#[inline(always)]
fn kl_of_shares<V: Real>(p: &[V], q: &[V]) -> V {
    let mut total = p[0].constant(0.0);
    let mut i = 0;
    while i < p.len() {
        total = total + share_term(p[i], q[i], q[i] - p[i]);
        i += 1;
    }
    total
}

/// Divides weights by their sum, which is returned.
#[inline(always)]
fn normalize<V: Real>(weights: &mut [V]) -> V {
    let zero = weights[0].constant(0.0);
    let (mut largest, mut mass) = (zero, zero);
    let mut i = 0;
    while i < weights.len() {
        largest = largest.max(weights[i]);
        i += 1;
    }
    let mut i = 0;
    while i < weights.len() {
        weights[i] = weights[i] / largest;
        mass = mass + weights[i];
        i += 1;
    }
    let mut i = 0;
    while i < weights.len() {
        weights[i] = weights[i] / mass;
        i += 1;
    }
    largest * mass
}

impl RowFormula for Categorical {
    const VECTOR: &'static str = "probs";
    const CHECK: Check = parameter::not_negative;
    const LEAST_COLUMNS: usize = 1;
    const NEEDS_MASS: bool = true;

    /// The parameters are weights: a slope is that of the shares, less what their normalisation takes back.
    #[inline(always)]
    fn kl<V: Least, const GRADIENT: bool>(p: &mut [V], q: &mut [V], to_p: &mut [V], to_q: &mut [V]) -> V {
        let (mass_p, mass_q) = (normalize(p), normalize(q));
        let value = kl_of_shares(p, q);
        if GRADIENT {
            let (zero, one) = (value.constant(0.0), value.constant(1.0));
            let mut i = 0;
            while i < p.len() {
                let difference = q[i] - p[i];
                to_p[i] = (ln_shares(p[i], q[i], difference) - value) / mass_p;
                to_q[i] = p[i].where_equal(zero, one, difference / q[i]) / mass_q;
                i += 1;
            }
        }
        value
    }
}

impl KlTo<Self> for Categorical {
    /// Σ φ(p, q).
    fn closed_form(&self, q: &Self) -> Option<f64> {
        let n = self.probs.len().max(q.probs.len());
        // What is not listed has no probability.
        let padded = |probs: &[f64]| probs.iter().copied().chain(core::iter::repeat(0.0)).take(n).collect::<Vec<_>>();
        Some(kl_of_shares(&padded(&self.probs), &padded(&q.probs)))
    }
    kl::certified!();
}
