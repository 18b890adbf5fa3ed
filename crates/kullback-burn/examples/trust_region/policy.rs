//! A policy: a network whose outputs are logits of actions, or the mean of a Gaussian action whose ln σ is a parameter.

use anyhow::Result;
use burn::tensor::{DType, Device, Tensor, TensorData};
use kullback::logits::LogitRows;
use kullback::loss::latent::{GaussianGradient, GaussianKl, Gaussians, Penalty};
use kullback::policy::{categorical_fisher_into, gaussian_fisher_into};
use kullback::{Kl, Rows};
use kullback_burn::PolicyKl;
use rand::RngExt;
use rand::rngs::StdRng;

use crate::environment::Task;
use crate::mlp::{Activations, Mlp};
use crate::support::random::normal;

const HIDDEN: usize = 32;
/// Outputs begin near 0: every action is about as likely.
const LAST: f64 = 0.01;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    /// Two actions.
    Categorical,
    /// One number.
    Gaussian,
}

pub(crate) struct Policy {
    network: Mlp,
    head: Head,
}

/// The policy in a batch of states.
pub(crate) struct Held {
    activations: Activations,
    /// Of a Gaussian, the same in every state.
    ln_scale: f64,
}

/// A gradient for a policy's outputs and its ln σ.
struct Slopes {
    outputs: Vec<f64>,
    ln_scale: f64,
}

impl Held {
    fn outputs(&self) -> &[f64] {
        self.activations.output()
    }

    fn ln_scales(&self, factor: f64) -> Vec<f64> {
        vec![factor * self.ln_scale; self.outputs().len()]
    }
}

impl Policy {
    pub(crate) fn new(task: Task) -> Self {
        let (head, outputs) = match task {
            Task::Cartpole => (Head::Categorical, 2),
            Task::Pendulum => (Head::Gaussian, 1),
        };
        Self { network: Mlp::new(&[task.observations(), HIDDEN, HIDDEN, outputs]), head }
    }

    pub(crate) fn init(&self, rng: &mut StdRng) -> Vec<f64> {
        let mut parameters = self.network.init(rng, LAST);
        // σ = 1.
        parameters.extend((self.head == Head::Gaussian).then_some(0.0));
        parameters
    }

    pub(crate) fn hold(&self, parameters: &[f64], observations: &[f64]) -> Held {
        let (network, rest) = parameters.split_at(self.network.len());
        Held {
            activations: self.network.forward(network, observations),
            ln_scale: rest.first().copied().unwrap_or_default(),
        }
    }

    /// An action in each state: drawn, or the most probable one without random numbers.
    pub(crate) fn act(&self, held: &Held, mut rng: Option<&mut StdRng>) -> Vec<f64> {
        let draw = |row: &[f64]| match (&mut rng, self.head) {
            (None, Head::Categorical) => f64::from(row[1] > row[0]),
            (None, Head::Gaussian) => row[0],
            (Some(rng), Head::Categorical) => f64::from(rng.random::<f64>() < ln_probability(row, 1).exp()),
            (Some(rng), Head::Gaussian) => row[0] + held.ln_scale.exp() * normal(rng),
        };
        held.outputs().chunks_exact(self.network.outputs()).map(draw).collect()
    }

    /// ln π(action) in each state, up to a constant.
    pub(crate) fn ln_probabilities(&self, held: &Held, actions: &[f64]) -> Vec<f64> {
        let one = |(row, &action): (&[f64], &f64)| match self.head {
            Head::Categorical => ln_probability(row, action as usize),
            Head::Gaussian => {
                let off = (action - row[0]) * (-held.ln_scale).exp();
                -0.5 * off * off - held.ln_scale
            }
        };
        held.outputs().chunks_exact(self.network.outputs()).zip(actions).map(one).collect()
    }

    /// The gradient of Σ weight · ln π(action).
    pub(crate) fn score(&self, parameters: &[f64], held: &Held, actions: &[f64], weights: &[f64]) -> Vec<f64> {
        let mut slopes = Slopes { outputs: Vec::with_capacity(held.outputs().len()), ln_scale: 0.0 };
        let rows = held.outputs().chunks_exact(self.network.outputs());
        for ((row, &action), &weight) in rows.zip(actions).zip(weights) {
            match self.head {
                Head::Categorical => slopes.outputs.extend((0..row.len()).map(|index| {
                    let taken = f64::from(index == action as usize);
                    weight * (taken - ln_probability(row, index).exp())
                })),
                Head::Gaussian => {
                    let inverse = (-held.ln_scale).exp();
                    let off = (action - row[0]) * inverse;
                    slopes.outputs.push(weight * off * inverse);
                    slopes.ln_scale += weight * (off * off - 1.0);
                }
            }
        }
        self.pulled_back(parameters, held, &slopes)
    }

