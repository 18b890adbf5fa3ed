//! The way of queries through a tree: the nearest points, and how many lie within radii, both at once.
//!
//! Queries that are near one another want the same nodes: a group of them goes from node to node together, a lane each. In a leaf each goes
//! its own way, for in many dimensions few of them want the same points: there sixteen blocks, then the points of a block have a lane
//! each. All of this is in single precision (see [`single`](super::single)); what that leaves open is decided in double precision. There
//! differences are squared and added without a fused multiply-add, so that distances have the same bits on every machine.

#![allow(
    clippy::needless_range_loop,
    reason = "adaptors of iterators are not compiled for the instruction set of their caller"
)]

use super::neighbours::{Asked, Queries};
use super::single::{LANES, Rounded, Singles};
use super::tree::{Node, Tree};
use super::wide::{Wide, across, less, load, next, out, smallest, splat, store, vectors};
use crate::num::Real as _;
use crate::num::simd::{F64s, Kernel, Lanes as _, Simd};

/// Blocks whose products are taken at once: additions do not wait for one another then.
const TOGETHER: usize = 4;

/// What single precision is compared with for a squared radius.
#[derive(Clone, Copy, Default)]
struct Limits {
    /// [`Rounded::thresholds`].
    maybe: f32,
    surely: f32,
    /// [`Rounded::reach`].
    reach: f32,
}

/// A node that is still to be looked at.
#[derive(Clone, Copy)]
struct Ahead {
    node: usize,
    /// The least squared distances to its box; infinite for those that do not want it.
    least: Singles,
    /// How many of the radii do not hold all of it, or have not counted it yet.
    open: [u16; LANES],
}

/// Queries on their way through a tree.
pub(super) struct Walk<'a> {
    pub(super) tree: &'a Tree,
    pub(super) queries: Queries<'a>,
    pub(super) asked: Asked<'a>,
}

impl Kernel for Walk<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { tree, queries, asked: Asked { most, lists, within, radii, counts } } = self;
        lists.fill(f64::INFINITY);
        let mut ahead = Vec::with_capacity(64);
        let mut limits = vec![Limits::default(); LANES * within];
        let mut start = 0;
        while start < queries.len() {
            let end = queries.len().min(start + LANES);
            let queries = queries.part(start, end);
            let mut group = Group {
                tree,
                queries,
                rounded: Rounded::new(queries),
                most,
                lists: &mut lists[start * most..end * most],
                worst: [f64::MAX; LANES],
                maybe: Singles::splat(f32::INFINITY),
                near: Singles::splat(-1.0),
                within,
                radii: &radii[start * within..end * within],
                counts: &mut counts[start * within..end * within],
                limits: &mut limits,
                counted: Singles::splat(-1.0),
                holds: Singles::splat(-1.0),
                widest: -1.0,
            };
            group.walk(simd, &mut ahead);
            start = end;
        }
    }
}

/// Queries that go together.
struct Group<'a> {
    tree: &'a Tree,
    queries: Queries<'a>,
    rounded: Rounded,
    most: usize,
    lists: &'a mut [f64],
    /// Each list's last distance, and what single precision is compared with for it.
    worst: [f64; LANES],
    maybe: Singles,
    near: Singles,
    within: usize,
    radii: &'a [f64],
    counts: &'a mut [f64],
    limits: &'a mut [Limits],
    /// What is compared with for the largest radii, and the largest of these.
    counted: Singles,
    holds: Singles,
    widest: f64,
}

