//! Layers of Burn whose weights come from our stream, and what a checkpoint keeps of a module and its optimizer.

use anyhow::Result;
use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::optim::ModuleOptimizer;
use burn::store::ModuleRecord;
use burn::tensor::{Bytes, Device, Tensor, TensorData};
use rand::RngExt;
use rand::rngs::StdRng;

use super::checkpoint::Checkpoint;

/// Weights and biases from U(−1/√inputs, 1/√inputs), as Burn draws them, but from this stream.
pub(crate) fn linear([inputs, outputs]: [usize; 2], rng: &mut StdRng, device: &Device) -> Linear {
    let bound = 1.0 / (inputs as f32).sqrt();
    let mut draw = |n: usize| -> Vec<f32> { (0..n).map(|_| rng.random_range(-bound..bound)).collect() };
    let weight = TensorData::new(draw(inputs * outputs), [inputs, outputs]);
    let bias = TensorData::new(draw(outputs), [outputs]);
    Linear { weight: Param::from_data(weight, device), bias: Some(Param::from_data(bias, device)) }
}

/// Rows of so many numbers as a tensor.
pub(crate) fn rows(numbers: Vec<f32>, columns: usize, device: &Device) -> Tensor<2> {
    let shape = [numbers.len() / columns, columns];
    Tensor::from_data(TensorData::new(numbers, shape), device)
}

pub(crate) fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

pub(crate) fn save<M: Module>(checkpoint: &mut Checkpoint, module: &M, optimizer: &ModuleOptimizer) -> Result<()> {
    checkpoint.set("module", &module.clone().into_record().into_bytes()?);
    checkpoint.set("optimizer", &optimizer.into_bytes()?);
    Ok(())
}

pub(crate) fn load<M: Module>(
    checkpoint: &Checkpoint,
    module: M,
    optimizer: ModuleOptimizer,
) -> Result<(M, ModuleOptimizer)> {
    let bytes = |name| Ok::<_, anyhow::Error>(Bytes::from_bytes_vec(checkpoint.get(name)?.to_vec()));
    let module = module.try_load_record(ModuleRecord::from_bytes(bytes("module")?)?)?;
    Ok((module, optimizer.from_bytes(bytes("optimizer")?)?))
}
