//! One JSON object a command, its keys in the promised order.

use kullback::divergence::{self, MeasureInfo};
use kullback::family::{Certified, Family, FamilyInfo};
use kullback_table::{
    ColumnDrift, CompatDrift, CompatStatistic, ConditionalDrift, Contribution, DriftReport, JointDrift, Period,
    PeriodColumn, ProfileColumn, Test, Timeline,
};
use serde_json::{Map, Value, json};

use crate::args::Unit;
use crate::command::check::Check;
use crate::command::discrete::{Carrier, Report};
use crate::command::family;
use crate::command::logits::{self, Spread};
use crate::command::profile;
use crate::command::samples;

/// JSON has no numbers for infinities and NaN.
fn number(x: f64) -> Value {
    match serde_json::Number::from_f64(x) {
        Some(number) => Value::Number(number),
        None if x.is_nan() => "nan".into(),
        None => if x > 0.0 { "inf" } else { "-inf" }.into(),
    }
}

fn print(value: &Value) -> String {
    format!("{value:#}\n")
}

pub(crate) fn discrete(report: &Report) -> String {
    let mut object = Map::new();
    object.insert("unit".into(), report.unit.name().into());
    object.insert("categories".into(), report.categories.into());
    object.insert("smoothing".into(), report.smoothing.as_str().into());
    for value in &report.values {
        object.insert(value.key.clone(), number(value.value));
    }
    if let Some(carriers) = &report.contributions {
        object.insert("contributions".into(), carriers.iter().map(carrier).collect());
    }
    print(&object.into())
}

fn carrier(carrier: &Carrier) -> Value {
    let Carrier { index, p, q, nats, share } = *carrier;
    json!({ "index": index, "p": number(p), "q": number(q), "nats": number(nats), "share": share.map(number) })
}

/// With several divergences the first is at the top level, and all are in a list.
pub(crate) fn logits(report: &logits::Report) -> String {
    let mut objects: Vec<Map<String, Value>> = report.divergences.iter().map(|spread| object(report, spread)).collect();
    let several = objects.len() > 1;
    let mut first = objects.first().cloned().unwrap_or_default();
    if several {
        first.insert("divergences".into(), objects.drain(..).map(Value::Object).collect());
    }
    print(&first.into())
}

