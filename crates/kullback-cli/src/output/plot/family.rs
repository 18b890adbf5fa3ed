//! Two distributions: both densities, and below what each place contributes to KL(P‖Q).

use kullback::family::{Axis, Certified, Curve, Curves, Kind};

use super::font::Letters;
use super::frame::Frame;
use super::scene::{Anchor, Ink, Scene, Shape, Spot};
use crate::args::Unit;
use crate::command::family::Report;
use crate::output::axis::{self, Tick};
use crate::output::text::{figure, percent};

const WIDTH: f64 = 820.0;
const LEFT: f64 = 74.0;
const RIGHT: f64 = 24.0;
/// Sizes of letters.
const TITLE: f64 = 17.0;
const TEXT: f64 = 13.0;
const SMALL: f64 = 12.0;

/// Integers up to here are stems; more of them are lines.
const STEMS: usize = 70;

/// How dense areas are under lines.
const SHADE: f64 = 0.35;

pub(super) fn scene(report: &Report, curves: &Curves, letters: &Letters) -> Scene {
    let unit = report.unit;
    let title = title(&report.kl, unit);
    let room = WIDTH - LEFT - RIGHT;
    let mut shapes = vec![text((LEFT, 32.0), &title, TITLE, Ink::Text)];
    for (row, (ink, side)) in [(Ink::P, ("P", &report.p)), (Ink::Q, ("Q", &report.q))].into_iter().enumerate() {
        let base = 58.0 + 20.0 * row as f64;
        let spots = vec![(LEFT, base - 4.5), (LEFT + 30.0, base - 4.5)];
        shapes.push(Shape::Line { spots, ink, width: 2.0, dashed: ink == Ink::Q && !is_stems(curves) });
        let name = letters.cut(&format!("{} = {}", side.0, side.1), TEXT, room - 40.0);
        shapes.push(text((LEFT + 40.0, base), &name, TEXT, ink));
    }
    let [densities, contributions] = frames(curves, unit);
    let least = if curves.kind == Kind::Discrete { 1.0 } else { 0.0 };
    let ticks = axis::places(curves.axis, curves.window, 9.0, least);
    shapes.extend(upper(curves, &densities, &ticks));
    shapes.extend(lower(curves, unit, &contributions, &ticks));
    let caption = caption(report, curves, &[&densities, &contributions]);
    let mut base = contributions.bottom() + if curves.axis == Axis::Linear { 46.0 } else { 62.0 };
    for line in letters.lines(&caption, SMALL, room) {
        shapes.push(text((LEFT, base), &line, SMALL, Ink::Faint));
        base += 17.0;
    }
    let title = format!("{title}, P = {}, Q = {}", report.p, report.q);
    Scene { width: WIDTH, height: base + 4.0, title, caption, shapes }
}

fn text(at: Spot, text: &str, size: f64, ink: Ink) -> Shape {
    Shape::Text { at, text: text.to_owned(), size, anchor: Anchor::Start, ink }
}

fn title(kl: &Certified, unit: Unit) -> String {
    if kl.value.is_infinite() {
        return "KL(P‖Q) = ∞".to_owned();
    }
    let (value, error) = (figure(unit.of(kl.value), 6), figure(unit.of(kl.error), 1));
    format!("KL(P‖Q) = {value} {}, error at most {error} ({})", unit.name(), kl.method).replace("e-", "e−")
}

/// Whether every integer is drawn by itself.
fn is_stems(curves: &Curves) -> bool {
    curves.kind == Kind::Discrete && curves.points.len() <= STEMS
}

