//! TensorFlow Data Validation: `anomalies/metrics.cc` as of commit 036a880, on ten equal buckets of each side's own range, and on values of text.

use std::f64::consts::LN_2;

use kullback::{Divergence, JensenShannon};

use super::{
    CompatStatistic, Dtype, Side,
    numpy::histogram,
    raw::{Ordered, finite, shares, side_by_side},
};

/// Of a histogram by default.
const BUCKETS: usize = 10;
/// Values of text that it keeps; what becomes of others depends on the order in which they were met.
const MOST_VALUES: usize = 1000;

/// The Jensen–Shannon divergence in bits, 1 at most; of text the largest difference of a share, too. Neither has a threshold of its own.
pub(super) fn statistics(reference: &Side<'_>, current: &Side<'_>) -> Result<Vec<CompatStatistic>, String> {
    let of = |statistic, value| CompatStatistic { statistic, value: Some(value), threshold: None, drifted: None };
    const DIVERGENCE: &str = "jensen_shannon_divergence";
    match (&reference.values, &current.values) {
        (Ordered::Numbers(old), Ordered::Numbers(new)) => {
            for (side, values) in [("reference", old), ("current table", new)] {
                if values.iter().any(|value| value.is_infinite()) {
                    return Err(format!("there are infinities in the {side}, of which its buckets are not reproduced"));
                }
                if values.is_empty() {
                    return Err(format!("the {side} has no value in it"));
                }
            }
            Ok(vec![of(DIVERGENCE, divergence(&aligned(old, new))?)])
        }
        (Ordered::Texts(old), Ordered::Texts(new)) => {
            if [reference.dtype, current.dtype].iter().any(|dtype| matches!(dtype, Dtype::Boolean | Dtype::Object)) {
                return Err("booleans are not reproduced, which it has no type for".to_owned());
            }
            if old.is_empty() || new.is_empty() {
                return Err("a side has no value in it".to_owned());
            }
            if old.len().max(new.len()) > MOST_VALUES {
                return Err(format!("more than {MOST_VALUES} values, of which it keeps the most frequent"));
            }
            let counts = side_by_side(old, new);
            let [p, q] = [0, 1].map(|side| shares(counts.iter().map(|pair| pair[side])));
            let largest = p.iter().zip(&q).map(|(p, q)| (p - q).abs()).fold(0.0, f64::max);
            let pairs: Vec<[f64; 2]> = p.into_iter().zip(q).map(|(p, q)| [p, q]).collect();
            Ok(vec![of("infinity_norm", largest), of(DIVERGENCE, divergence(&pairs)?)])
        }
        _ => Err("the two tables have it in different types".to_owned()),
    }
}

/// In bits, of masses side by side.
fn divergence(masses: &[[f64; 2]]) -> Result<f64, String> {
    let (p, q): (Vec<f64>, Vec<f64>) = masses.iter().map(|pair| (pair[0], pair[1])).unzip();
    JensenShannon::HALF.between(&p, &q).map(|nats| nats / LN_2).map_err(|error| error.to_string())
}

/// One side's numbers: buckets of some width, or all at one point.
struct Buckets {
    /// Empty where there are none.
    edges: Vec<f64>,
    counts: Vec<u64>,
    point: Option<(f64, u64)>,
    nans: u64,
}

impl Buckets {
    fn of(values: &[f64]) -> Self {
        let finite = finite(values);
        let nans = (values.len() - finite.len()) as u64;
        let none = Self { edges: Vec::new(), counts: Vec::new(), point: None, nans };
        match (finite.first(), finite.last()) {
            (Some(&low), Some(&high)) if low == high => Self { point: Some((low, finite.len() as u64)), ..none },
            (Some(&low), Some(&high)) => {
                let width = (high - low) / BUCKETS as f64;
                let mut edges: Vec<f64> = (0..BUCKETS).map(|at| low + at as f64 * width).collect();
                edges.push(high);
                Self { counts: histogram(finite, &edges), edges, ..none }
            }
            _ => none,
        }
    }

    /// The mass between each two of `edges`, which have all of its own among them; spread evenly within a bucket.
    fn between(&self, edges: &[f64]) -> Vec<f64> {
        let mut at = 0;
        let mass = |pair: &[f64]| {
            while self.edges.get(at + 1).is_some_and(|&high| high <= pair[0]) {
                at += 1;
            }
            match (self.edges.get(at), self.edges.get(at + 1), self.counts.get(at)) {
                (Some(&low), Some(&high), Some(&count)) if low <= pair[0] => {
                    (pair[1] - pair[0]) / (high - low) * count as f64
                }
                _ => 0.0,
            }
        };
        edges.windows(2).map(mass).collect()
    }
}

/// The masses of both sides in the same cells: between all edges of either, at all points of either, and NaN, which on two sides is never
/// the same.
fn aligned(old: &[f64], new: &[f64]) -> Vec<[f64; 2]> {
    let sides = [old, new].map(Buckets::of);
    let mut edges = [sides[0].edges.as_slice(), sides[1].edges.as_slice()].concat();
    edges.sort_unstable_by(f64::total_cmp);
    edges.dedup();
    let [p, q] = [&sides[0], &sides[1]].map(|side| side.between(&edges));
    let mut masses: Vec<[f64; 2]> = p.into_iter().zip(q).map(|(p, q)| [p, q]).collect();
    match [sides[0].point, sides[1].point] {
        [Some((a, p)), Some((b, q))] if a == b => masses.push([p as f64, q as f64]),
        [a, b] => {
            masses.extend(a.map(|(_, p)| [p as f64, 0.0]));
            masses.extend(b.map(|(_, q)| [0.0, q as f64]));
        }
    }
    masses.push([0.0, sides[1].nans as f64]);
    masses.push([sides[0].nans as f64, 0.0]);
    masses
}
