//! Several coordinates: a k-d tree (J. L. Bentley, 1975).

use super::neighbours::{Asked, Neighbours, Queries};
use super::single::{self, LANES, Singles};
use super::walk::Walk;
use crate::num::simd::{Level, dispatch};

/// Points in a leaf: as many blocks as are looked at together.
const LEAF: usize = LANES * LANES;

/// Points in the order of the leaves, and the boxes around leaves, around all above them, and around the blocks of a leaf. Distances are squared
/// and Euclidean, of differences taken directly: |x|² + |y|² − 2xy would lose the digits of small ones.
///
/// Points are halved by their place along the longest side of their box, the first half a power of two of blocks: leaves are full,
/// but for the last. Places are numbers, whatever the coordinates, so ties and repeated points make the tree no deeper, and what it
/// answers depends on the set of points only.
pub(super) struct Tree {
    pub(super) level: Level,
    dimensions: usize,
    points: Vec<f64>,
    /// The points in single precision, block after block.
    singles: Vec<Singles>,
    nodes: Vec<Node>,
    /// Least and greatest coordinates, node after node.
    sides: Vec<f64>,
    /// The same in single precision, rounded away from the box's middle.
    hulls: Vec<f32>,
    blocks: Blocks,
}

pub(super) struct Node {
    pub(super) first: usize,
    end: usize,
    /// The second child, the first being the next node; 0 for a leaf.
    pub(super) second: usize,
    /// The square of its box's.
    pub(super) diagonal: f64,
}

impl Node {
    #[inline(always)]
    pub(super) fn size(&self) -> usize {
        self.end - self.first
    }
}

/// The boxes around blocks.
struct Blocks {
    /// Least and greatest coordinates, block after block.
    sides: Vec<f64>,
    /// The same in single precision, rounded away from the middle, for the blocks of a leaf together.
    hulls: Vec<[Singles; 2]>,
    /// The smallest squared diagonal of each leaf's.
    slimmest: Vec<f64>,
}

/// The least and the greatest.
fn range(values: impl Iterator<Item = f64>) -> [f64; 2] {
    values.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| {
        [if x < low { x } else { low }, if x > high { x } else { high }]
    })
}

