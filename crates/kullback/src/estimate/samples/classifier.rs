//! The ratio of densities as a classifier sees it.

use statrs::distribution::{ContinuousCDF, Normal};

use super::{Found, Sample, SampleNote, mean, variance};
use crate::Error;
use crate::estimate::interval::Spread;
use crate::estimate::random::SplitMix;
use crate::family::multivariate::Cholesky;
use crate::threads::each;

/// Parts that the samples are cut into; each is judged by what was learnt from the others.
const FOLDS: usize = 5;
/// Coordinates count as at most this many standard deviations, so that an outlier's square does not rule.
const FAR: f64 = 5.0;
/// Beyond so many dimensions products of two different coordinates are left out.
const PRODUCTS: usize = 10;
/// Newton's steps at most, and the change of a coefficient that ends them.
const STEPS: usize = 50;
const ENOUGH: f64 = 1e-10;
/// The precision of the normal prior of each coefficient: as much as some single observation says.
const PRIOR: f64 = 1.0;

/// E_P[f] − E_Q[eᶠ] + 1 ≤ KL for any f (X. Nguyen, M. J. Wainwright and M. I. Jordan, 2010), with f a logistic regression's logit, which
/// is ln p/q where it is right, on points that it was not fitted to.
pub(super) fn estimate(p: &Sample<'_>, q: &Sample<'_>, confidence: f64, seed: u64) -> Result<Found, Error> {
    let mut random = SplitMix::new(seed);
    let (of_p, of_q) = (random.shuffled(p.len()), random.shuffled(q.len()));
    let judge = |(): &mut (), fold: usize| {
        let part = |order: &[usize]| fold * order.len() / FOLDS..(fold + 1) * order.len() / FOLDS;
        let (held_p, held_q) = (part(&of_p), part(&of_q));
        let rest = |order: &[usize], held: &std::ops::Range<usize>| [&order[..held.start], &order[held.end..]].concat();
        let logistic = Logistic::fit(&p.part(&rest(&of_p, &held_p)), &q.part(&rest(&of_q, &held_q)))?;
        let of = |sample: &Sample<'_>| sample.rows().map(|row| logistic.ln_ratio(row)).collect::<Vec<f64>>();
        Ok([of(&p.part(&of_p[held_p])), of(&q.part(&of_q[held_q]))])
    };
    let folds: Result<Vec<[Vec<f64>; 2]>, Error> = each((0..FOLDS).collect(), || (), &judge).into_iter().collect();
    let folds = folds?;
    let at_p: Vec<f64> = folds.iter().flat_map(|fold| &fold[0]).copied().collect();
    let at_q: Vec<f64> = folds.iter().flat_map(|fold| &fold[1]).map(|f| f.exp()).collect();
    let [mean_p, mean_q] = [&at_p, &at_q].map(|values| mean(values.iter().copied()));
    let [variance_p, variance_q] = [&at_p, &at_q].map(|values| variance(values.iter().copied()));
    let value = mean_p - mean_q + 1.0;
    let (n, m) = (p.len() as f64, q.len() as f64);
    let noise = 1.0 / n + 1.0 / m;
    // At P = Q f is noise: of as many coefficients, each of about the variance 1/n + 1/m.
    let least = features(&p.points[..p.dimensions]).len() as f64 * noise * noise;
    let reach = Normal::standard().inverse_cdf(0.5 + confidence / 2.0);
    let interval = Spread::from_noisy(variance_p / n + variance_q / m, value, noise, least).ends(value, reach);
    Ok(Found { value, interval, notes: vec![SampleNote::LowerBound] })
}

/// 1, each coordinate, its square, and products of two.
fn features(point: &[f64]) -> Vec<f64> {
    let x: Vec<f64> = point.iter().map(|x| x.clamp(-FAR, FAR)).collect();
    let mut features = vec![1.0];
    features.extend(&x);
    for (i, a) in x.iter().enumerate() {
        let others = if x.len() > PRODUCTS { &x[i..=i] } else { &x[i..] };
        features.extend(others.iter().map(|b| a * b));
    }
    features
}

