//! Densities as sums of Gaussian kernels.

use statrs::distribution::{ContinuousCDF, Normal};

use super::{Found, Sample, SampleNote, mean, variance};
use crate::estimate::interval::Spread;
use crate::threads::each;
use crate::{Error, Side};

/// Beyond so many dimensions no number of points fills the space between kernels.
const MOST_DIMENSIONS: usize = 6;
/// Points that a thread takes at a time.
const CHUNK: usize = 64;
/// Kernels beyond this exponent add nothing to the nearest one.
const NOTHING: f64 = 40.0;
/// A point of P whose nearest kernel of Q is this many bandwidths away has a density that the kernel's tail made up.
const FAR: f64 = 4.0;

/// The mean over P of ln p̂ − ln q̂, p̂ without the point itself.
pub(super) fn estimate(p: &Sample<'_>, q: &Sample<'_>, confidence: f64) -> Result<Found, Error> {
    if p.dimensions > MOST_DIMENSIONS {
        let value = p.dimensions as f64;
        return Err(Error::Parameter { name: "dimensions", value, expected: "1 to 6 for kernel densities" });
    }
    let widths = bandwidths(p, q);
    let (p, q) = (Kernels::new(p, &widths), Kernels::new(q, &widths));
    let (n, m) = (p.len as f64, q.len as f64);
    let [at_p, at_q] = [p.seen(&p, &q), q.seen(&p, &q)];
    let ratio = |side: Side, of: &Densities| {
        let (from_p, from_q) = match side {
            Side::P => (n - 1.0, m),
            Side::Q => (n, m - 1.0),
        };
        of.ln_p - from_p.ln() - of.ln_q + from_q.ln()
    };
    let ratios: Vec<f64> = at_p.iter().map(|of| ratio(Side::P, of)).collect();
    let value = mean(ratios.iter().copied());
    let of_q = at_q.iter().map(|of| ratio(Side::Q, of).exp());
    let of_value = variance(ratios.iter().copied()) / n + variance(of_q) / m;
    // What is left of the variance at P = Q: that of a χ² with as many cells as kernels make of the data, ∫K²/density.
    let noise = 1.0 / n + 1.0 / m;
    let squared = 0.5_f64.powf(0.5 * widths.len() as f64);
    let cells = mean(at_p.iter().map(|of| squared * (n + m) / (of.ln_p.exp() + of.ln_q.exp() + 1.0)));
    let least = 0.5 * cells * noise * noise;
    let reach = Normal::standard().inverse_cdf(0.5 + confidence / 2.0);
    let interval = Spread::from_noisy(of_value, value, noise, least).ends(value, reach);
    let apart = at_p.iter().filter(|of| of.nearest_q > FAR * FAR).count() as f64 / n;
    let notes = if apart >= super::APART { vec![SampleNote::Apart(apart)] } else { Vec::new() };
    Ok(Found { value, interval, notes })
}

/// For each coordinate the smaller of what B. W. Silverman (1986) has for either side, σ·(4/((d+2)n))^(1/(d+4)) with σ the smaller of standard
/// deviation and interquartile range: one bandwidth for both, so that what smoothing does to them cancels near P = Q.
fn bandwidths(p: &Sample<'_>, q: &Sample<'_>) -> Vec<f64> {
    let d = p.dimensions as f64;
    let of = |sample: &Sample<'_>, column: usize| {
        let mut values: Vec<f64> = sample.rows().map(|row| row[column]).collect();
        let deviation = variance(values.iter().copied()).sqrt();
        let last = values.len() - 1;
        let mut quantile = |rank: usize| *values.select_nth_unstable_by(rank, f64::total_cmp).1;
        let range = (quantile(last - last / 4) - quantile(last / 4)) / super::scale::NORMAL_RANGE;
        let sigma = if range > 0.0 { range.min(deviation) } else { deviation };
        sigma * (4.0 / ((d + 2.0) * sample.len() as f64)).powf(1.0 / (d + 4.0))
    };
    let smaller = |column| {
        let both = [of(p, column), of(q, column)].into_iter().filter(|width| *width > 0.0);
        both.fold(f64::INFINITY, f64::min)
    };
    (0..p.dimensions).map(smaller).map(|width| if width.is_finite() { width } else { 1.0 }).collect()
}

/// Points in units of the bandwidths.
struct Kernels {
    dimensions: usize,
    len: usize,
    points: Vec<f64>,
}

/// Logarithms of sums of kernels at a point, but for a factor that both sides have.
struct Densities {
    ln_p: f64,
    ln_q: f64,
    /// The squared distance to the nearest kernel of Q.
    nearest_q: f64,
}

impl Kernels {
    fn new(sample: &Sample<'_>, widths: &[f64]) -> Self {
        let points = sample.rows().flat_map(|row| row.iter().zip(widths).map(|(x, width)| x / width)).collect();
        Self { dimensions: sample.dimensions, len: sample.len(), points }
    }

    /// Both densities at every point of this sample, each without the point itself.
    fn seen(&self, p: &Self, q: &Self) -> Vec<Densities> {
        let work: Vec<usize> = (0..self.len).step_by(CHUNK).collect();
        let of = |squares: &mut Vec<f64>, first: usize| {
            let points = first..self.len.min(first + CHUNK);
            points.map(|index| self.densities(index, p, q, squares)).collect::<Vec<Densities>>()
        };
        each(work, Vec::new, &of).into_iter().flatten().collect()
    }

    fn densities(&self, index: usize, p: &Self, q: &Self, squares: &mut Vec<f64>) -> Densities {
        let at = &self.points[index * self.dimensions..][..self.dimensions];
        let own = |sample: &Self| std::ptr::eq(self, sample).then_some(index);
        let (ln_p, _) = p.ln_sum(at, own(p), squares);
        let (ln_q, nearest_q) = q.ln_sum(at, own(q), squares);
        Densities { ln_p, ln_q, nearest_q }
    }

    /// ln Σ exp(−r²/2) over the points but `skip`, and the smallest r².
    fn ln_sum(&self, at: &[f64], skip: Option<usize>, squares: &mut Vec<f64>) -> (f64, f64) {
        let square = |point: &[f64]| point.iter().zip(at).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
        squares.clear();
        squares.extend(self.points.chunks_exact(self.dimensions).map(square));
        if let Some(square) = skip.and_then(|skip| squares.get_mut(skip)) {
            *square = f64::INFINITY;
        }
        let nearest = squares.iter().copied().fold(f64::INFINITY, f64::min);
        let near = squares.iter().map(|square| 0.5 * (square - nearest)).filter(|exponent| *exponent < NOTHING);
        (near.map(|exponent| (-exponent).exp()).sum::<f64>().ln() - 0.5 * nearest, nearest)
    }
}
