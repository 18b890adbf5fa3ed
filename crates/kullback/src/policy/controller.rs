use crate::Error;

/// The weight β of a KL penalty that follows the KL it leads to.
///
/// ```
/// use kullback::policy::{AdaptiveKl, Rule};
/// let mut beta = AdaptiveKl::new(Rule::Ppo, 0.2, 0.01)?;
/// assert_eq!(beta.update(0.05, 1)?, 0.4); // far above the target: a larger weight
/// assert_eq!(beta.update(0.01, 1)?, 0.4);
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdaptiveKl {
    rule: Rule,
    coefficient: f64,
    target: f64,
}

/// How β follows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// It does not.
    Fixed,
    /// Twice as much above 1.5 times the target, half as much below the target over 1.5. (J. Schulman et al., *Proximal
    /// policy optimization algorithms*, 2017.)
    Ppo,
    /// 1.5 times as much above twice the target, half as much below half of it: RLlib's.
    Rllib,
    /// β ← β (1 + clip(KL/target − 1, ±0.2)·n/horizon) after n samples. (D. Ziegler et al., *Fine-tuning language models
    /// from human preferences*, 2019.)
    Ziegler {
        /// Samples over which an error of the whole clip would change β by a fifth.
        horizon: f64,
    },
}

impl AdaptiveKl {
    /// β to begin with, and the KL to be kept, in nats.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless the target and the horizon are positive, β at least 0, and all finite.
    pub fn new(rule: Rule, coefficient: f64, target: f64) -> Result<Self, Error> {
        if !(coefficient >= 0.0 && coefficient.is_finite()) {
            return Err(Error::Parameter {
                name: "coefficient",
                value: coefficient,
                expected: "at least 0 and finite",
            });
        }
        positive("target", target)?;
        if let Rule::Ziegler { horizon } = rule {
            positive("horizon", horizon)?;
        }
        Ok(Self { rule, coefficient, target })
    }

    /// β.
    #[must_use]
    pub const fn coefficient(&self) -> f64 {
        self.coefficient
    }

    /// β after an update that led to this KL and used so many samples.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a KL that is NaN; it leaves β as it was.
    pub fn update(&mut self, kl: f64, samples: u64) -> Result<f64, Error> {
        if kl.is_nan() {
            return Err(Error::Parameter { name: "divergence", value: kl, expected: "a number" });
        }
        let over = kl / self.target;
        self.coefficient *= match self.rule {
            Rule::Fixed => 1.0,
            Rule::Ppo if over > 1.5 => 2.0,
            Rule::Ppo if over < 1.0 / 1.5 => 0.5,
            Rule::Rllib if over > 2.0 => 1.5,
            Rule::Rllib if over < 0.5 => 0.5,
            Rule::Ppo | Rule::Rllib => 1.0,
            // With more samples than the horizon has, a low KL must not turn the sign.
            Rule::Ziegler { horizon } => (1.0 + (over - 1.0).clamp(-0.2, 0.2) * samples as f64 / horizon).max(0.0),
        };
        Ok(self.coefficient)
    }
}

/// Whether to stop the epochs of an update: the KL is above a multiple of its target. (Stable-Baselines3 stops at 1.5
/// times the target, CleanRL at the target itself.)
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TargetKl {
    /// In nats.
    pub target: f64,
    /// The multiple.
    pub factor: f64,
}

impl TargetKl {
    /// True for a KL beyond it, and for NaN.
    #[must_use]
    pub fn exceeded(&self, kl: f64) -> bool {
        kl.is_nan() || kl > self.factor * self.target
    }
}

fn positive(name: &'static str, value: f64) -> Result<(), Error> {
    match value > 0.0 && value.is_finite() {
        true => Ok(()),
        false => Err(Error::Parameter { name, value, expected: "above 0 and finite" }),
    }
}
