//! Scales of pictures: how far an axis goes, and where it has ticks.

use kullback::family::Axis;

/// A labelled place of an axis.
pub(crate) struct Tick {
    pub(crate) place: f64,
    pub(crate) label: String,
}

/// The height of a frame for `values` that stand for `widths`: the largest, unless it stands far above most of the
/// area, as an infinite density does.
pub(crate) fn ceiling(values: impl Iterator<Item = (f64, f64)>) -> f64 {
    let mut areas: Vec<(f64, f64)> = values
        .filter(|(value, _)| *value > 0.0 && value.is_finite())
        .map(|(value, width)| (value, value * width))
        .collect();
    areas.sort_by(|a, b| a.0.total_cmp(&b.0));
    let whole: f64 = areas.iter().map(|(_, area)| area).sum();
    let mut sum = 0.0;
    let most = areas.iter().find(|(_, area)| {
        sum += area;
        sum >= 0.7 * whole
    });
    let largest = areas.last().map_or(0.0, |(value, _)| *value);
    match most {
        Some((value, _)) if largest > 4.0 * value => 2.0 * value,
        _ => largest,
    }
}

/// The height of a frame for both sides, given that of each: the larger, unless the other would not be seen beside it.
pub(crate) fn common([a, b]: [f64; 2]) -> f64 {
    let (low, high) = (a.min(b), a.max(b));
    if low > 0.0 && high > 50.0 * low { 4.0 * low } else { high }
}

/// Some `count` round numbers from `low` to `high`, at least `least` apart.
pub(crate) fn ticks([low, high]: [f64; 2], count: f64, least: f64) -> Vec<Tick> {
    let step = round_step((high - low) / count).max(least);
    if !(step > 0.0 && step.is_finite()) {
        return Vec::new();
    }
    let first = (low / step).ceil();
    let many = (high / step).floor() - first;
    // Beyond 2⁵³ steps from 0 there are no round numbers in between.
    if !(0.0..=1000.0).contains(&many) {
        return Vec::new();
    }
    (0..=many as usize)
        .map(|index| {
            let place = (first + index as f64) * step;
            Tick { place, label: label(place, step) }
        })
        .collect()
}

/// 1, 2 or 5 times a power of ten.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= step * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

/// A number to the digits that tell it from its neighbours.
fn label(x: f64, step: f64) -> String {
    let size = x.abs().max(step);
    let text = if x == 0.0 {
        "0".to_owned()
    } else if (1e-4..1e6).contains(&size) {
        format!("{x:.*}", (-step.log10().floor()).max(0.0) as usize)
    } else {
        let digits = (x.abs().log10().floor() - step.log10().floor()).max(0.0) as usize;
        format!("{x:.digits$e}")
    };
    text.replace('-', "−")
}

/// The ticks of a window of an axis.
pub(crate) fn places(axis: Axis, window: [f64; 2], count: f64, least: f64) -> Vec<Tick> {
    match axis {
        Axis::Linear => ticks(window, count, least),
        Axis::SymmetricLog { center, scale } => powers(axis, center, scale, window, count),
    }
}

/// The center, and powers of ten to either side of it.
fn powers(axis: Axis, center: f64, scale: f64, [low, high]: [f64; 2], count: f64) -> Vec<Tick> {
    let mut all = vec![Tick { place: axis.place(center), label: plain(center) }];
    let apart = (high - low) / (1.6 * count);
    for sign in [-1.0, 1.0] {
        let mut last = 0.0f64;
        let mut exponent = scale.log10().floor() as i32;
        loop {
            // Powers are rounded; texts are read to the last digit.
            let distance = format!("1e{exponent}").parse().unwrap_or(f64::INFINITY);
            let place = axis.place(center + sign * distance);
            exponent += 1;
            if !(place.is_finite() && low.min(-0.1) <= place && place <= high.max(0.1)) {
                break;
            }
            if (place - last).abs() < apart {
                continue;
            }
            last = place;
            let sign = if sign < 0.0 {
                "−"
            } else if center == 0.0 {
                ""
            } else {
                "+"
            };
            all.push(Tick { place, label: format!("{sign}{}", plain(distance)) });
        }
    }
    all.retain(|tick| low <= tick.place && tick.place <= high);
    all.sort_by(|a, b| a.place.total_cmp(&b.place));
    all
}

/// The shortest text of a number.
pub(crate) fn plain(x: f64) -> String {
    let text = if x == 0.0 || (1e-4..1e6).contains(&x.abs()) { x.to_string() } else { format!("{x:e}") };
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(&ticks([-3.3, 3.3], 7.0, 0.0)), ["−3", "−2", "−1", "0", "1", "2", "3"]);
        assert_eq!(
            labels(&ticks([0.0, 0.41], 4.0, 0.0)),
            ["0.0", "0.2", "0.4"].map(|x| if x == "0.0" { "0" } else { x })
        );
        assert_eq!(labels(&ticks([-0.75, 3.75], 9.0, 1.0)), ["0", "1", "2", "3"]);
        assert_eq!(labels(&ticks([0.0, 3e-9], 3.0, 0.0)), ["0", "1e−9", "2e−9", "3e−9"]);
        assert!(ticks([1.0, 1.0], 5.0, 0.0).is_empty());
        assert!(ticks([f64::NAN, 1.0], 5.0, 0.0).is_empty());
        let axis = Axis::SymmetricLog { center: 0.0, scale: 1e-3 };
        let window = [-1.0, 1.0].map(|x| axis.place(x));
        assert_eq!(labels(&places(axis, window, 8.0, 0.0)), ["−1", "−0.1", "−0.01", "0", "0.01", "0.1", "1"]);
    }

    #[test]
    fn a_pole_does_not_flatten_the_rest() {
        let flat = (0..100).map(|_| (1.0, 0.01));
        assert_eq!(ceiling(flat.clone()), 1.0);
        assert!(ceiling(flat.chain([(1e9, 1e-12)])) <= 2.0);
        assert_eq!(ceiling([(f64::INFINITY, 1.0)].into_iter()), 0.0);
        assert_eq!([common([1.0, 40.0]), common([1e9, 1.0]), common([0.0, 3.0])], [40.0, 4.0, 3.0]);
    }
}
