use core::f64::consts::{PI, TAU};

use rand::Rng;

use super::{Distribution, Edge, KlTo, Parametric, Point, Support, Tail, Terms, family, kl, unit};
use crate::num::special::bessel;

family! {
    /// The von Mises distribution on the circle, as a density on [−π, π]: e^(concentration·cos(x − loc)), normalised.
    VonMises "von_mises" {
        /// The mean direction, up to multiples of 2π.
        loc: finite,
        /// The concentration κ.
        concentration: positive,
    }
}

impl VonMises {
    /// The mean direction in [−π, π].
    fn direction(&self) -> f64 {
        self.loc - TAU * (self.loc / TAU).round()
    }
}

impl Distribution for VonMises {
    fn name(&self) -> &'static str {
        Self::NAME
    }
    fn has_formulas(&self) -> bool {
        true
    }
    fn support(&self) -> Support {
        Support::interval(-PI, PI)
    }
    fn ln_density(&self, x: Point) -> f64 {
        if x.minus(-PI) < 0.0 || x.minus(PI) > 0.0 {
            return f64::NEG_INFINITY;
        }
        let sine = (0.5 * x.minus(self.direction())).sin();
        -2.0 * self.concentration * sine * sine - TAU.ln() - bessel::ln_i_scaled(0.0, self.concentration)
    }
    fn landmarks(&self) -> Vec<f64> {
        let (loc, scale) = (self.direction(), 1.0 / self.concentration.sqrt().max(1.0));
        let points = [-20.0, -6.0, -3.0, -1.0, 0.0, 1.0, 3.0, 6.0, 20.0].iter().map(|k| loc + k * scale);
        let on_circle = |x: f64| {
            if x > PI {
                x - TAU
            } else if x < -PI {
                x + TAU
            } else {
                x
            }
        };
        points.map(on_circle).filter(|x| x.abs() < PI).collect()
    }
    fn tail(&self, _: Edge) -> Tail {
        Tail::Power(1.0)
    }
    /// The mean direction.
    fn mean(&self) -> f64 {
        self.direction()
    }
    /// The circular variance 1 − I₁(κ)/I₀(κ).
    fn variance(&self) -> f64 {
        1.0 - bessel::ratio(0.0, self.concentration)
    }
    fn entropy(&self) -> f64 {
        let k = self.concentration;
        TAU.ln() + bessel::ln_i_scaled(0.0, k) + k * (1.0 - bessel::ratio(0.0, k))
    }
    fn cross_entropy_of(&self, _: &dyn Distribution) -> Option<Terms> {
        None
    }
    /// D. Best and N. Fisher, 1979: rejection from a wrapped Cauchy distribution.
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        let k = self.concentration;
        let tau = 1.0 + (1.0 + 4.0 * k * k).sqrt();
        let rho = (tau - (2.0 * tau).sqrt()) / (2.0 * k);
        // The limit for small κ, where rho cancels, is the uniform distribution.
        let r = if k < 1e-5 { 1.0 / k } else { (1.0 + rho * rho) / (2.0 * rho) };
        loop {
            let [u, v, side] = [unit(rng), unit(rng), unit(rng)];
            let z = (PI * u).cos();
            let f = (1.0 + r * z) / (r + z);
            let c = k * (r - f);
            if c * (2.0 - c) - v > 0.0 || (c / v).ln() + 1.0 - c >= 0.0 {
                let angle = f.clamp(-1.0, 1.0).acos();
                let x = self.direction() + if side < 0.5 { -angle } else { angle };
                return x - TAU * (x / TAU).round();
            }
        }
    }
}

impl KlTo<Self> for VonMises {
    /// The Bregman divergence of ln I₀, and κ_q A(κ_p)(1 − cos of the angle between the directions).
    fn closed_form(&self, q: &Self) -> Option<f64> {
        let (k_p, k_q) = (self.concentration, q.concentration);
        let sine = (0.5 * (self.loc - q.loc)).sin();
        Some(bessel::bregman(0.0, k_q, k_p) + 2.0 * k_q * bessel::ratio(0.0, k_p) * sine * sine)
    }
    kl::certified!();
}
