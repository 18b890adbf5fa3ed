//! KL from nearest neighbours: the estimates for several k, weighed, and their interval.

use super::ensemble::Ensemble;
use super::line::Line;
use super::neighbours::{CommonRadius, common_radius};
use super::tree::Tree;
use super::{APART, Found, Sample, SampleEstimator, SampleKl, SampleNote, interval};
use crate::threads::both;

/// Shares from which on a note is worth reading.
const COINCIDENT: f64 = 0.01;
const EXTRAPOLATED: f64 = 0.25;

pub(super) fn estimate(p: &Sample<'_>, q: &Sample<'_>, kl: &SampleKl) -> Found {
    let ensemble = Ensemble::new(kl.estimator, p.len().min(q.len()), p.dimensions);
    let found = values(p, q, &ensemble.ks);
    let value = ensemble.value(&found.values);
    let estimate = interval::Estimate {
        value,
        variance: found.moments.variance(p.len() as f64, q.len() as f64),
        bias: ensemble.bias_left(&found.values),
    };
    let interval = interval::ends(p, q, &ensemble, &estimate, kl.confidence, kl.seed);
    let half = 0.5 * (interval.1 - interval.0);
    let notes = notes(&found, p.len(), ensemble.extrapolated(&found.values), value, half);
    Found { value, interval, notes }
}

/// The value alone.
pub(super) fn value(p: &Sample<'_>, q: &Sample<'_>, estimator: SampleEstimator) -> f64 {
    let ensemble = Ensemble::new(estimator, p.len().min(q.len()), p.dimensions);
    ensemble.value(&values(p, q, &ensemble.ks).values)
}

/// The estimates for each of `ks`.
pub(super) fn values(p: &Sample<'_>, q: &Sample<'_>, ks: &[usize]) -> CommonRadius {
    match p.dimensions {
        1 => common_radius(&Line::new(p.points.to_vec()), &Line::new(q.points.to_vec()), ks),
        d => {
            let (p, q) = both(|| Tree::new(d, &p.points), || Tree::new(d, &q.points));
            common_radius(&p, &q, ks)
        }
    }
}

fn notes(found: &CommonRadius, points: usize, moved: f64, value: f64, half: f64) -> Vec<SampleNote> {
    let share = |some: usize| some as f64 / points as f64;
    // Near P = Q everything is large beside the value.
    let far = moved.abs() > half && moved.abs() >= EXTRAPOLATED * value.abs();
    let when = |applies: bool, note| applies.then_some(note);
    [
        when(share(found.coincident) >= COINCIDENT, SampleNote::Coincident(share(found.coincident))),
        when(share(found.apart) >= APART, SampleNote::Apart(share(found.apart))),
        when(far, SampleNote::Extrapolated((moved / value).abs())),
    ]
    .into_iter()
    .flatten()
    .collect()
}
