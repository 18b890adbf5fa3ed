/// A point of the real line that keeps its distance from an edge: `anchor + offset`, with ln |offset| where the offset
/// itself would round to the edge or overflow.
///
/// A Gamma distribution with concentration 0.001 has half its mass below the smallest double, and a Cauchy tail reaches
/// beyond the largest: densities are written in [`minus`](Point::minus) and [`ln_minus`](Point::ln_minus).
#[derive(Debug, Clone, Copy)]
pub struct Point {
    anchor: f64,
    offset: f64,
    /// NaN where it is to be taken from `offset`.
    ln_offset: f64,
}

impl Point {
    /// The number itself.
    #[must_use]
    pub fn at(x: f64) -> Self {
        Self { anchor: x, offset: 0.0, ln_offset: f64::NEG_INFINITY }
    }

    /// `anchor + offset`.
    #[must_use]
    pub fn near(anchor: f64, offset: f64) -> Self {
        Self { anchor, offset, ln_offset: f64::NAN }
    }

    /// `anchor + sign·e^ln_offset`.
    #[must_use]
    pub fn beyond(anchor: f64, sign: f64, ln_offset: f64) -> Self {
        Self { anchor, offset: sign * ln_offset.exp(), ln_offset }
    }

    /// The nearest double.
    #[must_use]
    pub fn value(self) -> f64 {
        self.anchor + self.offset
    }

    /// x − a, without rounding x first.
    #[must_use]
    pub fn minus(self, a: f64) -> f64 {
        (self.anchor - a) + self.offset
    }

    /// ln |x − a|: exact at the anchor, finite where the distance is no double.
    #[must_use]
    pub fn ln_minus(self, a: f64) -> f64 {
        let distance = self.minus(a).abs();
        let far = self.anchor == a || distance.is_infinite();
        if far && !self.ln_offset.is_nan() { self.ln_offset } else { distance.ln() }
    }

    /// −x.
    #[must_use]
    pub fn negated(self) -> Self {
        Self { anchor: -self.anchor, offset: -self.offset, ..self }
    }

    /// (x − loc)/scale for a positive scale.
    #[must_use]
    pub fn standardized(self, loc: f64, scale: f64) -> Self {
        Self {
            anchor: (self.anchor - loc) / scale,
            offset: self.offset / scale,
            ln_offset: self.ln_offset - scale.ln(),
        }
    }

    /// Which side of the edge `a` the point is on: true if above, also where the distance is too small for a double.
    #[must_use]
    pub fn is_above(self, a: f64) -> bool {
        let distance = self.minus(a);
        distance > 0.0 || distance == 0.0 && self.anchor == a && !self.offset.is_sign_negative()
    }
}
