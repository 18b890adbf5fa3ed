//! KL between vectors and between matrices by the textbook's formulas: inverses and determinants by G. Gauss's elimination,
//! ln Γ, digamma and Bessel functions by their series, all in double-doubles. What cancels has 31 digits to lose.

use crate::double_double::DoubleDouble as D;

/// A square matrix, row by row.
pub type Matrix = Vec<Vec<D>>;

fn number(x: f64) -> D {
    D::from(x)
}

/// A matrix of doubles with `columns` columns.
#[must_use]
pub fn matrix(columns: usize, entries: &[f64]) -> Matrix {
    entries.chunks(columns).map(|row| row.iter().map(|x| number(*x)).collect()).collect()
}

/// AB.
#[must_use]
pub fn product(a: &Matrix, b: &Matrix) -> Matrix {
    let columns = b.first().map_or(0, Vec::len);
    let entry = |row: &[D], j: usize| row.iter().zip(b).map(|(x, other)| *x * other[j]).sum();
    a.iter().map(|row| (0..columns).map(|j| entry(row, j)).collect()).collect()
}

/// Aᵀ.
#[must_use]
pub fn transposed(a: &Matrix) -> Matrix {
    (0..a.first().map_or(0, Vec::len)).map(|j| a.iter().map(|row| row[j]).collect()).collect()
}

/// A matrix with these numbers on its diagonal.
#[must_use]
pub fn diagonal(entries: &[f64]) -> Matrix {
    let entry = |i: usize, j: usize| if i == j { number(entries[i]) } else { D::ZERO };
    (0..entries.len()).map(|i| (0..entries.len()).map(|j| entry(i, j)).collect()).collect()
}

/// A + B.
#[must_use]
pub fn sum(a: &Matrix, b: &Matrix) -> Matrix {
    a.iter().zip(b).map(|(x, y)| x.iter().zip(y).map(|(x, y)| *x + *y).collect()).collect()
}

/// L. Kronecker's product.
#[must_use]
pub fn kronecker(a: &Matrix, b: &Matrix) -> Matrix {
    let row = |x: &[D], y: &[D]| x.iter().flat_map(|x| y.iter().map(|y| *x * *y)).collect();
    a.iter().flat_map(|x| b.iter().map(|y| row(x, y)).collect::<Vec<_>>()).collect()
}

/// The inverse and the logarithm of the determinant's size, by elimination with the largest pivot of a column.
#[must_use]
pub fn inverse(a: &Matrix) -> (Matrix, D) {
    let n = a.len();
    let (mut left, mut right, mut ln_determinant) = (a.clone(), diagonal(&vec![1.0; n]), D::ZERO);
    for k in 0..n {
        let larger = |i: &usize, j: &usize| left[*i][k].abs().value().total_cmp(&left[*j][k].abs().value());
        let pivot = (k..n).max_by(larger).unwrap_or(k);
        left.swap(k, pivot);
        right.swap(k, pivot);
        let x = left[k][k];
        ln_determinant = ln_determinant + x.abs().ln();
        for side in [&mut left, &mut right] {
            side[k].iter_mut().for_each(|y| *y = *y / x);
        }
        for i in (0..n).filter(|i| *i != k) {
            let factor = left[i][k];
            for side in [&mut left, &mut right] {
                let row = side[k].clone();
                side[i].iter_mut().zip(row).for_each(|(y, z)| *y = *y - factor * z);
            }
        }
    }
    (right, ln_determinant)
}

fn trace(a: &Matrix) -> D {
    a.iter().enumerate().map(|(i, row)| row[i]).sum()
}

/// Of normal distributions with means and covariance matrices.
#[must_use]
pub fn normal((m, v): (&[f64], &Matrix), (k, w): (&[f64], &Matrix)) -> f64 {
    let ((back, ln_w), (_, ln_v)) = (inverse(w), inverse(v));
    let off: Matrix = m.iter().zip(k).map(|(x, y)| vec![number(*x) - number(*y)]).collect();
    let square = product(&transposed(&off), &product(&back, &off))[0][0];
    let size = number(m.len() as f64);
    ((trace(&product(&back, v)) - size + square + ln_w - ln_v) * number(0.5)).value()
}

