//! What must hold of every divergence whatever its value: laws of all measures, of each measure (kullback-dev's
//! `law.rs`), of mutual information, and of the states that drivers merge.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use kullback::Measure;
use kullback::state::{LogMass, Mass, Merge, Sum, Total};
use kullback_dev::double_double::DoubleDouble;
use kullback_dev::law::{LAWS, Relation, Sides};
use kullback_dev::recipe::SplitMix;
use kullback_dev::tolerance::{self, Likeness};
use kullback_dev::ulp::relative_error;
use kullback_dev::{strategy, subject};
use proptest::prelude::*;

/// Every measure once, parametric ones with several parameters.
fn names() -> impl Iterator<Item = &'static str> {
    let more = ["gjs=0", "gjs=1", "scaled-gjs=0", "skew-kl=1", "renyi=0.5", "renyi=1", "renyi=7", "tsallis=0.3"];
    let examples = Measure::catalogue().iter().map(|info| info.example);
    examples.chain(more).chain(["alpha=-1", "alpha=1", "alpha=4", "cressie-read=-2", "cressie-read=0"])
}

fn measure(name: &str, p: &[f64], q: &[f64]) -> f64 {
    subject::between(name, p, q).unwrap()
}

/// However little it is: its share may be too small for a double.
#[test]
fn what_the_other_side_lacks_is_never_lost() {
    for name in names() {
        for (p, q) in [([1.0, 1e-300], [1.0, 0.0]), ([1.0, 0.0], [1.0, 1e-300])] {
            let lost = |scale: f64, side: [f64; 2]| [side[0] * scale, side[1] * 1e-10];
            let value = measure(name, &lost(1e111, p), &lost(1e112, q));
            assert!(value >= 0.0, "{name}: {value}");
            assert_eq!(value.is_infinite(), measure(name, &p, &q).is_infinite(), "{name}: {value}");
        }
    }
}

