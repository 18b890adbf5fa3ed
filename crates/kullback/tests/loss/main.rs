//! Losses: the faults that are known elsewhere, gradients against differences, and other libraries' formulas.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop where it fails")]

use kullback::divergence::CrossEntropy;
use kullback::logits::{LogitRows, Remainder, SparseTeacher};
use kullback::loss::{Objective, Reduction, cross_entropy_from_logits, entropy_from_logits};
use kullback::{
    CrossEntropyLoss, Distillation, Divergence, Error, JensenShannon, Kl, KlDivLoss, Measure, Reverse, RowError, Rows,
    Side, SkewKl,
};
use kullback_dev::recipe::SplitMix;
use kullback_dev::{conventions, tolerance};

mod cross_entropy;
mod distillation;
mod kl_div;
mod sparse;

const MASKED: f64 = f64::NEG_INFINITY;
const NOTHING: [f64; 0] = [];

fn random(r: &mut SplitMix, n: usize, scale: f64) -> Vec<f64> {
    (0..n).map(|_| scale * ((0..12).map(|_| r.unit()).sum::<f64>() - 6.0)).collect()
}

fn rows(x: &[f64], columns: usize) -> Rows<'_, f64> {
    Rows::new(x, columns).unwrap()
}

fn measure(name: &str) -> Measure {
    name.parse().unwrap()
}

#[track_caller]
fn close(ours: f64, theirs: f64, tolerance: f64) {
    assert!((ours - theirs).abs() <= tolerance * theirs.abs(), "{ours} and {theirs}");
}

/// The gradient of `f` at `x` against central differences.
#[track_caller]
fn check_gradient(x: &[f64], gradient: &[f64], f: impl Fn(&[f64]) -> f64) {
    const STEP: f64 = 1e-5;
    for i in 0..x.len() {
        let at = |step: f64| {
            let mut x = x.to_vec();
            x[i] += step;
            f(&x)
        };
        let difference = (at(STEP) - at(-STEP)) / (2.0 * STEP);
        assert!((gradient[i] - difference).abs() <= tolerance::DIFFERENCE, "{i}: {} and {difference}", gradient[i]);
    }
}
