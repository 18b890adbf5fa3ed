//! `kullback discrete P Q`.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use kullback::discrete::Contribution;
use kullback::divergence::Unit;
use kullback::{Divergence, Error, Kl, Measure, Pair, Side, Smoothing, TotalVariation};

use crate::Outcome;
use crate::args::{self, Discrete, Global};
use crate::input;
use crate::output::{json, text};

/// What the command found, in the printed unit.
pub(crate) struct Report {
    pub(crate) unit: args::Unit,
    pub(crate) categories: usize,
    /// The option's text.
    pub(crate) smoothing: String,
    pub(crate) values: Vec<Value>,
    pub(crate) verdict: Verdict,
    pub(crate) contributions: Option<Vec<Carrier>>,
}

/// One printed number.
pub(crate) struct Value {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) formula: &'static str,
    pub(crate) kind: Unit,
    pub(crate) value: f64,
}

/// What the sentence for the reader is made from.
pub(crate) struct Verdict {
    pub(crate) kl_nats: f64,
    pub(crate) total_variation: f64,
}

/// A category's part of KL(P‖Q).
pub(crate) struct Carrier {
    pub(crate) index: usize,
    pub(crate) p: f64,
    pub(crate) q: f64,
    pub(crate) nats: f64,
    /// Of the whole, where that is positive and finite.
    pub(crate) share: Option<f64>,
}

/// What a number of the full report measures; the side is the one that plays the truth.
#[derive(Clone, Copy)]
enum Of {
    Entropy(Side),
    CrossEntropy(Side),
    Divergence(Measure, Side),
}

/// The full report: key in JSON, name, formula.
const QUANTITIES: [(&str, &str, &str, Of); 18] = {
    use Of::{CrossEntropy, Divergence, Entropy};
    use Side::{P, Q};
    [
        ("entropy_p", "entropy of P", "−Σ p ln p", Entropy(P)),
        ("entropy_q", "entropy of Q", "−Σ q ln q", Entropy(Q)),
        ("cross_entropy_pq", "cross-entropy P, Q", "−Σ p ln q", CrossEntropy(P)),
        ("cross_entropy_qp", "cross-entropy Q, P", "−Σ q ln p", CrossEntropy(Q)),
        ("kl_pq", "KL(P‖Q)", "Σ p ln(p/q)", Divergence(Measure::Kl, P)),
        ("kl_qp", "KL(Q‖P)", "Σ q ln(q/p)", Divergence(Measure::Kl, Q)),
        ("jeffreys", "Jeffreys", "KL(P‖Q) + KL(Q‖P)", Divergence(Measure::Jeffreys, P)),
        ("jensen_shannon", "Jensen–Shannon", "½ KL(P‖M) + ½ KL(Q‖M)", Divergence(Measure::JensenShannon, P)),
        ("js_distance", "Jensen–Shannon distance", "√JS", Divergence(Measure::JensenShannonDistance, P)),
        ("total_variation", "total variation", "½ Σ |p − q|", Divergence(Measure::TotalVariation, P)),
        ("squared_hellinger", "squared Hellinger", "1 − Σ √(pq)", Divergence(Measure::SquaredHellinger, P)),
        ("hellinger_distance", "Hellinger distance", "√(1 − Σ √(pq))", Divergence(Measure::Hellinger, P)),
        ("bhattacharyya", "Bhattacharyya", "−ln Σ √(pq)", Divergence(Measure::Bhattacharyya, P)),
        ("chi_square_pq", "χ² of P against Q", "Σ (p − q)²/q", Divergence(Measure::PearsonChiSquare, P)),
        ("chi_square_qp", "χ² of Q against P", "Σ (p − q)²/p", Divergence(Measure::PearsonChiSquare, Q)),
        ("renyi_half_pq", "Rényi, order ½", "−2 ln Σ √(pq)", Divergence(Measure::Renyi(0.5), P)),
        ("renyi_2_pq", "Rényi, order 2", "ln Σ p²/q", Divergence(Measure::Renyi(2.0), P)),
        ("max_divergence_pq", "max-divergence", "ln max p/q", Divergence(Measure::MaxDivergence, P)),
    ]
};

pub(super) fn run(mut args: Discrete, global: &Global) -> Result<Outcome> {
    let [p, q] = sides(&mut args)?;
    let (p, q) = (input::weights(Side::P, &p)?, input::weights(Side::Q, &q)?);
    let report = Report::new(&args, global.unit, &p, &q)?;
    let text = match global.json {
        true => json::discrete(&report),
        false => text::discrete(&report),
    };
    Ok(Outcome { text, code: ExitCode::SUCCESS })
}

