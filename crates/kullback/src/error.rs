use core::fmt;

/// Which distribution an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The truth: the first argument.
    P,
    /// The model: the second argument.
    Q,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P => "P",
            Self::Q => "Q",
        })
    }
}

/// Why an input was refused. One type for the whole crate; small and `Copy`.
///
/// An infinite divergence is a value, not an error.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// The two sides have different numbers of categories.
    LengthMismatch {
        /// Length of P.
        p: usize,
        /// Length of Q.
        q: usize,
    },
    /// There is nothing to compare.
    Empty,
    /// A weight is negative.
    Negative {
        /// The distribution.
        side: Side,
        /// Position of the first such weight, from 0.
        index: usize,
    },
    /// A weight is NaN or infinite, or a log-probability is NaN or +∞.
    NotFinite {
        /// The distribution.
        side: Side,
        /// Position of the first such entry, from 0.
        index: usize,
    },
    /// All weights are zero, so there is no distribution to normalise to.
    ZeroMass {
        /// The distribution.
        side: Side,
    },
    /// A coordinate of a point is NaN or infinite.
    NotFinitePoint {
        /// The sample.
        side: Side,
        /// The first such point, from 0.
        row: usize,
        /// Its coordinate, from 0.
        column: usize,
    },
    /// A sample is too small for the estimator.
    TooFewPoints {
        /// The sample.
        side: Side,
        /// Points in it.
        points: usize,
        /// The fewest that serve.
        needed: usize,
    },
    /// The points of the two samples have different numbers of coordinates.
    DimensionMismatch {
        /// Coordinates of a point of P.
        p: usize,
        /// Coordinates of a point of Q.
        q: usize,
    },
    /// Both samples are one and the same point, over and over.
    IdenticalPoints,
    /// A row of a batch was refused for one of the reasons above.
    Row {
        /// Row of P, from 0.
        p: usize,
        /// Row of Q, from 0.
        q: usize,
        /// What is wrong with it.
        reason: RowError,
    },
    /// A parameter lies outside its range.
    Parameter {
        /// Its name.
        name: &'static str,
        /// What was given.
        value: f64,
        /// What would be accepted.
        expected: &'static str,
    },
    /// A parameter of one distribution of a batch lies outside its range.
    RowParameter {
        /// Its name.
        name: &'static str,
        /// The row, from 0.
        row: usize,
        /// What was given; of a matrix, the entry where it shows.
        value: f64,
        /// What would be accepted.
        expected: &'static str,
    },
    /// A view of rows does not fit its buffer.
    Shape {
        /// Elements in the buffer.
        len: usize,
        /// Elements the view needs.
        needed: usize,
    },
    /// A label, or the id of a listed category, is not one of the row's.
    NoCategory {
        /// The row, from 0.
        row: usize,
        /// What was given.
        category: i64,
        /// How many there are, from 0.
        categories: usize,
    },
    /// A category is listed twice in one row.
    Repeated {
        /// The row, from 0.
        row: usize,
        /// The category.
        category: usize,
    },
    /// No measure has this name; the nearest one that exists.
    UnknownMeasure {
        /// A name that is near what was given.
        nearest: &'static str,
    },
    /// No estimator from samples has this name.
    UnknownSampleEstimator,
    /// A text is not a smoothing rule.
    UnknownSmoothing,
    /// Distributions of different kinds, which have no densities in common: `discrete`, `continuous` or `multivariate`.
    Kinds {
        /// What P is, or the first part of a mixture.
        p: &'static str,
        /// What Q is, or another part.
        q: &'static str,
    },
    /// A covariance or precision matrix differs from its transpose.
    NotSymmetric {
        /// The row of the first such entry, from 0.
        row: usize,
        /// Its column, from 0.
        column: usize,
    },
    /// A covariance or precision matrix, or a factor of one, is not positive definite.
    NotPositiveDefinite {
        /// The row where that shows, from 0.
        row: usize,
    },
    /// A divergence of families was asked for that may be infinite for reasons of their tails.
    Unbounded,
    /// A gradient was asked for of a divergence that is a maximum.
    NotDifferentiable,
}

/// What is wrong with one row of a batch: the row-wise part of [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RowError {
    /// See [`Error::Negative`].
    Negative {
        /// The distribution.
        side: Side,
        /// Column, from 0.
        index: usize,
    },
    /// See [`Error::NotFinite`].
    NotFinite {
        /// The distribution.
        side: Side,
        /// Column, from 0.
        index: usize,
    },
    /// See [`Error::ZeroMass`].
    ZeroMass {
        /// The distribution.
        side: Side,
    },
}

