//! What the estimators ask of a sample, and the common-radius sum over it.

use super::group::Each;
use crate::num::special::{digamma, trigamma};
use crate::threads::each;

/// Queries that are asked together.
pub(super) const GROUP: usize = 16;

/// Up to [`GROUP`] queries, near one another if it is to be quick.
pub(super) struct Batch<'a> {
    pub(super) dimensions: usize,
    /// Row-major.
    pub(super) points: &'a [f64],
    /// The first query is this point of the sample that is asked, the second the next one, and each leaves itself out.
    pub(super) own: Option<usize>,
}

impl Batch<'_> {
    pub(super) fn len(&self) -> usize {
        self.points.len() / self.dimensions
    }

    pub(super) fn point(&self, index: usize) -> &[f64] {
        &self.points[index * self.dimensions..][..self.dimensions]
    }
}

/// A sample that finds the points nearest to other points.
///
/// Distances are in a measure of the structure's own that grows with the distance; only comparisons between distances are made of it,
/// so that none enters an estimate: coincident points cannot make a logarithm of zero.
pub(super) trait Neighbours: Sync {
    /// How many points there are.
    fn len(&self) -> usize;

    /// The points, row-major, those near one another together.
    fn points(&self) -> &[f64];

    /// For each query the `most` smallest distances, in order: infinite where there are not as many points.
    fn nearest(&self, batch: &Batch<'_>, most: usize, lists: &mut [f64]);

    /// For each query and radius the number of points no further away, added to `counts`; radii grow, and one below zero is
    /// not asked for.
    fn within(&self, batch: &Batch<'_>, radii: &[Each], counts: &mut [Each]);
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
    /// Means over P by one of the ks.
    pub(super) moments: Moments,
}

/// What the delta method's variance is made of: means over P of ln(p/q), of its square without the noise of the counts, and of p/q,
/// which is the mean of (p/q)² over Q.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moments {
    ln: f64,
    square: f64,
    ratio: f64,
}

impl Moments {
    fn add(&mut self, other: Self) {
        self.ln += other.ln;
        self.square += other.square;
        self.ratio += other.ratio;
    }

    /// The variance of the estimate from n points of P and m of Q as if densities were known.
    pub(super) fn variance(&self, n: f64, m: f64) -> f64 {
        (self.square - self.ln * self.ln).max(0.0) / n + (self.ratio - 1.0).max(0.0) / m
    }
}

/// The moments are taken at the first k that is at least this: smaller ones are noisy, larger ones see less of the tails.
const MOMENTS: usize = 5;

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
    let parts = each(work, Scratch::new, &|scratch, first| scratch.sum(p, q, ks, first));
    let mut all = CommonRadius { values: vec![0.0; ks.len()], ..CommonRadius::default() };
    for part in parts {
        all.values.iter_mut().zip(&part.values).for_each(|(all, part)| *all += part);
        all.coincident += part.coincident;
        all.apart += part.apart;
        all.moments.add(part.moments);
    }
    let n = p.len() as f64;
    let share = q.len() as f64 / (n - 1.0);
    let offset = share.ln();
    let Moments { ln, square, ratio } = all.moments;
    // Shifted by the offset, as the values are.
    let (ln, square) = (ln / n, square / n);
    all.moments = Moments { ln: ln + offset, square: square + offset * (2.0 * ln + offset), ratio: ratio / n * share };
    all.values.iter_mut().for_each(|value| *value = *value / n + offset);
    all
}

/// One side of a batch: the distances to neighbours, and how many points lie within each radius.
#[derive(Default)]
struct Around {
    /// One list a query.
    lists: Vec<f64>,
    most: usize,
    counts: Vec<Each>,
    /// Radii that the lists do not reach.
    beyond: Vec<Each>,
}

impl Around {
    /// Looks for one neighbour more than the largest k: then it is known how many are within its distance.
    fn look<N: Neighbours>(&mut self, sample: &N, batch: &Batch<'_>, most: usize) {
        self.most = most + 1;
        self.lists.resize(batch.len() * self.most, 0.0);
        sample.nearest(batch, self.most, &mut self.lists);
    }

    fn list(&self, query: usize) -> &[f64] {
        &self.lists[query * self.most..][..self.most]
    }

