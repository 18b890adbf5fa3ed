//! Neighbours against all distances; values against known pairs of distributions.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may stop where it fails, and says what it has measured"
)]

use super::ensemble::Ensemble;
use super::line::Line;
use super::nearest::values;
use super::neighbours::{Asked, Neighbours, Queries};
use super::tree::Tree;
use super::*;
use crate::estimate::random::SplitMix;
use crate::num::simd::levels;

/// Standard normal numbers.
pub(super) struct Normal(SplitMix);

impl Normal {
    pub(super) fn new(seed: u64) -> Self {
        Self(SplitMix::new(seed))
    }

    fn next(&mut self) -> f64 {
        let (a, b) = (1.0 - self.0.uniform(), self.0.uniform());
        (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
    }

    /// `n` points around `centre`.
    pub(super) fn points(&mut self, n: usize, centre: &[f64]) -> Vec<f64> {
        (0..n).flat_map(|_| centre.iter().map(|c| c + self.next()).collect::<Vec<f64>>()).collect()
    }
}

fn rounded(points: &[f64], decimals: i32) -> Vec<f64> {
    let ten = 10_f64.powi(decimals);
    points.iter().map(|x| (x * ten).round() / ten).collect()
}

fn kl(p: &[f64], q: &[f64], dimensions: usize) -> SampleEstimate {
    SampleKl::default().between_points(Rows::new(p, dimensions).unwrap(), Rows::new(q, dimensions).unwrap()).unwrap()
}

/// The value alone, which takes a quarter of the time.
fn value(p: &[f64], q: &[f64], dimensions: usize) -> f64 {
    let scaled = scale::scale(Rows::new(p, dimensions).unwrap(), Rows::new(q, dimensions).unwrap()).unwrap();
    let sample = |points: Vec<f64>| Sample { dimensions, points: Cow::Owned(points) };
    let (p, q) = (sample(scaled.p), sample(scaled.q));
    let ensemble = Ensemble::new(SampleEstimator::Ensemble, p.len().min(q.len()), dimensions);
    ensemble.value(&values(&p, &q, &ensemble.ks).values)
}

/// All distances, in order.
fn distances(sample: &impl Neighbours, at: &[f64], skip: Option<usize>) -> Vec<f64> {
    let others = sample.points().chunks(at.len()).enumerate().filter(|&(index, _)| Some(index) != skip);
    let distance = |(_, point): (usize, &[f64])| {
        let differences = point.iter().zip(at).map(|(a, b): (&f64, &f64)| a - b);
        if at.len() == 1 { differences.map(f64::abs).sum() } else { differences.map(|d| d * d).sum::<f64>() }
    };
    let mut all: Vec<f64> = others.map(distance).collect();
    all.sort_by(f64::total_cmp);
    all
}

/// Batches of several sizes, of the sample's own points and of others, and radii of which some are not asked for.
fn agrees_with_all_distances(sample: &impl Neighbours, queries: &[f64], dimensions: usize) {
    agrees_from(sample, queries, dimensions, 0);
}

/// The same, of the sample's own points those from `first` on.
fn agrees_from(sample: &impl Neighbours, queries: &[f64], dimensions: usize, first: usize) {
    for (points, own) in [(sample.points(), true), (queries, false)] {
        let (mut start, mut size) = (if own { first } else { 0 }, 1);
        while start * dimensions < points.len() {
            let end = (start + size).min(points.len() / dimensions);
            let points = &points[start * dimensions..end * dimensions];
            let queries = Queries { dimensions, points, own: own.then_some(start) };
            let all: Vec<Vec<f64>> =
                (start..end).map(|at| distances(sample, queries.point(at - start), own.then_some(at))).collect();
            let ranks = [0, 3, 3, 40, all[0].len() - 1];
            let (mut radii, mut want) = (Vec::new(), Vec::new());
            for (query, all) in all.iter().enumerate() {
                let mut of_query = vec![0.0];
                of_query.extend(ranks.map(|rank| all[rank]));
                of_query.push(f64::INFINITY);
                // Every third query does without the smaller ones.
                of_query[..4].iter_mut().filter(|_| query % 3 == 2).for_each(|radius| *radius = -1.0);
                want.extend(of_query.iter().map(|radius| all.iter().filter(|&distance| distance <= radius).count()));
                radii.extend(of_query);
            }
            for most in [0, 1, 2, 7, 60, all[0].len()] {
                for within in [0, radii.len() / queries.len()] {
                    let mut lists = vec![0.0; most * queries.len()];
                    let mut counts = vec![0.5; within * queries.len()];
                    let (lists, radii) = (&mut lists, &radii[..counts.len()]);
                    sample.around(queries, Asked { most, lists, within, radii, counts: &mut counts });
                    for (list, all) in lists.chunks(most.max(1)).zip(&all) {
                        assert_eq!(list, &all[..most], "{dimensions} dimensions, k = {most}, {within} radii");
                    }
                    for (count, want) in counts.iter().zip(&want) {
                        assert_eq!(*count, *want as f64 + 0.5, "{dimensions} dimensions, k = {most}");
                    }
                }
            }
            (start, size) = (end, (size + 29) % 83 + 1);
        }
    }
}

#[test]
fn neighbours_are_those_of_all_distances() {
    for (seed, dimensions) in [1, 2, 3, 5, 10, 20].into_iter().enumerate() {
        let mut normal = Normal::new(seed as u64);
        let centre = vec![0.3; dimensions];
        let (points, queries) = (normal.points(601, &centre), normal.points(40, &centre));
        for decimals in [0, 1, 9] {
            let (points, queries) = (rounded(&points, decimals), rounded(&queries, decimals));
            match dimensions {
                1 => agrees_with_all_distances(&Line::new(points), &queries, 1),
                d => agrees_with_all_distances(&Tree::new(d, &points), &queries, d),
            }
        }
    }
}

/// Many leaves: what a group of queries leaves out in one of them would be missing.
#[test]
fn neighbours_are_those_of_all_distances_in_many_leaves() {
    for (dimensions, decimals) in [(2, 9), (2, 1), (3, 9), (6, 9)] {
        let mut normal = Normal::new(dimensions as u64);
        let points = rounded(&normal.points(2503, &vec![0.0; dimensions]), decimals);
        let queries = rounded(&normal.points(130, &vec![1.5; dimensions]), decimals);
        let mut tree = Tree::new(dimensions, &points);
        for level in levels() {
            tree.level = level;
            agrees_from(&tree, &queries, dimensions, 2400);
        }
    }
}

/// Where single precision ends: squares that overflow or vanish in it, outliers, a crowd far from the origin.
#[test]
fn neighbours_are_those_of_all_distances_at_any_scale() {
    for (scale, shift) in [(1e-30, 0.0), (1e-12, 1.0), (1e-4, 1e4), (1e9, 0.0), (1e16, 1e15), (1e30, 0.0)] {
        let mut normal = Normal::new(7);
        let mut moved = |n| normal.points(n, &[0.3; 3]).iter().map(|x| shift + scale * x).collect::<Vec<_>>();
        let (mut points, mut queries) = (moved(301), moved(40));
        points[..6].copy_from_slice(&[1e9, 0.0, -1e9, 0.0, 1e40, 1.0]);
        queries[3..9].copy_from_slice(&[1e9, 0.0, -1e9, 0.0, 1e40, -1e20]);
        agrees_with_all_distances(&Tree::new(3, &points), &queries, 3);
    }
}

#[test]
fn repeated_points_make_no_deep_tree() {
    let points = [1.0, 2.0].repeat(50_000);
    let tree = Tree::new(2, &points);
    let queries = Queries { dimensions: 2, points: &[1.0, 2.0, 1.0, 2.0], own: Some(7) };
    let (mut lists, mut counts) = ([1.0; 6], [0.0; 2]);
    let asked = Asked { most: 3, lists: &mut lists, within: 1, radii: &[0.0; 2], counts: &mut counts };
    tree.around(queries, asked);
    assert_eq!(lists, [0.0; 6]);
    assert_eq!(counts, [49_999.0; 2]);
}

/// The relative bias for two unit normal distributions `shift` apart in each dimension, averaged over seeds. What an
/// estimate shares with the mean of ln(p/q) over P's sample and of p/q over Q's, whose expectations are known, is noise and is taken out.
fn relative_bias(n: usize, dimensions: usize, shift: f64, seeds: u64) -> f64 {
    let centre = vec![shift; dimensions];
    let truth = shift * shift * dimensions as f64 / 2.0;
    let ln_ratio = |x: &[f64]| x.iter().map(|x| shift * (shift / 2.0 - x)).sum::<f64>();
    let error = |seed| {
        let mut normal = Normal::new(1000 + seed);
        let (p, q) = (normal.points(n, &vec![0.0; dimensions]), normal.points(n, &centre));
        let of_p = p.chunks(dimensions).map(ln_ratio).sum::<f64>() / n as f64 - truth;
        let of_q = q.chunks(dimensions).map(|x| ln_ratio(x).exp()).sum::<f64>() / n as f64 - 1.0;
        value(&p, &q, dimensions) - truth - of_p + of_q
    };
    (0..seeds).map(error).sum::<f64>() / seeds as f64 / truth
}

#[test]
fn known_shifts_are_found_in_few_dimensions() {
    for (dimensions, shift) in [(1, 1.0), (1, 0.5), (2, 0.5), (2, 1.0)] {
        let bias = relative_bias(10_000, dimensions, shift, 8);
        assert!(bias.abs() <= 0.03, "d = {dimensions}, shift {shift}: {bias}");
    }
}

#[test]
fn known_shifts_are_found_in_many_dimensions() {
    for (dimensions, shift, tolerance) in [(5, 0.5, 0.05), (10, 0.5, 0.1)] {
        let bias = relative_bias(10_000, dimensions, shift, 4);
        assert!(bias.abs() <= tolerance, "d = {dimensions}, shift {shift}: {bias}");
    }
}

#[test]
fn rounding_changes_little() {
    for (dimensions, n) in [(1, 10_000), (1, 2_000), (2, 10_000), (5, 2_000)] {
        let mut normal = Normal::new(17);
        let (p, q) = (normal.points(n, &vec![0.0; dimensions]), normal.points(n, &vec![0.5; dimensions]));
        let exact = value(&p, &q, dimensions);
        let coarse = value(&rounded(&p, 2), &rounded(&q, 2), dimensions);
        assert!((coarse / exact - 1.0).abs() < 0.1, "{dimensions}: {exact} {coarse}");
    }
}

/// Ten pairs whose divergence is known: how often the interval covers it.
fn coverage(runs: u64) -> Vec<(String, f64)> {
    [
        (1, 0.0, 500),
        (1, 0.5, 500),
        (1, 1.0, 500),
        (1, 0.5, 5000),
        (1, 1.0, 5000),
        (2, 0.0, 1500),
        (2, 0.5, 1500),
        (2, 0.5, 5000),
        (3, 0.5, 2000),
        (5, 0.5, 2000),
    ]
    .into_iter()
    .map(|(dimensions, shift, n)| {
        let truth = shift * shift * dimensions as f64 / 2.0;
        let (mut covered, mut above, mut below) = (0, 0, 0);
        for seed in 0..runs {
            let mut normal = Normal::new(90_000 + seed);
            let (p, q) = (normal.points(n, &vec![0.0; dimensions]), normal.points(n, &vec![shift; dimensions]));
            let (low, high) = kl(&p, &q, dimensions).interval;
            covered += u64::from(low <= truth && truth <= high);
            above += u64::from(low > truth);
            below += u64::from(high < truth);
        }
        let name = format!("d = {dimensions}, shift {shift}, n = {n}");
        println!("{name}: {covered} of {runs}, above {above}, below {below}");
        (name, covered as f64 / runs as f64)
    })
    .collect()
}

/// 0.93 to 0.97, within the standard error of a share, which is 0.009.
#[test]
#[ignore = "takes minutes"]
fn intervals_cover_what_is_known() {
    let found = coverage(600);
    for (name, share) in &found {
        assert!((0.921..=0.979).contains(share), "{name}: {share}");
    }
}

#[test]
fn order_of_rows_changes_rounding_only() {
    for dimensions in [1, 3] {
        let mut normal = Normal::new(3);
        let (p, q) = (normal.points(900, &vec![0.0; dimensions]), normal.points(700, &vec![0.4; dimensions]));
        let backwards: Vec<f64> = p.chunks(dimensions).rev().flatten().copied().collect();
        let (one, other) = (kl(&p, &q, dimensions).value, kl(&backwards, &q, dimensions).value);
        assert!((one - other).abs() <= 1e-12, "{one} {other}");
    }
}

#[test]
fn coordinates_do_not_matter() {
    let mut normal = Normal::new(5);
    let (p, q) = (normal.points(2000, &[0.0, 0.0]), normal.points(2000, &[0.7, 0.0]));
    let skew = |points: &[f64]| -> Vec<f64> {
        points.chunks(2).flat_map(|x| [1e9 + 1e4 * x[0], 1e-3 * (x[0] + 0.1 * x[1])]).collect()
    };
    let (plain, skewed) = (kl(&p, &q, 2), kl(&skew(&p), &skew(&q), 2));
    assert!((plain.value - skewed.value).abs() < 0.02, "{} {}", plain.value, skewed.value);
    // One outlier does not set the scale.
    let mut far = p.clone();
    far[0] = 1e9;
    assert!((kl(&far, &q, 2).value / plain.value - 1.0).abs() < 0.02);
}

#[test]
fn the_same_bits_on_any_number_of_threads() {
    let mut normal = Normal::new(8);
    let (p, q) = (normal.points(1500, &[0.0; 3]), normal.points(1100, &[0.5; 3]));
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| kl(&p, &q, 3))
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(5));
}

