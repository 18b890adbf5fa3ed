use super::{Generator, Point};
use crate::num::Real;

/// The centred term of the power family, `(p^α q^(1−α) − αp − (1−α)q) / (α(α − 1))`.
///
/// Continuous in α: 1 is KL and 0 its reverse; 2, −1 and ½ are half of Pearson's χ², half of Neyman's and four times
/// the squared Hellinger distance. (N. Cressie, T. Read, *Multinomial goodness-of-fit tests*, 1984.)
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Power {
    /// α and 1 − α, each to full precision: the exponents of p and q.
    exponents: [f64; 2],
}

impl Power {
    /// The term of order α, any finite number.
    #[must_use]
    pub const fn new(alpha: f64) -> Self {
        Self { exponents: [alpha, 1.0 - alpha] }
    }

    /// The term with these exponents, which add up to 1: for an α that is near 1 by a known difference.
    #[must_use]
    pub const fn with_exponents(alpha: f64, rest: f64) -> Self {
        Self { exponents: [alpha, rest] }
    }

    /// `Σ p^α q^(1−α) − 1`, from the sum of the terms.
    #[must_use]
    pub fn excess(self, sum: f64) -> f64 {
        -(self.exponents[0] * self.exponents[1]) * sum
    }
}

impl Generator for Power {
    #[inline(always)]
    fn term<V: Real>(self, x: Point<V>) -> V {
        let [alpha, rest] = self.exponents;
        if alpha == 0.5 {
            let difference = x.root_difference();
            difference * difference * 2.0
        } else if alpha == 2.0 {
            x.square() * 0.5
        } else if alpha == -1.0 {
            x.swapped().square() * 0.5
        } else if alpha < 0.5 {
            // The mirror image keeps 1 − α at most ½, where the difference below does not cancel.
            upper_power(x.swapped(), [rest, alpha])
        } else {
            upper_power(x, [alpha, rest])
        }
    }

    #[inline(always)]
    fn slope_q<V: Real>(self, x: Point<V>) -> V {
        let [alpha, _] = self.exponents;
        if alpha == 0.0 { x.q * x.ln_ratio() } else { x.swapped().power_excess(alpha) * (-1.0 / alpha) }
    }

    fn at_zero(self) -> f64 {
        if self.exponents[0] > 0.0 { 1.0 / self.exponents[0] } else { f64::INFINITY }
    }

    fn at_infinity(self) -> f64 {
        if self.exponents[1] > 0.0 { 1.0 / self.exponents[1] } else { f64::INFINITY }
    }
}

/// The term for α ≥ ½. With a = 1 − α and λ = ln(q/p), α(α − 1) times the term is p·e^{aλ} − αp − aq, which is
/// p·k(aλ) − a·φ(p, q) with k(x) = eˣ − 1 − x (both small near equality) and p·(e^{aλ} − 1) − a(q − p).
#[inline(always)]
fn upper_power<V: Real>(x: Point<V>, [alpha, a]: [f64; 2]) -> V {
    let kl = x.kl();
    if a == 0.0 {
        return kl;
    }
    let log = x.ln_ratio();
    let near = x.p * (log * a).exp_excess() - kl * a;
    let far = x.power_excess(a) - x.difference * a;
    let scaled = log.abs().where_less(log.constant(1.0), near, far);
    scaled * (1.0 / (-a * alpha))
}

/// `p^α q^(1−α)`: the power term before centring. Its sum tends to zero where supports part, so the logarithmic
/// measures take it there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Affinity {
    /// The exponent of p; positive.
    pub alpha: f64,
}

impl Generator for Affinity {
    #[inline(always)]
    fn term<V: Real>(self, x: Point<V>) -> V {
        x.power(1.0 - self.alpha)
    }
    #[inline(always)]
    fn slope_q<V: Real>(self, x: Point<V>) -> V {
        self.term(x) * (1.0 - self.alpha)
    }
    fn at_zero(self) -> f64 {
        0.0
    }
    fn at_infinity(self) -> f64 {
        if self.alpha < 1.0 { 0.0 } else { f64::INFINITY }
    }
}
