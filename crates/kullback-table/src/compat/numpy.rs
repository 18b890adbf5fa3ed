//! The arithmetic of NumPy 2 and SciPy 1 that decides about bins, operation by operation: its rounding decides where a value at an edge
//! is counted.

/// `np.linspace(start, stop, bins + 1)`.
pub(super) fn linspace(start: f64, stop: f64, bins: usize) -> Vec<f64> {
    let delta = stop - start;
    let step = delta / bins as f64;
    let mut edges: Vec<f64> = (0..=bins)
        .map(|at| {
            let along = if step == 0.0 { at as f64 / bins as f64 * delta } else { at as f64 * step };
            along + start
        })
        .collect();
    if let Some(last) = edges.last_mut().filter(|_| bins > 0) {
        *last = stop;
    }
    edges
}

/// `np.histogram_bin_edges(values, "sturges")` of the pooled range of `count` values; of width 1 at least if they are `whole` numbers of
/// an integer type.
pub(super) fn sturges(low: f64, high: f64, count: usize, whole: bool) -> Vec<f64> {
    let width = (high - low) / ((count as f64).log2() + 1.0);
    let width = if whole && width < 1.0 && width != 0.0 { 1.0 } else { width };
    let (first, last) = if low == high { (low - 0.5, high + 0.5) } else { (low, high) };
    let bins = if width == 0.0 { 1 } else { ((last - first) / width).ceil() as usize };
    linspace(first, last, bins)
}

/// `np.histogram(values, edges)` of sorted values: closed on the left, the last bin on both sides, and what lies outside in none.
pub(super) fn histogram(values: &[f64], edges: &[f64]) -> Vec<u64> {
    let Some((&last, edges)) = edges.split_last() else { return Vec::new() };
    let mut below: Vec<usize> = edges.iter().map(|&edge| values.partition_point(|&value| value < edge)).collect();
    below.push(values.partition_point(|&value| value <= last));
    below.windows(2).map(|pair| pair[1].saturating_sub(pair[0]) as u64).collect()
}

/// `np.quantile(values, q)` of sorted values, one at least: linear between the two nearest.
pub(super) fn quantile(values: &[f64], q: f64) -> f64 {
    let Some(last) = values.len().checked_sub(1) else { return f64::NAN };
    let at = last as f64 * q;
    if at >= last as f64 {
        return values[last];
    }
    let before = at.floor();
    let (a, b, t) = (values[before as usize], values[before as usize + 1], at - before);
    let difference = b - a;
    if t >= 0.5 { b - difference * (1.0 - t) } else { a + difference * t }
}

/// `np.quantile(values, q, method="nearest")` of sorted values.
pub(super) fn nearest(values: &[f64], q: f64) -> f64 {
    let at = (values.len().saturating_sub(1) as f64 * q).round_ties_even();
    values.get(at as usize).copied().unwrap_or(f64::NAN)
}

/// `scipy.stats.entropy(p, q)`, KL in nats of weights that are normalised first.
pub(super) fn entropy(p: &[f64], q: &[f64]) -> f64 {
    let (p_sum, q_sum): (f64, f64) = (p.iter().sum(), q.iter().sum());
    p.iter().zip(q).map(|(p, q)| rel_entr(p / p_sum, q / q_sum)).sum()
}

/// `Σ (p − q) ln(p / q)` of what has no zeros.
pub(super) fn psi(p: &[f64], q: &[f64]) -> f64 {
    p.iter().zip(q).map(|(p, q)| (p - q) * (p / q).ln()).sum()
}

/// `scipy.special.rel_entr`.
fn rel_entr(x: f64, y: f64) -> f64 {
    match (x, y) {
        _ if x.is_nan() || y.is_nan() => f64::NAN,
        _ if x > 0.0 && y > 0.0 => x * (x / y).ln(),
        _ if x == 0.0 && y >= 0.0 => 0.0,
        _ => f64::INFINITY,
    }
}

/// `scipy.stats.wasserstein_distance` of sorted values: the area between the two distribution functions.
pub(super) fn wasserstein(u: &[f64], v: &[f64]) -> f64 {
    let (mut i, mut j) = (0, 0);
    let mut area = 0.0;
    let mut before: Option<f64> = None;
    while i < u.len() || j < v.len() {
        let here = match (u.get(i), v.get(j)) {
            (Some(&a), Some(&b)) => a.min(b),
            (Some(&one), None) | (None, Some(&one)) => one,
            (None, None) => break,
        };
        if let Some(before) = before {
            area += (i as f64 / u.len() as f64 - j as f64 / v.len() as f64).abs() * (here - before);
        }
        while u.get(i).is_some_and(|&value| value == here) {
            i += 1;
        }
        while v.get(j).is_some_and(|&value| value == here) {
            j += 1;
        }
        before = Some(here);
    }
    area
}

/// `np.std(values)`: of the population.
pub(super) fn standard_deviation(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    (values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count).sqrt()
}

/// Up to so many values a side, SciPy's Kolmogorov–Smirnov test is exact.
const MOST_EXACT: usize = 10_000;

/// `scipy.stats.ks_2samp(u, v).pvalue` of sorted values as long as it is exact: the share of all ways to mix the two sides in which their
/// distribution functions come as far apart, way by way to i values of one and j of the other.
pub(super) fn kolmogorov_smirnov(u: &[f64], v: &[f64]) -> Option<f64> {
    let (n, m) = (u.len(), v.len());
    if n.max(m) > MOST_EXACT {
        return None;
    }
    // Distances times n·m are whole.
    let apart = |i: usize, j: usize| (i * m).abs_diff(j * n);
    let furthest = u
        .iter()
        .chain(v)
        .map(|&at| apart(u.partition_point(|&value| value <= at), v.partition_point(|&value| value <= at)))
        .max()?;
    let mut outside = vec![0.0; m + 1];
    for i in 0..=n {
        for j in 0..=m {
            let before = if j > 0 { j as f64 * outside[j - 1] } else { 0.0 };
            outside[j] = match apart(i, j) >= furthest {
                true => 1.0,
                false => (i as f64 * outside[j] + before) / (i + j).max(1) as f64,
            };
        }
    }
    outside.last().copied()
}
