//! The README shows what is printed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{data, stdout};

/// Asserts that `printed` has every line of the block that begins with `first`, up to its end, but for those left out.
fn shows(first: &str, printed: &str) {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).unwrap();
    let block = &readme[readme.find(first).expect(first)..];
    for line in block.lines().take_while(|line| *line != "```").filter(|line| line.trim() != "…") {
        assert!(printed.lines().any(|printed| printed == line), "not printed any more: {line}");
    }
}

#[test]
fn the_readme_shows_what_is_printed() {
    let tables = ["flights-2013-01.parquet", "flights-2013-07.parquet"].map(data);
    shows("17 of 18 columns drifted", &stdout(&["drift", &tables[0], &tables[1]]));
    let logits = ["digits-logits.npy", "digits-logits-4bit.npy"].map(data);
    shows("599 rows of 10 logits", &stdout(&["logits", &logits[0], &logits[1]]));
    let families = ["normal(0, 1)", "student_t(3, loc=0.5, scale=1)"];
    shows("P = normal(0, 1)", &stdout(&["family", families[0], families[1]]));
    shows("2 categories", &stdout(&["discrete", "0.2,0.8", "0.5,0.5"]));
}
