//! Do two histograms come from one distribution? The G test.

use statrs::function::gamma::gamma_ur;

use super::permutation::{self, Stratum};
use super::{totals, weights};
use crate::{Divergence, Error, JensenShannon};

/// Below this expected count in some cell the χ² limit of G is not trusted (W. G. Cochran, 1954).
pub(super) const TRUSTED_EXPECTED_COUNT: f64 = 5.0;

/// Standard deviations of G by which its mean may be too large for χ²: a test at 0.05 is one at 0.06 then.
const TRUSTED_EXCESS: f64 = 0.1;

/// The outcome of [`g_test`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GTest {
    /// The statistic, ≥ 0, 0 for proportional counts.
    pub g: f64,
    /// Cells that hold anything on either side, less one.
    pub degrees_of_freedom: u64,
    /// Probability of a G at least as large if both sides come from one distribution; `None` with a single cell, or from
    /// [`g_statistic`].
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
    test(&[(p, q)], untrusted)
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
    test(&[(p, q)], |_| true)
}

/// G and its degrees of freedom as in [`g_test`], without a p-value and thus without permutations: O(cells).
///
/// # Errors
/// Those of [`g_test`].
///
/// ```
/// use kullback::estimate::{g_statistic, g_test};
/// let (p, q) = ([5, 0, 2], [3, 1, 0]);
/// let (alone, test) = (g_statistic(&p, &q)?, g_test(&p, &q)?);
/// assert_eq!((alone.g, alone.degrees_of_freedom, alone.p_value), (test.g, 2, None));
/// # Ok::<(), kullback::Error>(())
/// ```
pub fn g_statistic(p: &[u64], q: &[u64]) -> Result<GTest, Error> {
    statistic(&[(p, q)]).map(|(test, _)| test)
}

/// [`g_test`] within strata: do the two sides agree in every one of them, whatever their shares of the strata are? Each stratum
/// is counts of P and counts of Q over cells of its own.
///
/// G and the degrees of freedom are sums over the strata that both sides have rows in; the others say nothing. With the strata
/// being the values of A and the cells those of B, G of all cells (A, B) is G of A plus this. The p-value is from χ² where
/// every expected count is at least 5 and D. A. Williams' correction (1976) of the sum is below a tenth of its standard deviation,
/// for small excesses of many cells add up; otherwise, and if `permute` asks for it, the rows of each stratum are dealt out afresh.
///
/// # Errors
/// [`Error::LengthMismatch`] if the sides of a stratum differ in length.
///
/// ```
/// use kullback::estimate::{g_test, stratified_g_test};
/// // Twice as many rows in the second stratum, and the same shares in each: nothing changed but the strata.
/// let test = stratified_g_test(&[(&[10, 30], &[20, 60]), (&[60, 20], &[30, 10])], false)?;
/// assert!((test.g, test.degrees_of_freedom, test.p_value) == (0.0, 2, Some(1.0)));
/// assert!(g_test(&[10, 30, 60, 20], &[20, 60, 30, 10])?.g > 27.0);
/// # Ok::<(), kullback::Error>(())
/// ```
pub fn stratified_g_test(strata: &[(&[u64], &[u64])], permute: bool) -> Result<GTest, Error> {
    if let Some((p, q)) = strata.iter().find(|(p, q)| p.len() != q.len()) {
        return Err(Error::LengthMismatch { p: p.len(), q: q.len() });
    }
    let comparable: Vec<(&[u64], &[u64])> = strata.iter().copied().filter(|(p, q)| totals(p, q).is_ok()).collect();
    let many_small_cells = || {
        let (excess, degrees_of_freedom) = comparable.iter().map(|(p, q)| excess(p, q)).fold((0.0, 0.0), add);
        excess > TRUSTED_EXCESS * (2.0 * degrees_of_freedom).sqrt()
    };
    test(&comparable, if permute || many_small_cells() { |_| true } else { untrusted })
}

/// By how much the mean of G is above its degrees of freedom, to first order (D. A. Williams, 1976); and these.
fn excess(p: &[u64], q: &[u64]) -> (f64, f64) {
    let (n, m) = (p.iter().sum::<u64>() as f64, q.iter().sum::<u64>() as f64);
    let cells = || p.iter().zip(q).map(|(c, d)| (c + d) as f64).filter(|&cell| cell > 0.0);
    let (all, inverse): (f64, f64) = (n + m, cells().map(|cell| 1.0 / cell).sum());
    ((all / n + all / m - 1.0) * (all * inverse - 1.0) / (6.0 * all), cells().count() as f64 - 1.0)
}

fn add(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0 + b.0, a.1 + b.1)
}

fn untrusted(smallest_expected: f64) -> bool {
    smallest_expected < TRUSTED_EXPECTED_COUNT
}

