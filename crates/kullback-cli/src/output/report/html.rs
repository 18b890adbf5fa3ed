//! A page that stands alone: what it shows is put into words and pictures here, how it looks is the template's business.

use anyhow::{Context, Result};
use kullback_table::{
    ColumnDrift, ConditionalDrift, Contribution, DriftReport, JointDrift, PeriodColumn, Status, Timeline,
};
use minijinja::{Environment, value::Serde};
use serde::Serialize;

use super::{STRONGEST, Subject};
use crate::args::Unit;
use crate::output::plot::{Bar, Sketcher, signs};
use crate::output::story;
use crate::output::text::{count, figure, p_value, percent};
use crate::output::xml::visible;

const TEMPLATE: &str = include_str!("../../../templates/report.html");
/// Columns that have a picture of their own; the rest are in the table.
const PICTURES: usize = 60;
/// Columns whose course is seen at once.
const LINES: usize = 6;
/// Bins that are listed of a column.
const BINS: usize = 40;
/// Columns named for one note.
const NAMES: usize = 8;
/// Movements named in a line.
const MOVED: usize = 3;

#[derive(Serialize)]
struct Page {
    /// Rules for pictures: on light paper, on dark.
    styles: [String; 2],
    summary: String,
    /// The strongest columns, and what happened to them.
    strongest: Vec<[String; 2]>,
    tables: [String; 2],
    rows: [String; 2],
    alpha: String,
    /// What is to be said of the whole.
    remarks: Vec<String>,
    unit: &'static str,
    estimator: String,
    /// Lines of what changed, and of the rest.
    groups: [Vec<Row>; 2],
    changed: Vec<Card>,
    /// Changed columns without a picture.
    unpictured: usize,
    missing: Option<String>,
    missing_rows: Vec<[String; 3]>,
    timeline: Option<Time>,
    joint: Vec<Joint>,
    notes: Vec<Note>,
}

/// A line of the table.
#[derive(Serialize)]
struct Row {
    name: String,
    status: String,
    drifted: bool,
    /// Its picture's place on the page.
    anchor: Option<String>,
    kl: String,
    interval: String,
    psi: String,
    psi_null: String,
    p: String,
    p_adjusted: String,
    nulls: String,
}

