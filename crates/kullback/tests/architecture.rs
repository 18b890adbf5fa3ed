//! The invariants of ARCHITECTURE.md that can be read off the source text. Comments, strings and tests may say anything.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};

use kullback::Measure;

/// A line without its comment, and its strings apart.
#[derive(Default)]
struct Line {
    number: usize,
    code: String,
    strings: Vec<String>,
}

impl Line {
    fn has(&self, words: &[&str]) -> bool {
        self.code.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| words.contains(&word))
    }
}

/// Something that no line of some files may have.
struct Rule {
    says: &'static str,
    of: fn(&str) -> bool,
    broken: fn(&Line) -> bool,
}

const NUM: &str = "crates/kullback/src/num/";
const DIVERGENCE: &str = "crates/kullback/src/divergence/";
const SIMD: &str = "crates/kullback/src/num/simd.rs";
const NAMES: &str = "crates/kullback/src/divergence/measure.rs";
/// The χ² distribution has the name of a measure.
const CHI: &str = "crates/kullback/src/family/chi.rs";
const THREADS: &str = "crates/kullback/src/threads.rs";
const LIBRARY: &str = "crates/kullback/src/";
const LONGEST: usize = 400;

const RULES: [Rule; 7] = [
    Rule {
        says: "num knows no divergence",
        of: |path| path.starts_with(NUM),
        broken: |line| line.has(&["divergence", "Divergence", "Generator", "Measure", "discrete", "estimate"]),
    },
    Rule {
        says: "divergence knows no loop",
        of: |path| path.starts_with(DIVERGENCE),
        broken: |line| line.has(&["while", "loop"]) || line.has(&["for"]) && line.has(&["in"]),
    },
    Rule {
        says: "divergence knows no data type or instruction set",
        of: |path| path.starts_with(DIVERGENCE),
        broken: |line| line.has(&["f16", "f32", "simd", "Simd", "Level", "Kernel", "target_arch", "target_feature"]),
    },
    Rule {
        // The traits and the names hand slices on to the drivers.
        says: "a divergence knows no slice",
        of: |path| path.starts_with(DIVERGENCE) && ![NAMES, "crates/kullback/src/divergence/mod.rs"].contains(&path),
        broken: |line| line.code.contains("&[") || line.has(&["Vec", "Rows", "Weight"]),
    },
    Rule {
        says: "only num/simd.rs names the SIMD crate",
        of: |path| path != SIMD,
        broken: |line| line.has(&["fearless_simd"]),
    },
    Rule {
        says: "only threads.rs names rayon",
        of: |path| path.starts_with(LIBRARY) && path != THREADS,
        broken: |line| line.has(&["rayon"]),
    },
    Rule {
        says: "names meet types in divergence/measure.rs only",
        of: |path| path.starts_with(LIBRARY) && ![NAMES, CHI].contains(&path),
        broken: |line| line.strings.iter().any(|text| text.parse::<Measure>().is_ok()),
    },
];

/// One line for every rule that the file breaks.
fn faults(path: &str, source: &str) -> Vec<String> {
    let lines = lines(source);
    let code = lines.iter().filter(|line| !line.code.trim().is_empty());
    let mut faults: Vec<String> = code
        .skip(LONGEST)
        .take(1)
        .map(|line| format!("{path}:{}: more than {LONGEST} lines of code", line.number))
        .collect();
    for rule in RULES.iter().filter(|rule| (rule.of)(path)) {
        let broken = lines.iter().filter(|line| (rule.broken)(line));
        faults.extend(broken.map(|line| format!("{path}:{}: {}: {}", line.number, rule.says, line.code.trim())));
    }
    faults
}

/// The lines up to the unit tests, which stand last in a file.
fn lines(source: &str) -> Vec<Line> {
    let code = source.split_inclusive('\n').take_while(|line| !line.starts_with("mod tests {"));
    let (mut lines, mut line, mut string) = (Vec::new(), Line { number: 1, ..Line::default() }, None::<String>);
    let text: String = code.collect();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (&mut string, c) {
            (Some(_), '"') => line.strings.extend(string.take()),
            (Some(text), '\\') => text.extend(chars.next()),
            (Some(text), c) => text.push(c),
            (None, '"') => string = Some(String::new()),
            (None, '/') if chars.peek() == Some(&'/') => while chars.next_if(|&c| c != '\n').is_some() {},
            (None, c) => line.code.push(c),
        }
        if c == '\n' {
            let next = Line { number: line.number + 1, ..Line::default() };
            lines.push(std::mem::replace(&mut line, next));
        }
    }
    lines
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every file of the workspace's crates that ends so, by its path from the root.
fn files(folder: &Path, end: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| match path.is_dir() {
        true => files(&path, end),
        false => vec![path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/")],
    });
    found.filter(|path| path.ends_with(end)).collect()
}

#[test]
fn the_source_keeps_to_the_architecture() {
    let sources = files(&root().join("crates"), ".rs");
    assert!(sources.iter().any(|path| path == SIMD) && sources.iter().any(|path| path == NAMES));
    let of_tests = |path: &String| path.contains("/tests/") || path.ends_with("/tests.rs");
    for path in sources.iter().filter(|path| !of_tests(path)) {
        let faults = faults(path, &std::fs::read_to_string(root().join(path)).unwrap());
        assert!(faults.is_empty(), "{}", faults[0]);
    }
}

#[test]
fn every_crate_forbids_unsafe() {
    let workspace = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(workspace.contains("\nunsafe_code = \"forbid\"\n"), "Cargo.toml: unsafe_code is not forbidden");
    for path in files(&root().join("crates"), "Cargo.toml") {
        let manifest = std::fs::read_to_string(root().join(&path)).unwrap();
        assert!(manifest.contains("\n[lints]\nworkspace = true\n"), "{path}: does not take the workspace's lints");
    }
}

#[test]
fn every_rule_can_be_broken() {
    let fault = |folder: &str, source: &str| faults(&format!("{folder}new.rs"), source).pop().unwrap_or_default();
    assert_eq!(
        fault(NUM, "\nuse crate::divergence::Kl;\n"),
        format!("{NUM}new.rs:2: num knows no divergence: use crate::divergence::Kl;")
    );
    assert!(fault(DIVERGENCE, "for x in 0..3 {\n").contains("no loop"));
    assert!(fault(DIVERGENCE, "fn f(x: f32) {}\n").contains("no data type"));
    assert!(fault(DIVERGENCE, "fn f(x: &[f64]) {}\n").contains("no slice"));
    assert!(fault("crates/kullback-cli/src/", "use fearless_simd::Simd;\n").contains("SIMD crate"));
    assert!(fault(LIBRARY, "use rayon::prelude::*;\n").contains("threads.rs"));
    assert!(fault(LIBRARY, "if name == \"renyi=2\" {\n").contains("names meet types"));
    assert!(fault("crates/", &"x();\n".repeat(LONGEST + 1)).contains("new.rs:401: more than 400 lines"));
    for fine in [
        "impl Generator for Kl {}\n",
        "x // a loop over &[f32]\n",
        "\"for i in a loop\";\n",
        "#[cfg(test)]\nmod tests {\n    loop {}\n",
    ] {
        assert_eq!(fault(DIVERGENCE, fine), "");
    }
    assert_eq!(fault("crates/", &"// x\n\n".repeat(LONGEST)), "");
}
