//! A sample of rows that does not depend on the order in which they are seen.

/// A uniform sample of at most `CAPACITY` rows: the first in an order that is as good as random ([`RowId::each_before`]).
///
/// Which rows these are is fixed by the table alone, so `merge` is exactly associative and commutative and the result is
/// the same for any number of threads. Tables of at most `CAPACITY` values are kept whole. Quantiles of k sampled values
/// are off in rank by more than ε with probability at most 2·exp(−2kε²) (A. Dvoretzky, J. Kiefer, J. Wolfowitz; P. Massart,
/// 1990): 1 % at k = 65,536 has a chance of 4 in a million.
#[derive(Debug, Clone)]
pub(crate) struct Sample<T, const CAPACITY: usize> {
    /// Rows with their places in that order.
    rows: Vec<(u64, T)>,
    /// Rows whose place is not before this one are out.
    limit: u64,
}

impl<T, const CAPACITY: usize> Default for Sample<T, CAPACITY> {
    fn default() -> Self {
        Self { rows: Vec::new(), limit: u64::MAX }
    }
}

impl<T, const CAPACITY: usize> Sample<T, CAPACITY> {
    /// The place from which on no row is wanted, as far as is known now.
    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    /// Would a row at this place be kept, as far as is known now?
    #[inline]
    pub(crate) fn wants(&self, place: u64) -> bool {
        place < self.limit
    }

    /// Keeps a row that is wanted.
    pub(crate) fn push(&mut self, place: u64, value: T) {
        self.rows.push((place, value));
        // Pruning at twice the capacity costs O(1) a row.
        if self.rows.len() >= 2 * CAPACITY {
            self.prune();
        }
    }

    /// A sample whose rows all have a place before `limit`, and those of all other rows are not.
    pub(crate) fn below(limit: u64) -> Self {
        Self { rows: Vec::new(), limit }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.limit = self.limit.min(other.limit);
        self.rows.extend(other.rows);
        self.prune();
    }

