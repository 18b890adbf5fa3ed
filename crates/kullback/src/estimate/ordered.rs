//! Do two histograms over ordered cells come from one distribution? A smooth test that looks for a shift first.

use statrs::function::erf::erfc_inv;

use super::g_test::{TRUSTED_EXPECTED_COUNT, chi_square_tail};
use super::totals;
use crate::Error;

/// Components of the ordered cells: a shift, a change of spread, of skewness and so on.
const COMPONENTS: usize = 8;
/// A change of spread, and that of an unordered cell, gets this part of what a shift gets of the false alarms.
const SECOND: f64 = 1.0 / 20.0;
/// Each later component, of the one before.
const LATER: f64 = 1.0 / 3.0;

/// A smooth test of homogeneity (J. Neyman, 1937) for counts whose first `ordered` cells have an order, such as bins of a
/// number; the others, such as nulls, have none. The p-value, or `None` where all is in one cell.
///
/// [`g_test`](super::g_test()) treats cells as names: it spends as much on every difference between histograms, and a shift by a tenth of
/// a deviation is one of many. Here the differences of the two frequencies are taken apart into uncorrelated components: one for each
/// unordered cell, and up to eight of the ordered ones, by polynomials in the normal scores of the cells' middle ranks, orthonormal
/// under both sides together (neighbours of which fewer than five are expected on a side are joined before). The first is B. L. van der
/// Waerden's test (1952), the second one of spread.
///
/// Each component has a p-value pⱼ of its own and a share wⱼ of the false alarms, Σ wⱼ = 1: the second and each unordered one a
/// twentieth of the first's, each later one a third of that before. The smallest pⱼ/wⱼ decides (C. R. Genovese, K. Roeder, L.
/// Wasserman, 2006), and p is 1 − Π (1 − wⱼ min pᵢ/wᵢ), as likely as that one is as small. A shift is found almost as surely as by
/// the t test, because it has more than nine tenths; a change of spread has to be of 3 deviations, where 2 would do if nothing else
/// were looked for. With 50 cells and 2000 rows a side a shift of 0.1 deviations is found in 88 %, a spread that is a tenth more or
/// less in 86 %; by the G test of ten cells in 54 % and 69 % (`bench/power.py`).
///
/// Components are taken as normal. O(cells).
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::Empty`], [`Error::ZeroMass`] when one side counts nothing, or [`Error::Parameter`] when
/// `ordered` is more than there are cells.
///
/// ```
/// use kullback::estimate::{g_test, ordered_test};
/// let (p, q) = ([14, 16, 20, 24, 26], [24, 22, 20, 18, 16]);
/// assert!(ordered_test(&p, &q, 5)?.is_some_and(|p| p < 0.02) && g_test(&p, &q)?.p_value > Some(0.1));
/// # Ok::<(), kullback::Error>(())
/// ```
pub fn ordered_test(p: &[u64], q: &[u64], ordered: usize) -> Result<Option<f64>, Error> {
    let (n, m) = totals(p, q)?;
    if ordered > p.len() {
        let expected = "at most the number of cells";
        return Err(Error::Parameter { name: "ordered", value: ordered as f64, expected });
    }
    let (n, m) = (n as f64, m as f64);
    let all = n + m;
    let cells: Vec<Cell> = p
        .iter()
        .zip(q)
        .map(|(&c, &d)| (c as f64, d as f64))
        .map(|(c, d)| Cell { share: (c + d) / all, difference: c / n - d / m })
        .collect();
    // The variance of dealing the rows out anew, which is exact at any size.
    let scale = n * m / all * ((all - 1.0) / all);
    let (in_order, others) = cells.split_at(ordered);
    let mut tested = Vec::new();
    let mut add = |share: f64, component: f64| {
        tested.push((share, chi_square_tail(scale * component * component, 1.0)));
    };
    // Each unordered cell against all before it, so that components are uncorrelated.
    let mut before = Cell { share: 0.0, difference: 0.0 };
    in_order.iter().for_each(|cell| before.join(cell));
    for cell in others {
        if cell.share > 0.0 && before.share > 0.0 {
            add(SECOND, cell.against(&before));
        }
        before.join(cell);
    }
    let least = TRUSTED_EXPECTED_COUNT / n.min(m);
    let mut share = 1.0;
    for (j, component) in components(&joined(in_order, least)).into_iter().enumerate() {
        add(share, component);
        share *= if j == 0 { SECOND } else { LATER };
    }
    Ok((!tested.is_empty()).then(|| smallest(&tested)))
}

