//! Inline lists: any text is a list or an error that names one of its entries, and a list survives printing.
#![no_main]

use kullback_cli::input::parse_list;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| match parse_list(text) {
    Ok(weights) => {
        let printed: Vec<String> = weights.iter().map(f64::to_string).collect();
        let again = parse_list(&printed.join(",")).expect("what was printed parses");
        assert_eq!(again.len(), weights.len());
        assert!(again.iter().zip(&weights).all(|(a, b)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()));
    }
    Err(error) => {
        assert!(error.index < text.len().max(1));
        assert!(!error.to_string().is_empty());
    }
});
