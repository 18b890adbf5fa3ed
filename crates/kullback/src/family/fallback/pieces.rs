//! How the line is cut up: at ends of supports and at landmarks. Towards an end the coordinate is the logarithm of the
//! distance, in which a power-law edge or tail falls exponentially.

use super::super::{Point, Support};

/// A part of the line in a coordinate of its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece {
    /// anchor + t for t between the two.
    Plain { anchor: f64, from: f64, to: f64 },
    /// anchor + sign·eᵗ, from t on without end, upwards or downwards.
    Logarithmic { anchor: f64, sign: f64, from: f64, upwards: bool },
}

impl Piece {
    /// The point at t and ln |dx/dt|.
    pub(super) fn point(self, t: f64) -> (Point, f64) {
        match self {
            Self::Plain { anchor, .. } => (Point::near(anchor, t), 0.0),
            Self::Logarithmic { anchor, sign, .. } => (Point::beyond(anchor, sign, t), t),
        }
    }

    /// By how much the number at t is larger than its distance from the anchor, as a multiple of that; 0 inwards.
    pub(super) fn shift(self, t: f64) -> f64 {
        match self {
            Self::Logarithmic { anchor, sign, upwards: true, .. } => sign * anchor / t.exp(),
            _ => 0.0,
        }
    }
}

/// All pieces of `support`.
pub(super) fn cut(support: &Support, ends: &[f64], marks: &[f64]) -> Vec<Piece> {
    support.ranges.iter().flat_map(|range| cut_range(*range, ends, marks)).collect()
}

fn cut_range([low, high]: [f64; 2], ends: &[f64], marks: &[f64]) -> Vec<Piece> {
    let inside = |x: &&f64| **x > low && **x < high && x.is_finite();
    let mut cuts: Vec<(f64, bool)> = ends.iter().filter(inside).map(|x| (*x, true)).collect();
    cuts.extend([low, high].into_iter().filter(|x| x.is_finite()).map(|x| (x, true)));
    cuts.extend(marks.iter().filter(inside).map(|x| (*x, false)));
    if cuts.is_empty() {
        cuts.push((0.0, false));
    }
    // Ends first, so that a landmark at the same place goes.
    cuts.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    cuts.dedup_by(|b, a| b.0 - a.0 <= 1e-13 * a.0.abs() && !b.1);
    // Beyond the outermost cuts the scale is that of the distance between the last two.
    let span = |near: Option<&(f64, bool)>, next: Option<&(f64, bool)>| match (near, next) {
        (Some(a), Some(b)) => (a.0 - b.0).abs(),
        (Some(a), None) if a.0 != 0.0 => a.0.abs(),
        _ => 1.0,
    };
    let span_low = span(cuts.first(), cuts.get(1));
    let span_high = span(cuts.last(), cuts.len().checked_sub(2).and_then(|index| cuts.get(index)));
    let cuts = laddered(&cuts);
    let mut pieces = Vec::with_capacity(2 * cuts.len() + 4);
    for pair in cuts.windows(2) {
        let [(a, a_ends), (b, b_ends)] = [pair[0], pair[1]];
        let width = b - a;
        let up = |to: f64| Piece::Logarithmic { anchor: a, sign: 1.0, from: to.ln(), upwards: false };
        let down = |to: f64| Piece::Logarithmic { anchor: b, sign: -1.0, from: to.ln(), upwards: false };
        match (a_ends, b_ends) {
            (true, true) => pieces.extend([up(0.5 * width), down(0.5 * width)]),
            (true, false) => pieces.push(up(width)),
            (false, true) => pieces.push(down(width)),
            (false, false) => pieces.push(Piece::Plain { anchor: a, from: 0.0, to: width }),
        }
    }
    let beyond = |&(anchor, ends): &(f64, bool), sign: f64, span: f64| {
        let first = match ends {
            // Beyond an end the density may have an edge.
            true => Piece::Logarithmic { anchor, sign, from: span.ln(), upwards: false },
            false if sign > 0.0 => Piece::Plain { anchor, from: 0.0, to: span },
            false => Piece::Plain { anchor, from: -span, to: 0.0 },
        };
        [first, Piece::Logarithmic { anchor, sign, from: span.ln(), upwards: true }]
    };
    if high == f64::INFINITY {
        pieces.extend(cuts.last().map(|cut| beyond(cut, 1.0, span_high)).into_iter().flatten());
    }
    if low == f64::NEG_INFINITY {
        pieces.extend(cuts.first().map(|cut| beyond(cut, -1.0, span_low)).into_iter().flatten());
    }
    pieces
}

/// More cuts where a wide stretch is next to a narrow one, each eight times as far off as the one before.
fn laddered(cuts: &[(f64, bool)]) -> Vec<(f64, bool)> {
    let gap = |index: usize| cuts.get(index + 1).map_or(0.0, |next| next.0 - cuts[index].0);
    let mut all = cuts.to_vec();
    for index in 0..cuts.len().saturating_sub(1) {
        let (a, b) = (cuts[index].0, cuts[index + 1].0);
        let [before, after] = [if index > 0 { gap(index - 1) } else { 0.0 }, gap(index + 1)];
        for (anchor, sign, start) in [(a, 1.0, before), (b, -1.0, after)] {
            let mut step = 8.0 * start;
            while step > 0.0 && step < 0.25 * (b - a) && anchor + sign * step != anchor {
                all.push((anchor + sign * step, false));
                step *= 8.0;
            }
        }
    }
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all
}
