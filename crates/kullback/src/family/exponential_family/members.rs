//! Which member lies between two of a family, and how high the ratio of their densities is.

use super::*;
use crate::family::bernoulli::share_term;
use crate::num::Real;
use crate::num::special::gamma::binet_slope;
use crate::num::special::{bessel, bregman};

/// αp + (1 − α)q.
fn mix(p: f64, q: f64, alpha: f64) -> f64 {
    q + alpha * (p - q)
}

/// The member of normal distributions: precisions mix, and means in the proportion of theirs.
fn between_normals([loc_p, scale_p]: [f64; 2], [loc_q, scale_q]: [f64; 2], alpha: f64) -> [f64; 2] {
    let ratio = scale_q / scale_p;
    let less_one = (scale_q - scale_p) / scale_p;
    let precision = 1.0 + alpha * less_one * (ratio + 1.0);
    [loc_q + alpha * ratio * ratio / precision * (loc_p - loc_q), scale_q / precision.sqrt()]
}

/// ln sup p/q of normal distributions: finite if Q is wider.
fn highest_of_normals([loc_p, scale_p]: [f64; 2], [loc_q, scale_q]: [f64; 2]) -> f64 {
    let off = loc_p - loc_q;
    if scale_p < scale_q {
        let wider = scale_q - scale_p;
        (wider / scale_p).ln_1p() + off / wider * (off / (scale_q + scale_p)) * 0.5
    } else if loc_p == loc_q && scale_p == scale_q {
        0.0
    } else {
        f64::INFINITY
    }
}

/// Families of which natural parameters are shifted or scaled parameters.
macro_rules! mixing {
    ($($family:ident { $($parameter:ident),+ } $highest:ident)*) => {
        $(impl ExponentialFamily for $family {
            fn between(&self, q: &Self, alpha: f64) -> Between<Self> {
                Between::of(Self::new($(mix(self.$parameter(), q.$parameter(), alpha)),+))
            }
            fn max_divergence(&self, q: &Self) -> Option<f64> {
                Some(self.closed_form(q)? + $highest([$(self.$parameter()),+], [$(q.$parameter()),+]))
            }
        })*
    };
}

/// ln a − ψ(a) > 0: how far E ln X of a Gamma variable with this shape is below ln E X.
fn below_mean(a: f64) -> f64 {
    0.5 / a - binet_slope(a)
}

/// sup g − E g of Gamma distributions, g = δ ln x − εx: with the mean μ, φ(δ, εμ) + δ(ln μ − E ln X).
fn highest_of_gammas([a_p, rate_p]: [f64; 2], [a_q, rate_q]: [f64; 2]) -> f64 {
    let [shape, rate] = [a_p - a_q, rate_p - rate_q];
    if shape < 0.0 || rate < 0.0 {
        return f64::INFINITY;
    }
    let expected = rate / rate_p * a_p;
    if shape == 0.0 && expected == 0.0 {
        return 0.0;
    }
    share_term(shape, expected, expected - shape) + shape * below_mean(a_p)
}

/// The same of Dirichlet distributions, g = Σ δᵢ ln xᵢ: its maximum is at the shares of δ.
fn highest_of_dirichlets<const N: usize>(p: [f64; N], q: [f64; N]) -> f64 {
    highest_of_shares(&p, &q)
}

fn highest_of_shares(p: &[f64], q: &[f64]) -> f64 {
    let surplus = || p.iter().zip(q).map(|(p, q)| p - q);
    if surplus().any(|x| x < 0.0) {
        return f64::INFINITY;
    }
    let [total, more] = [p.iter().sum::<f64>(), surplus().sum()];
    if more == 0.0 {
        return 0.0;
    }
    let part = |(a, x): (&f64, f64)| {
        let expected = more * (a / total);
        share_term(x, expected, expected - x) + x * (below_mean(*a) - below_mean(total))
    };
    p.iter().zip(surplus()).map(part).sum()
}

