//! Many tests at once.

/// p-values adjusted by Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate" (1995), in the order given:
/// rejecting where the adjusted value is below α keeps the expected share of false alarms among the alarms below α.
///
/// ```
/// use kullback::estimate::benjamini_hochberg;
/// let adjusted = benjamini_hochberg(&[0.01, 0.5, 0.02, 0.03]);
/// assert_eq!(adjusted, [0.04, 0.5, 0.04, 0.04]);
/// ```
#[must_use]
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut smallest: f64 = 1.0;
    for (rank, &index) in order.iter().enumerate().rev() {
        smallest = smallest.min(p_values[index] * p_values.len() as f64 / (rank + 1) as f64);
        adjusted[index] = smallest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::benjamini_hochberg;

    #[test]
    fn adjusted_values_keep_their_order_and_never_shrink() {
        let p = [0.2, 1.0, 0.0, 0.04, 0.04, 1e-300];
        let adjusted = benjamini_hochberg(&p);
        for (i, a) in adjusted.iter().enumerate() {
            assert!(*a >= p[i] && *a <= 1.0);
            for (j, b) in adjusted.iter().enumerate() {
                assert!(p[i] > p[j] || a <= b, "{i} {j}");
            }
        }
        assert!(benjamini_hochberg(&[]).is_empty());
        assert_eq!(adjusted[3], adjusted[4]);
    }
}