#[test]
fn bad_samples_are_typed_errors() {
    let good: Vec<f64> = Normal::new(1).points(40, &[0.0]);
    let fails = |p: &[f64], q: &[f64]| SampleKl::default().between(p, q).unwrap_err();
    assert_eq!(fails(&good[..19], &good), Error::TooFewPoints { side: Side::P, points: 19, needed: 20 });
    assert_eq!(fails(&good, &[]), Error::TooFewPoints { side: Side::Q, points: 0, needed: 20 });
    let mut bad = good.clone();
    bad[7] = f64::NAN;
    assert_eq!(fails(&good, &bad), Error::NotFinitePoint { side: Side::Q, row: 7, column: 0 });
    assert_eq!(fails(&[2.5; 30], &[2.5; 20]), Error::IdenticalPoints);
    let points = |d| Rows::new(&good, d).unwrap();
    let sized = |p, q| SampleKl::default().between_points(points(p), points(q)).unwrap_err();
    assert_eq!(sized(1, 2), Error::DimensionMismatch { p: 1, q: 2 });
    assert!(matches!(sized(40, 40), Error::Parameter { name: "dimensions", .. }));
    let with = |estimator, confidence| SampleKl { estimator, confidence, seed: 0 }.between(&good, &good);
    assert!(matches!(with(SampleEstimator::Nearest { k: 0 }, 0.9), Err(Error::Parameter { name: "k", .. })));
    assert!(matches!(with(SampleEstimator::Ensemble, 1.0), Err(Error::Parameter { name: "confidence", .. })));
    let k = SampleEstimator::Nearest { k: 9 };
    assert_eq!(with(k, 0.9), Err(Error::TooFewPoints { side: Side::P, points: 40, needed: 60 }));
}