    /// The sampled values, and what their places are before and those of other rows are not.
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

/// Rows that have an order among themselves.
const BLOCK: usize = 1 << BLOCK_BITS;
const BLOCK_BITS: u32 = 14;
/// Bits of the number of a block.
const KEY_BITS: u32 = u64::BITS - BLOCK_BITS;

/// A shuffle of a block's rows.
struct Shuffle {
    row_at: [u16; BLOCK],
    place_of: [u16; BLOCK],
}

static SHUFFLE: Shuffle = Shuffle::new();

impl Shuffle {
    /// By R. Fisher and F. Yates (1938).
    #[allow(clippy::cast_possible_truncation, reason = "places in a block have 14 bits")]
    const fn new() -> Self {
        let (mut row_at, mut place_of) = ([0; BLOCK], [0; BLOCK]);
        let mut place = 0;
        while place < BLOCK {
            row_at[place] = place as u16;
            let other = (mixed(place as u64) % (place as u64 + 1)) as usize;
            (row_at[place], row_at[other]) = (row_at[other], row_at[place]);
            place += 1;
        }
        while place > 0 {
            place -= 1;
            place_of[row_at[place] as usize] = place as u16;
        }
        Self { row_at, place_of }
    }
}

/// A bijection that leaves no pattern (the finisher of SplitMix64: G. Steele, D. Lea, C. Flood, 2014).
const fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The same of as many bits as the number of a block has.
const fn mixed_key(block: u64) -> u64 {
    const MASK: u64 = (1 << KEY_BITS) - 1;
    let mut z = block.wrapping_mul(0x9e37_79b9_7f4a_7c15) & MASK;
    z = (z ^ (z >> 24)).wrapping_mul(0xbf58_476d_1ce4_e5b9) & MASK;
    z = (z ^ (z >> 21)).wrapping_mul(0x94d0_49bb_1331_11eb) & MASK;
    z ^ (z >> 25)
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

    /// The hash of the row `offset` rows further on: no two rows share one.
    #[inline]
    pub(crate) fn hash(self, offset: usize) -> u64 {
        mixed(self.0.wrapping_add(offset as u64))
    }

    /// Calls `visit` with the rows among the next `len` that come before `limit` in the order of sampling: how much further on
    /// each is, and its place in that order.
    ///
    /// The order first has a random row of every block of 16,384, then another of every block, and so on, where the blocks
    /// come in random order. A sample is thus spread over the table more evenly than one of rows alone, and the few rows of a block that are
    /// wanted are found without a look at the others.
    #[inline]
    pub(crate) fn each_before(self, limit: u64, len: usize, mut visit: impl FnMut(usize, u64)) {
        let mut offset = 0;
        while offset < len {
            let row = self.0.wrapping_add(offset as u64);
            let first = (row % BLOCK as u64) as usize;
            let rows = (BLOCK - first).min(len - offset);
            let key = mixed_key(row >> BLOCK_BITS);
            // Blocks share the shuffle, each with its own bits turned over.
            let turned = key as usize % BLOCK;
            let place = |place: usize| ((place as u64) << KEY_BITS) | key;
            let wanted = (limit >> KEY_BITS) as usize + 1;
            if wanted < rows {
                for (at, &row) in SHUFFLE.row_at[..wanted].iter().enumerate() {
                    let within = (usize::from(row) ^ turned).wrapping_sub(first);
                    if within < rows && place(at) < limit {
                        visit(offset + within, place(at));
                    }
                }
            } else {
                for within in 0..rows {
                    let at = usize::from(SHUFFLE.place_of[(first + within) ^ turned]);
                    if place(at) < limit {
                        visit(offset + within, place(at));
                    }
                }
            }
            offset += rows;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    type Small = Sample<usize, 100>;

    fn add<const N: usize>(sample: &mut Sample<usize, N>, first: RowId, len: usize, value: usize) {
        first.each_before(sample.limit(), len, |offset, place| {
            if sample.wants(place) {
                sample.push(place, value + offset);
            }
        });
    }

    fn sample(rows: impl Iterator<Item = usize>) -> Small {
        let mut sample = Small::default();
        for row in rows {
            add(&mut sample, RowId::new(0, row as u64), 1, row);
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
    fn every_row_has_a_place_of_its_own() {
        let first = RowId::new(2, 12_345);
        let mut places = Vec::new();
        first.each_before(u64::MAX, 100_000, |offset, place| places.push((place, offset)));
        places.sort_unstable();
        assert!(places.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(places.iter().map(|place| place.1).collect::<BTreeSet<_>>().len(), 100_000);
        let keys: BTreeSet<u64> = (0..100_000).map(mixed_key).collect();
        assert_eq!(keys.len(), 100_000);
        // However many rows are looked at together, and however few of them are wanted.
        for (limit, piece) in
            [(u64::MAX / 50, 100_000), (u64::MAX / 50, 100), (u64::MAX / 3, 7_000), (0, 500), (1 << KEY_BITS, 16_384)]
        {
            let mut found = Vec::new();
            for start in (0..100_000).step_by(piece) {
                let here = RowId::new(2, 12_345 + start as u64);
                here.each_before(limit, piece.min(100_000 - start), |offset, place| {
                    found.push((place, start + offset))
                });
            }
            found.sort_unstable();
            assert_eq!(found, places[..places.partition_point(|place| place.0 < limit)]);
        }
    }

    #[test]
    fn no_period_is_preferred() {
        for period in (2..70).chain([128, 1000, 4096, 16_384, 16_385]) {
            let mut values: Sample<usize, 10_000> = Sample::default();
            add(&mut values, RowId::new(1, 77), 2_000_000, 0);
            let mut counts = vec![0.0; period];
            values.into_values().into_iter().for_each(|row| counts[row % period] += 1.0);
            let expected = 10_000.0 / period as f64;
            let excess: f64 = counts.iter().map(|count| (count - expected) * (count - expected) / expected).sum();
            // Five standard deviations of chi squared; a sample of fewer blocks than classes is more even than random.
            let freedom = period as f64 - 1.0;
            assert!(excess < freedom + 5.0 * (2.0 * freedom).sqrt() + 5.0, "{period}: {excess}");
        }
    }

    #[test]
    fn quantiles_are_within_the_stated_error() {
        let rows = 1_000_000_usize;
        let mut values: Sample<usize, 65_536> = Sample::default();
        add(&mut values, RowId::new(3, 17), rows, 0);
        let mut values = values.into_values();
        values.sort_unstable();
        for (rank, value) in values.iter().enumerate() {
            let error = *value as f64 / rows as f64 - rank as f64 / values.len() as f64;
            assert!(error.abs() < 0.01, "rank {rank}: {error}");
        }
    }
}
