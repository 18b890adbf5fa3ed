//! The way of queries through a tree: the nearest points, and how many lie within radii, both at once.
//!
//! Queries that are near one another want the same nodes: a group of them goes from node to node together, a lane each. In a leaf each has a
//! list of its own of the blocks that it wants, for in many dimensions few of them want the same ones; then block after block is
//! compared with those that want it, while it is at hand, and its points have a lane each. All of this is in single precision (see
//! [`single`](super::single)); what that leaves open is decided in double precision. There differences are squared and added without a
//! fused multiply-add, so that distances have the same bits on every machine.

#![allow(
    clippy::needless_range_loop,
    reason = "adaptors of iterators are not compiled for the instruction set of their caller"
)]

use super::neighbours::{Asked, Queries};
use super::single::{Each, GROUP, LANES, PARTS, Rounded, Singles};
use super::tree::Tree;
use super::wide::{Wide, across, less, load, next, out, part, place, smallest, splat, store, store_part, vectors};
use crate::num::Real as _;
use crate::num::simd::{F64s, Kernel, Lanes as _, Simd};

/// Queries that are compared with a block at once: additions do not wait for one another then.
const TOGETHER: usize = 6;
/// The queries of a part.
const ALL: u64 = (1 << LANES) - 1;

/// What single precision is compared with for a squared radius.
#[derive(Clone, Copy, Default)]
struct Limits {
    /// [`Rounded::thresholds`].
    maybe: f32,
    surely: f32,
    /// [`Rounded::reach`].
    reach: f32,
    /// [`Rounded::holds`].
    may_hold: f32,
    holds: f32,
}

