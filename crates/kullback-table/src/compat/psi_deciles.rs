//! The recipe for a population stability index that most scripts hold a copy of: deciles of the reference by `np.percentile`, both sides
//! counted by `np.histogram`, 0.0001 in the place of an empty bin, and nothing normalised again.

use super::{
    CompatStatistic, Side,
    numpy::{histogram, psi, quantile},
    raw::{Ordered, finite},
};

const BINS: usize = 10;
/// In the place of an empty bin's share.
const EMPTY: f64 = 0.0001;
/// "Watch": by custom, 0.25 is then "act".
const THRESHOLD: f64 = 0.1;

pub(super) fn statistics(reference: &Side<'_>, current: &Side<'_>) -> Result<Vec<CompatStatistic>, String> {
    let (Ordered::Numbers(old), Ordered::Numbers(new)) = (&reference.values, &current.values) else {
        return Err("the recipe is for numbers".to_owned());
    };
    let (old, new) = (finite(old), finite(new));
    for (side, values) in [("reference", old), ("current table", new)] {
        if values.is_empty() {
            return Err(format!("the {side} has no finite number in it"));
        }
    }
    let percent = |at: usize| at as f64 / BINS as f64 * 100.0;
    let edges: Vec<f64> = (0..=BINS).map(|at| quantile(old, percent(at) / 100.0)).collect();
    let shares = |values: &[f64]| -> Vec<f64> {
        let share = |count| count as f64 / values.len() as f64;
        histogram(values, &edges).into_iter().map(|count| if count == 0 { EMPTY } else { share(count) }).collect()
    };
    Ok(vec![CompatStatistic::at_least("psi", psi(&shares(old), &shares(new)), THRESHOLD)])
}
