//! Sums over the integers: term by term where the masses change fast, and where they are smooth by integrals with the
//! corrections of the Euler–Maclaurin formula at midpoints.

use super::super::{Point, Support};
use super::Sample;
use super::integral::{Integral, nodes, over as integrate};
use super::pieces::Piece;

/// A stretch up to here is summed term by term.
const DIRECT: f64 = 4096.0;

/// So many terms are taken one by one at either end of a longer one.
const MARGIN: f64 = 256.0;

/// The sum over all integers of `support`.
pub(super) fn over(support: &Support, ends: &[f64], marks: &[f64], at: &dyn Fn(Point, f64) -> Sample) -> Integral {
    all(&Summation { at, take: None, halved: false }, support, ends, marks)
}

/// Hands over the weight and the sample of every term, or of every node where an integral stands for terms.
pub(super) fn terms(
    support: &Support,
    [ends, marks]: [&[f64]; 2],
    halved: bool,
    at: &dyn Fn(Point, f64) -> Sample,
    take: &dyn Fn(f64, Sample),
) {
    all(&Summation { at, take: Some(take), halved }, support, ends, marks);
}

fn all(sum: &Summation<'_>, support: &Support, ends: &[f64], marks: &[f64]) -> Integral {
    let mut whole = Integral::default();
    for [low, high] in &support.ranges {
        let inside = |x: &f64| *x > *low && *x < *high && x.abs() < 9e15;
        // The first integer of each stretch.
        let mut cuts: Vec<f64> = marks.iter().map(|x| x.round()).filter(inside).collect();
        cuts.extend(ends.iter().flat_map(|x| [*x, *x + 1.0]).filter(inside));
        cuts.push(*low);
        cuts.sort_by(f64::total_cmp);
        cuts.dedup();
        for pair in cuts.windows(2) {
            sum.stretch(pair[0], pair[1] - 1.0, &mut whole);
        }
        let last = cuts.last().copied().unwrap_or(*low);
        if high.is_finite() { sum.stretch(last, *high, &mut whole) } else { sum.tail(last, &mut whole) }
    }
    whole
}

struct Summation<'a> {
    at: &'a dyn Fn(Point, f64) -> Sample,
    /// What every term and node is handed to, if anybody wants them.
    take: Option<&'a dyn Fn(f64, Sample)>,
    halved: bool,
}

impl Summation<'_> {
    fn term(&self, k: f64) -> Sample {
        (self.at)(Point::at(k), 0.0)
    }

    fn direct(&self, from: f64, to: f64, whole: &mut Integral) {
        let mut part = Integral::default();
        let mut k = from;
        while k <= to {
            let term = self.term(k);
            if let Some(take) = self.take {
                take(1.0, term);
            }
            part.add(term, 0.0);
            k += 1.0;
        }
        whole.add(part.sums, 0.0);
    }

    /// All integers from `from` to `to`.
    fn stretch(&self, from: f64, to: f64, whole: &mut Integral) {
        if to - from <= DIRECT {
            return self.direct(from, to, whole);
        }
        self.direct(from, from + MARGIN - 1.0, whole);
        self.smooth(from + MARGIN, to - MARGIN, whole);
        self.direct(to - MARGIN + 1.0, to, whole);
    }

    /// The same where neighbours are nearly alike, also beyond either end.
    fn smooth(&self, from: f64, to: f64, whole: &mut Integral) {
        let anchor = from - 0.5;
        let pieces = [Piece::Plain { anchor, from: 0.0, to: to - from + 1.0 }];
        if let Some(take) = self.take {
            nodes(&pieces, self.halved, self.at, take);
        }
        let found = integrate(&pieces, self.at);
        whole.add(found.sums, found.error);
        // −f′/24 + 7f‴/5760 of the ends, in central differences.
        for (first_beyond, sign) in [(to + 1.0, 1.0), (from, -1.0)] {
            let near: [Sample; 4] = [-2.0, -1.0, 0.0, 1.0].map(|step| self.term(first_beyond + step));
            let mut correction = [0.0; 4];
            let mut error = 0.0;
            for (index, out) in correction.iter_mut().take(3).enumerate() {
                let [a, b, c, d] = near.map(|sample| sample[index]);
                let third = d - 3.0 * c + 3.0 * b - a;
                *out = sign * ((b - c) / 24.0 + 17.0 / 5760.0 * third);
                if index == 0 {
                    error = third.abs() * 17.0 / 5760.0;
                }
            }
            whole.add(correction, error);
        }
    }

    /// All integers from `from` on, in stretches of growing length until two add nothing.
    fn tail(&self, from: f64, whole: &mut Integral) {
        let (mut start, mut length, mut quiet) = (from, 64.0, 0);
        while quiet < 2 && start < 4e15 {
            let mut part = Integral::default();
            self.stretch(start, start + length - 1.0, &mut part);
            whole.add(part.sums, part.error);
            let negligible = |k: usize| part.sums[k].abs() <= 1e-17 * whole.sums[k].abs();
            quiet = if negligible(0) && negligible(1) && negligible(2) { quiet + 1 } else { 0 };
            // What is left is less than the last stretch, which was the longest.
            if quiet == 2 {
                whole.error += part.sums[0].abs();
            }
            start += length;
            length *= 2.0;
        }
    }
}
