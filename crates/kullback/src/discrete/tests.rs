//! What only the inside can see: every instruction set, every tier of the kernels, any number of threads.

use kullback_dev::recipe::SplitMix;
use kullback_dev::ulp::relative_error;
use kullback_dev::{oracle, tolerance};

use super::Pair;
use crate::num::simd::levels;
use crate::{Divergence, Error, Kl, Measure, Reverse, Side};

const NAMES: [&str; 8] = ["kl", "reverse-kl", "js", "renyi=0.3", "hellinger", "chi2", "tv", "max-divergence"];

/// Weights of one side: mostly ordinary, at times zero, at times out of the vectors' range.
fn weights(random: &mut SplitMix, n: usize, zeros: bool, extremes: bool) -> Vec<f64> {
    (0..n)
        .map(|i| match random.bits() % 16 {
            0 | 1 if zeros && i > 0 => 0.0,
            2 if extremes => random.scaled(-480, -460),
            _ => random.scaled(-3, 3),
        })
        .collect()
}

#[test]
fn every_level_every_length_every_tier() {
    let mut random = SplitMix::new(3);
    for n in (1..=70).chain([1023, 1024, 1025, 2100]) {
        for (zeros, extremes) in [(false, false), (true, false), (true, true)] {
            let p = weights(&mut random, n, zeros, extremes);
            let q = weights(&mut random, n, false, extremes);
            for name in NAMES {
                let measure: Measure = name.parse().expect("a name of the catalogue");
                let truth = oracle::divergence(name, &p, &q).expect("the oracle has it");
                let allowed = tolerance::measure(name).expect("in the table").relative;
                for level in levels() {
                    let pair = Pair::at_level(&p, &q, level).expect("equal lengths");
                    let value = measure.evaluate(&pair).expect("valid weights");
                    // A divergence of nearly equal weights (n = 1) is no relative error's business.
                    let error = relative_error(value, truth);
                    let zero = truth.value().abs() < 1e-25 && value.abs() < 1e-25;
                    assert!(error <= allowed || zero, "{name}, n = {n}, {level:?}: {value:e} is {error:e} off");
                }
            }
        }
    }
}

#[test]
fn singles_on_every_level() {
    let mut random = SplitMix::new(5);
    for n in [1, 7, 8, 63, 1024, 1500] {
        let [p, q] =
            [0, 1].map(|_| weights(&mut random, n, false, false).iter().map(|x| *x as f32).collect::<Vec<_>>());
        let [wide_p, wide_q] = [&p, &q].map(|x| x.iter().map(|x| f64::from(*x)).collect::<Vec<_>>());
        for name in NAMES {
            let measure: Measure = name.parse().expect("a name of the catalogue");
            let truth = measure.between(&wide_p, &wide_q).expect("valid weights");
            for level in levels() {
                let value = measure.evaluate(&Pair::at_level(&p, &q, level).expect("equal lengths")).expect("valid");
                let off = (value - truth).abs();
                assert!(off <= tolerance::SINGLES * truth, "{name}, n = {n}, {level:?}: {value:e}, not {truth:e}");
            }
        }
    }
}

#[cfg(feature = "rayon")]
#[test]
fn the_bits_do_not_depend_on_threads() {
    let mut random = SplitMix::new(11);
    let n = 5 * super::chunks::CHUNK + 77;
    let (p, q) = (weights(&mut random, n, true, false), weights(&mut random, n, false, false));
    for name in NAMES {
        let measure: Measure = name.parse().expect("a name of the catalogue");
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| measure.between(&p, &q)).expect("valid weights").to_bits()
        };
        assert_eq!(on(1), on(2), "{name}");
        assert_eq!(on(1), on(5), "{name}");
    }
}

/// A guess of the masses' ratio that the first block misleads, and one that no power of two is near.
#[test]
fn one_pass_agrees_with_two() {
    let n = 5000;
    let steep: Vec<f64> = (0..n).map(|i| 1e6 / f64::from(1 + i)).collect();
    let flat = vec![1.7; n as usize];
    for (p, q) in [(&steep, &flat), (&flat, &steep)] {
        for level in levels() {
            let pair = Pair::at_level(p, q, level).expect("equal lengths");
            let one = [Kl.evaluate(&pair), Reverse(Kl).evaluate(&Pair::at_level(p, q, level).expect("as before"))];
            pair.mass().expect("valid weights");
            let two = [Kl.evaluate(&pair), Reverse(Kl).evaluate(&pair)];
            for (one, two) in one.into_iter().zip(two) {
                let (one, two) = (one.expect("valid"), two.expect("valid"));
                assert!((one - two).abs() <= 2e-15 * two, "{one:e} and {two:e} on {level:?}");
            }
        }
    }
}

#[test]
fn the_first_bad_weight_is_named() {
    let good = vec![1.0; 3000];
    for (value, error) in [
        (-1.0, Error::Negative { side: Side::Q, index: 2999 }),
        (f64::NAN, Error::NotFinite { side: Side::Q, index: 2999 }),
        (f64::INFINITY, Error::NotFinite { side: Side::Q, index: 2999 }),
    ] {
        let mut bad = good.clone();
        bad[2999] = value;
        assert_eq!(Kl.between(&good, &bad), Err(error));
    }
    assert_eq!(Kl.between(&[0.0, 0.0], &[1.0, 1.0]), Err(Error::ZeroMass { side: Side::P }));
    assert_eq!(Kl.between(&[1.0], &[1.0, 1.0]), Err(Error::LengthMismatch { p: 1, q: 2 }));
    assert_eq!(Kl.between::<f64>(&[], &[]), Err(Error::Empty));
}
