//! `kullback family P Q`.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use kullback::divergence::Unit;
use kullback::family::{self, Any, Certified};
use kullback::{Measure, Side};

use crate::Outcome;
use crate::args::{self, Family, Global};
use crate::error::Located;
use crate::output::{json, text};

/// What the command found, in the printed unit.
pub(crate) struct Report {
    pub(crate) unit: args::Unit,
    /// The distributions as they were read.
    pub(crate) p: String,
    pub(crate) q: String,
    pub(crate) values: Vec<Value>,
}

/// One printed number.
pub(crate) struct Value {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) kind: Unit,
    pub(crate) found: Certified,
}

pub(super) fn run(mut args: Family, global: &Global) -> Result<Outcome> {
    if args.list {
        let catalogue = Any::catalogue();
        let text = if global.json { json::families(catalogue) } else { text::families(catalogue) };
        return Ok(Outcome { text, code: ExitCode::SUCCESS });
    }
    let [p, q] = sides(&mut args)?;
    let (p, q) = (parsed(Side::P, &p)?, parsed(Side::Q, &q)?);
    let named = args.measure.iter().flat_map(|names| names.split(',')).map(str::trim);
    let chosen = named.map(|name| {
        let measure = name.parse().with_context(|| format!("--measure {name}; `kullback measures` lists all"))?;
        Ok((name.to_owned(), name.to_owned(), measure))
    });
    let mut quantities = chosen.collect::<Result<Vec<(String, String, Measure)>>>()?;
    if quantities.is_empty() {
        quantities.push(("kl_pq".to_owned(), "KL(P‖Q)".to_owned(), Measure::Kl));
        quantities.push(("kl_qp".to_owned(), "KL(Q‖P)".to_owned(), Measure::ReverseKl));
    }
    let value = |(key, name, measure): (String, String, Measure)| {
        let found = p.divergence(&q, measure).with_context(|| format!("{name} of `{p}` and `{q}`"))?;
        let kind = measure.unit();
        let express = |x: f64| global.unit.express(x, kind);
        let found = Certified { value: express(found.value), error: express(found.error), ..found };
        Ok(Value { key, name, kind, found })
    };
    let values = quantities.into_iter().map(value).collect::<Result<_>>()?;
    let report = Report { unit: global.unit, p: p.to_string(), q: q.to_string(), values };
    let text = if global.json { json::family(&report) } else { text::family(&report) };
    Ok(Outcome { text, code: ExitCode::SUCCESS })
}

/// P and Q. After `--measure`, which takes any number of names, clap has put them among the names.
fn sides(args: &mut Family) -> Result<[String; 2]> {
    if let (None, [_, .., p, q]) = (&args.p, args.measure.as_mut_slice()) {
        let sides = [std::mem::take(p), std::mem::take(q)];
        args.measure.truncate(args.measure.len() - sides.len());
        return Ok(sides);
    }
    match (args.p.take(), args.q.take()) {
        (Some(p), Some(q)) => Ok([p, q]),
        _ => {
            bail!("two distributions are needed, P and Q, such as `normal(0, 1)`; `kullback family --list` lists them")
        }
    }
}

fn parsed(side: Side, text: &str) -> Result<family::Family> {
    let located = |error: family::ParseError| Located {
        message: format!("{side}: {}", error.message),
        text: text.to_owned(),
        position: error.position,
    };
    Ok(family::parse(text).map_err(located)?)
}
