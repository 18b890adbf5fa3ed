use kullback::estimate::SampleEstimator;

use super::number::{count, figure, percent};
use super::{BOLD, styled};
use crate::command::samples::Report;

const DIGITS: usize = 4;

pub(crate) fn samples(report: &Report) -> String {
    let unit = report.unit.name();
    let dimensions = if report.dimensions == 1 { "dimension" } else { "dimensions" };
    let sizes = format!(
        "{} points of X, {} of Y, {} {dimensions}",
        count(report.n as u64),
        count(report.m as u64),
        report.dimensions
    );
    let estimator = match report.estimator {
        SampleEstimator::Nearest { k } => format!("{}, k = {k}", report.estimator),
        _ => report.estimator.to_string(),
    };
    let sign = if report.estimator == SampleEstimator::Classifier { "≳" } else { "≈" };
    let value = styled(BOLD, &format!("KL(X‖Y) {sign} {} {unit}", figure(report.kl, DIGITS)));
    let (low, high) = (figure(report.ci_low, DIGITS), figure(report.ci_high, DIGITS));
    let mut text =
        format!("{sizes}; {estimator}\n\n{value}, {} % interval {low} to {high}\n", percent(report.confidence));
    for note in &report.notes {
        text += &format!("note: {note}\n");
    }
    let sentence = match (report.ci_low, report.ci_high) {
        (low, _) if low > 0.0 => "X is not from Y's distribution: the interval leaves out 0.",
        (_, high) if high < 0.0 => "The estimate is biased low: KL itself is never negative.",
        _ => "X may well be from Y's distribution: the interval holds 0.",
    };
    text + "\n" + sentence + "\n"
}