proptest! {
    // A case that fails is shrunk and printed; nothing is written beside the sources.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn never_negative_and_never_nan((p, q) in strategy::pairs()) {
        for name in names() {
            prop_assert!(measure(name, &p, &q) >= 0.0, "{name}");
        }
    }

    #[test]
    fn equal_input_gives_exactly_zero((p, _) in strategy::pairs()) {
        for name in names() {
            prop_assert_eq!(measure(name, &p, &p), 0.0, "{}", name);
        }
    }

    /// Also through logarithms, where equality means equal logarithms.
    #[test]
    fn log_probabilities_obey_the_same((log_p, log_q) in strategy::logs()) {
        for name in names() {
            prop_assert!(subject::between_logs(name, &log_p, &log_q).unwrap() >= 0.0, "{name}");
            prop_assert_eq!(subject::between_logs(name, &log_p, &log_p).unwrap(), 0.0, "{}", name);
        }
    }

    #[test]
    fn zero_only_if_equal((p, q) in strategy::ordinary()) {
        prop_assume!(p.len() > 1 && p[0] / q[0] != p[1] / q[1]);
        for name in names().filter(|name| !matches!(*name, "gjs=0" | "gjs=1" | "skew-kl=1")) {
            prop_assert!(measure(name, &p, &q) > 0.0, "{name}");
        }
    }

    #[test]
    fn merging_two_categories_never_increases_a_divergence((p, q) in strategy::pairs()) {
        prop_assume!(p.len() > 1);
        let merged = |w: &[f64]| [&[w[0] + w[1]], &w[2..]].concat();
        for name in names() {
            // The sum of two weights is itself rounded, which counts where P and Q are near.
            let (fine, coarse) = (measure(name, &p, &q), measure(name, &merged(&p), &merged(&q)));
            prop_assert!(coarse <= fine * (1.0 + tolerance::LAW) + 1e-15, "{name}: {coarse:e} > {fine:e}");
        }
    }

    #[test]
    fn neither_scale_nor_order_matters((p, q) in strategy::pairs(), power in -30i32..30) {
        let scaled: Vec<f64> = p.iter().map(|x| x * 2f64.powi(power)).collect();
        let backwards = |w: &[f64]| w.iter().rev().copied().collect::<Vec<f64>>();
        for name in names() {
            let value = measure(name, &p, &q);
            for other in [measure(name, &scaled, &q), measure(name, &backwards(&p), &backwards(&q))] {
                let promise = tolerance::measure(name).unwrap();
                let likeness = if value < 1e-2 { Likeness::Near } else { Likeness::Ordinary };
                // Proportional inputs may give this much instead of 0, in either order.
                let nothing = value.max(other) <= promise.proportional;
                prop_assert!(
                    nothing
                        || promise.kept(other, value.into(), likeness)
                        || Relation::Equal(value, other).holds(tolerance::LAW),
                    "{name}: {value:e}, {other:e}"
                );
            }
        }
    }

    #[test]
    fn every_measure_obeys_its_own_laws((p, q) in strategy::pairs()) {
        let sides = Sides { p: &p, q: &q };
        for law in LAWS {
            let relation = (law.relation)(sides);
            prop_assert!(holds(relation), "{}: {}: {relation:?}", law.measure, law.says);
        }
    }

    #[test]
    fn renyi_increases_with_its_order((p, q) in strategy::pairs()) {
        let orders = ["0.1", "0.5", "0.9", "0.999999", "1", "1.000001", "1.5", "2", "4", "20"];
        let values: Vec<f64> = orders.iter().map(|a| measure(&format!("renyi={a}"), &p, &q)).collect();
        for pair in values.windows(2) {
            prop_assert!(holds(Relation::AtMost(pair[0], pair[1])), "{values:?}");
        }
    }

    /// Its slope in α at 1 is half the variance of ln p/q under P (van Erven and Harremoës 2014).
    #[test]
    fn renyi_tends_to_kl((p, q) in strategy::ordinary()) {
        let (mass_p, mass_q): (f64, f64) = (p.iter().sum(), q.iter().sum());
        let square: f64 = p.iter().zip(&q).map(|(x, y)| x / mass_p * (x / mass_p * mass_q / y).ln().powi(2)).sum();
        let kl = measure("kl", &p, &q);
        for (name, step) in [("renyi=0.99999999", 1e-8), ("renyi=1.00000001", 1e-8), ("renyi=1.0000000000001", 1e-13)] {
            let gap = (measure(name, &p, &q) - kl).abs();
            // One category alone: both are 0 up to a rounding of the masses.
            prop_assert!(gap <= step * square + tolerance::LAW * kl + 1e-30, "{name}: {gap:e}");
        }
    }

    /// I(X; Y, Z) = I(X; Y) + Σ_y p(y) I(X; Z | Y = y).
    #[test]
    fn chain_rule_of_mutual_information(table in prop::collection::vec(prop_oneof![4 => 0.0..1.0, 1 => Just(0.0)], 3 * 4 * 2)) {
        let (xs, ys, zs) = (3, 4, 2);
        let at = |x: usize, y: usize, z: usize| table[(x * ys + y) * zs + z];
        let information = |columns: usize, joint: &[f64]| subject::table("mutual_information", columns, joint, &[]).unwrap();
        prop_assume!(table.iter().sum::<f64>() > 0.0);
        let whole = information(ys * zs, &table).unwrap();
        let pairs: Vec<f64> = (0..xs * ys).map(|i| table[i * zs..][..zs].iter().sum()).collect();
        let mut parts = information(ys, &pairs).unwrap();
        for y in 0..ys {
            let slice: Vec<f64> = (0..xs).flat_map(|x| (0..zs).map(move |z| (x, z))).map(|(x, z)| at(x, y, z)).collect();
            let share = slice.iter().sum::<f64>() / table.iter().sum::<f64>();
            if share > 0.0 {
                parts += share * information(zs, &slice).unwrap();
            }
        }
        prop_assert!((whole - parts).abs() <= 1e-15 + tolerance::LAW * whole, "{whole:e}, {parts:e}");
    }

    /// With two rows of equal weight it is the Jensen–Shannon divergence.
    #[test]
    fn weighted_js_extends_js((p, q) in strategy::ordinary()) {
        let many = subject::table("weighted_js", p.len(), &[&p[..], &q[..]].concat(), &[3.0, 3.0]).unwrap().unwrap();
        prop_assert!(holds(Relation::Equal(many, measure("js", &p, &q))));
    }

    #[test]
    fn merging_states_is_associative_and_commutative(seed in any::<u64>()) {
        let mut r = SplitMix::new(seed);
        let mut sum = || Sum::from(r.scaled(-40, 40)) + r.scaled(-90, -60);
        let mut masses = || Mass { p: sum(), q: sum(), low: sum().value() };
        let (a, b, c) = (masses(), masses(), masses());
        merges(a, b, c, tolerance::MERGE, |m| vec![m.p.value(), m.q.value(), m.low])?;
        let mut totals = || Total { sum: sum(), peak: sum().value(), only_p: sum(), only_q: sum(), ..Total::IDENTITY };
        let (a, b, c) = (totals(), totals(), totals());
        merges(a, b, c, tolerance::MERGE, |t| vec![t.sum.value(), t.peak, t.only_p.value(), t.only_q.value()])?;
        let mut sums = || (sum(), sum());
        let (a, b, c) = (sums(), sums(), sums());
        merges(a, b, c, tolerance::MERGE, |s| vec![s.0.value(), s.1.value()])?;
        let mut logs = || LogMass::of(&[sum().value().ln(), sum().value().ln()]);
        let (a, b, c) = (logs(), logs(), logs());
        merges(a, b, c, tolerance::MERGE_EXPONENTIALS, |l| vec![l.max, l.sum.value()])?;
    }
}

