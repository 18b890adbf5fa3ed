use core::marker::PhantomData;

use super::{BatchKl, Piece, check};
use crate::Error;
use crate::family::formula::{Formula, Slopes};
use crate::num::Real as _;
use crate::num::simd::{F64s, Kernel, Lanes as _, Level, Simd, dispatch};

/// Many distributions of a family with K numbers as parameters: one slice for each parameter.
///
/// ```
/// use kullback::family::batch::{BatchKl, Gammas};
/// let (shapes, rates) = ([2.0, 0.001, 1e6], [1.0, 3.0, 2.0]);
/// let p = Gammas::new([&shapes, &rates])?;
/// assert_eq!(p.kl_to(&p)?, [0.0; 3]);
/// assert!(Gammas::new([&shapes, &[1.0, -1.0, 1.0]]).is_err());
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a, F, const K: usize> {
    parameters: [&'a [f64]; K],
    columns: usize,
    family: PhantomData<F>,
}

impl<'a, F: Formula<K>, const K: usize> Batch<'a, F, K> {
    /// The distributions with these parameters, in the order of the family's own constructor.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] unless all slices are of one length, [`Error::RowParameter`] for the first number that is
    /// out of its parameter's range.
    pub fn new(parameters: [&'a [f64]; K]) -> Result<Self, Error> {
        let len = parameters[0].len();
        for (k, values) in parameters.iter().enumerate() {
            if values.len() != len {
                return Err(Error::LengthMismatch { p: len, q: values.len() });
            }
            check(F::NAMES[k], F::CHECKS[k], values)?;
        }
        Ok(Self { parameters, columns: 1, family: PhantomData })
    }

    /// The same numbers as rows of `columns` independent coordinates, whose KL is the sum of theirs: a diagonal normal
    /// distribution.
    ///
    /// ```
    /// use kullback::family::batch::{BatchKl, Normals};
    /// let p = Normals::new([&[1.0, 2.0, 0.0, 0.0], &[1.0; 4]])?.with_columns(2)?;
    /// let q = Normals::new([&[0.0; 2], &[1.0; 2]])?.with_columns(2)?;
    /// assert_eq!(p.kl_to(&q)?, [2.5, 0.0]);
    /// # Ok::<(), kullback::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Empty`] for no columns, [`Error::Shape`] if the last row is incomplete.
    pub fn with_columns(self, columns: usize) -> Result<Self, Error> {
        let len = self.parameters[0].len();
        if columns == 0 {
            return Err(Error::Empty);
        }
        if !len.is_multiple_of(columns) {
            return Err(Error::Shape { len, needed: len.next_multiple_of(columns) });
        }
        Ok(Self { columns, ..self })
    }

    /// The numbers of `count` rows from `first` on; of a single row as many copies, kept in `copies`.
    fn part<'c>(&self, first: usize, count: usize, copies: &'c mut [Vec<f64>; K]) -> [&'c [f64]; K]
    where
        'a: 'c,
    {
        let (from, to) = (first * self.columns, (first + count) * self.columns);
        if self.rows() != 1 || from == 0 && count == 1 {
            return self.parameters.map(|values| &values[from..to]);
        }
        for (copies, values) in copies.iter_mut().zip(self.parameters) {
            *copies = values.repeat(count);
        }
        copies.each_ref().map(Vec::as_slice)
    }
}

impl<F: Formula<K>, const K: usize> BatchKl<K> for Batch<'_, F, K> {
    fn rows(&self) -> usize {
        self.parameters[0].len() / self.columns
    }

    fn widths(&self) -> [usize; K] {
        [self.columns; K]
    }

    fn fill(&self, q: &Self, piece: Piece<'_, K>) {
        let gradients = piece.wants_gradients();
        let Piece { first, values, mut to_p, mut to_q } = piece;
        let (mut copies_p, mut copies_q) = ([const { Vec::new() }; K], [const { Vec::new() }; K]);
        let p = self.part(first, values.len(), &mut copies_p);
        let q = q.part(first, values.len(), &mut copies_q);
        let columns = self.columns;
        // Each coordinate's share of the value, where there are several.
        let mut shares = if columns == 1 { Vec::new() } else { vec![0.0; values.len() * columns] };
        let terms = if columns == 1 { &mut *values } else { &mut shares };
        let (of_p, of_q) = (&mut to_p, &mut to_q);
        if gradients {
            dispatch(Level::new(), Run::<'_, '_, F, K, true> { p, q, terms, of_p, of_q, family: PhantomData });
        } else {
            dispatch(Level::new(), Run::<'_, '_, F, K, false> { p, q, terms, of_p, of_q, family: PhantomData });
        }
        if columns == 1 {
            return;
        }
        for (i, (value, shares)) in values.iter_mut().zip(shares.chunks(columns)).enumerate() {
            *value = shares.iter().sum();
            if value.is_infinite() {
                for to in [&mut to_p, &mut to_q].into_iter().flatten().flatten() {
                    to[i * columns..(i + 1) * columns].fill(0.0);
                }
            }
        }
    }
}

/// Vectors of rows side by side.
struct Run<'r, 'o, F, const K: usize, const GRADIENT: bool> {
    p: [&'r [f64]; K],
    q: [&'r [f64]; K],
    terms: &'r mut [f64],
    of_p: &'r mut Option<[&'o mut [f64]; K]>,
    of_q: &'r mut Option<[&'o mut [f64]; K]>,
    family: PhantomData<F>,
}

/// Doubles in the widest vector there is.
pub(super) const WIDEST: usize = 8;

impl<F: Formula<K>, const K: usize, const GRADIENT: bool> Kernel for Run<'_, '_, F, K, GRADIENT> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let lanes = F64s::<S>::LEN;
        let mut at = 0;
        while at < self.terms.len() {
            let count = lanes.min(self.terms.len() - at);
            let (p, q) = (load_all::<S, K>(simd, &self.p, at, count), load_all::<S, K>(simd, &self.q, at, count));
            let slopes: Slopes<F64s<S>, K> = F::kl::<F64s<S>, GRADIENT>(p, q);
            store(slopes.value, &mut self.terms[at..at + count]);
            if GRADIENT {
                if let Some(to) = &mut *self.of_p {
                    store_all(slopes.p, slopes.value, to, at, count);
                }
                if let Some(to) = &mut *self.of_q {
                    store_all(slopes.q, slopes.value, to, at, count);
                }
            }
            at += count;
        }
    }
}

