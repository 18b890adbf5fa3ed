use crate::num::Real;
use crate::num::wide::Wide;
use crate::{Divergence, Error, Kl};

use super::{Weight, wide};

/// A category's part of a KL divergence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contribution {
    /// The category, from 0.
    pub index: usize,
    /// Its probability under P.
    pub p: f64,
    /// Its probability under Q.
    pub q: f64,
    /// `p ln(p/q)`: negative where P has less mass than Q, +∞ where Q has none, 0 where P has none.
    pub nats: f64,
}

/// The terms `p ln(p/q)` that sum to KL(P‖Q), in nats and in the order of the categories.
///
/// ```
/// use kullback::{kl_contributions, kl_divergence};
/// let (p, q) = ([3.0, 1.0], [1.0, 1.0]);
/// let sum: f64 = kl_contributions(&p, &q)?.iter().map(|part| part.nats).sum();
/// assert!((sum - kl_divergence(&p, &q)?).abs() < 1e-15);
/// # Ok::<(), kullback::Error>(())
/// ```
///
/// # Errors
/// As [`Divergence::between`].
pub fn kl_contributions<T: Weight>(p: &[T], q: &[T]) -> Result<Vec<Contribution>, Error> {
    Kl.between(p, q)?;
    // One scalar text for weights of any scale: who reads the categories one by one can wait for them.
    let (mass_p, mass_q) = (wide::mass(p), wide::mass(q));
    let ratio = mass_q / mass_p;
    let part = |(index, (&p, &q)): (usize, (&T, &T))| {
        let (p, q) = (Wide::new(p.into()), Wide::new(q.into()));
        let scaled = p * ratio;
        let nats = match (p == Wide::ZERO, q == Wide::ZERO) {
            (true, _) => 0.0,
            (_, true) => f64::INFINITY,
            _ => {
                let difference = Wide::difference_of_products(q, Wide::ONE, p, ratio);
                (-(scaled * Wide::ln_ratio(scaled, q, difference)) / mass_q).value()
            }
        };
        Contribution { index, p: (p / mass_p).value(), q: (q / mass_q).value(), nats }
    };
    Ok(p.iter().zip(q).enumerate().map(part).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_exact_at_any_scale() {
        let parts = kl_contributions(&[1.0, 0.0, 3.0], &[0.0, 2.0, 2.0]).unwrap();
        assert_eq!(parts[0], Contribution { index: 0, p: 0.25, q: 0.0, nats: f64::INFINITY });
        assert_eq!(parts[1], Contribution { index: 1, p: 0.0, q: 0.5, nats: 0.0 });
        assert_eq!(parts[2].nats, 0.75 * 1.5_f64.ln());

        let tiny = kl_contributions(&[1e-300, 1.0], &[1.0, 1.0]).unwrap()[0].nats;
        let expected = -1e-300 * (300.0 * std::f64::consts::LN_10 - std::f64::consts::LN_2);
        assert!((tiny / expected - 1.0).abs() < 1e-15);

        let huge = kl_contributions(&[f64::MAX, f64::MAX], &[f64::MAX, 5e-324]).unwrap();
        assert!(huge.iter().all(|part| part.p == 0.5 && part.nats.is_finite()));
        assert_eq!(kl_contributions(&[2.0, 6.0], &[1.0, 3.0]).unwrap()[1].nats, 0.0);
    }
}