/// Of Wishart distributions with degrees of freedom and scale matrices.
#[must_use]
pub fn wishart((n, v): (f64, &Matrix), (m, w): (f64, &Matrix)) -> f64 {
    let d = v.len();
    let ((back, ln_w), (_, ln_v)) = (inverse(w), inverse(v));
    let half = |x: f64| number(x) * number(0.5);
    let arguments = |x: f64| (0..d).map(move |i| half(x) - half(i as f64));
    let of_gammas = |x: f64| arguments(x).map(ln_gamma).sum::<D>();
    let digammas: D = arguments(n).map(digamma).sum();
    let scale = half(m) * (ln_w - ln_v) + half(n) * (trace(&product(&back, v)) - number(d as f64));
    (scale + of_gammas(m) - of_gammas(n) + (half(n) - half(m)) * digammas).value()
}

/// Of Dirichlet distributions with these concentrations.
#[must_use]
pub fn dirichlet(a: &[f64], b: &[f64]) -> f64 {
    let total = |x: &[f64]| x.iter().map(|x| number(*x)).sum::<D>();
    let ln_beta = |x: &[f64]| x.iter().map(|x| ln_gamma(number(*x))).sum::<D>() - ln_gamma(total(x));
    let of_total = digamma(total(a));
    let slopes = a.iter().zip(b).map(|(x, y)| (number(*x) - number(*y)) * (digamma(number(*x)) - of_total));
    (ln_beta(b) - ln_beta(a) + slopes.sum()).value()
}

/// Of `n` draws from categories with these weights.
#[must_use]
pub fn multinomial(n: f64, p: &[f64], q: &[f64]) -> f64 {
    let total = |x: &[f64]| x.iter().map(|x| number(*x)).sum::<D>();
    let (of_p, of_q) = (total(p), total(q));
    let term = |(p, q): (&f64, &f64)| {
        let p = number(*p) / of_p;
        p * (p / (number(*q) / of_q)).ln()
    };
    (p.iter().zip(q).map(term).sum::<D>() * number(n)).value()
}

/// Of Gamma distributions with shapes and rates.
#[must_use]
pub fn gamma((a, r): (f64, f64), (b, s): (f64, f64)) -> f64 {
    let [a, r, b, s] = [a, r, b, s].map(number);
    let of_shapes = (a - b) * digamma(a) - ln_gamma(a) + ln_gamma(b);
    (of_shapes + b * (r / s).ln() + a * (s - r) / r).value()
}

/// Of Bernoulli distributions.
#[must_use]
pub fn bernoulli(p: f64, q: f64) -> f64 {
    let [p, q] = [p, q].map(number);
    let (no, never) = (D::ONE - p, D::ONE - q);
    (p * (p / q).ln() + no * (no / never).ln()).value()
}

/// Σ (κ²/4)ᵏ/(k! (ν + 1)ₖ), which is Γ(ν + 1) (κ/2)⁻ᵛ I_ν(κ).
fn bessel(order: D, k: D) -> D {
    let square = k * k * number(0.25);
    let (mut term, mut sum) = (D::ONE, D::ONE);
    for i in 1..1000 {
        let i = number(f64::from(i));
        term = term * square / (i * (order + i));
        sum = sum + term;
    }
    sum
}

fn cosine(x: &[f64], y: &[f64]) -> D {
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| number(*x) * number(*y)).sum::<D>();
    dot(x, y) / (dot(x, x) * dot(y, y)).sqrt()
}

/// ν = d/2 − 1, and the mean of von Mises and Fisher's distribution along its direction.
fn fisher_mean(d: usize, k: D) -> (D, D) {
    let order = number(0.5 * d as f64 - 1.0);
    let above = order + D::ONE;
    (order, k * bessel(above, k) / (bessel(order, k) * (above + above)))
}

/// Of von Mises–Fisher distributions: directions of any length, and concentrations.
#[must_use]
pub fn fisher((m, k): (&[f64], f64), (n, l): (&[f64], f64)) -> f64 {
    let [k, l] = [k, l].map(number);
    let (order, mean) = fisher_mean(m.len(), k);
    (mean * (k - l * cosine(m, n)) + bessel(order, l).ln() - bessel(order, k).ln()).value()
}

/// ln of what 1/(1 + ⟨m, x⟩)^κ is normalised by, and E ln(1 + ⟨m, x⟩).
fn of_power(d: usize, k: D) -> (D, D) {
    let b = number(0.5 * (d as f64 - 1.0));
    let a = b + k;
    let ln_2 = number(2.0).ln();
    let ln_partition = (a + b) * ln_2 + b * pi().ln() + ln_gamma(a) - ln_gamma(a + b);
    (ln_partition, ln_2 + digamma(a) - digamma(a + b))
}

