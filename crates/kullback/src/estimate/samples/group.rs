//! The loops of a k-d tree that several queries go through side by side, a lane each.
//!
//! Queries that are near one another want the same nodes: a group of them walks the tree once, and a point that is read is compared with all.
//! Differences are squared and added without a fused multiply-add, so that distances have the same bits on every machine.

#![allow(
    clippy::needless_range_loop,
    reason = "adaptors of iterators are not compiled for the instruction set of their caller"
)]

use super::neighbours::{Batch, GROUP};
use super::tree::{Node, Tree};
use crate::num::Real as _;
use crate::num::simd::{F64s, Kernel, Lanes, Simd};

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

/// Whether any of `a` is smaller than that of `b`.
#[inline(always)]
fn any_less<S: Simd>(a: &Wide<S>, b: &Wide<S>) -> bool {
    let mut most = b[0] - a[0];
    for v in 1..vectors::<S>() {
        most = most.max(b[v] - a[v]);
    }
    most.reduce_max() > 0.0
}

/// Queries, a coordinate after another, and the tree they go through.
#[derive(Clone, Copy)]
struct Queries<'a> {
    tree: &'a Tree,
    lanes: &'a [Each],
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

    /// The greatest.
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

impl Kernel for Nearest<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let lanes = lanes(self.batch);
        let queries = Queries { tree: self.tree, lanes: &lanes };
        // Lanes without a query ask for nothing.
        let mut worst: Each = core::array::from_fn(|lane| if lane < self.batch.len() { f64::MAX } else { f64::MIN });
        let mut stack: Vec<usize> = Vec::with_capacity(64);
        stack.push(0);
        while let Some(at) = stack.pop() {
            if !any_less::<S>(&queries.least(simd, at), &load(simd, &worst)) {
                continue;
            }
            let node = self.tree.node(at);
            if node.second == 0 {
                self.leaf(simd, queries, node, &mut worst);
                continue;
            }
            // The nearer child last, so that it comes first.
            let first = self.total(&queries.least(simd, at + 1));
            let second = self.total(&queries.least(simd, node.second));
            match first <= second {
                true => stack.extend([node.second, at + 1]),
                false => stack.extend([at + 1, node.second]),
            }
        }
    }
}

impl Nearest<'_> {
    /// The sum over the queries.
    #[inline(always)]
    fn total<S: Simd>(&self, of: &Wide<S>) -> f64 {
        let mut each = [0.0; GROUP];
        store(of, &mut each);
        let mut total = 0.0;
        for x in &each[..self.batch.len()] {
            total += x;
        }
        total
    }

    #[inline(always)]
    fn leaf<S: Simd>(&mut self, simd: S, queries: Queries<'_>, node: &Node, worst: &mut Each) {
        let mut bound = load(simd, worst);
        for index in node.first..node.end {
            let found = queries.distances(simd, self.tree.row(index));
            if !any_less::<S>(&found, &bound) {
                continue;
            }
            let mut distances = [0.0; GROUP];
            store(&found, &mut distances);
            for lane in 0..self.batch.len() {
                if distances[lane] < worst[lane] && self.batch.own.is_none_or(|own| own + lane != index) {
                    worst[lane] =
                        insert(&mut self.lists[lane * self.most..][..self.most], distances[lane]).min(f64::MAX);
                }
            }
            bound = load(simd, worst);
        }
    }
}

/// Puts a distance into an ordered list, whose largest goes, and returns what is the largest then.
#[inline(always)]
fn insert(list: &mut [f64], distance: f64) -> f64 {
    let last = list.len() - 1;
    let mut place = last;
    while place > 0 && list[place - 1] > distance {
        list[place] = list[place - 1];
        place -= 1;
    }
    list[place] = distance;
    list[last]
}

/// What the numbers within radii are asked with. A radius below zero holds nothing.
pub(super) struct Within<'a> {
    pub(super) tree: &'a Tree,
    pub(super) batch: &'a Batch<'a>,
    /// For each k, which grow with it.
    pub(super) radii: &'a [Each],
    pub(super) counts: &'a mut [Each],
}

impl Kernel for Within<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let lanes = lanes(self.batch);
        let queries = Queries { tree: self.tree, lanes: &lanes };
        let mut stack = Vec::with_capacity(64);
        stack.push((0, 0, self.radii.len()));
        while let Some((at, from, to)) = stack.pop() {
            let node = self.tree.node(at);
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
            for index in node.first..node.end {
                let found = queries.distances(simd, self.tree.row(index));
                for k in first..end {
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
