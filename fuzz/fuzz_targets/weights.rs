//! The driver over weights: no panic, no NaN and no negative divergence out of finite weights, an error out of others.
#![no_main]

use kullback::{Measure, Pair};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|weights: Vec<(f64, f64)>| {
    let (p, q): (Vec<f64>, Vec<f64>) = weights.into_iter().unzip();
    let valid = |w: &[f64]| w.iter().all(|x| *x >= 0.0 && x.is_finite()) && w.iter().any(|x| *x > 0.0);
    let valid = valid(&p) && valid(&q);
    let Ok(pair) = Pair::new(&p, &q) else {
        assert!(p.is_empty());
        return;
    };
    for info in Measure::catalogue() {
        let measure: Measure = info.example.parse().expect("examples parse");
        match measure.evaluate(&pair) {
            Ok(value) => assert!(valid && value >= 0.0, "{measure}: {value}"),
            Err(error) => assert!(!valid, "{measure}: {error}"),
        }
    }
    if valid {
        let entropy = kullback::entropy(&p).expect("the weights are valid");
        assert!(entropy >= 0.0 && entropy.is_finite());
        assert!(kullback::cross_entropy(&p, &q).expect("the weights are valid") >= 0.0);
        let parts = kullback::kl_contributions(&p, &q).expect("the weights are valid");
        assert!(parts.iter().all(|part| !part.nats.is_nan()));
    }
});
