use anyhow::{Context, Result};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// A sample's mean, standard deviation (n − 1) and the half width of the mean's 95 % interval by Student's t. The last
/// two are NaN for fewer than two.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) mean: f64,
    pub(crate) sd: f64,
    pub(crate) half_width: f64,
}

impl Spread {
    pub(crate) fn of(sample: &[f64]) -> Result<Self> {
        let n = sample.len() as f64;
        let mean = sample.iter().sum::<f64>() / n;
        if sample.len() < 2 {
            return Ok(Self { mean, sd: f64::NAN, half_width: f64::NAN });
        }
        let sd = (sample.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0)).sqrt();
        let t = StudentsT::new(0.0, 1.0, n - 1.0).context("Student's t")?.inverse_cdf(0.975);
        Ok(Self { mean, sd, half_width: t * sd / n.sqrt() })
    }
}
