//! From a pair of distributions to a number: formula, supports and tails, or the fallback.

use super::certified::Certified;
use super::distribution::{Distribution, Terms};
use super::support::Edge;
use super::{Kind, fallback};
use crate::Error;

/// Below this share of its terms a sum of expectations has lost too many digits.
const CANCELLED: f64 = 1e-3;

/// KL(P‖Q) for a pair of families.
///
/// Where the pair has a formula of its own nothing cancels in it, however near Q is to P.
pub trait KlTo<Q> {
    /// The value by a formula; `None` where there is none for these parameters.
    fn closed_form(&self, q: &Q) -> Option<f64>;

    /// The value with its method and a bound on its error.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for vectors or matrices of different shapes; none in one dimension.
    fn certified_kl_to(&self, q: &Q) -> Result<Certified, Error>;

    /// The value in nats: ≥ 0, 0 exactly if Q = P, +∞ if P has mass where Q has none.
    ///
    /// # Errors
    /// As [`certified_kl_to`](KlTo::certified_kl_to).
    fn kl_to(&self, q: &Q) -> Result<f64, Error> {
        Ok(self.certified_kl_to(q)?.value)
    }
}

/// The provided half of [`KlTo`], for pairs of distributions.
macro_rules! certified {
    () => {
        fn certified_kl_to(&self, q: &Self) -> Result<$crate::family::Certified, $crate::Error> {
            Ok($crate::family::kl::by_formula(self, q, self.closed_form(q)))
        }
    };
    ($q:ty) => {
        fn certified_kl_to(&self, q: &$q) -> Result<$crate::family::Certified, $crate::Error> {
            Ok($crate::family::kl::by_formula(self, q, self.closed_form(q)))
        }
    };
}
pub(super) use certified;

/// KL(P‖Q) of any two one-dimensional distributions of one kind.
///
/// # Errors
/// [`Error::Kinds`] for a discrete distribution against a continuous one, which have no densities in common.
pub fn kl(p: &dyn Distribution, q: &dyn Distribution) -> Result<Certified, Error> {
    one_kind(p, q)?;
    Ok(general(p, q))
}

/// What both distributions are.
pub(super) fn one_kind(p: &dyn Distribution, q: &dyn Distribution) -> Result<Kind, Error> {
    let [p, q] = [p.support().kind, q.support().kind];
    if p == q { Ok(p) } else { Err(Error::Kinds { p: p.name(), q: q.name() }) }
}

/// The value of a pair that has a formula of its own.
pub(super) fn by_formula(p: &dyn Distribution, q: &dyn Distribution, value: Option<f64>) -> Certified {
    match value {
        Some(value) => Certified::exact(value),
        None => general(p, q),
    }
}

/// Any pair of one kind.
pub(super) fn general(p: &dyn Distribution, q: &dyn Distribution) -> Certified {
    if is_infinite(p, q) {
        return Certified::INFINITE;
    }
    match by_expectations(p, q) {
        Some(terms) if terms.value > CANCELLED * terms.size => {
            Certified { error: 1e-12 * terms.size, ..Certified::exact(terms.value) }
        }
        _ => fallback::kl(p, q),
    }
}

/// Cross-entropy less entropy, where both are made of known expectations.
pub(super) fn by_expectations(p: &dyn Distribution, q: &dyn Distribution) -> Option<Terms> {
    if !p.has_formulas() {
        return None;
    }
    // Entropies are sums of numbers near 1 themselves.
    let terms = q.cross_entropy_of(p)?.plus(-p.entropy());
    Some(Terms { size: terms.size + 1.0, ..terms })
}

/// Whether KL is infinite: P has mass outside Q's support, or its tail is too heavy for Q's.
fn is_infinite(p: &dyn Distribution, q: &dyn Distribution) -> bool {
    let (of_p, of_q) = (p.support(), q.support());
    if !of_q.covers(&of_p) {
        return true;
    }
    if of_p.kind == Kind::Discrete {
        // Every tail here falls exponentially or faster, and no −ln q grows beyond k ln k.
        return false;
    }
    let edges =
        of_q.ranges.iter().flat_map(|[low, high]| [Edge { at: *low, above: true }, Edge { at: *high, above: false }]);
    // Where P has mass on the inner side of one of Q's edges, right up to it.
    let reaches = |edge: &Edge| {
        let inside = |[low, high]: &[f64; 2]| match edge.above {
            true => *low <= edge.at && edge.at < *high,
            false => *low < edge.at && edge.at <= *high,
        };
        of_p.ranges.iter().any(inside)
    };
    edges.filter(reaches).any(|edge| p.tail(edge).diverges(q.tail(edge)))
}
