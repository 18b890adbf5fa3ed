//! Pictures as pixels: every shape is a coverage of the pixels in one ink, laid over what is there.

use ab_glyph::{Font, Glyph, ScaleFont, point};
use ab_glyph_rasterizer::{Point, Rasterizer};
use anyhow::{Context, Result};

use super::font::Letters;
use super::scene::{Anchor, DASH, Ink, Scene, Shape, Spot};

/// Pixels to a unit of the scene, for dense screens and print.
const SCALE: f64 = 2.0;

/// Corners of a disc.
const CORNERS: usize = 20;

pub(super) fn write(scene: &Scene, letters: &Letters) -> Result<Vec<u8>> {
    let size = [scene.width, scene.height].map(|length| (SCALE * length).ceil() as usize);
    let mut canvas = Canvas::new(size);
    for shape in &scene.shapes {
        match shape {
            Shape::Area { corners, ink, opacity } => {
                canvas.polygon(&scaled(corners));
                canvas.ink(*ink, *opacity);
            }
            Shape::Line { spots, ink, width, dashed } => {
                let spots = scaled(spots);
                let parts = if *dashed { dashes(&spots) } else { vec![spots] };
                parts.iter().for_each(|part| canvas.stroke(part, SCALE * width));
                canvas.ink(*ink, 1.0);
            }
            Shape::Dot { at, radius, ink } => {
                canvas.disc((SCALE * at.0, SCALE * at.1), SCALE * radius);
                canvas.ink(*ink, 1.0);
            }
            Shape::Text { at, text, size, anchor, ink } => {
                let shift = match anchor {
                    Anchor::Start => 0.0,
                    Anchor::Middle => 0.5,
                    Anchor::End => 1.0,
                };
                let start = SCALE * (at.0 - shift * letters.width(text, *size));
                canvas.text(letters, text, SCALE * size, (start, SCALE * at.1), *ink);
            }
        }
    }
    encode(&canvas, size)
}

fn encode(canvas: &Canvas, [width, height]: [usize; 2]) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    let sides = (u32::try_from(width)?, u32::try_from(height)?);
    let mut encoder = png::Encoder::new(&mut file, sides.0, sides.1);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().context("cannot be encoded")?;
    writer.write_image_data(&canvas.pixels).context("cannot be encoded")?;
    writer.finish().context("cannot be encoded")?;
    Ok(file)
}

fn scaled(spots: &[Spot]) -> Vec<Spot> {
    spots.iter().map(|(x, y)| (SCALE * x, SCALE * y)).collect()
}

struct Canvas {
    size: [usize; 2],
    pixels: Vec<u8>,
    /// What the next ink is to cover. Polygons that overlap go round the same way.
    polygons: Vec<Vec<Spot>>,
}

impl Canvas {
    fn new(size: [usize; 2]) -> Self {
        let pixels = Ink::Background.light().repeat(size[0] * size[1]);
        Self { size, pixels, polygons: Vec::new() }
    }

    fn polygon(&mut self, corners: &[Spot]) {
        let inside = |x: f64, size: usize| x.clamp(0.0, size as f64);
        self.polygons.push(corners.iter().map(|(x, y)| (inside(*x, self.size[0]), inside(*y, self.size[1]))).collect());
    }

    fn disc(&mut self, (x, y): Spot, radius: f64) {
        let corner = |index: usize| {
            let (sin, cos) = (index as f64 / CORNERS as f64 * std::f64::consts::TAU).sin_cos();
            (x + radius * cos, y + radius * sin)
        };
        self.polygon(&(0..CORNERS).map(corner).collect::<Vec<_>>());
    }

    fn stroke(&mut self, spots: &[Spot], width: f64) {
        for pair in spots.windows(2) {
            let [(x, y), (u, v)] = [pair[0], pair[1]];
            let length = (u - x).hypot(v - y);
            if length == 0.0 {
                continue;
            }
            let (a, b) = (0.5 * width * (v - y) / length, 0.5 * width * (u - x) / length);
            self.polygon(&[(x + a, y - b), (u + a, v - b), (u - a, v + b), (x - a, y + b)]);
        }
        // Round joints.
        for spot in spots.get(1..spots.len().saturating_sub(1)).unwrap_or_default() {
            self.disc(*spot, 0.5 * width);
        }
    }

