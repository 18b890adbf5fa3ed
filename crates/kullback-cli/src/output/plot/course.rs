//! The course of KL along periods: a line for each column, and all columns at a glance.

use kullback_table::{PeriodColumn, Timeline};

use super::bars::WIDTH;
use super::font::Letters;
use super::frame::Frame;
use super::scene::{Anchor, Ink, Scene, Shape};
use crate::args::Unit;
use crate::output::text::{count, figure};
use crate::output::{axis, story};

const LEFT: f64 = 50.0;
const TEXT: f64 = 12.0;
const LINE: f64 = 18.0;
/// The width of a period's name, at most, and what is between two of them, at least.
const LONGEST: f64 = 90.0;
const BETWEEN: f64 = 5.0;
/// Where cells begin in the picture of all columns.
const NAMES: f64 = 104.0;

/// KL of each period against the reference with its interval, and, dashed, against the period before.
pub(super) fn line(timeline: &Timeline, name: &str, unit: Unit, letters: &Letters) -> Scene {
    let found: Vec<Option<&PeriodColumn>> =
        timeline.periods.iter().map(|period| period.columns.iter().find(|column| column.column == name)).collect();
    let at = |value: &dyn Fn(&PeriodColumn) -> Option<f64>| -> Vec<(f64, f64)> {
        let places =
            found.iter().enumerate().filter_map(|(index, column)| Some((index as f64, unit.of(value((*column)?)?))));
        places.filter(|(_, y)| y.is_finite()).collect()
    };
    let values = at(&|column| Some(column.kl));
    let previous = at(&|column| column.kl_previous);
    let [low, high] = [at(&|column| Some(column.interval.0)), at(&|column| Some(column.interval.1))];
    let heights = || values.iter().chain(&previous).chain(&high).map(|(_, y)| *y);
    let top = heights().fold(0.0, f64::max);
    // The lower ends of wide intervals may leave the frame: what is below 0 is the same as 0.
    let bottom = values.iter().chain(&previous).map(|(_, y)| *y).fold(0.0, f64::min);
    let room = 0.05 * (top - bottom).max(f64::MIN_POSITIVE);
    let last = (found.len().max(2) - 1) as f64;
    let frame = Frame {
        left: LEFT,
        top: 10.0,
        width: WIDTH - LEFT - 8.0,
        height: 108.0,
        x: [0.0, last],
        y: [bottom - room, top + room],
    };
    let mut shapes = frame.grid(&[], &axis::ticks(frame.y, 3.0, 0.0), false, TEXT);
    shapes.push(frame.level(0.0));
    let mut band: Vec<(f64, f64)> = high.iter().map(|(x, y)| (frame.across(*x), frame.up(*y))).collect();
    band.extend(low.iter().rev().map(|(x, y)| (frame.across(*x), frame.up(*y))));
    shapes.push(Shape::Area { corners: band, ink: Ink::P, opacity: 0.25 });
    shapes.extend(frame.lines(&previous, Ink::Q, true));
    shapes.extend(frame.lines(&values, Ink::P, false));
    shapes.extend(values.iter().map(|(x, y)| Shape::Dot {
        at: (frame.across(*x), frame.up(*y)),
        radius: 3.0,
        ink: Ink::P,
    }));
    shapes.extend(names(timeline, frame.bottom() + 16.0, letters, &|index| frame.across(index as f64)));
    let caption = story::furthest(timeline, name).map_or_else(String::new, |(period, most)| {
        format!("Largest in {}: {} {}.", period.name, figure(unit.of(most.kl), 3), unit.name())
    });
    Scene { width: WIDTH, height: 140.0, title: format!("KL of {name} by {}", timeline.by), caption, shapes }
}

/// Names of as many periods as have a place in one line, the first always.
fn names(timeline: &Timeline, base: f64, letters: &Letters, across: &dyn Fn(usize) -> f64) -> Vec<Shape> {
    let shown: Vec<String> = timeline.periods.iter().map(|period| letters.cut(&period.name, TEXT, LONGEST)).collect();
    let widest = shown.iter().map(|name| letters.width(name, TEXT)).fold(0.0, f64::max);
    let apart = across(1) - across(0);
    let step = if apart > 0.0 { ((widest + BETWEEN) / apart).ceil().max(1.0) as usize } else { 1 };
    let text = |(index, name): (usize, &String)| {
        let (at, half) = (across(index), 0.5 * letters.width(name, TEXT));
        let at = at.max(half).min(WIDTH - half);
        Shape::Text { at: (at, base), text: name.clone(), size: TEXT, anchor: Anchor::Middle, ink: Ink::Faint }
    };
    shown.iter().enumerate().step_by(step).map(text).collect()
}

/// A cell for each column and period, the darker the larger its KL is beside the column's largest.
pub(super) fn all(timeline: &Timeline, columns: &[&str], unit: Unit, letters: &Letters) -> Scene {
    let width = (WIDTH - NAMES) / timeline.periods.len().max(1) as f64;
    let gap = if width > 6.0 { 1.0 } else { 0.0 };
    let mut shapes = Vec::new();
    for (row, name) in columns.iter().enumerate() {
        let top = LINE * row as f64;
        shapes.push(Shape::Text {
            at: (0.0, top + 13.0),
            text: letters.cut(name, TEXT, NAMES - 6.0),
            size: TEXT,
            anchor: Anchor::Start,
            ink: Ink::Text,
        });
        let found = |period: usize| {
            timeline.periods[period].columns.iter().find(|column| column.column == *name).map(story::beyond_chance)
        };
        let most = (0..timeline.periods.len()).filter_map(found).filter(|kl| kl.is_finite()).fold(0.0, f64::max);
        for period in 0..timeline.periods.len() {
            let Some(kl) = found(period) else { continue };
            let (left, right) = (NAMES + width * period as f64, NAMES + width * (period + 1) as f64 - gap);
            let share = match kl {
                _ if kl.is_infinite() => 1.0,
                _ if most > 0.0 => (kl / most).clamp(0.0, 1.0),
                _ => 0.0,
            };
            let corners = vec![(left, top), (right, top), (right, top + LINE - gap), (left, top + LINE - gap)];
            shapes.push(Shape::Area { corners: corners.clone(), ink: Ink::Grid, opacity: 1.0 });
            shapes.push(Shape::Area { corners, ink: Ink::P, opacity: (100.0 * share).round() / 100.0 });
        }
    }
    let bottom = LINE * columns.len() as f64;
    shapes.extend(names(timeline, bottom + 15.0, letters, &|index| NAMES + width * (index as f64 + 0.5)));
    let rows: u64 = timeline.periods.iter().map(|period| period.rows).sum();
    Scene {
        width: WIDTH,
        height: bottom + 22.0,
        title: format!("KL of every column against the reference, by {}", timeline.by),
        caption: format!(
            "{} periods, {} rows. Each line has its own scale, up to its largest {}; empty where it may be chance.",
            timeline.periods.len(),
            count(rows),
            unit.name()
        ),
        shapes,
    }
}
