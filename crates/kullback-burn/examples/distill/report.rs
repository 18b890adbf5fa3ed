//! The table, the plots, and which setting is best.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::model::Score;
use crate::support::Outcome;
use crate::support::figure::{Figure, intervals};
use crate::support::images::Split;
use crate::support::page::{Page, Table};
use crate::support::statistics::Spread;
use crate::{Options, Setting};

/// Where a score has what.
const ACCURACY: usize = 0;
const KL: usize = 1;
const AGREEMENT: usize = 2;
const CALIBRATION: usize = 3;

/// A setting with the spread of each of its numbers.
struct Row<'a> {
    setting: &'a Setting,
    spreads: [Spread; 4],
}

impl Row<'_> {
    fn name(&self) -> String {
        format!("{}, T = {}", self.setting.name, self.setting.temperature)
    }
}

pub(crate) fn outcome(
    options: &Options,
    data: &Split,
    ways: &[Setting],
    teacher: Score,
    seconds: f64,
) -> Result<Outcome> {
    let mut rows = Vec::new();
    for setting in ways {
        let mut spreads = [Spread::of(&setting.column(0))?; 4];
        for (index, spread) in spreads.iter_mut().enumerate() {
            *spread = Spread::of(&setting.column(index))?;
        }
        rows.push(Row { setting, spreads });
    }
    let verdicts = vec![verdict(&rows, ACCURACY, "accuracy")?, verdict(&rows, KL, "KL to the teacher")?];
    let settings: Vec<Value> = rows.iter().map(json_row).collect();
    let json = json!({ "settings": settings, "teacher_accuracy": teacher.accuracy, "seconds": seconds });
    let lines = rows.iter().map(|row| {
        let [accuracy, kl, ..] = &row.spreads;
        let (percent, points) = (100.0 * accuracy.mean, give_or_take(100.0 * accuracy.sd, 2));
        format!("{:<22} accuracy {percent:.2}{points} %   KL {:.4}{} nats", row.name(), kl.mean, give_or_take(kl.sd, 4))
    });
    let lines = lines.chain(verdicts.iter().cloned()).collect();
    Ok(Outcome { lines, json, page: page(options, data, &rows, teacher, verdicts) })
}

/// Nothing for what a single student does not have.
fn give_or_take(x: f64, digits: usize) -> String {
    if x.is_nan() { String::new() } else { format!(" ± {x:.digits$}") }
}

fn json_row(row: &Row<'_>) -> Value {
    // One student has no standard deviation; JSON has no NaN.
    let number = |x: f64| if x.is_nan() { json!("nan") } else { json!(x) };
    json!({
        "name": row.setting.name,
        "temperature": row.setting.temperature,
        "accuracy_mean": row.spreads[ACCURACY].mean,
        "accuracy_sd": number(row.spreads[ACCURACY].sd),
        "kl_to_teacher_mean": row.spreads[KL].mean,
        "kl_to_teacher_sd": number(row.spreads[KL].sd),
        "seeds": row.setting.scores.len(),
    })
}

/// The setting with the best mean, and whether it is told apart from hard labels and from the second: by the paired
/// differences of students that began alike.
fn verdict(rows: &[Row<'_>], index: usize, what: &str) -> Result<String> {
    let sign = if index == ACCURACY { 1.0 } else { -1.0 };
    let mut order: Vec<&Row<'_>> = rows.iter().collect();
    order.sort_by(|a, b| (sign * b.spreads[index].mean).total_cmp(&(sign * a.spreads[index].mean)));
    let [best, second, ..] = order[..] else { anyhow::bail!("there are no settings to compare") };
    let hard = rows.iter().find(|row| row.setting.name == "hard-labels").context("there are no hard labels")?;
    let against = |other: &Row<'_>| -> Result<String> {
        let pairs = best.setting.column(index).into_iter().zip(other.setting.column(index));
        let difference = Spread::of(&pairs.map(|(best, other)| sign * (best - other)).collect::<Vec<_>>())?;
        let Spread { mean, half_width, .. } = difference;
        let (scale, unit) = if index == ACCURACY { (100.0, "points") } else { (1.0, "nats") };
        let sure = match half_width.is_nan() {
            true => "one pair says nothing of chance",
            false if mean > half_width => "beyond chance",
            false => "within chance",
        };
        let (mean, around) = (scale * mean, give_or_take(scale * half_width, 4));
        Ok(format!("{}: {mean:.4}{around} {unit} better, {sure}", other.name()))
    };
    let from_hard = match "hard-labels" {
        name if [best, second].iter().any(|row| row.setting.name == name) => String::new(),
        _ => format!(", than {}", against(hard)?),
    };
    Ok(format!("Best {what}: {}; than the next, {}{from_hard}.", best.name(), against(second)?))
}