#[test]
fn what_is_doubtful_is_noted() {
    let mut normal = Normal::new(2);
    let (p, q) = (normal.points(400, &[0.0]), normal.points(400, &[9.0]));
    let noted = |estimate: SampleEstimate, what: fn(&SampleNote) -> bool| estimate.notes.iter().any(what);
    assert!(noted(kl(&p, &q, 1), |note| matches!(note, SampleNote::Apart(_))));
    assert!(noted(kl(&rounded(&p, 1), &p, 1), |note| matches!(note, SampleNote::Coincident(_))));
    assert!(noted(kl(&p[..50], &p, 1), |note| matches!(note, SampleNote::FewPoints(50))));
    let with = |column: fn(f64) -> f64| -> Vec<f64> { p.iter().flat_map(|&x| [x, column(x)]).collect() };
    assert!(noted(kl(&with(|_| 4.0), &with(|_| 4.0), 2), |note| matches!(note, SampleNote::Constant(1))));
    assert!(noted(kl(&with(|x| 3.0 * x), &with(|x| 3.0 * x), 2), |note| matches!(note, SampleNote::Dependent)));
    // The same distribution.
    let (p, q) = (normal.points(3000, &[0.0]), normal.points(3000, &[0.0]));
    let same = kl(&p, &q, 1);
    assert!(same.notes.is_empty() && same.interval.0 < 0.0 && same.interval.1 > 0.0, "{same:?}");
}

