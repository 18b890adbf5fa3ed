//! Plots as SVG, in colours that follow the reader's preference for light or dark.

use std::sync::Arc;

use kuva::backend::svg::SvgBackend;
use kuva::plot::{BarPlot, LinePlot, ScatterPlot};
use kuva::render::annotations::ReferenceLine;
use kuva::render::color::Color;
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::{Primitive, Scene, TextAnchor, render_multiple};
use kuva::render::theme::Theme;

/// Paper, ink and grid, light and dark.
pub(crate) const PAPER: [&str; 2] = ["#fcfcfb", "#1a1a19"];
pub(crate) const INK: [&str; 2] = ["#0b0b0b", "#f2f2f0"];
const GRID: [&str; 2] = ["#e1e0d9", "#33332f"];
const FAINT: [&str; 2] = ["#898781", "#a3a19a"];
/// Of lines and bars: told apart with any colour vision.
const SERIES: [[&str; 2]; 4] =
    [["#2a78d6", "#3987e5"], ["#d95926", "#eb6834"], ["#178f63", "#1baf7a"], ["#7d55c7", "#9a7be0"]];

/// Of an interval on a logarithmic axis, downwards, as a share of the mean.
const LONGEST_ARM: f64 = 0.9;

/// How far lines of intervals stand apart, in units of the axis.
const ASIDE: f64 = 0.05;
/// What an axis of temperatures has on either side.
const MARGIN: f64 = 0.3;
/// The factor a logarithmic axis reaches beyond what it shows.
const ROOM: f64 = 1.3;
const WIDTH: f64 = 720.0;
/// Of a level to compare with.
const DASHES: &str = "6 4";

/// A plot with what it shows.
pub(crate) struct Figure {
    /// Of its file.
    pub(crate) name: String,
    pub(crate) caption: String,
    pub(crate) svg: String,
}

/// A line in a [`Chart`].
pub(crate) struct Line {
    pub(crate) legend: String,
    pub(crate) points: Vec<(f64, f64)>,
}

/// Lines over steps.
pub(crate) struct Chart<'a> {
    pub(crate) title: &'a str,
    pub(crate) x: &'a str,
    pub(crate) y: &'a str,
    pub(crate) logarithmic: bool,
    pub(crate) lines: Vec<Line>,
    /// A level to compare with, and what it is.
    pub(crate) level: Option<(f64, String)>,
}

impl Chart<'_> {
    pub(crate) fn svg(self) -> String {
        let mut range = Range::EMPTY;
        let (mut plots, mut legend) = (Vec::new(), Vec::new());
        for (index, Line { legend: name, points }) in self.lines.into_iter().enumerate() {
            // A logarithmic axis has no place for 0.
            let shown = points.into_iter().filter(|&(_, y)| y.is_finite() && (y > 0.0 || !self.logarithmic));
            let shown: Vec<(f64, f64)> = shown.collect();
            shown.iter().for_each(|&(_, y)| range.reach(y));
            plots.push(Plot::Line(LinePlot::new().with_data(shown).with_color(series(index)).with_stroke_width(2.0)));
            legend.push(Key { name, color: series(index), dashes: None });
        }
        if let Some((level, _)) = self.level {
            range.reach(level);
        }
        let layout = Layout::auto_from_plots(&plots).with_title(self.title).with_x_label(self.x).with_y_label(self.y);
        let layout = range.axis(layout, self.logarithmic);
        render(plots, layout, legend, self.level)
    }
}

/// A bar for each label.
pub(crate) fn bars(title: &str, [x, y]: [&str; 2], bars: &[(String, f64)]) -> String {
    let plot = BarPlot::new().with_bars(bars.to_vec()).with_color(series(0));
    let plots = vec![Plot::Bar(plot)];
    let layout = Layout::auto_from_plots(&plots).with_title(title).with_x_label(x).with_y_label(y);
    render(plots, layout, Vec::new(), None)
}

/// A point with its interval for each temperature, a line for each name; the lines stand a little apart, so that no
/// interval hides another.
pub(crate) fn intervals(
    title: &str,
    [x, y]: [&str; 2],
    logarithmic: bool,
    lines: Vec<(String, Vec<[f64; 3]>)>,
    level: (f64, String),
) -> String {
    let (mut plots, mut legend) = (Vec::new(), Vec::new());
    let (mut range, mut places) = (Range::EMPTY, Range::EMPTY);
    range.reach(level.0);
    let middle = (lines.len() as f64 - 1.0) / 2.0;
    for (index, (name, points)) in lines.into_iter().enumerate() {
        let aside = ASIDE * (index as f64 - middle);
        let means: Vec<(f64, f64)> = points.iter().map(|[x, y, _]| (*x + aside, *y)).collect();
        let arms = points.iter().map(|&[_, y, half]| match half.is_finite() {
            // On a logarithmic axis an arm that reaches 0 has no end; it is cut.
            true if logarithmic => (half.min(LONGEST_ARM * y), half),
            true => (half, half),
            false => (0.0, 0.0),
        });
        let arms: Vec<(f64, f64)> = arms.collect();
        for ((x, y), (down, up)) in means.iter().zip(&arms) {
            places.reach(*x);
            range.reach(y - down);
            range.reach(y + up);
        }
        let line = LinePlot::new().with_data(means.iter().copied()).with_y_err_asymmetric(arms);
        plots.push(Plot::Line(line.with_color(series(index)).with_stroke_width(2.0)));
        let dots = ScatterPlot::new().with_data(means).with_size(4.0).with_color(series(index));
        plots.push(Plot::Scatter(dots));
        legend.push(Key { name, color: series(index), dashes: None });
    }
    let layout = Layout::auto_from_plots(&plots).with_title(title).with_x_label(x).with_y_label(y);
    let layout =
        layout.with_x_axis_min(places.lowest - MARGIN).with_x_axis_max(places.highest + MARGIN).with_x_tick_step(1.0);
    render(plots, range.axis(layout, logarithmic), legend, Some(level))
}

