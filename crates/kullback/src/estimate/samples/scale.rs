//! Coordinates of one spread and without correlation: KL is the same in any coordinates, the size of balls is not.

use std::borrow::Cow;

use super::Sample;
use crate::family::multivariate::Cholesky;
use crate::{Error, Rows, Side};

/// Values beyond this many standard deviations count as that many, so that an outlier does not set the scale.
const FAR: f64 = 4.0;
/// Interquartile range of a standard normal distribution.
pub(super) const NORMAL_RANGE: f64 = 1.349;
/// A pivot below this is that of columns that depend on one another.
const DEPENDENT: f64 = 1e-6;

/// Both samples in the new coordinates, row-major.
pub(super) struct Scaled {
    pub(super) p: Vec<f64>,
    pub(super) q: Vec<f64>,
    /// Columns that are not constant.
    pub(super) dimensions: usize,
    /// Columns depend on one another, so that only their spreads could be made equal.
    pub(super) dependent: bool,
}

impl Scaled {
    pub(super) fn samples(&self) -> [Sample<'_>; 2] {
        [&self.p, &self.q].map(|points| Sample { dimensions: self.dimensions, points: Cow::Borrowed(points) })
    }
}

/// Leaves out constant columns, divides each other by its pooled interquartile range and removes what correlation is within the samples
/// (Cholesky factor of the mean of both covariances, of values cut at four standard deviations).
pub(super) fn scale(p: Rows<'_, f64>, q: Rows<'_, f64>) -> Result<Scaled, Error> {
    finite(Side::P, p)?;
    finite(Side::Q, q)?;
    let mut columns = Vec::new();
    for column in 0..p.columns() {
        let mut values: Vec<f64> = of(p, column).chain(of(q, column)).collect();
        if let Some((middle, spread)) = centre(&mut values) {
            columns.push([p, q].map(|side| of(side, column).map(|x| (x - middle) / spread).collect::<Vec<f64>>()));
        }
    }
    let dimensions = columns.len();
    if dimensions == 0 {
        return Err(Error::IdenticalPoints);
    }
    let covariance = covariance(&columns);
    let apart = |factor: &Cholesky| {
        (0..dimensions).all(|i| factor.entry(i, i).powi(2) > DEPENDENT * covariance[i * dimensions + i])
    };
    let factor = Cholesky::of(dimensions, &covariance).ok().filter(apart);
    let dependent = factor.is_none();
    let [p, q] = [0, 1].map(|side| {
        let rows = columns[0][side].len();
        let mut points = Vec::with_capacity(rows * dimensions);
        for row in 0..rows {
            let first = points.len();
            points.extend(columns.iter().map(|column| column[side][row]));
            if let Some(factor) = &factor {
                factor.solve(&mut points[first..]);
            }
        }
        points
    });
    Ok(Scaled { p, q, dimensions, dependent })
}

fn of(rows: Rows<'_, f64>, column: usize) -> impl Iterator<Item = f64> + '_ {
    (0..rows.len()).map(move |row| rows.row(row)[column])
}

fn finite(side: Side, rows: Rows<'_, f64>) -> Result<(), Error> {
    for row in 0..rows.len() {
        if let Some(column) = rows.row(row).iter().position(|x| !x.is_finite()) {
            return Err(Error::NotFinitePoint { side, row, column });
        }
    }
    Ok(())
}

/// Median and robust standard deviation; nothing for a constant column.
fn centre(values: &mut [f64]) -> Option<(f64, f64)> {
    let len = values.len();
    let mut quantile = |rank: usize| *values.select_nth_unstable_by(rank.min(len - 1), f64::total_cmp).1;
    let (low, middle, high) = (quantile(len / 4), quantile(len / 2), quantile(len - 1 - len / 4));
    // Halved first: the difference of two finite numbers may overflow.
    let range = 2.0 * (high / 2.0 - low / 2.0) / NORMAL_RANGE;
    if range > 0.0 && range.is_finite() {
        return Some((middle, range));
    }
    // Half of the values or more are one value.
    let deviation = values.iter().map(|x| (x / 2.0 - middle / 2.0).abs() / len as f64).sum::<f64>() * 2.0;
    (deviation > 0.0).then_some((middle, deviation.min(f64::MAX)))
}

/// The mean of the covariances of both samples, row by row.
fn covariance(columns: &[[Vec<f64>; 2]]) -> Vec<f64> {
    let cut: Vec<[Vec<f64>; 2]> = columns.iter().map(|column| column.each_ref().map(|side| centred(side))).collect();
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / a.len() as f64 / 2.0;
    let entry = |a: &[Vec<f64>; 2], b: &[Vec<f64>; 2]| product(&a[0], &b[0]) + product(&a[1], &b[1]);
    cut.iter().flat_map(|a| cut.iter().map(|b| entry(a, b))).collect()
}

/// Cut, and less their mean.
fn centred(values: &[f64]) -> Vec<f64> {
    let cut = values.iter().map(|x| x.clamp(-FAR, FAR));
    let mean = cut.clone().sum::<f64>() / values.len() as f64;
    cut.map(|x| x - mean).collect()
}
