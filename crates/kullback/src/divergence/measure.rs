//! The only place where names meet types.

use core::fmt;
use core::str::FromStr;

use super::{
    AlphaDivergence, Bhattacharyya, CressieRead, Divergence, Hellinger, Jeffreys, JensenShannon, JensenShannonDistance,
    KDivergence, Kl, MaxDivergence, NeymanChiSquare, PearsonChiSquare, Renyi, Reverse, ScaledJensenShannon, SkewKl,
    SquaredHellinger, Sums, TotalVariation, Triangular, Tsallis,
};
use crate::Error;
use crate::discrete::{LogPair, Pair, Rows, Weight};

/// The unit of a measure's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Nats; divide by ln 2 for bits.
    Nats,
    /// The square root of nats; divide by √ln 2 for the root of bits.
    RootNats,
    /// A pure number.
    One,
}

/// What [`Measure::catalogue`] says of a measure.
#[derive(Debug, Clone, Copy)]
pub struct MeasureInfo {
    /// The name, with a parameter as in `renyi=α`.
    pub pattern: &'static str,
    /// A text that parses.
    pub example: &'static str,
    /// One line: the definition.
    pub summary: &'static str,
    /// The unit of its values.
    pub unit: Unit,
}

/// Work to be done with a divergence whose type is known only at run time. See [`Measure::visit`].
pub trait Visitor {
    /// What the work results in.
    type Output;
    /// Does the work.
    fn visit<D: Divergence>(self, divergence: D) -> Self::Output;
}

macro_rules! measures {
    (
        plain { $($plain:ident $name:literal $value:expr, $unit:ident, $summary:literal;)* }
        parametric { $($one:ident $key:literal $letter:literal $example:literal $make:ident, $unit1:ident, $summary1:literal;)* }
    ) => {
        /// A divergence by name, for command lines and configuration files.
        ///
        /// ```
        /// use kullback::Measure;
        /// let measure: Measure = "renyi=2".parse()?;
        /// assert_eq!(measure.to_string(), "renyi=2");
        /// assert_eq!(measure.between(&[1.0, 1.0], &[1.0, 1.0])?, 0.0);
        /// assert!("renyy=2".parse::<Measure>().is_err());
        /// # Ok::<(), kullback::Error>(())
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq)]
        #[non_exhaustive]
        pub enum Measure {
            $(#[doc = $summary] $plain,)*
            $(#[doc = $summary1] $one(f64),)*
        }

        const CATALOGUE: &[MeasureInfo] = &[
            $(MeasureInfo { pattern: $name, example: $name, summary: $summary, unit: Unit::$unit },)*
            $(MeasureInfo {
                pattern: concat!($key, "=", $letter), example: $example, summary: $summary1, unit: Unit::$unit1,
            },)*
        ];

        impl Measure {
            /// Hands the divergence to `visitor`.
            ///
            /// # Errors
            /// [`Error::Parameter`] for a parameter out of range (never for a parsed measure).
            pub fn visit<V: Visitor>(self, visitor: V) -> Result<V::Output, Error> {
                Ok(match self {
                    $(Self::$plain => visitor.visit($value),)*
                    $(Self::$one(x) => visitor.visit($make::new(x)?),)*
                })
            }

            /// The unit of the values.
            #[must_use]
            pub fn unit(self) -> Unit {
                match self {
                    $(Self::$plain => Unit::$unit,)*
                    $(Self::$one(_) => Unit::$unit1,)*
                }
            }
        }

        impl fmt::Display for Measure {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$plain => f.write_str($name),)*
                    $(Self::$one(x) => write!(f, concat!($key, "={}"), x),)*
                }
            }
        }

        impl FromStr for Measure {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                let (key, value) = match text.split_once('=') {
                    Some((key, value)) => (key.trim(), value.trim().parse::<f64>().ok()),
                    None => (text.trim(), None),
                };
                let measure = match (key, value) {
                    $(($name, None) if !text.contains('=') => Self::$plain,)*
                    $(($key, Some(x)) => Self::$one(x),)*
                    _ => return Err(Error::UnknownMeasure { nearest: nearest(key) }),
                };
                measure.visit(Check)?;
                Ok(measure)
            }
        }
    };
}

