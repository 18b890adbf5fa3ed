//! Kullback–Leibler divergence estimated from counts.

use core::{fmt, str::FromStr};

use super::totals;
use crate::{Error, num::special::digamma};

/// How KL(P‖Q) is estimated from counts: c of P (N in all) and d of Q (M in all) over the same K cells.
///
/// Estimators that put something into every cell take the cells of the slices for all there are: K is their length.
///
/// | estimator | bias near P = Q | where Q lacks a cell of P |
/// |---|---|---|
/// | `ZhangGrabchak` | next to none | finite |
/// | `PlugIn` | about (K−1)/2·(1/N + 1/M) too large | +∞ |
/// | `MillerMadow` | that, less its expectation: next to none at five and more a cell | +∞ |
/// | `JeffreysPrior`, `Laplace`, `Perks` | as `PlugIn`, less the more they add | finite |
/// | `Shrinkage` | small: both sides are drawn to one distribution | finite, unless all of Q is in one cell |
///
/// ```
/// use kullback::estimate::Estimator;
/// let (p, q) = ([50, 30, 20], [45, 35, 20]);
/// let plugin = Estimator::PlugIn.kl(&p, &q)?.value;
/// let unbiased = Estimator::ZhangGrabchak.kl(&p, &q)?.value;
/// assert!((plugin - 0.006435).abs() < 1e-6);
/// assert!(unbiased < plugin); // Most of that was sampling noise.
/// assert_eq!("plugin".parse(), Ok(Estimator::PlugIn));
/// # Ok::<(), kullback::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Estimator {
    /// Z. Zhang and M. Grabchak, "Nonparametric estimation of Kullback–Leibler divergence", Neural Computation 26
    /// (2014): Σ (cᵢ/N)·\[ψ(M+1) − ψ(dᵢ+1) − ψ(N) + ψ(cᵢ)\].
    /// Always finite, its bias falls off exponentially where Q covers P; slightly negative values are normal near P = Q.
    #[default]
    ZhangGrabchak,
    /// The value for the observed frequencies themselves, Σ p̂ᵢ ln(p̂ᵢ/q̂ᵢ): 0 for equal frequencies, +∞ where Q has
    /// none of a cell that P has, about (K−1)/2·(1/N + 1/M) too large for K cells of the same distribution.
    PlugIn,
    /// The plug-in value of counts with ½ added to each: the posterior means under H. Jeffreys' prior (1946), also R. Krichevsky
    /// and V. Trofimov's estimator (1981).
    JeffreysPrior,
    /// The plug-in value of counts with 1 added to each: P.-S. Laplace's rule of succession (1774).
    Laplace,
    /// The plug-in value of counts with 1/K added to each (W. Perks, 1947): as much as one observation in all.
    Perks,
    /// The plug-in value of frequencies drawn towards 1/K, each side as far as minimises its expected squared error,
    /// λ = (1 − Σp̂²)/((N − 1)·Σ(1/K − p̂)²) but at most 1: J. Hausser and K. Strimmer, "Entropy inference and the
    /// James–Stein estimator" (2009).
    Shrinkage,
    /// The plug-in value less its bias to first order, (K_P − 1)/2N + (Σ p̂ᵢ/q̂ᵢ − 1)/2M with K_P the cells that P has: what
    /// G. A. Miller (1955) and W. G. Madow take off an entropy, and the same for the cross-entropy, without which
    /// half of the bias would stay. It has a meaning only where Q has some of every cell of P; +∞ elsewhere, as the plug-in value.
    MillerMadow,
}

/// An estimate and what each cell adds to it.
#[derive(Debug, Clone, PartialEq)]
pub struct KlEstimate {
    /// The sum of the contributions, in nats.
    pub value: f64,
    /// One signed term for each cell, in nats.
    pub contributions: Vec<f64>,
}

