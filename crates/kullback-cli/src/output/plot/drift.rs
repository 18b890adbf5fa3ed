//! Pictures of a comparison of tables: for a page, or as a file of their own.

use anyhow::Result;
use kullback_table::{ColumnDrift, DriftReport, Timeline};

use super::bars::{self, Bar};
use super::font::Letters;
use super::scene::{Anchor, Ink, Scene, Shape, Spot};
use super::{Format, course, png, svg};
use crate::args::Unit;
use crate::output::story;
use crate::output::text::figure;

/// Lines of a column; ten quantile bins with all that can stand beside them fit.
const LINES: usize = 14;
/// Columns in a file of their own.
const PANELS: usize = 6;
/// What stands for the values without a name.
const OTHER: &str = "other";
const MARGIN: f64 = 24.0;
const GAP: f64 = 40.0;
const TITLE: f64 = 17.0;
const TEXT: f64 = 13.0;

/// Draws, with the letters it needs for that.
pub(crate) struct Sketcher {
    letters: Letters,
    unit: Unit,
}

impl Sketcher {
    pub(crate) fn new(unit: Unit) -> Result<Self> {
        Ok(Self { letters: Letters::new()?, unit })
    }

    /// The style that a page needs, light and dark.
    pub(crate) fn style() -> [String; 2] {
        [svg::rules(Ink::light), svg::rules(Ink::dark)]
    }

    /// A column's distributions, for a page.
    pub(crate) fn column(&self, column: &ColumnDrift, id: &str) -> String {
        let bars = lines(column, self.unit);
        let shapes = bars::panel(&bars, self.unit.name(), (0.0, 0.0), &self.letters);
        let caption = story::movements(column, 3).join("; ");
        let title = format!("Distribution of {} in the reference and now", column.column);
        svg::inline(&Scene { width: bars::WIDTH, height: bars::height(&bars), title, caption, shapes }, id)
    }

    /// Shares of rows in any lines, for a page.
    pub(crate) fn shares(&self, bars: &[Bar], title: &str, id: &str) -> String {
        let shapes = bars::panel(bars, self.unit.name(), (0.0, 0.0), &self.letters);
        let scene = Scene {
            width: bars::WIDTH,
            height: bars::height(bars),
            title: title.to_owned(),
            caption: String::new(),
            shapes,
        };
        svg::inline(&scene, id)
    }

    /// A column's KL along time, for a page.
    pub(crate) fn course(&self, timeline: &Timeline, column: &str, id: &str) -> String {
        svg::inline(&course::line(timeline, column, self.unit, &self.letters), id)
    }

    /// All columns along time, for a page.
    pub(crate) fn courses(&self, timeline: &Timeline, columns: &[&str], id: &str) -> String {
        svg::inline(&course::all(timeline, columns, self.unit, &self.letters), id)
    }

    /// The columns that changed most, as a file.
    pub(crate) fn file(&self, report: &DriftReport, format: Format) -> Result<Vec<u8>> {
        let scene = self.scene(report);
        match format {
            Format::Svg => Ok(svg::write(&scene).into_bytes()),
            Format::Png => png::write(&scene, &self.letters),
        }
    }

    fn scene(&self, report: &DriftReport) -> Scene {
        let shown: Vec<&ColumnDrift> = story::pictured(report).into_iter().take(PANELS).collect();
        let across = shown.len().clamp(1, 2);
        let width = 2.0 * MARGIN + across as f64 * bars::WIDTH + (across - 1) as f64 * GAP;
        let summary = story::summary(report);
        let text = |at: Spot, text: String, size: f64, ink| Shape::Text { at, text, size, anchor: Anchor::Start, ink };
        let mut shapes = Vec::new();
        let mut top = MARGIN + 10.0;
        for line in self.letters.lines(&summary, TITLE, width - 2.0 * MARGIN) {
            shapes.push(text((MARGIN, top), line, TITLE, Ink::Text));
            top += 24.0;
        }
        if !shown.is_empty() {
            shapes.extend(legend((MARGIN, top)));
            top += 32.0;
        }
        for row in shown.chunks(2) {
            let mut highest: f64 = 0.0;
            for (place, column) in row.iter().enumerate() {
                let left = MARGIN + place as f64 * (bars::WIDTH + GAP);
                let kl = column.kl.map_or_else(String::new, |kl| {
                    format!(", KL {} {}", figure(self.unit.of(kl), 3), self.unit.name())
                });
                let title = self.letters.cut(&format!("{}{kl}", column.column), TEXT + 1.0, bars::WIDTH);
                shapes.push(text((left, top), title, TEXT + 1.0, Ink::Text));
                let bars = lines(column, self.unit);
                shapes.extend(bars::panel(&bars, self.unit.name(), (left, top + 8.0), &self.letters));
                highest = highest.max(bars::height(&bars));
            }
            top += highest + 42.0;
        }
        let caption = "Wide bars: share of the reference's rows; narrow ones: of the current rows. To the right, what a bin adds to KL(current‖reference).";
        Scene { width, height: top, title: summary, caption: caption.to_owned(), shapes }
    }
}

/// What the two bars are.
fn legend((left, top): Spot) -> Vec<Shape> {
    let block = |x: f64, half: f64, ink, opacity| Shape::Area {
        corners: [(x, -half), (x + 26.0, -half), (x + 26.0, half), (x, half)]
            .map(|(x, y)| (left + x, top - 4.5 + y))
            .to_vec(),
        ink,
        opacity,
    };
    let text = |x: f64, text: &str| Shape::Text {
        at: (left + x, top),
        text: text.to_owned(),
        size: TEXT,
        anchor: Anchor::Start,
        ink: Ink::Faint,
    };
    vec![block(0.0, 7.5, Ink::Q, 0.4), text(34.0, "reference"), block(124.0, 3.0, Ink::P, 1.0), text(158.0, "current")]
}

/// The bins of a column in the order of the report: all if they have a place, else those with the most nats, and one line for the rest.
fn lines(column: &ColumnDrift, unit: Unit) -> Vec<Bar> {
    let carrying = story::carrying(column);
    let bins = &column.contributions;
    let least = match bins.len() {
        0..=LINES => 0.0,
        _ => story::largest(column).nth(LINES - 2).map_or(0.0, |bin| bin.nats.abs()),
    };
    let mut bars = Vec::new();
    let (mut rest, mut others) =
        (Bar { label: String::new(), shares: [0.0; 2], adds: Some(0.0), carries: false, drawn: false }, 0);
    for bin in bins {
        let [reference, current] = story::shares(column, bin);
        let adds = unit.of(bin.nats);
        // Ties for the last place go to the rest.
        if bins.len() <= LINES || bin.nats.abs() >= least && bars.len() < LINES - 1 {
            let carries = bin.nats.abs() >= carrying;
            let drawn = bins.len() <= LINES || bin.bin != OTHER;
            bars.push(Bar { label: bin.bin.clone(), shares: [reference, current], adds: Some(adds), carries, drawn });
        } else {
            others += 1;
            rest.shares = [rest.shares[0] + reference, rest.shares[1] + current];
            rest.adds = rest.adds.map(|sum| sum + adds);
        }
    }
    if others > 0 {
        rest.label = format!("{others} more");
        bars.push(rest);
    }
    bars
}