impl Group<'_> {
    #[inline(always)]
    fn walk<S: Simd>(&mut self, simd: S, ahead: &mut Vec<Ahead>) {
        for lane in 0..self.queries.len() {
            if self.most > 0 {
                self.settle(lane);
            }
            for at in lane * self.within..(lane + 1) * self.within {
                let radius = self.radii[at];
                let [maybe, surely] = self.rounded.thresholds(lane, radius);
                self.limits[at] = Limits { maybe, surely, reach: self.rounded.reach(radius) };
                self.counted.0[lane] = self.limits[at].reach;
                self.holds.0[lane] = self.rounded.holds(lane, radius);
                self.widest = self.widest.max(radius);
            }
        }
        ahead.push(Ahead { node: 0, least: Singles::splat(0.0), open: [self.within as u16; LANES] });
        while let Some(on) = ahead.pop() {
            let mut wanted = less(&load(simd, &on.least), &self.reach(simd));
            if wanted == 0 {
                continue;
            }
            let node = self.tree.node(on.node);
            if node.second == 0 {
                while wanted > 0 {
                    let lane = next(&mut wanted);
                    self.leaf(simd, node, lane, usize::from(on.open[lane]));
                }
                continue;
            }
            // The nearer child last, so that it comes first.
            let (first, of_first) = self.child(simd, &on, on.node + 1);
            let (second, of_second) = self.child(simd, &on, node.second);
            match of_first <= of_second {
                true => ahead.extend([second, first]),
                false => ahead.extend([first, second]),
            }
        }
        // A point of the sample's own has counted itself.
        if self.queries.own.is_some() {
            for at in 0..self.radii.len() {
                self.counts[at] -= f64::from(u8::from(self.radii[at] >= 0.0));
            }
        }
    }

    /// Below this a box is of interest.
    #[inline(always)]
    fn reach<S: Simd>(&self, simd: S) -> Wide<S> {
        let (mut reach, counted) = (load(simd, &self.near), load(simd, &self.counted));
        for v in 0..vectors::<S>() {
            reach[v] = reach[v].max(counted[v]);
        }
        reach
    }

    /// The same for one query, of which the first `open` radii are to be counted.
    #[inline(always)]
    fn reach_of(&self, lane: usize, open: usize) -> f32 {
        let counted = if open > 0 { self.limits[lane * self.within + open - 1].reach } else { -1.0 };
        self.near.0[lane].max(counted)
    }

    /// After a change of a list.
    #[inline(always)]
    fn settle(&mut self, lane: usize) {
        // A full list of coincident points wants no more of them.
        let wanted = if self.worst[lane] > 0.0 { self.worst[lane] } else { -1.0 };
        self.maybe.0[lane] = self.rounded.thresholds(lane, wanted)[0];
        self.near.0[lane] = self.rounded.reach(wanted);
    }

    /// A child of a node, and the sum of the distances to it.
    #[inline(always)]
    fn child<S: Simd>(&mut self, simd: S, parent: &Ahead, node: usize) -> (Ahead, f64) {
        let (mut least, mut total) = (splat(simd, 0.0), [F64s::splat(simd, 0.0); 2]);
        for (column, side) in self.rounded.columns.iter().zip(self.tree.hull(node).chunks_exact(2)) {
            let (low, high) = (splat(simd, side[0]), splat(simd, side[1]));
            out(&mut least, [&low, &high], [&load(simd, &column.down), &load(simd, &column.up)]);
        }
        for v in 0..vectors::<S>() {
            least[v].add_to(&mut total);
        }
        let mut child = Ahead { node, least: store(&least), open: parent.open };
        // No ball holds a box that is wider.
        if self.tree.node(node).diagonal <= 4.0 * self.widest {
            let mut held = less(&least, &self.reach(simd)) & self.held(simd, node);
            while held > 0 {
                let lane = next(&mut held);
                let (open, size) = (usize::from(child.open[lane]), self.tree.node(node).size());
                let open = self.hold(lane, self.tree.sides(node), size, open);
                child.open[lane] = open as u16;
                if child.least.0[lane] >= self.reach_of(lane, open) {
                    child.least.0[lane] = f32::INFINITY;
                }
            }
        }
        (child, (total[0] + total[1]).reduce_sum())
    }

    /// Whose largest ball may hold all of a node.
    #[inline(always)]
    fn held<S: Simd>(&self, simd: S, node: usize) -> u64 {
        let mut greatest = splat(simd, 0.0);
        for (column, side) in self.rounded.columns.iter().zip(self.tree.hull(node).chunks_exact(2)) {
            let (low, high) = (splat(simd, side[0]), splat(simd, side[1]));
            across(&mut greatest, [&low, &high], &load(simd, &column.near));
        }
        less(&greatest, &load(simd, &self.holds))
    }

    /// Counts a box for the radii that hold all of it, and returns how many of the `open` do not.
    #[inline(always)]
    fn hold(&mut self, lane: usize, sides: &[f64], size: usize, mut open: usize) -> usize {
        let (mut greatest, point) = (0.0, self.queries.point(lane));
        for column in 0..point.len() {
            let far = (point[column] - sides[2 * column]).max(sides[2 * column + 1] - point[column]);
            greatest += far * far;
        }
        while open > 0 && greatest <= self.radii[lane * self.within + open - 1] {
            open -= 1;
            self.counts[lane * self.within + open] += size as f64;
        }
        open
    }

    /// A query in a leaf, of whose radii the first `cut` are to be counted.
    #[inline(always)]
    fn leaf<S: Simd>(&mut self, simd: S, node: &Node, lane: usize, cut: usize) {
        let index = node.first / (LANES * LANES);
        let hulls = self.tree.hulls(index);
        let mut found = splat(simd, 0.0);
        for (column, sides) in self.rounded.columns.iter().zip(hulls) {
            let sides = [&load(simd, &sides[0]), &load(simd, &sides[1])];
            out(&mut found, sides, [&splat(simd, column.down.0[lane]), &splat(simd, column.up.0[lane])]);
        }
        let mut near = less(&found, &splat(simd, self.reach_of(lane, cut)));
        if near == 0 {
            return;
        }
        let mut open = [cut as u16; LANES];
        if cut > 0 && self.tree.slimmest(index) <= 4.0 * self.radii[lane * self.within + cut - 1] {
            let mut greatest = splat(simd, 0.0);
            for (column, sides) in self.rounded.columns.iter().zip(hulls) {
                let sides = [&load(simd, &sides[0]), &load(simd, &sides[1])];
                across(&mut greatest, sides, &splat(simd, column.near.0[lane]));
            }
            let mut held = near & less(&greatest, &splat(simd, self.holds.0[lane]));
            let least = store(&found);
            while held > 0 {
                let at = next(&mut held);
                let block = index * LANES + at;
                let left = self.hold(lane, self.tree.sides_of_block(block), self.tree.size_of_block(block), cut);
                open[at] = left as u16;
                near &= !(u64::from(least.0[at] >= self.reach_of(lane, left)) << at);
            }
        }
        if self.most > 0 && self.worst[lane] == f64::MAX {
            // As long as the list is not full any block is of interest: the nearest alone, and first.
            let mut least = store(&found);
            while near > 0 && self.worst[lane] == f64::MAX {
                let at = (smallest(simd, &load(simd, &least)).trailing_zeros() as usize).min(LANES - 1);
                least.0[at] = f32::INFINITY;
                if near >> at & 1 > 0 {
                    near &= !(1 << at);
                    let block = index * LANES + at;
                    let [products] = self.products(simd, lane, [block]);
                    self.block(simd, block, &products, lane, usize::from(open[at]));
                }
            }
            near &= less(&found, &splat(simd, self.reach_of(lane, cut)));
        }
        while near > 0 {
            let mut blocks = [0; TOGETHER];
            let mut rest = near;
            for at in 0..TOGETHER {
                // The last one again where there are no more.
                near = if rest > 0 { rest } else { near };
                blocks[at] = index * LANES + near.trailing_zeros() as usize;
                rest = near & (near - 1);
            }
            near = rest;
            let products = self.products(simd, lane, blocks);
            let mut nearest = products[0];
            for at in 1..TOGETHER {
                for v in 0..vectors::<S>() {
                    nearest[v] = nearest[v].max(products[at][v]);
                }
            }
            let counted = if cut > 0 { self.limits[lane * self.within + cut - 1].maybe } else { f32::INFINITY };
            if less(&splat(simd, self.maybe.0[lane].min(counted)), &nearest) == 0 {
                continue;
            }
            let mut changed = false;
            for at in 0..TOGETHER {
                if at == 0 || blocks[at] != blocks[at - 1] {
                    let open = usize::from(open[blocks[at] % LANES]);
                    changed |= self.block(simd, blocks[at], &products[at], lane, open);
                }
            }
            if changed {
                near &= less(&found, &splat(simd, self.reach_of(lane, cut)));
            }
        }
    }

    /// x·y − |y|²/2 for the points of some blocks.
    #[inline(always)]
    fn products<S: Simd, const N: usize>(&self, simd: S, lane: usize, blocks: [usize; N]) -> [Wide<S>; N] {
        let mut products = [splat(simd, 0.0); N];
        let mut points: [&[Singles]; N] = [&[]; N];
        for at in 0..N {
            let [half, rest @ ..] = self.tree.block(blocks[at]) else { return products };
            (products[at], points[at]) = (load(simd, half), rest);
        }
        for column in 0..self.rounded.columns.len() {
            let x = splat(simd, self.rounded.columns[column].near.0[lane]);
            for at in 0..N {
                let points = load(simd, &points[at][column]);
                for v in 0..vectors::<S>() {
                    products[at][v] = x[v].mul_add(points[v], products[at][v]);
                }
            }
        }
        products
    }

    /// A query in a block; whether its list is another one then.
    #[inline(always)]
    fn block<S: Simd>(&mut self, simd: S, index: usize, products: &Wide<S>, lane: usize, open: usize) -> bool {
        let mut near = less(&splat(simd, self.maybe.0[lane]), products);
        let mut changed = false;
        while near > 0 {
            let at = index * LANES + next(&mut near);
            let distance = self.distance(at, lane);
            if distance < self.worst[lane] && self.queries.own.is_none_or(|own| own + lane != at) {
                let list = &mut self.lists[lane * self.most..][..self.most];
                self.worst[lane] = insert(list, distance).min(f64::MAX);
                changed = true;
            }
        }
        if changed {
            self.settle(lane);
        }
        for at in (lane * self.within..lane * self.within + open).rev() {
            let maybe = less(&splat(simd, self.limits[at].maybe), products);
            if maybe == 0 {
                break;
            }
            let surely = less(&splat(simd, self.limits[at].surely), products);
            let (mut count, mut doubtful) = (surely.count_ones(), maybe & !surely);
            while doubtful > 0 {
                let distance = self.distance(index * LANES + next(&mut doubtful), lane);
                count += u32::from(distance <= self.radii[at]);
            }
            self.counts[at] += f64::from(count);
        }
        changed
    }

    /// The squared distance to a point.
    #[inline(always)]
    fn distance(&self, index: usize, lane: usize) -> f64 {
        let (mut sum, row, point) = (0.0, self.tree.row(index), self.queries.point(lane));
        for column in 0..point.len() {
            let difference = point[column] - row[column];
            sum += difference * difference;
        }
        sum
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
