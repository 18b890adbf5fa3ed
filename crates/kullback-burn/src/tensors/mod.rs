//! The losses of tensor operations alone, for every backend that kernels cannot read.
//!
//! The formulas are those of the kernels: a [`Number`](number::Number) is a tensor as the arithmetic that `kullback`
//! writes divergences in. Elements stay on the device. A few sums of each row are read, since errors are values and
//! `finish` of a divergence is a function of numbers. What a tensor's type cannot hold, or what is refused, is measured
//! by the kernels on the host; so an error is the same everywhere.

pub(crate) mod elements;
mod labels;
pub(crate) mod latent;
mod number;
pub(crate) mod rows;
mod softmax;

use burn::tensor::{Bool, DType, Tensor};

/// Entries that are worked on at a time: some hundred tensors of intermediate results are as large.
const AT_ONCE: usize = 1 << 18;
/// Entries that are added up before their sum is added to others, so that rounding grows with the logarithm of a length.
const GROUP: usize = 8;

/// The sum of each row.
fn sums(mut x: Tensor<2>) -> Tensor<2> {
    loop {
        let [rows, columns] = x.dims();
        if columns <= GROUP {
            return x.sum_dim(1);
        }
        let groups = columns / GROUP;
        let (whole, rest) = (groups * GROUP, columns % GROUP);
        let mut parts =
            vec![x.clone().narrow(1, 0, whole).reshape([rows, groups, GROUP]).sum_dim(2).reshape([rows, groups])];
        if rest > 0 {
            parts.push(x.narrow(1, whole, rest).sum_dim(1));
        }
        x = Tensor::cat(parts, 1);
    }
}

/// A tensor without what the mask holds.
fn without(x: Tensor<2>, mask: &Tensor<2, Bool>) -> Tensor<2> {
    x.mask_fill(mask.clone(), 0.0)
}

/// Its numbers in order.
fn read(x: Tensor<2>) -> Vec<f64> {
    x.into_data().convert::<f64>().iter::<f64>().collect()
}

/// The type to compute in.
fn common<const D: usize>(inputs: &[&Tensor<D>]) -> DType {
    if inputs.iter().any(|x| x.dtype() == DType::F64) { DType::F64 } else { DType::F32 }
}

/// The same tensor as rows without a graph.
fn plain<const D: usize>(x: &Tensor<D>, columns: usize) -> Tensor<2> {
    let rows = x.shape().num_elements() / columns.max(1);
    x.clone().without_autodiff().reshape([rows, columns])
}