measures! {
    plain {
        Kl "kl" Kl, Nats, "KL divergence D(P‖Q) = Σ p ln(p/q)";
        ReverseKl "reverse-kl" Reverse(Kl), Nats, "KL divergence D(Q‖P)";
        Jeffreys "jeffreys" Jeffreys, Nats, "D(P‖Q) + D(Q‖P); as a drift statistic, PSI";
        JensenShannon "js" JensenShannon::HALF, Nats, "Jensen–Shannon divergence ½D(P‖M) + ½D(Q‖M), M = ½(P + Q)";
        JensenShannonDistance "js-distance" JensenShannonDistance, RootNats, "square root of js, a metric";
        KDivergence "k-divergence" KDivergence, Nats, "D(P ‖ ½(P + Q))";
        SquaredHellinger "hellinger" SquaredHellinger, One, "squared Hellinger distance 1 − Σ √(pq)";
        Hellinger "hellinger-distance" Hellinger, One, "√(1 − Σ √(pq)), a metric";
        Bhattacharyya "bhattacharyya" Bhattacharyya, Nats, "−ln Σ √(pq)";
        PearsonChiSquare "chi2" PearsonChiSquare, One, "Pearson's χ² = Σ (p − q)²/q";
        NeymanChiSquare "neyman-chi2" NeymanChiSquare, One, "Neyman's χ² = Σ (p − q)²/p";
        Triangular "triangular" Triangular, One, "triangular discrimination Σ (p − q)²/(p + q)";
        TotalVariation "tv" TotalVariation, One, "total variation ½ Σ |p − q|, a metric";
        MaxDivergence "max-divergence" MaxDivergence, Nats, "ln max p/q";
    }
    parametric {
        GeneralizedJensenShannon "gjs" "β" "gjs=0.3" JensenShannon, Nats,
            "βD(P‖M) + (1 − β)D(Q‖M), M = βP + (1 − β)Q, 0 ≤ β ≤ 1";
        ScaledJensenShannon "scaled-gjs" "β" "scaled-gjs=0.3" ScaledJensenShannon, Nats,
            "gjs over β(1 − β): D(P‖Q) at β = 0, D(Q‖P) at β = 1";
        SkewKl "skew-kl" "λ" "skew-kl=0.1" SkewKl, Nats, "D(P ‖ λP + (1 − λ)Q), 0 ≤ λ ≤ 1";
        Renyi "renyi" "α" "renyi=2" Renyi, Nats, "Rényi divergence ln Σ p^α q^(1−α) / (α − 1), α > 0";
        Tsallis "tsallis" "α" "tsallis=2" Tsallis, One, "Tsallis divergence (Σ p^α q^(1−α) − 1)/(α − 1), α > 0";
        Alpha "alpha" "α" "alpha=0.5" AlphaDivergence, One,
            "Amari's 4/(1 − α²)·(1 − Σ p^((1−α)/2) q^((1+α)/2)); D(P‖Q) at −1, D(Q‖P) at 1";
        CressieRead "cressie-read" "λ" "cressie-read=0.67" CressieRead, One,
            "power divergence 2/(λ(λ + 1)) Σ p((p/q)^λ − 1)";
    }
}

impl Measure {
    /// Every measure there is.
    #[must_use]
    pub fn catalogue() -> &'static [MeasureInfo] {
        CATALOGUE
    }

    /// As [`Divergence::evaluate`].
    ///
    /// # Errors
    /// Whatever is wrong with the driver's input.
    pub fn evaluate<S: Sums>(self, sums: &S) -> Result<f64, Error> {
        sums.measure(self)
    }

    /// As [`Divergence::between`].
    ///
    /// # Errors
    /// As there.
    pub fn between<T: Weight>(self, p: &[T], q: &[T]) -> Result<f64, Error> {
        self.evaluate(&Pair::new(p, q)?)
    }

    /// As [`Divergence::between_log_probabilities`].
    ///
    /// # Errors
    /// As there.
    pub fn between_log_probabilities(self, log_p: &[f64], log_q: &[f64]) -> Result<f64, Error> {
        self.evaluate(&LogPair::new(log_p, log_q)?)
    }

    /// As [`Divergence::rows`].
    ///
    /// # Errors
    /// As there.
    pub fn rows<T: Weight>(self, p: Rows<'_, T>, q: Rows<'_, T>) -> Result<Vec<f64>, Error> {
        self.visit(ByRow(p, q))?
    }
}

struct Check;
impl Visitor for Check {
    type Output = ();
    fn visit<D: Divergence>(self, _: D) {}
}

/// Evaluates the divergence.
pub(crate) struct Evaluate<'a, S>(pub(crate) &'a S);
impl<S: Sums> Visitor for Evaluate<'_, S> {
    type Output = Result<f64, Error>;
    fn visit<D: Divergence>(self, divergence: D) -> Self::Output {
        divergence.evaluate(self.0)
    }
}

struct ByRow<'a, T>(Rows<'a, T>, Rows<'a, T>);
impl<T: Weight> Visitor for ByRow<'_, T> {
    type Output = Result<Vec<f64>, Error>;
    fn visit<D: Divergence>(self, divergence: D) -> Self::Output {
        divergence.rows(self.0, self.1)
    }
}

/// The name that a mistyped one is nearest to, with its parameter.
fn nearest(key: &str) -> &'static str {
    let name = |info: &MeasureInfo| info.pattern.split('=').next().unwrap_or_default();
    let distance = |info: &&MeasureInfo| strsim::damerau_levenshtein(name(info), key);
    CATALOGUE.iter().min_by_key(distance).map_or("kl", |info| info.example)
}