fn by(estimator: SampleEstimator, p: &[f64], q: &[f64], dimensions: usize) -> SampleEstimate {
    let kl = SampleKl { estimator, ..SampleKl::default() };
    kl.between_points(Rows::new(p, dimensions).unwrap(), Rows::new(q, dimensions).unwrap()).unwrap()
}

/// Shifts of unit normal distributions, by every estimator that is not of neighbours: the least and the most that the mean of a
/// few runs may be of the truth, by what each promises.
#[test]
fn other_estimators_find_known_shifts() {
    use SampleEstimator::{Classifier, Histogram, Kernel};
    for (estimator, dimensions, shift, n, least, most) in [
        (Histogram, 1, 1.0, 5000, 0.95, 1.02),
        (Histogram, 2, 0.5, 5000, 0.85, 1.02),
        (Kernel, 1, 1.0, 3000, 0.93, 1.07),
        (Kernel, 2, 0.5, 3000, 0.9, 1.1),
        (Classifier, 1, 1.0, 5000, 0.97, 1.02),
        (Classifier, 5, 0.5, 5000, 0.95, 1.02),
        (Classifier, 10, 0.5, 5000, 0.93, 1.02),
        (Classifier, 20, 0.3, 5000, 0.9, 1.02),
    ] {
        let truth = shift * shift * dimensions as f64 / 2.0;
        let runs = 6_u64;
        let value = |seed| {
            let mut normal = Normal::new(700 + seed);
            let (p, q) = (normal.points(n, &vec![0.0; dimensions]), normal.points(n, &vec![shift; dimensions]));
            by(estimator, &p, &q, dimensions).value / f64::from(runs as u32)
        };
        let share = (0..runs).map(value).sum::<f64>() / truth;
        assert!((least..=most).contains(&share), "{estimator}, d = {dimensions}, shift {shift}: {share}");
    }
}

