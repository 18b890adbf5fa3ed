use rand::Rng;

use super::{Distribution, Edge, KlTo, Parametric, Point, Statistic, Support, Tail, Terms, family, kl, unit};
use crate::num::Real;
use crate::num::special::bregman;

family! {
    /// The continuous Bernoulli distribution: probs^x (1 − probs)^(1 − x) on [0, 1], normalised (G. Loaiza-Ganem,
    /// J. Cunningham, 2019).
    ContinuousBernoulli "continuous_bernoulli" {
        /// The parameter; not the mean.
        probs: inner_probability,
    }
}

impl ContinuousBernoulli {
    /// The log-odds: the density is e^(ηx) over (e^η − 1)/η.
    pub(super) fn natural(&self) -> f64 {
        let rest = 1.0 - self.probs;
        // Where probs < ½, 1 − probs is rounded, but 2 probs − 1 is not near ½.
        f64::ln_ratio(rest, self.probs, 2.0 * self.probs - 1.0)
    }
}

impl Distribution for ContinuousBernoulli {
    fn name(&self) -> &'static str {
        Self::NAME
    }
    fn has_formulas(&self) -> bool {
        true
    }
    fn support(&self) -> Support {
        Support::interval(0.0, 1.0)
    }
    fn ln_density(&self, x: Point) -> f64 {
        if x.minus(0.0) < 0.0 || x.minus(1.0) > 0.0 {
            return f64::NEG_INFINITY;
        }
        let natural = self.natural();
        // From the end where the mass is.
        let exponent = if natural > 0.0 { natural * x.minus(1.0) } else { natural * x.minus(0.0) };
        exponent - bregman::ln_expm1_over_value(-natural.abs())
    }
    fn landmarks(&self) -> Vec<f64> {
        let reach = 1.0 / self.natural().abs().max(1.0);
        [0.1, 0.5, 3.0, 10.0]
            .iter()
            .flat_map(|k| [k * reach, 1.0 - k * reach])
            .filter(|x| *x > 0.0 && *x < 1.0)
            .collect()
    }
    fn tail(&self, _: Edge) -> Tail {
        Tail::Power(1.0)
    }
    fn mean(&self) -> f64 {
        bregman::ln_expm1_over_slope(self.natural())
    }
    fn variance(&self) -> f64 {
        bregman::ln_expm1_over_curvature(self.natural())
    }
    fn entropy(&self) -> f64 {
        let natural = -self.natural().abs();
        bregman::ln_expm1_over_value(natural) - natural * bregman::ln_expm1_over_slope(natural)
    }
    fn expect(&self, of: Statistic) -> Option<f64> {
        let Statistic::Exp(t) = of else { return None };
        let natural = self.natural();
        Some((bregman::ln_expm1_over_value(natural + t) - bregman::ln_expm1_over_value(natural)).exp())
    }
    fn cross_entropy_of(&self, p: &dyn Distribution) -> Option<Terms> {
        let natural = self.natural();
        (p.name() != "von_mises").then(|| Terms::of([bregman::ln_expm1_over_value(natural), -natural * p.mean()]))
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        let (natural, u) = (self.natural(), unit(rng));
        if natural == 0.0 { u } else { (u * natural.exp_m1()).ln_1p() / natural }
    }
}

impl KlTo<Self> for ContinuousBernoulli {
    /// The Bregman divergence of the log-partition.
    fn closed_form(&self, q: &Self) -> Option<f64> {
        Some(bregman::ln_expm1_over(q.natural(), self.natural()))
    }
    kl::certified!();
}
