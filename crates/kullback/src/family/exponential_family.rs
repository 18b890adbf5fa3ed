//! What exponential families have in common: p^α q^(1−α) is, but for its mass, a member of the family again, and the logarithm
//! of the mass is made of KL to it.
//!
//! For 0 < α < 1 and M ∝ p^α q^(1−α), (1 − α) D_α(P‖Q) = α D(M‖P) + (1 − α) D(M‖Q); for α > 1, D_α(P‖Q) = D(P‖Q) +
//! D(P‖M)/(α − 1), or +∞ if there is no such M. All terms are at least 0, and D is a formula that does not cancel, so
//! neither do these (T. van Erven, P. Harremoës, *Rényi divergence and Kullback–Leibler divergence*, 2014, theorem 30).

use super::*;
use crate::Measure;

/// The member M ∝ p^α q^(1−α).
pub(super) enum Between<F> {
    /// It.
    Member(F),
    /// That has no finite mass.
    Outside,
    /// The two are no members of one exponential family.
    Unrelated,
}

impl<F> Between<F> {
    /// The member with these parameters, if they are any.
    fn of(member: Result<F, Error>) -> Self {
        member.map_or(Self::Outside, Self::Member)
    }
}

/// A family whose members are e^(⟨θ, T(x)⟩ − F(θ)) times what is the same in all.
pub(super) trait ExponentialFamily: KlTo<Self> + Sized {
    /// The member with αθ_p + (1 − α)θ_q.
    fn between(&self, q: &Self, alpha: f64) -> Between<Self>;

    /// D(P‖M) of that member for an order above 1, also where its parameters have underflowed.
    fn kl_to_member(&self, _q: &Self, m: &Self, _alpha: f64) -> Option<f64> {
        self.closed_form(m)
    }

    /// ln sup p/q, where there is a formula for it.
    fn max_divergence(&self, _q: &Self) -> Option<f64> {
        None
    }
}

/// The Rényi divergence of order α > 0, of order 1 KL.
fn renyi<F: ExponentialFamily>(p: &F, q: &F, alpha: f64) -> Option<f64> {
    if alpha == 1.0 {
        return p.closed_form(q);
    }
    let m = match p.between(q, alpha) {
        Between::Member(m) => m,
        Between::Outside => return Some(f64::INFINITY),
        Between::Unrelated => return None,
    };
    Some(if alpha < 1.0 {
        m.closed_form(p)? * (alpha / (1.0 - alpha)) + m.closed_form(q)?
    } else {
        p.closed_form(q)? + p.kl_to_member(q, &m, alpha)? / (alpha - 1.0)
    })
}

/// A divergence that is a function of ∫ p^β q^(1−β); `None` for others.
pub(super) fn divergence<F: ExponentialFamily>(p: &F, q: &F, measure: Measure) -> Option<Certified> {
    let power = |beta: f64, scale: f64| {
        // A negative order is a positive one the other way round: ln ∫ is (β − 1) D_β(P‖Q) and −β D_(1−β)(Q‖P).
        let (of, factor) =
            if beta > 0.0 { (renyi(p, q, beta)?, beta - 1.0) } else { (renyi(q, p, 1.0 - beta)?, -beta) };
        let curvature = beta * (beta - 1.0);
        Some(finished(of, |of| scale * if curvature == 0.0 { of } else { (factor * of).exp_m1() / curvature }))
    };
    match measure {
        Measure::Renyi(alpha) => Some(certified(renyi(p, q, alpha)?)),
        Measure::Bhattacharyya => Some(certified(0.5 * renyi(p, q, 0.5)?)),
        Measure::MaxDivergence => p.max_divergence(q).map(Certified::exact),
        Measure::PearsonChiSquare => power(2.0, 2.0),
        Measure::NeymanChiSquare => power(-1.0, 2.0),
        Measure::SquaredHellinger => power(0.5, 0.25),
        Measure::Hellinger => Some(finished(renyi(p, q, 0.5)?, |of| (-(-0.5 * of).exp_m1()).sqrt())),
        Measure::Tsallis(alpha) => power(alpha, alpha),
        Measure::Alpha(alpha) => power(0.5 - 0.5 * alpha, 1.0),
        Measure::CressieRead(lambda) => power(lambda + 1.0, 2.0),
        _ => None,
    }
}

/// With the error of two values of KL and of M's rounding.
fn certified(value: f64) -> Certified {
    let one = Certified::exact(value);
    Certified { error: 3.0 * one.error, ..one }
}

/// A function of a Rényi divergence, with what the error of that does to it.
fn finished(of: f64, finish: impl Fn(f64) -> f64) -> Certified {
    let (exact, value) = (certified(of), finish(of));
    let error = if value.is_finite() { (finish(of + exact.error) - value).abs() + 1e-15 * value } else { 0.0 };
    Certified { value, error, ..exact }
}

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
    ($($family:ident { $($parameter:ident),+ })*) => {
        $(impl ExponentialFamily for $family {
            fn between(&self, q: &Self, alpha: f64) -> Between<Self> {
                Between::of(Self::new($(mix(self.$parameter(), q.$parameter(), alpha)),+))
            }
        })*
    };
}

mixing! {
    Gamma { concentration, rate }
    InverseGamma { concentration, rate }
    Beta { concentration1, concentration0 }
    Chi { df }
    Chi2 { df }
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

like_normal! { Normal LogNormal }

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
}

impl ExponentialFamily for VonMises {
    fn between(&self, q: &Self, alpha: f64) -> Between<Self> {
        // Vectors mix: seen from Q's direction.
        let turn = self.loc() - q.loc();
        let along = mix(self.concentration() * turn.cos(), q.concentration(), alpha);
        let across = alpha * self.concentration() * turn.sin();
        Between::of(Self::new(q.loc() + across.atan2(along), along.hypot(across)))
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
}
