//! What two sets of counts can say at all.

use super::totals;
use crate::Error;

/// How much was counted, what one side has and the other lacks, and what divergences come to without any difference.
///
/// ```
/// use kullback::estimate::Tally;
/// let tally = Tally::of(&[50, 30, 15, 5, 0], &[100, 70, 30, 0, 0])?;
/// assert_eq!((tally.n, tally.m, tally.cells), (100, 200, 4));
/// assert_eq!((tally.only_in_p, tally.mass_only_in_p), (1, 0.05));
/// assert!((tally.null_psi() - 0.045).abs() < 1e-15); // 3·(1/100 + 1/200)
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Tally {
    /// Counts of P in all.
    pub n: u64,
    /// Counts of Q in all.
    pub m: u64,
    /// Cells that hold anything on either side.
    pub cells: usize,
    /// Cells of P that Q leaves empty: where the plug-in KL(P‖Q) is infinite.
    pub only_in_p: usize,
    /// Cells of Q that P leaves empty.
    pub only_in_q: usize,
    /// The share of P, from 0 to 1, in cells that Q leaves empty.
    pub mass_only_in_p: f64,
    /// The share of Q, from 0 to 1, in cells that P leaves empty.
    pub mass_only_in_q: f64,
}

impl Tally {
    /// Counts over the same cells, tallied in O(K).
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::Empty`], or [`Error::ZeroMass`] when one side counts nothing.
    pub fn of(p: &[u64], q: &[u64]) -> Result<Self, Error> {
        let (n, m) = totals(p, q)?;
        let cells = p.iter().zip(q).filter(|&(&c, &d)| c > 0 || d > 0).count();
        let only = |counts: &[u64], others: &[u64]| {
            let lonely = counts.iter().zip(others).filter(|&(&count, &other)| count > 0 && other == 0);
            lonely.fold((0, 0), |(cells, mass), (&count, _)| (cells + 1, mass + count))
        };
        let ((only_in_p, of_p), (only_in_q, of_q)) = (only(p, q), only(q, p));
        let (mass_only_in_p, mass_only_in_q) = (of_p as f64 / n as f64, of_q as f64 / m as f64);
        Ok(Self { n, m, cells, only_in_p, only_in_q, mass_only_in_p, mass_only_in_q })
    }

    /// 1/N + 1/M: the size of what sampling alone does to a divergence.
    pub(super) fn noise(&self) -> f64 {
        1.0 / self.n as f64 + 1.0 / self.m as f64
    }

    /// What the plug-in KL is expected to be, in nats, if both sides come from one distribution: (K−1)/2·(1/N + 1/M), to first
    /// order. The Zhang–Grabchak and Miller–Madow estimates have 0 instead.
    #[must_use]
    pub fn null_plug_in(&self) -> f64 {
        self.cells.saturating_sub(1) as f64 / 2.0 * self.noise()
    }

    /// What the population stability index is expected to be if both sides come from one distribution:
    /// (K−1)·(1/N + 1/M), to first order (B. Yurdakul, 2018). Its customary limits 0.1 and 0.25 do not know N and M.
    #[must_use]
    pub fn null_psi(&self) -> f64 {
        2.0 * self.null_plug_in()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn empty_cells_are_tallied_on_either_side() {
        let tally = Tally::of(&[4, 0, 0, 6], &[0, 2, 0, 8]).unwrap();
        let swapped = Tally::of(&[0, 2, 0, 8], &[4, 0, 0, 6]).unwrap();
        assert_eq!((tally.cells, tally.only_in_p, tally.only_in_q), (3, 1, 1));
        assert_eq!((tally.mass_only_in_p, tally.mass_only_in_q), (0.4, 0.2));
        assert_eq!((swapped.mass_only_in_p, swapped.mass_only_in_q), (0.2, 0.4));
        assert_eq!((tally.null_plug_in(), tally.null_psi()), (0.2, 0.4));
        assert_eq!(Tally::of(&[4], &[9]).unwrap().null_psi(), 0.0);
        assert_eq!(Tally::of(&[1], &[1, 2]), Err(Error::LengthMismatch { p: 1, q: 2 }));
    }
}
