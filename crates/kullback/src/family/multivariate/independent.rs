use super::{Cholesky, MultivariateNormal};
use crate::Error;
use crate::family::{Any, Certified, Distribution as _, Kind, KlTo as _, Normal, Point, fallback};

/// Independent coordinates, each of a one-dimensional family: the product of their distributions.
#[derive(Debug, Clone, PartialEq)]
pub struct Independent {
    parts: Vec<Any>,
}

impl Independent {
    /// The product of these.
    ///
    /// # Errors
    /// [`Error::Empty`] without any.
    pub fn new(parts: Vec<Any>) -> Result<Self, Error> {
        if parts.is_empty() { Err(Error::Empty) } else { Ok(Self { parts }) }
    }

    /// The coordinates' distributions.
    #[must_use]
    pub fn parts(&self) -> &[Any] {
        &self.parts
    }

    /// KL(P‖Q): the sum of the coordinates' divergences, with the sum of their errors.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for another number of coordinates, [`Error::Kinds`] where one of them is discrete on one
    /// side only.
    pub fn kl(&self, q: &Self) -> Result<Certified, Error> {
        super::one_shape([self.parts.len()], [q.parts.len()])?;
        self.parts.iter().zip(&q.parts).try_fold(Certified::exact(0.0), |sum, (p, q)| Ok(sum.plus(p.kl(q)?)))
    }

    /// KL to a multivariate normal distribution: −ln q is quadratic, so that is KL to the normal distributions with the
    /// coordinates' means and variances, and from these. Without a finite variance it is infinite.
    ///
    /// ```
    /// use kullback::family::multivariate::{Independent, MultivariateNormal};
    /// use kullback::family::{KlTo, Laplace, Normal};
    /// let q = MultivariateNormal::new(&[0.0, 0.0], &[2.0, 1.0, 1.0, 2.0])?;
    /// let p = Independent::new(vec![Normal::new(1.0, 2.0)?.into(), Normal::new(0.0, 1.0)?.into()])?;
    /// let diagonal = MultivariateNormal::from_diagonal(&[1.0, 0.0], &[4.0, 1.0])?;
    /// assert_eq!(p.kl_to_normal(&q)?.value, diagonal.kl_to(&q)?);
    /// let p = Independent::new(vec![Laplace::new(0.0, 1.0)?.into(); 2])?;
    /// assert!(p.kl_to_normal(&q)?.value > 0.1);
    /// # Ok::<(), kullback::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for another number of coordinates, [`Error::Kinds`] where one of them is discrete.
    pub fn kl_to_normal(&self, q: &MultivariateNormal) -> Result<Certified, Error> {
        super::one_shape([self.parts.len()], [q.loc().len()])?;
        self.all_continuous("independent", "multivariate_normal")?;
        let (mut alike, mut apart, mut off) = (Vec::new(), Certified::exact(0.0), 0.0);
        for part in &self.parts {
            let Some((normal, moments_off)) = with_moments_of(part) else { return Ok(Certified::INFINITE) };
            apart = apart.plus(part.kl(&normal.into())?);
            alike.push(normal);
            off += moments_off;
        }
        let from_normal = diagonal(&alike)?.certified_kl_to(q)?;
        // Moments that are off by a share of the deviation change the sum by so many times as much at most.
        let by_moments = 8.0 * off * (1.0 + from_normal.value);
        let found = from_normal.plus(apart);
        Ok(Certified { error: found.error + by_moments, ..found })
    }

    /// As a normal distribution of vectors, if that is what it is.
    pub(super) fn as_normal(&self) -> Option<MultivariateNormal> {
        let normal = |part: &Any| if let Any::Normal(normal) = part { Some(*normal) } else { None };
        diagonal(&self.parts.iter().map(normal).collect::<Option<Vec<_>>>()?).ok()
    }

    /// KL from a multivariate normal distribution: how much its coordinates depend on one another, and the divergences of
    /// each of them alone.
    ///
    /// # Errors
    /// As [`kl_to_normal`](Self::kl_to_normal).
    pub fn kl_from_normal(&self, p: &MultivariateNormal) -> Result<Certified, Error> {
        super::one_shape([p.loc().len()], [self.parts.len()])?;
        self.all_continuous("multivariate_normal", "independent")?;
        let marginals = p.marginals()?;
        let dependence = p.certified_kl_to(&diagonal(&marginals)?)?;
        let mut alone = marginals.into_iter().zip(&self.parts);
        alone.try_fold(dependence, |sum, (normal, part)| Ok(sum.plus(Any::from(normal).kl(part)?)))
    }

    fn all_continuous(&self, p: &'static str, q: &'static str) -> Result<(), Error> {
        let discrete = self.parts.iter().any(|part| part.support().kind == Kind::Discrete);
        if discrete { Err(Error::Kinds { p, q }) } else { Ok(()) }
    }
}

/// The normal distribution with its mean and variance, if these are finite, and by what share they may be wrong.
fn with_moments_of(part: &Any) -> Option<(Normal, f64)> {
    match part {
        Any::Normal(normal) => Some((*normal, 0.0)),
        // Its own are those of angles.
        part if !part.has_formulas() || matches!(part, Any::VonMises(_)) => {
            let mean = fallback::expectation(part, Point::value);
            let variance = fallback::expectation(part, |x| x.minus(mean.value) * x.minus(mean.value));
            let normal = Normal::new(mean.value, variance.value.sqrt()).ok()?;
            Some((normal, mean.error / normal.scale() + variance.error / variance.value))
        }
        part => Some((Normal::new(part.mean(), part.variance().sqrt()).ok()?, 0.0)),
    }
}

/// Normal distributions side by side.
fn diagonal(parts: &[Normal]) -> Result<MultivariateNormal, Error> {
    let n = parts.len();
    let mut factor = vec![0.0; n * n];
    for (i, part) in parts.iter().enumerate() {
        factor[i * n + i] = part.scale();
    }
    let loc: Vec<f64> = parts.iter().map(Normal::loc).collect();
    MultivariateNormal::from_cholesky(&loc, Cholesky::from_factor(n, &factor)?)
}
