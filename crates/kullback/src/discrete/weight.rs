use super::Pair;
use crate::Error;
use crate::divergence::{Evaluate, Measure};
use crate::num::simd::{F32s, F64s, Lanes, Simd};

/// A type of weights: `f64` or `f32`.
///
/// Sums are accumulated in double precision for either, of singles two by two. A result for `f32` input is that of the
/// given singles to about 1e-7, near equality too.
pub trait Weight: sealed::Vectorised {}

impl Weight for f64 {}
impl Weight for f32 {}

#[allow(unreachable_pub, reason = "the sealed part of a public trait")]
pub(crate) mod sealed {
    use super::{Error, Lanes, Measure, Pair, Simd};

    pub trait Vectorised: Copy + Default + Into<f64> + Send + Sync + 'static {
        type Lanes<S: Simd>: Lanes<S, Element = Self>;
        /// Positive weights from `LOW` to `HIGH` whose masses are within a factor [`RATIO`](Vectorised::RATIO) of each
        /// other have shares, ratios and squares of differences that are normal numbers of this type.
        const LOW: f64;
        const HIGH: f64;
        const RATIO: f64;
        /// A relative error that is as good as none.
        const NEGLIGIBLE: f64;
        /// More than the relative error of a mass, or of a ratio of masses.
        const MASS_ERROR: f64;
        /// More than what is left of that in a refined ratio and in the differences.
        const REFINED_ERROR: f64;
        /// The nearest number of this type.
        fn rounded(x: f64) -> Self;
        /// [`Measure::evaluate`](crate::Measure::evaluate) for this type alone, so that the kernels of all measures are
        /// compiled in this crate and not once more in every crate that names one.
        fn evaluate(pair: &Pair<'_, Self>, measure: Measure) -> Result<f64, Error>
        where
            Self: super::Weight;
    }
}

const fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

impl sealed::Vectorised for f64 {
    type Lanes<S: Simd> = F64s<S>;
    const LOW: f64 = power_of_two(-450);
    const HIGH: f64 = power_of_two(450);
    const RATIO: f64 = power_of_two(60);
    const NEGLIGIBLE: f64 = 1e-15;
    const MASS_ERROR: f64 = power_of_two(-43);
    const REFINED_ERROR: f64 = power_of_two(-104);

    #[inline(always)]
    fn rounded(x: f64) -> Self {
        x
    }

    fn evaluate(pair: &Pair<'_, f64>, measure: Measure) -> Result<f64, Error> {
        measure.visit(Evaluate(pair))?
    }
}

impl sealed::Vectorised for f32 {
    type Lanes<S: Simd> = F32s<S>;
    const LOW: f64 = power_of_two(-50);
    const HIGH: f64 = power_of_two(50);
    const RATIO: f64 = power_of_two(10);
    const NEGLIGIBLE: f64 = 1e-7;
    const MASS_ERROR: f64 = power_of_two(-22);
    const REFINED_ERROR: f64 = power_of_two(-46);

    #[inline(always)]
    fn rounded(x: f64) -> Self {
        x as f32
    }

    fn evaluate(pair: &Pair<'_, f32>, measure: Measure) -> Result<f64, Error> {
        measure.visit(Evaluate(pair))?
    }
}
