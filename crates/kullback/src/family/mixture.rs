use core::fmt;

use rand::Rng;

use super::{Any, Distribution, Edge, Point, Support, Tail, Terms, unit};
use crate::Error;

/// A mixture of one-dimensional families of one kind, each with a weight; the weights are normalised here.
#[derive(Debug, Clone, PartialEq)]
pub struct Mixture {
    weights: Vec<f64>,
    ln_weights: Vec<f64>,
    parts: Vec<Any>,
}

impl Mixture {
    /// The mixture of these.
    ///
    /// # Errors
    /// [`Error::Empty`] without parts, [`Error::Parameter`] for a weight that is not a finite number above 0,
    /// [`Error::Kinds`] if one part is discrete and another continuous.
    pub fn new(parts: Vec<(f64, Any)>) -> Result<Self, Error> {
        let (weights, parts): (Vec<f64>, Vec<Any>) = parts.into_iter().unzip();
        for weight in &weights {
            super::parameter::positive("weight", *weight)?;
        }
        let kinds: Vec<_> = parts.iter().map(|part| part.support().kind).collect();
        let first = *kinds.first().ok_or(Error::Empty)?;
        if let Some(other) = kinds.iter().find(|kind| **kind != first) {
            return Err(Error::Kinds { p: first.name(), q: other.name() });
        }
        let largest = weights.iter().copied().fold(0.0, f64::max);
        let mass: f64 = weights.iter().map(|weight| weight / largest).sum();
        let weights: Vec<f64> = weights.into_iter().map(|weight| weight / largest / mass).collect();
        Ok(Self { ln_weights: weights.iter().map(|weight| weight.ln()).collect(), weights, parts })
    }

    /// The parts with their weights, which sum to 1.
    pub fn parts(&self) -> impl Iterator<Item = (f64, &Any)> {
        self.weights.iter().copied().zip(&self.parts)
    }

    /// Σ w f(part).
    fn average(&self, f: impl Fn(&Any) -> f64) -> f64 {
        self.parts().map(|(weight, part)| weight * f(part)).sum()
    }
}

impl fmt::Display for Mixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (weight, part)) in self.parts().enumerate() {
            write!(f, "{}{weight} {part}", if index == 0 { "mixture(" } else { ", " })?;
        }
        f.write_str(")")
    }
}

impl Distribution for Mixture {
    fn name(&self) -> &'static str {
        "mixture"
    }
    fn support(&self) -> Support {
        let supports: Vec<Support> = self.parts.iter().map(Distribution::support).collect();
        let kind = supports.first().map_or(super::Kind::Continuous, |support| support.kind);
        Support::union(kind, supports.into_iter().flat_map(|support| support.ranges).collect())
    }
    fn ln_density(&self, x: Point) -> f64 {
        // The largest, and the others relative to it.
        let (mut top, mut sum) = (f64::NEG_INFINITY, 0.0);
        for (ln_weight, part) in self.ln_weights.iter().zip(&self.parts) {
            let ln = ln_weight + part.ln_density(x);
            if ln > top {
                sum = sum * (top - ln).exp() + 1.0;
                top = ln;
            } else if ln > f64::NEG_INFINITY {
                sum += (ln - top).exp();
            }
        }
        if sum > 0.0 { top + f64::ln(sum) } else { f64::NEG_INFINITY }
    }
    fn landmarks(&self) -> Vec<f64> {
        // The ends of a part's support may lie inside that of the whole.
        let ends =
            |part: &Any| part.support().ranges.into_iter().flatten().filter(|x| x.is_finite()).collect::<Vec<_>>();
        self.parts.iter().flat_map(|part| [part.landmarks(), ends(part)].concat()).collect()
    }
    /// The heaviest of the parts that reach there.
    fn tail(&self, edge: Edge) -> Tail {
        let reaches = |part: &&Any| {
            let inside = |[low, high]: &[f64; 2]| match edge.above {
                true => *low <= edge.at && edge.at < *high,
                false => *low < edge.at && edge.at <= *high,
            };
            part.support().ranges.iter().any(inside)
        };
        let tails = self.parts.iter().filter(reaches).map(|part| part.tail(edge));
        tails.reduce(|a, b| if b.is_heavier(a) { b } else { a }).unwrap_or(Tail::Power(1.0))
    }
    fn mean(&self) -> f64 {
        self.average(Distribution::mean)
    }
    fn variance(&self) -> f64 {
        let mean = self.mean();
        self.average(|part| part.variance() + (part.mean() - mean) * (part.mean() - mean))
    }
    fn cross_entropy_of(&self, _: &dyn Distribution) -> Option<Terms> {
        None
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        let mut left = unit(rng);
        for (weight, part) in self.parts() {
            left -= weight;
            if left < 0.0 {
                return part.sample(rng);
            }
        }
        self.parts.last().map_or(f64::NAN, |part| part.sample(rng))
    }
}
