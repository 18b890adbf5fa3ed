//! Adaptive integration over pieces: the panel with the largest estimated error is halved until rounding is the larger.

use std::collections::BinaryHeap;

use super::super::Point;
use super::Sample;
use super::kronrod::{self, rule};
use super::pieces::Piece;
use super::remainder;

/// Sums, and a bound on the error of the first that rounding does not account for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Integral {
    pub(super) sums: Sample,
    pub(super) error: f64,
}

impl Integral {
    pub(super) fn add(&mut self, sums: Sample, error: f64) {
        for (sum, x) in self.sums.iter_mut().zip(sums) {
            *sum += x;
        }
        self.error += error;
    }
}

/// A stretch of a piece's coordinate with its integrals.
struct Panel {
    piece: Piece,
    from: f64,
    to: f64,
    sums: Sample,
    error: f64,
}

impl Panel {
    fn new(piece: Piece, from: f64, to: f64, at: &dyn Fn(Point, f64) -> Sample) -> Self {
        let (sums, error) = rule(from, to, |t| {
            let (point, ln_weight) = piece.point(t);
            at(point, ln_weight)
        });
        Self { piece, from, to, sums, error: if sums[0].is_finite() { error } else { f64::INFINITY } }
    }
}

impl PartialEq for Panel {
    fn eq(&self, other: &Self) -> bool {
        self.error == other.error
    }
}
impl Eq for Panel {}
impl PartialOrd for Panel {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Panel {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.error.total_cmp(&other.error)
    }
}

/// Halvings before the rest is left as it is, and said to be wrong.
const MOST: usize = 2000;

/// The share of the value at which an estimated error is small enough.
const SMALL: f64 = 1e-14;

/// The integral over all pieces.
pub(super) fn over(pieces: &[Piece], at: &dyn Fn(Point, f64) -> Sample) -> Integral {
    let (mut panels, beyond) = panels(pieces, at);
    // The smallest first.
    panels.sort_by(|a, b| a.sums[0].abs().total_cmp(&b.sums[0].abs()));
    let mut whole = Integral::default();
    for panel in panels {
        whole.add(panel.sums, panel.error);
    }
    whole.add(beyond.sums, beyond.error);
    whole
}

/// Hands over the weight and the sample of every node, of the panels or of their halves.
pub(super) fn nodes(pieces: &[Piece], halved: bool, at: &dyn Fn(Point, f64) -> Sample, take: &dyn Fn(f64, Sample)) {
    for panel in panels(pieces, at).0 {
        let middle = 0.5 * panel.from + 0.5 * panel.to;
        let halves = [(panel.from, middle), (middle, panel.to)];
        let parts = if halved { &halves[..] } else { &[(panel.from, panel.to)] };
        for (from, to) in parts {
            for (t, weight) in kronrod::nodes(*from, *to) {
                take(weight, sample(panel.piece, t, at));
            }
        }
    }
}

/// The panels of all pieces, fine enough for the first integral, and what lies beyond them.
fn panels(pieces: &[Piece], at: &dyn Fn(Point, f64) -> Sample) -> (Vec<Panel>, Integral) {
    let mut panels = BinaryHeap::new();
    let (mut tails, mut beyond) = (0.0, Integral::default());
    // The largest sums of a panel so far, which say what is negligible.
    let mut largest: Sample = [0.0; 4];
    let mut note = |panel: &Panel| {
        for (most, x) in largest.iter_mut().zip(panel.sums) {
            *most = f64::max(*most, x.abs());
        }
        let negligible = |k: usize, share: f64| panel.sums[k].abs() <= share * largest[k];
        negligible(0, 1e-17) && negligible(1, 1e-17) && negligible(2, 1e-17)
    };
    for piece in pieces {
        if let Piece::Plain { from, to, .. } = *piece {
            let panel = Panel::new(*piece, from, to, at);
            note(&panel);
            panels.push(panel);
        }
    }
    for piece in pieces {
        let Piece::Logarithmic { from, upwards, .. } = *piece else { continue };
        let (mut start, mut length, mut quiet) = (from, 1.0, 0);
        let side = if upwards { 1.0 } else { -1.0 };
        // Panels of growing length, until two after one another add nothing.
        while quiet < 2 {
            let new = |length: f64| {
                let next = start + side * length;
                Panel::new(*piece, start.min(next), start.max(next), at)
            };
            let mut panel = new(length);
            while !panel.sums[0].is_finite() && length > 0.01 {
                // Logarithms overflow. As far as they do not, and the rest by the law it follows.
                length *= 0.7;
                panel = new(length);
            }
            if length <= 0.01 {
                let (rest, off) = remainder::beyond(start, side, piece.shift(start), &|t| sample(*piece, t, at)[0]);
                let rest = [rest, 0.0, 0.0, 0.0];
                beyond.add(rest, off);
                break;
            }
            let last = panel.sums[0].abs();
            quiet = if note(&panel) { quiet + 1 } else { 0 };
            panels.push(panel);
            start += side * length;
            length *= 1.6;
            if length > 1e9 {
                tails += last;
                break;
            }
        }
    }
    let mut error: f64 = panels.iter().map(|panel: &Panel| panel.error).sum();
    let mut value: f64 = panels.iter().map(|panel: &Panel| panel.sums[0]).sum();
    // What rounding does to the sum hardly depends on how it is cut up.
    let noise: f64 = panels.iter().map(|panel: &Panel| panel.sums[3]).sum();
    let (mut exhausted, mut floor) = (Vec::new(), 0.0);
    for _ in 0..MOST {
        if error <= SMALL * value.abs() || error <= 0.1 * (noise + floor) {
            break;
        }
        let Some(worst) = panels.pop() else { break };
        let middle = 0.5 * worst.from + 0.5 * worst.to;
        if middle <= worst.from || middle >= worst.to {
            panels.push(worst);
            break;
        }
        let halves = [Panel::new(worst.piece, worst.from, middle, at), Panel::new(worst.piece, middle, worst.to, at)];
        let rough = are_rough(&worst, &halves);
        for half in halves {
            value += half.sums[0];
            if rough {
                floor += half.error;
                exhausted.push(half);
            } else {
                error += half.error;
                panels.push(half);
            }
        }
        error -= worst.error;
        value -= worst.sums[0];
        if !error.is_finite() || error < 1e-3 * worst.error || value.is_nan() {
            // Running differences lose digits; begin again.
            error = panels.iter().map(|panel| panel.error).sum();
            value = panels.iter().chain(&exhausted).map(|panel| panel.sums[0]).sum();
        }
    }
    beyond.error += tails;
    exhausted.extend(panels);
    (exhausted, beyond)
}

/// Whether halving a panel has told the same integral with no smaller error: then what the error comes from is as rough in
/// a half, like the rounding of points themselves far from 0, and smaller panels are of no use (as in *QUADPACK*).
fn are_rough(panel: &Panel, halves: &[Panel; 2]) -> bool {
    let [value, error] = [halves[0].sums[0] + halves[1].sums[0], halves[0].error + halves[1].error];
    error >= 0.9 * panel.error && (value - panel.sums[0]).abs() <= 1e-5 * value.abs()
}

fn sample(piece: Piece, t: f64, at: &dyn Fn(Point, f64) -> Sample) -> Sample {
    let (point, ln_weight) = piece.point(t);
    at(point, ln_weight)
}
