//! KL between mixtures of normal distributions, without random points: an approximation and bounds.

use super::monte_carlo::ln_sum_exp;
use super::{Cholesky, Joint, JointMixture, MultivariateNormal, one_shape};
use crate::Error;
use crate::family::KlTo;

impl JointMixture<MultivariateNormal> {
    /// The variational approximation of KL between mixtures of normal distributions (J. Hershey, P. Olsen, 2007): exact
    /// for one part a side, neither a lower nor an upper bound otherwise.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for different dimensions.
    pub fn variational_kl(&self, q: &Self) -> Result<f64, Error> {
        one_shape([self.dimension()], [q.dimension()])?;
        Ok(self.average(|part| self.ln_nearness(part) - q.ln_nearness(part)))
    }

    /// A lower bound of KL (J.-L. Durrieu, J.-P. Thiran, F. Kelly, 2012): within a part of P, ln p is bounded from below by
    /// the variational argument, and ln q from above by Jensen's inequality. Not below 0.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for different dimensions.
    pub fn lower_bound(&self, q: &Self) -> Result<f64, Error> {
        one_shape([self.dimension()], [q.dimension()])?;
        let bound = self.average(|part| self.ln_nearness(part) - part.entropy() - q.ln_overlap(part));
        // Where a sum of matrices has no factor in doubles nothing is known.
        Ok(if bound > 0.0 { bound } else { 0.0 })
    }

    /// An upper bound of KL, the lower of two: that of a matching of parts (M. Do, 2003, by the convexity of KL), which
    /// begins in proportion to both weights and is improved by iteration (Hershey, Olsen, 2007); and the counterpart of
    /// [`lower_bound`](Self::lower_bound) (Durrieu, Thiran, Kelly, 2012).
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for different dimensions.
    pub fn upper_bound(&self, q: &Self) -> Result<f64, Error> {
        one_shape([self.dimension()], [q.dimension()])?;
        let overlapping = self.average(|part| self.ln_overlap(part) + part.entropy() - q.ln_nearness(part));
        // NaN where a sum of matrices has no factor in doubles.
        Ok(self.matched(q).min(if overlapping.is_nan() { f64::INFINITY } else { overlapping }))
    }

    /// Σ w f(part).
    fn average(&self, f: impl Fn(&MultivariateNormal) -> f64) -> f64 {
        self.parts().iter().map(|(weight, part)| weight * f(part)).sum()
    }

    /// ln Σ w e^(−KL(part‖other)).
    fn ln_nearness(&self, part: &MultivariateNormal) -> f64 {
        let terms: Vec<f64> = self.parts().iter().map(|(w, other)| w.ln() - kl_of(part, other)).collect();
        ln_sum_exp(terms.into_iter())
    }

    /// ln E of this density over a part.
    fn ln_overlap(&self, part: &MultivariateNormal) -> f64 {
        let terms: Vec<f64> = self.parts().iter().map(|(w, other)| w.ln() + ln_product(part, other)).collect();
        ln_sum_exp(terms.into_iter())
    }

    /// KL between the parts as the best matching found has them.
    fn matched(&self, q: &Self) -> f64 {
        let (parts_p, parts_q) = (self.parts(), q.parts());
        let (n, m) = (parts_p.len(), parts_q.len());
        let between: Vec<f64> = parts_p.iter().flat_map(|(_, p)| parts_q.iter().map(|(_, q)| kl_of(p, q))).collect();
        let mut of_p: Vec<f64> = parts_p.iter().flat_map(|(a, _)| parts_q.iter().map(move |(b, _)| a * b)).collect();
        let mut of_q = of_p.clone();
        let mut bound = f64::INFINITY;
        for _ in 0..200 {
            for j in 0..m {
                let sum: f64 = (0..n).map(|i| of_p[i * m + j]).sum();
                for i in 0..n {
                    of_q[i * m + j] = if sum > 0.0 { parts_q[j].0 * of_p[i * m + j] / sum } else { 0.0 };
                }
            }
            for i in 0..n {
                let weights: Vec<f64> = (0..m).map(|j| of_q[i * m + j] * (-between[i * m + j]).exp()).collect();
                let sum: f64 = weights.iter().sum();
                if sum > 0.0 {
                    for (j, weight) in weights.iter().enumerate() {
                        of_p[i * m + j] = parts_p[i].0 * weight / sum;
                    }
                }
            }
            let term = |k: usize| if of_p[k] > 0.0 { of_p[k] * ((of_p[k] / of_q[k]).ln() + between[k]) } else { 0.0 };
            let next: f64 = (0..n * m).map(term).sum();
            if next >= bound * (1.0 - 1e-12) {
                return next.min(bound);
            }
            bound = next;
        }
        bound
    }
}

fn kl_of(p: &MultivariateNormal, q: &MultivariateNormal) -> f64 {
    p.closed_form(q).unwrap_or(f64::INFINITY)
}

/// ln ∫ p q: the density of Q's mean under a normal distribution with P's mean and both covariance matrices. NaN where
/// their sum overflows.
fn ln_product(p: &MultivariateNormal, q: &MultivariateNormal) -> f64 {
    let both = p.scale_tril().covariance().into_iter().zip(q.scale_tril().covariance());
    let sum: Vec<f64> = both.map(|(a, b)| a + b).collect();
    let scale = Cholesky::of(p.dimension(), &sum);
    let product = scale.and_then(|scale| MultivariateNormal::from_cholesky(p.loc(), scale));
    product.map_or(f64::NAN, |product| product.ln_density(q.loc()))
}
