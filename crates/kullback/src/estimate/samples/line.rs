//! One coordinate: a sorted array.

use super::neighbours::{Asked, Neighbours, Queries};

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

    fn around(&self, queries: Queries<'_>, asked: Asked<'_>) {
        let Asked { most, lists, within, radii, counts } = asked;
        let own = f64::from(u8::from(queries.own.is_some()));
        for query in 0..queries.len() {
            let x = queries.point(query)[0];
            let list = &mut lists[query * most..][..most];
            self.nearest_to(x, queries.own.map(|own| own + query), list);
            let last = list.last().copied().unwrap_or(f64::NEG_INFINITY);
            for at in query * within..(query + 1) * within {
                let radius = radii[at];
                if radius < 0.0 {
                    continue;
                }
                counts[at] += match radius < last {
                    true => list.partition_point(|&distance| distance <= radius) as f64,
                    false => self.count(x, radius) as f64 - own,
                };
            }
        }
    }
}
