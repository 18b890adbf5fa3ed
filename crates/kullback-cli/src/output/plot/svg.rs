//! Pictures as SVG, light or dark as the reader's system is.

use std::fmt::Write;

use super::scene::{Anchor, DASH, Ink, Scene, Shape, Spot};
use crate::output::xml::escaped;

/// A file of its own.
pub(super) fn write(scene: &Scene) -> String {
    let (width, height) = (short(scene.width), short(scene.height));
    let [title, caption] = [&scene.title, &scene.caption].map(|text| escaped(text));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" aria-labelledby=\"title caption\" font-family=\"DejaVu Sans, Verdana, Helvetica, Arial, sans-serif\">\n\
         <title id=\"title\">{title}</title>\n<desc id=\"caption\">{caption}</desc>\n<style>\n{}\
         @media (prefers-color-scheme: dark) {{\n{}}}\n</style>\n<rect class=\"background\" width=\"100%\" height=\"100%\"/>\n",
        rules(Ink::light),
        rules(Ink::dark),
    );
    draw(&mut svg, scene);
    svg + "</svg>\n"
}

/// A part of a page, whose style has [`rules`] and whose elements have other ids than `id-title` and `id-caption`.
pub(super) fn inline(scene: &Scene, id: &str) -> String {
    let (width, height) = (short(scene.width), short(scene.height));
    let [title, caption] = [&scene.title, &scene.caption].map(|text| escaped(text));
    let mut svg = format!(
        "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"{id}-title {id}-caption\">\
         <title id=\"{id}-title\">{title}</title><desc id=\"{id}-caption\">{caption}</desc>\n"
    );
    draw(&mut svg, scene);
    svg + "</svg>\n"
}

fn draw(svg: &mut String, scene: &Scene) {
    for shape in &scene.shapes {
        // Writing to a text does not fail.
        let _ = match shape {
            Shape::Area { corners, ink, opacity } => {
                writeln!(svg, "<path class=\"{}\" fill-opacity=\"{opacity}\" d=\"{}Z\"/>", ink.name(), path(corners))
            }
            Shape::Line { spots, ink, width, dashed } => {
                let [dash, gap] = DASH;
                let dashes = if *dashed { format!(" stroke-dasharray=\"{dash} {gap}\"") } else { String::new() };
                writeln!(
                    svg,
                    "<path class=\"line {}\" stroke-width=\"{width}\"{dashes} d=\"{}\"/>",
                    ink.name(),
                    path(spots)
                )
            }
            Shape::Dot { at, radius, ink } => {
                let (x, y) = (short(at.0), short(at.1));
                writeln!(svg, "<circle class=\"{}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>", ink.name())
            }
            Shape::Text { at, text, size, anchor, ink } => {
                let anchor = match anchor {
                    Anchor::Start => "start",
                    Anchor::Middle => "middle",
                    Anchor::End => "end",
                };
                writeln!(
                    svg,
                    "<text class=\"{}\" x=\"{}\" y=\"{}\" font-size=\"{size}\" text-anchor=\"{anchor}\">{}</text>",
                    ink.name(),
                    short(at.0),
                    short(at.1),
                    escaped(text)
                )
            }
        };
    }
}

/// A style for each ink.
pub(super) fn rules(colour: impl Fn(Ink) -> [u8; 3]) -> String {
    let mut rules = String::new();
    for ink in Ink::ALL {
        let ([r, g, b], name) = (colour(ink), ink.name());
        rules += &format!(
            ".{name} {{ fill: #{r:02x}{g:02x}{b:02x} }}\n.line.{name} {{ fill: none; stroke: #{r:02x}{g:02x}{b:02x}; stroke-linejoin: round }}\n"
        );
    }
    rules
}

fn path(spots: &[Spot]) -> String {
    let mut path = String::new();
    for (index, (x, y)) in spots.iter().enumerate() {
        let _ = write!(path, "{}{} {}", if index == 0 { "M" } else { "L" }, short(*x), short(*y));
    }
    path
}

/// To a hundredth of a pixel.
fn short(x: f64) -> String {
    let text = format!("{x:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
