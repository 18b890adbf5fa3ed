//! The Gauss–Kronrod rule with 21 points (A. Kronrod, 1965; R. Piessens and others, *QUADPACK*, 1983).

use super::Sample;

/// Nodes from the end to the centre, with Kronrod's weights, and Gauss' for every other one.
const NODES: [(f64, f64, f64); 11] = [
    (0.995_657_163_025_808_1, 0.011_694_638_867_371_874, 0.0),
    (0.973_906_528_517_171_7, 0.032_558_162_307_964_725, 0.066_671_344_308_688_14),
    (0.930_157_491_355_708_2, 0.054_755_896_574_351_995, 0.0),
    (0.865_063_366_688_984_5, 0.075_039_674_810_919_96, 0.149_451_349_150_580_6),
    (0.780_817_726_586_416_9, 0.093_125_454_583_697_6, 0.0),
    (0.679_409_568_299_024_4, 0.109_387_158_802_297_64, 0.219_086_362_515_982_04),
    (0.562_757_134_668_604_7, 0.123_491_976_262_065_84, 0.0),
    (0.433_395_394_129_247_2, 0.134_709_217_311_473_34, 0.269_266_719_309_996_35),
    (0.294_392_862_701_460_2, 0.142_775_938_577_060_08, 0.0),
    (0.148_874_338_981_631_22, 0.147_739_104_901_338_5, 0.295_524_224_714_752_87),
    (0.0, 0.149_445_554_002_916_9, 0.0),
];

/// Integrals over [a, b], and the estimated error of the first.
pub(super) fn rule(a: f64, b: f64, f: impl Fn(f64) -> Sample) -> (Sample, f64) {
    let (center, half) = (0.5 * a + 0.5 * b, 0.5 * b - 0.5 * a);
    let (mut sums, mut gauss) = ([0.0; 4], 0.0);
    let mut values = [(0.0, 0.0); 21];
    let mut count = 0;
    for (node, kronrod, of_gauss) in NODES {
        let both: &[f64] = if node == 0.0 { &[0.0] } else { &[-1.0, 1.0] };
        for side in both {
            let sample = f(center + side * half * node);
            for (sum, x) in sums.iter_mut().zip(sample) {
                *sum += kronrod * x;
            }
            gauss += of_gauss * sample[0];
            values[count] = (kronrod, sample[0]);
            count += 1;
        }
    }
    let mean = 0.5 * sums[0];
    let spread: f64 = values.iter().map(|(weight, x)| weight * (x - mean).abs()).sum::<f64>() * half.abs();
    let difference = ((sums[0] - gauss) * half).abs();
    // QUADPACK's experience: the Kronrod value is far better than the difference says, once that is small.
    let error = if spread > 0.0 { spread * (200.0 * difference / spread).powf(1.5).min(1.0) } else { difference };
    (sums.map(|sum| sum * half), error)
}

/// The nodes in [a, b] with Kronrod's weights.
pub(super) fn nodes(a: f64, b: f64) -> impl Iterator<Item = (f64, f64)> {
    let (center, half) = (0.5 * a + 0.5 * b, 0.5 * b - 0.5 * a);
    let both = NODES.into_iter().flat_map(|(node, weight, _)| [(node, weight), (-node, weight)]);
    // The centre is there twice, so one of them goes.
    both.take(2 * NODES.len() - 1).map(move |(node, weight)| (center + half * node, half * weight))
}

#[cfg(test)]
mod tests {
    use super::rule;

    #[test]
    fn polynomials_of_degree_31_are_exact() {
        for degree in 0..=31 {
            let ([value, ..], _) = rule(0.0, 1.0, |x| [x.powi(degree), 0.0, 0.0, 0.0]);
            assert!((value * f64::from(degree + 1) - 1.0).abs() < 1e-14, "{degree}: {value}");
        }
    }
}
