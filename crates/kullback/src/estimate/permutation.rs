//! The permutation distribution of G for sparse tables, drawn on the counts and not on the rows.

use statrs::function::factorial::ln_factorial;

use super::g_test::{chi_square_tail, g_of};
use super::random::SplitMix;
use crate::Error;

const DRAWS: u32 = 999;
/// Draws after which a G far outside them ends the sampling.
const PILOT: u32 = 99;
/// Standard deviations above the pilot's mean that count as far outside.
const FAR: f64 = 10.0;
/// A draw whose G equals the observed one up to rounding counts as reaching it.
const TIE: f64 = 1.0 - 1e-9;

/// Counts of both sides over the same cells, each of which holds something.
pub(super) type Stratum = (Vec<u64>, Vec<u64>);

/// P(G* ≥ g) for the sum of the strata's G when the rows of each are dealt to the two sides at random.
pub(super) fn p_value(strata: &[Stratum], g: f64) -> Result<f64, Error> {
    let mut random = SplitMix::new(0x6b75_6c6c_6261_636b);
    let mut deals: Vec<Deal> = strata.iter().map(Deal::new).collect();
    let (mut reached, mut draws, mut sum, mut squares) = (0_u32, 0_u32, 0.0, 0.0);
    while draws < DRAWS {
        let mut drawn = 0.0;
        for deal in &mut deals {
            drawn += deal.g(&mut random)?;
        }
        draws += 1;
        reached += u32::from(drawn >= g * TIE);
        sum += drawn;
        squares += drawn * drawn;
        if draws == PILOT && g > mean_of(sum, draws) + FAR * variance_of(sum, squares, draws).sqrt() {
            break;
        }
    }
    let counted = f64::from(1 + reached) / f64::from(1 + draws);
    let (mean, variance) = (mean_of(sum, draws), variance_of(sum, squares, draws));
    if reached > 0 || variance <= 0.0 {
        return Ok(counted);
    }
    // A scaled χ² with the mean and variance of the draws (F. E. Satterthwaite, 1946).
    let scale = variance / (2.0 * mean);
    Ok(chi_square_tail(g / scale, mean / scale).min(counted))
}

fn mean_of(sum: f64, draws: u32) -> f64 {
    sum / f64::from(draws)
}

fn variance_of(sum: f64, squares: f64, draws: u32) -> f64 {
    let mean = mean_of(sum, draws);
    (squares / f64::from(draws) - mean * mean).max(0.0)
}

/// One stratum dealt out again and again.
struct Deal {
    cells: Vec<u64>,
    n: u64,
    to_p: Vec<u64>,
    to_q: Vec<u64>,
}

impl Deal {
    fn new((p, q): &Stratum) -> Self {
        let cells: Vec<u64> = p.iter().zip(q).map(|(c, d)| c + d).collect();
        Self { n: p.iter().sum(), to_p: vec![0; cells.len()], to_q: vec![0; cells.len()], cells }
    }

    fn g(&mut self, random: &mut SplitMix) -> Result<f64, Error> {
        deal(&self.cells, self.n, random, &mut self.to_p, &mut self.to_q);
        g_of(&self.to_p, &self.to_q)
    }
}

/// Deals `n` of the rows in `cells` to P and the rest to Q: one multivariate hypergeometric draw.
fn deal(cells: &[u64], n: u64, random: &mut SplitMix, to_p: &mut [u64], to_q: &mut [u64]) {
    let (mut rows, mut wanted) = (cells.iter().sum::<u64>(), n);
    for ((&cell, to_p), to_q) in cells.iter().zip(to_p).zip(to_q) {
        let drawn = hypergeometric(cell, rows, wanted, random);
        (*to_p, *to_q) = (drawn, cell - drawn);
        rows -= cell;
        wanted -= drawn;
    }
}

/// How many of `marked` among `rows` are in a random `wanted` of them.
fn hypergeometric(marked: u64, rows: u64, wanted: u64, random: &mut SplitMix) -> u64 {
    if marked <= 16 {
        let mut drawn = 0;
        for left in (rows - marked + 1..=rows).rev() {
            drawn += u64::from(random.uniform() * (left as f64) < (wanted - drawn) as f64);
        }
        return drawn;
    }
    let lowest = (marked + wanted).saturating_sub(rows);
    let highest = marked.min(wanted);
    let (a, r, w) = (marked as f64, rows as f64, wanted as f64);
    let mode = (((a + 1.0) * (w + 1.0) / (r + 2.0)) as u64).clamp(lowest, highest);
    let ln_choose = |n: u64, k: u64| ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k);
    let ln_mode = ln_choose(marked, mode) + ln_choose(rows - marked, wanted - mode) - ln_choose(rows, wanted);
    // Inversion, walking outwards from the mode on both sides: about as many steps as the standard deviation.
    let odds = |k: f64| (a - k) * (w - k) / ((k + 1.0) * (r - a - w + k + 1.0));
    let (mut up, mut down) = (mode, mode);
    let (mut up_mass, mut down_mass) = (ln_mode.exp(), ln_mode.exp());
    let mut left = random.uniform() - up_mass;
    while left >= 0.0 && (up < highest || down > lowest) {
        let before = left;
        if up < highest {
            up_mass *= odds(up as f64);
            up += 1;
            left -= up_mass;
            if left < 0.0 {
                return up;
            }
        }
        if down > lowest {
            down -= 1;
            down_mass /= odds(down as f64);
            left -= down_mass;
            if left < 0.0 {
                return down;
            }
        }
        // The masses summed to a little less than 1 and u fell in the gap.
        if left == before {
            break;
        }
    }
    mode
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hypergeometric_has_the_right_moments() {
        let mut random = SplitMix::new(1);
        for (marked, rows, wanted) in
            [(7, 40, 20), (16, 17, 9), (50, 120, 30), (5000, 9000, 2000), (30, 30, 11), (60, 100, 90)]
        {
            let draws = 20_000_u32;
            let (mut sum, mut squares) = (0.0, 0.0);
            for _ in 0..draws {
                let drawn = hypergeometric(marked, rows, wanted, &mut random);
                assert!(drawn <= marked.min(wanted) && drawn + rows >= marked + wanted);
                sum += drawn as f64;
                squares += (drawn * drawn) as f64;
            }
            let (a, r, w) = (marked as f64, rows as f64, wanted as f64);
            let (mean, variance) = (w * a / r, w * a / r * (r - a) / r * (r - w) / (r - 1.0));
            let tolerance = 5.0 * (variance / f64::from(draws)).sqrt() + 1e-12;
            assert!((mean_of(sum, draws) - mean).abs() <= tolerance, "mean of {marked} {rows} {wanted}");
            assert!(
                (variance_of(sum, squares, draws) - variance).abs() <= 0.06 * variance + 1e-9,
                "variance of {marked} {rows} {wanted}"
            );
        }
    }
}
