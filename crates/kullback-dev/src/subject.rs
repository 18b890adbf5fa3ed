//! The library under test, called by name. Its generic code is compiled here once, not in every test.

use kullback::logits::{Logit, LogitRows};
use kullback::num::Real;
use kullback::{
    Divergence, Error, JensenShannon, Kl, MaxDivergence, Measure, Renyi, Rows, SquaredHellinger, TotalVariation,
};

/// A measure by its name.
///
/// # Errors
/// The library's.
pub fn parse(name: &str) -> Result<Measure, Error> {
    name.parse()
}

/// The measure called `name` between two weight vectors.
///
/// # Errors
/// The library's.
pub fn between(name: &str, p: &[f64], q: &[f64]) -> Result<f64, Error> {
    parse(name)?.between(p, q)
}

/// The same for log-probabilities.
///
/// # Errors
/// The library's.
pub fn between_logs(name: &str, log_p: &[f64], log_q: &[f64]) -> Result<f64, Error> {
    parse(name)?.between_log_probabilities(log_p, log_q)
}

/// The measures that stand for all where compiling every one would take minutes: one for each kind of term.
pub const KINDS: [&str; 6] = ["kl", "js", "tv", "hellinger", "max-divergence", "renyi=3"];

/// One of [`KINDS`] of singles.
///
/// # Errors
/// The library's.
pub fn between_singles(name: &str, p: &[f32], q: &[f32]) -> Result<f64, Error> {
    match parse(name)? {
        Measure::Kl => Kl.between(p, q),
        Measure::JensenShannon => JensenShannon::HALF.between(p, q),
        Measure::TotalVariation => TotalVariation.between(p, q),
        Measure::MaxDivergence => MaxDivergence.between(p, q),
        Measure::Renyi(alpha) => Renyi::new(alpha)?.between(p, q),
        _ => SquaredHellinger.between(p, q),
    }
}

/// One of the first four [`KINDS`], row by row.
///
/// # Errors
/// The library's.
pub fn rows(name: &str, p: &[f64], q: &[f64], columns: usize) -> Result<Vec<f64>, Error> {
    let (p, q) = (Rows::new(p, columns)?, Rows::new(q, columns)?);
    match parse(name)? {
        Measure::Kl => Kl.rows(p, q),
        Measure::JensenShannon => JensenShannon::HALF.rows(p, q),
        Measure::TotalVariation => TotalVariation.rows(p, q),
        _ => SquaredHellinger.rows(p, q),
    }
}

/// What a batch of logits comes to: values, and gradients for the logits of P and of Q.
pub struct Answer<T> {
    /// One a row.
    pub values: Vec<f64>,
    /// Rows × vocabulary of P.
    pub by_p: Vec<T>,
    /// Rows × vocabulary of Q.
    pub by_q: Vec<T>,
}

/// The measure called `name` of logits, row by row, with gradients. The value must not depend on whether they are asked
/// for.
///
/// # Errors
/// The library's.
pub fn logits(name: &str, p: (&[f64], usize), q: (&[f64], usize), temperature: f64) -> Result<Answer<f64>, Error> {
    of_logits(name, p, q, temperature)
}

/// The same of singles.
///
/// # Errors
/// The library's.
pub fn logits_singles(
    name: &str,
    p: (&[f32], usize),
    q: (&[f32], usize),
    temperature: f64,
) -> Result<Answer<f32>, Error> {
    of_logits(name, p, q, temperature)
}

fn of_logits<T: Logit + Default>(
    name: &str,
    p: (&[T], usize),
    q: (&[T], usize),
    temperature: f64,
) -> Result<Answer<T>, Error> {
    let rows = LogitRows::new(Rows::new(p.0, p.1)?, Rows::new(q.0, q.1)?)?.with_temperature(temperature)?;
    let measure = parse(name)?;
    let n = p.0.len() / p.1;
    let mut values = vec![f64::NAN; n];
    rows.measure_into(measure, &mut values, None, None)?;
    let same = |again: &[f64]| values.iter().zip(again).all(|(a, b)| a.to_bits() == b.to_bits());
    let mut again = vec![f64::NAN; n];
    let (mut by_p, mut by_q) = (vec![T::default(); p.0.len()], vec![T::default(); q.0.len()]);
    match rows.measure_into(measure, &mut again, Some(&mut by_p), None) {
        Ok(()) => assert!(same(&again)),
        Err(Error::NotDifferentiable) => return Ok(Answer { values, by_p, by_q }),
        Err(error) => return Err(error),
    }
    // Without P's another kernel may write Q's.
    rows.measure_into(measure, &mut again, None, Some(&mut by_q))?;
    assert!(same(&again));
    Ok(Answer { values, by_p, by_q })
}

/// A function of weights that is no divergence; `None` if there is none of that name.
pub fn function(name: &str, p: &[f64], q: &[f64]) -> Option<Result<f64, Error>> {
    Some(match name {
        "entropy" => kullback::entropy(p),
        "perplexity" => kullback::perplexity(p),
        "cross_entropy" => kullback::cross_entropy(p, q),
        "generalized_kl" => kullback::generalized_kl(p, q),
        _ => return None,
    })
}

/// A function of a table whose rows have `columns` entries; `None` if there is none of that name.
pub fn table(name: &str, columns: usize, table: &[f64], weights: &[f64]) -> Option<Result<f64, Error>> {
    let rows = || Rows::new(table, columns);
    Some(match name {
        "mutual_information" => rows().and_then(kullback::mutual_information),
        "weighted_js" => rows().and_then(|rows| kullback::weighted_js(rows, weights)),
        _ => return None,
    })
}

/// A numeric primitive, where its domain includes the arguments.
pub fn primitive(name: &str, x: f64, y: Option<f64>) -> Option<f64> {
    let normal = |x: f64| x.is_normal() && x > 0.0;
    let ratio_is_normal = |x: f64| normal(x) && normal(1.0 / x);
    match (name, y) {
        ("ln", None) if ratio_is_normal(x) => Some(f64::ln_ratio(1.0, x, x - 1.0)),
        ("log1p", None) if ratio_is_normal(1.0 + x) => Some(f64::ln_ratio(1.0, 1.0 + x, x)),
        ("exp", None) => Some(Real::exp(x)),
        ("h", None) => Some((-x).exp_excess()),
        // Positive normal numbers whose ratio has a normal exponent.
        ("ln_ratio", Some(y)) if normal(x) && normal(y) && ratio_is_normal(x / y) => Some(-f64::ln_ratio(x, y, y - x)),
        // Any scale and zeros, through a distribution of one category.
        ("phi", Some(y)) => match kullback::generalized_kl(&[x], &[y]) {
            Err(Error::ZeroMass { .. }) => None,
            value => value.ok(),
        },
        _ => None,
    }
}
