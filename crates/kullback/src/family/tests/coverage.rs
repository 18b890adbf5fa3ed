//! Whether stated errors cover the truth where no formula says it: two ways to cut up one integral must agree to both errors.

use super::*;
use crate::family::{Edge, Kind, Point, Support, Tail};

/// A distribution that tells other places than its own: cuts, panels and nodes are all different, and kinks are inside.
#[derive(Debug)]
struct Recut<'a>(&'a Any);

impl super::super::Distribution for Recut<'_> {
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn support(&self) -> Support {
        self.0.support()
    }
    fn ln_density(&self, x: Point) -> f64 {
        self.0.ln_density(x)
    }
    fn landmarks(&self) -> Vec<f64> {
        let mut marks = self.0.landmarks();
        marks.sort_by(f64::total_cmp);
        let moved = |pair: &[f64]| pair[0] + 0.37 * (pair[1] - pair[0]);
        let between: Vec<f64> = marks.windows(2).map(moved).collect();
        if between.is_empty() { marks } else { between }
    }
    fn tail(&self, edge: Edge) -> Tail {
        self.0.tail(edge)
    }
    fn sample(&self, rng: &mut dyn rand::Rng) -> f64 {
        self.0.sample(rng)
    }
}

/// All pairs of one kind at 20 random parameter sets, finite ones.
#[test]
fn stated_errors_cover_what_another_cut_finds() {
    let mut draw = SplitMix::new(17);
    let (mut count, mut missed) = (0, Vec::new());
    for p in one_dimensional() {
        for q in one_dimensional() {
            for _ in 0..20 {
                let (p, q) = (random(p.name, &mut draw), random(q.name, &mut draw));
                let Ok(found) = p.kl(&q) else { break };
                // Sums have no cuts to move.
                if !found.value.is_finite() || !found.error.is_finite() || p.support().kind == Kind::Discrete {
                    continue;
                }
                let other = fallback::kl(&Recut(&p), &Recut(&q));
                count += 1;
                if (found.value - other.value).abs() > found.error + other.error {
                    missed.push(format!("{p} || {q}: {found:?} and {other:?}"));
                }
            }
        }
    }
    assert!(count > 5000, "{count}");
    assert!(100 * missed.len() <= count, "{} of {count}:\n{}", missed.len(), missed.join("\n"));
}
