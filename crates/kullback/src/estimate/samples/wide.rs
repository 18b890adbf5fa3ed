//! Sixteen numbers in single precision, in as many vectors as it takes.

#![allow(
    clippy::needless_range_loop,
    reason = "adaptors of iterators are not compiled for the instruction set of their caller"
)]

use super::single::{Aligned, LANES, Singles};
use crate::num::Real as _;
use crate::num::simd::{F32s, Lanes, Simd};

/// A number for each lane, in as many vectors as the narrowest kind needs.
pub(super) type Wide<S> = [F32s<S>; LANES / 4];

/// How many vectors of this kind there are.
#[inline(always)]
pub(super) fn vectors<S: Simd>() -> usize {
    LANES / <F32s<S> as Lanes<S>>::LEN
}

/// The lanes of the v-th.
#[inline(always)]
fn span<S: Simd>(v: usize) -> core::ops::Range<usize> {
    let len = <F32s<S> as Lanes<S>>::LEN;
    v * len..(v + 1) * len
}

#[inline(always)]
pub(super) fn splat<S: Simd>(simd: S, x: f32) -> Wide<S> {
    [F32s::splat(simd, f64::from(x)); LANES / 4]
}

#[inline(always)]
pub(super) fn load<S: Simd>(simd: S, from: &Singles) -> Wide<S> {
    part(simd, from, 0)
}

/// The numbers of a part of a group.
#[inline(always)]
pub(super) fn part<S: Simd, const N: usize>(simd: S, from: &Aligned<N>, part: usize) -> Wide<S> {
    let mut to = splat(simd, 0.0);
    place(simd, &mut to, from, part);
    to
}

/// The same where there is a place already, which costs less than to move them.
#[inline(always)]
pub(super) fn place<S: Simd, const N: usize>(simd: S, to: &mut Wide<S>, from: &Aligned<N>, part: usize) {
    for v in 0..vectors::<S>() {
        to[v] = F32s::load(simd, &from.0[part * LANES..][span::<S>(v)]);
    }
}

#[inline(always)]
pub(super) fn store_part<S: Simd, const N: usize>(from: &Wide<S>, to: &mut Aligned<N>, part: usize) {
    for v in 0..vectors::<S>() {
        from[v].store(&mut to.0[part * LANES..][span::<S>(v)]);
    }
}

#[inline(always)]
pub(super) fn store<S: Simd>(from: &Wide<S>) -> Singles {
    let mut to = Singles::splat(0.0);
    store_part(from, &mut to, 0);
    to
}

/// A bit for each lane, set where `a` is smaller than `b`.
#[inline(always)]
pub(super) fn less<S: Simd>(a: &Wide<S>, b: &Wide<S>) -> u64 {
    let mut bits = 0;
    for v in 0..vectors::<S>() {
        bits |= a[v].less_bits(b[v]) << span::<S>(v).start;
    }
    bits
}

/// The squared distances to the nearest points of boxes from points between `down` and `up`, none too large by more than rounding.
#[inline(always)]
pub(super) fn out<S: Simd>(sums: &mut Wide<S>, sides: [&Wide<S>; 2], point: [&Wide<S>; 2]) {
    let ([low, high], [down, up]) = (sides, point);
    for v in 0..vectors::<S>() {
        let out = (low[v] - up[v]).max(down[v] - high[v]);
        let out = out.max(out.constant(0.0));
        sums[v] = out.mul_add(out, sums[v]);
    }
}

/// About those to the furthest.
#[inline(always)]
pub(super) fn across<S: Simd>(sums: &mut Wide<S>, sides: [&Wide<S>; 2], point: &Wide<S>) {
    let [low, high] = sides;
    for v in 0..vectors::<S>() {
        let far = (point[v] - low[v]).max(high[v] - point[v]);
        sums[v] = far.mul_add(far, sums[v]);
    }
}

/// The lanes of the smallest number.
#[inline(always)]
pub(super) fn smallest<S: Simd>(simd: S, numbers: &Wide<S>) -> u64 {
    let mut least = numbers[0];
    for v in 1..vectors::<S>() {
        least = least.min(numbers[v]);
    }
    less(numbers, &splat(simd, (least.reduce_min() as f32).next_up()))
}

/// Takes the lowest bit that is set.
#[inline(always)]
pub(super) fn next(bits: &mut u64) -> usize {
    let lane = bits.trailing_zeros() as usize;
    *bits &= *bits - 1;
    lane
}
