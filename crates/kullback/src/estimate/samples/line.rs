//! One coordinate: a sorted array.

use super::neighbours::Neighbours;

/// A sample of numbers, sorted: O(n log n) once, then O(log n + k) a point.
pub(super) struct Line(Vec<f64>);

impl Line {
    pub(super) fn new(mut values: Vec<f64>) -> Self {
        values.sort_unstable_by(f64::total_cmp);
        Self(values)
    }
}

impl Neighbours for Line {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn point(&self, index: usize) -> &[f64] {
        &self.0[index..=index]
    }

    /// Walks outwards on both sides, always to the nearer.
    fn nearest(&self, at: &[f64], skip: Option<usize>, out: &mut [f64]) {
        let (values, x) = (self.0.as_slice(), at[0]);
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

    fn within(&self, at: &[f64], skip: Option<usize>, radii: &[f64], counts: &mut [usize]) {
        let x = at[0];
        for (count, &radius) in counts.iter_mut().zip(radii) {
            let first = self.0.partition_point(|&value| x - value > radius);
            let end = self.0.partition_point(|&value| value - x <= radius);
            *count += end - first - usize::from(skip.is_some());
        }
    }
}
