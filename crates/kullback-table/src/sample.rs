//! A sample of rows that does not depend on the order in which they are seen.

/// A uniform sample of at most `CAPACITY` rows: those with the smallest hashes of their row numbers.
///
/// Which rows these are is fixed by the table alone, so `merge` is exactly associative and commutative and the result is
/// the same for any number of threads. Tables of at most `CAPACITY` values are kept whole. Quantiles of k sampled values
/// are off in rank by more than ε with probability at most 2·exp(−2kε²) (A. Dvoretzky, J. Kiefer, J. Wolfowitz; P. Massart,
/// 1990): 1 % at k = 65,536 has a chance of 4 in a million.
#[derive(Debug, Clone)]
pub(crate) struct Sample<T, const CAPACITY: usize> {
    rows: Vec<(u64, T)>,
    /// Rows whose hash is not below this are out.
    limit: u64,
}

impl<T, const CAPACITY: usize> Default for Sample<T, CAPACITY> {
    fn default() -> Self {
        Self { rows: Vec::new(), limit: u64::MAX }
    }
}

impl<T, const CAPACITY: usize> Sample<T, CAPACITY> {
    /// Would a row of this hash be kept, as far as is known now?
    #[inline]
    pub(crate) fn wants(&self, hash: u64) -> bool {
        hash < self.limit
    }

    /// Keeps a row that is wanted.
    pub(crate) fn push(&mut self, hash: u64, value: T) {
        self.rows.push((hash, value));
        // Pruning at twice the capacity costs O(1) a row.
        if self.rows.len() >= 2 * CAPACITY {
            self.prune();
        }
    }

    /// A sample whose rows all have a hash below `limit`, and those of all other rows are not.
    pub(crate) fn below(limit: u64) -> Self {
        Self { rows: Vec::new(), limit }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.limit = self.limit.min(other.limit);
        self.rows.extend(other.rows);
        self.prune();
    }

    /// The sampled values, and what all hashes of theirs and none of other rows is below.
    pub(crate) fn into_parts(mut self) -> (Vec<T>, u64) {
        self.prune();
        self.rows.retain(|row| row.0 < self.limit);
        (self.rows.into_iter().map(|(_, value)| value).collect(), self.limit)
    }

    /// The sampled values, in no order that means anything.
    pub(crate) fn into_values(mut self) -> Vec<T> {
        self.prune();
        self.rows.into_iter().map(|(_, value)| value).collect()
    }

    fn prune(&mut self) {
        if self.rows.len() > CAPACITY {
            self.rows.select_nth_unstable_by_key(CAPACITY, |row| row.0);
            self.limit = self.limit.min(self.rows[CAPACITY].0);
            self.rows.truncate(CAPACITY);
        }
    }
}

/// Names a row of a table by its file and its number within it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowId(u64);

impl RowId {
    pub(crate) fn new(file: usize, row: u64) -> Self {
        Self(((file as u64) << 40).wrapping_add(row))
    }

    /// Rows that have lost their names, given others.
    pub(crate) fn renamed(seed: u64) -> Self {
        Self(seed)
    }

    /// The hash of the row `offset` rows further on: a bijection of the number (SplitMix64's), so no two rows share one.
    #[inline]
    pub(crate) fn hash(self, offset: usize) -> u64 {
        let mut z = self.0.wrapping_add(offset as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Small = Sample<usize, 100>;

    fn sample(rows: impl Iterator<Item = usize>) -> Small {
        let mut sample = Small::default();
        for row in rows {
            let hash = RowId::new(0, 0).hash(row);
            if sample.wants(hash) {
                sample.push(hash, row);
            }
        }
        sample
    }

    fn sorted(sample: Small) -> Vec<usize> {
        let mut values = sample.into_values();
        values.sort_unstable();
        values
    }

    #[test]
    fn order_and_grouping_change_nothing() {
        let whole = sorted(sample(0..5000));
        assert_eq!(whole.len(), 100);
        let mut backwards = sample((2500..5000).rev());
        backwards.merge(sample((0..2500).rev()));
        assert_eq!(whole, sorted(backwards));
        let mut pieces = sample(0..1);
        for piece in (0..50).rev() {
            pieces.merge(sample(1.max(piece * 100)..(piece + 1) * 100));
        }
        assert_eq!(whole, sorted(pieces));
        assert_eq!(sorted(sample(0..100)), (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn quantiles_are_within_the_stated_error() {
        let rows = 1_000_000_usize;
        let mut values: Sample<usize, 65_536> = Sample::default();
        for row in 0..rows {
            let hash = RowId::new(3, 17).hash(row);
            if values.wants(hash) {
                values.push(hash, row);
            }
        }
        let mut values = values.into_values();
        values.sort_unstable();
        for (rank, value) in values.iter().enumerate() {
            let error = *value as f64 / rows as f64 - rank as f64 / values.len() as f64;
            assert!(error.abs() < 0.01, "rank {rank}: {error}");
        }
    }
}