/// A vector of each parameter; where there are fewer rows than lanes the last one fills them.
#[inline(always)]
fn load_all<S: Simd, const K: usize>(simd: S, from: &[&[f64]; K], at: usize, count: usize) -> [F64s<S>; K] {
    let mut vectors = [F64s::splat(simd, 0.0); K];
    let mut k = 0;
    while k < K {
        vectors[k] = load(simd, &from[k][at..at + count]);
        k += 1;
    }
    vectors
}

#[inline(always)]
pub(super) fn load<S: Simd>(simd: S, from: &[f64]) -> F64s<S> {
    if from.len() == F64s::<S>::LEN {
        return F64s::load(simd, from);
    }
    let mut padded = [from[from.len() - 1]; WIDEST];
    padded[..from.len()].copy_from_slice(from);
    F64s::load(simd, &padded[..F64s::<S>::LEN])
}

#[inline(always)]
fn store<S: Simd>(vector: F64s<S>, to: &mut [f64]) {
    if to.len() == F64s::<S>::LEN {
        return vector.store(to);
    }
    let mut padded = [0.0; WIDEST];
    vector.store(&mut padded[..F64s::<S>::LEN]);
    to.copy_from_slice(&padded[..to.len()]);
}

/// Gradients, 0 where the value is infinite.
#[inline(always)]
fn store_all<S: Simd, const K: usize>(
    slopes: [F64s<S>; K],
    value: F64s<S>,
    to: &mut [&mut [f64]; K],
    at: usize,
    count: usize,
) {
    let mut k = 0;
    while k < K {
        store(of_finite(slopes[k], value), &mut to[k][at..at + count]);
        k += 1;
    }
}

/// The slope, or 0 where the value is infinite.
#[inline(always)]
pub(super) fn of_finite<S: Simd>(slope: F64s<S>, value: F64s<S>) -> F64s<S> {
    value.where_less(value.constant(f64::INFINITY), slope, value.constant(0.0))
}
