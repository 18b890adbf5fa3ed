//! The only place where the names of families of vectors and matrices meet types.

use core::fmt;

use super::{Cholesky, Independent, JointMixture, MatrixNormal, MonteCarlo, Multinomial, MultivariateNormal};
use super::{PowerSpherical, VonMisesFisher, Wishart};
use crate::Error;
use crate::family::parse::{Array, Given, Refusal, at};
use crate::family::{Affine, Any, Certified, Family, KlTo, Truncated};

/// A family with parameters that are lists, matrices or distributions.
#[derive(Debug, Clone, Copy)]
pub(in crate::family) struct Shaped {
    pub(in crate::family) name: &'static str,
    /// In order, `a|b` where one of several is given; `[]` a list, `[][]` a matrix, `()` a one-dimensional distribution.
    pub(in crate::family) parameters: &'static [&'static str],
    pub(in crate::family) make: fn(&[Given]) -> Result<Family, Refusal>,
}

pub(in crate::family) const SHAPED: &[Shaped] = &[
    Shaped {
        name: "multivariate_normal",
        parameters: &["loc[]", "covariance_matrix[][]|precision_matrix[][]|scale_tril[][]|scale_diag[]"],
        make: normal,
    },
    Shaped {
        name: "lowrank_multivariate_normal",
        parameters: &["loc[]", "cov_factor[][]", "cov_diag[]"],
        make: low_rank,
    },
    Shaped { name: "multinomial", parameters: &["total_count", "probs[]"], make: multinomial },
    Shaped {
        name: "wishart",
        parameters: &["df", "covariance_matrix[][]|precision_matrix[][]|scale_tril[][]"],
        make: wishart,
    },
    Shaped { name: "von_mises_fisher", parameters: &["loc[]", "concentration"], make: fisher },
    Shaped { name: "power_spherical", parameters: &["loc[]", "concentration"], make: power_spherical },
    Shaped {
        name: "matrix_normal",
        parameters: &["loc[][]", "row_covariance[][]", "column_covariance[][]"],
        make: matrix_normal,
    },
    Shaped { name: "affine", parameters: &["loc", "scale", "base()"], make: affine },
    Shaped { name: "truncated", parameters: &["low", "high", "base()"], make: truncated },
];

/// A distribution of vectors or matrices of a family chosen at run time.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Multivariate {
    /// See [`MultivariateNormal`].
    Normal(MultivariateNormal),
    /// See [`JointMixture`].
    Mixture(JointMixture<MultivariateNormal>),
    /// See [`Multinomial`].
    Multinomial(Multinomial),
    /// See [`Wishart`].
    Wishart(Wishart),
    /// See [`VonMisesFisher`].
    VonMisesFisher(VonMisesFisher),
    /// See [`PowerSpherical`].
    PowerSpherical(PowerSpherical),
    /// See [`MatrixNormal`].
    MatrixNormal(MatrixNormal),
    /// See [`Independent`].
    Independent(Independent),
}

/// What is known for certain of KL between mixtures of normal distributions, and an approximation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MixtureBounds {
    /// KL is at least this.
    pub lower: f64,
    /// KL is at most this.
    pub upper: f64,
    /// See [`JointMixture::variational_kl`].
    pub variational: f64,
}

