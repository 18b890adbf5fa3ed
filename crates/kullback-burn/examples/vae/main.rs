//! A variational autoencoder on images of digits: how β, its schedule and free bits decide what the latent space says.
//! ```text
//! cargo run --release -p kullback-burn --example vae -- --out OUT-FOLDER
//! cargo run --release -p kullback-burn --example vae -- --out COLLAPSED --beta 20
//! cargo run --release -p kullback-burn --example vae -- --out CURED --beta 20 --free-bits 0.5
//! ```
//! Every grey level is taken as the probability that a pixel of a bitmap is ink, so nats are a bound on −ln p of such a
//! bitmap. The divergence, its gradient, β's schedule and the count of active units are the library's.

mod model;
mod pictures;
#[path = "../support/mod.rs"]
mod support;
mod training;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, ensure};
use clap::Parser;
use serde_json::json;

use self::support::Outcome;
use self::support::args::Common;
use self::support::folder::Folder;
use self::support::images;
use self::training::{Run, ScheduleName, baseline};

/// A variational autoencoder on images of digits
#[derive(Debug, Parser)]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    /// What the divergence is multiplied by
    #[arg(long, default_value_t = 1.0, value_name = "β")]
    beta: f64,
    /// Nats of each dimension that cost nothing, as a mean over the batch
    #[arg(long, default_value_t = 0.0, value_name = "λ")]
    free_bits: f64,
    #[arg(long, value_enum, default_value_t = ScheduleName::Constant, value_name = "NAME")]
    schedule: ScheduleName,
    #[arg(long, default_value_t = 100, value_name = "E")]
    epochs: u64,
    /// Latent dimensions
    #[arg(long, default_value_t = 8, value_name = "D")]
    latent: usize,
    #[arg(long, default_value_t = 64)]
    batch: usize,
    /// Folder with MNIST's four files, gzipped or not, instead of the 8 × 8 digits
    #[arg(long, value_name = "IDX-FOLDER")]
    data: Option<PathBuf>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    support::ended(&options.common, |folder| run(&options, folder))
}

fn run(options: &Options, folder: &Folder) -> Result<Option<Outcome>> {
    for (name, value) in [("--beta", options.beta), ("--free-bits", options.free_bits)] {
        ensure!(value >= 0.0 && value.is_finite(), "{name} is {value}; expected at least 0");
    }
    for (name, value) in
        [("--latent", options.latent), ("--batch", options.batch), ("--epochs", options.epochs as usize)]
    {
        ensure!(value > 0, "{name} is 0; expected at least 1");
    }
    let start = Instant::now();
    let data = images::load(options.data.as_deref())?;
    let Some(run) = Run::make(options, &data, folder)? else { return Ok(None) };
    let (measured, active, baseline) = (run.measure_test()?, run.active_units()?, baseline(&data));
    let seconds = start.elapsed().as_secs_f64();
    let found = pictures::Found { measured, active, baseline };
    let lines = vec![
        format!("test ELBO {:.3} nats an image; without a latent space {:.3}", found.measured.elbo(), -baseline),
        format!("reconstruction {:.3}, KL {:.3}", found.measured.reconstruction, found.measured.kl()),
        format!("{active} of {} latent dimensions are active", options.latent),
    ];
    let json = json!({
        "elbo_test": found.measured.elbo(),
        "reconstruction_test": found.measured.reconstruction,
        "kl_test": found.measured.kl(),
        "active_units": active,
        "latent": options.latent,
        "epochs": options.epochs,
        "seconds": seconds,
    });
    Ok(Some(Outcome { lines, json, page: pictures::page(options, &data, &run, &found) }))
}
