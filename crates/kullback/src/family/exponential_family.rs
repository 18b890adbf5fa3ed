//! What exponential families have in common: p^α q^(1−α) is, but for its mass, a member of the family again, and the logarithm
//! of the mass is made of KL to it.
//!
//! For 0 < α < 1 and M ∝ p^α q^(1−α), (1 − α) D_α(P‖Q) = α D(M‖P) + (1 − α) D(M‖Q); for α > 1, D_α(P‖Q) = D(P‖Q) +
//! D(P‖M)/(α − 1), or +∞ if there is no such M. All terms are at least 0, and D is a formula that does not cancel, so
//! neither do these (T. van Erven, P. Harremoës, *Rényi divergence and Kullback–Leibler divergence*, 2014, theorem 30).

mod members;

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
    /// The member with αθ_p + (1 − α)θ_q; not needed for a `renyi` of the family's own.
    fn between(&self, _q: &Self, _alpha: f64) -> Between<Self> {
        Between::Unrelated
    }

    /// The Rényi divergence of order α > 0, but not 1.
    fn renyi(&self, q: &Self, alpha: f64) -> Option<f64> {
        let m = match self.between(q, alpha) {
            Between::Member(m) => m,
            Between::Outside => return Some(f64::INFINITY),
            Between::Unrelated => return None,
        };
        Some(if alpha < 1.0 {
            m.closed_form(self)? * (alpha / (1.0 - alpha)) + m.closed_form(q)?
        } else {
            self.closed_form(q)? + self.kl_to_member(q, &m, alpha)? / (alpha - 1.0)
        })
    }

    /// D(P‖M) of that member for an order above 1, also where its parameters have underflowed.
    fn kl_to_member(&self, _q: &Self, m: &Self, _alpha: f64) -> Option<f64> {
        self.closed_form(m)
    }

    /// ln sup p/q, where there is a formula for it: with g = ⟨θ_p − θ_q, T⟩, D(P‖Q) and sup g − E_P g ≥ 0.
    fn max_divergence(&self, _q: &Self) -> Option<f64> {
        None
    }
}

/// The Rényi divergence of order α > 0, of order 1 KL.
fn renyi<F: ExponentialFamily>(p: &F, q: &F, alpha: f64) -> Option<f64> {
    if alpha == 1.0 { p.closed_form(q) } else { p.renyi(q, alpha) }
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
        Measure::MaxDivergence => p.max_divergence(q).map(highest),
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

/// Of the first order in differences of parameters, of which rounding takes the same from any value.
fn highest(value: f64) -> Certified {
    let exact = Certified::exact(value);
    Certified { error: if value.is_finite() { exact.error + 8e-16 } else { 0.0 }, ..exact }
}

/// A function of a Rényi divergence, with what the error of that does to it.
fn finished(of: f64, finish: impl Fn(f64) -> f64) -> Certified {
    let (exact, value) = (certified(of), finish(of));
    let error = if value.is_finite() { (finish(of + exact.error) - value).abs() + 1e-15 * value } else { 0.0 };
    Certified { value, error, ..exact }
}
