//! The values of all rows, kept where there is room for them, and their order statistics.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};

use anyhow::{Context, Result};

/// More values than these are kept in a file without a name: 32 MiB.
const IN_MEMORY: usize = 1 << 22;
/// Values that a pass has in memory.
const AT_ONCE: usize = 1 << 16;
/// Bits of a value that a pass tells apart.
const DIGIT: u32 = 16;

pub(super) struct Values {
    store: Store,
    expected: usize,
}

enum Store {
    Memory(Vec<f64>),
    File(BufWriter<File>),
}

impl Values {
    pub(super) fn new(expected: usize) -> Result<Self> {
        Self::with_room(expected, IN_MEMORY)
    }

    fn with_room(expected: usize, room: usize) -> Result<Self> {
        let store = match expected <= room {
            true => Store::Memory(Vec::with_capacity(expected)),
            false => Store::File(BufWriter::new(tempfile::tempfile().context("the folder for temporary files")?)),
        };
        Ok(Self { store, expected })
    }

    /// How many there will be.
    pub(super) fn expected(&self) -> usize {
        self.expected
    }

    pub(super) fn push(&mut self, values: &[f64]) -> Result<()> {
        match &mut self.store {
            Store::Memory(memory) => memory.extend_from_slice(values),
            Store::File(file) => {
                let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
                file.write_all(&bytes).context("the folder for temporary files")?;
            }
        }
        Ok(())
    }

    /// Shows all values in order, a slice at a time.
    pub(super) fn pass(&mut self, mut look: impl FnMut(&[f64])) -> Result<()> {
        let file = match &mut self.store {
            Store::Memory(memory) => {
                memory.chunks(AT_ONCE).for_each(look);
                return Ok(());
            }
            Store::File(file) => file,
        };
        file.seek(SeekFrom::Start(0))?;
        let (mut bytes, mut values) = (vec![0; AT_ONCE * size_of::<f64>()], Vec::new());
        let mut left = self.expected;
        while left > 0 {
            let count = left.min(AT_ONCE);
            let bytes = &mut bytes[..count * size_of::<f64>()];
            file.get_mut().read_exact(bytes).context("the folder for temporary files")?;
            values.clear();
            values.extend(bytes.as_chunks().0.iter().map(|entry| f64::from_le_bytes(*entry)));
            look(&values);
            left -= count;
        }
        Ok(())
    }

    /// The values of these ranks, from 0, the smallest: found digit by digit, in four passes and without sorting.
    pub(super) fn order_statistics(&mut self, ranks: &[usize]) -> Result<Vec<f64>> {
        // The digits known so far, and the rank among the values that begin with them.
        let mut targets: Vec<(u64, usize)> = ranks.iter().map(|&rank| (0, rank)).collect();
        for shift in (0..u64::BITS / DIGIT).rev().map(|digit| digit * DIGIT) {
            let mut counts: BTreeMap<u64, Vec<usize>> =
                targets.iter().map(|&(prefix, _)| (prefix, vec![0; 1 << DIGIT])).collect();
            self.pass(|values| {
                for digits in values.iter().map(|&x| key(x) >> shift) {
                    if let Some(counts) = counts.get_mut(&(digits >> DIGIT)) {
                        counts[digits as usize % (1 << DIGIT)] += 1;
                    }
                }
            })?;
            for (prefix, rank) in &mut targets {
                let counts = counts.get(prefix).map_or(&[][..], Vec::as_slice);
                let mut digit = 0;
                while let Some(&count) = counts.get(digit as usize)
                    && count <= *rank
                {
                    *rank -= count;
                    digit += 1;
                }
                *prefix = (*prefix << DIGIT) + digit;
            }
        }
        Ok(targets.into_iter().map(|(key, _)| value(key)).collect())
    }
}

const SIGN: u64 = 1 << (u64::BITS - 1);

/// An integer in the order of the values.
fn key(x: f64) -> u64 {
    let bits = x.to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

fn value(key: u64) -> f64 {
    f64::from_bits(if key & SIGN == 0 { !key } else { key & !SIGN })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn values_in_memory_and_in_a_file_are_the_same() {
        let all: Vec<f64> = (0..200_000u32).map(|i| f64::from(i.wrapping_mul(2_654_435_761) % 1000) / 7.0).collect();
        let mut sorted = all.clone();
        sorted.sort_by(f64::total_cmp);
        let ranks = [0, 1, 999, 100_000, 199_998, 199_999];
        for room in [0, all.len()] {
            let mut values = Values::with_room(all.len(), room).unwrap();
            all.chunks(999).for_each(|part| values.push(part).unwrap());
            let mut seen = Vec::new();
            values.pass(|part| seen.extend_from_slice(part)).unwrap();
            assert_eq!(seen, all);
            assert_eq!(values.order_statistics(&ranks).unwrap(), ranks.map(|rank| sorted[rank]));
        }
    }

    #[test]
    fn keys_are_in_the_order_of_values() {
        let values = [f64::NEG_INFINITY, -1.5, -0.0, 0.0, 5e-324, 1.0, f64::MAX, f64::INFINITY];
        assert!(values.windows(2).all(|pair| key(pair[0]) < key(pair[1])));
        assert!(values.iter().all(|&x| value(key(x)).to_bits() == x.to_bits()));
    }
}
