//! Do two histograms come from one distribution? The G test.

use statrs::function::gamma::gamma_ur;

use super::{permutation, totals, weights};
use crate::{Divergence, Error, JensenShannon};

/// Below this expected count in some cell the χ² limit of G is not trusted (W. G. Cochran, 1954).
pub(super) const TRUSTED_EXPECTED_COUNT: f64 = 5.0;

/// The outcome of [`g_test`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GTest {
    /// The statistic, ≥ 0, 0 for proportional counts.
    pub g: f64,
    /// Cells that hold anything on either side, less one.
    pub degrees_of_freedom: u64,
    /// Probability of a G at least as large if both sides come from one distribution; `None` with a single cell.
    pub p_value: Option<f64>,
    /// The p-value comes from permutations: a cell's expected count is below 5, or they were asked for.
    pub permuted: bool,
}

/// The two-sample G test (likelihood ratio test of homogeneity) of counts over the same cells.
///
/// G = 2(N+M)·JS_w with w = N/(N+M), the Jensen–Shannon divergence weighted by sample size. Its p-value is the upper tail
/// of χ² where every expected count is at least 5; otherwise the cells are dealt out afresh under both margins
/// (a multivariate hypergeometric draw, fixed seed, 999 times), p = (1 + #\{G* ≥ G\}) / 1000, and when no draw reaches G
/// the tail of the gamma distribution with the mean and variance of the draws.
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::Empty`], or [`Error::ZeroMass`] when one side counts nothing.
///
/// ```
/// use kullback::estimate::g_test;
/// let test = g_test(&[50, 30, 20], &[30, 30, 40])?;
/// assert!((test.g - 11.849392).abs() < 1e-6 && test.degrees_of_freedom == 2);
/// assert!((test.p_value.unwrap_or(1.0) - 0.002672620).abs() < 1e-9);
/// assert_eq!(g_test(&[5, 5], &[5, 5])?.p_value, Some(1.0));
/// # Ok::<(), kullback::Error>(())
/// ```
pub fn g_test(p: &[u64], q: &[u64]) -> Result<GTest, Error> {
    test(p, q, |smallest_expected| smallest_expected < TRUSTED_EXPECTED_COUNT)
}

/// [`g_test`] with its p-value from permutations whatever the counts, for tables of so many small cells that the χ² limit is off
/// although each expected count is at least 5: with 200 cells of 10 expected it rejects at 0.05 in 7 to 8 % of unchanged pairs.
///
/// # Errors
/// Those of [`g_test`].
///
/// ```
/// use kullback::estimate::{g_test, permutation_test};
/// let (p, q) = ([50, 30, 20], [40, 30, 30]);
/// let [limit, permuted] = [g_test(&p, &q)?, permutation_test(&p, &q)?].map(|test| test.p_value.unwrap_or(1.0));
/// assert!((limit - permuted).abs() < 0.05);
/// # Ok::<(), kullback::Error>(())
/// ```
pub fn permutation_test(p: &[u64], q: &[u64]) -> Result<GTest, Error> {
    test(p, q, |_| true)
}

/// The test; `permutes` decides by the smallest expected count.
fn test(p: &[u64], q: &[u64], permutes: fn(f64) -> bool) -> Result<GTest, Error> {
    let (n, m) = totals(p, q)?;
    let (p, q): (Vec<u64>, Vec<u64>) = p.iter().zip(q).filter(|&(&c, &d)| c > 0 || d > 0).unzip();
    let g = g_statistic(&p, &q)?;
    let degrees_of_freedom = p.len() as u64 - 1;
    if degrees_of_freedom == 0 {
        return Ok(GTest { g, degrees_of_freedom, p_value: None, permuted: false });
    }
    let smaller_share = n.min(m) as f64 / (n as f64 + m as f64);
    let smallest_cell = p.iter().zip(&q).map(|(c, d)| c + d).min().unwrap_or(0);
    let permuted = permutes((smallest_cell as f64) * smaller_share);
    let p_value = match permuted {
        false => chi_square_tail(g, degrees_of_freedom as f64),
        true => permutation::p_value(&p, &q, g)?,
    };
    Ok(GTest { g, degrees_of_freedom, p_value: Some(p_value), permuted })
}