/// Of power spherical distributions with one direction in d dimensions.
#[must_use]
pub fn power_spherical(d: usize, k: f64, l: f64) -> f64 {
    let [k, l] = [k, l].map(number);
    let ((of_p, mean), (of_q, _)) = (of_power(d, k), of_power(d, l));
    (of_q - of_p + (k - l) * mean).value()
}

/// Of a power spherical distribution from von Mises and Fisher's.
#[must_use]
pub fn power_spherical_to_fisher((m, k): (&[f64], f64), (n, l): (&[f64], f64)) -> f64 {
    let d = m.len();
    let [k, l] = [k, l].map(number);
    let (of_p, mean) = of_power(d, k);
    // The volume of the sphere, 2π^(d/2)/Γ(d/2), times E e^(κ⟨n, x⟩).
    let half = number(0.5 * d as f64);
    let of_q = number(2.0).ln() + half * pi().ln() - ln_gamma(half) + bessel(half - D::ONE, l).ln();
    let along = k / (k + number(d as f64 - 1.0));
    (of_q - of_p + k * mean - l * along * cosine(m, n)).value()
}

fn pi() -> D {
    number(std::f64::consts::PI) + number(1.224_646_799_147_353_2e-16)
}

/// B₂, B₄, …, numerators and denominators.
const BERNOULLI: [(f64, f64); 10] = [
    (1.0, 6.0),
    (-1.0, 30.0),
    (1.0, 42.0),
    (-1.0, 30.0),
    (5.0, 66.0),
    (-691.0, 2730.0),
    (7.0, 6.0),
    (-3617.0, 510.0),
    (43_867.0, 798.0),
    (-174_611.0, 330.0),
];

/// From here on the tenth term of Stirling's series is below 1e-30.
const FAR: f64 = 40.0;

/// ln Γ(x) for x > 0 by J. Stirling's series, far out.
#[must_use]
pub fn ln_gamma(x: D) -> D {
    let (mut far, mut below) = (x, D::ONE);
    while far.value() < FAR {
        below = below * far;
        far = far + D::ONE;
    }
    let (mut power, mut series) = (D::ONE / far, D::ZERO);
    for (k, (b, c)) in (1..).zip(BERNOULLI) {
        series = series + number(b) / number(c * f64::from(2 * k * (2 * k - 1))) * power;
        power = power / (far * far);
    }
    let half = number(0.5);
    (far - half) * far.ln() - far + (pi() + pi()).ln() * half + series - below.ln()
}

/// ψ(x) for x > 0.
#[must_use]
pub fn digamma(x: D) -> D {
    let (mut far, mut below) = (x, D::ZERO);
    while far.value() < FAR {
        below = below + D::ONE / far;
        far = far + D::ONE;
    }
    let square = far * far;
    let (mut power, mut series) = (D::ONE / square, D::ZERO);
    for (k, (b, c)) in (1..).zip(BERNOULLI) {
        series = series + number(b) / number(c * f64::from(2 * k)) * power;
        power = power / square;
    }
    far.ln() - number(0.5) / far - series - below
}

#[cfg(test)]
mod tests {
    use super::{D, digamma, inverse, ln_gamma, matrix, product};

    #[test]
    fn constants() {
        // −γ, ½ ln π and 1/√π's logarithm, to what a double shows of them.
        let euler = D::parse("0.57721566490153286060651209008240").unwrap();
        assert!((digamma(D::ONE) + euler).abs().value() < 1e-29);
        let root = D::parse("0.57236494292470008707171367567653").unwrap();
        assert!((ln_gamma(D::from(0.5)) - root).abs().value() < 1e-29);
        assert!(ln_gamma(D::ONE).abs().value() < 1e-28);
    }

    #[test]
    fn inverses() {
        let a = matrix(3, &[0.0, 2.0, 1.0, 1.0, 0.5, -3.0, 4.0, 1.0, 1.0]);
        let (back, ln_determinant) = inverse(&a);
        for (i, row) in product(&back, &a).iter().enumerate() {
            for (j, x) in row.iter().enumerate() {
                assert!((*x - D::from(f64::from(u8::from(i == j)))).abs().value() < 1e-30, "{i} {j}");
            }
        }
        // By P. Sarrus's rule: −24 − 2 + 1 − 2 = −27.
        assert!((ln_determinant - D::from(27.0).ln()).abs().value() < 1e-29);
    }
}
