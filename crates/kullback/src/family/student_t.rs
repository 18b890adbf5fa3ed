use rand::Rng;

use super::{Distribution, Edge, KlTo, Parametric, Point, Support, Tail, around, draw, family, kl};
use crate::num::special::{digamma, gamma::ln_beta};

family! {
    /// Student's t distribution with `df` degrees of freedom, moved by `loc` and stretched by `scale`.
    StudentT "student_t" {
        /// The degrees of freedom.
        df: positive,
        /// The median.
        loc: finite,
        /// The factor of the standard variable.
        scale: positive,
    }
}

impl Distribution for StudentT {
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
        let z = x.minus(self.loc).abs() / self.scale;
        let ratio = z / self.df * z;
        let spread =
            if ratio > 1e16 { 2.0 * (x.ln_minus(self.loc) - self.scale.ln()) - self.df.ln() } else { ratio.ln_1p() };
        -0.5 * (self.df + 1.0) * spread - ln_beta(0.5, 0.5 * self.df) - 0.5 * self.df.ln() - self.scale.ln()
    }
    fn landmarks(&self) -> Vec<f64> {
        around(self.loc, self.scale)
    }
    fn tail(&self, edge: Edge) -> Tail {
        Tail::Power(if edge.at.is_infinite() { self.df } else { 1.0 })
    }
    fn mean(&self) -> f64 {
        if self.df > 1.0 { self.loc } else { f64::NAN }
    }
    fn variance(&self) -> f64 {
        match self.df {
            df if df > 2.0 => self.scale * self.scale * (df / (df - 2.0)),
            df if df > 1.0 => f64::INFINITY,
            _ => f64::NAN,
        }
    }
    fn entropy(&self) -> f64 {
        let half = 0.5 * self.df;
        let deviation = (half + 0.5) * (digamma(half + 0.5) - digamma(half));
        deviation + 0.5 * self.df.ln() + ln_beta(0.5, half) + self.scale.ln()
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        self.loc + self.scale * draw(rand_distr::StudentT::new(self.df), rng)
    }
}

impl KlTo<Self> for StudentT {
    /// Of distributions with df = 1, the Cauchy ones, only.
    fn closed_form(&self, q: &Self) -> Option<f64> {
        if self == q {
            return Some(0.0);
        }
        let cauchy = |t: &Self| super::Cauchy::new(t.loc, t.scale).ok();
        if self.df == 1.0 && q.df == 1.0 { cauchy(self)?.closed_form(&cauchy(q)?) } else { None }
    }
    kl::certified!();
}
