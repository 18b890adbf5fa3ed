//! Evidently 0.7.23: `legacy/calculations/stattests`, which its new interface calls as well, on the types that `core/datasets.py` infers.

use kullback::{Divergence, JensenShannonDistance, estimate::chi_square_tail};

use super::{
    CompatStatistic, Dtype, Side,
    numpy::{entropy, histogram, kolmogorov_smirnov, psi, standard_deviation, sturges, wasserstein},
    raw::{Ordered, finite, runs, shares, side_by_side},
};

/// Of all distances.
const THRESHOLD: f64 = 0.1;
/// Of all tests.
const SIGNIFICANCE: f64 = 0.05;
/// Values of the reference up to which a test is its default.
const MOST_TESTED: u64 = 1000;
/// Numbers of no more distinct values are tested as categories are.
const FEW: usize = 5;
/// More distinct values in the reference than this, and numbers are binned.
const MOST_BY_VALUE: usize = 20;
/// An integer column with no more distinct values than this is categorical.
const MOST_CATEGORIES: usize = 10;

/// KL(reference‖current) in nats, PSI and the Jensen–Shannon distance; of numbers the Wasserstein distance by the reference's deviation,
/// too; and up to 1000 values of the reference the p-value of the test that is its default then.
pub(super) fn statistics(reference: &Side<'_>, current: &Side<'_>) -> Result<Vec<CompatStatistic>, String> {
    let numerical = numerical(current)?;
    let (counts, numbers) = match (&reference.values, &current.values) {
        (Ordered::Numbers(old), Ordered::Numbers(new)) => {
            let (old, new) = (finite(old), finite(new));
            let whole = reference.dtype == Dtype::Integer && current.dtype == Dtype::Integer;
            (numbers(old, new, numerical, whole)?, Some((old, new)))
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
    let distance = JensenShannonDistance.between(&old, &new).map_err(|error| error.to_string())?;
    let (filled_old, filled_new) = (filled(&old), filled(&new));
    let mut statistics = vec![
        CompatStatistic::at_least("kl_div", entropy(&filled_old, &filled_new), THRESHOLD),
        CompatStatistic::at_least("psi", psi(&filled_old, &filled_new), THRESHOLD),
        CompatStatistic::at_least("jensenshannon", distance, THRESHOLD),
    ];
    if let Some((old, new)) = numbers.filter(|_| numerical) {
        let distance = wasserstein(old, new) / standard_deviation(old).max(0.001);
        statistics.push(CompatStatistic::at_least("wasserstein", distance, THRESHOLD));
    }
    let rows: u64 = counts.iter().map(|pair| pair[0]).sum();
    if rows <= MOST_TESTED {
        let by_value = numbers.map_or(counts, |(old, new)| side_by_side(&runs(old), &runs(new)));
        statistics.extend(match numbers.filter(|_| numerical && by_value.len() > FEW) {
            Some((old, new)) => kolmogorov_smirnov(old, new).map(|p| tested("ks", p, p <= SIGNIFICANCE)),
            None if by_value.len() > 2 => {
                let p = one_sample_chi_square(&by_value);
                Some(tested("chisquare", p, p < SIGNIFICANCE))
            }
            None => {
                let p = proportions(&by_value);
                Some(tested("z", p, p < SIGNIFICANCE))
            }
        });
    }
    Ok(statistics)
}

fn tested(statistic: &'static str, p: f64, drifted: bool) -> CompatStatistic {
    CompatStatistic { statistic, value: Some(p), threshold: Some(SIGNIFICANCE), drifted: Some(drifted) }
}

/// The χ² test of the current counts as if the reference's shares were the truth.
fn one_sample_chi_square(counts: &[[u64; 2]]) -> f64 {
    let [old, new] = totals(counts);
    let term = |pair: &[u64; 2]| {
        let expected = pair[0] as f64 * (new / old);
        (pair[1] as f64 - expected) * (pair[1] as f64 - expected) / expected
    };
    chi_square_tail(counts.iter().map(term).sum(), counts.len() as f64 - 1.0)
}

/// The two-sided z test of two proportions, of one of the two values.
fn proportions(counts: &[[u64; 2]]) -> f64 {
    let ([old, new], [first, _]) = (totals(counts), counts) else { return 1.0 };
    let [p, q] = [(old - first[0] as f64) / old, (new - first[1] as f64) / new];
    let pooled = (p * old + q * new) / (old + new);
    let z = (p - q) / (pooled * (1.0 - pooled) * (1.0 / old + 1.0 / new)).sqrt();
    chi_square_tail(z * z, 1.0)
}

fn totals(counts: &[[u64; 2]]) -> [f64; 2] {
    [0, 1].map(|side| counts.iter().map(|pair| pair[side]).sum::<u64>() as f64)
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
