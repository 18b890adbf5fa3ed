//! A run of updates, and what a checkpoint keeps of it.

use anyhow::{Context, Result};
use burn::tensor::Device;
use serde_json::{Value as Json, json};

use crate::Options;
use crate::environment::{Environment, Task};
use crate::experience::{Experience, Value};
use crate::mlp::Adam;
use crate::policy::Policy;
use crate::support::checkpoint::Checkpoint;
use crate::support::folder::Folder;
use crate::support::progress::Progress;
use crate::support::random::{Purpose, stream};
use crate::update::{Method, Update};

/// Of the penalty, to begin with.
const BETA: f64 = 1.0;

/// A run, as far as it has come.
pub(crate) struct Run {
    pub(crate) method: Method,
    task: Task,
    seed: u64,
    policy: Policy,
    value: Value,
    parameters: Vec<f64>,
    values: Vec<f64>,
    adam: Adam,
    beta: f64,
    /// For each update: the mean return of the episodes before it, the exact KL it made, and whether it was accepted.
    pub(crate) returns: Vec<f64>,
    pub(crate) kls: Vec<f64>,
    pub(crate) accepted: Vec<f64>,
}

impl Run {
    fn new(options: &Options, method: Method) -> Self {
        let (task, seed) = (options.env, options.common.seed);
        let (policy, value) = (Policy::new(task), Value::new(task));
        let mut rng = stream(seed, Purpose::Weights, 0);
        let (parameters, values) = (policy.init(&mut rng), value.init(&mut rng));
        let [returns, kls, accepted] = [(); 3].map(|()| Vec::new());
        let (adam, beta) = (Adam::default(), BETA);
        Self { method, task, seed, policy, value, parameters, values, adam, beta, returns, kls, accepted }
    }

    /// All updates, from the checkpoint on if that is wanted; `None` if it was to stop before.
    pub(crate) fn make(options: &Options, method: Method, folder: &Folder) -> Result<Option<Self>> {
        let file = format!("{}.checkpoint", method.name());
        let settings = settings(options, method);
        let mut run = Self::new(options, method);
        if options.common.resume
            && let Some(checkpoint) = Checkpoint::load(folder, &file, &settings)?
        {
            run.restore(&checkpoint)?;
        }
        let progress = Progress::new(&options.common, options.updates, run.done());
        let first = run.done();
        while run.done() < options.updates {
            if options.common.stop_after.is_some_and(|steps| run.done() - first >= steps) {
                return Ok(None);
            }
            run.update(options)?;
            run.kept().save(folder, &file, &settings)?;
            let [score, kl] = [&run.returns, &run.kls].map(|of| of.last().copied().unwrap_or(f64::NAN));
            progress.at(run.done(), &format_args!("{}: return {score:.1}, KL {kl:.4} nats", method.name()));
        }
        Ok(Some(run))
    }

    fn done(&self) -> u64 {
        self.kls.len() as u64
    }

    fn update(&mut self, options: &Options) -> Result<()> {
        let step = self.done();
        let mut rng = stream(self.seed, Purpose::Episodes, step);
        let data = Experience::gather(self.task, &self.policy, &self.parameters, options.steps, &mut rng);
        let [advantages, targets] = data.advantages(&self.value, &self.values);
        let update = Update {
            policy: &self.policy,
            parameters: &self.parameters,
            data: &data,
            advantages: &advantages,
            delta: options.delta,
        };
        let (new, accepted) = update.make(self.method, &mut self.beta)?;
        let device = Device::flex();
        let kl = self.policy.recomputed_kl(&self.parameters, &new, &data.observations, &device)?;
        self.parameters = new;
        let mut rng = stream(self.seed, Purpose::Value, step);
        self.value.fit(&mut self.values, &mut self.adam, &data, &targets, &mut rng);
        self.returns.push(data.returns.iter().sum::<f64>() / data.returns.len() as f64);
        self.kls.push(kl);
        self.accepted.push(f64::from(accepted));
        Ok(())
    }

    /// The largest KL of an accepted update; 0 without one.
    pub(crate) fn max_kl(&self) -> f64 {
        let accepted = self.kls.iter().zip(&self.accepted).filter(|(_, accepted)| **accepted > 0.0);
        accepted.fold(0.0, |most, (kl, _)| most.max(*kl))
    }

    /// The mean return of so many episodes in which the most probable action is taken.
    pub(crate) fn evaluate(&self, episodes: u64) -> f64 {
        let mut sum = 0.0;
        for episode in 0..episodes {
            let mut environment = Environment::new(self.task, &mut stream(self.seed, Purpose::Test, episode));
            for _ in 0..self.task.limit() {
                let mut seen = Vec::new();
                environment.observe(&mut seen);
                let outcome = environment.step(self.policy.act(&self.policy.hold(&self.parameters, &seen), None)[0]);
                sum += outcome.reward;
                if outcome.failed {
                    break;
                }
            }
        }
        sum / episodes as f64
    }

    fn kept(&self) -> Checkpoint {
        let mut all = Checkpoint::default();
        for (name, numbers) in [
            ("policy", &self.parameters),
            ("value", &self.values),
            ("adam.first", &self.adam.moments[0]),
            ("adam.second", &self.adam.moments[1]),
            ("scalars", &vec![self.adam.steps, self.beta]),
            ("returns", &self.returns),
            ("kls", &self.kls),
            ("accepted", &self.accepted),
        ] {
            all.set_numbers(name, numbers);
        }
        all
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        for (name, numbers) in [("policy", &mut self.parameters), ("value", &mut self.values)] {
            let kept = checkpoint.numbers(name)?;
            (kept.len() == numbers.len()).then_some(()).context("the checkpoint is of another network")?;
            *numbers = kept;
        }
        self.adam.moments = [checkpoint.numbers("adam.first")?, checkpoint.numbers("adam.second")?];
        let scalars = checkpoint.numbers("scalars")?;
        let [steps, beta] = scalars[..] else { anyhow::bail!("the checkpoint's scalars are not two") };
        (self.adam.steps, self.beta) = (steps, beta);
        self.returns = checkpoint.numbers("returns")?;
        self.kls = checkpoint.numbers("kls")?;
        self.accepted = checkpoint.numbers("accepted")?;
        Ok(())
    }
}

/// What a run that goes on must share with the one it goes on from; it may be longer.
fn settings(options: &Options, method: Method) -> Json {
    json!({
        "program": "trust_region",
        "env": options.env.name(),
        "method": method.name(),
        "delta": options.delta,
        "steps": options.steps,
        "seed": options.common.seed,
    })
}
