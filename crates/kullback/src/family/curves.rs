//! What a picture of two distributions is drawn from.

use super::fallback::{self, Node};
use super::kl::one_kind;
use super::{Distribution, Kind, Point};
use crate::Error;

/// How the places of a picture are spaced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Axis {
    /// As the numbers are.
    Linear,
    /// x = center + scale·sinh(u) at u: linear nearer to the center than the scale, logarithmic beyond.
    SymmetricLog {
        /// Where the axis is finest.
        center: f64,
        /// Up to which distance from there it is linear.
        scale: f64,
    },
}

impl Axis {
    /// The place of x.
    #[must_use]
    pub fn place(self, x: f64) -> f64 {
        match self {
            Self::Linear => x,
            Self::SymmetricLog { center, scale } => ((x - center) / scale).asinh(),
        }
    }

    /// The point at a place.
    #[must_use]
    pub fn point(self, place: f64) -> Point {
        match self {
            Self::Linear => Point::at(place),
            Self::SymmetricLog { center, scale } => Point::near(center, scale * place.sinh()),
        }
    }

    /// ln of how much of x there is to a unit of the axis.
    fn ln_slope(self, place: f64) -> f64 {
        match self {
            Self::Linear => 0.0,
            Self::SymmetricLog { scale, .. } => scale.ln() + place.cosh().ln(),
        }
    }
}

/// Both densities, or masses, at one place. Densities are those along the axis, so that areas are masses on it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    /// Where on the axis.
    pub place: f64,
    /// P's density.
    pub p: f64,
    /// Q's.
    pub q: f64,
    /// p ln(p/q), in nats: +∞ where Q has no mass and P has.
    pub contribution: f64,
}

/// Two distributions of one kind and what each place contributes to KL(P‖Q), over a stretch that shows where they are.
///
/// ```
/// use kullback::family::{Curves, Normal};
/// let curves = Curves::of(&Normal::new(0.0, 1.0)?, &Normal::new(1.0, 2.0)?)?;
/// assert!(curves.window[0] < -2.0 && curves.window[1] > 4.0);
/// assert!(curves.shown[0] > 0.99 && curves.points.iter().all(|at| at.p >= 0.0));
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    /// Densities or masses on the integers.
    pub kind: Kind,
    /// How places are spaced.
    pub axis: Axis,
    /// The stretch of the axis that is shown.
    pub window: [f64; 2],
    /// From left to right: fine enough for lines between them, or all integers if these are not too many.
    pub points: Vec<Curve>,
    /// How much of P's and of Q's mass lies in the window.
    pub shown: [f64; 2],
    /// The part of KL(P‖Q) that the window holds, if it is finite and not 0; above 1 where what is left out is negative.
    pub shown_kl: Option<f64>,
}

/// Below this share of the axis a quarter of the mass is no more than a line.
const THIN: f64 = 0.01;

/// Only a gain of so much is worth an axis that has to be explained.
const WORTH: f64 = 4.0;

/// The finest stretch that an axis can show, relative to the width of the whole.
const FINEST: f64 = 1e-120;

/// Places on a line, and between two landmarks.
const PLACES: usize = 640;
const BETWEEN: usize = 16;

/// The most integers that are taken one by one.
const INTEGERS: f64 = 1200.0;

