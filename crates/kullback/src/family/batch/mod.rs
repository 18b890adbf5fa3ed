//! Arrays of parameters in, an array of KL out, with gradients by the parameters of both sides.
//!
//! A batch has one slice for each parameter, as a training loop keeps them, or rows of one buffer where the parameter is a
//! vector. Row i of P is compared with row i of Q; a side of one row is compared with each row of the other.
//!
//! ```
//! use kullback::family::batch::{BatchKl, Normals};
//!
//! let p = Normals::new([&[0.0, 1.0, 2.0], &[1.0, 1.0, 3.0]])?; // loc, scale
//! let prior = Normals::new([&[0.0], &[1.0]])?;
//! let kl = p.kl_to(&prior)?;
//! assert_eq!(kl[..2], [0.0, 0.5]);
//!
//! let found = p.kl_and_gradients(&prior)?;
//! assert_eq!(found.values, kl);
//! assert_eq!(found.p[0], [0.0, 1.0, 2.0]); // by P's loc
//! # Ok::<(), kullback::Error>(())
//! ```
//!
//! | family | type | parameters, in this order |
//! |---|---|---|
//! | [`Normal`] (also diagonal: [`with_columns`](Batch::with_columns)) | [`Normals`] | `loc`, `scale` |
//! | [`Laplace`] | [`Laplaces`] | `loc`, `scale` |
//! | [`Gamma`] | [`Gammas`] | `concentration`, `rate` |
//! | [`Beta`] | [`Betas`] | `concentration1`, `concentration0` |
//! | [`Bernoulli`] | [`Bernoullis`] | `probs` |
//! | [`Dirichlet`] | [`Dirichlets`] | `concentration` |
//! | [`Categorical`] | [`Categoricals`] | `probs`: weights, normalised here |
//! | [`MultivariateNormal`](super::MultivariateNormal) | [`MultivariateNormals`] | `loc`, and `covariance_matrix` or `scale_tril` |
//!
//! **Values** are in nats, by the formulas of the single distributions, vectors of rows at a time: as accurate, also near
//! equality, and not dependent on the number of threads or on a row's neighbours. **Gradients** are those of each row's
//! value, in the parameters' own units; where one vanishes with P − Q it keeps its digits, too. Those of a row whose KL is
//! +∞ are 0. **Cost**: one pass over the parameters, beside one that checks them; Gamma, Beta and Dirichlet take up to two
//! steps of a recurrence for shapes below 2, a multivariate normal distribution of d dimensions d³/3 multiplications for
//! its factor and d³/6 for the comparison, with gradients some 4d³ more.
//!
//! **Errors** come before anything is written: [`Error::RowParameter`] names the parameter, the row and what would be
//! accepted.
//!
//! Sources: S. Kullback, *Information theory and statistics* (1959) for the divergences; gradients of the multivariate
//! normal one by S. Amari, *Natural gradient works efficiently in learning* (1998).

mod elementwise;
mod normals;
mod vectors;

pub use elementwise::Batch;
pub use normals::MultivariateNormals;
pub use vectors::RowBatch;

use super::formula::Check;
use super::{Bernoulli, Beta, Categorical, Dirichlet, Gamma, Laplace, Normal};
use crate::Error;
use crate::num::Real as _;
use crate::num::simd::{F64s, Kernel, Lanes as _, Level, Simd, dispatch};
use crate::threads::each;

/// Normal distributions: `loc`, `scale`.
pub type Normals<'a> = Batch<'a, Normal, 2>;
/// Laplace distributions: `loc`, `scale`.
pub type Laplaces<'a> = Batch<'a, Laplace, 2>;
/// Gamma distributions: `concentration`, `rate`.
pub type Gammas<'a> = Batch<'a, Gamma, 2>;
/// Beta distributions: `concentration1`, `concentration0`.
pub type Betas<'a> = Batch<'a, Beta, 2>;
/// Bernoulli distributions: `probs`.
pub type Bernoullis<'a> = Batch<'a, Bernoulli, 1>;
/// Dirichlet distributions: rows of `concentration`, two or more a row.
pub type Dirichlets<'a> = RowBatch<'a, Dirichlet>;
/// Categorical distributions: rows of weights, normalised here; gradients are by the weights.
pub type Categoricals<'a> = RowBatch<'a, Categorical>;

