//! Bins between quantiles.

use kullback::estimate::count_between;
use serde::{Deserialize, Serialize};

use crate::family::Family;

/// Up to so many edges, comparing with all is faster than halving.
const FEW_EDGES: usize = 24;

/// A place between two numbers: just before `value`, or just after it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "(f64, bool)", into = "(f64, bool)")]
struct Cut {
    value: f64,
    after: bool,
}

impl From<(f64, bool)> for Cut {
    fn from((value, after): (f64, bool)) -> Self {
        Self { value, after }
    }
}

impl From<Cut> for (f64, bool) {
    fn from(cut: Cut) -> Self {
        (cut.value, cut.after)
    }
}

impl Cut {
    fn before(value: f64) -> Self {
        Self { value, after: false }
    }

    fn after(value: f64) -> Self {
        Self { value, after: true }
    }

    /// The smallest number beyond the cut.
    fn edge(self) -> f64 {
        if self.after { self.value.next_up() } else { self.value }
    }
}

/// The number with the fewest decimals that is above `a` and not above `b`, of several the one nearest to the middle; `b` where doubles
/// are too far apart for another.
fn shortest_between(a: f64, b: f64) -> f64 {
    let width = b - a;
    let digits = width.log10().floor() as i32;
    for exponent in [digits.saturating_add(1), digits] {
        let unit = 10_f64.powi(exponent.saturating_abs());
        let wholes = |x: f64| if exponent < 0 { x * unit } else { x / unit };
        for whole in [wholes(a + 0.5 * width).round(), wholes(b).floor()] {
            // Read as text it is the double of that decimal.
            let found = format!("{whole}e{exponent}").parse().unwrap_or(f64::NAN);
            if a < found && found <= b {
                // Not −0.
                return found + 0.0;
            }
        }
    }
    b
}

/// The end of a range, or a number with fewer decimals outside of it by up to a thousandth of its bin, whose other edge is `inner`.
fn shortest_beyond(end: f64, inner: f64) -> f64 {
    let slack = (inner - end).abs() / 1000.0;
    let found = if inner > end { shortest_between(end - slack, end) } else { -shortest_between(-end - slack, -end) };
    found + 0.0
}

/// Adjoining bins over the range of a reference; what lies outside is below or above.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<Cut>", into = "Vec<Cut>")]
pub(crate) struct Bins {
    cuts: Vec<Cut>,
    edges: Vec<f64>,
}

impl From<Vec<Cut>> for Bins {
    fn from(cuts: Vec<Cut>) -> Self {
        Self::from_cuts(cuts)
    }
}

impl From<Bins> for Vec<Cut> {
    fn from(bins: Bins) -> Self {
        bins.cuts
    }
}

impl Bins {
    /// At most about `wanted` bins of equal mass, from the range of the reference and its values, or those of a sample of it, in
    /// order and each with how often it is there.
    ///
    /// An edge between two rows is the number between them with the fewest digits: it reads well, and were it a row, that row would count
    /// in the upper bin by construction, which makes of every edge a small shift. Both ends of the range are short, too, within a
    /// thousandth of their bins. Whole numbers stay.
    /// Equal edges collapse, and a value that alone holds the mass of a bin gets one of its own. Without a range (no finite
    /// value) there is one bin for all finite numbers.
    pub(crate) fn from_quantiles(range: Option<(f64, f64)>, values: &[(f64, u64)], wanted: usize) -> Self {
        let Some((low, high)) = range else {
            return Self::from_cuts(vec![Cut::before(f64::MIN), Cut::after(f64::MAX)]);
        };
        let rows: u128 = values.iter().map(|&(_, count)| u128::from(count)).sum();
        let up_to = |at: f64| values.partition_point(|&(value, _)| value <= at);
        let rows_at = |at: f64| match values[..up_to(at)].last() {
            Some(&(value, count)) if value == at => count,
            _ => 0,
        };
        // Ties are on both sides, so an edge at them moves nothing.
        let alone = |at: f64| at.fract() != 0.0 && rows_at(at) <= 1;
        let mut starts: Vec<f64> = vec![low];
        let (mut at, mut end) = (0, values.first().map_or(0, |&(_, count)| u128::from(count)));
        for i in 1..wanted {
            let rank = i as u128 * rows / wanted as u128;
            while end <= rank && at + 1 < values.len() {
                at += 1;
                end += u128::from(values[at].1);
            }
            let before = at.checked_sub(1).and_then(|before| values.get(before));
            starts.extend(values.get(at).map(|&(value, _)| match before {
                // Any number up to this one from the one before has as many below it.
                Some(&(before, _)) if alone(value) => shortest_between(before, value),
                _ => value,
            }));
        }
        starts.dedup();
        let inner = starts.get(1).copied().unwrap_or(high);
        let last = starts.last().copied().unwrap_or(low);
        let high = if alone(high) { shortest_beyond(high, last) } else { high };
        if alone(low) {
            starts[0] = shortest_beyond(low, inner);
        }
        let mut cuts = Vec::with_capacity(starts.len() + 1);
        for (i, &start) in starts.iter().enumerate() {
            cuts.push(Cut::before(start));
            let here = rows_at(start);
            let heavy = u128::from(here) * wanted as u128 >= rows && here > 1;
            let next = starts.get(i + 1).copied();
            // Only where the rest of the bin holds something.
            let rest = values.get(up_to(start)).is_some_and(|(value, _)| next.is_none_or(|next| *value < next));
            if heavy && rest {
                cuts.push(Cut::after(start));
            }
        }
        cuts.push(Cut::after(high));
        Self::from_cuts(cuts)
    }

