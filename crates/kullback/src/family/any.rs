//! The only place where the names of families meet types: one list of families, and one of pairs with a formula of their
//! own.

use core::fmt;

use rand::Rng;

use super::kl::KlTo;
use super::multivariate::any::SHAPED;
use super::multivariate::{MixtureBounds, Multivariate};
use super::*;
use crate::Error;

/// What [`Any::catalogue`] says of a family.
#[derive(Debug, Clone, Copy)]
pub struct FamilyInfo {
    /// The name in texts.
    pub name: &'static str,
    /// The names of its parameters in order; empty if it takes any number of them without names.
    pub parameters: &'static [&'static str],
    /// Builds it from its parameters.
    pub(super) make: fn(&[f64]) -> Result<Family, Error>,
}

macro_rules! families {
    ($($name:ident),* $(,)?) => {
        /// A one-dimensional distribution of a family chosen at run time.
        ///
        /// ```
        /// use kullback::family::Any;
        /// let p: Any = "normal(0, 1)".parse().unwrap();
        /// let q: Any = "mixture(0.3 normal(0, 1), 0.7 student_t(3, loc=1, scale=2))".parse().unwrap();
        /// let kl = p.kl(&q)?;
        /// println!("{} nats by {}, at most {} off", kl.value, kl.method, kl.error);
        /// # Ok::<(), kullback::Error>(())
        /// ```
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum Any {
            $(#[doc = concat!("See [`", stringify!($name), "`].")] $name($name),)*
            /// See [`Mixture`].
            Mixture(Mixture),
            /// See [`Affine`].
            Affine(Box<Affine>),
            /// See [`Truncated`].
            Truncated(Box<Truncated>),
        }

        const CATALOGUE: &[FamilyInfo] = &[
            $(FamilyInfo {
                name: <$name as Parametric>::NAME,
                parameters: <$name as Parametric>::PARAMETERS,
                make: |values| Ok(Family::One(Any::$name(<$name as Parametric>::from_parameters(values)?))),
            },)*
            FamilyInfo {
                name: <Dirichlet as Parametric>::NAME,
                parameters: <Dirichlet as Parametric>::PARAMETERS,
                make: |values| Dirichlet::new(values).map(Family::Dirichlet),
            },
        ];

        impl Any {
            /// The distribution behind the name.
            #[must_use]
            pub fn as_distribution(&self) -> &dyn Distribution {
                match self {
                    $(Self::$name(x) => x,)*
                    Self::Mixture(x) => x,
                    Self::Affine(x) => x.as_ref(),
                    Self::Truncated(x) => x.as_ref(),
                }
            }
        }

        impl fmt::Display for Any {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$name(x) => x.fmt(f),)*
                    Self::Mixture(x) => x.fmt(f),
                    Self::Affine(x) => x.fmt(f),
                    Self::Truncated(x) => x.fmt(f),
                }
            }
        }

        $(impl From<$name> for Any {
            fn from(x: $name) -> Self {
                Self::$name(x)
            }
        })*
    };
}

families! {
    Normal, LogNormal, Laplace, Cauchy, StudentT, Gumbel, Logistic, Uniform, Exponential, Gamma, InverseGamma, Chi, Chi2,
    Weibull, Pareto, HalfNormal, LogUniform, Moyal, ExpGamma, ExpInverseGamma, Lindley, Beta, Kumaraswamy, LogitNormal,
    ContinuousBernoulli, VonMises,
    Bernoulli, Binomial, NegativeBinomial, Geometric, Poisson, Categorical, DiscreteUniform,
}

/// A distribution of any family that a text can name.
///
/// ```
/// use kullback::family::Family;
/// let p: Family = "dirichlet(1, 2, 3)".parse()?;
/// assert_eq!(p.kl(&p)?.value, 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Family {
    /// One-dimensional.
    One(Any),
    /// See [`Dirichlet`].
    Dirichlet(Dirichlet),
    /// Vectors and matrices.
    Many(Multivariate),
}

impl Family {
    /// KL(P‖Q).
    ///
    /// # Errors
    /// [`Error::Kinds`] for distributions of different kinds, [`Error::LengthMismatch`] for different dimensions.
    pub fn kl(&self, q: &Self) -> Result<Certified, Error> {
        match (self, q) {
            (Self::One(p), Self::One(q)) => p.kl(q),
            (Self::Dirichlet(p), Self::Dirichlet(q)) => p.certified_kl_to(q),
            (Self::Many(p), Self::Many(q)) => p.kl(q).map_err(of_coordinates),
            (Self::Dirichlet(_), Self::Many(q)) => Err(Error::Kinds { p: Dirichlet::NAME, q: q.name() }),
            (Self::Many(p), Self::Dirichlet(_)) => Err(Error::Kinds { p: p.name(), q: Dirichlet::NAME }),
            _ => Err(Error::Kinds { p: self.kind(), q: q.kind() }),
        }
    }

