//! Distribution functions turned round, for distributions of which no more is known than a density.

use super::super::{Distribution, Kind};
use super::{Point, Sample, total};

/// Halvings of a stretch: beyond, there is no double between its ends.
const HALVINGS: usize = 80;

/// Below and above these e to the power of them is no double.
const LEAST: f64 = -745.0;
const MOST: f64 = 709.0;

/// The least point up to which there is a mass of at least `u`, for u in (0, 1).
///
/// Landmarks bracket it, and beyond the outermost of them distances from the edge, or from the landmark, of which the
/// logarithms double: so it is found on whatever scale it lies.
pub(in crate::family) fn quantile<D: Distribution + ?Sized>(p: &D, u: f64) -> f64 {
    let support = p.support();
    let [low, high] = support.hull();
    let step = if support.kind == Kind::Discrete { 1.0 } else { 0.0 };
    // By the smaller of the two masses, which has its digits.
    let reached = |x: f64| {
        let x = if support.kind == Kind::Discrete { x.floor() } else { x };
        match u <= 0.5 {
            true => mass(p, |range| range[1] = range[1].min(x)) >= u,
            false => mass(p, |range| range[0] = range[0].max(x + step)) <= 1.0 - u,
        }
    };
    let mut marks = p.landmarks();
    marks.retain(|x| x.is_finite() && *x > low && *x < high);
    if marks.is_empty() {
        marks.push(match [low.is_finite(), high.is_finite()] {
            [true, true] => 0.5 * low + 0.5 * high,
            [true, false] => low + 1.0,
            [false, true] => high - 1.0,
            [false, false] => 0.0,
        });
    }
    marks.sort_by(f64::total_cmp);
    let index = marks.partition_point(|x| !reached(*x));
    let found = match (index.checked_sub(1).and_then(|below| marks.get(below)), marks.get(index)) {
        (Some(below), Some(mark)) => bisect([*below, *mark], &reached)[1],
        (None, Some(first)) => {
            let edge = low.is_finite();
            let distances = if edge { Distances::towards(low, *first) } else { Distances::away(*first, -1.0, &marks) };
            distances.first(&|x| !reached(x)).map_or(if edge { low } else { f64::MIN }, |[near, _]| near)
        }
        (Some(last), None) => {
            let edge = high.is_finite();
            let distances = if edge { Distances::towards(high, *last) } else { Distances::away(*last, 1.0, &marks) };
            distances.first(&reached).map_or(if edge { high } else { f64::MAX }, |[_, far]| far)
        }
        (None, None) => f64::NAN,
    };
    if support.kind == Kind::Discrete { found.floor() } else { found }
}

/// Points anchor + sign·eᵗ, from `from` on upwards or downwards.
struct Distances {
    anchor: f64,
    sign: f64,
    from: f64,
    /// 1 where distances grow, −1 where they shrink.
    side: f64,
}

impl Distances {
    fn towards(edge: f64, mark: f64) -> Self {
        Self { anchor: edge, sign: (mark - edge).signum(), from: (mark - edge).abs().ln(), side: -1.0 }
    }

    fn away(mark: f64, sign: f64, marks: &[f64]) -> Self {
        let width = marks.last().zip(marks.first()).map_or(0.0, |(last, first)| last - first);
        Self { anchor: mark, sign, from: if width > 0.0 { width.ln() } else { 0.0 }, side: 1.0 }
    }

    /// Two neighbours of which the second is the first point that has passed, if any has: steps in t are each twice as long
    /// as the one before.
    fn first(&self, passed: &dyn Fn(f64) -> bool) -> Option<[f64; 2]> {
        let place = |t: f64| self.anchor + self.sign * t.exp();
        let mut far = self.from.clamp(LEAST, MOST);
        // Before `from` there is the landmark.
        let (mut near, mut step) = (if self.side > 0.0 { LEAST } else { far }, 1.0);
        while !passed(place(far)) {
            let next = (far + self.side * step).clamp(LEAST, MOST);
            if next == far {
                return None;
            }
            (near, far, step) = (far, next, 2.0 * step);
        }
        Some(bisect([near, far], &|t| passed(place(t))).map(place))
    }
}

/// The neighbours between which `passed` begins to hold, of two of which the second has passed.
fn bisect([mut near, mut far]: [f64; 2], passed: &dyn Fn(f64) -> bool) -> [f64; 2] {
    for _ in 0..HALVINGS {
        let middle = middle(near, far);
        if middle == near || middle == far {
            break;
        }
        if passed(middle) { far = middle } else { near = middle }
    }
    [near, far]
}

/// The mean: the geometric one of numbers of one sign of which one is much larger.
fn middle(a: f64, b: f64) -> f64 {
    let [less, more] = if a.abs() < b.abs() { [a, b] } else { [b, a] };
    if less != 0.0 && less.signum() == more.signum() && more / less > 2.0 {
        return less.abs().sqrt() * more.abs().sqrt() * less.signum();
    }
    0.5 * a + 0.5 * b
}

/// The integral, or the sum, over the support with its ranges cut.
fn mass<D: Distribution + ?Sized>(p: &D, cut: impl Fn(&mut [f64; 2])) -> f64 {
    let mut support = p.support();
    support.ranges.iter_mut().for_each(cut);
    support.ranges.retain(|[low, high]| low < high || support.kind == Kind::Discrete && low == high);
    let ends: Vec<f64> = support.ranges.iter().flatten().copied().filter(|x| x.is_finite()).collect();
    let at = |x: Point, ln_weight: f64| -> Sample {
        let mass = (p.ln_density(x) + ln_weight).exp();
        [mass, mass, 0.0, super::UNITS * mass]
    };
    total(&support, &ends, &p.landmarks(), &at).sums[0]
}
