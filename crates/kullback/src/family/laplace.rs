use rand::Rng;

use super::formula::{Check, Formula, Slopes};
use super::{
    Distribution, Edge, KlTo, Parametric, Point, Statistic, Support, Tail, Terms, around, family, kl, parameter, unit,
};
use crate::num::simd::Least;
use crate::num::{Real, entropic};

family! {
    /// The Laplace distribution: e^(−|x − loc|/scale)/(2 scale).
    Laplace "laplace" {
        /// The mean and median.
        loc: finite,
        /// The mean absolute deviation.
        scale: positive,
    }
}

impl Distribution for Laplace {
    fn name(&self) -> &'static str {
        Self::NAME
    }
    fn has_formulas(&self) -> bool {
        true
    }
    fn support(&self) -> Support {
        Support::line()
    }
    fn ln_density(&self, x: Point) -> f64 {
        -x.minus(self.loc).abs() / self.scale - self.scale.ln() - core::f64::consts::LN_2
    }
    fn landmarks(&self) -> Vec<f64> {
        around(self.loc, self.scale)
    }
    fn tail(&self, edge: Edge) -> Tail {
        let rate = 1.0 / self.scale;
        if edge.at.is_infinite() { Tail::Exponential { power: 1.0, rate } } else { Tail::Power(1.0) }
    }
    fn mean(&self) -> f64 {
        self.loc
    }
    fn variance(&self) -> f64 {
        2.0 * self.scale * self.scale
    }
    fn entropy(&self) -> f64 {
        1.0 + self.scale.ln() + core::f64::consts::LN_2
    }
    fn expect(&self, of: Statistic) -> Option<f64> {
        match of {
            Statistic::AbsoluteDeviation(m) => {
                let off = (self.loc - m).abs();
                Some(off + self.scale * (-off / self.scale).exp())
            }
            Statistic::Exp(t) => {
                let reach = (t * self.scale).abs();
                Some(if reach < 1.0 { (t * self.loc).exp() / ((1.0 - reach) * (1.0 + reach)) } else { f64::INFINITY })
            }
            _ => None,
        }
    }
    fn cross_entropy_of(&self, p: &dyn Distribution) -> Option<Terms> {
        let deviation = p.expect(Statistic::AbsoluteDeviation(self.loc))?;
        Some(Terms::of([core::f64::consts::LN_2, self.scale.ln(), deviation / self.scale]))
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        let [u, side] = [unit(rng), unit(rng)];
        let deviation = -self.scale * u.ln();
        if side < 0.5 { self.loc - deviation } else { self.loc + deviation }
    }
}

/// φ(b_q, b_p)/b_q + (b_p/b_q) h(|μ_p − μ_q|/b_p).
#[inline(always)]
fn kl_of_laplaces<V: Real>([loc_p, scale_p]: [V; 2], [loc_q, scale_q]: [V; 2]) -> Slopes<V, 2> {
    let (zero, one, far) = (loc_p.constant(0.0), loc_p.constant(1.0), loc_p.constant(1e8));
    let shift = loc_p - loc_q;
    let off = shift.abs();
    // Where the quotient would overflow its exponential has long been 0.
    let s = (off / scale_p).where_less(far, off / scale_p, far);
    let excess = entropic::h(s);
    // b_p h(s), which is `off` out there.
    let moved = s.where_less(far, scale_p * excess, off);
    let falls = (-s).exp_m1();
    let towards = -falls / scale_q;
    let along = shift.where_less(zero, -towards, towards);
    // (1 + s)e⁻ˢ − 1, by h where s is small and the rest cancels.
    let lost = s.where_less(one, excess + s * falls, falls + s * (falls + 1.0));
    let wider = (scale_p - scale_q) / scale_q;
    Slopes {
        value: (V::kl_term(scale_q, scale_p, scale_p - scale_q) + moved) / scale_q,
        p: [along, (wider * (lost + 1.0) + lost) / scale_p],
        q: [-along, -(wider + moved / scale_q) / scale_q],
    }
}

impl Formula<2> for Laplace {
    const NAMES: [&'static str; 2] = ["loc", "scale"];
    const CHECKS: [Check; 2] = [parameter::finite, parameter::positive];
    #[inline(always)]
    fn kl<V: Least, const GRADIENT: bool>(p: [V; 2], q: [V; 2]) -> Slopes<V, 2> {
        kl_of_laplaces(p, q)
    }
}

impl KlTo<Self> for Laplace {
    fn closed_form(&self, q: &Self) -> Option<f64> {
        Some(kl_of_laplaces([self.loc, self.scale], [q.loc, q.scale]).value)
    }
    kl::certified!();
}
