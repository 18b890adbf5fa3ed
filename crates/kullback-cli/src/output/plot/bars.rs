//! Shares of rows, two to a line: the reference's bar with the current one on it, and what the line adds to KL.

use super::font::Letters;
use super::scene::{Anchor, Ink, Shape, Spot};
use crate::output::text::{figure, percent};

/// The width of a phone's page.
pub(super) const WIDTH: f64 = 350.0;
const LINE: f64 = 21.0;
const HEAD: f64 = 22.0;
const TEXT: f64 = 12.0;
/// Where bars begin, where they end, where signed bars begin and end; then there are their numbers.
const BARS: [f64; 2] = [118.0, 230.0];
const SIGNED: [f64; 2] = [240.0, 291.0];
/// Without signed bars there is more room.
const WIDE: [f64; 2] = [118.0, 262.0];

/// One line.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    pub(crate) label: String,
    /// Of the reference's rows and of the current ones.
    pub(crate) shares: [f64; 2],
    /// What it adds to KL, in the printed unit; `None` where that is not of interest.
    pub(crate) adds: Option<f64>,
    /// Whether it is one of those that matter.
    pub(crate) carries: bool,
    /// Whether it is drawn; what stands for many bins would dwarf every one of them, and is a text.
    pub(crate) drawn: bool,
}

pub(super) fn height(bars: &[Bar]) -> f64 {
    HEAD + LINE * bars.len() as f64
}

pub(super) fn panel(bars: &[Bar], unit: &str, (left, top): Spot, letters: &Letters) -> Vec<Shape> {
    let signed = bars.iter().any(|bar| bar.adds.is_some());
    let [from, to] = if signed { BARS } else { WIDE };
    let most = bars.iter().filter(|bar| bar.drawn).flat_map(|bar| bar.shares).fold(0.0, f64::max);
    let text = |x: f64, y: f64, text: String, anchor, ink| Shape::Text {
        at: (left + x, top + y),
        text,
        size: TEXT,
        anchor,
        ink,
    };
    let mut shapes = vec![text(from, 12.0, format!("rows, to {} %", percent(most)), Anchor::Start, Ink::Faint)];
    let finite = |sign: f64| {
        let drawn = bars.iter().filter(|bar| bar.drawn);
        drawn.filter_map(|bar| bar.adds).map(|adds| sign * adds).filter(|x| x.is_finite()).fold(0.0, f64::max)
    };
    let [over, under] = [finite(1.0), finite(-1.0)];
    let whole = if over + under > 0.0 { over + under } else { 1.0 };
    let zero = SIGNED[0] + (SIGNED[1] - SIGNED[0]) * under / whole;
    if signed {
        shapes.push(text(WIDTH, 12.0, format!("{unit} of KL"), Anchor::End, Ink::Faint));
    }
    for (index, bar) in bars.iter().enumerate() {
        let (y, middle) = (HEAD + LINE * index as f64, HEAD + LINE * (index as f64 + 0.5));
        let ink = if bar.carries { Ink::Text } else { Ink::Faint };
        let label: String = bar.label.chars().map(|c| if c.is_control() { '·' } else { c }).collect();
        shapes.push(text(0.0, middle + 4.0, letters.cut(&label, TEXT, from - 8.0), Anchor::Start, ink));
        let block = |x: [f64; 2], half: f64, ink: Ink, opacity: f64| Shape::Area {
            corners: [(x[0], -half), (x[1], -half), (x[1], half), (x[0], half)]
                .map(|(x, y)| (left + x, top + middle + y))
                .to_vec(),
            ink,
            opacity,
        };
        let end = |share: f64| from + (to - from) * share / most.max(f64::MIN_POSITIVE);
        let [reference, current] = bar.shares.map(end);
        if bar.drawn {
            shapes.push(block([from, reference], 7.5, Ink::Q, 0.4));
            shapes.push(block([from, current], 3.0, Ink::P, 1.0));
        } else {
            let [before, now] = bar.shares.map(percent);
            shapes.push(text(from + 6.0, middle + 4.0, format!("{before} → {now} %"), Anchor::Start, ink));
        }
        if let Some(adds) = bar.adds {
            let tip = zero + (SIGNED[1] - SIGNED[0]) * adds.clamp(-under, over) / whole;
            let ink = if adds > 0.0 { Ink::P } else { Ink::Q };
            if bar.drawn {
                shapes.push(block([zero.min(tip), zero.max(tip)], 7.5, ink, if bar.carries { 1.0 } else { 0.3 }));
            }
            let number = signs(adds);
            let ink = if bar.carries { Ink::Text } else { Ink::Faint };
            shapes.push(text(WIDTH, middle + 4.0, number, Anchor::End, ink));
        } else {
            let [before, now] = bar.shares.map(percent);
            shapes.push(text(WIDTH, middle + 4.0, format!("{before} → {now} %"), Anchor::End, ink));
        }
        let line = |x: f64| Shape::Line {
            spots: vec![(left + x, top + y), (left + x, top + y + LINE)],
            ink: Ink::Faint,
            width: 1.0,
            dashed: false,
        };
        shapes.push(line(from));
        if signed {
            shapes.push(line(zero));
        }
    }
    shapes
}

/// A number with its sign.
pub(crate) fn signs(x: f64) -> String {
    let sign = if x > 0.0 { "+" } else { "" };
    format!("{sign}{}", figure(x, 2)).replace('-', "−")
}
