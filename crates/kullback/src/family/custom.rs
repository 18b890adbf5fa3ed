use core::fmt;

use rand::Rng;

use super::{Distribution, Edge, Point, Support, Tail, unit};

/// A density of one's own: ln of it as a closure, and where it has mass.
///
/// ```
/// use kullback::family::{Custom, Normal, Support, kl};
/// // A normal density, as if nobody had a formula for it.
/// let p = Custom::new(Support::line(), vec![0.0], |x| -0.5 * x * x - 0.918_938_533_204_672_8);
/// let q = Normal::new(1.0, 2.0)?;
/// let found = kl(&p, &q)?;
/// assert!((found.value - 0.443_147_180_559_945_3).abs() <= found.error);
/// # Ok::<(), kullback::Error>(())
/// ```
pub struct Custom<F> {
    support: Support,
    landmarks: Vec<f64>,
    tails: Vec<(f64, Tail)>,
    ln_density: F,
}

impl<F: Fn(f64) -> f64 + Send + Sync> Custom<F> {
    /// A distribution with this support, whose normalised density, or mass, is e to the power of `ln_density` there.
    /// `landmarks` are points that an integration should not step over: modes, kinks, where tails begin.
    pub fn new(support: Support, landmarks: Vec<f64>, ln_density: F) -> Self {
        Self { support, landmarks, tails: Vec::new(), ln_density }
    }

    /// With a tail towards an edge, which is otherwise taken for a light one, e^(−x²): it decides whether a divergence is
    /// infinite.
    #[must_use]
    pub fn with_tail(mut self, at: f64, tail: Tail) -> Self {
        self.tails.push((at, tail));
        self
    }
}

impl<F> fmt::Debug for Custom<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Custom").field("support", &self.support).field("tails", &self.tails).finish_non_exhaustive()
    }
}

impl<F: Fn(f64) -> f64 + Send + Sync> Distribution for Custom<F> {
    fn name(&self) -> &'static str {
        "custom"
    }
    fn support(&self) -> Support {
        self.support.clone()
    }
    fn ln_density(&self, x: Point) -> f64 {
        let x = x.value();
        if self.support.contains(x) { (self.ln_density)(x) } else { f64::NEG_INFINITY }
    }
    fn landmarks(&self) -> Vec<f64> {
        self.landmarks.clone()
    }
    fn tail(&self, edge: Edge) -> Tail {
        let light = Tail::Exponential { power: 2.0, rate: 1.0 };
        let usual = if edge.at.is_infinite() { light } else { Tail::Power(1.0) };
        self.tails.iter().find(|(at, _)| *at == edge.at).map_or(usual, |(_, tail)| *tail)
    }
    /// By rejection from the landmarks' hull is not possible in general: the distribution function is inverted, slowly.
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        super::fallback::quantile(self, unit(rng))
    }
}
