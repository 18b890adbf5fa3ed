use crate::Error;
use crate::family::{Any, Certified};

/// Independent coordinates, each of a one-dimensional family: the product of their distributions.
#[derive(Debug, Clone, PartialEq)]
pub struct Independent {
    parts: Vec<Any>,
}

impl Independent {
    /// The product of these.
    ///
    /// # Errors
    /// [`Error::Empty`] without any.
    pub fn new(parts: Vec<Any>) -> Result<Self, Error> {
        if parts.is_empty() { Err(Error::Empty) } else { Ok(Self { parts }) }
    }

    /// The coordinates' distributions.
    #[must_use]
    pub fn parts(&self) -> &[Any] {
        &self.parts
    }

    /// KL(P‖Q): the sum of the coordinates' divergences, with the sum of their errors.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for another number of coordinates, [`Error::Kinds`] where one of them is discrete on one
    /// side only.
    pub fn kl(&self, q: &Self) -> Result<Certified, Error> {
        super::one_shape([self.parts.len()], [q.parts.len()])?;
        self.parts.iter().zip(&q.parts).try_fold(Certified::exact(0.0), |sum, (p, q)| Ok(sum.plus(p.kl(q)?)))
    }
}
