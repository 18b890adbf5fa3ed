use rand::Rng;

use super::{Joint, always_closed};
use crate::Error;
use crate::family::{Binomial, Categorical, Distribution, KlTo};
use crate::num::special::gamma::ln_gamma;

/// The multinomial distribution: how often each category occurs in `total_count` draws.
#[derive(Debug, Clone, PartialEq)]
pub struct Multinomial {
    total_count: f64,
    category: Categorical,
}

impl Multinomial {
    /// `total_count` draws from these weights.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a count that is not whole, or a bad weight.
    pub fn new(total_count: f64, probs: &[f64]) -> Result<Self, Error> {
        crate::family::parameter::count("total_count", total_count)?;
        Ok(Self { total_count, category: Categorical::new(probs)? })
    }

    /// The number of draws.
    #[must_use]
    pub fn total_count(&self) -> f64 {
        self.total_count
    }

    /// The probabilities of the categories.
    #[must_use]
    pub fn probs(&self) -> &[f64] {
        self.category.probs()
    }
}

/// Counts of each category; the density is the probability of exactly these.
impl Joint for Multinomial {
    fn dimension(&self) -> usize {
        self.probs().len()
    }
    fn ln_density(&self, x: &[f64]) -> f64 {
        let counts = x.iter().all(|k| *k >= 0.0 && k.fract() == 0.0);
        if !counts || x.len() != self.dimension() || x.iter().sum::<f64>() != self.total_count {
            return f64::NEG_INFINITY;
        }
        let parts = x.iter().zip(self.probs()).filter(|(k, _)| **k > 0.0);
        ln_gamma(self.total_count + 1.0) + parts.map(|(k, p)| k * p.ln() - ln_gamma(k + 1.0)).sum::<f64>()
    }
    /// Category after category, each binomial among what is left.
    fn sample(&self, rng: &mut dyn Rng) -> Vec<f64> {
        let (mut left, mut rest) = (self.total_count, self.probs().iter().sum::<f64>());
        let mut counts = vec![0.0; self.dimension()];
        for (count, &p) in counts.iter_mut().zip(self.probs()) {
            let share = if p < rest { p / rest } else { 1.0 };
            if p > 0.0 && left > 0.0 {
                *count = Binomial::new(left, share).map_or(left, |trials| trials.sample(rng));
            }
            left -= *count;
            rest -= p;
        }
        // What rounding of the shares leaves over is the last category's that can occur.
        if let Some((count, _)) = counts.iter_mut().zip(self.probs()).rfind(|(_, p)| **p > 0.0) {
            *count += left;
        }
        counts
    }
}

impl KlTo<Self> for Multinomial {
    /// As many times the KL of one draw. Counts of another total have nothing in common.
    fn closed_form(&self, q: &Self) -> Option<f64> {
        if self.total_count != q.total_count {
            return None;
        }
        if self.total_count == 0.0 {
            Some(0.0)
        } else {
            Some(self.total_count * self.category.closed_form(&q.category)?)
        }
    }
    always_closed!(|x| [x.probs().len()]);
}
