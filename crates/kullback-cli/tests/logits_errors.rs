//! What is wrong with two files of logits is said in one line, and a failed run leaves nothing behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs;
use std::path::Path;

use common::{array, error, json, safetensors, write};

/// Asserts that a failing run's message holds every word.
fn names(arguments: &[&str], words: &[&str]) {
    let message = error(&[&["logits"], arguments].concat());
    for word in words {
        assert!(message.contains(word), "{arguments:?}: {message} does not name {word}");
    }
}

fn singles(logits: &[f32]) -> Vec<u8> {
    logits.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn npy(folder: &Path, name: &str, shape: &[usize], logits: &[f32]) -> String {
    write(folder, name, array("<f4", shape, &singles(logits)))
}

#[test]
fn arrays_that_do_not_fit_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let p = npy(here, "p.npy", &[2, 3], &[0.0; 6]);
    names(&[&p, &npy(here, "q.npy", &[3, 2], &[0.0; 6])], &["p.npy", "[2, 3]", "q.npy", "[3, 2]"]);
    names(&[&npy(here, "flat.npy", &[6], &[0.0; 6]), &p], &["P", "flat.npy", "[6]", "two dimensions"]);
    names(&[&p, &npy(here, "cube.npy", &[1, 2, 3], &[0.0; 6])], &["Q", "cube.npy", "[1, 2, 3]"]);
    names(&[&p, &npy(here, "cut.npy", &[2, 3], &[0.0; 5])], &["cut.npy", "cut short", "24", "20"]);
    names(&[&p, &npy(here, "none.npy", &[0, 3], &[])], &["none.npy", "no rows"]);
    names(&[&p, &npy(here, "thin.npy", &[3, 0], &[])], &["thin.npy", "no vocabulary"]);
    names(&[&p, &npy(here, "huge.npy", &[1 << 40, 1 << 40], &[])], &["huge.npy", "shape"]);
    names(&[&p, &write(here, "int.npy", array("<i4", &[2, 3], &[0; 24]))], &["int.npy", "<i4", "float32"]);
    names(&[&p, &write(here, "big.npy", array(">f4", &[2, 3], &[0; 24]))], &["big.npy", ">f4", "little-endian"]);
    let column_first = array("<f4", &[2, 3], &[0; 24]);
    let column_first = String::from_utf8_lossy(&column_first[10..]).replace("False", "True ");
    let column_first = [&array("<f4", &[2, 3], &[])[..10], column_first.as_bytes()].concat();
    names(&[&p, &write(here, "fortran.npy", column_first)], &["fortran.npy", "Fortran"]);
    names(&[&p, &write(here, "text.npy", "1,2\n")], &["text.npy", "not a .npy"]);
    names(&[&p, &write(here, "table.csv", "1,2\n")], &["table.csv", ".safetensors"]);
    names(&[&p, here.join("absent.npy").to_str().unwrap()], &["Q", "absent.npy"]);
    names(&[&p, here.to_str().unwrap()], &["Q", "folder"]);
    names(&[&p, here.join("*.npy").to_str().unwrap()], &["*.npy", "one"]);
}

