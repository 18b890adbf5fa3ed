//! Kullback–Leibler divergence estimated from counts.

use core::{fmt, str::FromStr};

use super::totals;
use crate::{Error, num::special::digamma};

/// How KL(P‖Q) is estimated from counts.
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
pub enum Estimator {
    /// Z. Zhang and M. Grabchak, "Nonparametric estimation of Kullback–Leibler divergence", Neural Computation 26
    /// (2014): Σ (cᵢ/N)·\[ψ(M+1) − ψ(dᵢ+1) − ψ(N) + ψ(cᵢ)\] for counts c of P (N in all) and d of Q (M in all).
    /// Always finite, its bias falls off exponentially where Q covers P; slightly negative values are normal near P = Q.
    #[default]
    ZhangGrabchak,
    /// The value for the observed frequencies themselves, Σ p̂ᵢ ln(p̂ᵢ/q̂ᵢ): 0 for equal frequencies, +∞ where Q has
    /// none of a cell that P has, about (K−1)/2·(1/N + 1/M) too large for K cells of the same distribution.
    PlugIn,
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
    /// KL(P‖Q) in nats from counts over the same cells.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::Empty`], or [`Error::ZeroMass`] when one side counts nothing.
    pub fn kl(self, p: &[u64], q: &[u64]) -> Result<KlEstimate, Error> {
        let (n, m) = totals(p, q)?;
        let cells = p.iter().zip(q);
        let contributions: Vec<f64> = match self {
            Self::ZhangGrabchak => {
                let (n, m) = (n as f64, m as f64);
                let offset = digamma(m + 1.0) - digamma(n);
                let term = |(&c, &d): (&u64, &u64)| match c {
                    0 => 0.0,
                    _ => c as f64 / n * (offset - digamma(d as f64 + 1.0) + digamma(c as f64)),
                };
                cells.map(term).collect()
            }
            Self::PlugIn => cells.map(|(&c, &d)| plug_in_term(c, d, n, m)).collect(),
        };
        Ok(KlEstimate { value: contributions.iter().sum(), contributions })
    }
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

/// The name is none of the estimators'.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownEstimator;

impl fmt::Display for UnknownEstimator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown estimator: expected zhang-grabchak or plugin")
    }
}

impl core::error::Error for UnknownEstimator {}

impl FromStr for Estimator {
    type Err = UnknownEstimator;

    fn from_str(name: &str) -> Result<Self, UnknownEstimator> {
        match name {
            "zhang-grabchak" => Ok(Self::ZhangGrabchak),
            "plugin" => Ok(Self::PlugIn),
            _ => Err(UnknownEstimator),
        }
    }
}

impl fmt::Display for Estimator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::ZhangGrabchak => "zhang-grabchak",
            Self::PlugIn => "plugin",
        })
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
    fn plug_in_is_exact_at_its_edges() {
        let kl = |p: &[u64], q: &[u64]| Estimator::PlugIn.kl(p, q).unwrap().value;
        assert_eq!(kl(&[3, 5, 0], &[3, 5, 0]), 0.0);
        assert_eq!(kl(&[3, 5], &[9, 15]), 0.0);
        assert_eq!(kl(&[1, 1], &[2, 0]), f64::INFINITY);
        assert_eq!(kl(&[2, 0], &[1, 1]), std::f64::consts::LN_2);
    }

    #[test]
    fn contributions_add_up() {
        for estimator in [Estimator::PlugIn, Estimator::ZhangGrabchak] {
            let estimate = estimator.kl(&[10, 0, 7, 3], &[8, 2, 9, 1]).unwrap();
            assert_eq!(estimate.value, estimate.contributions.iter().sum::<f64>());
            assert_eq!(estimate.contributions[1], 0.0);
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
    }
}
