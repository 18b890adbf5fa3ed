//! Episodes, the advantage of each action taken in them, and what a value function learns from them.

use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use crate::environment::{Environment, Outcome, Task};
use crate::mlp::{Adam, Mlp};
use crate::policy::Policy;

const HIDDEN: usize = 32;
/// What a reward a step later is worth.
const DISCOUNT: f64 = 0.99;
/// λ of generalised advantages (J. Schulman et al., 2016).
const TRACE: f64 = 0.97;
const EPOCHS: usize = 10;
const BATCH: usize = 128;
const RATE: f64 = 2e-3;

/// Steps of a policy, one after the other.
#[derive(Default)]
pub(crate) struct Experience {
    pub(crate) observations: Vec<f64>,
    pub(crate) actions: Vec<f64>,
    rewards: Vec<f64>,
    /// Where an episode ends, and its last observation where something would have come after.
    ends: Vec<(usize, Option<Vec<f64>>)>,
    /// Sums of rewards of complete episodes.
    pub(crate) returns: Vec<f64>,
}

impl Experience {
    /// So many steps, in as many episodes as that makes.
    pub(crate) fn gather(task: Task, policy: &Policy, parameters: &[f64], steps: usize, rng: &mut StdRng) -> Self {
        let mut all = Self::default();
        let (mut environment, mut sum) = (Environment::new(task, rng), 0.0);
        while all.actions.len() < steps {
            let mut seen = Vec::with_capacity(task.observations());
            environment.observe(&mut seen);
            let action = policy.act(&policy.hold(parameters, &seen), Some(rng))[0];
            let Outcome { reward, failed, out_of_time } = environment.step(action);
            sum += reward;
            all.observations.extend(seen);
            all.actions.push(action);
            all.rewards.push(reward * task.reward_scale());
            if failed || out_of_time || all.actions.len() == steps {
                let after = (!failed).then(|| {
                    let mut seen = Vec::new();
                    environment.observe(&mut seen);
                    seen
                });
                all.ends.push((all.actions.len(), after));
                all.returns.extend((failed || out_of_time).then_some(sum));
                (environment, sum) = (Environment::new(task, rng), 0.0);
            }
        }
        all
    }

    /// The advantages, of mean 0 and standard deviation 1, and what the values should have been.
    pub(crate) fn advantages(&self, value: &Value, parameters: &[f64]) -> [Vec<f64>; 2] {
        let values = value.of(parameters, &self.observations);
        let mut advantages = vec![0.0; values.len()];
        let mut from = 0;
        for (end, after) in &self.ends {
            let mut next = after.as_ref().map_or(0.0, |seen| value.of(parameters, seen)[0]);
            let mut trace = 0.0;
            for step in (from..*end).rev() {
                trace = self.rewards[step] + DISCOUNT * next - values[step] + DISCOUNT * TRACE * trace;
                (advantages[step], next) = (trace, values[step]);
            }
            from = *end;
        }
        let targets = advantages.iter().zip(&values).map(|(advantage, value)| advantage + value).collect();
        let n = advantages.len() as f64;
        let mean = advantages.iter().sum::<f64>() / n;
        let spread = (advantages.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt();
        if spread > 0.0 {
            advantages.iter_mut().for_each(|x| *x = (*x - mean) / spread);
        }
        [advantages, targets]
    }
}

/// The value function.
pub(crate) struct Value {
    network: Mlp,
}

impl Value {
    pub(crate) fn new(task: Task) -> Self {
        Self { network: Mlp::new(&[task.observations(), HIDDEN, HIDDEN, 1]) }
    }

    pub(crate) fn init(&self, rng: &mut StdRng) -> Vec<f64> {
        self.network.init(rng, 1.0)
    }

    fn of(&self, parameters: &[f64], observations: &[f64]) -> Vec<f64> {
        self.network.forward(parameters, observations).output().to_vec()
    }

    /// Least squares.
    pub(crate) fn fit(
        &self,
        parameters: &mut [f64],
        adam: &mut Adam,
        data: &Experience,
        targets: &[f64],
        rng: &mut StdRng,
    ) {
        let columns = data.observations.len() / targets.len();
        let mut order: Vec<usize> = (0..targets.len()).collect();
        for _ in 0..EPOCHS {
            order.shuffle(rng);
            for batch in order.chunks(BATCH) {
                let rows = batch.iter().flat_map(|&i| &data.observations[i * columns..(i + 1) * columns]);
                let at = self.network.forward(parameters, &rows.copied().collect::<Vec<_>>());
                let off = at.output().iter().zip(batch).map(|(value, &i)| (value - targets[i]) / batch.len() as f64);
                let gradient = self.network.cotangent(parameters, &at, &off.collect::<Vec<_>>());
                adam.step(parameters, &gradient, RATE);
            }
        }
    }
}