fn page(options: &Options, data: &Split, rows: &[Row<'_>], teacher: Score, verdicts: Vec<String>) -> Page {
    let cells = rows.iter().map(|row| {
        let [accuracy, kl, agreement, calibration] = row.spreads;
        vec![
            row.name(),
            format!("{:.2}{}", 100.0 * accuracy.mean, give_or_take(100.0 * accuracy.sd, 2)),
            give_or_take(100.0 * accuracy.half_width, 2),
            format!("{:.4}{}", kl.mean, give_or_take(kl.sd, 4)),
            give_or_take(kl.half_width, 4),
            format!("{:.2}", 100.0 * agreement.mean),
            format!("{:.2}", 100.0 * calibration.mean),
        ]
    });
    let head = ["setting", "accuracy %", "95 %", "KL (nats)", "95 %", "agreement %", "calibration error %"];
    let first = format!(
        "A teacher with {} hidden units and students with {}, both trained for {} epochs on {} images of {}; figures are of \
         {} others. The teacher is right in {:.2} % of them, with a calibration error of {:.2} %. Each setting has {} \
         students; those of one number begin with the same weights and see the images in the same order, whatever the \
         setting. Losses of soft targets are multiplied by T². Seed {}.",
        options.teacher,
        options.student,
        options.epochs,
        data.train.len(),
        data.name,
        data.test.len(),
        100.0 * teacher.accuracy,
        100.0 * teacher.calibration,
        options.seeds,
        options.common.seed,
    );
    let note =
        "Differences are means over pairs of students with their 95 % intervals by Student's t. The best of ten \
                settings looks a little better than it is; its interval does not account for the choice."
            .to_owned();
    Page {
        title: "Distillation".to_owned(),
        text: [vec![first], verdicts, vec![note]].concat(),
        tables: vec![Table {
            head: head.map(str::to_owned).to_vec(),
            rows: cells.collect(),
            caption: "Mean ± standard deviation over students, and the half width of the mean's 95 % interval. KL is \
                      KL(teacher‖student) at temperature 1; agreement is how often both put the same class first."
                .to_owned(),
        }],
        figures: vec![
            figure(rows, KL, "kl", "KL to the teacher", "KL(teacher‖student) (nats)", 1.0),
            figure(rows, ACCURACY, "accuracy", "Accuracy", "test images that are right (%)", 100.0),
            figure(rows, AGREEMENT, "agreement", "Agreement with the teacher", "the same class first (%)", 100.0),
            figure(rows, CALIBRATION, "calibration", "Calibration", "expected calibration error (%)", 100.0),
        ],
    }
}

fn figure(rows: &[Row<'_>], index: usize, name: &str, title: &str, unit: &str, scale: f64) -> Figure {
    let mut lines: Vec<(String, Vec<[f64; 3]>)> = Vec::new();
    let mut level = f64::NAN;
    for row in rows {
        let Spread { mean, half_width, .. } = row.spreads[index];
        if row.setting.name == "hard-labels" {
            level = scale * mean;
            continue;
        }
        let point = [row.setting.temperature, scale * mean, scale * half_width];
        match lines.iter_mut().find(|(name, _)| name == row.setting.name) {
            Some((_, points)) => points.push(point),
            None => lines.push((row.setting.name.to_owned(), vec![point])),
        }
    }
    let better = if index == KL || index == CALIBRATION { "lower" } else { "higher" };
    Figure {
        name: name.to_owned(),
        caption: format!(
            "Means over students with their 95 % intervals, by temperature; the grey line is what students of hard labels \
             come to. The {better} the better."
        ),
        svg: intervals(title, ["temperature T", unit], index == KL, lines, (level, "hard labels".to_owned())),
    }
}
