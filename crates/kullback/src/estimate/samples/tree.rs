//! Several coordinates: a k-d tree (J. L. Bentley, 1975).

use super::neighbours::Neighbours;

/// Points in a leaf.
const LEAF: usize = 16;

/// Points in the order of the leaves, and the boxes around them. Distances are squared and Euclidean, of differences taken directly:
/// |x|² + |y|² − 2xy would lose the digits of small ones.
///
/// Halves are equal in number whatever the coordinates, so ties and repeated points make it no deeper, and what it
/// answers depends on the set of points only.
pub(super) struct Tree {
    dimensions: usize,
    points: Vec<f64>,
    nodes: Vec<Node>,
    /// Least and greatest coordinates, node after node.
    boxes: Vec<f64>,
}

struct Node {
    first: usize,
    end: usize,
    /// The second child, the first being the next node; 0 for a leaf.
    second: usize,
}

impl Tree {
    /// Builds the tree from row-major points: O(d n log n).
    pub(super) fn new(dimensions: usize, points: &[f64]) -> Self {
        let len = points.len() / dimensions;
        let mut order: Vec<usize> = (0..len).collect();
        let mut tree =
            Self { dimensions, points: Vec::with_capacity(points.len()), nodes: Vec::new(), boxes: Vec::new() };
        tree.split(points, &mut order, 0);
        for index in order {
            tree.points.extend_from_slice(&points[index * dimensions..][..dimensions]);
        }
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
                (low, high) = (low.min(x), high.max(x));
            }
            self.boxes.extend([low, high]);
            if high - low > width {
                (widest, width) = (column, high - low);
            }
        }
        debug_assert_eq!(self.boxes.len() - start, 2 * d);
        if order.len() <= LEAF {
            return;
        }
        let middle = order.len() / 2;
        let key = |index: usize| points[index * d + widest];
        order.select_nth_unstable_by(middle, |&a, &b| key(a).total_cmp(&key(b)).then(a.cmp(&b)));
        let (left, right) = order.split_at_mut(middle);
        self.split(points, left, first);
        self.nodes[node].second = self.nodes.len();
        self.split(points, right, first + middle);
    }

    /// The least and the greatest distance from `at` to a point of the node's box.
    fn span(&self, node: usize, at: &[f64]) -> (f64, f64) {
        let sides = self.boxes[2 * self.dimensions * node..].chunks_exact(2);
        at.iter().zip(sides).fold((0.0, 0.0), |(least, greatest), (x, side)| {
            let (below, above) = (side[0] - x, x - side[1]);
            let out = below.max(above).max(0.0);
            let far = below.abs().max(above.abs());
            (least + out * out, greatest + far * far)
        })
    }

    fn least(&self, node: usize, at: &[f64]) -> f64 {
        let sides = self.boxes[2 * self.dimensions * node..].chunks_exact(2);
        at.iter().zip(sides).fold(0.0, |least, (x, side)| {
            let out = (side[0] - x).max(x - side[1]).max(0.0);
            least + out * out
        })
    }

    /// The distances to the points of a leaf.
    fn distances<'a>(&'a self, node: &Node, at: &'a [f64], skip: Option<usize>) -> impl Iterator<Item = f64> + 'a {
        let d = self.dimensions;
        let points = self.points[node.first * d..node.end * d].chunks_exact(d).zip(node.first..);
        points.filter(move |(_, index)| skip != Some(*index)).map(move |(point, _)| {
            point.iter().zip(at).fold(0.0, |sum, (a, b)| {
                let difference = a - b;
                sum + difference * difference
            })
        })
    }

    /// Keeps `out` the smallest distances met.
    fn search(&self, index: usize, least: f64, at: &[f64], skip: Option<usize>, out: &mut [f64]) {
        let last = out.len() - 1;
        if least >= out[last] {
            return;
        }
        let node = &self.nodes[index];
        if node.second == 0 {
            for distance in self.distances(node, at, skip) {
                if distance < out[last] {
                    let mut place = last;
                    while place > 0 && out[place - 1] > distance {
                        out[place] = out[place - 1];
                        place -= 1;
                    }
                    out[place] = distance;
                }
            }
            return;
        }
        let [a, b] = [index + 1, node.second].map(|child| (self.least(child, at), child));
        let [near, far] = if b.0 < a.0 { [b, a] } else { [a, b] };
        self.search(near.1, near.0, at, skip, out);
        self.search(far.1, far.0, at, skip, out);
    }

    fn count(&self, index: usize, at: &[f64], skip: Option<usize>, radii: &[f64], counts: &mut [usize]) {
        let node = &self.nodes[index];
        let (least, greatest) = self.span(index, at);
        let some = radii.partition_point(|&radius| radius < least);
        let all = radii.partition_point(|&radius| radius < greatest).max(some);
        let inside = skip.is_some_and(|skip| (node.first..node.end).contains(&skip));
        let whole = node.end - node.first - usize::from(inside);
        counts[all..].iter_mut().for_each(|count| *count += whole);
        let (radii, counts) = (&radii[some..all], &mut counts[some..all]);
        if radii.is_empty() {
            return;
        }
        if node.second == 0 {
            for distance in self.distances(node, at, skip) {
                let from = radii.partition_point(|&radius| radius < distance);
                counts[from..].iter_mut().for_each(|count| *count += 1);
            }
            return;
        }
        self.count(index + 1, at, skip, radii, counts);
        self.count(node.second, at, skip, radii, counts);
    }
}

impl Neighbours for Tree {
    fn len(&self) -> usize {
        self.points.len() / self.dimensions
    }

    fn point(&self, index: usize) -> &[f64] {
        &self.points[index * self.dimensions..][..self.dimensions]
    }

    fn nearest(&self, at: &[f64], skip: Option<usize>, out: &mut [f64]) {
        out.fill(f64::INFINITY);
        if !out.is_empty() {
            self.search(0, 0.0, at, skip, out);
        }
    }

    fn within(&self, at: &[f64], skip: Option<usize>, radii: &[f64], counts: &mut [usize]) {
        self.count(0, at, skip, radii, counts);
    }
}