/// Numbers that one piece of work has about, for each parameter.
const PIECE: usize = 1 << 13;

/// The values of a batch and its gradients.
#[derive(Debug, Clone, PartialEq)]
pub struct KlGradients<const K: usize> {
    /// KL of each row.
    pub values: Vec<f64>,
    /// By each of P's parameters; for each row as many numbers as it has of the parameter.
    pub p: [Vec<f64>; K],
    /// By Q's.
    pub q: [Vec<f64>; K],
}

/// KL(P‖Q) of two batches of one family with K arrays of parameters.
pub trait BatchKl<const K: usize>: Sized + Sync {
    /// How many distributions there are.
    fn rows(&self) -> usize;

    /// How many numbers of each parameter a row has.
    fn widths(&self) -> [usize; K];

    /// Some rows' values, and gradients where they are wanted.
    #[doc(hidden)]
    fn fill(&self, q: &Self, piece: Piece<'_, K>);

    /// KL of each row.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if the sides have different numbers of rows, neither of them 1, or if rows have different
    /// numbers of parameters.
    fn kl_to(&self, q: &Self) -> Result<Vec<f64>, Error> {
        let mut values = vec![0.0; common_rows(self, q)?];
        self.kl_to_into(q, &mut values)?;
        Ok(values)
    }

    /// [`kl_to`](BatchKl::kl_to), written to `values`.
    ///
    /// # Errors
    /// As there, and [`Error::Shape`] for a buffer of another length.
    fn kl_to_into(&self, q: &Self, values: &mut [f64]) -> Result<(), Error> {
        self.kl_and_gradients_into(q, values, None, None)
    }

    /// KL of each row with its gradients. Of a side with one row there is still a gradient for each row of the other.
    ///
    /// # Errors
    /// As [`kl_to`](BatchKl::kl_to).
    fn kl_and_gradients(&self, q: &Self) -> Result<KlGradients<K>, Error> {
        let rows = common_rows(self, q)?;
        let zeros = || self.widths().map(|width| vec![0.0; rows * width]);
        let mut found = KlGradients { values: vec![0.0; rows], p: zeros(), q: zeros() };
        let [to_p, to_q] = [&mut found.p, &mut found.q].map(|to| to.each_mut().map(Vec::as_mut_slice));
        self.kl_and_gradients_into(q, &mut found.values, Some(to_p), Some(to_q))?;
        Ok(found)
    }

    /// KL of each row, and the gradients by the parameters of either side where they are wanted: for each parameter as many
    /// numbers as there are rows, times as many as a row has of it.
    ///
    /// # Errors
    /// As [`kl_to`](BatchKl::kl_to), and [`Error::Shape`] for a buffer of another length.
    fn kl_and_gradients_into(
        &self,
        q: &Self,
        values: &mut [f64],
        to_p: Option<[&mut [f64]; K]>,
        to_q: Option<[&mut [f64]; K]>,
    ) -> Result<(), Error> {
        let (rows, widths) = (common_rows(self, q)?, self.widths());
        crate::logits::shape(values.len(), rows)?;
        for to in [&to_p, &to_q].into_iter().flatten() {
            for (to, width) in to.iter().zip(widths) {
                crate::logits::shape(to.len(), rows * width)?;
            }
        }
        let each_piece = (PIECE / widths.iter().sum::<usize>()).max(1);
        let pieces = pieces(each_piece, widths, values, to_p, to_q);
        each(pieces, || (), &|(), piece| self.fill(q, piece));
        Ok(())
    }
}

/// Some rows, and where their values and gradients go.
#[doc(hidden)]
#[derive(Debug)]
pub struct Piece<'o, const K: usize> {
    first: usize,
    values: &'o mut [f64],
    to_p: Option<[&'o mut [f64]; K]>,
    to_q: Option<[&'o mut [f64]; K]>,
}

impl<const K: usize> Piece<'_, K> {
    fn wants_gradients(&self) -> bool {
        self.to_p.is_some() || self.to_q.is_some()
    }
}

/// Cuts a batch up. Pieces are fixed by its shape and no row sees another, so the bits do not depend on threads.
fn pieces<'o, const K: usize>(
    rows: usize,
    widths: [usize; K],
    values: &'o mut [f64],
    mut to_p: Option<[&'o mut [f64]; K]>,
    mut to_q: Option<[&'o mut [f64]; K]>,
) -> Vec<Piece<'o, K>> {
    fn front<'o, const K: usize>(
        all: &mut Option<[&'o mut [f64]; K]>,
        rows: usize,
        widths: [usize; K],
    ) -> Option<[&'o mut [f64]; K]> {
        let mut widths = widths.into_iter();
        all.as_mut().map(|all| {
            all.each_mut().map(|all| {
                let (front, rest) = core::mem::take(all).split_at_mut(rows * widths.next().unwrap_or(0));
                *all = rest;
                front
            })
        })
    }
    let cut = |(i, values): (usize, &'o mut [f64])| {
        let n = values.len();
        Piece { first: i * rows, values, to_p: front(&mut to_p, n, widths), to_q: front(&mut to_q, n, widths) }
    };
    values.chunks_mut(rows).enumerate().map(cut).collect()
}

/// How many rows a comparison has.
fn common_rows<const K: usize, B: BatchKl<K>>(p: &B, q: &B) -> Result<usize, Error> {
    let widths = p.widths().into_iter().zip(q.widths());
    if let Some((p, q)) = widths.into_iter().find(|(p, q)| p != q) {
        return Err(Error::LengthMismatch { p, q });
    }
    match (p.rows(), q.rows()) {
        (p, q) if p == q => Ok(p),
        (1, rows) | (rows, 1) => Ok(rows),
        (p, q) => Err(Error::LengthMismatch { p, q }),
    }
}

/// Checks all numbers of a parameter. What is accepted is an interval, so the smallest and the largest number tell.
fn check(name: &'static str, check: Check, values: &[f64]) -> Result<(), Error> {
    let fine = |(): &mut (), values: &[f64]| within(name, check, values);
    if each(values.chunks(PIECE).collect(), || (), &fine).into_iter().all(|fine| fine) {
        return Ok(());
    }
    values.iter().enumerate().try_for_each(|(i, x)| check(name, *x).map_err(|error| error.in_row(i)))
}

/// Whether all numbers are accepted. What is not finite is left to a closer look.
fn within(name: &'static str, check: Check, values: &[f64]) -> bool {
    let Some([low, high]) = dispatch(Level::new(), Extremes(values)) else { return values.is_empty() };
    check(name, low).is_ok() && check(name, high).is_ok()
}

/// The smallest and the largest number, if all are finite and there are any.
struct Extremes<'a>(&'a [f64]);

impl Kernel for Extremes<'_> {
    type Output = Option<[f64; 2]>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Option<[f64; 2]> {
        let values = self.0;
        let lanes = F64s::<S>::LEN;
        if values.is_empty() {
            return None;
        }
        let zero = F64s::<S>::splat(simd, 0.0);
        let (mut low, mut high, mut odd) =
            (F64s::<S>::splat(simd, f64::INFINITY), F64s::<S>::splat(simd, f64::NEG_INFINITY), zero);
        let mut at = 0;
        while at < values.len() {
            let x = elementwise::load::<S>(simd, &values[at..values.len().min(at + lanes)]);
            // 0, or NaN where x is not finite; and then it stays.
            odd = x.mul_add(zero, odd);
            (low, high) = (low.min(x), high.max(x));
            at += lanes;
        }
        (odd.reduce_sum() == 0.0).then(|| [low.reduce_min(), high.reduce_max()])
    }
}