impl Curves {
    /// Those of a pair.
    ///
    /// # Errors
    /// [`Error::Kinds`] for a discrete distribution against a continuous one.
    pub fn of(p: &dyn Distribution, q: &dyn Distribution) -> Result<Self, Error> {
        let kind = one_kind(p, q)?;
        let mut nodes = fallback::nodes(p, q, false);
        nodes.retain(|node| node.x.is_finite());
        nodes.sort_by(|a, b| a.x.total_cmp(&b.x));
        let sides = [Side::new(&nodes, |node| node.p), Side::new(&nodes, |node| node.q)];
        let axis = if kind == Kind::Discrete { Axis::Linear } else { axis(&sides, [p, q]) };
        let window = match axis {
            Axis::Linear if kind == Kind::Discrete => {
                let [low, high] = hull(sides.each_ref().map(Side::body));
                [low.ceil() - 0.75, high.floor() + 0.75]
            }
            Axis::Linear => padded(hull(sides.each_ref().map(Side::body)), axis, [p, q]),
            Axis::SymmetricLog { .. } => {
                let reach = hull(sides.each_ref().map(|side| [side.quantile(0.002), side.quantile(0.998)]));
                padded(reach.map(|x| axis.place(x)), axis, [p, q])
            }
        };
        let inside: Vec<&Node> = nodes.iter().filter(|node| within(window, axis.place(node.x))).collect();
        let divergence = |node: &Node| if node.p > 0.0 { node.p * node.ln_ratio } else { 0.0 };
        let whole: f64 = nodes.iter().map(divergence).sum();
        let part: f64 = inside.iter().map(|node| divergence(node)).sum();
        Ok(Self {
            kind,
            axis,
            window,
            points: places(kind, axis, window, [p, q]).into_iter().map(|place| at(place, axis, [p, q])).collect(),
            shown: [inside.iter().map(|node| node.p).sum(), inside.iter().map(|node| node.q).sum()],
            shown_kl: Some(part / whole).filter(|share| share.is_finite() && whole > 0.0),
        })
    }
}

/// Both sides at a place.
fn at(place: f64, axis: Axis, sides: [&dyn Distribution; 2]) -> Curve {
    let point = axis.point(place);
    let [ln_p, ln_q] = sides.map(|side| side.ln_density(point));
    let [p, q] = [ln_p, ln_q].map(|ln| (ln + axis.ln_slope(place)).exp());
    Curve { place, p, q, contribution: if p > 0.0 { p * (ln_p - ln_q) } else { 0.0 } }
}

fn within([low, high]: [f64; 2], x: f64) -> bool {
    low <= x && x <= high
}

fn hull(ranges: [[f64; 2]; 2]) -> [f64; 2] {
    let [a, b] = ranges;
    [a[0].min(b[0]), a[1].max(b[1])]
}

/// A distribution as a rule's nodes have it, in ascending order.
struct Side {
    x: Vec<f64>,
    /// The mass up to each.
    up_to: Vec<f64>,
}

impl Side {
    fn new(nodes: &[Node], mass: impl Fn(&Node) -> f64) -> Self {
        let mut sum = 0.0;
        let (mut x, mut up_to) = (Vec::new(), Vec::new());
        for node in nodes.iter().filter(|node| mass(node) > 0.0) {
            sum += mass(node);
            x.push(node.x);
            up_to.push(sum);
        }
        Self { x, up_to }
    }

    fn mass(&self) -> f64 {
        self.up_to.last().copied().unwrap_or(0.0)
    }

    fn quantile(&self, share: f64) -> f64 {
        let index = self.up_to.partition_point(|mass| *mass < share * self.mass());
        self.x.get(index).or(self.x.last()).copied().unwrap_or(0.0)
    }

    /// Nine tenths of the mass and half as much again to either side, or what little there is left before.
    fn body(&self) -> [f64; 2] {
        let [low, high] = [self.quantile(0.05), self.quantile(0.95)];
        let more = 0.5 * (high - low);
        [(low - more).max(self.quantile(5e-4)), (high + more).min(self.quantile(1.0 - 5e-4))]
    }

    /// The narrowest stretch of the axis with a quarter of the mass.
    fn narrowest(&self, axis: Axis) -> [f64; 2] {
        let mut narrowest = [self.quantile(0.0), self.quantile(1.0)].map(|x| axis.place(x));
        let mut end = 0;
        for (start, x) in self.x.iter().enumerate() {
            let before = if start == 0 { 0.0 } else { self.up_to[start - 1] };
            while end < self.x.len() && self.up_to[end] - before < 0.25 * self.mass() {
                end += 1;
            }
            let Some(last) = self.x.get(end) else { break };
            let stretch = [*x, *last].map(|x| axis.place(x));
            if stretch[1] - stretch[0] < narrowest[1] - narrowest[0] {
                narrowest = stretch;
            }
        }
        narrowest
    }
}

