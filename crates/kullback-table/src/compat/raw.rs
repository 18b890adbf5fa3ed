//! All values of a column, as tools hold them that work in memory.

use arrow_array::Array;
use hashbrown::HashMap;

use crate::{
    family::{Family, Texts, read_numbers},
    profile::Batch,
    source::Column,
};

/// What a column is streamed into.
#[derive(Debug, Clone)]
pub(crate) struct Raw {
    nulls: u64,
    values: Values,
}

#[derive(Debug, Clone)]
enum Values {
    /// In any order.
    Numbers(Vec<f64>),
    Texts(HashMap<String, u64>),
}

impl Raw {
    pub(crate) fn new(family: Family) -> Self {
        let values = if family.is_numeric() { Values::Numbers(Vec::new()) } else { Values::Texts(HashMap::new()) };
        Self { nulls: 0, values }
    }

    pub(crate) fn fresh(&self) -> Self {
        let values = match self.values {
            Values::Numbers(_) => Values::Numbers(Vec::new()),
            Values::Texts(_) => Values::Texts(HashMap::new()),
        };
        Self { nulls: 0, values }
    }

    /// Adds a flat batch. False if the array is of a type that has no such values.
    pub(crate) fn update(&mut self, batch: &Batch<'_>) -> bool {
        self.nulls += batch.nulls;
        if Family::of(batch.array.data_type()) == Family::Null {
            return true;
        }
        match &mut self.values {
            Values::Numbers(values) => {
                let mut numbers = Vec::with_capacity(batch.array.len());
                if !read_numbers(batch.array, &mut numbers) {
                    return false;
                }
                batch.each_valid(|row, _| values.push(numbers[row]));
            }
            Values::Texts(counts) => {
                let Some(texts) = Texts::of(batch.array) else { return false };
                batch.each_valid(|row, _| texts.with(row, |text| *counts.entry_ref(text).or_default() += 1));
            }
        }
        true
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.nulls += other.nulls;
        match (&mut self.values, other.values) {
            (Values::Numbers(a), Values::Numbers(b)) => a.extend(b),
            (Values::Texts(a), Values::Texts(b)) => {
                b.into_iter().for_each(|(text, count)| *a.entry(text).or_default() += count);
            }
            _ => debug_assert!(false, "states of different questions never meet"),
        }
    }

    pub(crate) fn nulls(&self) -> u64 {
        self.nulls
    }

    pub(crate) fn rows(&self) -> u64 {
        let values = match &self.values {
            Values::Numbers(values) => values.len() as u64,
            Values::Texts(counts) => counts.values().sum(),
        };
        self.nulls + values
    }
}

/// What pandas makes of a column, on which its users' tools decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dtype {
    /// Also integers with nulls among them.
    Float,
    Integer,
    Unsigned,
    Boolean,
    Text,
    Category,
    /// Of anything else: decimals, booleans with nulls among them.
    Object,
}

impl Dtype {
    fn of(type_name: &str, family: Family, nulls: bool) -> Self {
        match type_name {
            "Boolean" | "boolean" => {
                if nulls {
                    Self::Object
                } else {
                    Self::Boolean
                }
            }
            name if name.starts_with("Decimal") => Self::Object,
            name if name.starts_with("Dictionary") => Self::Category,
            _ if family == Family::Text => Self::Text,
            _ if nulls => Self::Float,
            name if name.starts_with("Int") || name == "integer" => Self::Integer,
            name if name.starts_with("UInt") => Self::Unsigned,
            _ => Self::Float,
        }
    }
}

/// The values of one side, in order.
pub(super) struct Side<'a> {
    pub(super) dtype: Dtype,
    pub(super) values: Ordered<'a>,
}

pub(super) enum Ordered<'a> {
    Numbers(&'a [f64]),
    Texts(Vec<(&'a str, u64)>),
}

impl<'a> Side<'a> {
    pub(super) fn new(raw: &'a mut Raw, column: Option<&Column>) -> Self {
        let dtype = column.map_or(Dtype::Object, |column| Dtype::of(&column.type_name, column.family, raw.nulls > 0));
        let values = match &mut raw.values {
            Values::Numbers(values) => {
                values.sort_unstable_by(f64::total_cmp);
                Ordered::Numbers(values)
            }
            Values::Texts(counts) => {
                let mut counts: Vec<(&str, u64)> = counts.iter().map(|(text, &count)| (text.as_str(), count)).collect();
                counts.sort_unstable();
                Ordered::Texts(counts)
            }
        };
        Self { dtype, values }
    }
}

/// The finite ones of sorted numbers.
pub(super) fn finite(values: &[f64]) -> &[f64] {
    within(values, f64::MIN, f64::MAX)
}

/// Those of sorted numbers that are no NaN, which stand at both ends.
pub(super) fn ordered(values: &[f64]) -> &[f64] {
    within(values, f64::NEG_INFINITY, f64::INFINITY)
}

fn within(values: &[f64], low: f64, high: f64) -> &[f64] {
    let first = values.partition_point(|value| value.total_cmp(&low).is_lt());
    let end = values.partition_point(|value| value.total_cmp(&high).is_le());
    values.get(first..end).unwrap_or_default()
}

/// Sorted numbers, each once with how often it is there.
pub(super) fn runs(values: &[f64]) -> Vec<(f64, u64)> {
    let mut runs: Vec<(f64, u64)> = Vec::new();
    for &value in values {
        match runs.last_mut() {
            Some((last, count)) if *last == value => *count += 1,
            _ => runs.push((value, 1)),
        }
    }
    runs
}

/// The counts of two sorted lists of values side by side: of the reference and of the current table, for every value of either.
pub(super) fn side_by_side<T: PartialOrd + Copy>(old: &[(T, u64)], new: &[(T, u64)]) -> Vec<[u64; 2]> {
    let (mut i, mut j) = (0, 0);
    let mut counts = Vec::with_capacity(old.len().max(new.len()));
    while i < old.len() || j < new.len() {
        let here = |at: Option<&(T, u64)>, other: Option<&(T, u64)>| match (at, other) {
            (Some((a, count)), Some((b, _))) if a <= b => *count,
            (Some((_, count)), None) => *count,
            _ => 0,
        };
        let (a, b) = (old.get(i), new.get(j));
        let pair = [here(a, b), here(b, a)];
        i += usize::from(pair[0] > 0);
        j += usize::from(pair[1] > 0);
        counts.push(pair);
    }
    counts
}

/// Counts as shares of their sum.
pub(super) fn shares(counts: impl Iterator<Item = u64> + Clone) -> Vec<f64> {
    let rows: u64 = counts.clone().sum();
    counts.map(|count| count as f64 / rows as f64).collect()
}