/// The p-value of the smallest p over its share, of independent ones. Shares need not sum to 1.
fn smallest(tested: &[(f64, f64)]) -> f64 {
    let least = tested.iter().map(|(share, p)| p / share).fold(f64::INFINITY, f64::min);
    // The logarithm of the probability that none is as small.
    let none: f64 = tested.iter().map(|(share, _)| (-(share * least).min(1.0)).ln_1p()).sum();
    -none.exp_m1()
}

/// A cell under both sides together, and by how much its frequencies differ.
#[derive(Debug, Clone, Copy)]
struct Cell {
    share: f64,
    difference: f64,
}

impl Cell {
    fn join(&mut self, other: &Self) {
        self.share += other.share;
        self.difference += other.difference;
    }

    /// The contrast with another cell, of variance 1 per unit of size.
    fn against(&self, other: &Self) -> f64 {
        let both = self.share + other.share;
        let (mine, theirs) = (other.share / self.share, self.share / other.share);
        (self.difference * mine.sqrt() - other.difference * theirs.sqrt()) / both.sqrt()
    }
}

/// Neighbours joined until each cell has a share of at least `least`; what is left over goes to the last.
fn joined(cells: &[Cell], least: f64) -> Vec<Cell> {
    let mut joined: Vec<Cell> = Vec::with_capacity(cells.len());
    for cell in cells.iter().filter(|cell| cell.share > 0.0) {
        match joined.last_mut() {
            Some(last) if last.share < least => last.join(cell),
            _ => joined.push(*cell),
        }
    }
    if joined.len() > 1
        && let Some(left) = joined.pop_if(|last| last.share < least)
        && let Some(last) = joined.last_mut()
    {
        last.join(&left);
    }
    joined
}

