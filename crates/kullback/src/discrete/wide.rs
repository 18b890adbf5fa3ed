//! Weights of any range, one at a time: what the vector kernels leave out.

use crate::divergence::{Generator, Point, Reduction};
use crate::num::Real;
use crate::num::sum::two_sum;
use crate::num::wide::Wide;

use super::frame::Frame;

/// [`Frame`] without limits of range.
#[derive(Clone, Copy)]
pub(crate) struct WideFrame {
    pub(crate) ratio: Wide,
    pub(crate) mass: Wide,
}

impl From<Frame> for WideFrame {
    fn from(frame: Frame) -> Self {
        Self { ratio: Wide::new(frame.ratio), mass: Wide::new(frame.mass) }
    }
}

impl WideFrame {
    /// The term of one category, both weights positive.
    #[inline(never)]
    pub(crate) fn term<G: Generator>(self, generator: G, p: f64, q: f64) -> Wide {
        let (p, q) = (Wide::new(p), Wide::new(q));
        let difference = Wide::difference_of_products(q, Wide::ONE, p, self.ratio);
        generator.term(Point { p: p * self.ratio, q, difference, mass: self.mass })
    }
}

/// A compensated sum.
#[derive(Clone, Copy)]
pub(crate) struct WideSum {
    high: Wide,
    low: Wide,
}

impl WideSum {
    pub(crate) const ZERO: Self = Self { high: Wide::ZERO, low: Wide::ZERO };

    pub(crate) fn add(self, x: Wide) -> Self {
        let (high, error) = two_sum(self.high, x);
        Self { high, low: self.low + error }
    }

    pub(crate) fn value(self) -> Wide {
        // Once `high` is infinite the error term is NaN and says nothing.
        if self.high.is_finite() { self.high + self.low } else { self.high }
    }
}

/// The total of some weights.
pub(crate) fn mass<T: Copy + Into<f64>>(weights: &[T]) -> Wide {
    let mut sum = WideSum::ZERO;
    for &x in weights {
        sum = sum.add(Wide::new(x.into()));
    }
    sum.value()
}

/// Σ φ per unit of mass.
#[inline(never)]
pub(crate) fn normalised_sum<T: Copy + Into<f64>, G: Generator>(generator: G, p: &[T], q: &[T]) -> Wide {
    sum(generator, p, q, (mass(p), mass(q)))
}

/// Σ φ per unit of mass, given what P and Q sum to.
pub(crate) fn sum<T: Copy + Into<f64>, G: Generator>(generator: G, p: &[T], q: &[T], masses: (Wide, Wide)) -> Wide {
    let frame = WideFrame { ratio: masses.1 / masses.0, mass: masses.1 };
    let (mut terms, mut peak, mut edges) = (WideSum::ZERO, Wide::ZERO, WideSum::ZERO);
    for (&a, &b) in p.iter().zip(q) {
        let (a, b): (f64, f64) = (a.into(), b.into());
        match (a > 0.0, b > 0.0) {
            (true, true) => {
                let term = frame.term(generator, a, b);
                match G::REDUCTION {
                    Reduction::Sum => terms = terms.add(term),
                    Reduction::Max => peak = peak.max(term),
                }
            }
            (true, false) => edges = edges.add(edge(generator.at_infinity(), a, masses.0)),
            (false, true) => edges = edges.add(edge(generator.at_zero(), b, masses.1)),
            (false, false) => {}
        }
    }
    let edges = edges.value();
    let terms = match G::REDUCTION {
        Reduction::Sum => terms.value() / frame.mass,
        Reduction::Max => peak,
    };
    terms + edges
}

fn edge(factor: f64, weight: f64, mass: Wide) -> Wide {
    if factor.is_finite() { Wide::new(weight) / mass * factor } else { Wide::new(factor) }
}
