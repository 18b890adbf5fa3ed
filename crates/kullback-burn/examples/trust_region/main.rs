//! Trust-region policy optimisation: a policy learns by steps whose KL is bounded, beside one whose steps are not and one
//! whose KL has a price.
//! ```text
//! cargo run --release -p kullback-burn --example trust_region -- --out OUT-FOLDER --compare
//! ```
//! Policies are so small that the network is written out here, in doubles; the exact KL, its gradient, the products with
//! the Fisher information, the trust region and the controller are the library's. The KL of every update is computed once
//! more by [`kullback_burn::PolicyKl`], and that is what is reported.

mod environment;
mod experience;
mod mlp;
mod policy;
#[path = "../support/mod.rs"]
mod support;
mod training;
mod update;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, ensure};
use clap::Parser;
use serde_json::json;

use self::environment::Task;
use self::support::Outcome;
use self::support::args::Common;
use self::support::figure::{Chart, Figure, Line};
use self::support::folder::Folder;
use self::support::page::{Page, Table};
use self::training::Run;
use self::update::Method;

/// Episodes of the evaluation.
const EPISODES: u64 = 100;

/// A policy learns CartPole or a pendulum by steps of bounded KL
#[derive(Debug, Parser)]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    #[arg(long, value_enum, default_value_t = Task::Cartpole)]
    env: Task,
    #[arg(long, value_enum, default_value_t = Method::Trpo)]
    method: Method,
    /// The bound on the mean KL of an update, in nats, or the penalty's target
    #[arg(long, default_value_t = 0.01, value_name = "δ")]
    delta: f64,
    #[arg(long, default_value_t = 60, value_name = "U")]
    updates: u64,
    /// Steps in the environment before each update
    #[arg(long, default_value_t = 4000)]
    steps: usize,
    /// Run the other two methods as well and plot all three
    #[arg(long)]
    compare: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    support::ended(&options.common, |folder| run(&options, folder))
}

fn run(options: &Options, folder: &Folder) -> Result<Option<Outcome>> {
    ensure!(options.delta > 0.0 && options.delta.is_finite(), "--delta is {}; expected above 0", options.delta);
    ensure!(options.steps > 0, "--steps is 0; expected at least 1");
    let start = Instant::now();
    let Some(run) = Run::make(options, options.method, folder)? else { return Ok(None) };
    let average_return = run.evaluate(EPISODES);
    let seconds = start.elapsed().as_secs_f64();
    let mut runs = vec![(run, average_return)];
    if options.compare {
        for method in Method::ALL.into_iter().filter(|method| *method != options.method) {
            let Some(run) = Run::make(options, method, folder)? else { return Ok(None) };
            let average_return = run.evaluate(EPISODES);
            runs.push((run, average_return));
        }
    }
    let max_kl = runs[0].0.max_kl();
    let lines = vec![
        format!(
            "{} by {}: average return {average_return:.1} over {EPISODES} episodes",
            options.env.name(),
            options.method.name()
        ),
        format!("largest KL of an accepted update {max_kl:.5} nats, δ = {}", options.delta),
    ];
    let json = json!({
        "average_return": average_return,
        "updates": options.updates,
        "delta": options.delta,
        "max_kl": max_kl,
        "seconds": seconds,
    });
    Ok(Some(Outcome { lines, json, page: page(options, &runs) }))
}

fn page(options: &Options, runs: &[(Run, f64)]) -> Page {
    let legend = |method: Method| match method {
        Method::Trpo => "trust region",
        Method::None => "no constraint",
        Method::Penalty => "KL penalty",
    };
    let lines = |of: fn(&Run) -> &Vec<f64>| -> Vec<Line> {
        let points = |run| of(run).iter().enumerate().map(|(step, &y)| (step as f64 + 1.0, y)).collect();
        runs.iter().map(|(run, _)| Line { legend: legend(run.method).to_owned(), points: points(run) }).collect()
    };
    let level = (options.env == Task::Cartpole).then(|| (500.0, "the limit of 500".to_owned()));
    let returns = Chart {
        title: "Mean return of the episodes before each update",
        x: "update",
        y: "return (sum of rewards)",
        logarithmic: false,
        lines: lines(|run| &run.returns),
        level,
    };
    let kls = Chart {
        title: "KL of each update",
        x: "update",
        y: "mean KL(old‖new) (nats)",
        logarithmic: true,
        lines: lines(|run| &run.kls),
        level: Some((options.delta, format!("δ = {}", options.delta))),
    };
    let rows = runs.iter().map(|(run, average_return)| {
        let over =
            run.kls.iter().zip(&run.accepted).filter(|(kl, taken)| **taken > 0.0 && **kl > options.delta).count();
        let accepted = run.accepted.iter().sum::<f64>();
        vec![
            legend(run.method).to_owned(),
            format!("{average_return:.1}"),
            format!("{accepted} of {}", run.kls.len()),
            format!("{:.5}", run.max_kl()),
            format!("{over}"),
        ]
    });
    let head = ["method", "return", "updates accepted", "largest KL (nats)", "updates above δ"];
    Page {
        title: format!("Trust regions: {}", options.env.name()),
        text: vec![
            format!(
                "A policy with two hidden layers of 32 units, {} steps in the environment before each update, seed {}. \
                 All methods follow the gradient of the same surrogate, the mean of π_new/π_old times the advantage: the \
                 trust region by a natural-gradient step and a line search that holds the mean KL(π_old‖π_new) to δ = {}, \
                 the others by 40 steps of Adam, without a constraint or less β·KL, with β doubled or halved as the KL \
                 leaves δ by a factor of 1.5.",
                options.steps, options.common.seed, options.delta
            ),
            "Returns in the table are means over 100 new episodes in which the most probable action is taken; those in \
             the plot are of the policy as it acts while it learns, at random. Each KL is exact and was computed once \
             more from the parameters before and after the update."
                .to_owned(),
        ],
        tables: vec![Table {
            head: head.map(str::to_owned).to_vec(),
            rows: rows.collect(),
            caption: "An update by the trust region is never above δ; where the KL is free or only priced nothing holds it."
                .to_owned(),
        }],
        figures: vec![
            Figure {
                name: "returns".to_owned(),
                caption: "How well the policy does while it learns: the higher the better.".to_owned(),
                svg: returns.svg(),
            },
            Figure {
                name: "kl".to_owned(),
                caption: "How far each update moves the policy, on a logarithmic axis. The line of the trust region stays \
                          at or below δ; updates that were refused made none and are left out."
                    .to_owned(),
                svg: kls.svg(),
            },
        ],
    }
}
