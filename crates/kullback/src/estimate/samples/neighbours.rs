//! What the estimators ask of a sample, and the common-radius sum over it.

use crate::num::special::digamma;
use crate::threads::each;

/// A sample that finds the points nearest to another point.
///
/// Distances are in a measure of the structure's own that grows with the distance; only comparisons between distances are made of it,
/// so that none enters an estimate: coincident points cannot make a logarithm of zero.
pub(super) trait Neighbours: Sync {
    /// How many points there are.
    fn len(&self) -> usize;

    /// A point, numbered as the structure likes.
    fn point(&self, index: usize) -> &[f64];

    /// Fills `out` with the smallest distances from `at`, in order, leaving out the point `skip`. There are as many.
    fn nearest(&self, at: &[f64], skip: Option<usize>, out: &mut [f64]);

    /// Adds to `counts` the numbers of points no further than each of `radii`, which grow, leaving out `skip`.
    fn within(&self, at: &[f64], skip: Option<usize>, radii: &[f64], counts: &mut [usize]);
}

/// Points of P that a thread takes at a time.
const CHUNK: usize = 256;
/// Radii are taken this much wider: distances between points of a lattice that are equal but for rounding are equal.
const WIDER: f64 = 1.0 + 1e-9;

/// The estimates for each k, and what was met on the way.
#[derive(Debug, Clone, Default)]
pub(super) struct CommonRadius {
    /// For each k, in nats.
    pub(super) values: Vec<f64>,
    /// Points of P that coincide with another point of P or Q.
    pub(super) coincident: usize,
    /// Points of P whose largest radius holds more than half of P.
    pub(super) apart: usize,
}

/// The estimate of KL(P‖Q) for each of `ks`, which grow and are smaller than both samples.
///
/// For a point x of P the radius is ε = max(ρ, ν), the larger of the distances to its k-th neighbour in P and in Q;
/// l points of P and c of Q lie within. The estimate is the mean over P of Ψ(l) − Ψ(c), plus ln(m/(n − 1)), where Ψ is
/// ψ(k) for the side whose k-th neighbour sets the radius and ψ(count + 1) for the other; and for both where ties carry the
/// count beyond k, because then the radius is that of a lattice.
///
/// That is the estimator of Q. Wang, S. R. Kulkarni and S. Verdú (2009, section III) with one radius for both
/// densities, so that their d·ln(ν/ρ) is zero. The mass within the k-th neighbour has E ln = ψ(k) − ln n; a count N
/// within a radius that the other side set is almost Poisson, and E ψ(N + 1) = ln Λ + E₁(Λ) for a mean of Λ.
pub(super) fn common_radius<N: Neighbours>(p: &N, q: &N, ks: &[usize]) -> CommonRadius {
    let work: Vec<usize> = (0..p.len()).step_by(CHUNK).collect();
    let parts = each(work, Scratch::default, &|scratch, first| scratch.sum(p, q, ks, first));
    let mut all = CommonRadius { values: vec![0.0; ks.len()], ..CommonRadius::default() };
    for part in parts {
        all.values.iter_mut().zip(&part.values).for_each(|(all, part)| *all += part);
        all.coincident += part.coincident;
        all.apart += part.apart;
    }
    let n = p.len() as f64;
    let offset = (q.len() as f64 / (n - 1.0)).ln();
    all.values.iter_mut().for_each(|value| *value = *value / n + offset);
    all
}

/// One side of one point: the distances to its neighbours, and how many lie within each radius.
#[derive(Default)]
struct Around {
    nearest: Vec<f64>,
    counts: Vec<usize>,
}

impl Around {
    fn look<N: Neighbours>(&mut self, sample: &N, at: &[f64], skip: Option<usize>, most: usize) {
        self.nearest.resize(most, 0.0);
        sample.nearest(at, skip, &mut self.nearest);
    }

    /// Counts from the list of neighbours where it reaches far enough, from the sample where it does not.
    fn count<N: Neighbours>(&mut self, sample: &N, at: &[f64], skip: Option<usize>, radii: &[f64]) {
        let last = self.nearest.last().copied().unwrap_or(0.0);
        let listed = radii.partition_point(|&radius| radius < last);
        self.counts.clear();
        for &radius in &radii[..listed] {
            self.counts.push(self.nearest.partition_point(|&distance| distance <= radius));
        }
        self.counts.resize(radii.len(), 0);
        if listed < radii.len() {
            sample.within(at, skip, &radii[listed..], &mut self.counts[listed..]);
        }
    }

    /// Whether the k-th neighbour sets the radius.
    fn sets(&self, k: usize, radius: f64) -> bool {
        self.nearest[k - 1] * WIDER * WIDER >= radius
    }

    /// Ψ for the `index`-th radius.
    fn log_mass(&self, index: usize, k: usize, radius: f64) -> f64 {
        let count = self.counts[index];
        let chosen = count == k && self.sets(k, radius);
        digamma(count as f64 + if chosen { 0.0 } else { 1.0 })
    }
}

/// What a thread keeps between points.
#[derive(Default)]
struct Scratch {
    p: Around,
    q: Around,
    radii: Vec<f64>,
}

impl Scratch {
    /// The sums over the points from `first` on.
    fn sum<N: Neighbours>(&mut self, p: &N, q: &N, ks: &[usize], first: usize) -> CommonRadius {
        let most = ks.last().copied().unwrap_or(0);
        let mut sums = CommonRadius { values: vec![0.0; ks.len()], ..CommonRadius::default() };
        for index in first..p.len().min(first + CHUNK) {
            let at = p.point(index);
            self.p.look(p, at, Some(index), most);
            self.q.look(q, at, None, most);
            self.radii.clear();
            self.radii.extend(ks.iter().map(|&k| self.p.nearest[k - 1].max(self.q.nearest[k - 1]) * WIDER));
            self.p.count(p, at, Some(index), &self.radii);
            self.q.count(q, at, None, &self.radii);
            for (i, ((sum, &k), &radius)) in sums.values.iter_mut().zip(ks).zip(&self.radii).enumerate() {
                *sum += self.p.log_mass(i, k, radius) - self.q.log_mass(i, k, radius);
            }
            sums.coincident += usize::from(self.p.nearest[0] == 0.0 || self.q.nearest[0] == 0.0);
            sums.apart += usize::from(self.p.counts.last().is_some_and(|&count| 2 * count > p.len()));
        }
        sums
    }
}
