//! Every measure against the oracle for every length around the widths of vectors, at every alignment, for doubles and
//! singles, with and without zeros.

use kullback::Measure;
use kullback_dev::recipe::SplitMix;
use kullback_dev::tolerance::{self, Likeness, Promise};
use kullback_dev::{oracle, subject};

fn weights(r: &mut SplitMix, n: usize, zeros: bool) -> Vec<f64> {
    // Singles are doubles, too: both types get the same numbers. The first is positive, so that there is mass.
    let weight = |i| if zeros && i > 0 && r.bits().is_multiple_of(5) { 0.0 } else { f64::from(r.unit() as f32) };
    (0..n).map(weight).collect()
}

#[test]
fn every_length_offset_and_type() {
    let mut r = SplitMix::new(8);
    for n in (1..=37).chain([64, 65, 100, 1023, 1024, 1025, 2100]) {
        for zeros in [false, true] {
            let (p, q) = (weights(&mut r, n + 3, zeros), weights(&mut r, n + 3, zeros));
            let offset = n % 3;
            let (mut p, mut q) = (p[offset..][..n].to_vec(), q[offset..][..n].to_vec());
            (p[0], q[0]) = (0.5, 0.25);
            let singles = |w: &[f64]| w.iter().map(|x| *x as f32).collect::<Vec<f32>>();
            for name in Measure::catalogue().iter().map(|info| info.example).chain(["renyi=3"]) {
                compare(name, &p, &q, &singles(&p), &singles(&q));
            }
        }
    }
}

fn compare(name: &str, p: &[f64], q: &[f64], p_singles: &[f32], q_singles: &[f32]) {
    let (Some(promise), Some(truth)) = (tolerance::measure(name), oracle::divergence(name, p, q)) else {
        unreachable!("completeness.rs sees to that");
    };
    let likeness = if p.len() == 1 { Likeness::Near } else { Likeness::Ordinary };
    let double = subject::between(name, p, q).unwrap_or(f64::NAN);
    assert!(promise.kept(double, truth, likeness), "{name}, n = {}: {double:e}, not {truth:?}", p.len());
    if !subject::KINDS.contains(&name) {
        return;
    }
    let single = subject::between_singles(name, p_singles, q_singles).unwrap_or(f64::NAN);
    let promise = Promise { relative: promise.relative + tolerance::SINGLES, proportional: 1e-7, ..*promise };
    assert!(promise.kept(single, truth, likeness), "{name} of singles, n = {}: {single:e}, not {truth:?}", p.len());
}