/// The same of Lindley distributions, g = −εx: at x = 0, or nowhere.
fn highest_of_lindleys([p]: [f64; 1], [q]: [f64; 1]) -> f64 {
    if p < q { f64::INFINITY } else { (p - q) * (p + 2.0) / (p * (p + 1.0)) }
}

/// The same where any difference is one of tails.
fn unbounded([p]: [f64; 1], [q]: [f64; 1]) -> f64 {
    if p == q { 0.0 } else { f64::INFINITY }
}

mixing! {
    Gamma { concentration, rate } highest_of_gammas
    InverseGamma { concentration, rate } highest_of_gammas
    Beta { concentration1, concentration0 } highest_of_dirichlets
    // The one with more degrees of freedom has the heavier upper tail, the other one more mass at 0.
    Chi { df } unbounded
    Chi2 { df } unbounded
    Lindley { theta } highest_of_lindleys
    ExpGamma { concentration, rate } highest_of_gammas
    ExpInverseGamma { concentration, rate } highest_of_gammas
}

macro_rules! like_normal {
    ($($family:ident)*) => {
        $(impl ExponentialFamily for $family {
            fn between(&self, q: &Self, alpha: f64) -> Between<Self> {
                let [loc, scale] = between_normals([self.loc(), self.scale()], [q.loc(), q.scale()], alpha);
                Between::of(Self::new(loc, scale))
            }
            fn max_divergence(&self, q: &Self) -> Option<f64> {
                Some(highest_of_normals([self.loc(), self.scale()], [q.loc(), q.scale()]))
            }
        })*
    };
}

like_normal! { Normal LogNormal LogitNormal }

impl ExponentialFamily for HalfNormal {
    fn between(&self, q: &Self, alpha: f64) -> Between<Self> {
        Between::of(Self::new(between_normals([0.0, self.scale()], [0.0, q.scale()], alpha)[1]))
    }
    fn max_divergence(&self, q: &Self) -> Option<f64> {
        Some(highest_of_normals([0.0, self.scale()], [0.0, q.scale()]))
    }
}

/// Where `p` is at least `q` and the ratio of densities is largest at the lower edge: ln(p/q) there, else +∞.
fn highest_at_edge(p: f64, q: f64) -> f64 {
    if p >= q { ((p - q) / q).ln_1p() } else { f64::INFINITY }
}

impl ExponentialFamily for Exponential {
    fn between(&self, q: &Self, alpha: f64) -> Between<Self> {
        Between::of(Self::new(mix(self.rate(), q.rate(), alpha)))
    }
    fn max_divergence(&self, q: &Self) -> Option<f64> {
        Some(highest_at_edge(self.rate(), q.rate()))
    }
}

impl ExponentialFamily for Pareto {
    fn between(&self, q: &Self, alpha: f64) -> Between<Self> {
        if self.scale() != q.scale() {
            return Between::Unrelated;
        }
        Between::of(Self::new(self.scale(), mix(self.alpha(), q.alpha(), alpha)))
    }
    fn max_divergence(&self, q: &Self) -> Option<f64> {
        (self.scale() == q.scale()).then(|| highest_at_edge(self.alpha(), q.alpha()))
    }
}

/// Below this a power of parameters may have lost digits, or all of them.
const UNDERFLOW: f64 = 1e-290;

/// p^α q^(1−α) of numbers of at least 0; +∞ where q is 0 and α above 1, 0 where either is.
fn geometric_mean(p: f64, q: f64, alpha: f64) -> f64 {
    match (p == 0.0, q == 0.0) {
        (false, true) if alpha > 1.0 => f64::INFINITY,
        (false, false) => q * (alpha * (p / q).ln()).exp(),
        _ => 0.0,
    }
}