/// The panels, as high as what they show.
fn frames(curves: &Curves, unit: Unit) -> [Frame; 2] {
    let width = WIDTH - LEFT - RIGHT;
    let top = [|at: &Curve| at.p, |at: &Curve| at.q].map(|side| axis::ceiling(sized(curves, side)));
    let term = |sign: f64| axis::ceiling(sized(curves, |at| sign * unit.of(at.contribution)));
    let [over, under] = [term(1.0), term(-1.0)];
    let over = if over > 0.0 || under > 0.0 { over } else { 1.0 };
    let frame = |top, height, y| Frame { left: LEFT, top, width, height, x: curves.window, y };
    let upper = axis::common(top).max(f64::MIN_POSITIVE);
    let room = 0.06 * (over + under);
    let floor = if under > 0.0 { -under - room } else { 0.0 };
    [frame(116.0, 230.0, [0.0, 1.06 * upper]), frame(384.0, 190.0, [floor, over + room])]
}

/// Values with the widths they stand for: at most those of a pole's own neighbourhood.
fn sized(curves: &Curves, value: impl Fn(&Curve) -> f64) -> impl Iterator<Item = (f64, f64)> {
    let points = &curves.points;
    let gap = |a: usize, b: usize| points.get(b).map_or(f64::INFINITY, |next| next.place - points[a].place);
    let width = move |index: usize| match (curves.kind, index) {
        (Kind::Discrete, _) => 1.0,
        (_, 0) => gap(0, 1),
        _ => gap(index - 1, index).min(gap(index, index + 1)),
    };
    points.iter().enumerate().map(move |(index, at)| (value(at), width(index)))
}

fn upper(curves: &Curves, frame: &Frame, ticks: &[Tick]) -> Vec<Shape> {
    let name = match (curves.kind, curves.axis) {
        (Kind::Discrete, _) => "probability",
        (_, Axis::Linear) => "density",
        _ => "density along the axis",
    };
    let mut shapes = vec![text((LEFT, frame.top - 8.0), name, SMALL, Ink::Faint)];
    shapes.extend(frame.grid(ticks, &axis::ticks(frame.y, 4.0, 0.0), false, SMALL));
    let sides = [(Ink::Q, values(curves, |at| at.q)), (Ink::P, values(curves, |at| at.p))];
    for (ink, values) in sides {
        if is_stems(curves) {
            let apart = frame.width / curves.points.len() as f64;
            let (shift, radius) = ((0.13 * apart).min(5.0), (0.16 * apart).clamp(1.5, 4.5));
            let shift = if ink == Ink::P { -shift } else { shift };
            let stems = values.iter().filter(|(_, mass)| *mass > 0.0);
            shapes.extend(stems.flat_map(|value| frame.stem(*value, shift, radius, ink)));
        } else {
            shapes.extend(frame.area(&values, 1.0, ink, 0.12));
            shapes.extend(frame.lines(&values, ink, ink == Ink::Q));
        }
    }
    shapes.push(frame.level(0.0));
    shapes
}

fn values(curves: &Curves, value: impl Fn(&Curve) -> f64) -> Vec<Spot> {
    curves.points.iter().map(|at| (at.place, value(at))).collect()
}