/// Spreads differ, too: what the classifier's squares are for, and where one bandwidth must serve a narrow side.
#[test]
fn other_estimators_find_another_spread() {
    let mut normal = Normal::new(21);
    let (p, q) = (normal.points(4000, &[0.0]), normal.points(4000, &[0.0]));
    let narrow: Vec<f64> = p.iter().map(|x| 0.5 * x).collect();
    // ln 2 + 1/8 − 1/2.
    let truth = std::f64::consts::LN_2 - 0.375;
    for estimator in [SampleEstimator::Histogram, SampleEstimator::Kernel, SampleEstimator::Classifier] {
        let found = by(estimator, &narrow, &q, 1);
        assert!((found.value / truth - 1.0).abs() < 0.1, "{estimator}: {found:?}");
    }
}

/// How often the intervals of the other estimators hold the truth where their bias is small beside it.
#[test]
fn other_intervals_cover_what_is_known() {
    use SampleEstimator::{Classifier, Histogram, Kernel};
    for (estimator, shift, n) in [
        (Histogram, 0.0, 500),
        (Histogram, 0.5, 500),
        (Kernel, 0.0, 500),
        (Kernel, 0.5, 500),
        (Classifier, 0.0, 500),
        (Classifier, 0.5, 500),
    ] {
        let runs = 200;
        let covers = |seed: &u64| {
            let mut normal = Normal::new(40_000 + seed);
            let (p, q) = (normal.points(n, &[0.0]), normal.points(n, &[shift]));
            let (low, high) = by(estimator, &p, &q, 1).interval;
            low <= shift * shift / 2.0 && shift * shift / 2.0 <= high
        };
        let covered = (0..runs).filter(covers).count() as f64 / runs as f64;
        println!("{estimator}, shift {shift}: {covered}");
        // Of 200 runs the standard error is 0.015.
        assert!(covered >= 0.9, "{estimator}, shift {shift}: {covered}");
    }
}

