//! The loops of a k-d tree that several queries go through side by side, a lane each.
//!
//! Queries that are near one another want the same nodes: a group of them walks the tree once, and a point that is read is compared with all,
//! in single precision first (see [`single`](super::single)); what that leaves open is decided in double precision. There
//! differences are squared and added without a fused multiply-add, so that distances have the same bits on every machine.

#![allow(
    clippy::needless_range_loop,
    reason = "adaptors of iterators are not compiled for the instruction set of their caller"
)]

use super::neighbours::{Batch, GROUP};
use super::single::{BLOCK, Rounded, Singles};
use super::tree::{Node, Tree};
use crate::num::Real as _;
use crate::num::simd::{F32s, F64s, Kernel, Lanes, Simd};

/// A number for each query.
pub(super) type Each = [f64; GROUP];
/// As many vectors as the narrowest kind needs for them.
const MOST: usize = GROUP / 2;
type Wide<S> = [F64s<S>; MOST];

/// How many vectors of this kind there are.
#[inline(always)]
fn vectors<S: Simd>() -> usize {
    GROUP / <F64s<S> as Lanes<S>>::LEN
}

/// The queries of the v-th.
#[inline(always)]
fn span<S: Simd>(v: usize) -> core::ops::Range<usize> {
    let len = <F64s<S> as Lanes<S>>::LEN;
    v * len..(v + 1) * len
}

#[inline(always)]
fn splat<S: Simd>(simd: S, x: f64) -> Wide<S> {
    [F64s::splat(simd, x); MOST]
}

#[inline(always)]
fn load<S: Simd>(simd: S, from: &Each) -> Wide<S> {
    let mut to = splat(simd, 0.0);
    for v in 0..vectors::<S>() {
        to[v] = F64s::load(simd, &from[span::<S>(v)]);
    }
    to
}

#[inline(always)]
fn store<S: Simd>(from: &Wide<S>, to: &mut Each) {
    for v in 0..vectors::<S>() {
        from[v].store(&mut to[span::<S>(v)]);
    }
}

/// How many vectors of single precision there are.
#[inline(always)]
fn narrow<S: Simd>() -> usize {
    GROUP / <F32s<S> as Lanes<S>>::LEN
}

/// The queries of the v-th.
#[inline(always)]
fn narrow_span<S: Simd>(v: usize) -> core::ops::Range<usize> {
    let len = <F32s<S> as Lanes<S>>::LEN;
    v * len..(v + 1) * len
}

/// A bit for each query, set where `a` is smaller than `b`.
#[inline(always)]
fn less<S: Simd>(simd: S, a: &Singles, b: &Singles) -> u64 {
    let mut bits = 0;
    for v in 0..narrow::<S>() {
        let b = F32s::<S>::load(simd, &b[narrow_span::<S>(v)]);
        bits |= F32s::load(simd, &a[narrow_span::<S>(v)]).less_bits(b) << narrow_span::<S>(v).start;
    }
    bits
}

/// Queries, a coordinate after another, and the tree they go through.
#[derive(Clone, Copy)]
struct Queries<'a> {
    tree: &'a Tree,
    lanes: &'a [Each],
    rounded: &'a Rounded,
}