    /// The mean over states of KL(π_old‖π_new), exact.
    pub(crate) fn kl(&self, old: &Held, new: &Held) -> Result<f64> {
        match self.head {
            Head::Categorical => {
                let values = self.logit_rows(old, new)?.values(Kl)?;
                Ok(values.iter().sum::<f64>() / values.len() as f64)
            }
            Head::Gaussian => {
                let [old_variances, new_variances] = [old, new].map(|side| side.ln_scales(2.0));
                let p = Gaussians::new(old.outputs(), &old_variances, 1)?;
                let q = Gaussians::new(new.outputs(), &new_variances, 1)?;
                Ok(GaussianKl::between(p, q)?.loss(Penalty::beta(1.0), None, None)?.value)
            }
        }
    }

    /// The same, with its gradient for the new policy's parameters.
    pub(crate) fn kl_and_gradient(&self, parameters: &[f64], old: &Held, new: &Held) -> Result<(f64, Vec<f64>)> {
        let mut slopes = Slopes { outputs: vec![0.0; new.outputs().len()], ln_scale: 0.0 };
        let kl = match self.head {
            Head::Categorical => {
                let states = new.outputs().len() / self.network.outputs();
                let rows = self.logit_rows(old, new)?.with_scale(1.0 / states as f64);
                rows.value_and_gradient(Kl, &mut slopes.outputs)?.iter().sum()
            }
            Head::Gaussian => {
                let [old_variances, new_variances] = [old, new].map(|side| side.ln_scales(2.0));
                let p = Gaussians::new(old.outputs(), &old_variances, 1)?;
                let q = Gaussians::new(new.outputs(), &new_variances, 1)?;
                let mut by_ln_variance = vec![0.0; new_variances.len()];
                let by_q = GaussianGradient { mean: &mut slopes.outputs, ln_variance: &mut by_ln_variance };
                let kl = GaussianKl::between(p, q)?.loss(Penalty::beta(1.0), None, Some(by_q))?.value;
                slopes.ln_scale = 2.0 * by_ln_variance.iter().sum::<f64>();
                kl
            }
        };
        Ok((kl, self.pulled_back(parameters, new, &slopes)))
    }

    /// F v = Jᵀ F_outputs J v: the Fisher information of the outputs, through the network.
    pub(crate) fn fisher(&self, parameters: &[f64], held: &Held, v: &[f64]) -> Result<Vec<f64>> {
        let (network, rest) = parameters.split_at(self.network.len());
        let (along, along_rest) = v.split_at(self.network.len());
        debug_assert_eq!(rest.len(), along_rest.len());
        let tangent = self.network.tangent(network, &held.activations, along);
        let mut slopes = Slopes { outputs: vec![0.0; tangent.len()], ln_scale: 0.0 };
        match self.head {
            Head::Categorical => {
                let logits = Rows::new(held.outputs(), self.network.outputs())?;
                categorical_fisher_into(logits, &tangent, &mut slopes.outputs)?;
            }
            Head::Gaussian => {
                let along = vec![along_rest.first().copied().unwrap_or_default(); tangent.len()];
                let mut by_ln_scale = vec![0.0; tangent.len()];
                let to = [&mut slopes.outputs[..], &mut by_ln_scale];
                gaussian_fisher_into(&held.ln_scales(1.0), 1, [&tangent, &along], to)?;
                slopes.ln_scale = by_ln_scale.iter().sum();
            }
        }
        Ok(self.pulled_back(parameters, held, &slopes))
    }

    /// KL(π_old‖π_new) once more, from nothing but the parameters and by way of Burn: what the summary reports.
    pub(crate) fn recomputed_kl(&self, old: &[f64], new: &[f64], observations: &[f64], device: &Device) -> Result<f64> {
        let [old, new] = [old, new].map(|parameters| self.hold(parameters, observations));
        let tensor = |numbers: &[f64]| {
            let shape = [numbers.len() / self.network.outputs(), self.network.outputs()];
            Tensor::<2>::from_data(TensorData::new(numbers.to_vec(), shape), (device, DType::F64))
        };
        let kl = match self.head {
            Head::Categorical => PolicyKl.categorical(tensor(old.outputs()), tensor(new.outputs()))?,
            Head::Gaussian => {
                let [old, new] = [old, new].map(|side| [tensor(side.outputs()), tensor(&side.ln_scales(1.0))]);
                PolicyKl.gaussian(old, new)?
            }
        };
        Ok(kl.into_scalar::<f64>())
    }

    fn logit_rows<'a>(&self, old: &'a Held, new: &'a Held) -> Result<LogitRows<'a, f64>> {
        let actions = self.network.outputs();
        Ok(LogitRows::new(Rows::new(old.outputs(), actions)?, Rows::new(new.outputs(), actions)?)?)
    }

    fn pulled_back(&self, parameters: &[f64], held: &Held, slopes: &Slopes) -> Vec<f64> {
        let network = &parameters[..self.network.len()];
        let mut by = self.network.cotangent(network, &held.activations, &slopes.outputs);
        by.extend((self.head == Head::Gaussian).then_some(slopes.ln_scale));
        by
    }
}

/// ln softmax(row) at an index.
fn ln_probability(row: &[f64], index: usize) -> f64 {
    let most = row.iter().fold(f64::NEG_INFINITY, |most, &x| most.max(x));
    row[index] - most - row.iter().map(|x| (x - most).exp()).sum::<f64>().ln()
}