/// P and Q. After `--measure`, which takes any number of names, clap has put them among the names.
fn sides(args: &mut Discrete) -> Result<[String; 2]> {
    if let (None, [_, .., p, q]) = (&args.p, args.measure.as_mut_slice()) {
        let sides = [std::mem::take(p), std::mem::take(q)];
        args.measure.truncate(args.measure.len() - sides.len());
        return Ok(sides);
    }
    match (args.p.take(), args.q.take()) {
        (Some(p), Some(q)) => Ok([p, q]),
        _ => bail!("two distributions are needed, P and Q; {}", input::ACCEPTED),
    }
}

impl Report {
    fn new(args: &Discrete, unit: args::Unit, p: &[f64], q: &[f64]) -> Result<Self> {
        let smoothing: Smoothing = args.smoothing.parse().with_context(|| format!("--smoothing {}", args.smoothing))?;
        // Looked at before smoothing, which could hide what is wrong with a side.
        TotalVariation.between(p, q)?;
        let (p, q) = (smoothing.apply(p)?, smoothing.apply(q)?);
        let both = Both { p: &p, q: &q, pair: Pair::new(&p, &q)?, reversed: Pair::new(&q, &p)? };

        let named = args.measure.iter().flat_map(|names| names.split(',')).map(str::trim);
        let chosen = named.map(|name| {
            let measure = name.parse().with_context(|| format!("--measure {name}; `kullback measures` lists all"))?;
            Ok((name, name, "", Of::Divergence(measure, Side::P)))
        });
        let mut quantities = chosen.collect::<Result<Vec<_>>>()?;
        if quantities.is_empty() {
            quantities.extend(QUANTITIES);
        }
        let value = |(key, name, formula, of): (&str, &str, &'static str, Of)| {
            let (value, kind) = both.measure(of)?;
            Ok(Value { key: key.to_owned(), name: name.to_owned(), formula, kind, value: unit.express(value, kind) })
        };
        let kl = Kl.evaluate(&both.pair)?;
        Ok(Self {
            unit,
            categories: p.len(),
            smoothing: args.smoothing.clone(),
            values: quantities.into_iter().map(value).collect::<Result<_, Error>>()?,
            verdict: Verdict { kl_nats: kl, total_variation: TotalVariation.evaluate(&both.pair)? },
            contributions: if args.contributions { Some(carriers(unit, kl, &p, &q)?) } else { None },
        })
    }
}

/// The categories that add to KL(P‖Q) or take from it, the largest part first.
fn carriers(unit: args::Unit, kl: f64, p: &[f64], q: &[f64]) -> Result<Vec<Carrier>, Error> {
    let mut parts = kullback::kl_contributions(p, q)?;
    parts.retain(|part| part.nats != 0.0);
    parts.sort_by(|a, b| b.nats.abs().total_cmp(&a.nats.abs()));
    let whole = (kl > 0.0 && kl.is_finite()).then_some(kl);
    let carrier = |part: Contribution| Carrier {
        index: part.index,
        p: part.p,
        q: part.q,
        nats: unit.of(part.nats),
        share: whole.map(|kl| part.nats / kl),
    };
    Ok(parts.into_iter().map(carrier).collect())
}

/// Both directions of the comparison.
struct Both<'a> {
    p: &'a [f64],
    q: &'a [f64],
    pair: Pair<'a, f64>,
    reversed: Pair<'a, f64>,
}

impl Both<'_> {
    fn from(&self, truth: Side) -> &Pair<'_, f64> {
        match truth {
            Side::P => &self.pair,
            Side::Q => &self.reversed,
        }
    }

    /// The value in nats, if it has a unit.
    fn measure(&self, of: Of) -> Result<(f64, Unit), Error> {
        Ok(match of {
            Of::Entropy(Side::P) => (kullback::entropy(self.p)?, Unit::Nats),
            Of::Entropy(Side::Q) => (kullback::entropy(self.q)?, Unit::Nats),
            Of::CrossEntropy(Side::P) => (kullback::cross_entropy(self.p, self.q)?, Unit::Nats),
            Of::CrossEntropy(Side::Q) => (kullback::cross_entropy(self.q, self.p)?, Unit::Nats),
            Of::Divergence(measure, truth) => (measure.evaluate(self.from(truth))?, measure.unit()),
        })
    }
}
