//! Cells that hold equally many points of both samples together, and counts in them.

use super::{Found, Sample, SampleNote};
use crate::estimate::{CountInterval, Estimator};
use crate::{Error, Side};

/// KL from counts, by Zhang and Grabchak's estimate.
///
/// Cells come of halving both samples together, again and again, across the coordinate in which they spread most: about
/// √min(n, m) of them. They are chosen without regard to which sample a point is of, so that no difference is made up.
pub(super) fn estimate(p: &Sample<'_>, q: &Sample<'_>, confidence: f64) -> Result<Found, Error> {
    let cells = (p.len().min(q.len()) as f64).sqrt() as usize;
    let mut rows: Vec<(Side, &[f64])> = Vec::with_capacity(p.len() + q.len());
    rows.extend(p.rows().map(|row| (Side::P, row)));
    rows.extend(q.rows().map(|row| (Side::Q, row)));
    let mut counts = Vec::with_capacity(cells);
    halve(&mut rows, cells.max(2), p.dimensions, &mut counts);
    let (of_p, of_q): (Vec<u64>, Vec<u64>) = counts.into_iter().unzip();
    let value = Estimator::ZhangGrabchak.kl(&of_p, &of_q)?.value;
    let interval = CountInterval { confidence, ..CountInterval::default() }.kl(&of_p, &of_q)?;
    Ok(Found { value, interval, notes: vec![SampleNote::Cells(of_p.len())] })
}

/// Cuts the points into at most `cells` cells and appends the counts of P and Q in each.
fn halve(rows: &mut [(Side, &[f64])], cells: usize, dimensions: usize, counts: &mut Vec<(u64, u64)>) {
    let cut = if cells > 1 { cut(rows, cells, dimensions) } else { None };
    match cut {
        Some(at) => {
            let (low, high) = rows.split_at_mut(at);
            halve(low, cells / 2, dimensions, counts);
            halve(high, cells - cells / 2, dimensions, counts);
        }
        None => {
            let of_p = rows.iter().filter(|(side, _)| *side == Side::P).count();
            counts.push((of_p as u64, (rows.len() - of_p) as u64));
        }
    }
}

/// Orders the points so that those below some value of one coordinate come first, and says how many they are; nothing where all
/// points coincide.
fn cut(rows: &mut [(Side, &[f64])], cells: usize, dimensions: usize) -> Option<usize> {
    let middle = rows.len() * (cells / 2) / cells;
    let (column, _) = (0..dimensions)
        .map(|column| (column, spread(rows, column)))
        .filter(|&(_, spread)| spread > 0.0)
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    let value = rows.select_nth_unstable_by(middle, |a, b| a.1[column].total_cmp(&b.1[column])).1.1[column];
    // Equal values stay together: those of the middle go where they leave something on either side.
    let below = partition(rows, |x| x[column] < value);
    if below > 0 { Some(below) } else { Some(partition(rows, |x| x[column] <= value)).filter(|&at| at < rows.len()) }
}

/// The interquartile range, or the whole range where half of the points agree in the coordinate: then only slightly, so that it
/// comes last.
fn spread(rows: &[(Side, &[f64])], column: usize) -> f64 {
    let mut values: Vec<f64> = rows.iter().map(|(_, row)| row[column]).collect();
    let last = values.len() - 1;
    let mut quantile = |rank: usize| *values.select_nth_unstable_by(rank, f64::total_cmp).1;
    let range = quantile(last - last / 4) - quantile(last / 4);
    match range > 0.0 {
        true => range,
        false => f64::MIN_POSITIVE * f64::from(quantile(last) > quantile(0)),
    }
}

/// Moves the points that `first` holds for to the front.
fn partition(rows: &mut [(Side, &[f64])], first: impl Fn(&[f64]) -> bool) -> usize {
    let mut front = 0;
    for at in 0..rows.len() {
        if first(rows[at].1) {
            rows.swap(front, at);
            front += 1;
        }
    }
    front
}
