//! Divergences other than KL between families without formulas of their own: the densities at the nodes of a rule are
//! weights, and the divergence of these is that of the densities.

use super::any::of_exponential_family;
use super::distribution::Distribution;
use super::fallback;
use super::kl::one_kind;
use super::{Certified, Family, Kind, KlTo as _, Method, Multivariate, exponential_family};
use crate::{Error, Measure};

impl Family {
    /// A divergence by name: KL, its reverse and Jeffreys as [`kl`](Self::kl) has them, and every divergence that is
    /// finite whatever the supports: Jensen–Shannon and its relatives, Hellinger, Bhattacharyya, triangular, total
    /// variation, and Rényi and Tsallis of orders below 1. Of two members of one exponential family also Rényi's, Tsallis',
    /// Amari's and Cressie and Read's of every order, both χ² and the max-divergence, by the family's formula for KL and so
    /// without cancellation, or +∞. Laplace distributions of one location and Weibull distributions of one shape are such
    /// families. Of distributions on finitely many integers all divergences.
    ///
    /// # Errors
    /// As [`kl`](Self::kl); [`Error::Unbounded`] for a divergence whose finiteness is a matter of tails.
    pub fn divergence(&self, q: &Self, measure: Measure) -> Result<Certified, Error> {
        match measure {
            Measure::Kl => self.kl(q),
            Measure::ReverseKl => q.kl(self),
            Measure::Jeffreys => Ok(self.kl(q)?.plus(q.kl(self)?)),
            _ => match (self, q) {
                (Self::One(p), Self::One(q)) if p == q => Ok(Certified::exact(0.0)),
                (Self::One(p), Self::One(q)) => match of_exponential_family(p, q, measure) {
                    Some(value) => Ok(value),
                    None => between(p, q, measure),
                },
                (Self::Dirichlet(p), Self::Dirichlet(q)) => {
                    p.kl_to(q)?;
                    exponential_family::divergence(p, q, measure).ok_or(Error::Unbounded)
                }
                _ => {
                    self.kl(q)?;
                    Err(Error::Unbounded)
                }
            },
        }
    }

    /// The cross-entropy −E_P ln q in nats, of densities the differential one: KL and P's entropy; +∞ where KL is.
    ///
    /// ```
    /// use kullback::family::Family;
    /// let (p, q): (Family, Family) = ("exponential(1)".parse()?, "exponential(2)".parse()?);
    /// // 2 E x − ln 2
    /// assert!((p.cross_entropy(&q)?.value - (2.0 - f64::ln(2.0))).abs() < 1e-15);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`kl`](Self::kl); [`Error::Unbounded`] for vectors and matrices without a formula for their entropy: all but
    /// Dirichlet and multivariate normal ones.
    pub fn cross_entropy(&self, q: &Self) -> Result<Certified, Error> {
        let kl = self.kl(q)?;
        let by_formula = |value: f64| Certified { value, error: 1e-13 * (1.0 + value.abs()), ..Certified::exact(0.0) };
        let entropy = match self {
            Self::One(p) if p.has_formulas() => by_formula(p.entropy()),
            Self::One(p) => fallback::expectation(p, |x| -p.ln_density(x)),
            Self::Dirichlet(p) => by_formula(p.entropy()),
            Self::Many(Multivariate::Normal(p)) => by_formula(p.entropy()),
            Self::Many(_) => return Err(Error::Unbounded),
        };
        Ok(if kl.value.is_infinite() { kl } else { kl.plus(entropy) })
    }
}

/// Whether it is finite for any two distributions, or infinite for disjoint ones only.
fn is_bounded(measure: Measure) -> bool {
    let inside = |x: f64| x > 0.0 && x < 1.0;
    match measure {
        Measure::JensenShannon
        | Measure::JensenShannonDistance
        | Measure::KDivergence
        | Measure::SquaredHellinger
        | Measure::Hellinger
        | Measure::Bhattacharyya
        | Measure::Triangular
        | Measure::TotalVariation => true,
        Measure::GeneralizedJensenShannon(x) => (0.0..=1.0).contains(&x),
        Measure::SkewKl(x) => x > 0.0 && x <= 1.0,
        Measure::ScaledJensenShannon(x) | Measure::Renyi(x) | Measure::Tsallis(x) => inside(x),
        _ => false,
    }
}

fn between(p: &dyn Distribution, q: &dyn Distribution, measure: Measure) -> Result<Certified, Error> {
    let kind = one_kind(p, q)?;
    let finite = |x: &dyn Distribution| x.support().hull().iter().all(|end| end.is_finite());
    if !(is_bounded(measure) || kind == Kind::Discrete && finite(p) && finite(q)) {
        return Err(Error::Unbounded);
    }
    let [coarse, fine] = [false, true].map(|halved| fallback::nodes(p, q, halved));
    let value = |nodes: &[fallback::Node]| {
        let (of_p, of_q): (Vec<f64>, Vec<f64>) = nodes.iter().map(|node| (node.p, node.q)).unzip();
        measure.between(&of_p, &of_q)
    };
    let (value, coarse) = (value(&fine)?, value(&coarse)?);
    let method = if kind == Kind::Discrete { Method::Series } else { Method::Quadrature };
    let error = if value.is_finite() { 2.0 * (value - coarse).abs() + 1e-12 * value } else { 0.0 };
    Ok(Certified { value, method, error })
}