/// A changed column.
#[derive(Serialize)]
struct Card {
    anchor: String,
    name: String,
    kl: String,
    interval: String,
    moved: String,
    picture: String,
    bins: Vec<[String; 4]>,
    /// Bins that are not listed.
    unlisted: usize,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Time {
    by: String,
    all: String,
    /// The first columns, which are seen at once, and the rest.
    lines: [Vec<Line>; 2],
    periods: Vec<[String; 2]>,
    columns: Vec<Course>,
}

#[derive(Serialize)]
struct Line {
    name: String,
    picture: String,
}

/// A column's figures, one a period.
#[derive(Serialize)]
struct Course {
    name: String,
    values: Vec<String>,
}

#[derive(Serialize)]
struct Joint {
    columns: String,
    kl: String,
    parts: Vec<Part>,
}

#[derive(Serialize)]
struct Part {
    name: String,
    given: String,
    kl: String,
    p: String,
    bins: Vec<[String; 3]>,
}

#[derive(Serialize)]
struct Note {
    columns: String,
    note: String,
}

/// The page of a comparison. Its bytes are a function of the report, the tables' names and the unit.
pub(super) fn page(subject: &Subject<'_>) -> Result<String> {
    let Subject { report, tables, unit } = subject;
    let sketcher = Sketcher::new(*unit)?;
    let pictured = story::pictured(report);
    let anchors: Vec<&str> = pictured.iter().take(PICTURES).map(|column| column.column.as_str()).collect();
    let changed = pictured.iter().take(PICTURES).enumerate();
    let (missing, missing_rows) = missing(report, &sketcher);
    let page = Page {
        styles: Sketcher::style(),
        summary: story::summary(report),
        strongest: pictured
            .iter()
            .take(STRONGEST)
            .map(|column| [column.column.clone(), unbroken(&happened(report, column))])
            .collect(),
        tables: tables.clone(),
        rows: [count(report.rows_reference), count(report.rows_current)],
        alpha: report.alpha.to_string(),
        remarks: report.notes.clone(),
        unit: unit.name(),
        estimator: report.estimator.to_string(),
        groups: [true, false].map(|drifted| {
            let columns = report.columns.iter().filter(|column| column.drifted == drifted);
            columns.map(|column| row(column, *unit, &anchors)).collect()
        }),
        changed: changed.map(|(index, column)| card(column, index, *unit, &sketcher)).collect(),
        unpictured: pictured.len() - anchors.len(),
        missing,
        missing_rows,
        timeline: report.timeline.as_ref().map(|timeline| time(timeline, report, *unit, &sketcher)),
        joint: report.joint.iter().map(|joint| together(joint, report, *unit)).collect(),
        notes: notes(report, &anchors),
    };
    let mut environment = Environment::new();
    // The suffix of its name turns on escaping.
    environment.add_template("report.html", TEMPLATE).context("the built-in template cannot be read")?;
    let template = environment.get_template("report.html").context("the built-in template cannot be read")?;
    let text = template.render(Serde(page)).context("the built-in template cannot be filled in")?;
    Ok(text.chars().map(|letter| if letter == '\n' { letter } else { visible(letter) }).collect())
}

/// What happened to a column, and when it was furthest from the reference.
fn happened(report: &DriftReport, column: &ColumnDrift) -> String {
    let when = report.timeline.as_ref().and_then(|timeline| {
        let (period, _) = story::furthest(timeline, &column.column)?;
        Some(format!("; furthest away in {} {}", timeline.by, period.name))
    });
    story::happened(column) + &when.unwrap_or_default()
}

fn row(column: &ColumnDrift, unit: Unit, anchors: &[&str]) -> Row {
    let constant = column.status == Status::Constant;
    let tested = |value: Option<f64>| value.filter(|_| !constant);
    let place = anchors.iter().position(|name| *name == column.column);
    Row {
        name: column.column.clone(),
        status: column.status.to_string(),
        drifted: column.drifted,
        anchor: place.map(anchor),
        kl: optional(tested(column.kl), |kl| number(unit.of(kl), 3)),
        interval: optional(column.interval.filter(|_| !constant), |ends| interval(ends, unit)),
        psi: optional(tested(column.psi), |psi| number(psi, 3)),
        psi_null: optional(tested(column.psi_null), |psi| number(psi, 2)),
        p: optional(column.p_value, probability),
        p_adjusted: optional(column.p_adjusted, probability),
        nulls: nulls(column).map_or_else(String::new, |[before, now]| format!("{before} → {now} %")),
    }
}

fn anchor(index: usize) -> String {
    format!("column-{}", index + 1)
}

fn card(column: &ColumnDrift, index: usize, unit: Unit, sketcher: &Sketcher) -> Card {
    let anchor = anchor(index);
    Card {
        picture: sketcher.column(column, &anchor),
        anchor,
        name: column.column.clone(),
        kl: optional(column.kl, |kl| number(unit.of(kl), 3)),
        interval: optional(column.interval, |ends| interval(ends, unit)),
        moved: unbroken(&story::movements(column, MOVED).join(" · ")),
        bins: listed(column).into_iter().map(|bin| figures(column, bin, unit)).collect(),
        unlisted: column.contributions.len().saturating_sub(BINS),
        notes: story::caveats(column),
    }
}

/// All bins in the report's order, or those with the most nats.
fn listed(column: &ColumnDrift) -> Vec<&Contribution> {
    match column.contributions.len() {
        0..=BINS => column.contributions.iter().collect(),
        _ => story::largest(column).take(BINS).collect(),
    }
}

fn figures(column: &ColumnDrift, bin: &Contribution, unit: Unit) -> [String; 4] {
    let [before, now] = story::shares(column, bin).map(percent);
    [bin.bin.clone(), before, now, signs(unit.of(bin.nats))]
}

/// Nulls before and now in percent, of columns that have any.
fn nulls(column: &ColumnDrift) -> Option<[String; 2]> {
    let both = [column.null_fraction_reference, column.null_fraction_current];
    let any = both.into_iter().flatten().any(|fraction| fraction > 0.0);
    any.then(|| both.map(|fraction| optional(fraction, percent)))
}

fn missing(report: &DriftReport, sketcher: &Sketcher) -> (Option<String>, Vec<[String; 3]>) {
    let mut holed: Vec<&ColumnDrift> = report.columns.iter().filter(|column| nulls(column).is_some()).collect();
    let both = |column: &ColumnDrift| {
        [column.null_fraction_reference, column.null_fraction_current].map(Option::unwrap_or_default)
    };
    let change = |column: &ColumnDrift| (both(column)[1] - both(column)[0]).abs();
    holed.sort_by(|a, b| change(b).total_cmp(&change(a)));
    if holed.is_empty() {
        return (None, Vec::new());
    }
    let bars: Vec<Bar> = holed
        .iter()
        .map(|column| Bar {
            label: column.column.clone(),
            shares: both(column),
            adds: None,
            carries: true,
            drawn: true,
        })
        .collect();
    let rows = holed.iter().filter_map(|column| {
        let [before, now] = nulls(column)?;
        Some([column.column.clone(), before, now])
    });
    (Some(sketcher.shares(&bars, "Missing values", "missing")), rows.collect())
}

fn time(timeline: &Timeline, report: &DriftReport, unit: Unit, sketcher: &Sketcher) -> Time {
    let compared: Vec<&str> = timeline
        .periods
        .first()
        .map_or_else(Vec::new, |period| period.columns.iter().map(|column| column.column.as_str()).collect());
    let lines = report.columns.iter().map(|column| column.column.as_str()).filter(|name| compared.contains(name));
    let lines = lines.take(PICTURES).enumerate().map(|(index, name)| Line {
        name: name.to_owned(),
        picture: sketcher.course(timeline, name, &format!("course-{}", index + 1)),
    });
    let values = |name: &str| {
        let of = |column: &PeriodColumn| number(unit.of(column.kl), 2);
        timeline
            .periods
            .iter()
            .map(|period| optional(period.columns.iter().find(|column| column.column == name), of))
            .collect()
    };
    let mut first: Vec<Line> = lines.collect();
    let rest = first.split_off(first.len().min(LINES));
    Time {
        by: timeline.by.clone(),
        all: sketcher.courses(timeline, &compared, "courses"),
        lines: [first, rest],
        periods: timeline.periods.iter().map(|period| [period.name.clone(), count(period.rows)]).collect(),
        columns: compared.iter().map(|name| Course { name: (*name).to_owned(), values: values(name) }).collect(),
    }
}

fn together(joint: &JointDrift, report: &DriftReport, unit: Unit) -> Joint {
    let share = |count: u64, rows: u64| percent(count as f64 / rows.max(1) as f64);
    let bin = |bin: &Contribution| {
        let [before, now] = [share(bin.reference, report.rows_reference), share(bin.current, report.rows_current)];
        [bin.bin.clone(), format!("{before}→{now}\u{a0}%"), signs(unit.of(bin.nats))]
    };
    let part = |part: &ConditionalDrift| Part {
        name: part.column.clone(),
        given: part.given.join(", "),
        kl: number(unit.of(part.kl), 3),
        p: optional(part.p_value, probability),
        bins: part.contributions.iter().take(MOVED).map(bin).collect(),
    };
    Joint {
        columns: joint.columns.join(", "),
        kl: number(unit.of(joint.kl), 3),
        parts: joint.parts.iter().map(part).collect(),
    }
}

/// What is to be said of columns without a picture; of several the same is said once.
fn notes(report: &DriftReport, pictured: &[&str]) -> Vec<Note> {
    let mut notes: Vec<(String, Vec<&str>)> = Vec::new();
    for column in report.columns.iter().filter(|column| !pictured.contains(&column.column.as_str())) {
        for note in story::caveats(column) {
            match notes.iter_mut().find(|(said, _)| *said == note) {
                Some((_, of)) => of.push(&column.column),
                None => notes.push((note, vec![&column.column])),
            }
        }
    }
    let note = |(note, of): (String, Vec<&str>)| {
        let more = of.len().saturating_sub(NAMES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        Note { columns: of.into_iter().take(NAMES).collect::<Vec<_>>().join(", ") + &more, note }
    };
    notes.into_iter().map(note).collect()
}

fn interval((low, high): (f64, f64), unit: Unit) -> String {
    format!("{} … {}", number(unit.of(low), 3), number(unit.of(high), 3))
}

fn number(x: f64, digits: usize) -> String {
    figure(x, digits).replace('-', "−")
}

fn probability(p: f64) -> String {
    p_value(p).replace('-', "−").replace('<', "< ")
}

/// The text, with a sign of percent that stays in the line of its number.
fn unbroken(text: &str) -> String {
    text.replace(" %", "\u{a0}%")
}

fn optional<T>(value: Option<T>, text: impl Fn(T) -> String) -> String {
    value.map_or_else(|| "–".to_owned(), text)
}
