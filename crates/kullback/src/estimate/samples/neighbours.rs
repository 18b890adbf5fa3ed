//! What the estimators ask of a sample, and the common-radius sum over it.

use crate::num::special::{digamma, trigamma};
use crate::threads::each;

/// Points whose neighbours are asked for, near one another if it is to be quick.
#[derive(Clone, Copy)]
pub(super) struct Queries<'a> {
    pub(super) dimensions: usize,
    /// Row-major.
    pub(super) points: &'a [f64],
    /// The first query is this point of the sample that is asked, the second the next one, and each leaves itself out.
    pub(super) own: Option<usize>,
}

impl<'a> Queries<'a> {
    pub(super) fn len(&self) -> usize {
        self.points.len() / self.dimensions
    }

    #[inline(always)]
    pub(super) fn point(&self, query: usize) -> &'a [f64] {
        &self.points[query * self.dimensions..][..self.dimensions]
    }

    /// Those from one on up to another.
    #[inline(always)]
    pub(super) fn part(&self, first: usize, end: usize) -> Self {
        let points = &self.points[first * self.dimensions..end * self.dimensions];
        Self { points, own: self.own.map(|own| own + first), ..*self }
    }
}

/// What is asked about each query, and answered, a query's after another's.
pub(super) struct Asked<'a> {
    /// How many of the smallest distances.
    pub(super) most: usize,
    /// These, in order: infinite where there are not as many points.
    pub(super) lists: &'a mut [f64],
    /// How many radii.
    pub(super) within: usize,
    /// These, which grow; one below zero holds nothing.
    pub(super) radii: &'a [f64],
    /// To which the numbers of points no further away are added.
    pub(super) counts: &'a mut [f64],
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

    /// Looks for the points nearest to each query, and counts those within its radii.
    fn around(&self, queries: Queries<'_>, asked: Asked<'_>);
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
    /// One list a query, with one neighbour more than the largest k: then it is known how many are within its distance.
    lists: Vec<f64>,
    most: usize,
    /// Radii within which points have been counted, a query's after another's; below zero where none has.
    radii: Vec<f64>,
    counts: Vec<f64>,
    /// Radii that the lists do not reach.
    beyond: Vec<f64>,
}

impl Around {
    /// Looks for neighbours, and counts within the distances of those on the other side, if they are known.
    fn look<N: Neighbours>(&mut self, sample: &N, queries: Queries<'_>, ks: &[usize], other: Option<&Self>) {
        let within = if other.is_some() { ks.len() } else { 0 };
        self.radii.clear();
        if let Some(other) = other {
            for query in 0..queries.len() {
                self.radii.extend(ks.iter().map(|&k| other.list(query)[k - 1] * WIDER));
            }
        }
        self.most = ks.last().map_or(0, |k| k + 1);
        self.lists.resize(queries.len() * self.most, 0.0);
        self.counts.clear();
        self.counts.resize(queries.len() * ks.len(), 0.0);
        let Self { most, lists, radii, counts, .. } = self;
        sample.around(queries, Asked { most: *most, lists, within, radii, counts: &mut counts[..radii.len()] });
        self.radii.resize(queries.len() * ks.len(), -1.0);
    }

    fn list(&self, query: usize) -> &[f64] {
        &self.lists[query * self.most..][..self.most]
    }

    /// Counts within radii where that is not done: by the list of neighbours if it reaches far enough, in the sample if not.
    fn count<N: Neighbours>(&mut self, sample: &N, queries: Queries<'_>, radii: &[f64]) {
        self.beyond.clear();
        self.beyond.resize(radii.len(), -1.0);
        let within = radii.len() / queries.len();
        let mut enough = true;
        for query in 0..queries.len() {
            let list = &self.lists[query * self.most..][..self.most];
            let last = list.last().copied().unwrap_or(0.0);
            // Where a radius is beyond the list, the larger ones are asked for with it.
            let mut reached = true;
            for (at, &radius) in radii.iter().enumerate().skip(query * within).take(within) {
                if reached && self.radii[at] == radius {
                    continue;
                }
                reached = reached && radius < last;
                if reached {
                    self.counts[at] = list.partition_point(|&distance| distance <= radius) as f64;
                } else {
                    (self.counts[at], self.beyond[at]) = (0.0, radius);
                }
            }
            enough = enough && reached;
        }
        if !enough {
            let Self { beyond, counts, .. } = self;
            sample.around(queries, Asked { most: 0, lists: &mut [], within, radii: beyond, counts });
        }
    }