/// The statistic alone.
pub(super) fn g_statistic(p: &[u64], q: &[u64]) -> Result<f64, Error> {
    let (n, m) = totals(p, q)?;
    let all = n as f64 + m as f64;
    Ok(2.0 * all * JensenShannon::new(n as f64 / all)?.between(&weights(p), &weights(q))?)
}

/// P(χ² ≥ `x`) for a chi-square variable with `degrees_of_freedom` > 0: the regularised upper incomplete gamma function
/// Q(df/2, x/2). 1 at 0; relative error below 1e-11 down to 1e-300.
///
/// ```
/// use kullback::estimate::chi_square_tail;
/// assert_eq!(chi_square_tail(0.0, 3.0), 1.0);
/// assert!((chi_square_tail(3.841458820694124, 1.0) - 0.05).abs() < 1e-14);
/// ```
#[must_use]
pub fn chi_square_tail(x: f64, degrees_of_freedom: f64) -> f64 {
    if x == f64::INFINITY {
        return 0.0;
    }
    if x > 0.0 { gamma_ur(degrees_of_freedom / 2.0, x / 2.0).clamp(0.0, 1.0) } else { 1.0 }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn chi_square_tail_is_accurate_far_out() {
        // x, degrees of freedom, mpmath gammainc at 50 digits.
        let golden: &[(f64, f64, f64)] = &[
            (0.001, 1.0, 0.9747728793699604),
            (0.5, 1.0, 0.4795001221869535),
            (10.0, 1.0, 0.0015654022580025497),
            (100.0, 1.0, 1.523970604832105e-23),
            (1300.0, 1.0, 1.1303728441492743e-284),
            (5.0, 9.0, 0.8343082601934075),
            (100.0, 9.0, 1.5735176303753944e-17),
            (1400.0, 9.0, 7.730994243999156e-296),
            (60.0, 49.0, 0.13486434652532073),
            (500.0, 49.0, 5.251777096456622e-76),
            (950.0, 999.0, 0.8642681822863969),
            (1100.0, 999.0, 0.013818467525532355),
            (1500.0, 999.0, 8.513135655491612e-23),
            (3000.0, 999.0, 9.477973075169227e-199),
            (0.2, 3.7, 0.9924307366751041),
            (77.0, 12.3, 2.0609426489158666e-11),
        ];
        for &(x, df, want) in golden {
            let got = chi_square_tail(x, df);
            assert!(((got - want) / want).abs() < 1e-11, "chi2({df}) > {x}: {got:e} for {want:e}");
        }
        assert_eq!(chi_square_tail(1e9, 3.0), 0.0);
    }

    #[test]
    fn identical_counts_give_zero_and_one() {
        for counts in [&[7_u64, 0, 900, 3][..], &[1, 1], &[12_345_678, 3]] {
            let test = g_test(counts, counts).unwrap();
            assert_eq!((test.g, test.p_value), (0.0, Some(1.0)));
        }
        let single = g_test(&[4, 0], &[9, 0]).unwrap();
        assert_eq!((single.g, single.p_value), (0.0, None));
        assert_eq!(g_test(&[10, 20, 70], &[30, 60, 210]).unwrap().g, 0.0);
    }

    #[test]
    fn sparse_tables_are_permuted_and_strong_evidence_stays_strong() {
        let p: Vec<u64> = (0..60).map(|i| i % 5).collect();
        let q: Vec<u64> = (0..60).map(|i| (i + 2) % 5).collect();
        let weak = g_test(&p, &p.iter().rev().copied().collect::<Vec<_>>()).unwrap();
        let strong = g_test(&p, &q).unwrap();
        assert!(weak.permuted && strong.permuted);
        let mut rare = vec![3_u64, 0];
        let mut other = vec![0_u64, 1];
        rare.extend([5000, 100, 100]);
        other.extend([100, 100, 5000]);
        let test = g_test(&rare, &other).unwrap();
        assert!(test.permuted && test.p_value.unwrap() < 1e-100, "{test:?}");
        assert!(!g_test(&[50, 30, 20], &[30, 30, 40]).unwrap().permuted);
    }
}
