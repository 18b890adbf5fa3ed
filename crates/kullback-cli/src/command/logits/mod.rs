//! `kullback logits P Q`.

mod stream;
mod summary;
mod values;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use kullback::divergence::Unit;
use kullback::{Measure, Side};

use crate::Outcome;
use crate::args::{self, Global, Logits};
use crate::input::logits::{Dtype, Source};
use crate::output::array::Destination;
use crate::output::file;
use crate::output::{json, text};
use crate::progress::Progress;

pub(crate) use stream::{Agreement, Row};
pub(crate) use summary::{Bin, Summary};

/// What is computed if nothing is said.
const DEFAULT: &str = "kl";

/// What the command found, in the printed unit.
pub(crate) struct Report {
    pub(crate) unit: args::Unit,
    pub(crate) rows: usize,
    pub(crate) vocabulary: usize,
    pub(crate) temperature: f64,
    /// Whether values are multiplied by the square of the temperature.
    pub(crate) scaled: bool,
    pub(crate) agreement: Agreement,
    /// One a divergence, at least one.
    pub(crate) divergences: Vec<Spread>,
}

/// The values of all rows by one divergence.
pub(crate) struct Spread {
    /// The option's text.
    pub(crate) name: String,
    pub(crate) kind: Unit,
    pub(crate) summary: Summary,
    /// The rows with the largest values, the largest first.
    pub(crate) worst: Vec<Row>,
}

/// A divergence that was asked for.
struct Wanted {
    name: String,
    measure: Measure,
    /// What its values are multiplied by to be printed.
    factor: f64,
}

pub(super) fn run(args: &Logits, global: &Global) -> Result<Outcome> {
    let wanted = wanted(args, global.unit)?;
    if let ([_, _, ..], Some(option)) = (&wanted[..], written(args)) {
        bail!("{option}: one --divergence can be written to a file, {} were given", wanted.len());
    }
    let (p, q) = (Source::open(Side::P, &args.p)?, Source::open(Side::Q, &args.q)?);
    if (p.rows, p.columns) != (q.rows, q.columns) {
        let [p, q] = [&p, &q].map(|side| format!("{} has the shape [{}, {}]", side.name(), side.rows, side.columns));
        bail!("{p}, {q}; both need the same rows and vocabulary");
    }
    let (rows, vocabulary) = (p.rows, p.columns);
    let destinations = Destinations::new(args, &p, &q)?;
    let progress = Progress::new(global.quiet);
    // The wider type of both sides holds every logit as it is.
    let wide = [p.dtype, q.dtype].contains(&Dtype::F64);
    let run = stream::Run { wanted: &wanted, temperature: args.temperature, progress: &progress };
    let (agreement, divergences) = match wide {
        true => run.stream::<f64>(p, q, destinations)?,
        false => run.stream::<f32>(p, q, destinations)?,
    };
    let report = Report {
        unit: global.unit,
        rows,
        vocabulary,
        temperature: args.temperature,
        scaled: args.scale_t2,
        agreement,
        divergences,
    };
    let text = match global.json {
        true => json::logits(&report),
        false => text::logits(&report),
    };
    Ok(Outcome { text, code: ExitCode::SUCCESS })
}

/// The divergences by name, with what their values are multiplied by.
fn wanted(args: &Logits, unit: args::Unit) -> Result<Vec<Wanted>> {
    let t = args.temperature;
    if !(t > 0.0 && t.is_finite()) {
        bail!("--temperature {t:?}: expected a positive, finite number");
    }
    let scale = if args.scale_t2 { t * t } else { 1.0 };
    if !scale.is_normal() {
        bail!("--scale-t2: the square of --temperature {t:?} is out of range");
    }
    let default = [DEFAULT.to_owned()];
    let names = if args.divergence.is_empty() { &default } else { args.divergence.as_slice() };
    let wanted = names.iter().map(|name| {
        let measure: Measure =
            name.parse().with_context(|| format!("--divergence {name}; `kullback measures` lists all"))?;
        Ok(Wanted { name: name.clone(), measure, factor: unit.express(scale, measure.unit()) })
    });
    wanted.collect()
}

/// The first option that names a file to write.
fn written(args: &Logits) -> Option<&'static str> {
    let options = [("--gradient", &args.gradient), ("--per-row", &args.per_row)];
    options.into_iter().find_map(|(option, path)| path.as_ref().map(|_| option))
}

/// The files to write; nothing is at their place before all is done.
struct Destinations {
    gradient: Option<Destination>,
    per_row: Option<Destination>,
}

impl Destinations {
    fn new(args: &Logits, p: &Source, q: &Source) -> Result<Self> {
        let inputs = [p.path(), q.path()];
        if let (Some(gradient), Some(per_row)) = (&args.gradient, &args.per_row)
            && file::same(gradient, per_row)
        {
            bail!("--gradient and --per-row both name {}; two files are needed", gradient.display());
        }
        // The gradient is what a step of training on Q's logits takes.
        let dtype = if q.dtype == Dtype::F64 { Dtype::F64 } else { Dtype::F32 };
        let open = |option: &str, path: &Option<PathBuf>, dtype, shape: &[usize]| {
            let Some(path) = path else { return Ok(None) };
            let destination = Destination::create(path, &inputs, dtype, shape);
            destination.map(Some).with_context(|| format!("{option} {}", path.display()))
        };
        Ok(Self {
            gradient: open("--gradient", &args.gradient, dtype, &[q.rows, q.columns])?,
            per_row: open("--per-row", &args.per_row, Dtype::F64, &[q.rows])?,
        })
    }
}