impl Estimator {
    /// KL(P‖Q) in nats from counts over the same cells. O(K).
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::Empty`], or [`Error::ZeroMass`] when one side counts nothing.
    pub fn kl(self, p: &[u64], q: &[u64]) -> Result<KlEstimate, Error> {
        let (n, m) = totals(p, q)?;
        let each = |added: f64| added_terms(p, q, added);
        let contributions = match self {
            Self::ZhangGrabchak => zhang_grabchak_terms(p, q),
            Self::PlugIn => p.iter().zip(q).map(|(&c, &d)| plug_in_term(c, d, n, m)).collect(),
            Self::JeffreysPrior => each(0.5),
            Self::Laplace => each(1.0),
            Self::Perks => each(1.0 / p.len() as f64),
            Self::Shrinkage => {
                let (p, q) = (shrunk(p, n), shrunk(q, m));
                p.into_iter().zip(q).map(|(p, q)| relative_term(p, q, p / q)).collect()
            }
            Self::MillerMadow => p.iter().zip(q).map(|(&c, &d)| miller_madow_term(c, d, n, m)).collect(),
        };
        Ok(KlEstimate { value: contributions.iter().sum(), contributions })
    }
}

/// The terms of Zhang and Grabchak's estimate; neither side may be empty.
pub(super) fn zhang_grabchak_terms(p: &[u64], q: &[u64]) -> Vec<f64> {
    let (n, m) = (p.iter().sum::<u64>() as f64, q.iter().sum::<u64>() as f64);
    let offset = digamma(m + 1.0) - digamma(n);
    let term = |(&c, &d): (&u64, &u64)| match c {
        0 => 0.0,
        _ => c as f64 / n * (offset - digamma(d as f64 + 1.0) + digamma(c as f64)),
    };
    p.iter().zip(q).map(term).collect()
}

/// p̂ ln(p̂/q̂) for p̂ = c/n, q̂ = d/m. The products of counts are exact in 128 bits, so equal frequencies give exactly 0
/// and near ones keep their digits.
fn plug_in_term(c: u64, d: u64, n: u64, m: u64) -> f64 {
    if c == 0 {
        return 0.0;
    }
    let (cm, dn) = (u128::from(c) * u128::from(m), u128::from(d) * u128::from(n));
    let near = cm / 2 <= dn && dn / 2 <= cm;
    let log_ratio = match (near, cm >= dn) {
        (false, _) => (cm as f64 / dn as f64).ln(),
        (true, true) => ((cm - dn) as f64 / dn as f64).ln_1p(),
        (true, false) => -((dn - cm) as f64 / cm as f64).ln_1p(),
    };
    c as f64 / n as f64 * log_ratio
}

/// The plug-in term less its cell's part of the bias, (1 − p̂)/2N + p̂(1 − q̂)/2Mq̂.
fn miller_madow_term(c: u64, d: u64, n: u64, m: u64) -> f64 {
    if c == 0 || d == 0 {
        return plug_in_term(c, d, n, m);
    }
    let (p, of_p) = (c as f64 / n as f64, (n - c) as f64 / n as f64 / (2.0 * n as f64));
    let of_q = p * ((m - d) as f64 / d as f64) / (2.0 * m as f64);
    plug_in_term(c, d, n, m) - of_p - of_q
}

/// The terms for counts with `added` in each cell.
fn added_terms(p: &[u64], q: &[u64], added: f64) -> Vec<f64> {
    let total = |counts: &[u64]| counts.iter().sum::<u64>() as f64 + added * counts.len() as f64;
    let (n, m) = (total(p), total(q));
    let term = |(&c, &d): (&u64, &u64)| {
        let (c, d) = (c as f64 + added, d as f64 + added);
        relative_term(c / n, d / m, c * m / (d * n))
    };
    p.iter().zip(q).map(term).collect()
}

/// p ln(p/q) for probabilities and their ratio.
fn relative_term(p: f64, q: f64, ratio: f64) -> f64 {
    match p {
        0.0 => 0.0,
        _ if p == q => 0.0,
        _ => p * ratio.ln(),
    }
}

/// The frequencies that James–Stein shrinkage makes of counts.
fn shrunk(counts: &[u64], total: u64) -> Vec<f64> {
    let (n, target) = (total as f64, 1.0 / counts.len() as f64);
    let share = |&count: &u64| count as f64 / n;
    let spread: f64 = counts.iter().map(|count| (target - share(count)).powi(2)).sum();
    let concentration: f64 = counts.iter().map(|count| share(count).powi(2)).sum();
    // One observation says nothing of its own error; equal frequencies are the target already.
    let shrinks = total > 1 && spread > 0.0;
    let lambda = if shrinks { ((1.0 - concentration) / ((n - 1.0) * spread)).clamp(0.0, 1.0) } else { 1.0 };
    counts.iter().map(|count| lambda * target + (1.0 - lambda) * share(count)).collect()
}

/// The estimators and their names.
const NAMES: [(Estimator, &str); 7] = [
    (Estimator::ZhangGrabchak, "zhang-grabchak"),
    (Estimator::PlugIn, "plugin"),
    (Estimator::MillerMadow, "miller-madow"),
    (Estimator::JeffreysPrior, "jeffreys-prior"),
    (Estimator::Laplace, "laplace"),
    (Estimator::Perks, "perks"),
    (Estimator::Shrinkage, "shrinkage"),
];

/// The name is none of the estimators'.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownEstimator;

impl fmt::Display for UnknownEstimator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown estimator: expected ")?;
        for (at, (_, name)) in NAMES.iter().enumerate() {
            let before = match at {
                0 => "",
                _ if at + 1 == NAMES.len() => " or ",
                _ => ", ",
            };
            write!(f, "{before}{name}")?;
        }
        Ok(())
    }
}

impl core::error::Error for UnknownEstimator {}

impl FromStr for Estimator {
    type Err = UnknownEstimator;

    fn from_str(name: &str) -> Result<Self, UnknownEstimator> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(estimator, _)| *estimator).ok_or(UnknownEstimator)
    }
}

impl fmt::Display for Estimator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(NAMES.iter().find(|(estimator, _)| estimator == self).map_or("", |(_, name)| name))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Side;

    #[test]
    fn zhang_grabchak_agrees_with_fifty_digits() {
        // mpmath, 50 digits: counts of P, counts of Q, value.
        let golden: [(&[u64], &[u64], f64); 4] = [
            (&[50, 30, 20], &[45, 35, 20], -0.01340967503988962),
            (&[1, 0, 7], &[0, 3, 4], 0.32083333333333336),
            (&[1], &[1], 3.771625982503147e-52),
            (&[2700, 2701, 2699, 1, 0], &[2945, 2940, 2939, 0, 3], -9.324279508563505e-06),
        ];
        for (p, q, want) in golden {
            let got = Estimator::ZhangGrabchak.kl(p, q).unwrap().value;
            assert!((got - want).abs() <= 4e-15 * want.abs().max(1.0), "{got:e} for {want:e}");
        }
    }

    #[test]
    fn every_other_estimator_agrees_with_forty_digits() {
        use Estimator::{JeffreysPrior, Laplace, MillerMadow, Perks, Shrinkage};
        // mpmath on exact fractions: ½, 1 and 1/K added, shrinkage, and the plug-in value less its bias.
        let estimators = [JeffreysPrior, Laplace, Perks, Shrinkage, MillerMadow];
        let golden: [(&[u64], &[u64], [f64; 5]); 4] = [
            (
                &[50, 30, 20],
                &[45, 35, 20],
                [
                    0.00625711949663594,
                    0.006086527134921291,
                    0.006315594527211102,
                    0.005824307751024768,
                    -0.013406215960534182,
                ],
            ),
            (
                &[1, 0, 7],
                &[0, 3, 4],
                [0.3631065266497165, 0.246510641465301, 0.4309814258700853, 0.4196928862280798, f64::INFINITY],
            ),
            (
                &[2700, 2701, 2699, 1, 0],
                &[2945, 2940, 2939, 0, 3],
                [
                    0.0003111120234456979,
                    0.00022819320446583062,
                    0.00042453273531432635,
                    0.0002279588902002276,
                    f64::INFINITY,
                ],
            ),
            (
                &[12, 3, 5, 9],
                &[40, 41, 3, 6],
                [0.5310641583263434, 0.491088549264929, 0.5534456510437525, 0.4611416155718627, 0.4705122375061264],
            ),
        ];
        for (p, q, values) in golden {
            for (estimator, want) in estimators.into_iter().zip(values) {
                let got = estimator.kl(p, q).unwrap().value;
                assert!(got == want || (got - want).abs() <= 1e-15, "{estimator}: {got:e} for {want:e}");
            }
        }
    }

    #[test]
    fn shrinkage_has_its_edges() {
        let kl = |p: &[u64], q: &[u64]| Estimator::Shrinkage.kl(p, q).unwrap().value;
        // One observation is drawn all the way; what is in one cell, however much, not at all.
        assert_eq!(kl(&[1, 0, 0], &[0, 0, 1]), 0.0);
        assert_eq!(kl(&[3, 2], &[0, 7]), f64::INFINITY);
        assert_eq!(kl(&[5, 5], &[8, 8]), 0.0);
    }

    /// Miller and Madow's correction takes off what the plug-in value is too large by.
    #[test]
    fn miller_madow_is_level_on_average() {
        use rand::SeedableRng as _;
        let mut random = rand::rngs::Xoshiro256PlusPlus::seed_from_u64(3);
        let (p, q, draws) = ([0.4, 0.3, 0.2, 0.1], [0.25, 0.25, 0.25, 0.25], 4000);
        let truth: f64 = p.iter().zip(q).map(|(p, q): (&f64, f64)| p * (p / q).ln()).sum();
        let (mut c, mut d) = ([0; 4], [0; 4]);
        let (mut plain, mut corrected) = (0.0, 0.0);
        for _ in 0..draws {
            super::super::interval::multinomial(100, &p, &mut random, &mut c);
            super::super::interval::multinomial(150, &q, &mut random, &mut d);
            plain += Estimator::PlugIn.kl(&c, &d).unwrap().value / f64::from(draws);
            corrected += Estimator::MillerMadow.kl(&c, &d).unwrap().value / f64::from(draws);
        }
        // The bias is 0.026, the standard error of the means 0.0008.
        assert!(plain - truth > 0.02, "{plain}");
        assert!((corrected - truth).abs() < 0.004, "{corrected}");
    }

    #[test]
    fn plug_in_is_exact_at_its_edges() {
        let kl = |p: &[u64], q: &[u64]| Estimator::PlugIn.kl(p, q).unwrap().value;
        assert_eq!(kl(&[3, 5, 0], &[3, 5, 0]), 0.0);
        assert_eq!(kl(&[3, 5], &[9, 15]), 0.0);
        assert_eq!(kl(&[1, 1], &[2, 0]), f64::INFINITY);
        assert_eq!(kl(&[2, 0], &[1, 1]), std::f64::consts::LN_2);
    }

    #[test]
    fn contributions_add_up() {
        for (estimator, _) in NAMES {
            let estimate = estimator.kl(&[10, 0, 7, 3], &[8, 2, 9, 1]).unwrap();
            assert_eq!(estimate.value, estimate.contributions.iter().sum::<f64>());
            let smooth = matches!(
                estimator,
                Estimator::JeffreysPrior | Estimator::Laplace | Estimator::Perks | Estimator::Shrinkage
            );
            assert_eq!(estimate.contributions[1] == 0.0, !smooth, "{estimator}");
            assert_eq!(estimator.to_string().parse(), Ok(estimator));
        }
    }

    #[test]
    fn wrong_counts_are_typed_errors() {
        let kl = |p: &[u64], q: &[u64]| Estimator::default().kl(p, q).map(|estimate| estimate.value);
        assert_eq!(kl(&[1], &[1, 2]), Err(Error::LengthMismatch { p: 1, q: 2 }));
        assert_eq!(kl(&[], &[]), Err(Error::Empty));
        assert_eq!(kl(&[0, 0], &[1, 2]), Err(Error::ZeroMass { side: Side::P }));
        assert_eq!(kl(&[1, 2], &[0, 0]), Err(Error::ZeroMass { side: Side::Q }));
        assert_eq!(
            "psi".parse::<Estimator>().unwrap_err().to_string(),
            "unknown estimator: expected zhang-grabchak, plugin, miller-madow, jeffreys-prior, laplace, perks or shrinkage"
        );
    }
}
