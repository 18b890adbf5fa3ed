//! The loop over coordinates of diagonal Gaussians.

use crate::discrete::Vectorised;
use crate::num::Real;
use crate::num::entropic::exp_excess_near;
use crate::num::simd::{Kernel, Lanes, Simd};

type V<T, S> = <T as Vectorised>::Lanes<S>;

/// More lanes than any vector has.
const WIDEST: usize = 16;

/// The mean and ln σ² of each coordinate.
pub(super) type Side<'a, T> = [&'a [T]; 2];

/// KL(P‖Q) of each coordinate, and its derivatives for both numbers of both sides, times `scale`, where they are wanted:
/// a slice that is empty is not written, and without `q` Q is N(0, 1).
///
/// With Δ the difference of the means and ℓ that of the logarithms of the variances, P's less Q's, it is
/// ½(eˡ − 1 − ℓ + Δ²/σ_q²): two terms that are never negative.
pub(super) struct Coordinates<'a, T> {
    pub(super) p: Side<'a, T>,
    pub(super) q: Option<Side<'a, T>>,
    pub(super) scale: f64,
    pub(super) values: &'a mut [T],
    pub(super) by_p: [&'a mut [T]; 2],
    pub(super) by_q: [&'a mut [T]; 2],
}

/// KL between Gaussians in one coordinate, or in a vector of them, with its derivatives.
#[derive(Debug, Clone, Copy)]
pub struct Coordinate<L> {
    /// KL(P‖Q), in nats.
    pub value: L,
    /// Its derivative for the mean of P, times the scale; that for the mean of Q has the other sign.
    pub by_mean: L,
    /// For ln σ² of P.
    pub by_ln_variance: L,
    /// For ln σ² of Q.
    pub by_ln_variance_q: L,
}

#[inline(always)]
fn read<T: Vectorised, S: Simd>(simd: S, from: &[T], at: usize) -> V<T, S> {
    V::<T, S>::load(simd, &from[at..at + V::<T, S>::LEN])
}

impl<L: Real> Coordinate<L> {
    /// Of the mean and ln σ² of P, and of Q unless it is N(0, 1). The derivatives are multiplied by `scale`.
    #[inline(always)]
    #[must_use]
    pub fn new(p: [L; 2], q: Option<[L; 2]>, scale: L) -> Self {
        let (difference, ln_ratio, pull) = match q {
            None => (p[0], p[1], p[0]),
            Some([mean, ln_variance]) => {
                let difference = p[0] - mean;
                (difference, p[1] - ln_variance, difference * (-ln_variance).exp())
            }
        };
        let growth = ln_ratio.exp_m1();
        let excess = ln_ratio.abs().where_less(growth.constant(1.0), exp_excess_near(ln_ratio), growth - ln_ratio);
        let half = scale * 0.5;
        let square = difference * pull;
        Self {
            value: (excess + square) * 0.5,
            by_mean: scale * pull,
            by_ln_variance: half * growth,
            by_ln_variance_q: -(half * (growth + square)),
        }
    }
}

impl<T: Vectorised> Kernel for Coordinates<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let len = V::<T, S>::LEN;
        let n = self.values.len();
        let mut at = 0;
        let mut parts = self;
        while at < n {
            if at + len <= n {
                parts.step(simd, at);
            } else {
                parts.rest(simd, at);
            }
            at += len;
        }
    }
}

impl<T: Vectorised> Coordinates<'_, T> {
    /// A whole vector.
    #[inline(always)]
    fn step<S: Simd>(&mut self, simd: S, at: usize) {
        let to = at..at + V::<T, S>::LEN;
        let scale = V::<T, S>::splat(simd, self.scale);
        let q = match self.q {
            None => None,
            Some([mean, ln_variance]) => Some([read(simd, mean, at), read(simd, ln_variance, at)]),
        };
        let found = Coordinate::new([read(simd, self.p[0], at), read(simd, self.p[1], at)], q, scale);
        found.value.store(&mut self.values[to.clone()]);
        if !self.by_p[0].is_empty() {
            found.by_mean.store(&mut self.by_p[0][to.clone()]);
            found.by_ln_variance.store(&mut self.by_p[1][to.clone()]);
        }
        if !self.by_q[0].is_empty() {
            (-found.by_mean).store(&mut self.by_q[0][to.clone()]);
            found.by_ln_variance_q.store(&mut self.by_q[1][to]);
        }
    }

    /// What is left at the end, less than a vector.
    #[inline(always)]
    fn rest<S: Simd>(&mut self, simd: S, at: usize) {
        let n = self.values.len() - at;
        let mut space = [[T::default(); WIDEST]; 9];
        let [p_0, p_1, q_0, q_1, values, by_p_0, by_p_1, by_q_0, by_q_1] = &mut space;
        p_0[..n].copy_from_slice(&self.p[0][at..at + n]);
        p_1[..n].copy_from_slice(&self.p[1][at..at + n]);
        if let Some([mean, ln_variance]) = self.q {
            q_0[..n].copy_from_slice(&mean[at..at + n]);
            q_1[..n].copy_from_slice(&ln_variance[at..at + n]);
        }
        let q: Side<'_, T> = [q_0, q_1];
        let mut vector = Coordinates {
            p: [p_0, p_1],
            q: if self.q.is_some() { Some(q) } else { None },
            scale: self.scale,
            values,
            by_p: [by_p_0, by_p_1],
            by_q: [by_q_0, by_q_1],
        };
        vector.step(simd, 0);
        let [.., values, by_p_0, by_p_1, by_q_0, by_q_1] = &space;
        let ([to_p_0, to_p_1], [to_q_0, to_q_1]) = (&mut self.by_p, &mut self.by_q);
        let targets = [&mut *self.values, to_p_0, to_p_1, to_q_0, to_q_1];
        for (to, from) in targets.into_iter().zip([values, by_p_0, by_p_1, by_q_0, by_q_1]) {
            if !to.is_empty() {
                to[at..at + n].copy_from_slice(&from[..n]);
            }
        }
    }
}
