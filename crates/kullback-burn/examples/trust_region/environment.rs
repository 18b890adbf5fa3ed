//! The two tasks, with the physics and the limits they are commonly given.

use core::f64::consts::PI;

use clap::ValueEnum;
use rand::RngExt;
use rand::rngs::StdRng;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Task {
    /// Keep a pole upright on a cart: push it left or right, at most 500 steps
    Cartpole,
    /// Swing a pendulum up and hold it: a torque from −2 to 2, 200 steps
    Pendulum,
}

/// A task in some state.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    task: Task,
    state: [f64; 4],
    steps: usize,
}

/// What a step leads to.
pub(crate) struct Outcome {
    pub(crate) reward: f64,
    /// The task has failed: nothing comes after.
    pub(crate) failed: bool,
    /// The episode is at its limit; what would come after still counts.
    pub(crate) out_of_time: bool,
}

impl Task {
    pub(crate) fn observations(self) -> usize {
        match self {
            Self::Cartpole => 4,
            Self::Pendulum => 3,
        }
    }

    pub(crate) fn limit(self) -> usize {
        match self {
            Self::Cartpole => 500,
            Self::Pendulum => 200,
        }
    }

    /// What rewards are multiplied by for learning, so that values are of order 1.
    pub(crate) fn reward_scale(self) -> f64 {
        match self {
            Self::Cartpole => 0.01,
            Self::Pendulum => 0.005,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cartpole => "cartpole",
            Self::Pendulum => "pendulum",
        }
    }
}

impl Environment {
    pub(crate) fn new(task: Task, rng: &mut StdRng) -> Self {
        let mut state = [0.0; 4];
        match task {
            Task::Cartpole => state.iter_mut().for_each(|x| *x = rng.random_range(-0.05..0.05)),
            Task::Pendulum => state[..2].copy_from_slice(&[rng.random_range(-PI..PI), rng.random_range(-1.0..1.0)]),
        }
        Self { task, state, steps: 0 }
    }

    /// What the policy sees, in units in which everything is of order 1.
    pub(crate) fn observe(&self, to: &mut Vec<f64>) {
        let [a, b, c, d] = self.state;
        match self.task {
            Task::Cartpole => to.extend([a / 2.4, b / 2.0, c / 0.21, d / 2.0]),
            Task::Pendulum => to.extend([a.cos(), a.sin(), b / 8.0]),
        }
    }

    /// The action is 0 or 1 for the cart, a torque for the pendulum.
    pub(crate) fn step(&mut self, action: f64) -> Outcome {
        self.steps += 1;
        let (reward, failed) = match self.task {
            Task::Cartpole => self.cart(action),
            Task::Pendulum => self.pendulum(action),
        };
        Outcome { reward, failed, out_of_time: self.steps >= self.task.limit() }
    }

    /// A. Barto, R. Sutton, C. Anderson, 1983; Gymnasium's CartPole-v1: Euler steps of 0.02 s.
    fn cart(&mut self, action: f64) -> (f64, bool) {
        const GRAVITY: f64 = 9.8;
        const POLE_MASS: f64 = 0.1;
        const MASS: f64 = 1.0 + POLE_MASS;
        /// Half of the pole.
        const LENGTH: f64 = 0.5;
        const FORCE: f64 = 10.0;
        const TIME: f64 = 0.02;
        const FURTHEST: f64 = 2.4;
        const STEEPEST: f64 = 12.0 * PI / 180.0;
        let [x, speed, angle, turn] = self.state;
        let force = if action > 0.5 { FORCE } else { -FORCE };
        let (sin, cos) = angle.sin_cos();
        let push = (force + POLE_MASS * LENGTH * turn * turn * sin) / MASS;
        let turning = (GRAVITY * sin - cos * push) / (LENGTH * (4.0 / 3.0 - POLE_MASS * cos * cos / MASS));
        let moving = push - POLE_MASS * LENGTH * turning * cos / MASS;
        self.state = [x + TIME * speed, speed + TIME * moving, angle + TIME * turn, turn + TIME * turning];
        (1.0, self.state[0].abs() > FURTHEST || self.state[2].abs() > STEEPEST)
    }

    /// Gymnasium's Pendulum-v1: steps of 0.05 s, angle 0 upright.
    fn pendulum(&mut self, action: f64) -> (f64, bool) {
        const GRAVITY: f64 = 10.0;
        const TIME: f64 = 0.05;
        const FASTEST: f64 = 8.0;
        const STRONGEST: f64 = 2.0;
        let [angle, turn, ..] = self.state;
        let torque = action.clamp(-STRONGEST, STRONGEST);
        let off = (angle + PI).rem_euclid(2.0 * PI) - PI;
        let reward = -(off * off + 0.1 * turn * turn + 0.001 * torque * torque);
        let turn = (turn + (1.5 * GRAVITY * angle.sin() + 3.0 * torque) * TIME).clamp(-FASTEST, FASTEST);
        self.state = [angle + turn * TIME, turn, 0.0, 0.0];
        (reward, false)
    }
}
