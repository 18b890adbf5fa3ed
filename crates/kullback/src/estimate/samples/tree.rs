//! Several coordinates: a k-d tree (J. L. Bentley, 1975).

use super::group::{Each, Nearest, Within};
use super::neighbours::{Batch, Neighbours};
use super::single::{self, BLOCK};
use crate::num::simd::{Level, dispatch};

/// Points in a leaf.
const LEAF: usize = 4 * BLOCK;

/// Points in the order of the leaves, and the boxes around them. Distances are squared and Euclidean, of differences taken directly:
/// |x|² + |y|² − 2xy would lose the digits of small ones.
///
/// Halves are equal in number, but for a block, whatever the coordinates, so ties and repeated points make it no deeper, and what it
/// answers depends on the set of points only.
pub(super) struct Tree {
    level: Level,
    dimensions: usize,
    points: Vec<f64>,
    nodes: Vec<Node>,
    /// Least and greatest coordinates, node after node.
    boxes: Vec<f64>,
    /// The same in single precision, rounded away from the box's middle.
    hulls: Vec<f32>,
    /// The points in single precision; a leaf begins with a block.
    blocks: Vec<f32>,
}

pub(super) struct Node {
    pub(super) first: usize,
    pub(super) end: usize,
    /// The second child, the first being the next node; 0 for a leaf.
    pub(super) second: usize,
}

impl Tree {
    /// Builds the tree from row-major points: O(d n log n).
    pub(super) fn new(dimensions: usize, points: &[f64]) -> Self {
        let len = points.len() / dimensions;
        let mut order: Vec<usize> = (0..len).collect();
        let mut tree = Self {
            level: Level::new(),
            dimensions,
            points: Vec::with_capacity(points.len()),
            nodes: Vec::new(),
            boxes: Vec::new(),
            hulls: Vec::new(),
            blocks: Vec::new(),
        };
        tree.split(points, &mut order, 0);
        for index in order {
            tree.points.extend_from_slice(&points[index * dimensions..][..dimensions]);
        }
        tree.blocks = single::blocks(dimensions, &tree.points);
        tree
    }

    /// Adds the node of the points in `order`, which begin at `first`, and those below it.
    fn split(&mut self, points: &[f64], order: &mut [usize], first: usize) {
        let (node, d) = (self.nodes.len(), self.dimensions);
        self.nodes.push(Node { first, end: first + order.len(), second: 0 });
        let (mut widest, mut width) = (0, -1.0);
        let start = self.boxes.len();
        for column in 0..d {
            let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
            for &index in order.iter() {
                let x = points[index * d + column];
                low = if x < low { x } else { low };
                high = if x > high { x } else { high };
            }
            self.boxes.extend([low, high]);
            self.hulls.extend([single::down(low), single::up(high)]);
            if high - low > width {
                (widest, width) = (column, high - low);
            }
        }
        debug_assert_eq!(self.boxes.len() - start, 2 * d);
        if order.len() <= LEAF {
            return;
        }
        let middle = (order.len() / 2).next_multiple_of(BLOCK);
        let key = |index: usize| points[index * d + widest];
        order.select_nth_unstable_by(middle, |&a, &b| key(a).total_cmp(&key(b)).then(a.cmp(&b)));
        let (left, right) = order.split_at_mut(middle);
        self.split(points, left, first);
        self.nodes[node].second = self.nodes.len();
        self.split(points, right, first + middle);
    }

    /// The least and the greatest value of each coordinate in the node's box.
    #[inline(always)]
    pub(super) fn sides(&self, node: usize) -> impl Iterator<Item = &[f64]> {
        self.boxes[2 * self.dimensions * node..].chunks_exact(2)
    }

    /// The same in single precision.
    #[inline(always)]
    pub(super) fn hull(&self, node: usize) -> &[f32] {
        &self.hulls[2 * self.dimensions * node..][..2 * self.dimensions]
    }

    /// The block that begins with a point.
    #[inline(always)]
    pub(super) fn block(&self, first: usize) -> &[f32] {
        let len = BLOCK * (self.dimensions + 1);
        &self.blocks[first / BLOCK * len..][..len]
    }

    #[inline(always)]
    pub(super) fn node(&self, index: usize) -> &Node {
        &self.nodes[index]
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

    fn nearest(&self, batch: &Batch<'_>, most: usize, lists: &mut [f64]) {
        lists.fill(f64::INFINITY);
        if most > 0 {
            dispatch(self.level, Nearest { tree: self, batch, lists, most });
        }
    }

    fn within(&self, batch: &Batch<'_>, radii: &[Each], counts: &mut [Each]) {
        dispatch(self.level, Within { tree: self, batch, radii, counts });
        // A query that is a point of its own has counted itself.
        if batch.own.is_some() {
            for (counts, radii) in counts.iter_mut().zip(radii) {
                for (count, radius) in counts.iter_mut().zip(radii) {
                    *count -= f64::from(u8::from(*radius >= 0.0));
                }
            }
        }
    }
}