/// A law within its slack; a sum of roundings of inputs near one is allowed where values are near zero.
fn holds(relation: Relation) -> bool {
    relation.holds(tolerance::LAW)
        || match relation {
            Relation::AtMost(a, b) => a <= b + 1e-15,
            Relation::Equal(a, b) => (a - b).abs() <= 1e-15,
        }
}

fn merges<M: Merge + Copy>(a: M, b: M, c: M, slack: f64, numbers: impl Fn(M) -> Vec<f64>) -> Result<(), TestCaseError> {
    let same = |x: M, y: M, slack: f64| {
        let near = |(x, y): (&f64, &f64)| relative_error(*x, DoubleDouble::from(*y)) <= slack;
        numbers(x).iter().zip(&numbers(y)).all(near)
    };
    prop_assert!(same(a.merge(b).merge(c), a.merge(b.merge(c)), slack), "associative");
    prop_assert!(same(a.merge(b), b.merge(a), slack), "commutative");
    prop_assert!(same(a.merge(M::IDENTITY), a, 0.0) && same(M::IDENTITY.merge(a), a, 0.0), "identity");
    Ok(())
}

#[test]
fn disjoint_supports() {
    let (p, q) = ([0.3, 0.7, 0.0, 0.0], [0.0, 0.0, 5.0, 1.0]);
    for name in ["kl", "reverse-kl", "jeffreys", "bhattacharyya", "chi2", "neyman-chi2", "renyi=2", "max-divergence"] {
        assert_eq!(measure(name, &p, &q), f64::INFINITY, "{name}");
    }
    assert_eq!(measure("js", &p, &q), std::f64::consts::LN_2);
    assert_eq!(measure("tv", &p, &q), 1.0);
    assert_eq!(measure("hellinger", &p, &q), 1.0);
    assert_eq!(measure("triangular", &p, &q), 2.0);
}

/// Σ p⁴q⁻³ lies just below the largest double, and α(α − 1) times it above.
#[test]
fn renyi_where_only_the_excess_overflows() {
    let (p, q) = ([4.122591500162585e20, 6.317454104236207e-13], [9.388232407217317e-45, 9.443919204575554e58]);
    assert!(holds(Relation::Equal(measure("renyi=4", &p, &q), measure("max-divergence", &p, &q))));
}

/// 10⁷ near-equal pairs, where the textbook sum is negative half of the time.
#[test]
fn never_negative_over_ten_million_near_equal_pairs() {
    let mut r = SplitMix::new(1);
    for (name, pairs) in [("kl", 10_000_000), ("js", 400_000), ("tv", 400_000), ("hellinger", 400_000)] {
        for columns in 2..=8 {
            let mut left = pairs / 7 + 1;
            while left > 0 {
                let rows = left.min(1 << 14);
                left -= rows;
                let epsilon = 1.0 / (1u64 << (r.bits() % 54)) as f64;
                let p: Vec<f64> = (0..rows * columns).map(|_| r.unit()).collect();
                let q: Vec<f64> = p.iter().map(|x| x * (1.0 + epsilon * (r.unit() - 0.5))).collect();
                let values = subject::rows(name, &p, &q, columns).unwrap();
                // A NaN is caught, too.
                assert!(values.iter().all(|value| *value >= 0.0), "{name}, {columns} columns, ε = {epsilon:e}");
            }
        }
    }
}

/// The order of the categories decides how masses are rounded, which must not show however near equality.
#[test]
fn order_does_not_matter_near_equality() {
    let mut r = SplitMix::new(21);
    for name in ["kl", "reverse-kl", "js"] {
        let promise = tolerance::measure(name).unwrap();
        for columns in 2..=24 {
            let epsilon = 1.0 / (1u64 << (28 + r.bits() % 25)) as f64;
            let p: Vec<f64> = (0..10_000 * columns).map(|_| r.unit() + 0.01).collect();
            let q: Vec<f64> = p.iter().map(|x| x * (1.0 + epsilon * (r.unit() - 0.5))).collect();
            let reversed = |w: &[f64]| w.iter().rev().copied().collect::<Vec<f64>>();
            let forwards = subject::rows(name, &p, &q, columns).unwrap();
            let backwards = subject::rows(name, &reversed(&p), &reversed(&q), columns).unwrap();
            for (value, other) in forwards.iter().zip(backwards.iter().rev()) {
                let same =
                    value.max(*other) <= promise.proportional || promise.kept(*other, (*value).into(), Likeness::Near);
                assert!(same, "{name}, {columns} columns, ε = {epsilon:e}: {value:e} and {other:e}");
            }
        }
    }
}