    /// Lays the ink over what has been covered since.
    fn ink(&mut self, ink: Ink, opacity: f64) {
        let polygons = std::mem::take(&mut self.polygons);
        let corners = || polygons.iter().flatten();
        let reach = |of: fn(&Spot) -> f64| {
            let low = corners().map(of).fold(f64::INFINITY, f64::min);
            let high = corners().map(of).fold(0.0, f64::max);
            (low.min(high).floor(), high.ceil())
        };
        let ((left, right), (top, bottom)) = (reach(|spot| spot.0), reach(|spot| spot.1));
        // One more column: the rasterizer carries what ends on an edge into the next one.
        let [width, height] = [right - left + 1.0, bottom - top + 1.0].map(|length| length as usize);
        let mut coverage = Rasterizer::new(width, height);
        for polygon in &polygons {
            let corner = |(x, y): Spot| Point { x: (x - left) as f32, y: (y - top) as f32 };
            for (index, from) in polygon.iter().enumerate() {
                coverage.draw_line(corner(*from), corner(polygon[(index + 1) % polygon.len()]));
            }
        }
        coverage.for_each_pixel_2d(|column, row, share| {
            let (column, row) = (left as usize + column as usize, top as usize + row as usize);
            if share > 0.0 && column < self.size[0] && row < self.size[1] {
                let index = 3 * (row * self.size[0] + column);
                blend(&mut self.pixels[index..index + 3], ink, f64::from(share.min(1.0)) * opacity);
            }
        });
    }

    fn text(&mut self, letters: &Letters, text: &str, size: f64, (mut x, y): Spot, ink: Ink) {
        let font = letters.0.as_scaled(letters.scale(size));
        for letter in text.chars() {
            // What the font lacks is a question mark in the place of the letter.
            let (id, advance) = match letters.glyph(letter) {
                Some(id) => (id, f64::from(font.h_advance(id))),
                None => (font.glyph_id('?'), size),
            };
            let glyph: Glyph = id.with_scale_and_position(letters.scale(size), point(x as f32, y as f32));
            x += advance;
            let Some(outline) = letters.0.outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            outline.draw(|column, row, share| {
                let (column, row) = (corner.x as i64 + i64::from(column), corner.y as i64 + i64::from(row));
                if let (Ok(column), Ok(row)) = (usize::try_from(column), usize::try_from(row))
                    && column < self.size[0]
                    && row < self.size[1]
                {
                    let index = 3 * (row * self.size[0] + column);
                    blend(&mut self.pixels[index..index + 3], ink, f64::from(share.min(1.0)));
                }
            });
        }
    }
}

fn blend(pixel: &mut [u8], ink: Ink, share: f64) {
    for (channel, colour) in pixel.iter_mut().zip(ink.light()) {
        *channel = ((1.0 - share) * f64::from(*channel) + share * f64::from(colour)).round() as u8;
    }
}

/// The parts of a line that are dashes.
fn dashes(spots: &[Spot]) -> Vec<Vec<Spot>> {
    let lengths = DASH.map(|length| SCALE * length);
    let (mut drawn, mut left) = (true, lengths[0]);
    let mut parts: Vec<Vec<Spot>> = vec![spots.first().copied().into_iter().collect()];
    for pair in spots.windows(2) {
        let [(mut x, mut y), (u, v)] = [pair[0], pair[1]];
        loop {
            let length = (u - x).hypot(v - y);
            if length <= left {
                left -= length;
                if drawn && let Some(part) = parts.last_mut() {
                    part.push((u, v));
                }
                break;
            }
            (x, y) = (x + (u - x) * left / length, y + (v - y) * left / length);
            if drawn && let Some(part) = parts.last_mut() {
                part.push((x, y));
            }
            drawn = !drawn;
            left = if drawn { lengths[0] } else { lengths[1] };
            if drawn {
                parts.push(vec![(x, y)]);
            }
        }
    }
    parts
}