impl From<RowError> for Error {
    fn from(row: RowError) -> Self {
        match row {
            RowError::Negative { side, index } => Self::Negative { side, index },
            RowError::NotFinite { side, index } => Self::NotFinite { side, index },
            RowError::ZeroMass { side } => Self::ZeroMass { side },
        }
    }
}

impl RowError {
    pub(crate) fn at(self, p: usize, q: usize) -> Error {
        Error::Row { p, q, reason: self }
    }
}

impl Error {
    /// The same in rows that are counted from `first` on.
    pub(crate) fn of_rows_from(self, first: usize) -> Self {
        match self {
            Self::Row { p, q, reason } => Self::Row { p: p + first, q: q + first, reason },
            other => other,
        }
    }

    /// A parameter's error as that of one row of a batch.
    pub(crate) fn in_row(self, row: usize) -> Self {
        match self {
            Self::Parameter { name, value, expected } => Self::RowParameter { name, row, value, expected },
            other => other,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::LengthMismatch { p, q } => {
                write!(f, "P has {p} categories and Q has {q}; both sides need the same number")
            }
            Self::Empty => f.write_str("no categories were given; at least one is needed"),
            Self::Negative { side, index } => {
                write!(f, "the weight of {side} at index {index} is negative; weights are at least 0")
            }
            Self::NotFinite { side, index } => {
                write!(f, "the entry of {side} at index {index} is not a finite number; finite numbers are accepted")
            }
            Self::ZeroMass { side } => {
                write!(f, "all weights of {side} are zero; at least one must be positive")
            }
            Self::NotFinitePoint { side, row, column } => {
                write!(f, "{side}, row {row}, column {column}: not a finite number; finite coordinates are accepted")
            }
            Self::TooFewPoints { side, points, needed } => {
                write!(f, "{side} has {points} points; the estimator needs at least {needed}")
            }
            Self::DimensionMismatch { p, q } => {
                write!(f, "points of P have {p} coordinates and points of Q {q}; both sides need the same number")
            }
            Self::IdenticalPoints => {
                f.write_str("all points of P and Q are the same point; at least two different points are needed")
            }
            Self::Row { p, q, reason } => write!(f, "row {p} of P against row {q} of Q: {}", Self::from(reason)),
            Self::Parameter { name, value, expected } => write!(f, "{name} = {value} is outside its range: {expected}"),
            Self::RowParameter { name, row, value, expected } => {
                write!(f, "row {row}: {name} = {value} is outside its range: {expected}")
            }
            Self::Shape { len, needed } => {
                write!(f, "the buffer holds {len} elements and the rows need {needed}")
            }
            Self::NoCategory { row, category, categories } => {
                write!(f, "row {row} names category {category}; there are {categories}, counted from 0")
            }
            Self::Repeated { row, category } => {
                write!(f, "row {row} lists category {category} twice; once is accepted")
            }
            Self::UnknownMeasure { nearest } => write!(f, "no measure has this name; did you mean `{nearest}`?"),
            Self::UnknownSampleEstimator => f.write_str("unknown estimator: expected knn-ensemble, knn, histogram, kde or classifier"),
            Self::Kinds { p, q } => {
                write!(f, "P is {p} and Q is {q}, so no density of one is a density for the other; both sides need to be of one kind")
            }
            Self::NotSymmetric { row, column } => {
                write!(f, "entry ({row}, {column}) of the matrix is not that at ({column}, {row}); symmetric matrices are accepted")
            }
            Self::NotPositiveDefinite { row } => {
                write!(f, "the matrix is not positive definite, as row {row} shows; positive definite matrices are accepted")
            }
            Self::Unbounded => f.write_str(
                "this divergence of two families is not available; kl, reverse-kl, jeffreys, and of one-dimensional families js, \
                 hellinger, bhattacharyya, triangular, tv, skew-kl=λ, renyi=α and tsallis=α with α below 1 are; of two members of one \
                 exponential family also renyi, tsallis, alpha, cressie-read, chi2 and neyman-chi2 of every order and max-divergence",
            ),
            Self::NotDifferentiable => f.write_str("a maximum has no gradient; a divergence that is a sum is accepted"),
            Self::UnknownSmoothing => f.write_str("expected `none`, `epsilon=ε` or `additive=α` with a number above 0"),
        }
    }
}

impl core::error::Error for Error {}
