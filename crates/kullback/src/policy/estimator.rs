use crate::discrete::Weight;
use crate::logits::shape;
use crate::num::Real as _;
use crate::{Error, Side};

/// Estimates of KL(π‖π_ref) from one action x drawn from π, by r = ln π_ref(x) − ln π(x). (J. Schulman, *Approximating KL
/// divergence*, 2020.)
///
/// | | value | its mean | as a loss, the mean of its gradient |
/// |---|---|---|---|
/// | K1 | −r | KL(π‖π_ref); high variance, may be negative | 0: of no use |
/// | K2 | r²/2 | not KL, near it where r is small | that of KL(π‖π_ref) |
/// | K3 | eʳ − 1 − r ≥ 0 | KL(π‖π_ref) | that of KL(π_ref‖π), the other way round |
///
/// What a loss differentiates is the value for the action that was drawn; that the draw itself depends on π is what such
/// a gradient leaves out. A ratio to the policy that acted ([`SampledKl`]) brings it back: with it K1 and K3 have the
/// gradient of KL(π‖π_ref). eʳ − 1 − r is computed without the cancellation of its terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Estimator {
    /// −r.
    K1,
    /// r²/2.
    K2,
    /// eʳ − 1 − r.
    K3,
}

impl Estimator {
    /// The estimate at r = ln π_ref(x) − ln π(x).
    ///
    /// ```
    /// use kullback::policy::Estimator;
    /// let value = Estimator::K3.value(1e-9); // eʳ − 1 − r as it stands is 0
    /// assert!((value - 5.000_000_001_666_667e-19).abs() < 1e-33);
    /// ```
    #[must_use]
    pub fn value(self, r: f64) -> f64 {
        match self {
            Self::K1 => -r,
            Self::K2 => 0.5 * r * r,
            Self::K3 => r.exp_excess(),
        }
    }

    /// Its derivative for ln π(x).
    #[must_use]
    pub fn slope(self, r: f64) -> f64 {
        match self {
            Self::K1 => 1.0,
            Self::K2 => -r,
            Self::K3 => -r.exp_m1(),
        }
    }
}

/// A penalty on sampled actions: the value of one estimator with the gradient of the same or of another.
///
/// | | |
/// |---|---|
/// | verl's `k3+` and its like, straight through: the value of K3, the gradient of K2 | `{ value: K3, gradient: K2, .. }` |
/// | GRPO's penalty as first written (its gradient is that of the forward KL) | `SampledKl::of(K3)` |
/// | the unbiased K3 of DeepSeek-V3.2, off-policy too | `{ weighted: true, ..SampledKl::of(K3) }` |
///
/// ```
/// use kullback::policy::{Estimator, SampledKl};
/// let (policy, reference, acted) = ([-1.0, -2.0], [-1.5, -1.0], [-1.1, -2.0]);
/// let (mut values, mut slopes) = ([0.0; 2], [0.0; 2]);
/// let penalty = SampledKl { weighted: true, ..SampledKl::of(Estimator::K3) };
/// penalty.evaluate_into(&policy, &reference, Some(&acted), &mut values, &mut slopes)?;
/// assert!((slopes[0] - 0.1f64.exp() * 0.5).abs() < 1e-15); // the ratio times ln π − ln π_ref
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampledKl {
    /// The value.
    pub value: Estimator,
    /// Whose gradient it is given.
    pub gradient: Estimator,
    /// Whether both are multiplied by π(x)/π_acted(x), which is differentiated too: right wherever π_acted has drawn the
    /// actions, and on-policy the gradient is that of the expectation.
    pub weighted: bool,
}

impl SampledKl {
    /// One estimator's value and gradient, without a ratio.
    #[must_use]
    pub const fn of(estimator: Estimator) -> Self {
        Self { value: estimator, gradient: estimator, weighted: false }
    }

    /// The value for each action, and its derivative for ln π(x), from the logarithms of the probabilities (or densities)
    /// that π, π_ref and the policy that acted give to it; without the last, π acted itself.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::Shape`] for a buffer of another length; [`Error::NotFinite`] with side P for π
    /// or the policy that acted, and Q for π_ref: an action that was drawn is possible.
    pub fn evaluate_into<T: Weight>(
        &self,
        ln_policy: &[T],
        ln_reference: &[T],
        ln_acted: Option<&[T]>,
        values: &mut [T],
        slopes: &mut [T],
    ) -> Result<(), Error> {
        let ln_acted = ln_acted.unwrap_or(ln_policy);
        for other in [ln_reference.len(), ln_acted.len()] {
            if other != ln_policy.len() {
                return Err(Error::LengthMismatch { p: ln_policy.len(), q: other });
            }
        }
        shape(values.len(), ln_policy.len())?;
        shape(slopes.len(), ln_policy.len())?;
        for (i, (value, slope)) in values.iter_mut().zip(slopes).enumerate() {
            let [policy, reference, acted]: [f64; 3] = [ln_policy, ln_reference, ln_acted].map(|of| of[i].into());
            for (side, x) in [(Side::P, policy), (Side::Q, reference), (Side::P, acted)] {
                if !x.is_finite() {
                    return Err(Error::NotFinite { side, index: i });
                }
            }
            let r = reference - policy;
            let (mut of_value, mut of_slope) = (self.value.value(r), self.gradient.slope(r));
            if self.weighted {
                let ratio = (policy - acted).exp();
                of_slope = match self.gradient {
                    // (eʳ − 1 − r) − (eʳ − 1), without the cancellation.
                    Estimator::K3 => -r,
                    Estimator::K1 | Estimator::K2 => self.gradient.value(r) + of_slope,
                } * ratio;
                of_value *= ratio;
            }
            *value = T::rounded(of_value);
            *slope = T::rounded(of_slope);
        }
        Ok(())
    }
}
