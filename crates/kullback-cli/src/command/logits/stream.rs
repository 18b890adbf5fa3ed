//! Both files, read side by side in blocks of rows.

use std::cmp::Ordering;

use anyhow::{Error, Result, anyhow};
use kullback::logits::LogitRows;
use kullback::{RowError, Rows, Side};
use rayon::prelude::*;

use super::values::Values;
use super::{Destinations, Spread, Summary, Wanted};
use crate::input::logits::{Source, Working};
use crate::output::array::Destination;
use crate::output::file::Complete;
use crate::progress::Progress;

/// Bytes of a block of one side, about.
const BLOCK: usize = 4 << 20;
/// Rows listed in the report for people.
const MOST_ROWS: usize = 5;

/// What both sides say of the likeliest entry, and which entries both leave out.
pub(crate) struct Agreement {
    /// Rows whose largest logit is at the same place.
    pub(crate) top1: usize,
    /// Entries that are −∞ on both sides.
    pub(crate) masked: u64,
}

/// A row of the report.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) row: usize,
    pub(crate) value: f64,
    /// The place of the largest logit of P and of Q.
    pub(crate) top: [usize; 2],
}

/// What the sides of one row have in common.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Common {
    top: [usize; 2],
    masked: u64,
}

pub(super) struct Run<'a> {
    pub(super) wanted: &'a [Wanted],
    pub(super) temperature: f64,
    pub(super) progress: &'a Progress,
}

/// What has been found so far.
struct Found {
    agreement: Agreement,
    values: Vec<Values>,
    worst: Vec<Vec<Row>>,
}

impl Run<'_> {
    /// Measures all rows in the type `T`.
    pub(super) fn stream<T: Working>(
        &self,
        mut p: Source,
        mut q: Source,
        mut to: Destinations,
    ) -> Result<(Agreement, Vec<Spread>)> {
        let (rows, columns) = (p.rows, p.columns);
        let block = (BLOCK / columns.saturating_mul(size_of::<T>())).clamp(1, rows);
        let mut found = Found {
            agreement: Agreement { top1: 0, masked: 0 },
            values: self.wanted.iter().map(|_| Values::new(rows)).collect::<Result<_>>()?,
            worst: vec![Vec::new(); self.wanted.len()],
        };
        let (mut a, mut b, mut gradient) = (Vec::<T>::new(), Vec::<T>::new(), Vec::<T>::new());
        for first in (0..rows).step_by(block) {
            let count = block.min(rows - first);
            p.read(count, &mut a)?;
            q.read(count, &mut b)?;
            if to.gradient.is_some() {
                gradient.resize(a.len(), T::default());
            }
            let named = |error| named(error, first, &p, &q);
            self.block((&a, &b), columns, first, &mut gradient, &mut found, &mut to, named)?;
            self.progress.at((first + count) as u64, rows as u64);
        }
        let Destinations { gradient, per_row } = to;
        // Both are complete before either is put in its place.
        let complete: Vec<_> =
            [gradient, per_row].into_iter().flatten().map(Destination::end).collect::<Result<_>>()?;
        let spreads = self.wanted.iter().zip(found.values).zip(found.worst).map(|((wanted, values), worst)| {
            let summary = Summary::new(values)?;
            Ok(Spread { name: wanted.name.clone(), kind: wanted.measure.unit(), summary, worst })
        });
        let spreads = spreads.collect::<Result<_>>()?;
        complete.into_iter().try_for_each(Complete::put_in_place)?;
        Ok((found.agreement, spreads))
    }

    #[allow(clippy::too_many_arguments, reason = "the loop's body, apart from the loop")]
    fn block<T: Working>(
        &self,
        (a, b): (&[T], &[T]),
        columns: usize,
        first: usize,
        gradient: &mut [T],
        found: &mut Found,
        to: &mut Destinations,
        named: impl Fn(kullback::Error) -> Error,
    ) -> Result<()> {
        let rows =
            LogitRows::new(Rows::new(a, columns)?, Rows::new(b, columns)?)?.with_temperature(self.temperature)?;
        let mut values = vec![0.0; a.len() / columns];
        let mut commons = Vec::new();
        for (i, wanted) in self.wanted.iter().enumerate() {
            // The mean's gradient: each row has its share of it.
            let rows = rows.with_scale(wanted.factor / found.values[i].expected() as f64);
            let gradient = to.gradient.is_some().then_some(&mut *gradient);
            rows.measure_into(wanted.measure, &mut values, None, gradient).map_err(&named)?;
            values.iter_mut().for_each(|value| *value *= wanted.factor);
            if commons.is_empty() {
                // After the first look at the rows, which refuses NaN.
                commons = a.par_chunks(columns).zip(b.par_chunks(columns)).map(|(a, b)| common(a, b)).collect();
            }
            found.values[i].push(&values)?;
            keep_worst(&mut found.worst[i], first, &values, &commons);
        }
        found.agreement.top1 += commons.iter().filter(|common| common.top[0] == common.top[1]).count();
        found.agreement.masked += commons.iter().map(|common| common.masked).sum::<u64>();
        if let Some(to) = &mut to.gradient {
            to.write(gradient)?;
        }
        if let Some(to) = &mut to.per_row {
            to.write(&values)?;
        }
        Ok(())
    }
}