fn lower(curves: &Curves, unit: Unit, frame: &Frame, ticks: &[Tick]) -> Vec<Shape> {
    let name = match unit {
        Unit::Nats => "p ln(p/q), in nats",
        Unit::Bits => "p log₂(p/q), in bits",
    };
    let mut shapes = vec![text((LEFT, frame.top - 8.0), name, SMALL, Ink::Faint)];
    let values = values(curves, |at| unit.of(at.contribution));
    // Without a finite term there is nothing to measure.
    let is_measured = values.iter().any(|(_, y)| *y != 0.0 && y.is_finite());
    let levels = if is_measured { axis::ticks(frame.y, 4.0, 0.0) } else { Vec::new() };
    shapes.extend(frame.grid(ticks, &levels, true, SMALL));
    if let Axis::SymmetricLog { center, scale } = curves.axis {
        let from = if center == 0.0 { "0".to_owned() } else { axis::plain(center) };
        let signs = if center == 0.0 { "" } else { "; signs are distances from it" };
        let note = format!("x, logarithmic beyond {} from {from}{signs}", figure(scale, 1).replace("e-", "e−"));
        let at = (frame.right(), frame.bottom() + 33.0);
        shapes.push(Shape::Text { at, text: note, size: SMALL, anchor: Anchor::End, ink: Ink::Faint });
    }
    let signs = [(1.0, Ink::P), (-1.0, Ink::Q)];
    if is_stems(curves) {
        for (x, y) in values.iter().filter(|(_, y)| *y != 0.0) {
            let ink = if *y > 0.0 { Ink::P } else { Ink::Q };
            let (top, shade) = if y.is_infinite() { (frame.y[1], SHADE) } else { (*y, 2.0 * SHADE) };
            shapes.push(frame.block([x - 0.3, x + 0.3], [0.0, top], ink, shade));
        }
    } else {
        for run in values.split(|(_, y)| y.is_infinite()) {
            for (sign, ink) in signs {
                shapes.extend(frame.area(run, sign, ink, SHADE));
            }
            shapes.extend(frame.lines(run, Ink::Text, false));
        }
    }
    shapes.push(frame.level(0.0));
    shapes.extend(infinite(&values, frame, is_stems(curves)));
    shapes
}

/// Bands where Q has no mass, and what they add.
fn infinite(values: &[Spot], frame: &Frame, stems: bool) -> Vec<Shape> {
    let mut shapes = Vec::new();
    let mut start = None;
    let beyond = values.last().map(|(x, _)| (*x, 0.0));
    let mut last = frame.x[0];
    for (x, y) in values.iter().copied().chain(beyond) {
        match (y.is_infinite(), start) {
            (true, None) => start = Some(x),
            (false, Some(from)) => {
                if !stems {
                    shapes.push(frame.block([from, last], frame.y, Ink::P, SHADE));
                }
                let at = (frame.across(0.5 * (from + last)), frame.top + 16.0);
                shapes.push(Shape::Text {
                    at,
                    text: "+∞".to_owned(),
                    size: TEXT,
                    anchor: Anchor::Middle,
                    ink: Ink::Text,
                });
                start = None;
            }
            _ => {}
        }
        last = x;
    }
    shapes
}

/// What is to be seen, in sentences.
fn caption(report: &Report, curves: &Curves, frames: &[&Frame; 2]) -> String {
    let (what, sum) = match curves.kind {
        Kind::Discrete => ("probabilities", "The bars above 0, where P is the likelier, less those below add up to KL"),
        Kind::Continuous => ("densities", "The area above 0, where P is denser, less the area below is KL"),
    };
    let mut text = format!("Above: both {what}. Below: what each place adds to KL(P‖Q). {sum}");
    text += if report.kl.value.is_infinite() { ", if it is finite. " } else { ". " };
    let has_bands = curves.points.iter().any(|at| at.contribution == f64::INFINITY);
    if has_bands {
        text += "It is infinite: where it says +∞, P has mass and Q has none. ";
    } else if report.kl.value.is_infinite() {
        text += "It is infinite, though not in this window: beyond, Q falls so much faster than P that the area has no bound. ";
    }
    let [upper, lower] = frames;
    let unit = report.unit;
    let cut = |at: &Curve| {
        let term = unit.of(at.contribution);
        at.p.max(at.q) > upper.y[1] || term.is_finite() && (term > lower.y[1] || term < lower.y[0])
    };
    if curves.points.iter().any(cut) {
        text += "A line that ends at the frame goes on beyond it. ";
    }
    if curves.axis != Axis::Linear {
        text += "Areas are masses on this axis as on any. ";
    }
    let [p, q] = curves.shown.map(|share| percent(share.min(1.0)));
    text += &format!("In view: {p} % of P, {q} % of Q");
    match curves.shown_kl {
        Some(share) if !report.kl.value.is_infinite() && (0.0..1.0).contains(&share) => {
            text += &format!(" and {} % of KL.", percent(share));
        }
        _ => text += ".",
    }
    text
}
