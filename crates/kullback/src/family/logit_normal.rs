use rand::Rng;

use super::normal::{Normal, kl_of_normals};
use super::{Distribution, Edge, KlTo, Parametric, Point, Support, Tail, family, kl};
use crate::num::special::gamma::HALF_LN_TAU;

family! {
    /// The logit-normal distribution on [0, 1]: 1/(1 + e⁻ʸ) for a normal variable y with mean `loc` and standard deviation
    /// `scale`.
    LogitNormal "logit_normal" {
        /// The mean of the log-odds.
        loc: finite,
        /// The standard deviation of the log-odds.
        scale: positive,
    }
}

fn sigmoid(y: f64) -> f64 {
    1.0 / (1.0 + (-y).exp())
}

impl Distribution for LogitNormal {
    fn name(&self) -> &'static str {
        Self::NAME
    }
    fn support(&self) -> Support {
        Support::interval(0.0, 1.0)
    }
    fn ln_density(&self, x: Point) -> f64 {
        if !x.is_above(0.0) || x.minus(1.0) > 0.0 {
            return f64::NEG_INFINITY;
        }
        let [ln_x, ln_rest] = [x.ln_minus(0.0), x.ln_minus(1.0)];
        if ln_x == f64::NEG_INFINITY || ln_rest == f64::NEG_INFINITY {
            return f64::NEG_INFINITY;
        }
        let z = (ln_x - ln_rest - self.loc) / self.scale;
        -0.5 * z * z - ln_x - ln_rest - self.scale.ln() - HALF_LN_TAU
    }
    fn landmarks(&self) -> Vec<f64> {
        let points = [-6.0, -3.0, -1.0, 0.0, 1.0, 3.0, 6.0].iter().map(|k| sigmoid(self.loc + k * self.scale));
        points.filter(|x| *x > 0.0 && *x < 1.0).collect()
    }
    fn tail(&self, edge: Edge) -> Tail {
        if edge.at == 0.0 || edge.at == 1.0 { Tail::LogNormal } else { Tail::Power(1.0) }
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        Normal::new(self.loc, self.scale).map_or(f64::NAN, |normal| sigmoid(normal.sample(rng)))
    }
}

impl KlTo<Self> for LogitNormal {
    /// That of the log-odds.
    fn closed_form(&self, q: &Self) -> Option<f64> {
        Some(kl_of_normals([self.loc, self.scale], [q.loc, q.scale]).value)
    }
    kl::certified!();
}
