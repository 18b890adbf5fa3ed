//! Quantities of one distribution, of a joint table, and of many distributions.

use crate::divergence::{CrossEntropy, Divergence, Generator as _, Kl, Point};
use crate::num::wide::Wide;
use crate::{Error, Side};

use super::wide::WideSum;
use super::{Pair, Rows, Weight, frame, wide};

/// Shannon entropy `H(P) = −Σ p ln p`, in nats, in [0, ln n]. (C. Shannon, 1948.)
///
/// ```
/// assert_eq!(kullback::entropy(&[1.0, 1.0])?, 2f64.ln());
/// # Ok::<(), kullback::Error>(())
/// ```
///
/// # Errors
/// As [`Divergence::between`].
pub fn entropy<T: Weight>(p: &[T]) -> Result<f64, Error> {
    CrossEntropy.between(p, p)
}

/// Perplexity `e^H(P)`: the number of equally likely categories with the same entropy, in [1, n].
///
/// # Errors
/// As [`Divergence::between`].
pub fn perplexity<T: Weight>(p: &[T]) -> Result<f64, Error> {
    Ok(entropy(p)?.exp())
}

/// Cross-entropy `H(P, Q) = −Σ p ln q`, in nats, in [H(P), +∞].
///
/// # Errors
/// As [`Divergence::between`].
pub fn cross_entropy<T: Weight>(p: &[T], q: &[T]) -> Result<f64, Error> {
    CrossEntropy.between(p, q)
}

/// The KL divergence of *unnormalised* weights, `Σ p ln(p/q) − p + q`, in nats, in [0, +∞].
///
/// It is the Bregman divergence of Σ p ln p and equals KL where both masses are 1. (I. Csiszár, 1991.)
///
/// ```
/// let generalized = kullback::generalized_kl(&[1.0], &[2.0])?;
/// assert!((generalized - (1.0 - 2f64.ln())).abs() < 1e-16);
/// # Ok::<(), kullback::Error>(())
/// ```
///
/// # Errors
/// As [`Divergence::between`].
pub fn generalized_kl<T: Weight>(p: &[T], q: &[T]) -> Result<f64, Error> {
    Pair::new(p, q)?.generalized_kl()
}

/// Mutual information of a joint table of weights, `D(p_xy ‖ p_x p_y)`, in nats, in [0, min(H(X), H(Y))]; exactly 0 for
/// a table of counts that factorises.
///
/// ```
/// use kullback::{Rows, mutual_information};
/// let same = mutual_information(Rows::new(&[1.0, 0.0, 0.0, 1.0], 2)?)?;
/// assert!((same - 2f64.ln()).abs() < 1e-16);
/// # Ok::<(), kullback::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`], [`Error::Negative`] and [`Error::NotFinite`] with the index in row-major order, [`Error::ZeroMass`].
pub fn mutual_information<T: Weight>(joint: Rows<'_, T>) -> Result<f64, Error> {
    if joint.is_empty() {
        return Err(Error::Empty);
    }
    let (mut row_mass, mut column_mass) = (vec![WideSum::ZERO; joint.len()], vec![WideSum::ZERO; joint.columns()]);
    let mut total = WideSum::ZERO;
    for (i, row_mass) in row_mass.iter_mut().enumerate() {
        for (j, &weight) in joint.row(i).iter().enumerate() {
            let weight = valid(weight.into(), i * joint.columns() + j)?;
            *row_mass = row_mass.add(weight);
            column_mass[j] = column_mass[j].add(weight);
            total = total.add(weight);
        }
    }
    let total = total.value();
    if total == Wide::ZERO {
        return Err(Error::ZeroMass { side: Side::P });
    }
    let mut sum = WideSum::ZERO;
    for (i, row_mass) in row_mass.iter().enumerate() {
        for (&weight, column_mass) in joint.row(i).iter().zip(&column_mass) {
            let (row, column) = (row_mass.value(), column_mass.value());
            let weight = Wide::new(weight.into());
            // Both sides times the square of the total, so that counts stay whole numbers.
            let (p, q) = (weight * total, row * column);
            let difference = Wide::difference_of_products(row, column, weight, total);
            sum = sum.add(if weight == Wide::ZERO {
                q * Kl.at_zero()
            } else {
                Kl.term(Point::new(p, q, difference, total * total))
            });
        }
    }
    Ok((sum.value() / (total * total)).value())
}

fn valid(weight: f64, index: usize) -> Result<Wide, Error> {
    if !weight.is_finite() {
        return Err(Error::NotFinite { side: Side::P, index });
    }
    if weight < 0.0 {
        return Err(Error::Negative { side: Side::P, index });
    }
    Ok(Wide::new(weight))
}

/// The Jensen–Shannon divergence of many distributions, `Σ πᵢ D(Pᵢ‖M)` with `M = Σ πᵢ Pᵢ`, in nats, in [0, H(π)].
///
/// Each row is a vector of weights; `weights` are normalised to π. (J. Lin, 1991.)
///
/// ```
/// use kullback::{Rows, weighted_js};
/// let three = weighted_js(Rows::new(&[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], 3)?, &[1.0, 1.0, 1.0])?;
/// assert!((three - 3f64.ln()).abs() < 1e-15);
/// # Ok::<(), kullback::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthMismatch`] unless there is one weight per row, [`Error::Row`] for a refused row, and
/// for the weights the errors of [`Divergence::between`] with side Q.
pub fn weighted_js<T: Weight>(rows: Rows<'_, T>, weights: &[f64]) -> Result<f64, Error> {
    if rows.len() != weights.len() {
        return Err(Error::LengthMismatch { p: rows.len(), q: weights.len() });
    }
    if rows.is_empty() {
        return Err(Error::Empty);
    }
    frame::check_side(weights, Side::Q)?;
    for i in 0..rows.len() {
        frame::check_side(rows.row(i), Side::P).map_err(|reason| reason.at(i, i))?;
    }
    let total = wide::mass(weights);
    let share: Vec<Wide> = weights.iter().map(|&w| Wide::new(w) / total).collect();
    let mass: Vec<Wide> = (0..rows.len()).map(|i| wide::mass(rows.row(i))).collect();
    let mut excess = vec![Wide::ZERO; rows.len()];
    let mut sum = WideSum::ZERO;
    for j in 0..rows.columns() {
        // Every share less that of the first row, so that near equality is not a difference of rounded numbers.
        let first = Wide::new(rows.row(0)[j].into());
        let (mut mixture, mut mean_excess) = (Wide::ZERO, Wide::ZERO);
        for (i, excess) in excess.iter_mut().enumerate() {
            let weight = Wide::new(rows.row(i)[j].into());
            *excess = Wide::difference_of_products(weight, mass[0], first, mass[i]) / (mass[0] * mass[i]);
            mixture = mixture + share[i] * (weight / mass[i]);
            mean_excess = mean_excess + share[i] * *excess;
        }
        for (i, excess) in excess.iter().enumerate() {
            let p = Wide::new(rows.row(i)[j].into()) / mass[i];
            let term = if p == Wide::ZERO {
                mixture * Kl.at_zero()
            } else {
                Kl.term(Point::new(p, mixture, mean_excess - *excess, Wide::ONE))
            };
            sum = sum.add(share[i] * term);
        }
    }
    Ok(sum.value().value())
}
