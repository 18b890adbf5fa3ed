//! Densities in saddle-point form (C. Loader, *Fast and accurate computation of binomial probabilities*, 2000): the
//! deviance φ, and Binet's function for what Stirling leaves. Their digits do not go with large parameters.

use crate::num::Real;
use crate::num::special::gamma::{HALF_LN_TAU, binet, ln_beta};
use crate::num::special::ln_gamma;

/// From here on the saddle-point form is the better one.
const LARGE: f64 = 10.0;

/// Whether φ may be asked for it.
fn ordinary(x: f64) -> bool {
    (1e-290..1e290).contains(&x)
}

/// ln(yᵃ e⁻ʸ/Γ(a)): the density of ln Y for Y of a Gamma distribution with rate 1.
pub(super) fn ln_gamma_kernel(a: f64, y: f64, ln_y: f64) -> f64 {
    if y == f64::INFINITY {
        return f64::NEG_INFINITY;
    }
    if a >= LARGE && ordinary(y) {
        return (0.5 * a.ln() - HALF_LN_TAU - binet(a)) - f64::kl_term(a, y, y - a);
    }
    a * ln_y - y - ln_gamma(a)
}

/// ln(xᵃ(1−x)ᵇ/B(a, b)): the density of the log-odds of a Beta variable, from x, 1 − x and their logarithms.
pub(super) fn ln_beta_kernel(a: f64, b: f64, [x, rest]: [f64; 2], [ln_x, ln_rest]: [f64; 2]) -> f64 {
    let sum = a + b;
    if a.min(b) >= LARGE && ordinary(x) && ordinary(rest) {
        // b − s(1 − x) is a − sx with the sign turned, and is taken from the smaller share.
        let surplus = if x < rest { sum * x - a } else { b - sum * rest };
        let deviance = f64::kl_term(a, a + surplus, surplus) + f64::kl_term(b, b - surplus, -surplus);
        let width = 0.5 * (a / sum * b).ln() - HALF_LN_TAU;
        return width + (binet(sum) - binet(a) - binet(b)) - deviance;
    }
    let part = |power: f64, ln: f64| if ln == f64::NEG_INFINITY { f64::NEG_INFINITY } else { power * ln };
    part(a, ln_x) + part(b, ln_rest) - ln_beta(a, b)
}