/// An error of the library with the file and the row in it, of which it knows the place in the block.
fn named(error: kullback::Error, first: usize, p: &Source, q: &Source) -> Error {
    let (row, reason) = match error {
        kullback::Error::Row { p, reason, .. } => (p, reason),
        kullback::Error::NotDifferentiable => return anyhow!(error).context("--gradient"),
        other => return anyhow!(other),
    };
    let (side, message) = match reason {
        RowError::NotFinite { side, index } => {
            (side, format!("has a NaN or +∞ in column {index}; finite logits and −∞, a masked entry, are accepted"))
        }
        RowError::ZeroMass { side } => (side, "is −∞ throughout; at least one entry must be finite".to_owned()),
        other => return anyhow!(kullback::Error::from(other)).context(format!("row {}", first + row)),
    };
    let source = if side == Side::P { p } else { q };
    anyhow!("{}: row {} {message}", source.name(), first + row)
}

/// Enters rows in the list of those with the largest values. Of equal values the earlier row is the worse.
fn keep_worst(worst: &mut Vec<Row>, first: usize, values: &[f64], commons: &[Common]) {
    for (i, (&value, common)) in values.iter().zip(commons).enumerate() {
        let full = worst.len() == MOST_ROWS;
        if full && worst.last().is_some_and(|last| value.total_cmp(&last.value) != Ordering::Greater) {
            continue;
        }
        let at = worst.partition_point(|row| row.value.total_cmp(&value) != Ordering::Less);
        worst.insert(at, Row { row: first + i, value, top: common.top });
        worst.truncate(MOST_ROWS);
    }
}

fn common<T: Working>(a: &[T], b: &[T]) -> Common {
    Common { top: [largest(a), largest(b)], masked: masked(a, b) }
}

/// The place of the largest logit, the first of several.
fn largest<T: Working>(row: &[T]) -> usize {
    // The maximum in lanes of its own, then a search for it: two loops that the compiler turns into vectors.
    const LANES: usize = 16;
    let mut lanes = [T::MASKED; LANES];
    let (chunks, rest) = row.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane = if x > *lane { x } else { *lane };
        }
    }
    let greatest = lanes.iter().chain(rest).fold(T::MASKED, |a, &b| if b > a { b } else { a });
    row.iter().position(|x| *x == greatest).unwrap_or(0)
}

fn masked<T: Working>(a: &[T], b: &[T]) -> u64 {
    const AT_ONCE: usize = 1 << 12;
    let count = |(a, b): (&[T], &[T])| -> u32 {
        a.iter().zip(b).map(|(&a, &b)| u32::from(a == T::MASKED) & u32::from(b == T::MASKED)).sum()
    };
    a.chunks(AT_ONCE).zip(b.chunks(AT_ONCE)).map(|pair| u64::from(count(pair))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_largest_is_found() {
        assert_eq!(largest(&[1.0f32, 3.0, 3.0]), 1);
        let mut row = vec![f64::NEG_INFINITY; 100];
        row[37] = -5.0;
        assert_eq!(largest(&row), 37);
        row[99] = -4.0;
        assert_eq!(largest(&row), 99);
        row[3] = -4.0;
        assert_eq!(largest(&row), 3);
    }

    #[test]
    fn entries_masked_on_both_sides_count() {
        let none = f32::NEG_INFINITY;
        assert_eq!(masked(&[none, none, 0.0], &[none, 0.0, none]), 1);
        assert_eq!(masked(&vec![none; 10_000], &vec![none; 10_000]), 10_000);
    }

    #[test]
    fn the_worst_rows_are_in_order() {
        let mut worst = Vec::new();
        let commons = [Common::default(); 4];
        keep_worst(&mut worst, 0, &[1.0, 3.0, 2.0, 3.0], &commons);
        keep_worst(&mut worst, 4, &[0.0, f64::INFINITY, 3.0, 0.5], &commons);
        let rows: Vec<usize> = worst.iter().map(|row| row.row).collect();
        assert_eq!(rows, [5, 1, 3, 6, 2]);
    }
}