#[test]
fn tensors_that_do_not_fit_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let p = npy(here, "p.npy", &[2, 3], &[0.0; 6]);
    let zeros = singles(&[0.0; 6]);
    let tensors = [("a", "F32", &[2, 3][..], zeros.clone()), ("b", "I32", &[2, 3], zeros.clone())];
    let file = write(here, "two.safetensors", safetensors(&tensors));
    names(&[&p, &file], &["two.safetensors", "`a`", "`b`", "#"]);
    names(&[&p, &(file.clone() + "#c")], &["`c`", "`a`", "`b`"]);
    names(&[&p, &(file.clone() + "#b")], &["`b`", "I32", "BF16"]);
    assert_eq!(json(&["logits", &p, &(file.clone() + "#a")])["mean"], 0.0);
    let bytes = fs::read(&file).unwrap();
    names(
        &[&p, &(write(here, "cut.safetensors", &bytes[..bytes.len() - 25]) + "#a")],
        &["cut.safetensors", "cut short"],
    );
    names(&[&p, &write(here, "head.safetensors", &bytes[..20])], &["head.safetensors", "cut short"]);
    names(&[&p, &write(here, "junk.safetensors", "junk")], &["junk.safetensors", "not a .safetensors"]);
    names(&[&p, &write(here, "long.safetensors", [0xff; 64])], &["long.safetensors", "not a .safetensors"]);
    let wrong = safetensors(&[("a", "F32", &[2, 4], zeros.clone())]);
    names(&[&p, &write(here, "wrong.safetensors", wrong)], &["`a`", "offsets", "32"]);
    let cube = safetensors(&[("a", "F32", &[1, 2, 3], zeros)]);
    names(&[&p, &write(here, "cube.safetensors", cube)], &["`a`", "[1, 2, 3]"]);
    names(&[&p, &write(here, "empty.safetensors", safetensors(&[]))], &["no tensor"]);
    names(&[&p, &(p.clone() + "#a")], &["p.npy#a", "no #name"]);
}

#[test]
fn refused_rows_are_named_across_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let (rows, columns) = (2500, 500);
    let clean = vec![0.5; rows * columns];
    let p = npy(folder.path(), "p.npy", &[rows, columns], &clean);
    for (row, entry, words) in [
        (7, f32::NAN, ["NaN", "row 7 "]),
        (2400, f32::INFINITY, ["+∞", "row 2400 "]),
        (2200, f32::NEG_INFINITY, ["throughout", "row 2200 "]),
    ] {
        let mut logits = clean.clone();
        match entry {
            f32::NEG_INFINITY => logits[row * columns..(row + 1) * columns].fill(entry),
            _ => logits[row * columns + 3] = entry,
        }
        let q = npy(folder.path(), "q.npy", &[rows, columns], &logits);
        names(&[&p, &q], &[&words[..], &["Q", "q.npy"]].concat());
        names(&[&q, &p], &[&words[..], &["P", "q.npy"]].concat());
    }
}

#[test]
fn a_failed_run_leaves_nothing_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let p = npy(here, "p.npy", &[2, 3], &[0.0; 6]);
    let q = npy(here, "q.npy", &[2, 3], &[0.0, 1.0, 2.0, 3.0, f32::NAN, 5.0]);
    let old = write(here, "old.npy", "old");
    let new = here.join("new.npy").to_str().unwrap().to_owned();
    let before = listing(here);
    names(&[&p, &q, "--gradient", &new, "--per-row", &old], &["row 1", "NaN"]);
    let absent = here.join("absent").join("g.npy").to_str().unwrap().to_owned();
    names(&[&p, &p, "--gradient", &absent], &["--gradient", "absent", "does not exist"]);
    names(&[&p, &p, "--per-row", &absent, "--gradient", &new], &["--per-row", "absent"]);
    names(&[&p, &q, "--gradient", &q], &["--gradient", "q.npy", "input"]);
    names(&[&p, &q, "--per-row", here.join(".").join("p.npy").to_str().unwrap()], &["p.npy", "input"]);
    names(&[&p, &q, "--per-row", &new, "--gradient", &new], &["--per-row", "--gradient", "new.npy"]);
    names(&[&p, &q, "--per-row", here.to_str().unwrap()], &["--per-row", "file"]);
    names(&[&p, &p, "--gradient", &new, "--divergence", "kl", "--divergence", "js"], &["--gradient", "one"]);
    names(&[&p, &p, "--gradient", &new, "--divergence", "max-divergence"], &["--gradient", "maximum"]);
    assert_eq!(listing(here), before);
    assert_eq!(fs::read(&old).unwrap(), b"old");
    // A run that succeeds replaces what was there.
    json(&["logits", &p, &p, "--gradient", &new, "--per-row", &old]);
    assert_ne!(fs::read(&old).unwrap(), b"old");
    assert_eq!(listing(here).len(), before.len() + 1);
}

fn listing(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
