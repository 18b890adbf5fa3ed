//! `kullback family P Q`.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use kullback::divergence::Unit;
use kullback::family::{self, Any, Certified, Curves, Family as Either, MixtureBounds};
use kullback::{Measure, Side};

use crate::Outcome;
use crate::args::{self, Family, Global};
use crate::error::Located;
use crate::input;
use crate::output::plot::{self, Plot};
use crate::output::{json, text};

/// What the command found, in the printed unit.
pub(crate) struct Report {
    pub(crate) unit: args::Unit,
    /// The distributions as they were read.
    pub(crate) p: String,
    pub(crate) q: String,
    pub(crate) values: Vec<Value>,
    /// KL(P‖Q) in nats.
    pub(crate) kl: Certified,
    /// Of KL(P‖Q) and of KL(Q‖P), in the printed unit.
    pub(crate) bounds: Vec<Bounds>,
}

/// What holds for certain where a value is an average over random points.
pub(crate) struct Bounds {
    pub(crate) key: &'static str,
    pub(crate) name: &'static str,
    pub(crate) of: MixtureBounds,
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
    let plot = args.plot.as_deref().map(Plot::new).transpose()?;
    let [p, q] = sides(&mut args)?;
    let texts = [p, q];
    let (p, q) = (parsed(Side::P, &texts[0])?, parsed(Side::Q, &texts[1])?);
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
        let pair = || format!("{name} of `{}` and `{}`", as_read(&p, &texts[0]), as_read(&q, &texts[1]));
        let found = p.divergence(&q, measure).with_context(pair)?;
        let kind = measure.unit();
        let express = |x: f64| global.unit.express(x, kind);
        let found = Certified { value: express(found.value), error: express(found.error), ..found };
        Ok(Value { key, name, kind, found })
    };
    let values = quantities.into_iter().map(value).collect::<Result<_>>()?;
    let kl = p.kl(&q).with_context(|| format!("KL(P‖Q) of `{}` and `{}`", texts[0], texts[1]))?;
    let [of_p, of_q] = [as_read(&p, &texts[0]), as_read(&q, &texts[1])];
    let bounds = if args.measure.is_empty() { bounds(&p, &q, global.unit)? } else { Vec::new() };
    let report = Report { unit: global.unit, p: of_p, q: of_q, values, kl, bounds };
    let picture = match &plot {
        Some(Plot::File(path, format)) => Some(plot::family(path, *format, &report, &curves(&p, &q)?)?),
        _ => None,
    };
    let text = match &plot {
        _ if global.json => json::family(&report),
        Some(Plot::Terminal) => text::family(&report, Some(&curves(&p, &q)?)),
        // In a terminal there is a sketch wherever there is something to draw.
        None if text::is_terminal() => text::family(&report, curves(&p, &q).ok().as_ref()),
        _ => text::family(&report, None),
    };
    if let Some(picture) = picture {
        picture.put_in_place()?;
    }
    Ok(Outcome { text, code: ExitCode::SUCCESS })
}

/// A distribution as it was read. Matrices stay as they were given.
fn as_read(family: &Either, text: &str) -> String {
    match family {
        Either::Many(_) => text.trim().to_owned(),
        other => other.to_string(),
    }
}

/// Bounds in both directions, if the distributions have any.
fn bounds(p: &Either, q: &Either, unit: args::Unit) -> Result<Vec<Bounds>> {
    let mut all = Vec::new();
    for (key, name, of) in
        [("bounds_pq", "KL(P‖Q)", p.mixture_bounds(q)?), ("bounds_qp", "KL(Q‖P)", q.mixture_bounds(p)?)]
    {
        let express = |of: MixtureBounds| MixtureBounds {
            lower: unit.of(of.lower),
            upper: unit.of(of.upper),
            variational: unit.of(of.variational),
        };
        all.extend(of.map(|of| Bounds { key, name, of: express(of) }));
    }
    Ok(all)
}

/// What is drawn of two one-dimensional distributions.
fn curves(p: &Either, q: &Either) -> Result<Curves> {
    match (p, q) {
        (Either::One(p), Either::One(q)) => Ok(Curves::of(p, q)?),
        _ => bail!("--plot: P and Q are {}; one-dimensional distributions are drawn", p.kind()),
    }
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
    Ok(family::parse_with(text, &input::array).map_err(located)?)
}
