//! Columns together, by the chain rule.

use std::{collections::BTreeMap, sync::Arc};

use kullback::estimate::stratified_g_test;

use crate::{
    cells::Cells,
    drift::DriftOptions,
    error::TableError,
    joint::JointCounts,
    profile::State,
    report::{ConditionalDrift, Contribution, JointDrift, Test},
    rows::Effective,
    source::{Meter, Table, Wanted},
};

/// Combinations listed of each part.
const LISTED: usize = 20;

/// Codes of some columns' cells, in the order of the chain, with the counts of the current table and of the reference.
type Counts = BTreeMap<Vec<u32>, [u64; 2]>;

/// KL of columns together, and the part of each given those before it.
///
/// `columns` are in the order of the chain, with the cells of the whole comparison. One pass over each table counts the
/// combinations that occur.
pub(crate) fn chain(
    columns: &[(&str, &Cells)],
    tables: [(&Table, Option<Effective>); 2],
    options: &DriftOptions,
    meter: &Meter<'_>,
) -> Result<JointDrift, TableError> {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let coders: Vec<_> = columns.iter().map(|(_, cells)| Arc::new(cells.coder.clone())).collect();
    let Some(question) = JointCounts::new(&coders) else { return Err(TableError::too_many(&names)) };
    let mut counts = Counts::new();
    for (side, (table, effective)) in tables.into_iter().enumerate() {
        let columns = names.iter().map(|&name| name.to_owned()).collect();
        let wanted = Wanted { columns, state: State::Joint(Box::new(question.fresh())) };
        let Some(State::Joint(joint)) = table.scan(vec![wanted], meter)?.pop() else { continue };
        let joint = joint.into_counts().ok_or_else(|| TableError::too_many(&names))?;
        // In an order that does not depend on hashes: remainders are rounded in it.
        let joint: BTreeMap<u64, u64> = joint.into_iter().collect();
        let rows = match effective {
            Some(effective) => effective.counts(joint.values().copied()),
            None => joint.values().copied().collect(),
        };
        for (key, rows) in joint.into_keys().zip(rows) {
            counts.entry(digits(key, &coders)).or_default()[side] += rows;
        }
    }
    if counts.len() > crate::joint::MAX_COMBINATIONS {
        return Err(TableError::too_many(&names));
    }
    let mut parts = Vec::with_capacity(columns.len());
    let mut given = Terms::default();
    for depth in 1..=columns.len() {
        let columns = &columns[..depth];
        let cells = terms(marginal(&counts, depth), columns, options)?;
        parts.push(part(columns, &counts, &cells, &given, options)?);
        given = cells;
    }
    Ok(JointDrift {
        columns: names.into_iter().map(str::to_owned).collect(),
        kl: parts.iter().map(|part| part.kl).sum(),
        parts,
    })
}

/// The codes that a key was made of.
fn digits(mut key: u64, coders: &[Arc<crate::codes::Coder>]) -> Vec<u32> {
    let mut codes = vec![0; coders.len()];
    for (code, coder) in codes.iter_mut().zip(coders).rev() {
        let len = coder.len.max(1) as u64;
        *code = (key % len) as u32;
        key /= len;
    }
    codes
}

/// Counts of the first `depth` columns.
fn marginal(counts: &Counts, depth: usize) -> Counts {
    let mut sums = Counts::new();
    for (codes, [current, reference]) in counts {
        let sum = sums.entry(codes[..depth].to_vec()).or_default();
        *sum = [sum[0] + current, sum[1] + reference];
    }
    sums
}

/// The last of `columns`, from their `cells` together, given the others, from those before.
fn part(
    columns: &[(&str, &Cells)],
    counts: &Counts,
    cells: &Terms,
    given: &Terms,
    options: &DriftOptions,
) -> Result<ConditionalDrift, TableError> {
    let depth = columns.len();
    // What a combination adds beyond its share of what its stratum adds to the columns before.
    let mut contributions: Vec<Contribution> = Vec::with_capacity(cells.len());
    for (codes, ([current, reference], nats)) in cells {
        let beyond = given.get(&codes[..depth - 1]).map_or(0.0, |([all_current, all_reference], nats)| {
            let share = if *all_current > 0 {
                *current as f64 / *all_current as f64
            } else {
                *reference as f64 / *all_reference as f64
            };
            nats * share
        });
        contributions.push(Contribution {
            bin: label(columns, codes),
            reference: *reference,
            current: *current,
            nats: nats - beyond,
        });
    }
    contributions.sort_by(|a, b| b.nats.abs().total_cmp(&a.nats.abs()).then_with(|| a.bin.cmp(&b.bin)));
    contributions.truncate(LISTED);

    // As in the test of a single column: below or above bins that the reference leaves empty go to their neighbours.
    let joins: Vec<Vec<u32>> = columns.iter().map(|(_, cells)| cells.joined_codes()).collect();
    let mut strata = BTreeMap::<Vec<u32>, BTreeMap<u32, [u64; 2]>>::new();
    for (codes, [current, reference]) in counts {
        let joined: Vec<u32> = codes.iter().zip(&joins).map(|(&code, into)| into[code as usize]).collect();
        let sum = strata.entry(joined[..depth - 1].to_vec()).or_default().entry(joined[depth - 1]).or_default();
        *sum = [sum[0] + current, sum[1] + reference];
    }
    let strata: Vec<(Vec<u64>, Vec<u64>)> =
        strata.into_values().map(|cells| cells.into_values().map(|[c, d]| (c, d)).unzip()).collect();
    let strata: Vec<(&[u64], &[u64])> = strata.iter().map(|(p, q)| (p.as_slice(), q.as_slice())).collect();
    let test = stratified_g_test(&strata, options.test == Test::Permutation)?;
    let total = |terms: &Terms| terms.values().map(|(_, nats)| nats).sum::<f64>();
    Ok(ConditionalDrift {
        column: columns[depth - 1].0.to_owned(),
        given: columns[..depth - 1].iter().map(|(name, _)| (*name).to_owned()).collect(),
        kl: total(cells) - total(given),
        g: test.g,
        degrees_of_freedom: test.degrees_of_freedom,
        p_value: test.p_value,
        permuted: test.permuted,
        contributions,
    })
}

/// Counts, and what each combination adds to KL.
type Terms = BTreeMap<Vec<u32>, ([u64; 2], f64)>;

/// The estimate from all cells of one column, or from the combinations of several that occur.
fn terms(mut counts: Counts, columns: &[(&str, &Cells)], options: &DriftOptions) -> Result<Terms, TableError> {
    if let [(_, only)] = columns {
        // Estimators that add to every cell take the empty ones, too.
        for code in 0..only.coder.len as u32 {
            counts.entry(vec![code]).or_default();
        }
    }
    let (current, reference): (Vec<u64>, Vec<u64>) = counts.values().map(|[c, d]| (*c, *d)).unzip();
    let estimate = options.estimator.kl(&current, &reference)?;
    Ok(counts.into_iter().zip(estimate.contributions).map(|((codes, counts), nats)| (codes, (counts, nats))).collect())
}

/// `[40, 1301]` of the first column, `EV: [40, 1301]` given the carrier EV, `EV, LGA: [40, 1301]` given two.
fn label(columns: &[(&str, &Cells)], codes: &[u32]) -> String {
    let mut labels: Vec<&str> =
        columns.iter().zip(codes).map(|((_, cells), &code)| cells.cells[code as usize].label.as_str()).collect();
    let last = labels.pop().unwrap_or_default();
    if labels.is_empty() { last.to_owned() } else { format!("{}: {last}", labels.join(", ")) }
}
