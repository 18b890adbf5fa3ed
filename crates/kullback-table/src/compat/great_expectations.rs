//! Great Expectations 1.24: `expect_column_kl_divergence_to_be_less_than` on the current table, with the partition that
//! `build_continuous_partition_object` (automatic bins) or `build_categorical_partition_object` makes of the reference, and no weight
//! held out.

use super::{
    CompatStatistic, Dtype, Side,
    numpy::{entropy, histogram, linspace, nearest},
    raw::{Ordered, ordered, shares, side_by_side},
};

/// More bins than this are not made; one far value is enough to ask for any number of them.
const MOST_BINS: f64 = 1e7;

/// Observed and expected weights; `None` where a side has no value.
type Weights = Option<(Vec<f64>, Vec<f64>)>;

/// KL(current‖reference) in nats, which is `None` where it is infinite or a side has no value. The expectation has no threshold of its
/// own.
pub(super) fn statistics(reference: &Side<'_>, current: &Side<'_>) -> Result<Vec<CompatStatistic>, String> {
    let weights = match (&reference.values, &current.values) {
        (Ordered::Numbers(_), Ordered::Numbers(_)) if [reference.dtype, current.dtype].contains(&Dtype::Object) => {
            return Err("Great Expectations makes no bins of decimals".to_owned());
        }
        (Ordered::Numbers(old), Ordered::Numbers(new)) => {
            // To pandas, NaN is null.
            continuous(ordered(old), ordered(new))?
        }
        (Ordered::Texts(old), Ordered::Texts(new)) => categorical(old, new),
        _ => return Err("the two tables have it in different types".to_owned()),
    };
    let kl = weights.map(|(observed, expected)| entropy(&observed, &expected));
    Ok(vec![CompatStatistic {
        statistic: "observed_value",
        value: kl.filter(|kl| kl.is_finite()),
        threshold: None,
        drifted: None,
    }])
}

fn categorical(old: &[(&str, u64)], new: &[(&str, u64)]) -> Weights {
    if old.is_empty() || new.is_empty() {
        return None;
    }
    let counts = side_by_side(old, new);
    let [old, new] = [0, 1].map(|side| shares(counts.iter().map(|pair| pair[side])));
    Some((new, old))
}

/// The observed and the expected weights: what lies below the partition, its bins, what lies above. The expected tails are half each of
/// what the sum of the bins' weights lacks of 1, so that rounding decides between nothing and about 10⁻¹⁷.
fn continuous(old: &[f64], new: &[f64]) -> Result<Weights, String> {
    let (Some(&low), Some(&high)) = (old.first(), old.last()) else { return Ok(None) };
    let (Some(&first), Some(&last)) = (new.first(), new.last()) else { return Ok(None) };
    if ![low, high, first, last].iter().all(|end| end.is_finite()) {
        return Err("Great Expectations refuses it: there are infinities in it".to_owned());
    }
    let count = old.len() as f64;
    let sturges = (count + 1.0).log2().ceil();
    let between_quartiles = nearest(old, 0.75) - nearest(old, 0.25);
    let bins = match between_quartiles < 1e-10 {
        true => sturges,
        false => sturges.max(((high - low) / (2.0 * between_quartiles / count.powf(1.0 / 3.0))).ceil()),
    };
    if bins > MOST_BINS {
        return Err(format!("Great Expectations would make {bins} bins of it"));
    }
    let edges = linspace(low, high, bins as usize);
    if edges.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err("Great Expectations refuses it: one value only, which makes no partition".to_owned());
    }
    // What lies outside is counted, too.
    let inside = |values: &[f64]| -> Vec<f64> {
        histogram(values, &edges).into_iter().map(|count| count as f64 / values.len() as f64).collect()
    };
    let weights = inside(old);
    let tail = (1.0 - weights.iter().sum::<f64>()) / 2.0;
    let below = new.partition_point(|&value| value < low) as f64 / new.len() as f64;
    let above = (new.len() - new.partition_point(|&value| value <= high)) as f64 / new.len() as f64;
    Ok(Some(([vec![below], inside(new), vec![above]].concat(), [vec![tail], weights, vec![tail]].concat())))
}
