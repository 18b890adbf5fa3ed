//! Values with how often they are there: of all rows of a column, or of a uniform sample of them.

use std::{
    collections::BTreeMap,
    hash::{Hash, Hasher},
};

use rand::{SeedableRng as _, rngs::Xoshiro256PlusPlus};
use rand_distr::{Binomial, Distribution as _};
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

    /// The rows at fresh places, which depend on the bag alone. A value costs as many steps as it has rows that are kept.
    pub(super) fn into_sample(self) -> Sample<K, SAMPLED_VALUES> {
        let limit = if self.is_whole() { PLACES } else { self.share * PLACES };
        let name = RowId::renamed(self.digest());
        let mut drawn = 0;
        let mut uniform = || {
            drawn += 1;
            ((name.hash(drawn) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
        };
        let mut sample = Sample::below(limit as u64);
        for (value, count) in self {
            // Uniform places in order: each is the least of so many as are left between the one before and 1.
            let mut place = 0.0;
            for left in (1..=count).rev() {
                place -= (1.0 - place) * (uniform().ln() / left as f64).exp_m1();
                let at = (place * limit) as u64;
                if !sample.wants(at) {
                    break;
                }
                sample.push(at, value.clone());
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
/// It is drawn, as for other rows: rounding the expected number would leave out what chance does to the values beside them.
pub(crate) fn dealt(rows: u64, share: f64, seed: u64) -> u64 {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(RowId::renamed(seed).hash(rows as usize));
    Binomial::new(rows, share).map_or(rows, |kept| kept.sample(&mut random))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Billions of rows are dealt out in no time, and every value gets its share.
    #[test]
    fn counts_of_any_size_are_dealt_out() {
        let counts: Vec<u64> = (0..1000).map(|i| [3_000_000_000, 1_000_000, 1][i % 3]).collect();
        let all: u64 = counts.iter().sum();
        let bag = Bag::whole((0..).zip(counts.iter().copied()));
        let dealt = Bag::sampled(bag.clone().into_sample());
        assert_eq!(dealt.rows(), SAMPLED_VALUES as u64);
        assert!((dealt.share / (SAMPLED_VALUES as f64 / all as f64) - 1.0).abs() < 0.05, "{}", dealt.share);
        let excess: f64 =
            (0_usize..).zip(&counts).filter(|(_, count)| **count > 1_000_000).fold(0.0, |sum, (i, &count)| {
                let expected = count as f64 / all as f64 * SAMPLED_VALUES as f64;
                let kept = dealt.iter().find(|(value, _)| **value == i).map_or(0, |(_, kept)| kept);
                sum + (kept as f64 - expected).powi(2) / expected
            });
        // χ² of 334 values: five standard deviations.
        assert!((excess - 333.0).abs() < 5.0 * 666_f64.sqrt(), "{excess}");
        // Twice the same bag is the same sample; what is kept of a sample again is uniform, too.
        assert_eq!(dealt, Bag::sampled(bag.into_sample()));
        let merged = dealt.clone().merge(dealt.clone());
        assert_eq!(merged.rows(), SAMPLED_VALUES as u64);
        assert!((merged.share / dealt.share / 0.5 - 1.0).abs() < 0.05, "{}", merged.share / dealt.share);
    }

    #[test]
    fn nulls_are_dealt_like_rows() {
        let kept = dealt(4_000_000_000_000, 1e-6, 3) as f64;
        assert!((kept - 4e6).abs() < 5.0 * 2e3, "{kept}");
        assert_eq!((dealt(1000, 1.0, 1), dealt(0, 0.3, 1)), (1000, 0));
        assert_ne!(dealt(1_000_000, 0.3, 1), dealt(1_000_000, 0.3, 2));
    }
}