#[test]
fn other_estimators_take_outliers_rounding_and_ties() {
    let mut normal = Normal::new(6);
    let (p, q) = (normal.points(2000, &[0.0]), normal.points(2000, &[0.7]));
    for estimator in [SampleEstimator::Histogram, SampleEstimator::Classifier] {
        let plain = by(estimator, &p, &q, 1).value;
        let mut far = p.clone();
        far[0] = 1e9;
        assert!((by(estimator, &far, &q, 1).value / plain - 1.0).abs() < 0.02, "{estimator}");
        assert!((by(estimator, &rounded(&p, 1), &rounded(&q, 1), 1).value / plain - 1.0).abs() < 0.05, "{estimator}");
    }
    // Two values only.
    let of = |ones: usize| [vec![1.0; ones], vec![0.0; 1000 - ones]].concat();
    let found = by(SampleEstimator::Histogram, &of(500), &of(250), 1);
    let truth = 0.5 * 2_f64.ln() + 0.5 * (2.0_f64 / 3.0).ln();
    assert!((found.value - truth).abs() < 0.002 && found.notes.contains(&SampleNote::Cells(2)), "{found:?}");
    // Backwards is the same but for rounding.
    let backwards: Vec<f64> = p.iter().rev().copied().collect();
    for estimator in [SampleEstimator::Histogram, SampleEstimator::Kernel] {
        let [one, other] = [&p, &backwards].map(|p| by(estimator, p, &q, 1).value);
        assert!((one - other).abs() <= 1e-12, "{estimator}: {one} {other}");
    }
}

#[test]
fn every_estimator_has_its_name_and_its_limits() {
    for (name, estimator) in NAMES {
        assert_eq!(name.parse(), Ok(estimator));
        assert_eq!(estimator.to_string(), name);
    }
    let good = Normal::new(1).points(70, &[0.0; 7]);
    let points = Rows::new(&good, 7).unwrap();
    let with = |estimator| SampleKl { estimator, ..SampleKl::default() }.between_points(points, points);
    assert!(matches!(with(SampleEstimator::Kernel), Err(Error::Parameter { name: "dimensions", .. })));
    for estimator in [SampleEstimator::Histogram, SampleEstimator::Classifier] {
        let found = with(estimator).unwrap();
        assert!(found.interval.0 < found.interval.1 && found.interval.0 <= 0.0, "{found:?}");
    }
    let noted = with(SampleEstimator::Classifier).unwrap().notes;
    assert!(noted.contains(&SampleNote::LowerBound), "{noted:?}");
}
