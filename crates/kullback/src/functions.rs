//! The divergences as plain functions, for those who look for a name.

use crate::Error;
use crate::discrete::Weight;
use crate::divergence::{
    Bhattacharyya, Divergence, Hellinger, Jeffreys, JensenShannon, JensenShannonDistance, Kl, MaxDivergence,
    PearsonChiSquare, Renyi, SquaredHellinger, TotalVariation,
};

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident $divergence:expr;)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            /// As [`Divergence::between`].
            pub fn $name<T: Weight>(p: &[T], q: &[T]) -> Result<f64, Error> {
                $divergence.between(p, q)
            }
        )*
    };
}

functions! {
    /// `D(P‖Q) = Σ p ln(p/q)`, in nats. See [`Kl`].
    ///
    /// ```
    /// let kl = kullback::kl_divergence(&[1.0, 1.0], &[1.0, 3.0])?;
    /// assert!((kl - (4f64 / 3.0).ln() / 2.0).abs() < 1e-16);
    /// # Ok::<(), kullback::Error>(())
    /// ```
    kl_divergence Kl;
    /// `D(P‖Q) + D(Q‖P)`, in nats. See [`Jeffreys`].
    jeffreys_divergence Jeffreys;
    /// The Jensen–Shannon divergence, in nats, at most ln 2. See [`JensenShannon`].
    js_divergence JensenShannon::HALF;
    /// The Jensen–Shannon distance. See [`JensenShannonDistance`].
    js_distance JensenShannonDistance;
    /// The total variation distance `½ Σ |p − q|`. See [`TotalVariation`].
    total_variation TotalVariation;
    /// The squared Hellinger distance `1 − Σ √(pq)`. See [`SquaredHellinger`].
    squared_hellinger SquaredHellinger;
    /// The Hellinger distance `√(1 − Σ √(pq))`. See [`Hellinger`].
    hellinger_distance Hellinger;
    /// `−ln Σ √(pq)`, in nats. See [`Bhattacharyya`].
    bhattacharyya Bhattacharyya;
    /// Pearson's `χ² = Σ (p − q)²/q`. See [`PearsonChiSquare`].
    chi_square PearsonChiSquare;
    /// `ln max p/q`, in nats. See [`MaxDivergence`].
    max_divergence MaxDivergence;
}

/// The Rényi divergence of order α, in nats. See [`Renyi`].
///
/// # Errors
/// As [`Renyi::new`] and [`Divergence::between`].
pub fn renyi_divergence<T: Weight>(p: &[T], q: &[T], alpha: f64) -> Result<f64, Error> {
    Renyi::new(alpha)?.between(p, q)
}
