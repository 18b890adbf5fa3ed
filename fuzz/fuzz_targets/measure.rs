//! Names of measures and smoothing rules: what parses is printed as a text that parses to the same.
#![no_main]

use kullback::{Measure, Smoothing};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(measure) = text.parse::<Measure>() {
        assert_eq!(measure.to_string().parse(), Ok(measure));
        let value = measure.between(&[1.0, 2.0, 0.0], &[2.0, 1.0, 1.0]).expect("a parsed measure works");
        assert!(value >= 0.0, "{measure}: {value}");
    }
    if let Ok(smoothing) = text.parse::<Smoothing>() {
        assert_eq!(smoothing.to_string().parse(), Ok(smoothing));
    }
});