impl Multivariate {
    /// The family's name in texts.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Normal(_) => "multivariate_normal",
            Self::Mixture(_) => "mixture",
            Self::Multinomial(_) => "multinomial",
            Self::Wishart(_) => "wishart",
            Self::VonMisesFisher(_) => "von_mises_fisher",
            Self::PowerSpherical(_) => "power_spherical",
            Self::MatrixNormal(_) => "matrix_normal",
            Self::Independent(_) => "independent",
        }
    }

    /// KL(P‖Q): by a formula, or of mixtures and of power spherical distributions by random points that are the same every
    /// time.
    ///
    /// # Errors
    /// [`Error::Kinds`] for families that do not go together, [`Error::LengthMismatch`] for different shapes.
    pub fn kl(&self, q: &Self) -> Result<Certified, Error> {
        if self == q {
            return Ok(Certified::exact(0.0));
        }
        match (self, q) {
            (Self::Normal(p), Self::Normal(q)) => p.certified_kl_to(q),
            (Self::Multinomial(p), Self::Multinomial(q)) => p.certified_kl_to(q),
            (Self::Wishart(p), Self::Wishart(q)) => p.certified_kl_to(q),
            (Self::VonMisesFisher(p), Self::VonMisesFisher(q)) => p.certified_kl_to(q),
            (Self::PowerSpherical(p), Self::PowerSpherical(q)) => p.certified_kl_to(q),
            (Self::PowerSpherical(p), Self::VonMisesFisher(q)) => p.certified_kl_to(q),
            (Self::VonMisesFisher(p), Self::PowerSpherical(q)) => p.certified_kl_to(q),
            (Self::MatrixNormal(p), Self::MatrixNormal(q)) => p.certified_kl_to(q),
            (Self::Independent(p), Self::Independent(q)) => p.kl(q),
            (Self::Independent(p), Self::Normal(q)) => p.kl_to_normal(q),
            (Self::Normal(p), Self::Independent(q)) => q.kl_from_normal(p),
            _ => match (self.as_mixture(), q.as_mixture()) {
                (Some(p), Some(q)) => MonteCarlo::default().kl(&p, &q),
                _ => Err(Error::Kinds { p: self.name(), q: q.name() }),
            },
        }
    }

    /// Bounds of KL between mixtures of normal distributions.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for different dimensions.
    pub(in crate::family) fn bounds(&self, q: &Self) -> Result<Option<MixtureBounds>, Error> {
        if !matches!((self, q), (Self::Mixture(_), _) | (_, Self::Mixture(_))) {
            return Ok(None);
        }
        match (self.as_mixture(), q.as_mixture()) {
            (Some(p), Some(q)) => Ok(Some(MixtureBounds {
                lower: p.lower_bound(&q)?,
                upper: p.upper_bound(&q)?,
                variational: p.variational_kl(&q)?,
            })),
            _ => Ok(None),
        }
    }

    fn as_mixture(&self) -> Option<JointMixture<MultivariateNormal>> {
        match self {
            Self::Mixture(mixture) => Some(mixture.clone()),
            Self::Normal(normal) => JointMixture::new(vec![(1.0, normal.clone())]).ok(),
            Self::Independent(independent) => JointMixture::new(vec![(1.0, independent.as_normal()?)]).ok(),
            _ => None,
        }
    }

    /// The normal distributions that it is a mixture of.
    pub(in crate::family) fn into_parts(self) -> Option<Vec<(f64, MultivariateNormal)>> {
        self.as_mixture().map(|mixture| mixture.parts().to_vec())
    }
}

impl fmt::Display for Multivariate {
    /// As a text that reads back, matrices by what is kept of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let factor = |scale: &Cholesky| Array::square(scale.dimension(), scale.factor());
        let covariance = |scale: &Cholesky| Array::square(scale.dimension(), scale.covariance());
        let normal = |f: &mut fmt::Formatter<'_>, part: &MultivariateNormal| {
            let loc = Array::list(part.loc().to_vec());
            write!(f, "multivariate_normal({loc}, scale_tril={})", factor(part.scale_tril()))
        };
        match self {
            Self::Normal(x) => normal(f, x),
            Self::Mixture(x) => {
                for (index, (weight, part)) in x.parts().iter().enumerate() {
                    write!(f, "{}{weight} ", if index == 0 { "mixture(" } else { ", " })?;
                    normal(f, part)?;
                }
                f.write_str(")")
            }
            Self::Multinomial(x) => {
                write!(f, "multinomial({}, {})", x.total_count(), Array::list(x.probs().to_vec()))
            }
            Self::Wishart(x) => write!(f, "wishart({}, scale_tril={})", x.df(), factor(x.scale_tril())),
            Self::VonMisesFisher(x) => {
                write!(f, "von_mises_fisher({}, {})", Array::list(x.loc().to_vec()), x.concentration())
            }
            Self::PowerSpherical(x) => {
                write!(f, "power_spherical({}, {})", Array::list(x.loc().to_vec()), x.concentration())
            }
            Self::MatrixNormal(x) => {
                let [rows, columns] = x.factors();
                let loc = Array { shape: vec![rows.dimension(), columns.dimension()], entries: x.loc().to_vec() };
                write!(f, "matrix_normal({loc}, {}, {})", covariance(rows), covariance(columns))
            }
            Self::Independent(x) => {
                for (index, part) in x.parts().iter().enumerate() {
                    write!(f, "{}{part}", if index == 0 { "independent(" } else { ", " })?;
                }
                f.write_str(")")
            }
        }
    }
}

