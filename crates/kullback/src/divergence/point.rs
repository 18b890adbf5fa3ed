use crate::num::Real;
use crate::num::entropic::exp_excess_near;

/// One category of a pair of distributions, both scaled to the same mass.
///
/// Terms are written in its fields and in its methods, which are the elementary functions of a category. A driver of
/// weights has p and q and derives logarithms from them; a driver of logits has the logarithms and derives p and q,
/// which may then be 0 by underflow where their logarithms still count. The methods do what suits either.
#[derive(Debug, Clone, Copy)]
pub struct Point<V> {
    /// Weight under P.
    pub p: V,
    /// Weight under Q.
    pub q: V,
    /// `q − p`, which keeps digits that the rounded `p` and `q` have lost.
    pub difference: V,
    /// What P and Q each sum to.
    pub mass: V,
    /// What is known before p and q are. `None` is known at compile time, so weights pay nothing for it.
    logs: Option<Logs<V>>,
}

/// What two weights are from a mixture m of them.
#[derive(Debug, Clone, Copy)]
pub struct ToMixture<V> {
    /// `p ln(p/m)` and `q ln(q/m)` times their shares, ≥ 0 together.
    pub sum: V,
    /// `ln(q/m)`.
    pub ln_q: V,
}

#[derive(Debug, Clone, Copy)]
struct Logs<V> {
    /// ln(p/mass).
    ln_p: V,
    /// ln(q/p).
    ln_ratio: V,
    /// φ(p, q).
    kl: V,
}

/// Below it a weight is not used as a divisor, and a mixture adds nothing that counts: the square root of a double's
/// range, and less of a single's.
#[inline(always)]
fn floor<V: Real>(x: V) -> V {
    x.constant(if V::DIGITS > 24 { 1e-290 } else { 1e-30 })
}

impl<V: Real> Point<V> {
    /// A category of two positive weights.
    #[inline(always)]
    #[must_use]
    pub fn new(p: V, q: V, difference: V, mass: V) -> Self {
        Self { p, q, difference, mass, logs: None }
    }

    /// A category of mass 1 in total, from ln p and p, a separately computed q, and `ln_ratio = ln(q/p)`. Where q is
    /// near p everything but p comes from `ln_ratio`: q − p = p·(e^x − 1) and φ = p·(e^x − 1 − x).
    #[inline(always)]
    #[must_use]
    pub fn from_logs(p: V, q: V, ln_p: V, ln_ratio: V) -> Self {
        let near = p.constant(NEAR);
        let x = ln_ratio;
        let excess = p * exp_excess_near(x);
        let close = p.mul_add(x, excess);
        let apart = q - p;
        let size = x.abs();
        let difference = size.where_less(near, close, apart);
        let kl = size.where_less(near, excess, (-p).mul_add(x, apart));
        Self { p, q, difference, mass: p.constant(1.0), logs: Some(Logs { ln_p, ln_ratio, kl }) }
    }

    /// The same category with P and Q exchanged.
    #[inline(always)]
    #[must_use]
    pub fn swapped(self) -> Self {
        let Self { p, q, difference, mass, .. } = self;
        let logs = match self.logs {
            None => None,
            Some(Logs { ln_p, ln_ratio, kl }) => {
                let (near, size) = (p.constant(NEAR), ln_ratio.abs());
                // φ(q, p) = (q − p)·ln(q/p) − φ(p, q).
                let close = difference.mul_add(ln_ratio, -kl);
                let apart = q.mul_add(ln_ratio, -difference);
                Some(Logs { ln_p: ln_p + ln_ratio, ln_ratio: -ln_ratio, kl: size.where_less(near, close, apart) })
            }
        };
        Self { p: q, q: p, difference: -difference, mass, logs }
    }

    /// The same category with Q replaced by the mixture of P and Q with these shares, which add up to 1.
    #[inline(always)]
    #[must_use]
    pub fn mixed(self, [of_p, of_q]: [f64; 2]) -> Self {
        let q = self.q.mul_add(self.q.constant(of_q), self.p * of_p);
        let difference = self.difference * of_q;
        match self.logs {
            None => Self { q, difference, ..self },
            Some(_) => Self::new(self.p.max(floor(q)), q.max(floor(q)), difference, self.mass),
        }
    }

