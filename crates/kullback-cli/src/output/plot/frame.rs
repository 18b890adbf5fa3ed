//! A panel of a picture: where values are in it, and lines and areas that end at its edges.

use super::scene::{Anchor, Ink, Shape, Spot};
use crate::output::axis::Tick;

/// A rectangle in pixels, and what its edges stand for.
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) x: [f64; 2],
    pub(super) y: [f64; 2],
}

impl Frame {
    pub(super) fn right(&self) -> f64 {
        self.left + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    pub(super) fn across(&self, x: f64) -> f64 {
        self.left + self.width * (x - self.x[0]) / (self.x[1] - self.x[0])
    }

    /// Values beyond the frame are at its edge.
    pub(super) fn up(&self, y: f64) -> f64 {
        let share = (y - self.y[0]) / (self.y[1] - self.y[0]);
        self.bottom() - self.height * share.clamp(0.0, 1.0)
    }

    fn spot(&self, (x, y): Spot) -> Spot {
        (self.across(x), self.up(y))
    }

    /// Lines of the grid with their labels, and those of x below if they are to have any.
    pub(super) fn grid(&self, x: &[Tick], y: &[Tick], labelled: bool, size: f64) -> Vec<Shape> {
        let line =
            |from: Spot, to: Spot| Shape::Line { spots: vec![from, to], ink: Ink::Grid, width: 1.0, dashed: false };
        let text = |at: Spot, text: &str, anchor: Anchor| Shape::Text {
            at,
            text: text.to_owned(),
            size,
            anchor,
            ink: Ink::Faint,
        };
        let mut shapes = Vec::new();
        for tick in x {
            let across = self.across(tick.place);
            shapes.push(line((across, self.top), (across, self.bottom())));
            if labelled {
                shapes.push(text((across, self.bottom() + 1.4 * size), &tick.label, Anchor::Middle));
            }
        }
        for tick in y {
            let up = self.up(tick.place);
            shapes.push(line((self.left, up), (self.right(), up)));
            shapes.push(text((self.left - 8.0, up + 0.35 * size), &tick.label, Anchor::End));
        }
        shapes
    }

    /// The line at a height.
    pub(super) fn level(&self, y: f64) -> Shape {
        let up = self.up(y);
        Shape::Line { spots: vec![(self.left, up), (self.right(), up)], ink: Ink::Faint, width: 1.0, dashed: false }
    }

    /// A line through these, as far as it lies in the frame.
    pub(super) fn lines(&self, values: &[Spot], ink: Ink, dashed: bool) -> Vec<Shape> {
        let mut runs: Vec<Vec<Spot>> = Vec::new();
        for pair in values.windows(2) {
            let Some([from, to]) = self.inside(pair[0], pair[1]) else { continue };
            let (from, to) = (self.spot(from), self.spot(to));
            match runs.last_mut() {
                Some(run) if run.last() == Some(&from) => run.push(to),
                _ => runs.push(vec![from, to]),
            }
        }
        runs.into_iter().map(|spots| Shape::Line { spots, ink, width: 2.0, dashed }).collect()
    }

    /// The part of a line between two values that is neither above nor below the frame.
    fn inside(&self, a: Spot, b: Spot) -> Option<[Spot; 2]> {
        let [low, high] = self.y;
        let cut = |(x, y): Spot, (u, v): Spot| {
            let edge = y.clamp(low, high);
            if edge == y { (x, y) } else { (x + (u - x) * ((edge - y) / (v - y)), edge) }
        };
        let outside = a.1.max(b.1) < low || a.1.min(b.1) > high || !(a.1.is_finite() && b.1.is_finite());
        if outside { None } else { Some([cut(a, b), cut(b, a)]) }
    }

    /// The area between 0 and these values, of which those of one sign count.
    pub(super) fn area(&self, values: &[Spot], sign: f64, ink: Ink, opacity: f64) -> Option<Shape> {
        let mut corners: Vec<Spot> = Vec::new();
        let kept = |y: f64| if y * sign > 0.0 { y } else { 0.0 };
        for (index, (x, y)) in values.iter().enumerate() {
            if let Some((before, last)) = index.checked_sub(1).map(|before| values[before])
                && last * y < 0.0
            {
                // Where the line crosses 0.
                corners.push((before + (x - before) * last / (last - y), 0.0));
            }
            corners.push((*x, kept(*y)));
        }
        let (first, last) = (corners.first()?.0, corners.last()?.0);
        corners.extend([(last, 0.0), (first, 0.0)]);
        let corners = corners.into_iter().map(|corner| self.spot(corner)).collect();
        Some(Shape::Area { corners, ink, opacity })
    }

    /// A rectangle between two places and two values.
    pub(super) fn block(&self, x: [f64; 2], y: [f64; 2], ink: Ink, opacity: f64) -> Shape {
        let corners = [(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])].map(|corner| self.spot(corner));
        Shape::Area { corners: corners.to_vec(), ink, opacity }
    }

    /// A line from 0 up to a value, with a dot on it.
    pub(super) fn stem(&self, (x, y): Spot, shift: f64, radius: f64, ink: Ink) -> [Shape; 2] {
        let (across, up) = (self.across(x) + shift, self.up(y));
        let spots = vec![(across, self.up(0.0)), (across, up)];
        [Shape::Line { spots, ink, width: 2.0, dashed: false }, Shape::Dot { at: (across, up), radius, ink }]
    }
}
