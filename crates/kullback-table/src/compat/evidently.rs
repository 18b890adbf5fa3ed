//! Evidently 0.7.23: `legacy/calculations/stattests`, which its new interface calls as well, on the types that `core/datasets.py` infers.

use super::{
    CompatStatistic, Dtype, Side,
    numpy::{entropy, histogram, jensen_shannon_distance, psi, standard_deviation, sturges, wasserstein},
    raw::{Ordered, finite, runs, shares, side_by_side},
};

/// Of all of these statistics; Wasserstein's has the same.
const THRESHOLD: f64 = 0.1;
/// More distinct values in the reference than this, and numbers are binned.
const MOST_BY_VALUE: usize = 20;
/// An integer column with no more distinct values than this is categorical.
const MOST_CATEGORIES: usize = 10;

/// KL(reference‖current) in nats, PSI and the Jensen–Shannon distance; of numbers the Wasserstein distance by the reference's deviation,
/// too.
pub(super) fn statistics(reference: &Side<'_>, current: &Side<'_>) -> Result<Vec<CompatStatistic>, String> {
    let numerical = numerical(current)?;
    let (counts, distance) = match (&reference.values, &current.values) {
        (Ordered::Numbers(old), Ordered::Numbers(new)) => {
            let (old, new) = (finite(old), finite(new));
            let whole = reference.dtype == Dtype::Integer && current.dtype == Dtype::Integer;
            let distance = numerical.then(|| wasserstein(old, new) / standard_deviation(old).max(0.001));
            (numbers(old, new, numerical, whole)?, distance)
        }
        (Ordered::Texts(old), Ordered::Texts(new)) => (side_by_side(old, new), None),
        _ => return Err("the two tables have it in different types".to_owned()),
    };
    let [old, new] = [0, 1].map(|side| shares(counts.iter().map(|pair| pair[side])));
    for (side, shares) in [("reference", &old), ("current table", &new)] {
        if !shares.iter().any(|&share| share > 0.0) {
            return Err(format!("Evidently refuses it: the {side} has no value in it"));
        }
    }
    let (filled_old, filled_new) = (filled(&old), filled(&new));
    let mut statistics = vec![
        CompatStatistic::at_least("kl_div", entropy(&filled_old, &filled_new), THRESHOLD),
        CompatStatistic::at_least("psi", psi(&filled_old, &filled_new), THRESHOLD),
        CompatStatistic::at_least("jensenshannon", jensen_shannon_distance(&old, &new), THRESHOLD),
    ];
    statistics.extend(distance.map(|distance| CompatStatistic::at_least("wasserstein", distance, THRESHOLD)));
    Ok(statistics)
}

/// Whether it is a numerical column and not a categorical one, which the current table decides.
fn numerical(current: &Side<'_>) -> Result<bool, String> {
    match (current.dtype, &current.values) {
        (Dtype::Float, _) => Ok(true),
        (Dtype::Integer, Ordered::Numbers(values)) => Ok(runs(values).len() > MOST_CATEGORIES),
        (Dtype::Text, Ordered::Texts(counts)) => {
            let rows: u64 = counts.iter().map(|(_, count)| count).sum();
            if counts.len() as u64 * 2 > rows {
                return Err(
                    "Evidently takes it for prose, of which it compares the words: more than half of the values are \
                            distinct"
                        .to_owned(),
                );
            }
            Ok(false)
        }
        (Dtype::Boolean | Dtype::Category, _) => Ok(false),
        _ => {
            Err("Evidently knows no such type: unsigned integers, decimals or booleans with nulls among them"
                .to_owned())
        }
    }
}

/// The counts in bins or by value, of sorted finite values.
fn numbers(old: &[f64], new: &[f64], numerical: bool, whole: bool) -> Result<Vec<[u64; 2]>, String> {
    let (old_runs, new_runs) = (runs(old), runs(new));
    let ends = |values: &[f64]| values.first().copied().zip(values.last().copied());
    match (ends(old), ends(new)) {
        (Some(a), Some(b)) if numerical && old_runs.len() > MOST_BY_VALUE => {
            let edges = sturges(a.0.min(b.0), a.1.max(b.1), old.len() + new.len(), whole);
            if edges.windows(2).any(|pair| pair[0] >= pair[1]) {
                return Err("NumPy refuses it: the range is too narrow, or too wide, for its bins".to_owned());
            }
            Ok(histogram(old, &edges).into_iter().zip(histogram(new, &edges)).map(|(old, new)| [old, new]).collect())
        }
        _ => Ok(side_by_side(&old_runs, &new_runs)),
    }
}

/// Zeros of one side replaced, without taking the mass from anywhere.
fn filled(shares: &[f64]) -> Vec<f64> {
    let smallest = shares.iter().copied().filter(|&share| share != 0.0).fold(f64::INFINITY, f64::min);
    let zero = if smallest <= 0.0001 { smallest / 1e6 } else { 0.0001 };
    shares.iter().map(|&share| if share == 0.0 { zero } else { share }).collect()
}
