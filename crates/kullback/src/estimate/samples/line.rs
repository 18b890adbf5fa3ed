//! One coordinate: a sorted array.

use super::group::Each;
use super::neighbours::{Batch, Neighbours};

/// A sample of numbers, sorted: O(n log n) once, then O(log n + k) a point.
pub(super) struct Line(Vec<f64>);

impl Line {
    pub(super) fn new(mut values: Vec<f64>) -> Self {
        values.sort_unstable_by(f64::total_cmp);
        Self(values)
    }
}

impl Line {
    /// Walks outwards on both sides, always to the nearer.
    fn nearest_to(&self, x: f64, skip: Option<usize>, out: &mut [f64]) {
        let values = self.0.as_slice();
        let skipped = skip.unwrap_or(usize::MAX);
        let mut right = skip.unwrap_or_else(|| values.partition_point(|&value| value < x));
        let mut left = right;
        for distance in out {
            if right == skipped {
                right += 1;
            }
            let below = left.checked_sub(1).map_or(f64::INFINITY, |left| x - values[left]);
            let above = values.get(right).map_or(f64::INFINITY, |value| value - x);
            if below <= above {
                left = left.saturating_sub(1);
            } else {
                right += 1;
            }
            *distance = below.min(above);
        }
    }

    /// How many are no further from `x` than `radius`.
    fn count(&self, x: f64, radius: f64) -> usize {
        let first = self.0.partition_point(|&value| x - value > radius);
        self.0.partition_point(|&value| value - x <= radius) - first
    }
}

impl Neighbours for Line {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn points(&self) -> &[f64] {
        &self.0
    }

    fn nearest(&self, batch: &Batch<'_>, most: usize, lists: &mut [f64]) {
        if most > 0 {
            for (lane, list) in lists.chunks_exact_mut(most).enumerate() {
                self.nearest_to(batch.point(lane)[0], batch.own.map(|own| own + lane), list);
            }
        }
    }

    fn within(&self, batch: &Batch<'_>, radii: &[Each], counts: &mut [Each]) {
        let own = usize::from(batch.own.is_some());
        for (radii, counts) in radii.iter().zip(counts) {
            for lane in (0..batch.len()).filter(|&lane| radii[lane] >= 0.0) {
                counts[lane] += (self.count(batch.point(lane)[0], radii[lane]) - own) as f64;
            }
        }
    }
}
