//! Columns counted by value, in bounded memory.

use std::{
    borrow::{Borrow, Cow},
    collections::BTreeMap,
    hash::Hash,
    sync::Arc,
};

use arrow_array::{Array, BooleanArray, cast::AsArray};
use hashbrown::HashMap;

use super::{Bag, Batch};
use crate::{family::Texts, sample::Sample};

/// Columns of more distinct values than this name the most frequent of both tables together, and count the rest as `other`.
pub(crate) const MAX_NAMED: usize = 1000;

/// A side with more distinct values than this is not counted whole: its frequent values are found in a sample of rows
/// and counted in another pass.
pub(crate) const MAX_COUNTED: usize = 65_536;

/// Rows in that sample.
pub(crate) const SAMPLED_VALUES: usize = 16_384;

/// Longer text is cut, and told apart by a hash.
const MAX_TEXT: usize = 256;

/// What a column's nulls, NaNs and values are counted in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Values<C> {
    pub(crate) counts: C,
    pub(crate) nans: u64,
    pub(crate) nulls: u64,
    pub(crate) rows: u64,
}

impl<C> Values<C> {
    pub(super) fn merge(&mut self, other: Self, merge: impl FnOnce(&mut C, C)) {
        merge(&mut self.counts, other.counts);
        self.nans += other.nans;
        self.nulls += other.nulls;
        self.rows += other.rows;
    }

    fn saw(&mut self, batch: &Batch<'_>) {
        self.rows += batch.rows;
        self.nulls += batch.nulls;
    }
}

/// Takes values of rows.
pub(crate) trait Count<Q: ?Sized> {
    /// A value as it is kept.
    type Key: Clone;

    /// Counts rows of this value.
    fn add(&mut self, value: &Q, weight: u64);

    /// The place in the order of sampling from which on no row is wanted.
    fn limit(&self) -> u64;

    /// A value that has been counted.
    fn key(&self, value: &Q) -> Self::Key;

    /// Keeps the row at this place, if it is wanted.
    fn sample(&mut self, place: u64, key: impl FnOnce(&Self) -> Self::Key);
}

impl<C: Count<str>> Values<C> {
    pub(super) fn update_texts(&mut self, batch: &Batch<'_>) -> bool {
        if let Some(coded) = batch.array.as_any_dictionary_opt() {
            let Some(texts) = Texts::of(coded.values()) else { return false };
            self.update_coded(batch, &coded.normalized_keys(), &texts, coded.values().len());
            return true;
        }
        let Some(texts) = batch.texts() else { return false };
        if let Texts::Boolean(array) = &texts {
            let codes: Vec<usize> = array.values().iter().map(usize::from).collect();
            let values = BooleanArray::from(vec![false, true]);
            self.update_coded(batch, &codes, &Texts::Boolean(&values), 2);
            return true;
        }
        self.saw(batch);
        batch.each_valid(|row, weight| texts.with(row, |text| self.counts.add(&within_limit(text), weight)));
        let counts = &mut self.counts;
        batch.each_before(counts.limit(), |row, place| {
            counts.sample(place, |counts| texts.with(row, |text| counts.key(&within_limit(text))));
        });
        true
    }

    /// Looks a value up once for all rows that have it: `codes` has the number of each row's among `texts`.
    fn update_coded(&mut self, batch: &Batch<'_>, codes: &[usize], texts: &Texts<'_>, distinct: usize) {
        self.saw(batch);
        let mut weights = vec![0; distinct];
        if weights.is_empty() {
            return;
        }
        batch.each_valid(|row, weight| weights[codes[row]] += weight);
        for (code, &weight) in weights.iter().enumerate() {
            if weight > 0 {
                texts.with(code, |text| self.counts.add(&within_limit(text), weight));
            }
        }
        let mut keys = vec![None; distinct];
        let counts = &mut self.counts;
        batch.each_before(counts.limit(), |row, place| {
            counts.sample(place, |counts| {
                let key = || texts.with(codes[row], |text| counts.key(&within_limit(text)));
                keys[codes[row]].get_or_insert_with(key).clone()
            });
        });
    }
}