    fn from_cuts(cuts: Vec<Cut>) -> Self {
        Self { edges: cuts.iter().map(|cut| cut.edge()).collect(), cuts }
    }

    /// Whether they are bins at all: what a file says may be anything.
    pub(crate) fn in_order(&self) -> bool {
        self.edges.len() > 1
            && self.cuts.iter().all(|cut| cut.value.is_finite())
            && self.edges.windows(2).all(|pair| pair[0] < pair[1])
    }

    /// How many bins, without below and above.
    pub(crate) fn len(&self) -> usize {
        self.edges.len() - 1
    }

    /// 0 for below, 1 … `len()` for a bin, `len() + 1` for above. NaN must not come here.
    #[inline]
    pub(crate) fn position(&self, value: f64) -> usize {
        if self.are_few() {
            // Vectorises and predicts; halving does neither.
            self.edges.iter().map(|&edge| usize::from(value >= edge)).sum()
        } else {
            self.edges.partition_point(|&edge| edge <= value)
        }
    }

    /// Whether [`count`](Self::count) is faster than a [`position`](Self::position) for each value.
    pub(crate) fn are_few(&self) -> bool {
        self.edges.len() <= FEW_EDGES
    }

    /// Adds the values to the counts of below, the bins and above, and says how many are NaN.
    pub(crate) fn count(&self, values: &[f64], counts: &mut [u64]) -> u64 {
        count_between(values, &self.edges, counts)
    }

    /// The names of below, the bins and above.
    pub(crate) fn labels(&self, family: Family) -> Vec<String> {
        let (first, last) = (self.cuts[0], self.cuts[self.cuts.len() - 1]);
        if first.value == f64::MIN && last.value == f64::MAX {
            return ["-inf", "any finite number", "inf"].map(String::from).to_vec();
        }
        let mut labels = vec![format!("below {}", family.label(first.value))];
        labels.extend(self.cuts.windows(2).map(|pair| bin_label(pair[0], pair[1], family)));
        labels.push(format!("above {}", family.label(last.value)));
        labels
    }
}