/// The test of strata in which neither side is empty; `permutes` decides by the smallest expected count.
fn test(strata: &[(&[u64], &[u64])], permutes: fn(f64) -> bool) -> Result<GTest, Error> {
    let (test, tested) = statistic(strata)?;
    if test.degrees_of_freedom == 0 {
        return Ok(test);
    }
    let smallest_expected = tested.iter().map(smallest_expected).fold(f64::INFINITY, f64::min);
    let permuted = permutes(smallest_expected);
    let p_value = match permuted {
        false => chi_square_tail(test.g, test.degrees_of_freedom as f64),
        true => permutation::p_value(&tested, test.g)?,
    };
    Ok(GTest { p_value: Some(p_value), permuted, ..test })
}

/// G without a p-value, and the strata of more than one cell.
fn statistic(strata: &[(&[u64], &[u64])]) -> Result<(GTest, Vec<Stratum>), Error> {
    let mut test = GTest { g: 0.0, degrees_of_freedom: 0, p_value: None, permuted: false };
    let mut tested: Vec<Stratum> = Vec::with_capacity(strata.len());
    for (p, q) in strata {
        totals(p, q)?;
        let (p, q): (Vec<u64>, Vec<u64>) = p.iter().zip(*q).filter(|&(&c, &d)| c > 0 || d > 0).unzip();
        test.g += g_of(&p, &q)?;
        if p.len() > 1 {
            test.degrees_of_freedom += p.len() as u64 - 1;
            tested.push((p, q));
        }
    }
    Ok((test, tested))
}

fn smallest_expected((p, q): &Stratum) -> f64 {
    let (n, m) = (p.iter().sum::<u64>(), q.iter().sum::<u64>());
    let smaller_share = n.min(m) as f64 / (n as f64 + m as f64);
    p.iter().zip(q).map(|(c, d)| c + d).min().unwrap_or(0) as f64 * smaller_share
}

/// The statistic of one stratum.
pub(super) fn g_of(p: &[u64], q: &[u64]) -> Result<f64, Error> {
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
    fn strata_are_the_rest_of_the_chain() {
        let strata: &[(&[u64], &[u64])] =
            &[(&[10, 40, 50], &[30, 30, 40]), (&[200, 0, 100], &[210, 40, 150]), (&[9, 0, 0], &[0, 0, 0])];
        let (p, q): (Vec<&[u64]>, Vec<&[u64]>) = strata.iter().copied().unzip();
        let sums = |side: &[&[u64]]| -> Vec<u64> { side.iter().map(|counts| counts.iter().sum()).collect() };
        let joint = g_test(&p.concat(), &q.concat()).unwrap();
        let first = g_test(&sums(&p), &sums(&q)).unwrap();
        let rest = stratified_g_test(strata, false).unwrap();
        // G of about 100, summed from a few terms.
        assert!((joint.g - first.g - rest.g).abs() < 1e-12 * joint.g, "{joint:?} {first:?} {rest:?}");
        assert_eq!(rest.degrees_of_freedom, 4);
        assert!(!rest.permuted && rest.p_value.unwrap() < 1e-3);
        assert_eq!(stratified_g_test(&strata[2..], false).unwrap().p_value, None);
        assert!(stratified_g_test(&[(&[1, 2], &[1])], false).is_err());
    }

    #[test]
    fn strata_reject_as_often_as_they_say() {
        use rand::{RngExt as _, SeedableRng as _};
        let mut random = rand::rngs::Xoshiro256PlusPlus::seed_from_u64(5);
        // Strata of unequal sizes.
        for (cells, n, m) in [(4, 40, 200), (30, 60, 60), (3, 2000, 1000), (60, 600, 600)] {
            let mut low = 0;
            for _ in 0..600 {
                let side = |rows: usize, strata: &mut [Vec<u64>], random: &mut rand::rngs::Xoshiro256PlusPlus| {
                    for row in 0..rows * 4 {
                        let stratum = if row % 3 == 0 { 0 } else { row % 4 };
                        let cell = random.random_range(0..cells).min(random.random_range(0..cells));
                        strata[stratum][cell] += 1;
                    }
                };
                let (mut p, mut q) = (vec![vec![0; cells]; 4], vec![vec![0; cells]; 4]);
                side(n, &mut p, &mut random);
                side(m, &mut q, &mut random);
                let strata: Vec<(&[u64], &[u64])> = p.iter().zip(&q).map(|(p, q)| (&p[..], &q[..])).collect();
                low += u32::from(stratified_g_test(&strata, false).unwrap().p_value.unwrap() < 0.05);
            }
            let share = f64::from(low) / 600.0;
            // 0.05 and three standard deviations of 0.009; 2000 runs each stayed within 0.035 to 0.065.
            assert!((0.023..=0.077).contains(&share), "{cells} cells, {n} and {m} rows: {share}");
        }
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
