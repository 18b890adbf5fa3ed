//! Every divergence as the textbook writes it, in double-double. Shares no code with kullback, not even its names'
//! parser: what both get wrong in the same way would have to be wrong twice.
//!
//! For weights within about 1e±100 of each other; the golden files cover the rest.

use crate::double_double::DoubleDouble as D;

fn d(x: f64) -> D {
    D::from(x)
}

/// The sums over normalised p and q that divergences are made of.
struct Pair(Vec<(D, D)>);

impl Pair {
    fn new(p: &[f64], q: &[f64]) -> Self {
        // Summed relative to the largest weight, which neither over- nor underflows.
        let scale = |w: &[f64]| w.iter().copied().fold(0.0, f64::max);
        let (top_p, top_q) = (scale(p), scale(q));
        let mass = |w: &[f64], top: f64| w.iter().map(|x| d(*x) / d(top)).sum::<D>();
        let (mass_p, mass_q) = (mass(p, top_p), mass(q, top_q));
        Self(p.iter().zip(q).map(|(x, y)| (d(*x) / d(top_p) / mass_p, d(*y) / d(top_q) / mass_q)).collect())
    }

    fn softmax(p: &[D], q: &[D], temperature: D) -> Self {
        let n = p.len().max(q.len());
        let weights = |row: &[D]| {
            let finite = row.iter().filter(|x| x.value() > f64::NEG_INFINITY);
            let top = finite.copied().reduce(|a, b| if b.value() > a.value() { b } else { a }).unwrap_or(D::ZERO);
            let weight = |x: &D| {
                if x.value() == f64::NEG_INFINITY { D::ZERO } else { ((*x - top) / temperature).exp() }
            };
            let mut weights: Vec<D> = row.iter().map(weight).collect();
            weights.resize(n, D::ZERO);
            let mass = weights.iter().copied().sum::<D>();
            weights.into_iter().map(move |w| w / mass).collect::<Vec<_>>()
        };
        Self(weights(p).into_iter().zip(weights(q)).collect())
    }

    fn swapped(&self) -> Self {
        Self(self.0.iter().map(|(p, q)| (*q, *p)).collect())
    }

    fn sum(&self, term: impl Fn(D, D) -> D) -> D {
        self.0.iter().filter(|(p, q)| !p.is_zero() || !q.is_zero()).map(|(p, q)| term(*p, *q)).sum()
    }

    /// Σ p ln(p / (λp + (1−λ)q)).
    fn skew(&self, l: D) -> D {
        self.sum(|p, q| if p.is_zero() { D::ZERO } else { p * (p.ln() - (l * p + (D::ONE - l) * q).ln()) })
    }

    /// Σ p^a q^(1−a). The exponent is no double: (1 − α)/2 is not, and near a limit its last digits count.
    fn power(&self, a: D) -> D {
        let sign = a.value();
        self.sum(|p, q| match (p.is_zero(), q.is_zero()) {
            (true, _) if sign < 0.0 => d(f64::INFINITY),
            (_, true) if sign > 1.0 => d(f64::INFINITY),
            (true, _) | (_, true) => D::ZERO,
            _ => (a * p.ln() + (D::ONE - a) * q.ln()).exp(),
        })
    }

    fn chi_square(&self) -> D {
        self.sum(|p, q| if q.is_zero() { d(f64::INFINITY) } else { (p - q) * (p - q) / q })
    }

    fn largest_ratio(&self) -> D {
        let ratios = self.0.iter().filter(|(p, _)| !p.is_zero()).map(|(p, q)| *p / *q);
        ratios.fold(D::ZERO, |top, x| if x.value() > top.value() { x } else { top }).ln()
    }
}

/// The measure called `name` (`renyi=2` and so on) of two weight vectors; `None` if the oracle does not know it.
pub fn divergence(name: &str, p: &[f64], q: &[f64]) -> Option<D> {
    of_pair(name, &Pair::new(p, q))
}

/// The same measure of the softmaxes of two rows of logits over `temperature`; entries that are −∞, or that one row
/// lacks, are masked.
pub fn logits(name: &str, p: &[f64], q: &[f64], temperature: f64) -> Option<D> {
    let [p, q] = [p, q].map(|row| row.iter().copied().map(d).collect::<Vec<_>>());
    of_pair(name, &Pair::softmax(&p, &q, d(temperature)))
}