    /// Counts from the list of neighbours where it reaches far enough, from the sample where it does not.
    fn count<N: Neighbours>(&mut self, sample: &N, batch: &Batch<'_>, radii: &[Each]) {
        self.counts.clear();
        self.counts.resize(radii.len(), [0.0; GROUP]);
        self.beyond.clear();
        self.beyond.resize(radii.len(), [-1.0; GROUP]);
        let mut first = radii.len();
        for query in 0..batch.len() {
            let list = &self.lists[query * self.most..][..self.most];
            let last = list.last().copied().unwrap_or(0.0);
            for (k, radii) in radii.iter().enumerate() {
                let radius = radii[query];
                if radius < last {
                    self.counts[k][query] = list.partition_point(|&distance| distance <= radius) as f64;
                } else {
                    self.beyond[k][query] = radius;
                    first = first.min(k);
                }
            }
        }
        if first < radii.len() {
            sample.within(batch, &self.beyond[first..], &mut self.counts[first..]);
        }
    }

    /// The count for the `index`-th radius, and what is added to it before ψ is taken: nothing where the k-th neighbour sets the
    /// radius and there are no ties, else 1.
    fn mass(&self, query: usize, index: usize, k: usize, radius: f64) -> f64 {
        let count = self.counts[index][query];
        let chosen = count == k as f64 && self.list(query)[k - 1] * WIDER * WIDER >= radius;
        count + if chosen { 0.0 } else { 1.0 }
    }
}

/// What a thread keeps between points.
struct Scratch {
    p: Around,
    q: Around,
    radii: Vec<Each>,
    /// ψ of small whole numbers.
    digammas: Vec<f64>,
}

/// Whole numbers whose ψ is kept.
const SMALL: u32 = 256;

impl Scratch {
    fn new() -> Self {
        let digammas = (0..SMALL).map(|x| digamma(f64::from(x))).collect();
        Self { p: Around::default(), q: Around::default(), radii: Vec::new(), digammas }
    }

    fn digamma(&self, whole: f64) -> f64 {
        self.digammas.get(whole as usize).copied().unwrap_or_else(|| digamma(whole))
    }

    /// The sums over the points from `first` on.
    fn sum<N: Neighbours>(&mut self, p: &N, q: &N, ks: &[usize], first: usize) -> CommonRadius {
        let most = ks.last().copied().unwrap_or(0);
        let dimensions = p.points().len() / p.len();
        let for_moments = ks.iter().position(|&k| k >= MOMENTS).unwrap_or(ks.len().saturating_sub(1));
        let mut sums = CommonRadius { values: vec![0.0; ks.len()], ..CommonRadius::default() };
        let end = p.len().min(first + CHUNK);
        for start in (first..end).step_by(GROUP) {
            let points = &p.points()[start * dimensions..end.min(start + GROUP) * dimensions];
            let of_p = Batch { dimensions, points, own: Some(start) };
            let of_q = Batch { dimensions, points, own: None };
            self.p.look(p, &of_p, most);
            self.q.look(q, &of_q, most);
            self.radii.clear();
            self.radii.resize(ks.len(), [-1.0; GROUP]);
            for query in 0..of_p.len() {
                let (of_p, of_q) = (self.p.list(query), self.q.list(query));
                for (radii, &k) in self.radii.iter_mut().zip(ks) {
                    radii[query] = of_p[k - 1].max(of_q[k - 1]) * WIDER;
                }
                sums.coincident += usize::from(of_p[0] == 0.0 || of_q[0] == 0.0);
            }
            self.p.count(p, &of_p, &self.radii);
            self.q.count(q, &of_q, &self.radii);
            for query in 0..of_p.len() {
                for (i, (&k, radii)) in ks.iter().zip(&self.radii).enumerate() {
                    let [l, c] = [&self.p, &self.q].map(|side| side.mass(query, i, k, radii[query]));
                    let ln = self.digamma(l) - self.digamma(c);
                    sums.values[i] += ln;
                    if i == for_moments {
                        let square = ln * ln - trigamma(l) - trigamma(c);
                        sums.moments.add(Moments { ln, square, ratio: self.p.counts[i][query] / c });
                    }
                }
                let most = self.p.counts.last().map_or(0.0, |counts| counts[query]);
                sums.apart += usize::from(2.0 * most > p.len() as f64);
            }
        }
        sums
    }
}
