//! Divergences other than KL between families without formulas of their own: the densities at the nodes of a rule are
//! weights, and the divergence of these is that of the densities.

use super::distribution::Distribution;
use super::fallback;
use super::kl::one_kind;
use super::{Certified, Family, Kind, Method};
use crate::{Error, Measure};

impl Family {
    /// A divergence by name: KL, its reverse and Jeffreys as [`kl`](Self::kl) has them, and every divergence that is
    /// finite whatever the supports: Jensen–Shannon and its relatives, Hellinger, Bhattacharyya, triangular, total
    /// variation, and Rényi and Tsallis of orders below 1.
    ///
    /// # Errors
    /// As [`kl`](Self::kl); [`Error::Unbounded`] for a divergence whose finiteness is a matter of tails.
    pub fn divergence(&self, q: &Self, measure: Measure) -> Result<Certified, Error> {
        match measure {
            Measure::Kl => self.kl(q),
            Measure::ReverseKl => q.kl(self),
            Measure::Jeffreys => Ok(self.kl(q)?.plus(q.kl(self)?)),
            _ => match (self, q) {
                (Self::One(p), Self::One(q)) => between(p, q, measure),
                _ => {
                    self.kl(q)?;
                    Err(Error::Unbounded)
                }
            },
        }
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
    if !is_bounded(measure) {
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