impl Queries<'_> {
    /// The squared distances to a point.
    #[inline(always)]
    fn distances<S: Simd>(&self, simd: S, point: &[f64]) -> Wide<S> {
        let mut sum = splat(simd, 0.0);
        for (lanes, &x) in self.lanes.iter().zip(point) {
            let at = F64s::splat(simd, x);
            for v in 0..vectors::<S>() {
                let difference = F64s::load(simd, &lanes[span::<S>(v)]) - at;
                sum[v] = sum[v] + difference * difference;
            }
        }
        sum
    }

    /// The least squared distances to a node's box.
    #[inline(always)]
    fn least<S: Simd>(&self, simd: S, node: usize) -> Wide<S> {
        let (mut sum, zero) = (splat(simd, 0.0), F64s::splat(simd, 0.0));
        for (lanes, side) in self.lanes.iter().zip(self.tree.sides(node)) {
            let (low, high) = (F64s::splat(simd, side[0]), F64s::splat(simd, side[1]));
            for v in 0..vectors::<S>() {
                let x = F64s::load(simd, &lanes[span::<S>(v)]);
                let out = (low - x).max(x - high).max(zero);
                sum[v] = sum[v] + out * out;
            }
        }
        sum
    }

    /// x·y − |y|²/2 for the v-th queries and a block's points, in single precision.
    #[inline(always)]
    fn products<S: Simd>(&self, simd: S, block: &[f32], v: usize) -> [F32s<S>; BLOCK] {
        let mut sums = [F32s::splat(simd, 0.0); BLOCK];
        for at in 0..BLOCK {
            sums[at] = F32s::splat(simd, f64::from(block[at]));
        }
        for (lanes, points) in self.rounded.lanes.iter().zip(block[BLOCK..].chunks_exact(BLOCK)) {
            let x = F32s::load(simd, &lanes[narrow_span::<S>(v)]);
            for at in 0..BLOCK {
                sums[at] = x.mul_add(F32s::splat(simd, f64::from(points[at])), sums[at]);
            }
        }
        sums
    }

    /// Adds the numbers of a block's points within a radius, if single precision is enough to tell for all of them.
    #[inline(always)]
    fn sure<S: Simd>(&self, simd: S, first: usize, limits: &Limits, counts: &mut Each) -> bool {
        let (zero, one) = (F32s::splat(simd, 0.0), F32s::splat(simd, 1.0));
        let mut within = [0.0; GROUP];
        let mut doubtful = 0;
        for v in 0..narrow::<S>() {
            let found = self.products(simd, self.tree.block(first), v);
            let maybe = F32s::load(simd, &limits.maybe[narrow_span::<S>(v)]);
            let surely = F32s::load(simd, &limits.surely[narrow_span::<S>(v)]);
            let (mut most, mut least) = (zero, zero);
            for at in 0..BLOCK {
                most = most + maybe.where_less(found[at], one, zero);
                least = least + surely.where_less(found[at], one, zero);
            }
            doubtful |= least.less_bits(most);
            least.store(&mut within[narrow_span::<S>(v)]);
        }
        if doubtful > 0 {
            return false;
        }
        for lane in 0..GROUP {
            counts[lane] += f64::from(within[lane]);
        }
        true
    }

    /// The least squared distances to a node's box in single precision, none too large by more than rounding; and their sum.
    #[inline(always)]
    fn hull<S: Simd>(&self, simd: S, node: usize) -> (f64, Singles) {
        let (hull, zero) = (self.tree.hull(node), F32s::splat(simd, 0.0));
        let (mut least, mut total) = ([0.0; GROUP], [F64s::splat(simd, 0.0); 2]);
        for v in 0..narrow::<S>() {
            let mut sum = zero;
            for ([down, up], side) in self.rounded.between.iter().zip(hull.chunks_exact(2)) {
                let (low, high) = (F32s::splat(simd, f64::from(side[0])), F32s::splat(simd, f64::from(side[1])));
                let (down, up) =
                    (F32s::load(simd, &down[narrow_span::<S>(v)]), F32s::load(simd, &up[narrow_span::<S>(v)]));
                let out = (low - up).max(down - high).max(zero);
                sum = out.mul_add(out, sum);
            }
            sum.store(&mut least[narrow_span::<S>(v)]);
            sum.add_to(&mut total);
        }
        ((total[0] + total[1]).reduce_sum(), least)
    }

    /// About the greatest squared distances to a node's box.
    #[inline(always)]
    fn far<S: Simd>(&self, simd: S, node: usize) -> Singles {
        let mut greatest = [0.0; GROUP];
        for v in 0..narrow::<S>() {
            let mut sum = F32s::splat(simd, 0.0);
            for (lanes, side) in self.rounded.lanes.iter().zip(self.tree.hull(node).chunks_exact(2)) {
                let (low, high) = (F32s::splat(simd, f64::from(side[0])), F32s::splat(simd, f64::from(side[1])));
                let x = F32s::load(simd, &lanes[narrow_span::<S>(v)]);
                let far = (x - low).max(high - x);
                sum = far.mul_add(far, sum);
            }
            sum.store(&mut greatest[narrow_span::<S>(v)]);
        }
        greatest
    }

    /// The greatest squared distances to a node's box.
    #[inline(always)]
    fn greatest<S: Simd>(&self, simd: S, node: usize) -> Wide<S> {
        let mut sum = splat(simd, 0.0);
        for (lanes, side) in self.lanes.iter().zip(self.tree.sides(node)) {
            let (low, high) = (F64s::splat(simd, side[0]), F64s::splat(simd, side[1]));
            for v in 0..vectors::<S>() {
                let x = F64s::load(simd, &lanes[span::<S>(v)]);
                let far = (x - low).max(high - x);
                sum[v] = sum[v] + far * far;
            }
        }
        sum
    }
}