fn object(report: &logits::Report, spread: &Spread) -> Map<String, Value> {
    let summary = &spread.summary;
    let value = json!({
        "unit": report.unit.name(),
        "rows": report.rows,
        "vocabulary": report.vocabulary,
        "divergence": spread.name,
        "temperature": number(report.temperature),
        "mean": number(summary.mean),
        "std_error": number(summary.std_error),
        "median": number(summary.median),
        "percentiles": {
            "p90": number(summary.p90),
            "p95": number(summary.p95),
            "p99": number(summary.p99),
            "p99_9": number(summary.p99_9),
        },
        "min": number(summary.min),
        "max": number(summary.max),
        "worst_row": spread.worst.first().map(|row| row.row),
        "top1_agreement": number(report.agreement.top1 as f64 / report.rows as f64),
        "masked_entries": report.agreement.masked,
    });
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

pub(crate) fn samples(report: &samples::Report) -> String {
    print(&json!({
        "unit": report.unit.name(),
        "n": report.n,
        "m": report.m,
        "dimensions": report.dimensions,
        "estimator": report.estimator.to_string(),
        "kl": number(report.kl),
        "ci_low": number(report.ci_low),
        "ci_high": number(report.ci_high),
        "notes": report.notes,
    }))
}

pub(crate) fn profile(report: &profile::Report) -> String {
    let column = |column: &ProfileColumn| {
        let (low, high) = column.range().unzip();
        json!({
            "column": column.name(),
            "kind": column.family(),
            "type": column.type_name(),
            "distinct": column.distinct(),
            "nulls": column.nulls(),
            "nans": column.nans(),
            "min": low,
            "max": high,
        })
    };
    print(&json!({
        "file": report.file.display().to_string(),
        "bytes": report.bytes,
        "rows": report.profile.rows(),
        "columns": report.profile.columns().iter().map(column).collect::<Vec<_>>(),
    }))
}

pub(crate) fn drift(report: &DriftReport, unit: Unit, check: Option<&Check>) -> String {
    let columns: Vec<Value> = report.columns.iter().map(|column| column_drift(column, unit)).collect();
    let mut object = json!({
        "unit": unit.name(),
        "rows_reference": report.rows_reference,
        "rows_current": report.rows_current,
        "alpha": number(report.alpha),
        "columns": columns,
        "estimator": report.estimator.to_string(),
        "notes": report.notes,
    });
    // What was not asked for has no key.
    if let Some(timeline) = &report.timeline {
        object["timeline"] = self::timeline(timeline, unit);
    }
    if !report.joint.is_empty() {
        object["joint"] = report.joint.iter().map(|joint| self::joint(joint, unit)).collect();
    }
    if let Some(check) = check {
        let failed = check.failed().map(|verdict| json!({ "column": verdict.column, "reasons": verdict.reasons }));
        object["failed"] = failed.collect();
    }
    print(&object)
}

fn timeline(timeline: &Timeline, unit: Unit) -> Value {
    let information = |nats: f64| number(unit.of(nats));
    let column = |column: &PeriodColumn| {
        json!({
            "column": column.column,
            "kl": information(column.kl),
            "ci_low": information(column.interval.0),
            "ci_high": information(column.interval.1),
            "kl_previous": column.kl_previous.map(information),
            "p_value": column.p_value.map(number),
            "p_adjusted": column.p_adjusted.map(number),
        })
    };
    let period = |period: &Period| {
        let columns: Vec<Value> = period.columns.iter().map(column).collect();
        json!({ "period": period.name, "rows": period.rows, "columns": columns })
    };
    json!({ "by": timeline.by, "periods": timeline.periods.iter().map(period).collect::<Vec<_>>() })
}

fn joint(joint: &JointDrift, unit: Unit) -> Value {
    let part = |part: &ConditionalDrift| {
        json!({
            "column": part.column,
            "given": part.given,
            "kl": number(unit.of(part.kl)),
            "g": number(part.g),
            "degrees_of_freedom": part.degrees_of_freedom,
            "p_value": part.p_value.map(number),
            "p_permuted": part.permuted,
            "contributions": part.contributions.iter().map(|bin| contribution(bin, unit)).collect::<Vec<_>>(),
        })
    };
    let parts: Vec<Value> = joint.parts.iter().map(part).collect();
    json!({ "columns": joint.columns, "kl": number(unit.of(joint.kl)), "parts": parts })
}

fn contribution(part: &Contribution, unit: Unit) -> Value {
    json!({
        "bin": part.bin,
        "reference": part.reference,
        "current": part.current,
        "nats": number(unit.of(part.nats)),
    })
}

fn column_drift(column: &ColumnDrift, unit: Unit) -> Value {
    let information = |nats: f64| number(unit.of(nats));
    let mut object = json!({
        "column": column.column,
        "kind": column.kind.to_string(),
        "bins": column.bins,
        "kl": column.kl.map(information),
        "kl_reverse": column.kl_reverse.map(information),
        "jensen_shannon": column.jensen_shannon.map(information),
        // As it is in any unit: its customary thresholds 0.1 and 0.25 are in nats.
        "psi": column.psi.map(number),
        "g": column.g.map(number),
        "degrees_of_freedom": column.degrees_of_freedom,
        "p_value": column.p_value.map(number),
        "p_adjusted": column.p_adjusted.map(number),
        "drifted": column.drifted,
        "null_fraction_reference": column.null_fraction_reference.map(number),
        "null_fraction_current": column.null_fraction_current.map(number),
        "contributions": column.contributions.iter().map(|bin| contribution(bin, unit)).collect::<Vec<_>>(),
        "status": column.status.to_string(),
        "p_permuted": column.test == Test::Permutation,
        "notes": column.notes,
        "ci_low": column.interval.map(|(low, _)| information(low)),
        "ci_high": column.interval.map(|(_, high)| information(high)),
        "kl_null": column.kl_null.map(information),
        "psi_null": column.psi_null.map(number),
        "zero_cells": column.zero_cells,
        "zero_mass": column.zero_mass.map(number),
        "test": column.test.to_string(),
    });
    if let Some(said) = &column.compat {
        object["compat"] = compat(said);
    }
    object
}

/// Another tool's numbers, in that tool's units whatever `--unit` is.
fn compat(said: &CompatDrift) -> Value {
    let statistic = |one: &CompatStatistic| {
        json!({
            "statistic": one.statistic,
            "value": one.value.map(number),
            "threshold": one.threshold.map(number),
            "drifted": one.drifted,
        })
    };
    let statistics: Vec<Value> = said.statistics.iter().map(statistic).collect();
    json!({ "tool": said.tool.to_string(), "statistics": statistics, "reason": said.reason })
}

pub(crate) fn measures(catalogue: &[MeasureInfo]) -> String {
    let measure = |info: &MeasureInfo| json!({ "name": info.pattern, "example": info.example, "definition": info.summary, "has_unit": info.unit != divergence::Unit::One });
    print(&json!({ "measures": catalogue.iter().map(measure).collect::<Vec<_>>() }))
}

pub(crate) fn family(report: &family::Report) -> String {
    let mut object = Map::new();
    object.insert("unit".into(), report.unit.name().into());
    object.insert("p".into(), report.p.as_str().into());
    object.insert("q".into(), report.q.as_str().into());
    for value in &report.values {
        object.insert(value.key.clone(), certified(value.found));
    }
    for bounds in &report.bounds {
        let of = bounds.of;
        let value =
            json!({ "lower": number(of.lower), "upper": number(of.upper), "variational": number(of.variational) });
        object.insert(bounds.key.into(), value);
    }
    print(&object.into())
}

fn certified(found: Certified) -> Value {
    json!({ "value": number(found.value), "method": found.method.name(), "error": number(found.error) })
}

pub(crate) fn families(catalogue: &[FamilyInfo]) -> String {
    let plain = catalogue.iter().map(|info| (info.name, info.parameters));
    let family = |(name, parameters)| json!({ "name": name, "parameters": parameters });
    print(&json!({ "families": plain.chain(Family::shaped()).map(family).collect::<Vec<_>>() }))
}
