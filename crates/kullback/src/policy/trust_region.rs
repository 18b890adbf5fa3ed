use crate::Error;

/// One step of trust-region policy optimisation: the natural gradient F⁻¹g, as long as KL(π_old‖π_new) ≤ δ allows by its
/// second-order estimate, shortened until the KL itself is within δ and the surrogate has grown. (J. Schulman et al.,
/// *Trust region policy optimization*, 2015.)
///
/// It knows no policy: the caller's closures multiply with the Fisher information and evaluate proposals. Where no step
/// is acceptable the parameters stay what they were.
///
/// Cost: one product with F a conjugate-gradient iteration, one evaluation a proposal, and vectors of the parameters.
///
/// ```
/// use kullback::policy::{Proposal, TrustRegion};
/// // A surrogate that grows along the first parameter, and KL = ½|θ|².
/// let step = TrustRegion { delta: 0.02, damping: 0.0, ..TrustRegion::default() }.step(
///     &[0.0, 0.0],
///     &[1.0, 0.0],
///     |v| Ok::<_, kullback::Error>(v.to_vec()),
///     |x| Ok(Proposal { surrogate: x[0], kl: 0.5 * (x[0] * x[0] + x[1] * x[1]) }),
/// )?;
/// assert!(step.accepted && step.kl <= 0.02 && (step.parameters[0] - 0.2).abs() < 0.05);
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrustRegion {
    /// δ: the largest mean KL of an update, in nats. Above 0.
    pub delta: f64,
    /// λ ≥ 0: the step solves (F + λ) x = g.
    pub damping: f64,
    /// Conjugate-gradient iterations, at most.
    pub iterations: usize,
    /// They end when the residual is this small, relative to the gradient. At least 0.
    pub tolerance: f64,
    /// What a step is multiplied by when it is refused. In (0, 1).
    pub shrink: f64,
    /// How often, at most.
    pub backtracks: usize,
    /// The share of the growth that the gradient promises that a step must have. At least 0; any growth at 0.
    pub improvement: f64,
}

impl Default for TrustRegion {
    /// δ = 0.01, 10 iterations with λ = 0.1, and at most 10 steps back by a factor of 0.8.
    fn default() -> Self {
        Self {
            delta: 0.01,
            damping: 0.1,
            iterations: 10,
            tolerance: 1e-10,
            shrink: 0.8,
            backtracks: 10,
            improvement: 0.0,
        }
    }
}

/// What proposed parameters lead to. What is not a number, or an infinite KL, is refused.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proposal {
    /// What is to grow: the mean of π_new/π_old times the advantage.
    pub surrogate: f64,
    /// The mean of KL(π_old‖π_new), exact, in nats.
    pub kl: f64,
}

/// What became of an update.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The new parameters, or the old ones.
    pub parameters: Vec<f64>,
    /// Whether they are new.
    pub accepted: bool,
    /// KL(π_old‖π_new): 0 where nothing was accepted.
    pub kl: f64,
    /// How much the surrogate has grown.
    pub growth: f64,
    /// How often the step was shortened.
    pub backtracks: usize,
}

impl TrustRegion {
    /// The step from these parameters, along the gradient of the surrogate.
    ///
    /// `fisher` multiplies a vector with the Fisher information at the parameters, `evaluate` is asked for the surrogate
    /// at the parameters and for every proposal.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a setting out of range, [`Error::LengthMismatch`] for a gradient or a product of another
    /// length than the parameters; and what the closures return.
    pub fn step<E: From<Error>>(
        &self,
        parameters: &[f64],
        gradient: &[f64],
        mut fisher: impl FnMut(&[f64]) -> Result<Vec<f64>, E>,
        mut evaluate: impl FnMut(&[f64]) -> Result<Proposal, E>,
    ) -> Result<Step, E> {
        self.checked()?;
        same_length(parameters, gradient)?;
        let mut damped = |v: &[f64]| {
            let mut product = fisher(v)?;
            same_length(v, &product)?;
            product.iter_mut().zip(v).for_each(|(product, v)| *product += self.damping * v);
            Ok::<_, E>(product)
        };
        let stay =
            |backtracks| Step { parameters: parameters.to_vec(), accepted: false, kl: 0.0, growth: 0.0, backtracks };
        let direction = self.solve(gradient, &mut damped)?;
        let curvature = dot(&direction, &damped(&direction)?);
        let length = (2.0 * self.delta / curvature).sqrt();
        if !(curvature > 0.0 && length.is_finite()) {
            return Ok(stay(0));
        }
        let before = evaluate(parameters)?.surrogate;
        let promised = dot(gradient, &direction) * length;
        let mut share = 1.0;
        for backtracks in 0..=self.backtracks {
            let scale = share * length;
            let proposed: Vec<f64> = parameters.iter().zip(&direction).map(|(x, d)| d.mul_add(scale, *x)).collect();
            let Proposal { surrogate, kl } = evaluate(&proposed)?;
            let growth = surrogate - before;
            // Comparisons with NaN are false.
            if kl <= self.delta && growth > 0.0 && growth >= self.improvement * promised * share {
                return Ok(Step { parameters: proposed, accepted: true, kl, growth, backtracks });
            }
            share *= self.shrink;
        }
        Ok(stay(self.backtracks))
    }

    /// Conjugate gradients (M. Hestenes, E. Stiefel, 1952), from 0.
    fn solve<E>(
        &self,
        gradient: &[f64],
        product: &mut impl FnMut(&[f64]) -> Result<Vec<f64>, E>,
    ) -> Result<Vec<f64>, E> {
        let mut x = vec![0.0; gradient.len()];
        let mut residual = gradient.to_vec();
        let mut direction = gradient.to_vec();
        let mut square = dot(&residual, &residual);
        let enough = self.tolerance * self.tolerance * square;
        for _ in 0..self.iterations {
            if square <= enough {
                break;
            }
            let along = product(&direction)?;
            let curvature = dot(&direction, &along);
            if curvature.is_nan() || curvature <= 0.0 {
                break;
            }
            let step = square / curvature;
            for i in 0..x.len() {
                x[i] += step * direction[i];
                residual[i] -= step * along[i];
            }
            let next = dot(&residual, &residual);
            let turn = next / square;
            direction.iter_mut().zip(&residual).for_each(|(d, r)| *d = turn.mul_add(*d, *r));
            square = next;
        }
        Ok(x)
    }

    fn checked(&self) -> Result<(), Error> {
        let refused = |name, value, expected| Err(Error::Parameter { name, value, expected });
        if !(self.delta > 0.0 && self.delta.is_finite()) {
            return refused("delta", self.delta, "above 0 and finite");
        }
        if !(self.shrink > 0.0 && self.shrink < 1.0) {
            return refused("shrink", self.shrink, "between 0 and 1");
        }
        for (name, value) in
            [("damping", self.damping), ("tolerance", self.tolerance), ("improvement", self.improvement)]
        {
            if !(value >= 0.0 && value.is_finite()) {
                return refused(name, value, "at least 0 and finite");
            }
        }
        Ok(())
    }
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

fn same_length(x: &[f64], y: &[f64]) -> Result<(), Error> {
    if x.len() == y.len() { Ok(()) } else { Err(Error::LengthMismatch { p: x.len(), q: y.len() }) }
}