/// Puts the smaller coordinates of one column before the larger ones, and returns where these begin.
fn halve(dimensions: usize, points: &[f64], order: &mut [usize], column: usize) -> usize {
    let middle = LANES << (order.len().div_ceil(LANES) - 1).ilog2();
    let mut keys: Vec<(f64, usize)> = order.iter().map(|&at| (points[at * dimensions + column], at)).collect();
    keys.select_nth_unstable_by(middle, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    order.iter_mut().zip(keys).for_each(|(order, (_, at))| *order = at);
    middle
}

/// Divides a leaf's points into blocks.
fn divide(dimensions: usize, points: &[f64], order: &mut [usize]) {
    if order.len() <= LANES {
        return;
    }
    let (mut widest, mut width) = (0, -1.0);
    for column in 0..dimensions {
        let [low, high] = range(order.iter().map(|&index| points[index * dimensions + column]));
        if high - low > width {
            (widest, width) = (column, high - low);
        }
    }
    let middle = halve(dimensions, points, order, widest);
    let (left, right) = order.split_at_mut(middle);
    divide(dimensions, points, left);
    divide(dimensions, points, right);
}

impl Blocks {
    fn new(dimensions: usize, points: &[f64]) -> Self {
        let (mut sides, mut hulls, mut slimmest) = (Vec::new(), Vec::new(), Vec::new());
        for leaf in points.chunks(LEAF * dimensions) {
            // What fills the last leaf up is infinitely far.
            let start = hulls.len();
            hulls.resize(start + dimensions, [f32::INFINITY, f32::NEG_INFINITY].map(Singles::splat));
            let mut smallest = f64::INFINITY;
            for (lane, block) in leaf.chunks(LANES * dimensions).enumerate() {
                let mut diagonal = 0.0;
                for column in 0..dimensions {
                    let [low, high] = range(block.iter().skip(column).step_by(dimensions).copied());
                    sides.extend([low, high]);
                    let [least, greatest] = &mut hulls[start + column];
                    (least.0[lane], greatest.0[lane]) = (single::down(low), single::up(high));
                    diagonal += (high - low) * (high - low);
                }
                smallest = smallest.min(diagonal);
            }
            slimmest.push(smallest);
        }
        Self { sides, hulls, slimmest }
    }
}

impl Tree {
    /// Builds the tree from row-major points: O(d n log n).
    pub(super) fn new(dimensions: usize, points: &[f64]) -> Self {
        let mut order: Vec<usize> = (0..points.len() / dimensions).collect();
        let mut tree = Self {
            level: Level::new(),
            dimensions,
            points: Vec::with_capacity(points.len()),
            singles: Vec::new(),
            nodes: Vec::new(),
            sides: Vec::new(),
            hulls: Vec::new(),
            blocks: Blocks { sides: Vec::new(), hulls: Vec::new(), slimmest: Vec::new() },
        };
        tree.split(points, &mut order, 0);
        for index in order {
            tree.points.extend_from_slice(&points[index * dimensions..][..dimensions]);
        }
        tree.singles = single::blocks(dimensions, &tree.points);
        tree.blocks = Blocks::new(dimensions, &tree.points);
        tree
    }

    /// Adds the node of the points in `order`, which begin at `first`, and those below it.
    fn split(&mut self, points: &[f64], order: &mut [usize], first: usize) {
        let (node, d) = (self.nodes.len(), self.dimensions);
        let (mut widest, mut width, mut diagonal) = (0, -1.0, 0.0);
        for column in 0..d {
            let [low, high] = range(order.iter().map(|&index| points[index * d + column]));
            self.sides.extend([low, high]);
            self.hulls.extend([single::down(low), single::up(high)]);
            diagonal += (high - low) * (high - low);
            if high - low > width {
                (widest, width) = (column, high - low);
            }
        }
        self.nodes.push(Node { first, end: first + order.len(), second: 0, diagonal });
        if order.len() <= LEAF {
            divide(d, points, order);
            return;
        }
        let middle = halve(d, points, order, widest);
        let (left, right) = order.split_at_mut(middle);
        self.split(points, left, first);
        self.nodes[node].second = self.nodes.len();
        self.split(points, right, first + middle);
    }

    #[inline(always)]
    pub(super) fn node(&self, node: usize) -> &Node {
        &self.nodes[node]
    }

    /// The least and the greatest of each coordinate in a node's box.
    #[inline(always)]
    pub(super) fn sides(&self, node: usize) -> &[f64] {
        &self.sides[2 * self.dimensions * node..][..2 * self.dimensions]
    }

    /// The same in single precision.
    #[inline(always)]
    pub(super) fn hull(&self, node: usize) -> &[f32] {
        &self.hulls[2 * self.dimensions * node..][..2 * self.dimensions]
    }

    /// Those of the blocks of a leaf.
    #[inline(always)]
    pub(super) fn hulls(&self, leaf: usize) -> &[[Singles; 2]] {
        &self.blocks.hulls[leaf * self.dimensions..][..self.dimensions]
    }

    /// The smallest squared diagonal of theirs.
    #[inline(always)]
    pub(super) fn slimmest(&self, leaf: usize) -> f64 {
        self.blocks.slimmest[leaf]
    }

    /// The least and the greatest of each coordinate in a block.
    #[inline(always)]
    pub(super) fn sides_of_block(&self, block: usize) -> &[f64] {
        &self.blocks.sides[2 * self.dimensions * block..][..2 * self.dimensions]
    }

    /// How many points some of the blocks of a leaf have, of which there is one at least.
    #[inline(always)]
    pub(super) fn size_of_blocks(&self, leaf: usize, blocks: u64) -> usize {
        let end = leaf * LEAF + (blocks.ilog2() as usize + 1) * LANES;
        blocks.count_ones() as usize * LANES - end.saturating_sub(self.nodes[0].end)
    }

    /// The points of a block in single precision.
    #[inline(always)]
    pub(super) fn block(&self, block: usize) -> &[Singles] {
        let len = self.dimensions + 1;
        &self.singles[block * len..][..len]
    }

    #[inline(always)]
    pub(super) fn row(&self, index: usize) -> &[f64] {
        &self.points[index * self.dimensions..][..self.dimensions]
    }
}

impl Neighbours for Tree {
    fn len(&self) -> usize {
        self.points.len() / self.dimensions
    }

    fn points(&self) -> &[f64] {
        &self.points
    }

    fn around(&self, queries: Queries<'_>, asked: Asked<'_>) {
        dispatch(self.level, Walk { tree: self, queries, asked });
    }
}