fn bin_label(start: Cut, end: Cut, family: Family) -> String {
    if start.value == end.value {
        return family.label(start.value);
    }
    let (open, close) = (if start.after { '(' } else { '[' }, if end.after { ']' } else { ')' });
    format!("{open}{}, {}{close}", family.label(start.value), family.label(end.value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::RowId;

    fn bins(values: &[f64], wanted: usize) -> (Bins, Vec<String>) {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let range = sorted.first().copied().zip(sorted.last().copied());
        let counted: Vec<(f64, u64)> =
            sorted.chunk_by(|a, b| a == b).map(|equal| (equal[0], equal.len() as u64)).collect();
        let bins = Bins::from_quantiles(range, &counted, wanted);
        let labels = bins.labels(Family::Number);
        (bins, labels)
    }

    #[test]
    fn quantiles_of_distinct_values() {
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        let (bins, labels) = bins(&values, 4);
        assert_eq!(labels, ["below 0", "[0, 25)", "[25, 50)", "[50, 75)", "[75, 99]", "above 99"]);
        assert_eq!([-0.1, 0.0, 24.9, 25.0, 99.0, 99.1, f64::INFINITY].map(|v| bins.position(v)), [0, 1, 1, 2, 4, 5, 5]);
    }

    #[test]
    fn edges_between_rows_are_short() {
        let values: Vec<f64> = (0..100).map(|i| f64::from(i * i) / 7.0 - 40.0).collect();
        assert_eq!(bins(&values, 4).1[1..4], ["[-40, 46)", "[46, 310)", "[310, 750)"]);
        let values: Vec<f64> =
            (0..100).map(|i| f64::from(i + 1).sqrt()).chain([10.123_456_789, -3.987_654_321]).collect();
        let (ends, labels) = bins(&values, 2);
        assert_eq!(labels, ["below -3.99", "[-3.99, 7.1)", "[7.1, 10.125]", "above 10.125"]);
        assert_eq!([-3.9901, -3.99, 10.125, 10.1251].map(|value| ends.position(value)), [0, 1, 2, 3]);
        // Two rows at an end are not cut off from it.
        assert_eq!(bins(&[0.123_456, 0.123_456, 0.5, 0.654_321], 2).1[1..3], ["[0.123456, 0.3)", "[0.3, 0.6545]"]);
        for (a, b, found) in [
            (0.1, 0.30000000000000004, 0.2),
            (-0.04, 0.06, 0.0),
            (1.234567, 1.234571, 1.23457),
            (-1.5, -1.25, -1.4),
            (99.99, 100.5, 100.0),
            (1e300, 3.3e300, 2e300),
            (1.5e-310, 7.5e-310, 7.5e-310),
            (0.1, 0.1_f64.next_up(), 0.1_f64.next_up()),
            (-f64::MAX, f64::MAX, 0.0),
        ] {
            assert_eq!(shortest_between(a, b), found, "{a} {b}");
        }
        for (end, inner) in [(0.3, 0.3), (-f64::MAX, f64::MAX), (f64::MAX, -f64::MAX), (0.1, 0.1_f64.next_up())] {
            assert_eq!(shortest_beyond(end, inner), end);
        }
    }

    #[test]
    fn edges_divide_rows_as_their_quantiles_do() {
        for wanted in [2, 10, 50] {
            let rows: Vec<f64> = (0..1000).map(|row| (RowId::renamed(1).hash(row) >> 33) as f64 / 1e4 - 1e5).collect();
            let (bins, _) = bins(&rows, wanted);
            let mut counts = vec![0; wanted + 2];
            rows.iter().for_each(|&row| counts[bins.position(row)] += 1);
            assert!(counts[1..=wanted].iter().all(|&count| count == 1000 / wanted), "{counts:?}");
        }
    }

    #[test]
    fn heavy_values_stand_alone() {
        let mut values = vec![0.0; 60];
        values.extend((1..=40).map(f64::from));
        let (heavy, labels) = bins(&values, 10);
        assert_eq!(labels, ["below 0", "[0, 1)", "[1, 11)", "[11, 21)", "[21, 31)", "[31, 40]", "above 40"]);
        assert_eq!(heavy.position(0.0), 1);
        let mut values = vec![5.0; 50];
        values.extend((0..50).map(|i| f64::from(i) / 5.0));
        let (middle, labels) = bins(&values, 5);
        assert!(labels.contains(&"5".to_owned()) && labels.contains(&"(5, 6)".to_owned()), "{labels:?}");
        assert_eq!(middle.position(5.0) + 1, middle.position(5.1));
    }

    #[test]
    fn constants_and_nothing() {
        let (constant, labels) = bins(&[3.0; 9], 10);
        assert_eq!(labels, ["below 3", "3", "above 3"]);
        assert_eq!([2.0, 3.0, 4.0].map(|v| constant.position(v)), [0, 1, 2]);
        let (nothing, labels) = bins(&[], 10);
        assert_eq!((nothing.len(), labels[1].as_str()), (1, "any finite number"));
        assert_eq!([f64::NEG_INFINITY, -1e300, f64::INFINITY].map(|v| nothing.position(v)), [0, 1, 2]);
    }

    #[test]
    fn many_bins_agree_with_few() {
        let values: Vec<f64> = (0..1000).map(|i| f64::from(i * i % 777)).collect();
        let (many, _) = bins(&values, 100);
        for value in values {
            assert_eq!(many.position(value), many.edges.iter().filter(|edge| value >= **edge).count());
        }
    }

    #[test]
    fn counting_many_is_counting_one_by_one() {
        let reference: Vec<f64> = (0..5000).map(|i| f64::from(i * i % 777)).collect();
        let mut values: Vec<f64> = reference.iter().map(|value| value * 1.1 - 20.0).collect();
        values.extend([f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 0.0, -0.0]);
        for wanted in [1, 10, 22, 100] {
            let (bins, _) = bins(&reference, wanted);
            let mut expected = vec![1; bins.len() + 2];
            let mut counts = expected.clone();
            values.iter().filter(|value| !value.is_nan()).for_each(|&value| expected[bins.position(value)] += 1);
            assert_eq!(bins.count(&values, &mut counts), 2);
            assert_eq!(counts, expected, "{wanted}");
        }
    }
}