    /// What P and Q each are from their mixture with these shares, which add up to 1.
    ///
    /// Where ln(q/p) is known one logarithm of a ratio is enough for both.
    #[inline(always)]
    #[must_use]
    pub fn to_mixture(self, [of_p, of_q]: [f64; 2]) -> ToMixture<V> {
        let Self { p, q, difference, .. } = self;
        let m = q.mul_add(q.constant(of_q), p * of_p);
        let Some(Logs { ln_ratio, .. }) = self.logs else {
            let (from_p, from_q) = (V::kl_term(p, m, difference * of_q), V::kl_term(q, m, difference * -of_p));
            return ToMixture { sum: from_p * of_p + from_q * of_q, ln_q: V::ln_ratio(m, q, difference * of_p) };
        };
        let least = floor(q);
        // From m to q, or to p where nothing is left of q.
        let to = q.where_less(least, p.max(least), q);
        let known = V::ln_ratio(m.max(least), to, q.where_less(least, difference * -of_q, difference * of_p));
        // Neither by way of the other: a large ratio would swallow what is known.
        let ln_q = q.where_less(least, known + ln_ratio, known);
        let ln_p = q.where_less(least, known, known - ln_ratio);
        let (by_p, by_q) = (p * of_p, q * of_q);
        let near = by_p.mul_add(exp_excess_near(-ln_p), by_q * exp_excess_near(-ln_q));
        let far = by_p.mul_add(ln_p, by_q * ln_q);
        ToMixture { sum: ln_ratio.abs().where_less(q.constant(NEAR), near, far), ln_q }
    }

    /// Whether logarithms are known that a mixture would lose.
    #[inline(always)]
    pub(crate) fn has_logs(self) -> bool {
        self.logs.is_some()
    }

    /// `ln(q/p)`.
    #[inline(always)]
    #[must_use]
    pub fn ln_ratio(self) -> V {
        match self.logs {
            None => V::ln_ratio(self.p, self.q, self.difference),
            Some(logs) => logs.ln_ratio,
        }
    }

    /// `ln(q/mass)`.
    #[inline(always)]
    #[must_use]
    pub fn ln_q(self) -> V {
        match self.logs {
            None => V::ln_ratio(self.mass, self.q, self.q - self.mass),
            Some(logs) => logs.ln_p + logs.ln_ratio,
        }
    }

    /// The KL term `p ln(p/q) − p + q ≥ 0`.
    #[inline(always)]
    #[must_use]
    pub fn kl(self) -> V {
        match self.logs {
            None => V::kl_term(self.p, self.q, self.difference),
            Some(logs) => logs.kl,
        }
    }

    /// `p (q/p)^a = p^(1−a) q^a`.
    #[inline(always)]
    #[must_use]
    pub fn power(self, a: f64) -> V {
        match self.logs {
            None if a == 0.5 => self.p.sqrt() * self.q.sqrt(),
            None => self.p * (self.ln_ratio() * a).exp(),
            Some(logs) => (logs.ln_p + logs.ln_ratio * a).exp() * self.mass,
        }
    }

    /// `p ((q/p)^a − 1)`, without cancellation.
    #[inline(always)]
    #[must_use]
    pub fn power_excess(self, a: f64) -> V {
        let x = self.ln_ratio() * a;
        let near = self.p * x.exp_m1();
        match self.logs {
            None => near,
            Some(_) => x.abs().where_less(x.constant(1.0), near, self.power(a) - self.p),
        }
    }

    /// `√q − √p`.
    #[inline(always)]
    #[must_use]
    pub fn root_difference(self) -> V {
        let sum = self.p.sqrt() + self.q.sqrt();
        match self.logs {
            None => self.difference / sum,
            Some(_) => self.difference / sum.max(floor(sum)),
        }
    }

    /// `(q − p)² / q`.
    #[inline(always)]
    #[must_use]
    pub fn square(self) -> V {
        let ratio = self.difference * (self.difference / self.q);
        match self.logs {
            None => ratio,
            // p²/q alone counts there.
            Some(_) => self.q.where_less(floor(self.q), self.power(-1.0), ratio),
        }
    }
}

/// How far ln(q/p) is from 0 where everything is taken from it: as far as the polynomial holds. Beyond, the weights may
/// have lost some bits of singles, and the difference still is no smaller than they are.
const NEAR: f64 = 1.0;
