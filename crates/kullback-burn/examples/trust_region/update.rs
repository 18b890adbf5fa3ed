//! One update of the policy, by each of the three methods, from the same gradient of the same surrogate.

use anyhow::Result;
use clap::ValueEnum;
use kullback::policy::{AdaptiveKl, Proposal, Rule, TrustRegion};

use crate::experience::Experience;
use crate::mlp::Adam;
use crate::policy::Policy;

/// Steps of Adam that an update without a trust region takes.
const STEPS: usize = 40;
const RATE: f64 = 5e-3;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Method {
    /// Natural gradient and line search within a mean KL of δ
    Trpo,
    /// The same surrogate without a constraint
    None,
    /// The surrogate less β·KL, with β following the target δ
    Penalty,
}

impl Method {
    pub(crate) const ALL: [Self; 3] = [Self::Trpo, Self::None, Self::Penalty];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Trpo => "trpo",
            Self::None => "none",
            Self::Penalty => "penalty",
        }
    }
}

/// What an update is made with.
pub(crate) struct Update<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) parameters: &'a [f64],
    pub(crate) data: &'a Experience,
    pub(crate) advantages: &'a [f64],
    pub(crate) delta: f64,
}

impl Update<'_> {
    /// The new parameters, and whether they are new; β is the penalty's weight and is moved on.
    pub(crate) fn make(&self, method: Method, beta: &mut f64) -> Result<(Vec<f64>, bool)> {
        match method {
            Method::Trpo => self.within_trust_region(),
            Method::None => Ok((self.ascend(0.0)?, true)),
            Method::Penalty => {
                let new = self.ascend(*beta)?;
                let [old, held] = [self.parameters, &new].map(|at| self.policy.hold(at, &self.data.observations));
                let mut controller = AdaptiveKl::new(Rule::Ppo, *beta, self.delta)?;
                *beta = controller.update(self.policy.kl(&old, &held)?, self.data.actions.len() as u64)?;
                Ok((new, true))
            }
        }
    }

    fn within_trust_region(&self) -> Result<(Vec<f64>, bool)> {
        let old = self.policy.hold(self.parameters, &self.data.observations);
        let before = self.policy.ln_probabilities(&old, &self.data.actions);
        let gradient = self.policy.score(self.parameters, &old, &self.data.actions, &self.per_state());
        let step = TrustRegion { delta: self.delta, ..TrustRegion::default() }.step(
            self.parameters,
            &gradient,
            |v| self.policy.fisher(self.parameters, &old, v),
            |proposed| {
                let new = self.policy.hold(proposed, &self.data.observations);
                let after = self.policy.ln_probabilities(&new, &self.data.actions);
                let surrogate = self.weights(&before, &after).iter().sum();
                Ok::<_, anyhow::Error>(Proposal { surrogate, kl: self.policy.kl(&old, &new)? })
            },
        )?;
        Ok((step.parameters, step.accepted))
    }

    /// Adam on the surrogate less β·KL.
    fn ascend(&self, beta: f64) -> Result<Vec<f64>> {
        let old = self.policy.hold(self.parameters, &self.data.observations);
        let before = self.policy.ln_probabilities(&old, &self.data.actions);
        let (mut parameters, mut adam) = (self.parameters.to_vec(), Adam::default());
        for _ in 0..STEPS {
            let new = self.policy.hold(&parameters, &self.data.observations);
            let after = self.policy.ln_probabilities(&new, &self.data.actions);
            let weights: Vec<f64> = self.weights(&before, &after).iter().map(|weight| -weight).collect();
            let mut gradient = self.policy.score(&parameters, &new, &self.data.actions, &weights);
            if beta > 0.0 {
                let (_, by) = self.policy.kl_and_gradient(&parameters, &old, &new)?;
                gradient.iter_mut().zip(by).for_each(|(g, by)| *g += beta * by);
            }
            adam.step(&mut parameters, &gradient, RATE);
        }
        Ok(parameters)
    }

    /// What each action adds to the surrogate, the mean of π_new/π_old times the advantage.
    fn weights(&self, before: &[f64], after: &[f64]) -> Vec<f64> {
        let ratios = before.iter().zip(after).map(|(before, after)| (after - before).exp());
        self.per_state().iter().zip(ratios).map(|(advantage, ratio)| advantage * ratio).collect()
    }

    fn per_state(&self) -> Vec<f64> {
        self.advantages.iter().map(|advantage| advantage / self.advantages.len() as f64).collect()
    }
}
