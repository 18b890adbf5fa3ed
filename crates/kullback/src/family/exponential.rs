use rand::Rng;

use super::{
    Chi2, Distribution, Edge, Gamma, KlTo, Parametric, Point, Statistic, Support, Tail, Terms, above, family, kl, unit,
};
use crate::num::{Real, entropic};

family! {
    /// The exponential distribution: rate·e^(−rate·x) for x ≥ 0.
    Exponential "exponential" {
        /// One over the mean.
        rate: positive,
    }
}

impl Distribution for Exponential {
    fn name(&self) -> &'static str {
        Self::NAME
    }
    fn has_formulas(&self) -> bool {
        true
    }
    fn support(&self) -> Support {
        Support::interval(0.0, f64::INFINITY)
    }
    fn ln_density(&self, x: Point) -> f64 {
        let distance = x.minus(0.0);
        if distance < 0.0 { f64::NEG_INFINITY } else { self.rate.ln() - self.rate * distance }
    }
    fn landmarks(&self) -> Vec<f64> {
        above(0.0, 1.0 / self.rate)
    }
    fn tail(&self, edge: Edge) -> Tail {
        let rate = self.rate;
        if edge.at.is_infinite() { Tail::Exponential { power: 1.0, rate } } else { Tail::Power(1.0) }
    }
    fn mean(&self) -> f64 {
        1.0 / self.rate
    }
    fn variance(&self) -> f64 {
        1.0 / self.rate / self.rate
    }
    fn entropy(&self) -> f64 {
        1.0 - self.rate.ln()
    }
    fn expect(&self, of: Statistic) -> Option<f64> {
        match of {
            Statistic::AbsoluteDeviation(m) if m <= 0.0 => Some(self.mean() - m),
            // E|X − m| = m − 1/λ + 2e^(−λm)/λ, which is ½λm² + 1/λ − m to second order in m.
            Statistic::AbsoluteDeviation(m) => {
                let reach = self.rate * m;
                Some((2.0 * entropic::h(reach) - reach + 1.0) / self.rate)
            }
            Statistic::Exp(t) => Some(if t < self.rate { self.rate / (self.rate - t) } else { f64::INFINITY }),
            _ => Gamma::new(1.0, self.rate).ok()?.expect(of),
        }
    }
    fn cross_entropy_of(&self, p: &dyn Distribution) -> Option<Terms> {
        (p.name() != "von_mises").then(|| Terms::of([-self.rate.ln(), self.rate * p.mean()]))
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        -unit(rng).ln() / self.rate
    }
}

impl KlTo<Self> for Exponential {
    /// h(ln(λ_p/λ_q)).
    fn closed_form(&self, q: &Self) -> Option<f64> {
        // ln_ratio(p, q) is ln(q/p).
        Some(entropic::h(f64::ln_ratio(q.rate, self.rate, self.rate - q.rate)))
    }
    kl::certified!();
}

impl KlTo<Gamma> for Exponential {
    fn closed_form(&self, q: &Gamma) -> Option<f64> {
        Gamma::new(1.0, self.rate).ok()?.closed_form(q)
    }
    kl::certified!(Gamma);
}

impl KlTo<Chi2> for Exponential {
    fn closed_form(&self, q: &Chi2) -> Option<f64> {
        self.closed_form(&Gamma::new(0.5 * q.df(), 0.5).ok()?)
    }
    kl::certified!(Chi2);
}
