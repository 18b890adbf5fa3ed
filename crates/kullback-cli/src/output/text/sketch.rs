//! Two distributions in a few lines of text.

use anstyle::{AnsiColor, Style};
use kullback::family::{Axis, Curve, Curves, Kind};

use super::histogram::skyline;
use super::{FAINT, styled, width};
use crate::output::axis::{self, Tick};

const OF_P: Style = AnsiColor::Blue.on_default();
const OF_Q: Style = AnsiColor::Yellow.on_default();

/// What stands left of the sketch.
const MARGIN: usize = 3;

/// Both densities on one scale, and below what each place adds to KL(P‖Q) and takes from it.
pub(super) fn curves(curves: &Curves) -> String {
    let room = width().unwrap_or(80).clamp(24, 80) - MARGIN;
    let columns = columns(curves, room);
    let top = |value: fn(&Curve) -> f64| axis::ceiling(columns.iter().map(|at| (value(at), 1.0)));
    let density = axis::common([top(|at| at.p), top(|at| at.q)]);
    let term = top(|at| at.contribution).max(top(|at| -at.contribution));
    let heights = |value: fn(&Curve) -> f64, top: f64| -> Vec<f64> {
        columns.iter().map(|at| if top > 0.0 { value(at) / top } else { value(at) }).collect()
    };
    let mut text = String::new();
    let mut rows = |name: &str, heights: Vec<f64>, rows: usize, style: Style| {
        for (index, row) in skyline(&heights, rows).into_iter().enumerate() {
            let name = if index + 1 == rows { name } else { "" };
            match row.trim_end() {
                "" => text += &format!("{name}\n"),
                row => text += &format!("{name:<MARGIN$}{}\n", styled(style, row)),
            }
        }
    };
    rows("P", heights(|at| at.p, density), 3, OF_P);
    rows("Q", heights(|at| at.q, density), 3, OF_Q);
    rows("+", heights(|at| at.contribution, term), 2, OF_P);
    rows("−", heights(|at| -at.contribution, term), 2, OF_Q);
    text += &labels(curves, columns.len());
    let spacing = match curves.axis {
        Axis::Linear => "",
        Axis::SymmetricLog { .. } => ", x on a symmetric logarithmic scale",
    };
    text + &styled(FAINT, &format!("P and Q on one scale; + and −: what p ln(p/q) adds to KL(P‖Q){spacing}")) + "\n"
}

/// The curves at evenly spaced places: of each column the largest, so that no peak is lost.
fn columns(curves: &Curves, room: usize) -> Vec<Curve> {
    let [low, high] = curves.window;
    let integers = curves.kind == Kind::Discrete && curves.points.len() <= room;
    if integers {
        // A few integers are as many columns of one width.
        let wide = (room / curves.points.len().max(1)).clamp(1, 6);
        let gap = usize::from(wide > 2);
        let blank = Curve { place: low, p: 0.0, q: 0.0, contribution: 0.0 };
        let column = |at: &Curve| [vec![*at; wide - gap], vec![blank; gap]].concat();
        return curves.points.iter().flat_map(column).collect();
    }
    let mut columns: Vec<Option<Curve>> = vec![None; room];
    for at in &curves.points {
        let index = ((at.place - low) / (high - low) * room as f64).clamp(0.0, room as f64 - 1.0) as usize;
        let larger = |a: f64, b: f64| if b.abs() > a.abs() { b } else { a };
        columns[index] = Some(match columns[index] {
            Some(old) => Curve {
                place: old.place,
                p: old.p.max(at.p),
                q: old.q.max(at.q),
                contribution: larger(old.contribution, at.contribution),
            },
            None => *at,
        });
    }
    let mut last = Curve { place: low, p: 0.0, q: 0.0, contribution: 0.0 };
    let filled = columns.into_iter().map(|column| {
        last = column.unwrap_or(last);
        last
    });
    filled.collect()
}

/// The ticks below, as far as they have room.
fn labels(curves: &Curves, columns: usize) -> String {
    let [low, high] = match (curves.kind, curves.points.as_slice()) {
        (Kind::Discrete, [first, .., last]) => [first.place - 0.5, last.place + 0.5],
        _ => curves.window,
    };
    let least = if curves.kind == Kind::Discrete { 1.0 } else { 0.0 };
    let mut line: Vec<char> = vec![' '; MARGIN + columns + 8];
    let mut free = 0;
    for Tick { place, label } in axis::places(curves.axis, curves.window, columns as f64 / 11.0, least) {
        let column = MARGIN as f64 + (place - low) / (high - low) * columns as f64;
        let letters: Vec<char> = label.chars().collect();
        let start = (column - 0.5 * letters.len() as f64).max(0.0).round() as usize;
        if start >= free && start + letters.len() <= line.len() {
            free = start + letters.len() + 1;
            for (cell, letter) in line[start..].iter_mut().zip(letters) {
                *cell = letter;
            }
        }
    }
    let line: String = line.into_iter().collect();
    line.trim_end().to_owned() + "\n"
}
