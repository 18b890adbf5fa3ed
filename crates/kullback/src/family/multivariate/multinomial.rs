use super::always_closed;
use crate::Error;
use crate::family::{Categorical, KlTo};

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
