use crate::discrete::Rows;
use crate::logits::{Logit, LogitRows, shape, side};
use crate::num::simd::Level;
use crate::state::Temperature;
use crate::{Error, Kl};

use super::penalty::Swept;
use super::{Balance, LatentLoss, Penalty};
use crate::loss::parameter::unit_interval;

/// KL between batches of categorical latents, from their logits: sample after sample, each of `groups` categorical
/// variables of as many classes. A group is what a dimension is to [`Penalty`].
///
/// With `unimix` u each distribution is first mixed with the uniform one, (1 − u)·softmax + u/K, on both sides, so that
/// no divergence is infinite and no gradient vanishes (DreamerV3: D. Hafner et al., 2023, with u = 0.01). Then everything
/// is computed in double precision, and logits of −∞ are no longer masked: they are given their share.
///
/// ```
/// use kullback::Rows;
/// use kullback::loss::latent::{Balance, CategoricalKl, Over, Penalty, Shape};
/// let (posterior, prior) = ([4.0f32, 0.0, 0.0, 1.0], [0.0f32, 0.0, 1.0, 0.0]); // one sample, 2 groups of 2
/// let dreamer = Penalty { weight: 1.0, shape: Shape::AtLeast(0.5), over: Over::Sample };
/// let kl = CategoricalKl::between(Rows::new(&posterior, 2)?, Rows::new(&prior, 2)?, 2)?
///     .with_unimix(0.01)?
///     .with_balance(Balance { posterior: 0.1, prior: 1.0 })?;
/// let mut by_posterior = [0.0f32; 4];
/// let loss = kl.loss(dreamer, Some(&mut by_posterior), None)?;
/// assert!((loss.value - 1.1 * loss.kl()).abs() < 1e-12 && by_posterior[0] > 0.0);
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct CategoricalKl<'a, T> {
    p: Rows<'a, T>,
    /// The uniform distribution without it.
    q: Option<Rows<'a, T>>,
    groups: usize,
    unimix: f64,
    balance: Balance,
}

impl<'a, T: Logit> CategoricalKl<'a, T> {
    /// From each row of P to the uniform distribution.
    ///
    /// # Errors
    /// [`Error::Empty`] for no groups, [`Error::Shape`] for an incomplete sample.
    pub fn to_uniform(p: Rows<'a, T>, groups: usize) -> Result<Self, Error> {
        if groups == 0 {
            return Err(Error::Empty);
        }
        shape(p.len(), p.len().next_multiple_of(groups))?;
        Ok(Self { p, q: None, groups, unimix: 0.0, balance: Balance::NONE })
    }

    /// From each row of P to the same of Q.
    ///
    /// # Errors
    /// As [`to_uniform`](Self::to_uniform), and [`Error::LengthMismatch`] for another number of rows or of classes.
    pub fn between(p: Rows<'a, T>, q: Rows<'a, T>, groups: usize) -> Result<Self, Error> {
        for (p, q) in [(p.len(), q.len()), (p.columns(), q.columns())] {
            if p != q {
                return Err(Error::LengthMismatch { p, q });
            }
        }
        Ok(Self { q: Some(q), ..Self::to_uniform(p, groups)? })
    }

    /// The same of distributions that are mixed with the uniform one.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a share outside [0, 1].
    pub fn with_unimix(self, share: f64) -> Result<Self, Error> {
        Ok(Self { unimix: unit_interval("unimix", share)?, ..self })
    }

    /// The same with each side's gradient weighed by itself.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a weight that is negative or not finite.
    pub fn with_balance(self, balance: Balance) -> Result<Self, Error> {
        Ok(Self { balance: balance.checked()?, ..self })
    }

    /// The penalty, and its gradients for the logits of P and of Q where they are wanted. Without samples it is 0.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a penalty out of range, or a gradient for the uniform distribution; [`Error::Shape`] for
    /// a buffer of another length, and as [`LogitRows::values_and_gradients_into`].
    pub fn loss(
        &self,
        penalty: Penalty,
        mut by_p: Option<&mut [T]>,
        mut by_q: Option<&mut [T]>,
    ) -> Result<LatentLoss, Error> {
        if self.q.is_none() && by_q.is_some() {
            return Err(Error::Parameter { name: "by_q", value: 1.0, expected: "no gradient: Q is uniform" });
        }
        let mut values = vec![0.0; self.p.len()];
        let wanted = by_p.is_some() || by_q.is_some();
        let loss = penalty.of(self.p.len() / self.groups, wanted, |slopes| {
            match slopes {
                None => self.divergences(&[], &mut values, [None, None])?,
                Some(slopes) => {
                    let slope = |row| slopes.of(row / self.groups, row % self.groups);
                    let slopes: Vec<f64> = (0..values.len()).map(slope).collect();
                    self.divergences(&slopes, &mut values, [by_p.as_deref_mut(), by_q.as_deref_mut()])?;
                }
            }
            Ok(Swept::of_entries(&values, self.groups))
        })?;
        Ok(self.balance.of(loss))
    }

