//! What lies beyond the doubles: logarithms of densities overflow before the integral of a heavy tail has converged, and by
//! then its integrand follows a law that three numbers tell.

use super::kronrod::rule;

/// f(u) = f(end)·(u/end)^power·e^(−rate·(u − end)), from two of its logarithmic slopes.
struct Law {
    power: f64,
    rate: f64,
}

impl Law {
    /// Through three points.
    fn through(points: [f64; 3], values: [f64; 3]) -> Self {
        let slope = |a: usize, b: usize| (values[a] / values[b]).ln() / (points[b] - points[a]);
        // What u^power makes of a slope.
        let share = |a: usize, b: usize| (points[b] / points[a]).ln() / (points[b] - points[a]);
        let power = (slope(1, 2) - slope(0, 1)) / (share(0, 1) - share(1, 2));
        Self { power, rate: slope(1, 2) + power * share(1, 2) }
    }

    /// The integral from `start` on, as a multiple of f at `last`.
    fn integral(&self, last: f64, start: f64) -> f64 {
        if !(self.rate > 0.0 && self.power.is_finite()) {
            return f64::NAN;
        }
        let first = self.power * (start / last).ln() - self.rate * (start - last);
        // In w = ln(u/start), until e⁻⁸⁰⁰ is left, or as good as nothing beside what grew before.
        let scaled = self.rate * start;
        let end = ((800.0 + 2.0 * self.power.max(0.0)) / scaled).ln_1p();
        let panels = 16;
        let width = end / f64::from(panels);
        let part = |k: i32| {
            let from = f64::from(k) * width;
            let f = |w: f64| (first - scaled * w.exp_m1() + (self.power + 1.0) * w).exp();
            rule(from, from + width, |w| [f(w), 0.0, 0.0, 0.0]).0[0]
        };
        start * (0..panels).map(part).sum::<f64>()
    }
}

/// The integral beyond `start` of f, which falls there like e^(−γt) t^c, a power of the distance, or like e^(−γx) x^c, an
/// exponential of the number itself, which is `shift` more than the distance eᵗ, as a multiple of that; with a bound on its error.
/// Of four points before, the first three and the last three each tell the law; what the two disagree on is what it may be off.
pub(super) fn beyond(start: f64, side: f64, shift: f64, f: &dyn Fn(f64) -> f64) -> (f64, f64) {
    // Not up to the start itself, where a logarithm may have overflowed.
    let parts = [0.7, 0.8, 0.9, 0.99];
    let far = side * start;
    let power = if far > 0.0 {
        by_laws(parts.map(|k| k * far), far, parts.map(|k| f(k * start)))
    } else {
        (0.0, f64::INFINITY)
    };
    // In shares of the distance, which itself may be no double.
    let exponential = by_laws(parts.map(|k| k + shift), 1.0 + shift, parts.map(|k| f(side * (far + k.ln())) / k));
    if power.1 < exponential.1 { power } else { exponential }
}

fn by_laws([a, b, c, d]: [f64; 4], start: f64, [p, q, r, s]: [f64; 4]) -> (f64, f64) {
    if s == 0.0 {
        return (0.0, 0.0);
    }
    let laws = [Law::through([a, b, c], [p, q, r]), Law::through([b, c, d], [q, r, s])];
    let [before, found] = laws.map(|law| s * law.integral(d, start));
    let off = 2.0 * (found - before).abs() + 1e-13 * found;
    if off.is_finite() && found >= 0.0 { (found, off) } else { (0.0, f64::INFINITY) }
}
