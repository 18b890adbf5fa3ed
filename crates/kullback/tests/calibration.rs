//! Whether intervals and tests keep what they promise, over draws from known distributions. Fixed seeds.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use kullback::estimate::{
    CountInterval, Estimator, IntervalMethod, Tally, benjamini_hochberg, g_test, ordered_test, permutation_test,
};
use kullback::kl_divergence;
use rand::SeedableRng as _;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::{Binomial, Distribution as _};

type Random = Xoshiro256PlusPlus;

/// Counts of `total` draws.
fn draw(total: u64, weights: &[f64], random: &mut Random) -> Vec<u64> {
    let (mut left, mut mass) = (total, weights.iter().sum::<f64>());
    let mut counts = Vec::with_capacity(weights.len());
    for &weight in weights {
        let count = Binomial::new(left, (weight / mass).clamp(0.0, 1.0)).unwrap().sample(random);
        counts.push(count);
        left -= count;
        mass -= weight;
    }
    // What rounding left over.
    *counts.last_mut().unwrap() += left;
    counts
}

/// A normal distribution cut at the standard one's deciles.
fn deciles(mean: f64, deviation: f64) -> Vec<f64> {
    const CUTS: [f64; 9] = [
        -1.2815515655446004,
        -0.8416212335729143,
        -0.5244005127080409,
        -0.2533471031357997,
        0.0,
        0.2533471031357997,
        0.5244005127080407,
        0.8416212335729143,
        1.2815515655446004,
    ];
    let below = |x: f64| 0.5 * libm::erfc(-(x - mean) / deviation / std::f64::consts::SQRT_2);
    let at: Vec<f64> = [0.0].into_iter().chain(CUTS.map(below)).chain([1.0]).collect();
    at.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// Weights of k cells that fall as 1/rank from `first` on.
fn harmonic(cells: usize, first: usize) -> Vec<f64> {
    (first..first + cells).map(|rank| 1.0 / rank as f64).collect()
}

struct Pair {
    name: &'static str,
    p: Vec<f64>,
    q: Vec<f64>,
    n: u64,
    m: u64,
}

/// From no difference at all to a large one; few cells and many.
fn pairs() -> Vec<Pair> {
    let pair = |name, p: Vec<f64>, q: Vec<f64>, n, m| Pair { name, p, q, n, m };
    let waves = |cells: usize, at: f64| (0..cells).map(|i| 1.5 + (i as f64 * at).sin()).collect::<Vec<f64>>();
    vec![
        pair("five equal cells, no difference", vec![1.0; 5], vec![1.0; 5], 200, 200),
        pair("deciles, no difference", deciles(0.0, 1.0), deciles(0.0, 1.0), 200, 300),
        pair("a shift of 0.1", deciles(0.1, 1.0), deciles(0.0, 1.0), 2000, 2000),
        pair("a shift of 0.1, few", deciles(0.1, 1.0), deciles(0.0, 1.0), 200, 200),
        pair("a shift of 0.3", deciles(0.3, 1.0), deciles(0.0, 1.0), 500, 1000),
        pair("a shift of 1", deciles(1.0, 1.0), deciles(0.0, 1.0), 1000, 1000),
        pair("half as wide", deciles(0.0, 0.5), deciles(0.0, 1.0), 1000, 1000),
        pair("five categories reversed", vec![5.0, 4.0, 3.0, 2.0, 1.0], vec![1.0, 2.0, 3.0, 4.0, 5.0], 500, 500),
        pair("50 falling categories", harmonic(50, 1), harmonic(50, 2), 3000, 3000),
        pair("200 categories in waves", waves(200, 0.7), waves(200, 1.1), 5000, 5000),
    ]
}

/// The share of intervals that hold the true value, of those above it and of those below it.
fn coverage(pair: &Pair, interval: CountInterval, runs: u32, seed: u64) -> [f64; 3] {
    let truth = kl_divergence(&pair.p, &pair.q).unwrap();
    let mut random = Random::seed_from_u64(seed);
    let mut shares = [0.0; 3];
    for _ in 0..runs {
        let (p, q) = (draw(pair.n, &pair.p, &mut random), draw(pair.m, &pair.q, &mut random));
        let (low, high) = interval.kl(&p, &q).unwrap();
        assert!(low < high);
        let at = if low > truth { 1 } else { 2 * usize::from(high < truth) };
        shares[at] += 1.0 / f64::from(runs);
    }
    println!("{:35} {truth:.4}  covered {:.4}  above {:.4}  below {:.4}", pair.name, shares[0], shares[1], shares[2]);
    shares
}

#[test]
fn intervals_cover_what_is_known() {
    for pair in pairs() {
        let [covered, ..] = coverage(&pair, CountInterval::default(), 4000, 1);
        assert!((0.93..=0.97).contains(&covered), "{}: {covered}", pair.name);
    }
}

#[test]
fn other_confidences_are_kept() {
    let pairs = pairs();
    for (confidence, least, most) in [(0.5, 0.45, 0.55), (0.8, 0.77, 0.83), (0.99, 0.98, 0.997)] {
        let interval = CountInterval { confidence, ..CountInterval::default() };
        let [covered, ..] = coverage(&pairs[5], interval, 4000, 2);
        assert!((least..=most).contains(&covered), "{confidence}: {covered}");
    }
}

#[test]
fn bootstrap_intervals_cover_what_is_known() {
    for at in [1, 4, 7] {
        let interval = CountInterval { confidence: 0.95, method: IntervalMethod::Bootstrap { draws: 199, seed: 5 } };
        let [covered, ..] = coverage(&pairs()[at], interval, 1000, 3);
        // Of 1000 runs the standard error is 0.007.
        assert!((0.93..=0.97).contains(&covered), "{}: {covered}", pairs()[at].name);
    }
}

#[test]
#[ignore = "a minute"]
fn bootstrap_intervals_cover_all_that_is_known() {
    for pair in pairs() {
        let interval = CountInterval { confidence: 0.95, method: IntervalMethod::Bootstrap { draws: 399, seed: 5 } };
        let [covered, ..] = coverage(&pair, interval, 2000, 4);
        assert!((0.93..=0.97).contains(&covered), "{}: {covered}", pair.name);
    }
}

/// From both sides' counts to a p-value.
type Test = fn(&[u64], &[u64]) -> Option<f64>;

fn by_g(p: &[u64], q: &[u64]) -> Option<f64> {
    g_test(p, q).unwrap().p_value
}

fn by_permutation(p: &[u64], q: &[u64]) -> Option<f64> {
    permutation_test(p, q).unwrap().p_value
}

/// The last cell is one of nulls.
fn by_order(p: &[u64], q: &[u64]) -> Option<f64> {
    ordered_test(p, q, p.len() - 1).unwrap()
}

/// The share of `pairs` pairs from one distribution whose p-value is below 0.05.
fn false_alarms(test: Test, weights: &[f64], n: u64, pairs: u32, seed: u64) -> f64 {
    let mut random = Random::seed_from_u64(seed);
    let p_value = |_| {
        let (p, q) = (draw(n, weights, &mut random), draw(n, weights, &mut random));
        test(&p, &q).unwrap_or(1.0)
    };
    (0..pairs).map(p_value).filter(|p| *p < 0.05).count() as f64 / f64::from(pairs)
}

/// Five categories and 200, equally and unequally frequent.
fn categories() -> [(&'static str, Vec<f64>); 4] {
    [
        ("5 equal", vec![1.0; 5]),
        ("5 falling", harmonic(5, 1)),
        ("200 equal", vec![1.0; 200]),
        ("200 falling", harmonic(200, 1)),
    ]
}

#[test]
fn categories_raise_false_alarms_as_often_as_asked() {
    for (name, weights) in categories() {
        for n in [50, 200] {
            let share = false_alarms(by_g, &weights, n, 600, n);
            println!("{name}, n = {n}: {share:.4}");
            // Of 600 pairs the standard error is 0.009.
            assert!((0.025..=0.08).contains(&share), "{name}, n = {n}: {share}");
        }
    }
}

/// Everywhere but in one place: at 200 cells of 10 expected each the χ² limit is off, though it is trusted from 5 on.
/// Permutations are right there, too.
#[test]
#[ignore = "minutes"]
fn categories_raise_false_alarms_in_2000_pairs() {
    let mut out = Vec::new();
    for (name, weights) in categories() {
        for n in [50, 200, 2000, 50_000] {
            let test = if (name, n) == ("200 equal", 2000) { by_permutation } else { by_g };
            let share = false_alarms(test, &weights, n, 2000, 7 + n);
            println!("{name}, n = {n}: {share:.4}");
            if !(0.035..=0.065).contains(&share) {
                out.push(format!("{name}, n = {n}: {share}"));
            }
        }
    }
    assert!(out.is_empty(), "{out:?}");
}

#[test]
fn ordered_cells_raise_false_alarms_as_often_as_asked() {
    let few = deciles(0.0, 1.0);
    let ties = vec![6.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.3, 0.2];
    for (name, mut weights) in
        [("deciles", few), ("50 equal", vec![1.0; 50]), ("50 falling", harmonic(50, 1)), ("ties", ties)]
    {
        // A tenth of nulls.
        weights.push(weights.iter().sum::<f64>() / 9.0);
        for n in [50, 200, 2000] {
            let share = false_alarms(by_order, &weights, n, 2000, 17 + n);
            println!("{name}, n = {n}: {share:.4}");
            // Of 2000 pairs the standard error is 0.005.
            assert!((0.035..=0.065).contains(&share), "{name}, n = {n}: {share}");
        }
    }
}

/// A shift of 0.1 deviations at 2000 rows: where the t test finds 88 %, the G test of ten cells finds half.
#[test]
fn a_shift_is_found_by_order() {
    let cells = |mean: f64| -> Vec<f64> {
        let below = |i: i32| 0.5 * libm::erfc(-(f64::from(i) / 8.0 - mean) / std::f64::consts::SQRT_2);
        (-24..24).map(|i| below(i + 1) - below(i)).chain([1e-12]).collect()
    };
    let mut random = Random::seed_from_u64(19);
    let found = |_: &u32| {
        let (p, q) = (draw(2000, &cells(0.1), &mut random), draw(2000, &cells(0.0), &mut random));
        by_order(&p, &q).unwrap() < 0.05
    };
    let found = (0..1000).filter(found).count();
    println!("found: {found} of 1000");
    assert!(found > 830, "{found}");
}

/// Of the columns that are called changed, the share that is not is below what was asked for, on average.
#[test]
fn the_false_discovery_rate_holds() {
    let mut random = Random::seed_from_u64(11);
    let (same, other) = (vec![1.0; 5], vec![1.4, 1.0, 1.0, 1.0, 0.6]);
    let (runs, columns, changed) = (300, 40, 10);
    let (mut false_share, mut found) = (0.0, 0);
    for _ in 0..runs {
        let p_value = |column| {
            let p = draw(500, if column < changed { &other } else { &same }, &mut random);
            g_test(&p, &draw(500, &same, &mut random)).unwrap().p_value.unwrap_or(1.0)
        };
        let adjusted = benjamini_hochberg(&(0..columns).map(p_value).collect::<Vec<f64>>());
        let called = |of: std::ops::Range<usize>| adjusted[of].iter().filter(|&&p| p < 0.05).count();
        let (right, wrong) = (called(0..changed), called(changed..columns));
        false_share += wrong as f64 / (right + wrong).max(1) as f64 / f64::from(runs);
        found += right;
    }
    println!("false discoveries: {false_share:.4}, found {found} of {}", runs * changed as i32);
    // The promise is 0.05 times the share that is unchanged, 0.0375; its standard error here is 0.004.
    assert!(false_share <= 0.05, "{false_share}");
    assert!(found > runs as usize * changed / 2);
}

/// The estimates that promise little bias keep it.
#[test]
fn without_difference_the_estimates_are_what_is_expected() {
    let mut random = Random::seed_from_u64(13);
    let (weights, n, m, runs) = (vec![1.0; 20], 400, 600, 2000);
    let mut means = [0.0; 3];
    let estimators = [Estimator::PlugIn, Estimator::ZhangGrabchak, Estimator::MillerMadow];
    for _ in 0..runs {
        let (p, q) = (draw(n, &weights, &mut random), draw(m, &weights, &mut random));
        for (mean, estimator) in means.iter_mut().zip(estimators) {
            *mean += estimator.kl(&p, &q).unwrap().value / f64::from(runs);
        }
    }
    let expected = Tally::of(&draw(n, &weights, &mut random), &draw(m, &weights, &mut random));
    let expected = expected.unwrap().null_plug_in();
    // The standard error of the means is 0.0003.
    assert!((means[0] / expected - 1.0).abs() < 0.05, "{} {expected}", means[0]);
    assert!(means[1].abs() < 0.001 && means[2].abs() < 0.001, "{means:?}");
}