    /// `discrete`, `continuous` or `multivariate`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::One(any) => any.support().kind.name(),
            Self::Dirichlet(_) | Self::Many(_) => "multivariate",
        }
    }

    /// Bounds of KL that hold for certain, of mixtures of normal distributions of vectors.
    ///
    /// # Errors
    /// [`Error::DimensionMismatch`] for different dimensions.
    pub fn mixture_bounds(&self, q: &Self) -> Result<Option<MixtureBounds>, Error> {
        match (self, q) {
            (Self::Many(p), Self::Many(q)) => p.bounds(q).map_err(of_coordinates),
            _ => Ok(None),
        }
    }

    /// The families of vectors and matrices, and those made of others, with their parameters: `[]` a list, `[][]` a
    /// matrix, `()` a one-dimensional distribution, `a|b` one of several.
    pub fn shaped() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
        SHAPED.iter().map(|shaped| (shaped.name, shaped.parameters))
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(any) => any.fmt(f),
            Self::Dirichlet(dirichlet) => dirichlet.fmt(f),
            Self::Many(many) => many.fmt(f),
        }
    }
}

/// Entries of vectors are no categories.
fn of_coordinates(error: Error) -> Error {
    match error {
        Error::LengthMismatch { p, q } => Error::DimensionMismatch { p, q },
        other => other,
    }
}

macro_rules! own_pairs {
    ($($p:ident => $($q:ident),+;)*) => {
        /// The pairs with a formula of their own.
        #[cfg(test)]
        pub(super) const OWN: &[(&str, &str)] = &[
            $($((<$p as Parametric>::NAME, <$q as Parametric>::NAME),)+)*
        ];

        /// KL by the formula of the pair, if it has one for these parameters.
        pub(super) fn own_formula(p: &Any, q: &Any) -> Option<f64> {
            match (p, q) {
                $($((Any::$p(p), Any::$q(q)) => p.closed_form(q),)+)*
                _ => None,
            }
        }
    };
}

own_pairs! {
    Normal => Normal; LogNormal => LogNormal; Laplace => Laplace; Cauchy => Cauchy; StudentT => StudentT;
    Gumbel => Gumbel; Logistic => Logistic; Uniform => Uniform; Exponential => Exponential, Gamma, Chi2;
    Gamma => Gamma, Exponential, Chi2; InverseGamma => InverseGamma; Chi => Chi; Chi2 => Chi2, Gamma, Exponential;
    Weibull => Weibull; Pareto => Pareto; HalfNormal => HalfNormal; Beta => Beta; Kumaraswamy => Kumaraswamy;
    LogUniform => LogUniform; Moyal => Moyal; ExpGamma => ExpGamma; ExpInverseGamma => ExpInverseGamma;
    Lindley => Lindley; LogitNormal => LogitNormal; ContinuousBernoulli => ContinuousBernoulli; VonMises => VonMises;
    Bernoulli => Bernoulli; Binomial => Binomial; NegativeBinomial => NegativeBinomial; Geometric => Geometric;
    Poisson => Poisson; Categorical => Categorical; DiscreteUniform => DiscreteUniform;
}

macro_rules! exponential_families {
    ($($name:ident),* $(,)?) => {
        /// A divergence of two members of one exponential family, if it follows from KL there.
        pub(super) fn of_exponential_family(p: &Any, q: &Any, measure: crate::Measure) -> Option<Certified> {
            match (p, q) {
                $((Any::$name(p), Any::$name(q)) => exponential_family::divergence(p, q, measure),)*
                _ => None,
            }
        }
    };
}

// Those with a finite support are summed as they are.
exponential_families! {
    Normal, LogNormal, LogitNormal, HalfNormal, Exponential, Gamma, InverseGamma, ExpGamma, ExpInverseGamma, Chi, Chi2, Beta,
    Pareto, ContinuousBernoulli, VonMises, Laplace, Weibull, Lindley, Poisson, Geometric, NegativeBinomial,
}

impl Any {
    /// Every family there is.
    #[must_use]
    pub fn catalogue() -> &'static [FamilyInfo] {
        CATALOGUE
    }

    /// KL(P‖Q): by a formula where there is one, by a sum or an integral otherwise.
    ///
    /// # Errors
    /// [`Error::Kinds`] for a discrete distribution against a continuous one.
    pub fn kl(&self, q: &Self) -> Result<Certified, Error> {
        if self == q {
            return Ok(Certified::exact(0.0));
        }
        if let (Self::Affine(p), Self::Affine(q)) = (self, q) {
            return p.kl(q);
        }
        match own_formula(self, q) {
            Some(value) => Ok(Certified::exact(value)),
            None => kl(self.as_distribution(), q.as_distribution()),
        }
    }
}

impl Distribution for Any {
    fn name(&self) -> &'static str {
        self.as_distribution().name()
    }
    fn has_formulas(&self) -> bool {
        self.as_distribution().has_formulas()
    }
    fn support(&self) -> Support {
        self.as_distribution().support()
    }
    fn ln_density(&self, x: Point) -> f64 {
        self.as_distribution().ln_density(x)
    }
    fn landmarks(&self) -> Vec<f64> {
        self.as_distribution().landmarks()
    }
    fn tail(&self, edge: Edge) -> Tail {
        self.as_distribution().tail(edge)
    }
    fn mean(&self) -> f64 {
        self.as_distribution().mean()
    }
    fn variance(&self) -> f64 {
        self.as_distribution().variance()
    }
    fn entropy(&self) -> f64 {
        self.as_distribution().entropy()
    }
    fn expect(&self, of: Statistic) -> Option<f64> {
        self.as_distribution().expect(of)
    }
    fn cross_entropy_of(&self, p: &dyn Distribution) -> Option<Terms> {
        self.as_distribution().cross_entropy_of(p)
    }
    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        self.as_distribution().sample(rng)
    }
}
