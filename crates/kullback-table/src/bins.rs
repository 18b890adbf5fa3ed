//! Bins between quantiles.

use crate::family::Family;

/// A place between two numbers: just before `value`, or just after it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cut {
    value: f64,
    after: bool,
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

/// Adjoining bins over the range of a reference; what lies outside is below or above.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bins {
    cuts: Vec<Cut>,
    edges: Vec<f64>,
}

impl Bins {
    /// At most about `wanted` bins of equal mass, from the range and a sorted sample of the reference.
    ///
    /// Equal edges collapse, and a value that alone holds the mass of a bin gets one of its own. Without a range (no finite
    /// value) there is one bin for all finite numbers.
    pub(crate) fn from_quantiles(range: Option<(f64, f64)>, sorted: &[f64], wanted: usize) -> Self {
        let Some((low, high)) = range else {
            return Self::from_cuts(vec![Cut::before(f64::MIN), Cut::after(f64::MAX)]);
        };
        let n = sorted.len();
        let mut starts: Vec<f64> = vec![low];
        starts.extend((1..wanted).filter_map(|i| sorted.get((i as u128 * n as u128 / wanted as u128) as usize)));
        starts.dedup();
        let mut cuts = Vec::with_capacity(starts.len() + 1);
        for (i, &start) in starts.iter().enumerate() {
            cuts.push(Cut::before(start));
            let (first, end) = (sorted.partition_point(|v| *v < start), sorted.partition_point(|v| *v <= start));
            let heavy = (end - first) * wanted >= n && end - first > 1;
            let next = starts.get(i + 1).copied();
            // Only where the rest of the bin holds something.
            let rest = sorted.get(end).is_some_and(|v| next.is_none_or(|next| *v < next));
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

    /// How many bins, without below and above.
    pub(crate) fn len(&self) -> usize {
        self.edges.len() - 1
    }

    /// 0 for below, 1 … `len()` for a bin, `len() + 1` for above. NaN must not come here.
    #[inline]
    pub(crate) fn position(&self, value: f64) -> usize {
        if self.edges.len() <= 24 {
            // Counting all of them vectorises and predicts; halving does neither.
            self.edges.iter().map(|&edge| usize::from(value >= edge)).sum()
        } else {
            self.edges.partition_point(|&edge| edge <= value)
        }
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

    fn bins(values: &[f64], wanted: usize) -> (Bins, Vec<String>) {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let range = sorted.first().copied().zip(sorted.last().copied());
        let bins = Bins::from_quantiles(range, &sorted, wanted);
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
}