/// Its gradient for the logits of Q, or of P, by central differences in double-double: right to about 1e-19.
pub fn logit_gradient(name: &str, p: &[f64], q: &[f64], temperature: f64, by_p: bool) -> Option<Vec<f64>> {
    let [p, q] = [p, q].map(|row| row.iter().copied().map(d).collect::<Vec<_>>());
    let step = d(2f64.powi(-34));
    let at = |index: usize, step: D| {
        let (mut p, mut q) = (p.clone(), q.clone());
        let moved = if by_p { &mut p[index] } else { &mut q[index] };
        *moved = *moved + step;
        of_pair(name, &Pair::softmax(&p, &q, d(temperature)))
    };
    let row = if by_p { &p } else { &q };
    let slope = |(index, x): (usize, &D)| {
        if x.value() == f64::NEG_INFINITY {
            return Some(0.0);
        }
        Some(((at(index, step)? - at(index, -step)?) / (step + step)).value())
    };
    row.iter().enumerate().map(slope).collect()
}

fn of_pair(name: &str, pair: &Pair) -> Option<D> {
    let (family, parameter) = name.split_once('=').unwrap_or((name, "0"));
    let a: f64 = parameter.parse().ok()?;
    let half = d(0.5);
    let gjs = |b: f64| d(b) * pair.skew(d(b)) + (D::ONE - d(b)) * pair.swapped().skew(D::ONE - d(b));
    Some(match family {
        "kl" | "reverse-kl" | "jeffreys" => {
            let (forward, reverse) = (pair.skew(D::ZERO), pair.swapped().skew(D::ZERO));
            match family {
                "kl" => forward,
                "reverse-kl" => reverse,
                _ => forward + reverse,
            }
        }
        "js" => gjs(0.5),
        "js-distance" => gjs(0.5).sqrt(),
        "gjs" if a == 0.0 || a == 1.0 => D::ZERO,
        "gjs" => gjs(a),
        "scaled-gjs" if a == 0.0 => pair.skew(D::ZERO),
        "scaled-gjs" if a == 1.0 => pair.swapped().skew(D::ZERO),
        "scaled-gjs" => gjs(a) / (d(a) * (D::ONE - d(a))),
        "skew-kl" => pair.skew(d(a)),
        "k-divergence" => pair.skew(half),
        "renyi" if a == 1.0 => pair.skew(D::ZERO),
        "renyi" => pair.power(d(a)).ln() / (d(a) - D::ONE),
        "tsallis" if a == 1.0 => pair.skew(D::ZERO),
        "tsallis" => (pair.power(d(a)) - D::ONE) / (d(a) - D::ONE),
        "alpha" if a == -1.0 => pair.skew(D::ZERO),
        "alpha" if a == 1.0 => pair.swapped().skew(D::ZERO),
        "alpha" => d(4.0) / (D::ONE - d(a) * d(a)) * (D::ONE - pair.power((D::ONE - d(a)) * half)),
        "cressie-read" if a == 0.0 => d(2.0) * pair.skew(D::ZERO),
        "cressie-read" if a == -1.0 => d(2.0) * pair.swapped().skew(D::ZERO),
        "cressie-read" => d(2.0) / (d(a) * (d(a) + D::ONE)) * (pair.power(d(a) + D::ONE) - D::ONE),
        "hellinger" => D::ONE - pair.power(half),
        "hellinger-distance" => (D::ONE - pair.power(half)).sqrt(),
        "bhattacharyya" => -pair.power(half).ln(),
        "chi2" => pair.chi_square(),
        "neyman-chi2" => pair.swapped().chi_square(),
        "triangular" => pair.sum(|p, q| (p - q) * (p - q) / (p + q)),
        "tv" => pair.sum(|p, q| (p - q).abs()) * half,
        "max-divergence" => pair.largest_ratio(),
        _ => return None,
    })
}

/// `p ln(p/q) − p + q`.
pub fn phi(p: f64, q: f64) -> D {
    if p == 0.0 { d(q) } else { d(p) * (d(p) / d(q)).ln() - d(p) + d(q) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden;
    use crate::ulp::relative_error;

    /// The oracle against mpmath, where it says that it is good: two opinions before kullback has the third.
    #[test]
    fn agrees_with_mpmath() {
        let values = golden::values("divergences");
        let mut compared = 0;
        for case in golden::cases().iter().filter(|case| case.p.len() < 500) {
            let extreme = |x: &f64| *x != 0.0 && !(1e-60..1e60).contains(x);
            let cancels =
                case.name.starts_with("near") || case.name.starts_with("last") || case.name.starts_with("rare");
            if case.p.iter().chain(&case.q).any(extreme) || cancels || case.name.starts_with("prop") {
                continue;
            }
            for value in &values[&case.name] {
                let got = divergence(&value.quantity, &case.p, &case.q);
                let error = got.map_or(f64::NAN, |got| relative_error(got.value(), value.truth));
                let zero = value.truth.is_zero() && got.is_some_and(|x| x.value().abs() < 1e-20);
                assert!(error < 1e-15 || zero, "{} of {}: {got:?}, not {:?}", value.quantity, case.name, value.truth);
                compared += 1;
            }
        }
        assert!(compared > 1000);
    }
}
