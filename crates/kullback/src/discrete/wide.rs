//! Weights of any range, one at a time: what the vector kernels leave out.

use crate::divergence::{Generator, Point, Reduction};
use crate::num::Real;
use crate::num::sum::two_sum;
use crate::num::wide::Wide;

use super::frame::Frame;

/// More than as many parts of a ratio as the smallest double asks for: 53 bits each.
const PARTS: usize = 24;

/// [`Frame`] without limits of range.
#[derive(Clone)]
pub(crate) struct WideFrame {
    /// The ratio as a sum, each part what those before it have lost.
    ratio: [Wide; PARTS],
    /// How many parts there are.
    parts: usize,
    mass: Wide,
}

impl From<Frame> for WideFrame {
    fn from(frame: Frame) -> Self {
        let mut wide = Self::new(Wide::new(frame.ratio), Wide::new(frame.mass));
        if frame.ratio_low != 0.0 {
            wide.refine(Wide::new(frame.ratio_low));
        }
        wide
    }
}

impl WideFrame {
    fn new(ratio: Wide, mass: Wide) -> Self {
        let mut parts = [Wide::ZERO; PARTS];
        parts[0] = ratio;
        Self { ratio: parts, parts: 1, mass }
    }

    /// Takes one more part of the ratio; whether there was room.
    fn refine(&mut self, part: Wide) -> bool {
        let room = self.parts < PARTS;
        if room {
            self.ratio[self.parts] = part;
            self.parts += 1;
        }
        room
    }

    /// One category; zeros are allowed.
    fn point(&self, p: f64, q: f64) -> Point<Wide> {
        let (p, q) = (Wide::new(p), Wide::new(q));
        // Where everything cancels each remainder is exact, as in a long division.
        let mut difference = q;
        for &part in &self.ratio[..self.parts] {
            difference = Wide::difference_of_products(difference, Wide::ONE, p, part);
        }
        Point::new(p * self.ratio[0], q, difference, self.mass)
    }

    /// The term of one category, both weights positive.
    #[inline(never)]
    pub(crate) fn term<G: Generator>(&self, generator: G, p: f64, q: f64) -> Wide {
        generator.term(self.point(p, q))
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

/// Σ φ per unit of mass, to the last digit even where a few large categories agree so well that the small ones decide.
#[inline(never)]
pub(crate) fn normalised_sum<T: Copy + Into<f64>, G: Generator>(generator: G, p: &[T], q: &[T]) -> Wide {
    let (mass_p, mass_q) = (mass(p), mass(q));
    let mut frame = WideFrame::new(mass_q / mass_p, mass_q);
    loop {
        let (value, mismatch) = sum(generator, p, q, &frame);
        let shows = Frame::shows::<f64, G>((mismatch / mass_q).value(), value.value());
        if !shows || !frame.refine(mismatch / mass_p) {
            return value;
        }
    }
}

/// Σ φ per unit of mass of any categories, and the mismatch of the masses.
pub(crate) fn sum<T: Copy + Into<f64>, G: Generator>(
    generator: G,
    p: &[T],
    q: &[T],
    frame: &WideFrame,
) -> (Wide, Wide) {
    let mut total = WideTotal::ZERO;
    for (&p, &q) in p.iter().zip(q) {
        total.add(generator, frame.point(p.into(), q.into()));
    }
    total.finish::<G>(frame.mass)
}

/// The terms so far.
pub(crate) struct WideTotal {
    terms: WideSum,
    peak: Wide,
    edges: WideSum,
    mismatch: WideSum,
}

impl WideTotal {
    pub(crate) const ZERO: Self =
        Self { terms: WideSum::ZERO, peak: Wide::ZERO, edges: WideSum::ZERO, mismatch: WideSum::ZERO };

    /// Adds a category, of which either weight may be zero.
    pub(crate) fn add<G: Generator>(&mut self, generator: G, x: Point<Wide>) {
        self.mismatch = self.mismatch.add(x.difference);
        match (x.p == Wide::ZERO, x.q == Wide::ZERO) {
            (false, false) => {
                let term = generator.term(x);
                match G::REDUCTION {
                    Reduction::Sum => self.terms = self.terms.add(term),
                    Reduction::Max => self.peak = self.peak.max(term),
                }
            }
            (false, true) => self.edges = self.edges.add(edge(generator.at_infinity(), x.p)),
            (true, false) => self.edges = self.edges.add(edge(generator.at_zero(), x.q)),
            (true, true) => {}
        }
    }

    /// The value per unit of mass, and the mismatch of the masses.
    pub(crate) fn finish<G: Generator>(self, mass: Wide) -> (Wide, Wide) {
        let edges = self.edges.value() / mass;
        let value = match G::REDUCTION {
            Reduction::Sum => self.terms.value() / mass + edges,
            Reduction::Max => self.peak + edges,
        };
        (value, self.mismatch.value())
    }
}

fn edge(factor: f64, weight: Wide) -> Wide {
    if factor.is_finite() { weight * factor } else { Wide::new(factor) }
}
