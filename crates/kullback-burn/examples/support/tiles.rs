//! Grey images side by side, as ink on the page.

use std::fmt::Write;

use super::figure::{INK, PAPER, both_modes};
use super::page::escaped;

/// Shades of ink.
const SHADES: f32 = 32.0;
/// Width of an image, and the gap to the next.
const SIDE: f64 = 52.0;
const GAP: f64 = 6.0;
/// Room for the labels of rows, for the title, and for the labels of columns.
const LEFT: f64 = 120.0;
const TITLE: f64 = 38.0;
const LABELS: f64 = 20.0;

/// Rows of images with their labels.
pub(crate) struct Tiles<'a> {
    pub(crate) title: &'a str,
    pub(crate) size: [usize; 2],
    pub(crate) rows: Vec<(String, Vec<Vec<f32>>)>,
    /// Above the columns; empty for none.
    pub(crate) columns: Vec<String>,
}

impl Tiles<'_> {
    pub(crate) fn svg(&self) -> String {
        let [width, height] = self.size;
        let pixel = SIDE / width.max(1) as f64;
        let step = pixel * height as f64 + GAP;
        let most = self.rows.iter().map(|(_, images)| images.len()).max().unwrap_or_default();
        let top = if self.columns.is_empty() { TITLE } else { TITLE + LABELS };
        let (full, tall) = (LEFT + most as f64 * (SIDE + GAP) + GAP, top + self.rows.len() as f64 * step + GAP);
        let mut body = format!(
            "<rect width=\"{full}\" height=\"{tall}\" fill=\"{}\"/><text x=\"{}\" y=\"22\" font-size=\"16\" text-anchor=\"middle\">{}</text>",
            PAPER[0],
            full / 2.0,
            escaped(self.title),
        );
        for (column, label) in self.columns.iter().enumerate() {
            let x = LEFT + column as f64 * (SIDE + GAP) + SIDE / 2.0;
            body += &text(x, top - 8.0, "middle", label);
        }
        for (row, (label, images)) in self.rows.iter().enumerate() {
            let y = top + row as f64 * step;
            body += &text(LEFT - 10.0, y + step / 2.0, "end", label);
            for (column, image) in images.iter().enumerate() {
                let x = LEFT + column as f64 * (SIDE + GAP);
                body += &format!(
                    "<g transform=\"translate({x} {y}) scale({pixel})\">{}<rect width=\"{width}\" height=\"{height}\" fill=\"none\" stroke=\"{}\" stroke-opacity=\"0.2\" stroke-width=\"{}\"/></g>",
                    ink(image, width),
                    INK[0],
                    0.5 / pixel,
                );
            }
        }
        both_modes(&format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{full}\" height=\"{tall}\" viewBox=\"0 0 {full} {tall}\" font-family=\"system-ui, sans-serif\" fill=\"{}\">{body}</svg>",
            INK[0]
        ))
    }
}

fn text(x: f64, y: f64, anchor: &str, label: &str) -> String {
    format!("<text x=\"{x}\" y=\"{y}\" font-size=\"13\" text-anchor=\"{anchor}\">{}</text>", escaped(label))
}

/// A path for each shade that occurs.
fn ink(image: &[f32], width: usize) -> String {
    let mut paths = vec![String::new(); SHADES as usize + 1];
    for (index, &value) in image.iter().enumerate() {
        let shade = (value.clamp(0.0, 1.0) * SHADES).round() as usize;
        // A string takes what is written to it.
        _ = write!(paths[shade], "M{} {}h1v1h-1z", index % width, index / width);
    }
    let mut all = String::new();
    for (shade, path) in paths.iter().enumerate().skip(1).filter(|(_, path)| !path.is_empty()) {
        let opacity = shade as f32 / SHADES;
        all += &format!("<path fill-opacity=\"{opacity}\" shape-rendering=\"crispEdges\" d=\"{path}\"/>");
    }
    all
}
