//! KL without a formula: integrals and sums of p·h(ln(p/q)), which is never negative and, since both sides have mass 1, is
//! p ln(p/q) on the whole; with bounds on what is wrong with them.

mod integral;
mod kronrod;
mod pieces;
mod quantile;
mod remainder;
mod summation;

use super::certified::{Certified, Method};
use super::{Distribution, Kind, Point, Support};
use integral::Integral;
pub(super) use quantile::quantile;

/// What is summed at a point: the integrand, the masses of P and Q, and how wrong rounding may have made the first.
type Sample = [f64; 4];

/// By how many units in the last place logarithms of densities may be wrong, relative to their size.
const UNITS: f64 = 4.0 * f64::EPSILON;

/// A mass may be missed by so much before it is taken for a sign that something was overlooked.
const MASS: f64 = 1e-11;

/// Below e to this power a density is that of a tail that falls faster than every power of a distance.
const FASTER: f64 = -5000.0;

/// The densities at a point, times e^ln_weight, and the term of KL.
fn term(ln_p: f64, ln_q: f64, ln_weight: f64) -> Sample {
    let (p, q) = ((ln_p + ln_weight).exp(), (ln_q + ln_weight).exp());
    if ln_p == f64::NEG_INFINITY {
        return [q, 0.0, q, UNITS * q];
    }
    let x = ln_p - ln_q;
    let value = match x {
        // Where not even the logarithm of Q's density is a double: beyond what can be summed, see `integral`.
        f64::INFINITY => {
            if ln_p + ln_weight > FASTER {
                f64::INFINITY
            } else {
                0.0
            }
        }
        x if x.abs() < 1.0 => p * crate::num::entropic::h(x),
        // p may underflow where p·x does not.
        x if x > 1.0 => q + (ln_p + ln_weight + (x - 1.0).ln()).exp(),
        x => q - p - p * x.abs().min(f64::MAX),
    };
    // By the derivatives for ln p and ln q, p·x and q − p.
    let of = |ln: f64, slope: f64| if slope == 0.0 { 0.0 } else { (1.0 + ln.abs()) * slope };
    let by_q = if x.abs() < 1.0 { p * (-x).exp_m1().abs() } else { p + q };
    let noise = of(ln_p, if p == 0.0 { 0.0 } else { p * x.abs() }) + of(ln_q, by_q) + value.abs();
    [value.max(0.0), p, q, UNITS * noise]
}

/// KL(P‖Q) for two distributions of one kind, where it is finite.
pub(super) fn kl(p: &dyn Distribution, q: &dyn Distribution) -> Certified {
    let (of_p, of_q) = (p.support(), q.support());
    let kind = of_p.kind;
    let support = Support::union(kind, [of_p.ranges.clone(), of_q.ranges.clone()].concat());
    // The ends of either lie inside that of both.
    let ends = [of_p.ranges.as_slice(), of_q.ranges.as_slice()].concat().into_iter().flatten();
    let ends: Vec<f64> = ends.filter(|x| x.is_finite()).collect();
    let marks = [p.landmarks(), q.landmarks()].concat();
    let at = |x: Point, ln_weight: f64| term(p.ln_density(x), q.ln_density(x), ln_weight);
    let found = total(&support, &ends, &marks, &at);
    let [value, mass_p, mass_q, noise] = found.sums;
    let missed = [mass_p, mass_q].map(|mass| (mass - 1.0).abs() - MASS);
    let overlooked: f64 = missed.into_iter().filter(|x| *x > 0.0 || x.is_nan()).sum();
    let method = if kind == Kind::Discrete { Method::Series } else { Method::Quadrature };
    Certified { value, method, error: found.error + noise + overlooked * (1.0 + value) }
}

/// Where a rule takes both densities, or a term of a sum.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) x: f64,
    /// ln of the densities' ratio there.
    pub(super) ln_ratio: f64,
    /// The masses that it stands for: the densities times the rule's weight.
    pub(super) p: f64,
    pub(super) q: f64,
}

/// The nodes of a rule that takes the Hellinger distance right, or of one with every panel halved.
pub(super) fn nodes(p: &dyn Distribution, q: &dyn Distribution, halved: bool) -> Vec<Node> {
    use core::cell::{Cell, RefCell};
    let (of_p, of_q) = (p.support(), q.support());
    let support = Support::union(of_p.kind, [of_p.ranges.clone(), of_q.ranges.clone()].concat());
    let ends = [of_p.ranges.as_slice(), of_q.ranges.as_slice()].concat().into_iter().flatten();
    let ends: Vec<f64> = ends.filter(|x| x.is_finite()).collect();
    let marks = [p.landmarks(), q.landmarks()].concat();
    // A node is taken as soon as its sample is there.
    let (place, nodes) = (Cell::new([0.0; 2]), RefCell::new(Vec::new()));
    let at = |x: Point, ln_weight: f64| {
        let ln = [p, q].map(|side| side.ln_density(x));
        place.set([x.value(), ln[0] - ln[1]]);
        let [p, q] = ln.map(|ln| (ln + ln_weight).exp());
        let root = p.sqrt() - q.sqrt();
        [root * root, p, q, 0.0]
    };
    let take = |weight: f64, sample: Sample| {
        let [x, ln_ratio] = place.get();
        nodes.borrow_mut().push(Node { x, ln_ratio, p: weight * sample[1], q: weight * sample[2] });
    };
    match support.kind {
        Kind::Continuous => integral::nodes(&pieces::cut(&support, &ends, &marks), halved, &at, &take),
        Kind::Discrete => summation::terms(&support, [&ends, &marks], halved, &at, &take),
    }
    nodes.into_inner()
}

/// E f(X).
pub(super) fn expectation<D: Distribution + ?Sized>(p: &D, f: impl Fn(Point) -> f64) -> Certified {
    let support = p.support();
    let ends: Vec<f64> = support.ranges.iter().flatten().copied().filter(|x| x.is_finite()).collect();
    let at = |x: Point, ln_weight: f64| {
        let density = (p.ln_density(x) + ln_weight).exp();
        let value = if density == 0.0 { 0.0 } else { density * f(x) };
        [value, density, 0.0, UNITS * value.abs()]
    };
    let found = total(&support, &ends, &p.landmarks(), &at);
    let method = if support.kind == Kind::Discrete { Method::Series } else { Method::Quadrature };
    Certified { value: found.sums[0], method, error: found.error + found.sums[3] }
}

fn total(support: &Support, ends: &[f64], marks: &[f64], at: &dyn Fn(Point, f64) -> Sample) -> Integral {
    match support.kind {
        Kind::Continuous => integral::over(&pieces::cut(support, ends, marks), at),
        Kind::Discrete => summation::over(support, ends, marks, at),
    }
}
