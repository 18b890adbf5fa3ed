//! Gaussians with independent coordinates.

use burn::tensor::{DType, Device, Tensor};
use kullback::Error;
use kullback::loss::latent::{Balance, Coordinate, LatentLoss, Over, Penalty, Shape, Slopes};
use kullback::num::Real;

use crate::attach::filled;

use super::number::{Number, Tape};
use super::{AT_ONCE, common, plain, read, sums};

/// A loss with its gradients where they are wanted.
type Found<const N: usize> = (LatentLoss, [Option<Tensor<2>>; N]);

/// The loss of N(μ, σ²) to N(0, I) or, of four tensors, to another; `None` where a number is not finite, and it is for the
/// kernels to say why.
pub(crate) fn gaussians<const D: usize, const N: usize>(
    inputs: [&Tensor<D>; N],
    latent: usize,
    penalty: Penalty,
    balance: Balance,
) -> Result<Option<Found<N>>, Error> {
    let dtype = common(&inputs);
    let batch = Batch {
        wanted: inputs.map(Tensor::is_tracked),
        device: inputs[0].device().inner(),
        dtype,
        sides: inputs.map(|x| plain(&x.clone().cast(dtype), latent)),
        latent,
    };
    match dtype {
        DType::F64 => batch.loss::<53>(penalty, balance),
        _ => batch.loss::<24>(penalty, balance),
    }
}

struct Batch<const N: usize> {
    sides: [Tensor<2>; N],
    wanted: [bool; N],
    latent: usize,
    device: Device,
    dtype: DType,
}

impl<const N: usize> Batch<N> {
    fn loss<const DIGITS: u32>(&self, penalty: Penalty, balance: Balance) -> Result<Option<Found<N>>, Error> {
        let samples = self.sides[0].dims()[0];
        let mut dimensions = vec![0.0; self.latent];
        let mut each = vec![0.0; samples];
        // These slopes do not depend on the divergences.
        let known = match penalty.shape {
            Shape::Plain => Some(penalty.evaluate(&dimensions, &each)?.1),
            Shape::AtLeast(_) | Shape::Near(_) => None,
        };
        let mut gradients: [Vec<Tensor<2>>; N] = core::array::from_fn(|_| Vec::new());
        for (first, count) in self.pieces() {
            let tape = Tape::new(&self.device, self.dtype);
            let found = self.piece::<DIGITS>(&tape, first, count);
            let values = found.value.tensor();
            for (total, sum) in dimensions.iter_mut().zip(read(sums(values.clone().transpose()))) {
                *total += sum / samples as f64;
            }
            if penalty.over == Over::Sample {
                each[first..first + count].copy_from_slice(&read(sums(values)));
            }
            if let Some(slopes) = &known {
                self.push(&mut gradients, found, slopes, balance, first);
            }
        }
        if dimensions.iter().any(|x| !x.is_finite()) {
            return Ok(None);
        }
        let (value, slopes) = penalty.evaluate(&dimensions, &each)?;
        if known.is_none() && self.wanted.contains(&true) {
            for (first, count) in self.pieces() {
                let tape = Tape::new(&self.device, self.dtype);
                self.push(&mut gradients, self.piece::<DIGITS>(&tape, first, count), &slopes, balance, first);
            }
        }
        let gradients = gradients.map(|parts| (!parts.is_empty()).then(|| Tensor::cat(parts, 0)));
        Ok(Some((balance.of(LatentLoss { value, per_dimension: dimensions }), gradients)))
    }

    /// Where pieces begin, and their lengths.
    fn pieces(&self) -> impl Iterator<Item = (usize, usize)> {
        let samples = self.sides[0].dims()[0];
        let size = (AT_ONCE / self.latent.max(1)).max(1);
        (0..samples).step_by(size).map(move |first| (first, size.min(samples - first)))
    }

    fn piece<'t, const DIGITS: u32>(
        &self,
        tape: &'t Tape,
        first: usize,
        count: usize,
    ) -> Coordinate<Number<'t, DIGITS>> {
        let numbers = self.sides.each_ref().map(|side| tape.number(side.clone().narrow(0, first, count)));
        let q = if let [_, _, mean, ln_variance] = numbers[..] { Some([mean, ln_variance]) } else { None };
        Coordinate::new([numbers[0], numbers[1]], q, numbers[0].constant(1.0))
    }

    /// Adds a piece's gradients to those before.
    fn push<const DIGITS: u32>(
        &self,
        gradients: &mut [Vec<Tensor<2>>; N],
        found: Coordinate<Number<'_, DIGITS>>,
        slopes: &Slopes,
        balance: Balance,
        first: usize,
    ) {
        let derivatives = [found.by_mean, found.by_ln_variance, -found.by_mean, found.by_ln_variance_q];
        let count = found.value.tensor().dims()[0];
        let (slopes, shape) = match slopes {
            Slopes::All(slope) => (vec![*slope], [1, 1]),
            Slopes::Dimensions(slopes) => (slopes.clone(), [1, self.latent]),
            Slopes::Samples(slopes) => (slopes[first..first + count].to_vec(), [count, 1]),
        };
        for (i, parts) in gradients.iter_mut().enumerate().filter(|(i, _)| self.wanted[*i]) {
            let weight = if i < 2 { balance.posterior } else { balance.prior };
            let slopes = slopes.iter().map(|slope| slope * weight).collect();
            parts.push(derivatives[i].tensor() * filled(slopes, shape, &self.device, self.dtype));
        }
    }
}