impl ExponentialFamily for Poisson {
    fn between(&self, q: &Self, alpha: f64) -> Between<Self> {
        Between::of(Self::new(geometric_mean(self.rate(), q.rate(), alpha)))
    }
    fn kl_to_member(&self, q: &Self, m: &Self, alpha: f64) -> Option<f64> {
        if m.rate() < UNDERFLOW && self.rate() > 0.0 {
            return Some(self.rate() * ((alpha - 1.0) * (q.rate() / self.rate()).ln() - 1.0));
        }
        self.closed_form(m)
    }
    fn max_divergence(&self, q: &Self) -> Option<f64> {
        Some(if self.rate() <= q.rate() { q.rate() - self.rate() } else { f64::INFINITY })
    }
}

/// The logarithm of M's probability of a failure: those of P and Q mix.
fn mixed_failures(p: &Geometric, q: &Geometric, alpha: f64) -> f64 {
    let [p, q] = [p, q].map(|side| (-side.probs()).ln_1p());
    match (p == f64::NEG_INFINITY, q == f64::NEG_INFINITY) {
        (false, true) if alpha > 1.0 => f64::INFINITY,
        (false, false) => mix(p, q, alpha),
        _ => f64::NEG_INFINITY,
    }
}

impl ExponentialFamily for Geometric {
    fn between(&self, q: &Self, alpha: f64) -> Between<Self> {
        Between::of(Self::new(-mixed_failures(self, q, alpha).exp_m1()))
    }
    fn kl_to_member(&self, q: &Self, m: &Self, alpha: f64) -> Option<f64> {
        let (ln_failure, ln_of_p) = (mixed_failures(self, q, alpha), (-self.probs()).ln_1p());
        // Where M fails much more rarely than P, its probability of success has lost the digits of that.
        if ln_of_p.is_finite() && ln_failure < ln_of_p - 2.0 {
            let failures = (1.0 - self.probs()) / self.probs();
            return Some(failures * (ln_of_p - ln_failure) + (self.probs().ln() - (-ln_failure.exp()).ln_1p()));
        }
        self.closed_form(m)
    }
    fn max_divergence(&self, q: &Self) -> Option<f64> {
        Some(highest_at_edge(self.probs(), q.probs()))
    }
}

impl ExponentialFamily for NegativeBinomial {
    fn between(&self, q: &Self, alpha: f64) -> Between<Self> {
        if self.total_count() != q.total_count() {
            return Between::Unrelated;
        }
        Between::of(Self::new(self.total_count(), geometric_mean(self.probs(), q.probs(), alpha)))
    }
    fn kl_to_member(&self, q: &Self, m: &Self, alpha: f64) -> Option<f64> {
        let probs = self.probs();
        if m.probs() < UNDERFLOW && probs > 0.0 {
            let ratio = (alpha - 1.0) * (q.probs() / probs).ln();
            return Some(self.total_count() * (probs / (1.0 - probs) * ratio + (-probs).ln_1p()));
        }
        self.closed_form(m)
    }
    /// At no success, if these are likelier in Q.
    fn max_divergence(&self, q: &Self) -> Option<f64> {
        let (p, q_probs) = (self.probs(), q.probs());
        let of_one = if p <= q_probs { ((q_probs - p) / (1.0 - q_probs)).ln_1p() } else { f64::INFINITY };
        (self.total_count() == q.total_count()).then_some(self.total_count() * of_one)
    }
}

impl ExponentialFamily for VonMises {
    fn between(&self, q: &Self, alpha: f64) -> Between<Self> {
        // Vectors mix: seen from Q's direction.
        let turn = self.loc() - q.loc();
        let along = mix(self.concentration() * turn.cos(), q.concentration(), alpha);
        let across = alpha * self.concentration() * turn.sin();
        Between::of(Self::new(q.loc() + across.atan2(along), along.hypot(across)))
    }
    /// The difference of the vectors is longer than what it has along P's, of which the mean has A(κ_p) ≤ 1.
    fn max_divergence(&self, q: &Self) -> Option<f64> {
        let (turn, kappa) = (self.loc() - q.loc(), self.concentration());
        // κ_p − κ_q cos of the turn, near equality as well.
        let along = (kappa - q.concentration()) + 2.0 * q.concentration() * (0.5 * turn).sin().powi(2);
        let across = q.concentration() * turn.sin();
        let length = along.hypot(across);
        let highest = match along > 0.0 {
            true => across / (length + along) * across + along * bessel::shortfall(0.0, kappa),
            false => length - along * bessel::ratio(0.0, kappa),
        };
        Some(self.closed_form(q)? + highest)
    }
}