/// The axis on which neither side is a mere line, if there is one.
fn axis(sides: &[Side; 2], [p, q]: [&dyn Distribution; 2]) -> Axis {
    let [low, high] = hull(sides.each_ref().map(Side::body));
    // Below, a side is a line on any axis.
    let least = FINEST * (high - low);
    let width = |[from, to]: [f64; 2]| to - from;
    let narrow = sides.iter().map(|side| (side, side.narrowest(Axis::Linear))).filter(|(_, of)| width(*of) > least);
    let narrow: Vec<(&Side, [f64; 2])> = narrow.collect();
    let Some((_, [from, to])) = narrow.iter().min_by(|a, b| width(a.1).total_cmp(&width(b.1))) else {
        return Axis::Linear;
    };
    let (thinnest, middle) = (to - from, 0.5 * from + 0.5 * to);
    let thin = thinnest / (high - low);
    if thin >= THIN {
        return Axis::Linear;
    }
    // Twice a normal distribution's deviation: less would cut its peak in two.
    let scale = 3.0 * thinnest;
    let near = |x: &f64| from - thinnest <= *x && *x <= to + thinnest;
    let ends = [p.support().ranges, q.support().ranges].concat().into_iter().flatten();
    let marks = [p.landmarks(), q.landmarks()].concat();
    let nearest = marks.into_iter().filter(near).min_by(|a, b| (a - middle).abs().total_cmp(&(b - middle).abs()));
    let center = ends.into_iter().find(near).or(nearest).unwrap_or(middle);
    let axis = Axis::SymmetricLog { center, scale };
    let [start, stop] = [low, high].map(|x| axis.place(x));
    let share = narrow.iter().map(|(side, _)| width(side.narrowest(axis)) / (stop - start));
    if share.fold(f64::INFINITY, f64::min) > WORTH * thin { axis } else { Axis::Linear }
}

/// With a little room beyond an end of a support, so that it shows.
fn padded([mut low, mut high]: [f64; 2], axis: Axis, sides: [&dyn Distribution; 2]) -> [f64; 2] {
    let width = if high > low { high - low } else { 1.0 };
    let ends = sides.map(|side| side.support().hull().map(|x| axis.place(x)));
    let [first, last] = hull(ends);
    if first.is_finite() && low - first < 0.1 * width {
        low = first - 0.04 * width;
    }
    if last.is_finite() && last - high < 0.1 * width {
        high = last + 0.04 * width;
    }
    [low, high]
}

