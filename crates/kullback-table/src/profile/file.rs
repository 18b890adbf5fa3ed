//! Profiles in files: JSON, checked line by line when read.

use std::{fs, io::Write, path::Path};

use serde::Deserialize;

use super::{
    Bag,
    store::{Profile, ProfileColumn, StoredBins},
};
use crate::{error::TableError, family::Family};

/// What the file says it is.
pub(super) const FORMAT: &str = "kullback profile";

/// What is written. Files of all versions up to this can be read.
pub(super) const VERSION: u64 = 1;

const WHAT: &str = "a profile";

/// What stands first, whatever the version.
#[derive(Deserialize)]
struct Header {
    format: String,
    version: u64,
}

impl Profile {
    /// Reads a profile that [`write`](Profile::write) has written, in this version or an earlier one.
    ///
    /// # Errors
    /// [`TableError`]: no such file, no profile, a newer version, or counts that do not add up.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, TableError> {
        let path = path.as_ref();
        if !path.exists() {
            return Err(TableError::Missing { path: path.to_owned() });
        }
        let text = fs::read(path).map_err(|error| TableError::unreadable(path, WHAT, error))?;
        let broken = |error: serde_json::Error| TableError::unreadable(path, WHAT, error);
        let Header { format, version } = serde_json::from_slice(&text).map_err(broken)?;
        let unreadable = |reason: String| Err(TableError::unreadable(path, WHAT, reason));
        if format != FORMAT {
            return unreadable(format!("its format is `{format}`; expected `{FORMAT}`"));
        }
        if !(1..=VERSION).contains(&version) {
            return unreadable(format!(
                "it is of version {version}; expected 1 to {VERSION}, which is all this program knows"
            ));
        }
        let profile: Self = serde_json::from_slice(&text).map_err(broken)?;
        if profile.rows == 0 || profile.columns.is_empty() {
            return Err(TableError::Empty { path: path.to_owned() });
        }
        for (at, column) in profile.columns.iter().enumerate() {
            let wrong = |problem: &str| TableError::Columns {
                path: path.to_owned(),
                column: column.name.clone(),
                problem: problem.to_owned(),
            };
            if profile.columns[..at].iter().any(|earlier| earlier.name == column.name) {
                return Err(wrong("stands there twice; expected each name once"));
            }
            column.check(profile.rows).map_err(wrong)?;
        }
        Ok(profile)
    }

    /// Writes the profile as JSON.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write(&self, mut out: impl Write) -> std::io::Result<()> {
        serde_json::to_writer(&mut out, self)?;
        out.write_all(b"\n")
    }
}

impl ProfileColumn {
    /// What is wrong with it, if anything.
    fn check(&self, rows: u64) -> Result<(), &'static str> {
        let special = self.nulls.checked_add(self.nans);
        let values = special.and_then(|special| rows.checked_sub(special));
        let values = values.ok_or("has more nulls and NaNs than there are rows")?;
        let numeric = self.family.is_numeric();
        match (self.family, &self.numbers, &self.texts, &self.bins) {
            (Family::Text, None, Some(_), None) => {}
            (family, Some(_), None, _) | (family, None, None, Some(_)) if family.is_numeric() => {}
            (Family::Null | Family::Unsupported, None, None, None) => {}
            _ => return Err("does not hold what its family has; expected texts, or numbers or bins"),
        }
        match self.range {
            Some((low, high)) if !(numeric && low.0.is_finite() && high.0.is_finite() && low <= high) => {
                return Err("has a range that is none; expected two finite numbers in order");
            }
            _ => {}
        }
        if let Some(bag) = &self.numbers {
            if bag.values.iter().any(|value| value.0.is_nan()) {
                return Err("has NaN among its values; expected numbers");
            }
            bag.check(values)?;
        }
        if let Some(bag) = &self.texts {
            bag.check(values)?;
        }
        self.bins.as_ref().map_or(Ok(()), |bins| bins.check(values))
    }
}

impl<K: Ord> Bag<K> {
    fn check(&self, rows: u64) -> Result<(), &'static str> {
        if self.values.len() != self.counts.len() {
            return Err("has not as many counts as values");
        }
        if self.values.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err("has values out of order; expected each once, in ascending order");
        }
        if !(self.share > 0.0 && self.share <= 1.0) {
            return Err("has a share that is none; expected a number above 0, up to 1");
        }
        match total(&self.counts) {
            Some(counted) if counted == rows || (!self.is_whole() && (1..rows).contains(&counted)) => Ok(()),
            _ => Err("has counts by value that do not add up to its rows"),
        }
    }
}

impl StoredBins {
    fn check(&self, rows: u64) -> Result<(), &'static str> {
        if !self.edges.in_order() {
            return Err("has edges out of order; expected two or more finite numbers in ascending order");
        }
        if self.counts.len() != self.edges.len() + 2 {
            return Err("has not as many counts as bins");
        }
        match total(&self.counts) {
            Some(counted) if counted == rows => Ok(()),
            _ => Err("has counts between its edges that do not add up to its rows"),
        }
    }
}

fn total(counts: &[u64]) -> Option<u64> {
    counts.iter().try_fold(0_u64, |sum, &count| sum.checked_add(count))
}