    /// The divergence of each row, and gradients times the slopes.
    fn divergences(&self, slopes: &[f64], values: &mut [f64], by: [Option<&mut [T]>; 2]) -> Result<(), Error> {
        let columns = self.p.columns();
        let uniform = vec![T::rounded(0.0); columns];
        let q = match self.q {
            Some(q) => q,
            None => Rows::with_stride(&uniform, self.p.len(), columns, 0)?,
        };
        if self.unimix == 0.0 {
            return self.rows([self.p, q], slopes, values, by);
        }
        let [p, q] = [Mixed::new(self.p, self.unimix)?, Mixed::new(q, self.unimix)?];
        let mut gradients = by.each_ref().map(|to| to.as_ref().map(|to| vec![0.0; to.len()]));
        let to = gradients.each_mut().map(Option::as_deref_mut);
        self.rows([Rows::new(&p.ln, columns)?, Rows::new(&q.ln, columns)?], slopes, values, to)?;
        for ((to, gradient), side) in by.into_iter().zip(&gradients).zip([p, q]) {
            if let (Some(to), Some(gradient)) = (to, gradient) {
                side.back(gradient, columns, to);
            }
        }
        Ok(())
    }

    /// The same of logits that are not mixed, of any type.
    fn rows<U: Logit>(
        &self,
        [p, q]: [Rows<'_, U>; 2],
        slopes: &[f64],
        values: &mut [f64],
        [mut by_p, mut by_q]: [Option<&mut [U]>; 2],
    ) -> Result<(), Error> {
        let rows = LogitRows::new(p, q)?;
        rows.values_and_gradients_into(Kl, values, by_p.as_deref_mut(), by_q.as_deref_mut())?;
        for (to, weight) in [(by_p, self.balance.posterior), (by_q, self.balance.prior)] {
            let rows = to.into_iter().flat_map(|to| to.chunks_exact_mut(p.columns()));
            for (row, slope) in rows.zip(slopes) {
                row.iter_mut().for_each(|x| *x = U::rounded((*x).into() * (slope * weight)));
            }
        }
        Ok(())
    }
}

/// Rows of logits as the distributions they become when mixed with the uniform one.
struct Mixed {
    /// 1 − u.
    kept: f64,
    softmax: Vec<f64>,
    /// ln((1 − u)·softmax + u/K).
    ln: Vec<f64>,
}

impl Mixed {
    fn new<T: Logit>(rows: Rows<'_, T>, unimix: f64) -> Result<Self, Error> {
        let (level, temperature) = (Level::new(), Temperature::ONE);
        let (n, columns) = (rows.len(), rows.columns());
        let mut block = side::Block::default();
        let (mut softmax, mut row) = (vec![0.0; n * columns], Vec::with_capacity(columns));
        for (index, to) in softmax.chunks_exact_mut(columns).enumerate() {
            row.clear();
            row.extend(rows.row(index).iter().map(|&x| -> f64 { x.into() }));
            let mass = side::mass(level, &row, temperature, &mut block).map_err(|reason| reason.at(index, index))?;
            side::add_softmax(level, &row, &mass, temperature, 1.0, to, &mut block);
        }
        let kept = 1.0 - unimix;
        let ln = softmax.iter().map(|p| kept.mul_add(*p, unimix / columns as f64).ln()).collect();
        Ok(Self { kept, softmax, ln })
    }

    /// The gradient for the logits, from that for logarithms of the mixed distribution, which adds up to 0 in each row.
    ///
    /// With p the softmax, p′ the mixture and g′ that gradient it is (1 − u) p (g′/p′ − Σ p g′/p′).
    fn back<T: Logit>(&self, gradient: &[f64], columns: usize, to: &mut [T]) {
        let rows = self.softmax.chunks_exact(columns).zip(self.ln.chunks_exact(columns));
        for (((softmax, ln), gradient), to) in
            rows.zip(gradient.chunks_exact(columns)).zip(to.chunks_exact_mut(columns))
        {
            let slope = |i: usize| gradient[i] / ln[i].exp();
            let mean: f64 = (0..columns).map(|i| softmax[i] * slope(i)).sum();
            for (i, to) in to.iter_mut().enumerate() {
                *to = T::rounded(self.kept * softmax[i] * (slope(i) - mean));
            }
        }
    }
}
