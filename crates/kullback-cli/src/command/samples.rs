//! `kullback samples X Y`.

use std::process::ExitCode;

use anyhow::{Result, bail};
use kullback::Rows;
use kullback::estimate::{SampleEstimator, SampleKl};

use crate::Outcome;
use crate::args::{self, Global, Samples};
use crate::input::points::{self, Points};
use crate::output::{json, text};

/// What the command found, in the printed unit.
pub(crate) struct Report {
    pub(crate) unit: args::Unit,
    pub(crate) n: usize,
    pub(crate) m: usize,
    pub(crate) dimensions: usize,
    pub(crate) estimator: SampleEstimator,
    pub(crate) kl: f64,
    pub(crate) ci_low: f64,
    pub(crate) ci_high: f64,
    pub(crate) confidence: f64,
    pub(crate) notes: Vec<String>,
}

pub(super) fn run(args: &Samples, global: &Global) -> Result<Outcome> {
    let report = Report::new(args, global.unit)?;
    let text = match global.json {
        true => json::samples(&report),
        false => text::samples(&report),
    };
    Ok(Outcome { text, code: ExitCode::SUCCESS })
}

impl Report {
    fn new(args: &Samples, unit: args::Unit) -> Result<Self> {
        let [x, y] = points::read([&args.x, &args.y])?;
        if x.columns != y.columns {
            bail!(
                "X: {} has points of {} coordinates and Y: {} of {}; expected the same number",
                args.x,
                x.columns,
                args.y,
                y.columns
            );
        }
        let of_neighbours = matches!(args.estimator, SampleEstimator::Ensemble | SampleEstimator::Nearest { .. });
        if args.k.is_some() && !of_neighbours {
            bail!("--k counts neighbours and --estimator {} has none; expected one of the two", args.estimator);
        }
        let estimator = args.k.map_or(args.estimator, |k| SampleEstimator::Nearest { k });
        let kl = SampleKl { estimator, confidence: args.confidence, ..SampleKl::default() };
        let found = rows(&x).and_then(|p| kl.between_points(p, rows(&y)?)).map_err(|error| in_words(error, args))?;
        let left_out = [("X", &x), ("Y", &y)].into_iter().filter(|(_, points)| points.incomplete > 0);
        let left_out =
            left_out.map(|(side, points)| format!("{side}: {} rows with nulls were left out", points.incomplete));
        Ok(Self {
            unit,
            n: found.n,
            m: found.m,
            dimensions: found.dimensions,
            estimator,
            kl: unit.of(found.value),
            ci_low: unit.of(found.interval.0),
            ci_high: unit.of(found.interval.1),
            confidence: args.confidence,
            notes: left_out.chain(found.notes.iter().map(ToString::to_string)).collect(),
        })
    }
}

fn rows(points: &Points) -> Result<Rows<'_, f64>, kullback::Error> {
    Rows::new(&points.values, points.columns)
}

/// The library's P and Q are X and Y here, and it does not know their files.
fn in_words(error: kullback::Error, args: &Samples) -> anyhow::Error {
    use kullback::{Error, Side};
    match error {
        Error::NotFinitePoint { side, .. } | Error::TooFewPoints { side, .. } => {
            let (name, file) = match side {
                Side::P => ("X", &args.x),
                Side::Q => ("Y", &args.y),
            };
            let text = error.to_string();
            let text = text.strip_prefix(&side.to_string()).unwrap_or(&text).trim_start_matches([',', ' ']).to_owned();
            anyhow::anyhow!("{name}: {file}: {text}")
        }
        _ => anyhow::Error::new(error),
    }
}