impl ExponentialFamily for ContinuousBernoulli {
    /// In log-odds, of which the parameter rounds to 1: Bregman divergences of their log-partition.
    fn renyi(&self, q: &Self, alpha: f64) -> Option<f64> {
        let [p, q] = [self.natural(), q.natural()];
        let m = mix(p, q, alpha);
        Some(if alpha < 1.0 {
            bregman::ln_expm1_over(p, m) * (alpha / (1.0 - alpha)) + bregman::ln_expm1_over(q, m)
        } else {
            bregman::ln_expm1_over(q, p) + bregman::ln_expm1_over(m, p) / (alpha - 1.0)
        })
    }
    /// At the end towards which P leans more.
    fn max_divergence(&self, q: &Self) -> Option<f64> {
        let [p, q_natural] = [self.natural(), q.natural()];
        let lean = p - q_natural;
        // E_P of the distance from that end.
        let off = bregman::ln_expm1_over_slope(if lean > 0.0 { -p } else { p });
        Some(self.closed_form(q)? + lean.abs() * off)
    }
}

/// Those of one location are exponential in |x − loc|.
impl ExponentialFamily for Laplace {
    fn between(&self, q: &Self, alpha: f64) -> Between<Self> {
        if self.loc() != q.loc() {
            return Between::Unrelated;
        }
        let inverse = mix(q.scale() / self.scale(), 1.0, alpha);
        Between::of(Self::new(self.loc(), q.scale() / inverse))
    }
    /// At P's peak, if Q is as wide at least.
    fn max_divergence(&self, q: &Self) -> Option<f64> {
        let wider = q.scale() - self.scale();
        let apart = (self.loc() - q.loc()).abs() / q.scale();
        Some(if wider >= 0.0 { (wider / self.scale()).ln_1p() + apart } else { f64::INFINITY })
    }
}

/// Those of one shape are exponential in x^concentration.
impl ExponentialFamily for Weibull {
    fn between(&self, q: &Self, alpha: f64) -> Between<Self> {
        let k = self.concentration();
        if k != q.concentration() {
            return Between::Unrelated;
        }
        // ln of Q's rate scale^−k over P's.
        let ln_rate = k * f64::ln_ratio(q.scale(), self.scale(), self.scale() - q.scale());
        let ln_mixed = if ln_rate < 1.0 {
            ((1.0 - alpha) * ln_rate.exp_m1()).ln_1p()
        } else {
            ln_rate + (alpha * (-ln_rate).exp_m1()).ln_1p()
        };
        if ln_mixed.is_nan() {
            return Between::Outside;
        }
        Between::of(Self::new(self.scale() * (-ln_mixed / k).exp(), k))
    }
    fn max_divergence(&self, q: &Self) -> Option<f64> {
        let k = self.concentration();
        let wider = q.scale() - self.scale();
        let of_rates = || if wider >= 0.0 { k * f64::ln_ratio(self.scale(), q.scale(), wider) } else { f64::INFINITY };
        (k == q.concentration()).then(of_rates)
    }
}

impl ExponentialFamily for Dirichlet {
    fn between(&self, q: &Self, alpha: f64) -> Between<Self> {
        let (p, q) = (self.concentration(), q.concentration());
        if p.len() != q.len() {
            return Between::Unrelated;
        }
        Between::of(Self::new(&p.iter().zip(q).map(|(p, q)| mix(*p, *q, alpha)).collect::<Vec<_>>()))
    }
    fn max_divergence(&self, q: &Self) -> Option<f64> {
        Some(self.closed_form(q)? + highest_of_shares(self.concentration(), q.concentration()))
    }
}
