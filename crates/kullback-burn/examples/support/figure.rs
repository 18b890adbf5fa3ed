//! Plots as SVG, in colours that follow the reader's preference for light or dark.

use kuva::backend::svg::SvgBackend;
use kuva::plot::legend::LegendPosition;
use kuva::plot::{BarPlot, LinePlot};
use kuva::render::annotations::ReferenceLine;
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;
use kuva::render::render::render_multiple;
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
        let mut lowest_and_highest = (f64::INFINITY, f64::NEG_INFINITY);
        let mut plots = Vec::new();
        let alone = self.lines.len() == 1;
        for (index, Line { legend, points }) in self.lines.into_iter().enumerate() {
            // A logarithmic axis has no place for 0.
            let shown = points.into_iter().filter(|&(_, y)| y.is_finite() && (y > 0.0 || !self.logarithmic));
            let shown: Vec<(f64, f64)> = shown.collect();
            for (_, y) in &shown {
                lowest_and_highest = (lowest_and_highest.0.min(*y), lowest_and_highest.1.max(*y));
            }
            let line = LinePlot::new().with_data(shown).with_color(series(index)).with_stroke_width(2.0);
            plots.push(Plot::Line(if alone { line } else { line.with_legend(legend) }));
        }
        if let Some((level, _)) = self.level {
            // The axis has to reach it.
            lowest_and_highest = (lowest_and_highest.0.min(level), lowest_and_highest.1.max(level));
        }
        let mut layout = Layout::auto_from_plots(&plots)
            .with_title(self.title)
            .with_x_label(self.x)
            .with_y_label(self.y)
            .with_legend_position(LegendPosition::OutsideBottomCenter)
            .with_legend_box(false);
        let (lowest, highest) = lowest_and_highest;
        if self.logarithmic {
            layout = layout.with_log_y();
        } else if lowest < highest {
            let margin = 0.1 * (highest - lowest);
            layout = layout.with_y_axis_min(if lowest == 0.0 { 0.0 } else { lowest - margin });
            layout = layout.with_y_axis_max(highest + margin);
        }
        if let Some((level, label)) = self.level {
            let line = ReferenceLine::horizontal(level).with_color(FAINT[0]).with_label(label);
            layout = layout.with_reference_line(line);
        }
        render(plots, layout)
    }
}

/// A bar for each label.
pub(crate) fn bars(title: &str, [x, y]: [&str; 2], bars: &[(String, f64)]) -> String {
    let plot = BarPlot::new().with_bars(bars.to_vec()).with_color(series(0));
    let plots = vec![Plot::Bar(plot)];
    let layout = Layout::auto_from_plots(&plots).with_title(title).with_x_label(x).with_y_label(y);
    render(plots, layout)
}

/// A point with its interval for each temperature, a line for each name.
pub(crate) fn intervals(
    title: &str,
    [x, y]: [&str; 2],
    logarithmic: bool,
    lines: Vec<(String, Vec<[f64; 3]>)>,
    level: (f64, String),
) -> String {
    let mut plots = Vec::new();
    for (index, (legend, points)) in lines.into_iter().enumerate() {
        let line = LinePlot::new()
            .with_data(points.iter().map(|[x, y, _]| (*x, *y)))
            .with_y_err_asymmetric(points.iter().map(|&[_, y, half]| match half.is_finite() {
                // On a logarithmic axis an arm that reaches 0 has no end; it is cut.
                true if logarithmic => (half.min(LONGEST_ARM * y), half),
                true => (half, half),
                false => (0.0, 0.0),
            }))
            .with_color(series(index))
            .with_stroke_width(2.0)
            .with_legend(legend);
        plots.push(Plot::Line(line));
    }
    let layout = Layout::auto_from_plots(&plots)
        .with_title(title)
        .with_x_label(x)
        .with_y_label(y)
        .with_legend_position(LegendPosition::OutsideBottomCenter)
        .with_legend_box(false)
        .with_reference_line(ReferenceLine::horizontal(level.0).with_color(FAINT[0]).with_label(level.1));
    let layout = if logarithmic { layout.with_log_y() } else { layout };
    render(plots, layout)
}

fn series(index: usize) -> &'static str {
    SERIES[index % SERIES.len()][0]
}

fn render(plots: Vec<Plot>, layout: Layout) -> String {
    let theme = Theme {
        background: PAPER[0].into(),
        axis_color: FAINT[0].into(),
        grid_color: GRID[0].into(),
        tick_color: FAINT[0].into(),
        text_color: INK[0].into(),
        legend_bg: PAPER[0].into(),
        legend_border: GRID[0].into(),
        font_family: Some("system-ui, sans-serif".into()),
        ..Theme::light()
    };
    let layout = layout.with_theme(theme).with_width(720.0).with_height(420.0);
    let scene = render_multiple(plots, layout);
    // Without it a browser cuts the picture instead of scaling it.
    let shape = format!("<svg viewBox=\"0 0 {} {}\" ", scene.width, scene.height);
    both_modes(&SvgBackend::new().render_scene(&scene).replacen("<svg ", &shape, 1))
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