/// A node that is still to be looked at.
#[derive(Clone, Copy)]
struct Ahead {
    node: usize,
    /// The least squared distances to its box; infinite for those that do not want it.
    least: Each,
    /// How many of the radii do not hold all of it, or have not counted it yet.
    open: [u16; GROUP],
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
        let mut limits = vec![Limits::default(); GROUP * within];
        let mut hits = [(0, Singles::splat(0.0)); GROUP + TOGETHER];
        let mut opens = [[0; LANES]; GROUP];
        let mut start = 0;
        while start < queries.len() {
            let end = queries.len().min(start + GROUP);
            let queries = queries.part(start, end);
            let mut group = Group {
                tree,
                queries,
                rounded: Rounded::new(queries),
                most,
                lists: &mut lists[start * most..end * most],
                worst: [f64::MAX; GROUP],
                maybe: Each::splat(f32::INFINITY),
                near: Each::splat(-1.0),
                within,
                radii: &radii[start * within..end * within],
                counts: &mut counts[start * within..end * within],
                limits: &mut limits,
                counted: Each::splat(-1.0),
                may_hold: Each::splat(-1.0),
                widest: -1.0,
                opens: &mut opens,
                hits: &mut hits,
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
    worst: [f64; GROUP],
    maybe: Each,
    near: Each,
    within: usize,
    radii: &'a [f64],
    counts: &'a mut [f64],
    limits: &'a mut [Limits],
    /// What is compared with for the largest radii, and the largest of these.
    counted: Each,
    may_hold: Each,
    widest: f64,
    /// In a leaf: how many of each query's radii are to be counted in each block.
    opens: &'a mut [[u16; LANES]; GROUP],
    /// Queries to which a block may be near, and what [`Group::products`] says.
    hits: &'a mut [(usize, Singles); GROUP + TOGETHER],
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
                let ([maybe, surely], [may_hold, holds]) =
                    (self.rounded.thresholds(lane, radius), self.rounded.holds(lane, radius));
                self.limits[at] = Limits { maybe, surely, reach: self.rounded.reach(radius), may_hold, holds };
                self.counted.0[lane] = self.limits[at].reach;
                self.may_hold.0[lane] = may_hold;
                self.widest = self.widest.max(radius);
            }
        }
        ahead.push(Ahead { node: 0, least: Each::splat(0.0), open: [self.within as u16; GROUP] });
        while let Some(on) = ahead.pop() {
            let wanted = self.wanted(simd, &on.least);
            if wanted == 0 {
                continue;
            }
            let node = self.tree.node(on.node);
            if node.second == 0 {
                self.leaf(simd, node.first / (LANES * LANES), wanted, &on.open);
                continue;
            }
            // The nearer child last, so that it comes first.
            let (first, of_first) = self.child(simd, &on, wanted, on.node + 1);
            let (second, of_second) = self.child(simd, &on, wanted, node.second);
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

    /// Who wants a box at these distances.
    #[inline(always)]
    fn wanted<S: Simd>(&self, simd: S, least: &Each) -> u64 {
        let mut wanted = 0;
        for at in 0..PARTS {
            let (mut reach, counted) = (part(simd, &self.near, at), part(simd, &self.counted, at));
            for v in 0..vectors::<S>() {
                reach[v] = reach[v].max(counted[v]);
            }
            wanted |= less(&part(simd, least, at), &reach) << (at * LANES);
        }
        wanted
    }

    /// Below this a box is of interest to a query of which the first `open` radii are to be counted.
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

    /// A child of a node for those that want that, and the sum of the distances to it.
    #[inline(always)]
    fn child<S: Simd>(&mut self, simd: S, parent: &Ahead, wanted: u64, node: usize) -> (Ahead, f64) {
        let mut child = Ahead { node, least: Each::splat(f32::INFINITY), open: parent.open };
        let mut total = [F64s::splat(simd, 0.0); 2];
        for at in 0..PARTS {
            if wanted >> (at * LANES) & ALL == 0 {
                continue;
            }
            let mut least = splat(simd, 0.0);
            for (column, side) in self.rounded.columns.iter().zip(self.tree.hull(node).chunks_exact(2)) {
                let (low, high) = (splat(simd, side[0]), splat(simd, side[1]));
                out(&mut least, [&low, &high], [&part(simd, &column.down, at), &part(simd, &column.up, at)]);
            }
            let before = part(simd, &parent.least, at);
            for v in 0..vectors::<S>() {
                least[v].add_to(&mut total);
                least[v] = least[v].max(before[v]);
            }
            store_part(&least, &mut child.least, at);
        }
        // No ball holds a box that is wider.
        if self.tree.node(node).diagonal <= 4.0 * self.widest {
            let mut held = self.wanted(simd, &child.least) & self.held(simd, node);
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
        let mut held = 0;
        for at in 0..PARTS {
            let mut greatest = splat(simd, 0.0);
            for (column, side) in self.rounded.columns.iter().zip(self.tree.hull(node).chunks_exact(2)) {
                let (low, high) = (splat(simd, side[0]), splat(simd, side[1]));
                across(&mut greatest, [&low, &high], &part(simd, &column.near, at));
            }
            held |= less(&greatest, &part(simd, &self.may_hold, at)) << (at * LANES);
        }
        held
    }

    /// Counts a box for the radii that hold all of it, and returns how many of the `open` do not.
    #[inline(always)]
    fn hold(&mut self, lane: usize, sides: &[f64], size: usize, mut open: usize) -> usize {
        let greatest = self.greatest(lane, sides);
        while open > 0 && greatest <= self.radii[lane * self.within + open - 1] {
            open -= 1;
            self.counts[lane * self.within + open] += size as f64;
        }
        open
    }

    /// The greatest squared distance to a point of a box.
    #[inline(always)]
    fn greatest(&self, lane: usize, sides: &[f64]) -> f64 {
        let (mut greatest, point) = (0.0, self.queries.point(lane));
        for column in 0..point.len() {
            let far = (point[column] - sides[2 * column]).max(sides[2 * column + 1] - point[column]);
            greatest += far * far;
        }
        greatest
    }

    /// The queries that want a leaf, of whose radii the first `open` are to be counted.
    #[inline(always)]
    fn leaf<S: Simd>(&mut self, simd: S, index: usize, mut wanted: u64, open: &[u16; GROUP]) {
        // Who wants each block.
        let mut wants = [0; LANES];
        let mut counted = Each::splat(f32::INFINITY);
        while wanted > 0 {
            let lane = next(&mut wanted);
            let blocks = self.blocks(simd, index, lane, open[lane]);
            for at in 0..LANES {
                wants[at] |= (blocks >> at & 1) << lane;
            }
            if open[lane] > 0 {
                counted.0[lane] = self.limits[lane * self.within + usize::from(open[lane]) - 1].maybe;
            }
        }
        for at in 0..LANES {
            let (mut wants, mut hits) = (wants[at], 0);
            let block = index * LANES + at;
            while wants > 0 {
                let (mut lanes, mut fresh) = ([0; TOGETHER], 0);
                for at in 0..TOGETHER {
                    // The last one again where there are no more.
                    fresh = if wants > 0 { at + 1 } else { fresh };
                    lanes[at] = if wants > 0 { next(&mut wants) } else { lanes[at - 1] };
                }
                let products = self.products(simd, block, lanes);
                for at in 0..TOGETHER {
                    let limit = self.maybe.0[lanes[at]].min(counted.0[lanes[at]]);
                    let near = less(&splat(simd, limit), &products[at]);
                    self.hits[hits] = (lanes[at], store(&products[at]));
                    hits += usize::from(near > 0 && at < fresh);
                }
            }
            for hit in 0..hits {
                let (lane, products) = self.hits[hit];
                self.block(simd, block, &load(simd, &products), lane);
            }
        }
    }

    /// The blocks of a leaf that a query wants; how many of the first `cut` radii are to be counted in each is noted.
    #[inline(always)]
    fn blocks<S: Simd>(&mut self, simd: S, index: usize, lane: usize, cut: u16) -> u64 {
        self.opens[lane] = [cut; LANES];
        let cut = usize::from(cut);
        let hulls = self.tree.hulls(index);
        let mut found = splat(simd, 0.0);
        for (column, sides) in self.rounded.columns.iter().zip(hulls) {
            let sides = [&load(simd, &sides[0]), &load(simd, &sides[1])];
            out(&mut found, sides, [&splat(simd, column.down.0[lane]), &splat(simd, column.up.0[lane])]);
        }
        let mut near = less(&found, &splat(simd, self.reach_of(lane, cut)));
        if near > 0 && cut > 0 && self.tree.slimmest(index) <= 4.0 * self.radii[lane * self.within + cut - 1] {
            let mut greatest = splat(simd, 0.0);
            for (column, sides) in self.rounded.columns.iter().zip(hulls) {
                let sides = [&load(simd, &sides[0]), &load(simd, &sides[1])];
                across(&mut greatest, sides, &splat(simd, column.near.0[lane]));
            }
            let (mut held, mut open) = (near, cut);
            while held > 0 && open > 0 {
                open -= 1;
                let radius = lane * self.within + open;
                let Limits { may_hold, holds, .. } = self.limits[radius];
                let surely = held & less(&greatest, &splat(simd, holds));
                let mut doubtful = held & !surely & less(&greatest, &splat(simd, may_hold));
                held = surely;
                while doubtful > 0 {
                    let at = next(&mut doubtful);
                    let greatest = self.greatest(lane, self.tree.sides_of_block(index * LANES + at));
                    held |= u64::from(greatest <= self.radii[radius]) << at;
                }
                if held > 0 {
                    self.counts[radius] += self.tree.size_of_blocks(index, held) as f64;
                    for at in 0..LANES {
                        self.opens[lane][at] -= (held >> at & 1) as u16;
                    }
                    near &= !held | less(&found, &splat(simd, self.reach_of(lane, open)));
                }
            }
        }
        if near > 0 && self.most > 0 && self.worst[lane] == f64::MAX {
            // As long as the list is not full any block is of interest: the nearest alone, and first.
            let mut least = store(&found);
            while near > 0 && self.worst[lane] == f64::MAX {
                let at = (smallest(simd, &load(simd, &least)).trailing_zeros() as usize).min(LANES - 1);
                least.0[at] = f32::INFINITY;
                if near >> at & 1 > 0 {
                    near &= !(1 << at);
                    let [products] = self.products(simd, index * LANES + at, [lane]);
                    self.block(simd, index * LANES + at, &products, lane);
                }
            }
            near &= less(&found, &splat(simd, self.reach_of(lane, cut)));
        }
        near
    }

    /// x·y − |y|²/2 for some queries and the points of a block.
    #[inline(always)]
    fn products<S: Simd, const N: usize>(&self, simd: S, block: usize, lanes: [usize; N]) -> [Wide<S>; N] {
        let mut products = [splat(simd, 0.0); N];
        let [half, points @ ..] = self.tree.block(block) else { return products };
        for at in 0..N {
            place(simd, &mut products[at], half, 0);
        }
        for (column, points) in self.rounded.columns.iter().zip(points) {
            let points = load(simd, points);
            for at in 0..N {
                let x = splat(simd, column.near.0[lanes[at]]);
                for v in 0..vectors::<S>() {
                    products[at][v] = x[v].mul_add(points[v], products[at][v]);
                }
            }
        }
        products
    }

    /// A query in a block.
    #[inline(always)]
    fn block<S: Simd>(&mut self, simd: S, index: usize, products: &Wide<S>, lane: usize) {
        let mut near = less(&splat(simd, self.maybe.0[lane]), products);
        let mut changed = false;
        while near > 0 {
            let at = index * LANES + next(&mut near);
            let distance = self.distance(at, lane);
            if distance < self.worst[lane] && self.queries.own.is_none_or(|own| own + lane != at) {
                let list = &mut self.lists[lane * self.most..][..self.most];
                self.worst[lane] = insert(simd, list, distance).min(f64::MAX);
                changed = true;
            }
        }
        if changed {
            self.settle(lane);
        }
        let open = usize::from(self.opens[lane][index % LANES]);
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
/// cannot be foreseen, and from the end, so that no place waits for the one before.
#[inline(always)]
fn insert<S: Simd>(simd: S, list: &mut [f64], distance: f64) -> f64 {
    let (len, new) = (F64s::<S>::LEN, F64s::splat(simd, distance));
    let mut end = list.len();
    while end > len {
        let start = end - len;
        let (here, before) = (F64s::load(simd, &list[start..end]), F64s::load(simd, &list[start - 1..end - 1]));
        here.min(before.max(new)).store(&mut list[start..end]);
        end = start;
    }
    let mut above = distance;
    for place in &mut list[..end] {
        (*place, above) = if above < *place { (above, *place) } else { (*place, above) };
    }
    list[list.len() - 1]
}