impl<C: Count<u64>> Values<C> {
    pub(super) fn update_numbers(&mut self, batch: &Batch<'_>, numbers: &[f64]) {
        self.saw(batch);
        batch.each_valid(|row, weight| {
            let value = numbers[row];
            if value.is_nan() {
                self.nans += weight;
            } else {
                self.counts.add(&value.to_bits(), weight);
            }
        });
        let counts = &mut self.counts;
        batch.each_before(counts.limit(), |row, place| {
            if !numbers[row].is_nan() {
                counts.sample(place, |counts| counts.key(&numbers[row].to_bits()));
            }
        });
    }
}

/// A text as it is counted.
#[inline]
pub(crate) fn within_limit(text: &str) -> Cow<'_, str> {
    if text.len() <= MAX_TEXT { Cow::Borrowed(text) } else { Cow::Owned(shortened(text)) }
}

/// A long text's beginning and a hash of the whole (64-bit FNV-1a).
fn shortened(text: &str) -> String {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let end = (0..=MAX_TEXT / 2).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    format!("{}… ({} bytes, {hash:016x})", &text[..end], text.len())
}

/// Counts of every value, given up for a sample of rows when there are too many.
#[derive(Debug, Clone)]
pub(crate) struct ValueCounts<K> {
    counts: Option<HashMap<K, u64>>,
    sample: Sample<K, SAMPLED_VALUES>,
}

impl<K> Default for ValueCounts<K> {
    fn default() -> Self {
        Self { counts: Some(HashMap::new()), sample: Sample::default() }
    }
}

impl<Q: ?Sized + Hash + Eq, K: Borrow<Q> + Hash + Eq + Clone + for<'a> MadeFrom<&'a Q>> Count<Q> for ValueCounts<K> {
    type Key = K;

    #[inline]
    fn add(&mut self, value: &Q, weight: u64) {
        if let Some(counts) = &mut self.counts {
            if let Some(count) = counts.get_mut(value) {
                *count += weight;
            } else if counts.len() < MAX_COUNTED {
                counts.insert(K::made_from(value), weight);
            } else {
                self.counts = None;
            }
        }
    }

    fn limit(&self) -> u64 {
        self.sample.limit()
    }

    fn key(&self, value: &Q) -> K {
        let known = self.counts.as_ref().and_then(|counts| counts.get_key_value(value));
        known.map_or_else(|| K::made_from(value), |(value, _)| value.clone())
    }

    #[inline]
    fn sample(&mut self, place: u64, key: impl FnOnce(&Self) -> K) {
        if self.sample.wants(place) {
            let key = key(self);
            self.sample.push(place, key);
        }
    }
}

impl<K: Hash + Eq + Ord + Clone> ValueCounts<K> {
    pub(super) fn merge(&mut self, other: Self) {
        self.sample.merge(other.sample);
        let (Some(mine), Some(theirs)) = (&mut self.counts, other.counts) else {
            self.counts = None;
            return;
        };
        for (value, count) in theirs {
            *mine.entry(value).or_default() += count;
        }
        if mine.len() > MAX_COUNTED {
            self.counts = None;
        }
    }

    /// Every value was counted.
    pub(crate) fn is_whole(&self) -> bool {
        self.counts.is_some()
    }

    /// What was counted, for a profile.
    pub(crate) fn into_bag(self) -> Bag<K> {
        match self.counts {
            Some(counts) => Bag::whole(counts),
            None => Bag::sampled(self.sample),
        }
    }

    /// As if the rows of the bag had been counted.
    pub(crate) fn from_bag(bag: Bag<K>) -> Self {
        if bag.is_whole() {
            return Self { counts: Some(bag.into_iter().collect()), sample: Sample::default() };
        }
        Self { counts: None, sample: bag.into_sample() }
    }

    /// Estimated rows of each value: exact where it is whole, else scaled from the sample.
    fn frequencies(&self, valid_rows: u64) -> BTreeMap<K, f64> {
        if let Some(counts) = &self.counts {
            return counts.iter().map(|(value, &count)| (value.clone(), count as f64)).collect();
        }
        let sample = self.sample.clone().into_values();
        let scale = valid_rows as f64 / sample.len().max(1) as f64;
        let mut frequencies = BTreeMap::new();
        for value in sample {
            *frequencies.entry(value).or_insert(0.0) += scale;
        }
        frequencies
    }