/// What an axis has to reach.
#[derive(Clone, Copy)]
struct Range {
    lowest: f64,
    highest: f64,
}

impl Range {
    const EMPTY: Self = Self { lowest: f64::INFINITY, highest: f64::NEG_INFINITY };

    fn reach(&mut self, x: f64) {
        // A mean of nothing has no place.
        if x.is_finite() {
            *self = Self { lowest: self.lowest.min(x), highest: self.highest.max(x) };
        }
    }

    /// The vertical axis with some room; it does not go below 0 for what never is, and a constant stands above 0.
    fn axis(self, layout: Layout, logarithmic: bool) -> Layout {
        let Self { lowest, highest } = self;
        if lowest > highest {
            return layout;
        }
        if logarithmic {
            let layout = layout.with_log_y().with_y_tick_format(TickFormat::Custom(Arc::new(|x| format!("{x}"))));
            return layout.with_y_axis_min(lowest / ROOM).with_y_axis_max(highest * ROOM);
        }
        let margin = 0.1 * if lowest < highest { highest - lowest } else { highest.abs() };
        let below = if lowest == highest { lowest.min(0.0) } else { lowest - margin };
        let below = if lowest >= 0.0 { below.max(0.0) } else { below };
        layout.with_y_axis_min(below).with_y_axis_max(highest + margin)
    }
}

fn series(index: usize) -> &'static str {
    SERIES[index % SERIES.len()][0]
}

/// What a line is, and how it looks.
struct Key {
    name: String,
    color: &'static str,
    dashes: Option<&'static str>,
}

/// Draws plots with a legend in one row under the title; a level to compare with is a dashed line, named there as well.
fn render(plots: Vec<Plot>, mut layout: Layout, mut legend: Vec<Key>, level: Option<(f64, String)>) -> String {
    if let Some((level, name)) = level {
        let line = ReferenceLine::horizontal(level).with_color(FAINT[0]).with_dasharray(DASHES).with_stroke_width(1.5);
        layout = layout.with_reference_line(line);
        legend.push(Key { name, color: FAINT[0], dashes: Some(DASHES) });
    }
    let theme = Theme {
        background: PAPER[0].into(),
        axis_color: FAINT[0].into(),
        grid_color: GRID[0].into(),
        tick_color: FAINT[0].into(),
        text_color: INK[0].into(),
        font_family: Some("system-ui, sans-serif".into()),
        ..Theme::light()
    };
    // A single line is what the title and the axis say.
    let shown = legend.len() > 1;
    let top = if shown { 70.0 } else { 48.0 };
    let layout = layout.with_theme(theme).with_width(WIDTH).with_height(400.0).with_force_margins_y(top, 56.0);
    let mut scene = render_multiple(plots, layout);
    if shown {
        draw(&legend, &mut scene);
    }
    // Without it a browser cuts the picture instead of scaling it.
    let shape = format!("<svg viewBox=\"0 0 {} {}\" ", scene.width, scene.height);
    both_modes(&SvgBackend::new().render_scene(&scene).replacen("<svg ", &shape, 1))
}

/// The legend, in the middle.
fn draw(legend: &[Key], scene: &mut Scene) {
    const STROKE: f64 = 26.0;
    const GAP: f64 = 7.0;
    const BETWEEN: f64 = 24.0;
    /// The width of a letter, about.
    const LETTER: f64 = 7.0;
    const Y: f64 = 54.0;
    let width = |key: &Key| STROKE + GAP + LETTER * key.name.chars().count() as f64;
    let whole: f64 = legend.iter().map(width).sum::<f64>() + BETWEEN * (legend.len() as f64 - 1.0);
    let mut x = (scene.width - whole) / 2.0;
    for key in legend {
        scene.add(Primitive::Line {
            x1: x,
            y1: Y,
            x2: x + STROKE,
            y2: Y,
            stroke: Color::from(key.color),
            stroke_width: 2.0,
            stroke_dasharray: key.dashes.map(str::to_owned),
        });
        scene.add(Primitive::Text {
            x: x + STROKE + GAP,
            y: Y + 4.5,
            content: key.name.clone(),
            size: 13,
            anchor: TextAnchor::Start,
            rotate: None,
            bold: false,
            color: None,
        });
        x += width(key) + BETWEEN;
    }
}

/// The same picture with a style that turns each colour into its dark sibling where the reader prefers that.
pub(crate) fn both_modes(svg: &str) -> String {
    let mut style = String::from("<style>@media (prefers-color-scheme: dark){");
    for [light, dark] in [PAPER, INK, GRID, FAINT].into_iter().chain(SERIES) {
        for attribute in ["fill", "stroke"] {
            style += &format!("[{attribute}=\"{light}\"]{{{attribute}:{dark}}}");
        }
    }
    style += "}</style>";
    let (open, rest) = svg.split_once('>').unwrap_or((svg, ""));
    format!("{open}>{style}{rest}")
}