/// The differences' components along orthonormal polynomials in the cells' normal scores.
fn components(cells: &[Cell]) -> Vec<f64> {
    let mass: f64 = cells.iter().map(|cell| cell.share).sum();
    let mut below = 0.0;
    let mut scores = Vec::with_capacity(cells.len());
    for cell in cells {
        // The upper half as the lower one's reflection: 1 − 2u would round there.
        let above = (mass - below - cell.share).max(0.0);
        let [u, v] = [below + 0.5 * cell.share, above + 0.5 * cell.share].map(|x| x / mass);
        let quantile = |u: f64| -core::f64::consts::SQRT_2 * erfc_inv(2.0 * u);
        scores.push(if u <= v { quantile(u) } else { -quantile(v) });
        below += cell.share;
    }
    let product = |x: &[f64], y: &[f64]| -> f64 {
        cells.iter().zip(x.iter().zip(y)).map(|(cell, (x, y))| cell.share * x * y).sum()
    };
    let unit = |x: &mut [f64]| {
        let size = product(x, x).sqrt();
        x.iter_mut().for_each(|x| *x /= size);
    };
    let mut known = vec![vec![mass.sqrt().recip(); cells.len()]];
    let mut components = Vec::new();
    for j in 0..COMPONENTS.min(cells.len().saturating_sub(1)) {
        let mut next: Vec<f64> = known[j].iter().zip(&scores).map(|(x, score)| x * score).collect();
        // Twice is enough (L. Giraud, J. Langou, M. Rozložník, J. van den Eshof, 2005).
        for _ in 0..2 {
            for earlier in &known {
                let along = product(&next, earlier);
                next.iter_mut().zip(earlier).for_each(|(x, earlier)| *x -= along * earlier);
            }
            unit(&mut next);
        }
        components.push(cells.iter().zip(&next).map(|(cell, x)| cell.difference * x).sum());
        known.push(next);
    }
    components
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn p_value(p: &[u64], q: &[u64], ordered: usize) -> f64 {
        ordered_test(p, q, ordered).unwrap().unwrap()
    }

    /// Two cells have one component: Pearson's χ² with the variance of dealing rows out.
    #[test]
    fn two_cells_are_pearsons_test() {
        let (p, q) = ([30_u64, 20], [18_u64, 42]);
        let (n, m, all) = (50.0, 60.0, 110.0);
        let difference: f64 = 30.0 / n - 18.0 / m;
        let chi_square = difference.powi(2) * n * m / all / (48.0 / all * 62.0 / all) * ((all - 1.0) / all);
        for ordered in [2, 1, 0] {
            assert!((p_value(&p, &q, ordered) / chi_square_tail(chi_square, 1.0) - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn order_matters_and_direction_does_not() {
        let (p, q) = ([14_u64, 17, 20, 23, 26, 3], [22_u64, 21, 20, 19, 18, 5]);
        let of = |places: [usize; 6]| {
            let [p, q] = [p, q].map(|counts| places.map(|place| counts[place]));
            p_value(&p, &q, 5)
        };
        let (straight, back, mixed) = (of([0, 1, 2, 3, 4, 5]), of([4, 3, 2, 1, 0, 5]), of([2, 0, 4, 1, 3, 5]));
        assert!((straight / back - 1.0).abs() < 1e-12 && mixed > 5.0 * straight, "{straight} {back} {mixed}");
        let exchanged = p_value(&q, &p, 5);
        assert!((straight / exchanged - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_be_tested_and_what_is_equal() {
        assert_eq!(ordered_test(&[5, 0], &[7, 0], 2).unwrap(), None);
        assert_eq!(ordered_test(&[5, 0, 0], &[7, 0, 0], 1).unwrap(), None);
        let counts = [3, 0, 8, 1, 1, 2_000_000];
        assert_eq!(p_value(&counts, &counts, 5), 1.0);
        assert!(matches!(ordered_test(&[1], &[1], 2), Err(Error::Parameter { name: "ordered", .. })));
        // χ² is 599.
        assert!((p_value(&[300, 0], &[0, 300], 2) / chi_square_tail(599.0, 1.0) - 1.0).abs() < 1e-9);
        // The largest counts there are.
        assert_eq!(p_value(&[u64::MAX / 4, u64::MAX / 4], &[u64::MAX / 4, u64::MAX / 2], 2), 0.0);
    }

    /// By hand, from the definition; and far out, where the product is a sum.
    #[test]
    fn the_smallest_p_for_its_share() {
        for (tested, p) in [
            (vec![(1.0, 0.3)], 0.3),
            (vec![(0.9, 0.09), (0.1, 0.5)], 1.0 - (1.0 - 0.09) * (1.0 - 0.01)),
            (vec![(0.9, 0.5), (0.1, 0.02)], 1.0 - (1.0 - 0.18) * (1.0 - 0.02)),
            (vec![(0.9, 0.99), (0.1, 0.9)], 1.0 - 0.01 * 0.89),
            (vec![(0.9, 1.0), (0.1, 0.9)], 1.0),
            (vec![(0.75, 3e-200), (0.25, 1e-200)], 4e-200),
            (vec![(0.75, 0.0), (0.25, 0.3)], 0.0),
        ] {
            assert!((smallest(&tested) - p).abs() <= 1e-14 * p, "{tested:?}: {} is not {p}", smallest(&tested));
            let scaled: Vec<(f64, f64)> = tested.iter().map(|(share, p)| (8.0 * share, *p)).collect();
            assert_eq!(smallest(&scaled), smallest(&tested));
        }
    }
}
