//! Profiles of parts made into the profile of the whole.

use std::path::{Path, PathBuf};

use super::{
    Bag,
    numeric::joined,
    store::{Profile, ProfileColumn, StoredBins},
};
use crate::{error::TableError, family::Family};

/// Reads profiles of the parts of a table and makes the profile of the whole.
///
/// Columns counted by value, and counts between the same edges, add up exactly, in any order. Parts that were counted between
/// quantiles of their own have lost those: the quantiles of the whole come from its values, all of them or the merged sample.
///
/// # Errors
/// [`TableError`]: a profile that cannot be read, columns that are not in all of them or of different kinds, or counted between
/// different fixed edges.
pub fn merge(paths: &[PathBuf]) -> Result<Profile, TableError> {
    let Some((first, rest)) = paths.split_first() else {
        return Err(TableError::Option {
            name: "the number of profiles",
            value: "0".to_owned(),
            expected: "1 or more",
        });
    };
    let mut whole = Profile::read(first)?;
    for path in rest {
        whole = whole.merged(Profile::read(path)?, path, first)?;
    }
    Ok(whole)
}

impl Profile {
    fn merged(mut self, other: Self, path: &Path, first: &Path) -> Result<Self, TableError> {
        let wrong = |column: &str, problem: String| TableError::Columns {
            path: path.to_owned(),
            column: column.to_owned(),
            problem,
        };
        let first = first.display();
        if let Some(more) = other.columns.iter().find(|column| self.column(&column.name).is_none()) {
            let problem = format!("is not in {first}; expected the same columns in every profile");
            return Err(wrong(&more.name, problem));
        }
        self.rows = self.rows.checked_add(other.rows).ok_or_else(|| TableError::Option {
            name: "the number of rows",
            value: "too large".to_owned(),
            expected: "less than 2^64 in all profiles together",
        })?;
        let mut others = other.columns;
        let mut columns = Vec::with_capacity(self.columns.len());
        for mine in self.columns {
            let Some(at) = others.iter().position(|column| column.name == mine.name) else {
                let problem = format!("is missing, but {first} has it; expected the same columns in every profile");
                return Err(wrong(&mine.name, problem));
            };
            let theirs = others.swap_remove(at);
            if mine.family != theirs.family && mine.family != Family::Null && theirs.family != Family::Null {
                let problem = format!(
                    "holds {} there and {} in {first}; expected the same kind in every profile",
                    theirs.family(),
                    mine.family()
                );
                return Err(wrong(&mine.name, problem));
            }
            let edges =
                |column: &ProfileColumn| column.bins.as_ref().filter(|bins| bins.fixed).map(|bins| bins.edges.clone());
            let disagree = edges(&mine) != edges(&theirs);
            if disagree && mine.family == theirs.family {
                let problem = format!(
                    "was counted between other edges than in {first}; expected profiles made with the same --edges"
                );
                return Err(wrong(&mine.name, problem));
            }
            columns.push(mine.merged(theirs));
        }
        self.columns = columns;
        Ok(self)
    }
}

impl ProfileColumn {
    /// The column of both tables together.
    pub(super) fn merged(self, other: Self) -> Self {
        // A column of nulls has no values to merge: it has those of the other.
        let (mut whole, part) = if self.family == Family::Null { (other, self) } else { (self, other) };
        whole.nulls += part.nulls;
        whole.nans += part.nans;
        if part.family == Family::Null {
            return whole;
        }
        whole.declared &= part.declared;
        whole.range = joined(whole.range, part.range);
        whole.texts = both(whole.texts, part.texts);
        // Other edges are found among the values when they are asked for.
        whole.bins = match (whole.bins, part.bins) {
            (Some(a), Some(b)) if a.edges == b.edges && a.wanted == b.wanted => Some(a.merged(&b)),
            _ => None,
        };
        let fixed = whole.bins.as_ref().is_some_and(|bins| bins.fixed);
        whole.numbers = both(whole.numbers, part.numbers).filter(|bag| bag.is_whole() || !fixed);
        whole
    }
}

fn both<K: Ord + std::hash::Hash + Clone>(a: Option<Bag<K>>, b: Option<Bag<K>>) -> Option<Bag<K>> {
    Some(a?.merge(b?))
}

impl StoredBins {
    fn merged(mut self, other: &Self) -> Self {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self
    }
}