    /// The counts of `names`, and of all else; `None` if not every value was counted.
    pub(crate) fn named(&self, names: &[K]) -> Option<(Vec<u64>, u64)> {
        let counts = self.counts.as_ref()?;
        let named: Vec<u64> = names.iter().map(|name| counts.get(name).copied().unwrap_or(0)).collect();
        let other = counts.values().sum::<u64>() - named.iter().sum::<u64>();
        Some((named, other))
    }
}

/// The values to name: all, or the most frequent of both sides together. Choosing by one side alone would
/// favour that side's chance excesses and raise false alarms.
pub(crate) fn chosen<K: Hash + Eq + Ord + Clone>(
    a: &Values<ValueCounts<K>>,
    b: &Values<ValueCounts<K>>,
    limit: usize,
) -> Vec<K> {
    let mut pooled = a.counts.frequencies(a.rows - a.nulls - a.nans);
    for (value, rows) in b.counts.frequencies(b.rows - b.nulls - b.nans) {
        *pooled.entry(value).or_default() += rows;
    }
    let mut names: Vec<(K, f64)> = pooled.into_iter().collect();
    // Stable: equal frequencies stay in the order of their values.
    names.sort_by(|x, y| y.1.total_cmp(&x.1));
    names.truncate(limit);
    names.into_iter().map(|(value, _)| value).collect()
}

/// Counts of chosen values and of all others.
#[derive(Debug, Clone)]
pub(crate) struct NamedCounts<K> {
    index: Arc<HashMap<K, usize>>,
    pub(crate) named: Vec<u64>,
    pub(crate) other: u64,
}

impl<K: Hash + Eq + Clone> NamedCounts<K> {
    pub(crate) fn new(names: &[K]) -> Self {
        let index = names.iter().enumerate().map(|(at, name)| (name.clone(), at)).collect();
        Self { index: Arc::new(index), named: vec![0; names.len()], other: 0 }
    }

    /// Adds several rows of one value.
    pub(crate) fn add_rows(&mut self, value: &K, rows: u64) {
        match self.index.get(value) {
            Some(&at) => self.named[at] += rows,
            None => self.other += rows,
        }
    }

    /// The chosen values, in order.
    pub(crate) fn names(&self) -> Vec<K> {
        let mut names: Vec<(&K, usize)> = self.index.iter().map(|(name, &at)| (name, at)).collect();
        names.sort_by_key(|&(_, at)| at);
        names.into_iter().map(|(name, _)| name.clone()).collect()
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (count, more) in self.named.iter_mut().zip(&other.named) {
            *count += more;
        }
        self.other += other.other;
    }
}

impl<K> Values<NamedCounts<K>> {
    pub(crate) fn of(counts: NamedCounts<K>) -> Self {
        Self { counts, nans: 0, nulls: 0, rows: 0 }
    }

    pub(super) fn fresh(&self) -> Self {
        let NamedCounts { index, named, .. } = &self.counts;
        Self::of(NamedCounts { index: Arc::clone(index), named: vec![0; named.len()], other: 0 })
    }
}

impl<Q: ?Sized + Hash + Eq, K: Borrow<Q> + Hash + Eq> Count<Q> for NamedCounts<K> {
    type Key = ();

    #[inline]
    fn add(&mut self, value: &Q, weight: u64) {
        match self.index.get(value) {
            Some(&at) => self.named[at] += weight,
            None => self.other += weight,
        }
    }

    fn limit(&self) -> u64 {
        0
    }

    fn key(&self, _: &Q) {}

    fn sample(&mut self, _: u64, _: impl FnOnce(&Self)) {}
}

/// `From`, for the two kinds of keys.
pub(crate) trait MadeFrom<Q> {
    fn made_from(value: Q) -> Self;
}

impl MadeFrom<&str> for Arc<str> {
    fn made_from(value: &str) -> Self {
        value.into()
    }
}

impl MadeFrom<&u64> for u64 {
    fn made_from(value: &u64) -> Self {
        *value
    }
}
