//! What a profile holds.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Bag, number::Number};
use crate::{bins::Bins, family::Family, profile::numeric::FEW_VALUES};

/// What is to be known of a table to compare others with it, without its rows: a reference that can be kept, sent and merged.
///
/// Columns with up to 65,536 distinct values are counted by value, and everything made of that is exact. Of others there are the
/// counts between the quantiles that [`drift`](crate::drift()) would compare them at, which are exact too, and a uniform sample of 16,384
/// rows for all other questions: in it, the share of any set of values is off by more than 2.1 % of the rows with a probability of
/// 1 in a million.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    pub(super) format: String,
    pub(super) version: u64,
    pub(super) rows: u64,
    pub(super) columns: Vec<ProfileColumn>,
}

/// One column of a [`Profile`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProfileColumn {
    pub(super) name: String,
    pub(super) family: Family,
    #[serde(rename = "type")]
    pub(super) type_name: String,
    /// The file itself declared the type.
    pub(super) declared: bool,
    pub(super) nulls: u64,
    pub(super) nans: u64,
    /// Smallest and largest finite number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) range: Option<(Number, Number)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) bins: Option<StoredBins>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) numbers: Option<Bag<Number>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) texts: Option<Bag<Arc<str>>>,
}

/// Exact counts between edges.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredBins {
    /// How many quantiles were asked for.
    pub(super) wanted: usize,
    /// The edges are those of another profile, and nothing else was kept of a column with too many values.
    pub(super) fixed: bool,
    /// Each a number and whether the edge is just after it rather than just before.
    pub(super) edges: Bins,
    /// Below, the bins in order, above.
    pub(super) counts: Vec<u64>,
}

impl Profile {
    /// Rows of the table.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Its columns in their order.
    #[must_use]
    pub fn columns(&self) -> &[ProfileColumn] {
        &self.columns
    }

    pub(crate) fn column(&self, name: &str) -> Option<&ProfileColumn> {
        self.columns.iter().find(|column| column.name == name)
    }
}

impl ProfileColumn {
    /// The column's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it holds: `number`, `instant` (dates and timestamps), `time-of-day`, `duration`, `text` (booleans, too), `null` (nothing
    /// else) or `unsupported`.
    #[must_use]
    pub fn family(&self) -> &'static str {
        self.family.name()
    }

    /// The type as the file calls it.
    #[must_use]
    pub fn type_name(&self) -> &str {
        &self.type_name
    }

    /// Rows that are null.
    #[must_use]
    pub fn nulls(&self) -> u64 {
        self.nulls
    }

    /// Rows that are NaN.
    #[must_use]
    pub fn nans(&self) -> u64 {
        self.nans
    }

    /// The number of distinct values, NaN not among them; `None` if there are more than 65,536 or they were not counted.
    #[must_use]
    pub fn distinct(&self) -> Option<usize> {
        match (&self.numbers, &self.texts) {
            (Some(bag), _) if bag.is_whole() => Some(bag.values.len()),
            (_, Some(bag)) if bag.is_whole() => Some(bag.values.len()),
            _ => None,
        }
    }

    /// Smallest and largest finite value of a column of numbers, dates or times, as written in reports.
    #[must_use]
    pub fn range(&self) -> Option<(String, String)> {
        self.range.map(|(low, high)| (self.family.label(low.0), self.family.label(high.0)))
    }

    pub(crate) fn family_of_values(&self) -> Family {
        self.family
    }

    pub(crate) fn declared(&self) -> bool {
        self.declared
    }

    /// Edges to count between, and how many were asked for.
    pub(crate) fn edges(&self) -> Option<(&Bins, usize)> {
        self.bins.as_ref().map(|bins| (&bins.edges, bins.wanted))
    }

    /// Whole numbers, and few of them: the same rule as of a first look at a table.
    pub(crate) fn by_value(&self) -> bool {
        let whole = |value: &Number| value.0.is_finite() && value.0.fract() == 0.0;
        let few = |bag: &Bag<Number>| {
            bag.is_whole() && (1..=FEW_VALUES).contains(&bag.values.len()) && bag.values.iter().all(whole)
        };
        self.family == Family::Number && self.numbers.as_ref().is_some_and(few)
    }
}

/// Counts of a bag's numbers between edges.
pub(super) fn between(edges: &Bins, bag: &Bag<Number>) -> Vec<u64> {
    let mut counts = vec![0; edges.len() + 2];
    for (value, count) in bag.iter() {
        counts[edges.position(value.0)] += count;
    }
    counts
}

/// Bins between the quantiles of a bag.
pub(super) fn quantiles(range: Option<(Number, Number)>, bag: &Bag<Number>, wanted: usize) -> Bins {
    let finite: Vec<(f64, u64)> =
        bag.iter().filter(|(value, _)| value.0.is_finite()).map(|(value, count)| (value.0, count)).collect();
    Bins::from_quantiles(range.map(|(low, high)| (low.0, high.0)), &finite, wanted)
}