/// A logistic regression of which sample a point is of.
struct Logistic {
    coefficients: Vec<f64>,
    /// ln(n/m): what the logit has beyond ln p/q.
    offset: f64,
}

impl Logistic {
    /// The most probable coefficients, by Newton's method.
    fn fit(p: &Sample<'_>, q: &Sample<'_>) -> Result<Self, Error> {
        let rows: Vec<(f64, Vec<f64>)> =
            p.rows().map(|row| (1.0, features(row))).chain(q.rows().map(|row| (0.0, features(row)))).collect();
        let size = rows[0].1.len();
        let mut logistic = Self { coefficients: vec![0.0; size], offset: (p.len() as f64 / q.len() as f64).ln() };
        let mut loss = logistic.loss(&rows);
        for _ in 0..STEPS {
            let (slope, curvature) = logistic.slopes(&rows);
            let step = solve(&Cholesky::of(size, &curvature)?, slope);
            // Halved until it gains: far from the optimum a whole step may overshoot.
            let mut part = 1.0;
            let (next, reached) = loop {
                let coefficients = logistic.coefficients.iter().zip(&step).map(|(x, by)| x - part * by).collect();
                let next = Self { coefficients, offset: logistic.offset };
                let reached = next.loss(&rows);
                if reached <= loss || part < 1e-6 {
                    break (next, reached);
                }
                part *= 0.5;
            };
            if reached > loss {
                break;
            }
            (logistic, loss) = (next, reached);
            if step.iter().all(|by| by.abs() < ENOUGH) {
                break;
            }
        }
        Ok(logistic)
    }

    /// The estimate of ln p/q.
    fn ln_ratio(&self, point: &[f64]) -> f64 {
        self.logit(&features(point)) - self.offset
    }

    fn logit(&self, features: &[f64]) -> f64 {
        features.iter().zip(&self.coefficients).map(|(x, c)| x * c).sum::<f64>() + self.offset
    }

    /// Minus the logarithm of the posterior density, but for a constant.
    fn loss(&self, rows: &[(f64, Vec<f64>)]) -> f64 {
        let prior: f64 = self.coefficients.iter().map(|c| 0.5 * PRIOR * c * c).sum();
        let surprise = |(label, features): &(f64, Vec<f64>)| {
            let logit = self.logit(features);
            logit.max(0.0) + (-logit.abs()).exp().ln_1p() - label * logit
        };
        prior + rows.iter().map(surprise).sum::<f64>()
    }

    /// Its gradient and its matrix of second derivatives.
    fn slopes(&self, rows: &[(f64, Vec<f64>)]) -> (Vec<f64>, Vec<f64>) {
        let size = self.coefficients.len();
        let mut slope: Vec<f64> = self.coefficients.iter().map(|c| PRIOR * c).collect();
        let mut curvature = vec![0.0; size * size];
        for (label, features) in rows {
            let probability = 1.0 / (1.0 + (-self.logit(features)).exp());
            let weight = probability * (1.0 - probability);
            for (i, x) in features.iter().enumerate() {
                slope[i] += (probability - label) * x;
                let row = &mut curvature[i * size..][..=i];
                row.iter_mut().zip(features).for_each(|(sum, y)| *sum += weight * x * y);
            }
        }
        for i in 0..size {
            curvature[i * size + i] += PRIOR;
            for j in 0..i {
                curvature[j * size + i] = curvature[i * size + j];
            }
        }
        (slope, curvature)
    }
}

/// (LLᵀ)⁻¹x.
fn solve(factor: &Cholesky, mut x: Vec<f64>) -> Vec<f64> {
    factor.solve(&mut x);
    for i in (0..x.len()).rev() {
        let above: f64 = (i + 1..x.len()).map(|j| factor.entry(j, i) * x[j]).sum();
        x[i] = (x[i] - above) / factor.entry(i, i);
    }
    x
}