fn many(made: Multivariate) -> Family {
    Family::Many(made)
}

/// The factor of a matrix, by the name it was given under.
fn factor(given: &[Given], index: usize, dimension: usize) -> Result<Cholesky, Refusal> {
    let scale = &given[index];
    if scale.name == "scale_diag" {
        let entries = scale.list(index, dimension)?;
        let mut matrix = vec![0.0; dimension * dimension];
        for (row, x) in entries.iter().enumerate() {
            at(index, crate::family::parameter::positive("scale_diag", *x))?;
            matrix[row * dimension + row] = *x;
        }
        return at(index, Cholesky::from_factor(dimension, &matrix));
    }
    let matrix = scale.square(index, dimension)?;
    let made = match scale.name {
        "precision_matrix" => Cholesky::of_inverse(dimension, matrix),
        "scale_tril" => Cholesky::from_factor(dimension, matrix),
        _ => Cholesky::of(dimension, matrix),
    };
    at(index, made)
}

fn normal(given: &[Given]) -> Result<Family, Refusal> {
    let loc = given[0].entries();
    let scale = factor(given, 1, loc.len())?;
    at(0, MultivariateNormal::from_cholesky(loc, scale)).map(|x| many(Multivariate::Normal(x)))
}

fn low_rank(given: &[Given]) -> Result<Family, Refusal> {
    let loc = given[0].entries();
    let matrix = given[1].rows(1, loc.len())?;
    let diagonal = given[2].list(2, loc.len())?;
    at(0, MultivariateNormal::low_rank(loc, matrix, diagonal)).map(|x| many(Multivariate::Normal(x)))
}

fn multinomial(given: &[Given]) -> Result<Family, Refusal> {
    at(1, Multinomial::new(given[0].number(), given[1].entries())).map(|x| many(Multivariate::Multinomial(x)))
}

fn wishart(given: &[Given]) -> Result<Family, Refusal> {
    let dimension = given[1].side();
    let scale = factor(given, 1, dimension)?;
    at(0, Wishart::from_cholesky(given[0].number(), scale)).map(|x| many(Multivariate::Wishart(x)))
}

/// A direction, which has two entries or more.
fn direction(given: &Given) -> Result<&[f64], Refusal> {
    match given.entries() {
        loc if loc.len() < 2 => Err(Refusal::new(0, "`loc` has fewer than 2 entries; 2 or more are accepted")),
        loc => Ok(loc),
    }
}

fn fisher(given: &[Given]) -> Result<Family, Refusal> {
    let loc = direction(&given[0])?;
    at(0, VonMisesFisher::new(loc, given[1].number())).map(|x| many(Multivariate::VonMisesFisher(x)))
}

fn power_spherical(given: &[Given]) -> Result<Family, Refusal> {
    let loc = direction(&given[0])?;
    at(0, PowerSpherical::new(loc, given[1].number())).map(|x| many(Multivariate::PowerSpherical(x)))
}

fn matrix_normal(given: &[Given]) -> Result<Family, Refusal> {
    let [rows, columns] = given[0].sides();
    let (of_rows, of_columns) = (factor(given, 1, rows)?, factor(given, 2, columns)?);
    at(0, MatrixNormal::from_cholesky(given[0].entries(), of_rows, of_columns))
        .map(|x| many(Multivariate::MatrixNormal(x)))
}

fn affine(given: &[Given]) -> Result<Family, Refusal> {
    let base = given[2].distribution(2)?;
    at(2, Affine::new(base, given[0].number(), given[1].number())).map(|x| Family::One(Any::Affine(Box::new(x))))
}

fn truncated(given: &[Given]) -> Result<Family, Refusal> {
    let base = given[2].distribution(2)?;
    match Truncated::new(base, given[0].number(), given[1].number()) {
        Err(Error::Empty) => {
            let message = "there is no mass from `low` to `high`; limits with mass between them are accepted";
            Err(Refusal::new(0, message))
        }
        made => at(1, made).map(|x| Family::One(Any::Truncated(Box::new(x)))),
    }
}