    /// The `index`-th count, a query's by its k-th neighbour, and what is added to it before ψ is taken: nothing where that neighbour sets
    /// the radius and there are no ties, else 1.
    fn mass(&self, query: usize, index: usize, k: usize, radius: f64) -> f64 {
        let count = self.counts[index];
        let chosen = count == k as f64 && self.list(query)[k - 1] * WIDER * WIDER >= radius;
        count + if chosen { 0.0 } else { 1.0 }
    }
}

/// What a thread keeps between points.
struct Scratch {
    p: Around,
    q: Around,
    /// Whether the neighbours in P were further away than those in Q, for most of the points before.
    p_further: bool,
    /// For each query and k.
    radii: Vec<f64>,
    /// ψ of small whole numbers.
    digammas: Vec<f64>,
}

/// Whole numbers whose ψ is kept.
const SMALL: u32 = 256;

impl Scratch {
    fn new() -> Self {
        let digammas = (0..SMALL).map(|x| digamma(f64::from(x))).collect();
        Self { p: Around::default(), q: Around::default(), p_further: false, radii: Vec::new(), digammas }
    }

    fn digamma(&self, whole: f64) -> f64 {
        self.digammas.get(whole as usize).copied().unwrap_or_else(|| digamma(whole))
    }

    /// The sums over the points from `first` on.
    fn sum<N: Neighbours>(&mut self, p: &N, q: &N, ks: &[usize], first: usize) -> CommonRadius {
        let dimensions = p.points().len() / p.len();
        let for_moments = ks.iter().position(|&k| k >= MOMENTS).unwrap_or(ks.len().saturating_sub(1));
        let mut sums = CommonRadius { values: vec![0.0; ks.len()], ..CommonRadius::default() };
        let points = &p.points()[first * dimensions..p.len().min(first + CHUNK) * dimensions];
        let of_p = Queries { dimensions, points, own: Some(first) };
        let of_q = Queries { own: None, ..of_p };
        // The further neighbours first: then the radius is known when the other side is looked at.
        if self.p_further {
            self.p.look(p, of_p, ks, None);
            self.q.look(q, of_q, ks, Some(&self.p));
        } else {
            self.q.look(q, of_q, ks, None);
            self.p.look(p, of_p, ks, Some(&self.q));
        }
        self.radii.clear();
        let mut further = 0;
        for query in 0..of_p.len() {
            let (of_p, of_q) = (self.p.list(query), self.q.list(query));
            self.radii.extend(ks.iter().map(|&k| of_p[k - 1].max(of_q[k - 1]) * WIDER));
            sums.coincident += usize::from(of_p[0] == 0.0 || of_q[0] == 0.0);
            further += usize::from(of_p.last() > of_q.last());
        }
        self.p_further = 2 * further > of_p.len();
        self.p.count(p, of_p, &self.radii);
        self.q.count(q, of_q, &self.radii);
        for query in 0..of_p.len() {
            for (i, &k) in ks.iter().enumerate() {
                let at = query * ks.len() + i;
                let [l, c] = [&self.p, &self.q].map(|side| side.mass(query, at, k, self.radii[at]));
                let ln = self.digamma(l) - self.digamma(c);
                sums.values[i] += ln;
                if i == for_moments {
                    let square = ln * ln - trigamma(l) - trigamma(c);
                    sums.moments.add(Moments { ln, square, ratio: self.p.counts[at] / c });
                }
                if i + 1 == ks.len() {
                    sums.apart += usize::from(2.0 * self.p.counts[at] > p.len() as f64);
                }
            }
        }
        sums
    }
}
