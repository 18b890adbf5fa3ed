//! One column's counts made into numbers.

use kullback::{
    Divergence, Jeffreys, JensenShannon,
    estimate::{CountInterval, GTest, Tally, g_statistic, g_test, ordered_test, permutation_test, weights},
};

use crate::{
    cells::{Cell, Cells},
    drift::DriftOptions,
    error::TableError,
    report::{ColumnDrift, Contribution, Kind, Status, Test},
};

/// The report on one column, before adjustment for the others.
pub(crate) fn compare(
    column: String,
    status: Status,
    cells: &Cells,
    notes: Vec<String>,
    options: &DriftOptions,
) -> Result<ColumnDrift, TableError> {
    let fraction = |side: Option<(u64, u64)>| side.map(|(nulls, rows)| nulls as f64 / rows.max(1) as f64);
    let mut drift = ColumnDrift {
        column,
        kind: cells.kind.unwrap_or(Kind::Categorical),
        status,
        bins: cells.cells.len(),
        kl: None,
        kl_reverse: None,
        interval: None,
        zero_cells: None,
        zero_mass: None,
        kl_null: None,
        jensen_shannon: None,
        psi: None,
        psi_null: None,
        g: None,
        degrees_of_freedom: None,
        p_value: None,
        test: options.test,
        p_adjusted: None,
        drifted: false,
        null_fraction_reference: fraction(cells.nulls_reference),
        null_fraction_current: fraction(cells.nulls_current),
        contributions: Vec::new(),
        compat: None,
        notes,
    };
    if status != Status::Compared {
        return Ok(drift);
    }
    let (current, reference) = cells.counts();
    let kl = options.estimator.kl(&current, &reference)?;
    drift.kl = Some(kl.value);
    drift.kl_reverse = Some(options.estimator.kl(&reference, &current)?.value);
    drift.interval = Some(CountInterval::default().kl(&current, &reference)?);
    let tally = Tally::of(&current, &reference)?;
    drift.zero_cells = Some(tally.only_in_p);
    drift.zero_mass = Some(tally.mass_only_in_p);
    drift.kl_null = Some(tally.null_plug_in());
    drift.psi_null = Some(tally.null_psi());
    let (p, q) = (weights(&current), weights(&reference));
    drift.jensen_shannon = Some(JensenShannon::HALF.between(&p, &q)?);
    drift.psi = Some(Jeffreys.between(&p, &q)?);
    let tested = Tested::new(cells, &current, &reference, options.test)?;
    drift.g = Some(tested.g.g);
    drift.degrees_of_freedom = Some(tested.g.degrees_of_freedom);
    (drift.p_value, drift.test) = (tested.p_value, tested.test);
    let contribution = |(cell, nats): (&Cell, f64)| Contribution {
        bin: cell.label.clone(),
        reference: cell.reference,
        current: cell.current,
        nats,
    };
    drift.contributions = cells.cells.iter().zip(kl.contributions).map(contribution).collect();
    describe(&mut drift, cells);
    Ok(drift)
}

/// What the tests say of one column's counts.
pub(crate) struct Tested {
    pub(crate) g: GTest,
    pub(crate) p_value: Option<f64>,
    /// Which test that is from.
    pub(crate) test: Test,
}

impl Tested {
    /// `current` and `reference` are counts of all of `cells`.
    pub(crate) fn new(cells: &Cells, current: &[u64], reference: &[u64], asked: Test) -> Result<Self, TableError> {
        let joined = [cells.joined(current), cells.joined(reference)];
        if asked == Test::Ordered && cells.kind == Some(Kind::Numeric) {
            let p_value = ordered_test(current, reference, cells.ordered())?;
            return Ok(Self { g: g_statistic(&joined[0], &joined[1])?, p_value, test: Test::Ordered });
        }
        let test = if asked == Test::Permutation { permutation_test } else { g_test };
        let g = test(&joined[0], &joined[1])?;
        Ok(Self { g, p_value: g.p_value, test: if g.permuted { Test::Permutation } else { Test::G } })
    }
}

/// Says what is disjoint or constant.
fn describe(drift: &mut ColumnDrift, cells: &Cells) {
    if cells.disjoint() {
        drift.status = Status::Disjoint;
        let only = |count: fn(&Cell) -> u64| {
            let mut held = cells.cells.iter().filter(|cell| cell.values && count(cell) > 0);
            held.next().filter(|_| held.next().is_none()).map(|cell| cell.label.clone())
        };
        drift.notes.push(match (only(|cell| cell.reference), only(|cell| cell.current)) {
            (Some(old), Some(new)) => {
                format!("no value in common: always {old} in the reference, {new} in the current table")
            }
            _ => "no value in common".to_owned(),
        });
    } else if cells.cells.iter().filter(|cell| cell.reference + cell.current > 0).count() == 1 {
        drift.status = Status::Constant;
        let value = cells.cells.iter().find(|cell| cell.reference > 0).map_or("", |cell| cell.label.as_str());
        drift.notes.push(format!("constant: always {value}; nothing to test"));
    }
}