/// A batch's coordinates; lanes without a query repeat the last one.
fn lanes(batch: &Batch<'_>) -> Vec<Each> {
    let last = batch.len() - 1;
    let of = |column: usize| core::array::from_fn(|lane| batch.point(lane.min(last))[column]);
    (0..batch.dimensions).map(of).collect()
}

/// What the k nearest of each query are asked with.
pub(super) struct Nearest<'a> {
    pub(super) tree: &'a Tree,
    pub(super) batch: &'a Batch<'a>,
    /// Distances for each query in order, `most` of them.
    pub(super) lists: &'a mut [f64],
    pub(super) most: usize,
}

/// How far each query looks: its list's last distance, and what single precision is compared with for it.
struct Bounds {
    worst: Each,
    threshold: Singles,
    reach: Singles,
}

impl Bounds {
    #[inline(always)]
    fn new(worst: Each, rounded: &Rounded) -> Self {
        let mut bounds = Self { worst, threshold: [0.0; GROUP], reach: [0.0; GROUP] };
        bounds.renew(rounded);
        bounds
    }

    #[inline(always)]
    fn renew(&mut self, rounded: &Rounded) {
        for lane in 0..GROUP {
            self.threshold[lane] = rounded.thresholds(lane, self.worst[lane])[0];
            // A full list of coincident points wants no more of them.
            let wanted = if self.worst[lane] > 0.0 { self.worst[lane] } else { -1.0 };
            self.reach[lane] = rounded.reach(wanted);
        }
    }
}

impl Kernel for Nearest<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let lanes = lanes(self.batch);
        let rounded = Rounded::new(self.batch, &lanes);
        let queries = Queries { tree: self.tree, lanes: &lanes, rounded: &rounded };
        // Lanes without a query ask for nothing.
        let worst = core::array::from_fn(|lane| if lane < self.batch.len() { f64::MAX } else { f64::MIN });
        let mut bounds = Bounds::new(worst, &rounded);
        let mut stack: Vec<(usize, Singles)> = Vec::with_capacity(64);
        stack.push((0, [0.0; GROUP]));
        while let Some((at, least)) = stack.pop() {
            if less(simd, &least, &bounds.reach) == 0 {
                continue;
            }
            let node = self.tree.node(at);
            if node.second == 0 {
                self.leaf(simd, queries, node, &mut bounds);
                continue;
            }
            // The nearer child last, so that it comes first.
            let [(first, of_first), (second, of_second)] =
                [queries.hull(simd, at + 1), queries.hull(simd, node.second)];
            match first <= second {
                true => stack.extend([(node.second, of_second), (at + 1, of_first)]),
                false => stack.extend([(at + 1, of_first), (node.second, of_second)]),
            }
        }
    }
}

impl Nearest<'_> {
    #[inline(always)]
    fn leaf<S: Simd>(&mut self, simd: S, queries: Queries<'_>, node: &Node, bounds: &mut Bounds) {
        for first in (node.first..node.end).step_by(BLOCK) {
            let (mut near, mut any) = ([0; BLOCK], 0);
            for v in 0..narrow::<S>() {
                let threshold = F32s::load(simd, &bounds.threshold[narrow_span::<S>(v)]);
                let found = queries.products(simd, self.tree.block(first), v);
                for at in 0..BLOCK {
                    near[at] |= threshold.less_bits(found[at]) << narrow_span::<S>(v).start;
                    any |= near[at];
                }
            }
            if any == 0 {
                continue;
            }
            for at in 0..BLOCK {
                if near[at] > 0 {
                    self.meet(simd, queries, first + at, near[at], &mut bounds.worst);
                }
            }
            bounds.renew(queries.rounded);
        }
    }

    /// Puts a point into the lists of those queries of `near` that it belongs to.
    #[inline(always)]
    fn meet<S: Simd>(&mut self, simd: S, queries: Queries<'_>, index: usize, mut near: u64, worst: &mut Each) {
        let mut distances = [0.0; GROUP];
        store(&queries.distances(simd, self.tree.row(index)), &mut distances);
        while near > 0 {
            let lane = near.trailing_zeros() as usize;
            near &= near - 1;
            if distances[lane] < worst[lane] && self.batch.own.is_none_or(|own| own + lane != index) {
                let list = &mut self.lists[lane * self.most..][..self.most];
                worst[lane] = insert(list, distances[lane]).min(f64::MAX);
            }
        }
    }
}

/// Puts a distance into an ordered list, whose largest goes, and returns what is the largest then. Without a branch, for where it belongs
/// cannot be foreseen.
#[inline(always)]
fn insert(list: &mut [f64], distance: f64) -> f64 {
    let (mut above, mut last) = (distance, distance);
    for place in list {
        (*place, above) = if above < *place { (above, *place) } else { (*place, above) };
        last = *place;
    }
    last
}

