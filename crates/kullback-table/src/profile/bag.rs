//! Values with how often they are there: of all rows of a column, or of a uniform sample of them.

use std::{
    collections::BTreeMap,
    hash::{Hash, Hasher},
};

use serde::{Deserialize, Serialize};

use super::categorical::{MAX_COUNTED, SAMPLED_VALUES};
use crate::sample::{RowId, Sample};

/// 2⁶⁴.
const PLACES: f64 = 18_446_744_073_709_551_616.0;

/// The rows of a column without their order.
///
/// Up to [`MAX_COUNTED`] distinct values all rows are there; beyond that, [`SAMPLED_VALUES`] rows, those with the earliest
/// places. The places are not kept: given what the last is before, they are uniform and independent of the rows, so that fresh
/// ones will do (and must, for two tables number their rows alike). The share of any set of values is off by more than ε with a
/// probability of at most 2·exp(−2kε²) in a sample of k rows (W. Hoeffding, 1963): 2.1 % has a chance of 1 in a million.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bag<K> {
    /// Rows were kept if their place, as a fraction of all places, is below this: 1 if all were.
    pub(crate) share: f64,
    pub(crate) values: Vec<K>,
    pub(crate) counts: Vec<u64>,
}

impl<K> Bag<K> {
    pub(crate) fn is_whole(&self) -> bool {
        self.share == 1.0
    }

    /// Rows in the bag.
    pub(crate) fn rows(&self) -> u64 {
        self.counts.iter().sum()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, u64)> {
        self.values.iter().zip(self.counts.iter().copied())
    }
}

impl<K> IntoIterator for Bag<K> {
    type Item = (K, u64);
    type IntoIter = std::iter::Zip<std::vec::IntoIter<K>, std::vec::IntoIter<u64>>;

    fn into_iter(self) -> Self::IntoIter {
        self.values.into_iter().zip(self.counts)
    }
}

impl<K: Ord + Hash + Clone> Bag<K> {
    pub(crate) fn whole(counts: impl IntoIterator<Item = (K, u64)>) -> Self {
        Self::of(counts, 1.0)
    }

    pub(super) fn sampled(sample: Sample<K, SAMPLED_VALUES>) -> Self {
        let (values, limit) = sample.into_parts();
        Self::of(values.into_iter().map(|value| (value, 1)), limit as f64 / PLACES)
    }

    fn of(counts: impl IntoIterator<Item = (K, u64)>, share: f64) -> Self {
        let mut sorted = BTreeMap::new();
        for (value, count) in counts {
            *sorted.entry(value).or_insert(0) += count;
        }
        let (values, counts) = sorted.into_iter().unzip();
        Self { share, values, counts }
    }

    /// The values written otherwise; those that are written alike become one.
    pub(crate) fn map<L: Ord + Hash + Clone>(&self, write: impl Fn(&K) -> L) -> Bag<L> {
        Bag::of(self.iter().map(|(value, count)| (write(value), count)), self.share)
    }

    /// The rows of both: all, as long as there are not too many distinct values.
    pub(crate) fn merge(self, other: Self) -> Self {
        if self.is_whole() && other.is_whole() {
            let both = Self::whole(self.clone().into_iter().chain(other.clone()));
            if both.values.len() <= MAX_COUNTED {
                return both;
            }
        }
        let mut sample = self.into_sample();
        sample.merge(other.into_sample());
        Self::sampled(sample)
    }

    /// The rows at fresh places, which depend on the bag alone.
    pub(super) fn into_sample(self) -> Sample<K, SAMPLED_VALUES> {
        let limit = if self.is_whole() { u64::MAX } else { (self.share * PLACES) as u64 };
        let name = RowId::renamed(self.digest());
        let mut sample = Sample::below(limit);
        let mut at = 0;
        for (value, count) in self {
            for _ in 0..count {
                let place = ((u128::from(name.hash(at)) * u128::from(limit)) >> 64) as u64;
                at += 1;
                if sample.wants(place) {
                    sample.push(place, value.clone());
                }
            }
        }
        sample
    }

    /// A number that other bags do not share.
    fn digest(&self) -> u64 {
        let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
        hasher.write_u64(self.share.to_bits());
        self.values.hash(&mut hasher);
        self.counts.hash(&mut hasher);
        hasher.finish()
    }
}

/// 64-bit FNV-1a: the same in every version of the language, as the standard hasher need not be.
struct Fnv(u64);

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// How many of `rows` rows, all alike, a sample of that share has.
///
/// Their places are drawn, too: rounding the expected number would leave out what chance does to the values beside them.
pub(crate) fn dealt(rows: u64, share: f64, seed: u64) -> u64 {
    if share == 1.0 {
        return rows;
    }
    let (name, limit) = (RowId::renamed(RowId::renamed(seed).hash(rows as usize)), (share * PLACES) as u64);
    let mut kept = 0;
    for row in 0..rows as usize {
        kept += u64::from(name.hash(row) < limit);
    }
    kept
}