/// Where both sides are taken.
fn places(kind: Kind, axis: Axis, [low, high]: [f64; 2], sides: [&dyn Distribution; 2]) -> Vec<f64> {
    if kind == Kind::Discrete {
        let step = ((high - low) / INTEGERS).ceil().max(1.0);
        let first = low.ceil();
        let count = ((high - first) / step).floor().max(0.0) as usize;
        return (0..=count).map(|index| first + step * index as f64).collect();
    }
    let mut places: Vec<f64> = (0..=PLACES).map(|index| low + (high - low) * index as f64 / PLACES as f64).collect();
    let mut marks: Vec<f64> = sides.iter().flat_map(|side| side.landmarks()).map(|x| axis.place(x)).collect();
    marks.sort_by(f64::total_cmp);
    for pair in marks.windows(2) {
        places.extend((0..BETWEEN).map(|index| pair[0] + (pair[1] - pair[0]) * index as f64 / BETWEEN as f64));
    }
    // Both sides of a step.
    for end in sides.iter().flat_map(|side| side.support().ranges).flatten().filter(|end| end.is_finite()) {
        let end = axis.place(end);
        let off = (1e-9 * (high - low)).max(end.abs() * f64::EPSILON);
        places.extend([end - off, end + off]);
    }
    places.retain(|place| within([low, high], *place));
    places.sort_by(f64::total_cmp);
    places.dedup();
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::Any;

    fn curves(p: &str, q: &str) -> Curves {
        let [p, q] = [p, q].map(|text| text.parse::<Any>().unwrap());
        Curves::of(&p, &q).unwrap()
    }

    #[test]
    fn a_picture_shows_where_the_mass_is() {
        for (p, q, axis) in [
            ("normal(0, 1)", "normal(1, 2)", "linear"),
            ("cauchy(0, 1)", "normal(0, 1)", "linear"),
            ("uniform(0, 1)", "uniform(3, 4)", "linear"),
            ("beta(0.5, 0.5)", "uniform(0, 1)", "linear"),
            ("normal(0, 1)", "normal(1000, 1)", "linear"),
            ("normal(0, 1)", "normal(0, 0.001)", "log"),
            ("normal(5, 0.001)", "normal(4, 2)", "log"),
            ("gamma(0.01, 1)", "exponential(1)", "log"),
            ("log_normal(0, 4)", "pareto(1, 0.2)", "log"),
            ("poisson(4)", "binomial(10, 0.3)", "linear"),
            ("bernoulli(1)", "bernoulli(1)", "linear"),
            ("poisson(1e6)", "poisson(1.001e6)", "linear"),
        ] {
            let curves = curves(p, q);
            assert_eq!(axis == "linear", curves.axis == Axis::Linear, "{p} {q}: {:?}", curves.axis);
            assert!(curves.window[0] < curves.window[1], "{p} {q}");
            assert!(curves.shown.iter().all(|share| *share > 0.8 && *share < 1.001), "{p} {q}: {:?}", curves.shown);
            // Areas are masses.
            let area = |f: &dyn Fn(&Curve) -> f64| match curves.kind {
                Kind::Discrete => {
                    curves.points.iter().map(f).sum::<f64>() * (curves.points[1].place - curves.points[0].place)
                }
                Kind::Continuous => {
                    let trapeze = |pair: &[Curve]| (pair[1].place - pair[0].place) * 0.5 * (f(&pair[0]) + f(&pair[1]));
                    curves.points.windows(2).map(trapeze).sum()
                }
            };
            // Trapezes say nothing of a density without bound, or with a peak narrower than the points are apart.
            let has_spike = ["beta", "gamma", "log_normal"].iter().any(|name| p.starts_with(name));
            if !has_spike && curves.points.len() > 1 {
                assert!((area(&|at| at.p) - curves.shown[0]).abs() < 0.02, "{p} {q}: {}", area(&|at| at.p));
                assert!((area(&|at| at.q) - curves.shown[1]).abs() < 0.02, "{p} {q}: {}", area(&|at| at.q));
            }
        }
    }

    #[test]
    fn contributions_add_up_to_the_divergence() {
        let curves = curves("normal(0, 1)", "laplace(1, 2)");
        let kl = "normal(0, 1)".parse::<Any>().unwrap().kl(&"laplace(1, 2)".parse().unwrap()).unwrap().value;
        let term =
            |pair: &[Curve]| (pair[1].place - pair[0].place) * 0.5 * (pair[0].contribution + pair[1].contribution);
        let area: f64 = curves.points.windows(2).map(term).sum();
        assert!((area - kl * curves.shown_kl.unwrap()).abs() < 1e-3 * kl, "{area} and {kl}");
        assert!(curves.points.iter().any(|at| at.contribution < 0.0));
        let apart = self::curves("uniform(0, 1)", "uniform(3, 4)");
        assert!(apart.points.iter().any(|at| at.contribution == f64::INFINITY));
        assert_eq!(apart.shown_kl, None);
    }
}