/// What the numbers within radii are asked with. A radius below zero holds nothing.
pub(super) struct Within<'a> {
    pub(super) tree: &'a Tree,
    pub(super) batch: &'a Batch<'a>,
    /// For each k, which grow with it.
    pub(super) radii: &'a [Each],
    pub(super) counts: &'a mut [Each],
}

/// What single precision is compared with for each query's radius.
#[derive(Clone, Default)]
struct Limits {
    /// [`Rounded::thresholds`].
    maybe: Singles,
    surely: Singles,
    /// [`Rounded::reach`].
    reach: Singles,
    /// [`Rounded::holds`].
    holds: Singles,
}

impl Kernel for Within<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let lanes = lanes(self.batch);
        let rounded = Rounded::new(self.batch, &lanes);
        let queries = Queries { tree: self.tree, lanes: &lanes, rounded: &rounded };
        let mut limits = vec![Limits::default(); self.radii.len()];
        for (limits, radii) in limits.iter_mut().zip(self.radii) {
            for lane in 0..GROUP {
                [limits.maybe[lane], limits.surely[lane]] = rounded.thresholds(lane, radii[lane]);
                limits.reach[lane] = rounded.reach(radii[lane]);
                limits.holds[lane] = rounded.holds(lane, radii[lane]);
            }
        }
        let mut stack = Vec::with_capacity(64);
        stack.push((0, 0, self.radii.len()));
        while let Some((at, mut from, to)) = stack.pop() {
            let node = self.tree.node(at);
            let (_, near) = queries.hull(simd, at);
            while from < to && less(simd, &near, &limits[from].reach) == 0 {
                from += 1;
            }
            if from == to {
                continue;
            }
            let reached = less(simd, &near, &limits[to - 1].reach);
            if reached & less(simd, &queries.far(simd, at), &limits[to - 1].holds) == 0 {
                // No ball holds all of the box.
                match node.second {
                    0 => self.leaf(simd, queries, node, &limits, from..to),
                    second => stack.extend([(second, from, to), (at + 1, from, to)]),
                }
                continue;
            }
            let (least, greatest) = (queries.least(simd, at), queries.greatest(simd, at));
            // The radii that some query's ball cuts this box with; the others hold all of it or nothing.
            let (mut first, mut end) = (to, from);
            for k in from..to {
                let radii = load(simd, &self.radii[k]);
                let mut cut = F64s::splat(simd, 0.0);
                for v in 0..vectors::<S>() {
                    let (one, zero) = (F64s::splat(simd, 1.0), F64s::splat(simd, 0.0));
                    let reaches = radii[v].where_less(least[v], zero, one);
                    cut = cut + radii[v].where_less(greatest[v], reaches, zero);
                }
                if cut.reduce_max() > 0.0 {
                    (first, end) = (first.min(k), k + 1);
                }
            }
            let size = (node.end - node.first) as f64;
            for k in from..to {
                if k < first || k >= end {
                    add(simd, &greatest, &self.radii[k], size, &mut self.counts[k]);
                }
            }
            if first >= end {
                continue;
            }
            if node.second > 0 {
                stack.extend([(node.second, first, end), (at + 1, first, end)]);
                continue;
            }
            self.leaf(simd, queries, node, &limits, first..end);
        }
    }
}

impl Within<'_> {
    #[inline(always)]
    fn leaf<S: Simd>(
        &mut self,
        simd: S,
        queries: Queries<'_>,
        node: &Node,
        limits: &[Limits],
        ks: core::ops::Range<usize>,
    ) {
        for block in (node.first..node.end).step_by(BLOCK) {
            for k in ks.start..ks.end {
                if queries.sure(simd, block, &limits[k], &mut self.counts[k]) {
                    continue;
                }
                for index in block..node.end.min(block + BLOCK) {
                    let found = queries.distances(simd, self.tree.row(index));
                    add(simd, &found, &self.radii[k], 1.0, &mut self.counts[k]);
                }
            }
        }
    }
}

/// Adds `size` where a distance is no larger than the radius.
#[inline(always)]
fn add<S: Simd>(simd: S, distances: &Wide<S>, radii: &Each, size: f64, counts: &mut Each) {
    let (radii, mut sums) = (load(simd, radii), load(simd, counts));
    let (zero, size) = (F64s::splat(simd, 0.0), F64s::splat(simd, size));
    for v in 0..vectors::<S>() {
        sums[v] = sums[v] + radii[v].where_less(distances[v], zero, size);
    }
    store(&sums, counts);
}
