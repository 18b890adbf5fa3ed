//! Where distributions have mass, how fast it thins out at the edges, and what follows for a KL.

/// Whether a distribution has a density or masses on the integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A density on the real line.
    Continuous,
    /// Masses on the integers.
    Discrete,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Continuous => "continuous",
            Self::Discrete => "discrete",
        }
    }
}

/// The set where a one-dimensional distribution has mass: closed intervals of the real line or of the integers, in
/// ascending order.
#[derive(Debug, Clone, PartialEq)]
pub struct Support {
    /// Of the real line or of the integers.
    pub kind: Kind,
    /// The intervals; ends may be infinite.
    pub ranges: Vec<[f64; 2]>,
}

impl Support {
    /// The real numbers from `low` to `high`.
    #[must_use]
    pub fn interval(low: f64, high: f64) -> Self {
        Self { kind: Kind::Continuous, ranges: vec![[low, high]] }
    }

    /// The real line.
    #[must_use]
    pub fn line() -> Self {
        Self::interval(f64::NEG_INFINITY, f64::INFINITY)
    }

    /// The integers from `low` to `high`.
    #[must_use]
    pub fn integers(low: f64, high: f64) -> Self {
        Self { kind: Kind::Discrete, ranges: vec![[low, high]] }
    }

    /// The union of several, with ranges that touch joined.
    #[must_use]
    pub fn union(kind: Kind, mut ranges: Vec<[f64; 2]>) -> Self {
        ranges.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let mut joined: Vec<[f64; 2]> = Vec::with_capacity(ranges.len());
        let step = if kind == Kind::Discrete { 1.0 } else { 0.0 };
        for range in ranges {
            match joined.last_mut() {
                Some(last) if range[0] <= last[1] + step => last[1] = last[1].max(range[1]),
                _ => joined.push(range),
            }
        }
        Self { kind, ranges: joined }
    }

    /// Whether x lies in it.
    #[must_use]
    pub fn contains(&self, x: f64) -> bool {
        self.ranges.iter().any(|[low, high]| *low <= x && x <= *high)
    }

    /// Whether all of `other` but a set without measure lies in it.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let mine = Self::union(self.kind, self.ranges.clone()).ranges;
        other.ranges.iter().all(|[low, high]| mine.iter().any(|range| range[0] <= *low && *high <= range[1]))
    }

    /// The least and the greatest number of it.
    #[must_use]
    pub fn hull(&self) -> [f64; 2] {
        let low = self.ranges.iter().fold(f64::INFINITY, |low, range| low.min(range[0]));
        [low, self.ranges.iter().fold(f64::NEG_INFINITY, |high, range| high.max(range[1]))]
    }
}

/// An end of a range: the place, and the side of it on which there is mass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    /// The place; may be infinite.
    pub at: f64,
    /// True for a lower end.
    pub above: bool,
}

/// How a density behaves towards an edge: in y = |x| → ∞ at an infinite one, in y = 1/distance at a finite one.
///
/// Only what decides whether an expectation is finite; constants and slower factors are left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tail {
    /// The mass beyond y falls like y^−index. 1 at a finite edge is a density that is neither zero nor infinite there.
    Power(f64),
    /// The density falls like e^−(ln y)²·c, faster than every power.
    LogNormal,
    /// The density falls like e^(−rate·y^power).
    Exponential {
        /// The exponent of y.
        power: f64,
        /// Its factor.
        rate: f64,
    },
    /// The density falls like exp(−e^(rate·y)).
    DoubleExponential {
        /// The factor of y.
        rate: f64,
    },
}

impl Tail {
    /// Whether E_P[−ln q] is infinite on account of this edge.
    ///
    /// −ln q grows like a power of ln y, like y^power or like e^(rate·y); P's tail says which of these it can average.
    #[must_use]
    pub fn diverges(self, model: Self) -> bool {
        match (self, model) {
            (_, Self::Power(_) | Self::LogNormal) => false,
            (Self::Power(index), Self::Exponential { power, .. }) => power >= index,
            (Self::LogNormal | Self::Exponential { .. } | Self::DoubleExponential { .. }, Self::Exponential { .. }) => {
                false
            }
            (Self::Power(_) | Self::LogNormal, Self::DoubleExponential { .. }) => true,
            (Self::Exponential { power, rate }, Self::DoubleExponential { rate: growth }) => {
                power < 1.0 || power == 1.0 && growth >= rate
            }
            (Self::DoubleExponential { .. }, Self::DoubleExponential { .. }) => false,
        }
    }

    /// Whether this tail is heavier than `other`: of a mixture, the heaviest one counts.
    #[must_use]
    pub fn is_heavier(self, other: Self) -> bool {
        let order = |tail: Self| match tail {
            Self::Power(index) => [0.0, index, 0.0],
            Self::LogNormal => [1.0, 0.0, 0.0],
            Self::Exponential { power, rate } => [2.0, power, rate],
            Self::DoubleExponential { rate } => [3.0, rate, 0.0],
        };
        order(self) < order(other)
    }
}
