use crate::discrete::Weight;
use crate::logits::shape;
use crate::{Error, Side};

/// How many latent dimensions say something of the data: those whose posterior mean varies over it, with a variance of
/// more than `threshold`. (Y. Burda, R. Grosse, R. Salakhutdinov, 2016, with a threshold of 0.01.)
///
/// `mean` holds the posterior means, sample after sample, each with `latent` entries. Variances are the population's,
/// in double precision by Welford's recurrence; none without samples.
///
/// # Errors
/// [`Error::Empty`] for no dimensions, [`Error::Shape`] for an incomplete sample, [`Error::Parameter`] for a threshold
/// that is negative or no number, [`Error::NotFinite`] for a mean that is none.
///
/// ```
/// use kullback::loss::latent::active_units;
/// assert_eq!(active_units(&[1.0, 0.01, -1.0, 0.0], 2, 0.01)?, 1);
/// # Ok::<(), kullback::Error>(())
/// ```
pub fn active_units<T: Weight>(mean: &[T], latent: usize, threshold: f64) -> Result<usize, Error> {
    if latent == 0 {
        return Err(Error::Empty);
    }
    shape(mean.len(), mean.len().next_multiple_of(latent))?;
    if threshold.is_nan() || threshold < 0.0 {
        return Err(Error::Parameter { name: "threshold", value: threshold, expected: "at least 0" });
    }
    if let Some(index) = mean.iter().position(|&x| !Into::<f64>::into(x).is_finite()) {
        return Err(Error::NotFinite { side: Side::P, index });
    }
    let mut of = vec![(0.0, 0.0); latent];
    for (sample, n) in mean.chunks_exact(latent).zip(1u32..) {
        for ((centre, squares), &x) in of.iter_mut().zip(sample) {
            let x: f64 = x.into();
            let off = x - *centre;
            *centre += off / f64::from(n);
            *squares += off * (x - *centre);
        }
    }
    let n = (mean.len() / latent).max(1) as f64;
    Ok(of.iter().filter(|(_, squares)| squares / n > threshold).count())
}
