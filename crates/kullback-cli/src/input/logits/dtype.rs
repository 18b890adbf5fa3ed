use std::fmt;

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use kullback::logits::Logit;

/// The types of logits that files hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dtype {
    F64,
    F32,
    F16,
    Bf16,
}

impl Dtype {
    pub(crate) fn size(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F64 => "float64",
            Self::F32 => "float32",
            Self::F16 => "float16",
            Self::Bf16 => "bfloat16",
        })
    }
}

/// A type that blocks of rows are widened to: `f32`, or `f64` if either file is of that.
pub(crate) trait Working: Logit + Copy + PartialOrd + Default {
    /// A logit of an entry that is left out.
    const MASKED: Self;
    /// Replaces the content of `into` with the little-endian entries of `bytes`.
    fn decode(dtype: Dtype, bytes: &[u8], into: &mut Vec<Self>);
    /// Appends the little-endian bytes of `entries`, at most as wide as `dtype`, to `into`.
    fn encode(dtype: Dtype, entries: &[Self], into: &mut Vec<u8>);
}

impl Working for f32 {
    const MASKED: Self = f32::NEG_INFINITY;

    fn decode(dtype: Dtype, bytes: &[u8], into: &mut Vec<Self>) {
        into.clear();
        match dtype {
            Dtype::F64 => into.extend(doubles(bytes).map(|x| x as f32)),
            Dtype::F32 => into.extend(singles(bytes)),
            Dtype::F16 => widened(bytes, into, f16::from_le_bytes, |from: &[f16], to| from.convert_to_f32_slice(to)),
            Dtype::Bf16 => widened(bytes, into, bf16::from_le_bytes, |from: &[bf16], to| from.convert_to_f32_slice(to)),
        }
    }

    fn encode(dtype: Dtype, entries: &[Self], into: &mut Vec<u8>) {
        match dtype {
            Dtype::F64 => into.extend(entries.iter().flat_map(|&x| f64::from(x).to_le_bytes())),
            _ => into.extend(entries.iter().flat_map(|x| x.to_le_bytes())),
        }
    }
}

impl Working for f64 {
    const MASKED: Self = f64::NEG_INFINITY;

    fn decode(dtype: Dtype, bytes: &[u8], into: &mut Vec<Self>) {
        into.clear();
        match dtype {
            Dtype::F64 => into.extend(doubles(bytes)),
            Dtype::F32 => into.extend(singles(bytes).map(f64::from)),
            Dtype::F16 => widened(bytes, into, f16::from_le_bytes, |from: &[f16], to| from.convert_to_f64_slice(to)),
            Dtype::Bf16 => widened(bytes, into, bf16::from_le_bytes, |from: &[bf16], to| from.convert_to_f64_slice(to)),
        }
    }

    fn encode(dtype: Dtype, entries: &[Self], into: &mut Vec<u8>) {
        match dtype {
            Dtype::F64 => into.extend(entries.iter().flat_map(|x| x.to_le_bytes())),
            _ => into.extend(entries.iter().flat_map(|&x| (x as f32).to_le_bytes())),
        }
    }
}

fn doubles(bytes: &[u8]) -> impl Iterator<Item = f64> {
    bytes.as_chunks().0.iter().map(|entry| f64::from_le_bytes(*entry))
}

fn singles(bytes: &[u8]) -> impl Iterator<Item = f32> {
    bytes.as_chunks().0.iter().map(|entry| f32::from_le_bytes(*entry))
}

/// Widens half floats a slice at a time: one by one, each would ask what the processor can do.
fn widened<H: Copy + Default, T: Copy + Default>(
    bytes: &[u8],
    into: &mut Vec<T>,
    entry: fn([u8; 2]) -> H,
    convert: impl Fn(&[H], &mut [T]),
) {
    const AT_ONCE: usize = 256;
    let entries = bytes.as_chunks().0;
    into.resize(entries.len(), T::default());
    let mut halves = [H::default(); AT_ONCE];
    for (bytes, to) in entries.chunks(AT_ONCE).zip(into.chunks_mut(AT_ONCE)) {
        let halves = &mut halves[..bytes.len()];
        for (half, bytes) in halves.iter_mut().zip(bytes) {
            *half = entry(*bytes);
        }
        convert(halves, to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_widened() {
        let (mut singles, mut doubles) = (Vec::new(), vec![7.0]);
        for (dtype, bytes) in [
            (Dtype::F64, [(-1.5f64).to_le_bytes(), f64::NEG_INFINITY.to_le_bytes()].concat()),
            (Dtype::F32, [(-1.5f32).to_le_bytes(), f32::NEG_INFINITY.to_le_bytes()].concat()),
            (Dtype::F16, [f16::from_f32(-1.5).to_le_bytes(), f16::NEG_INFINITY.to_le_bytes()].concat()),
            (Dtype::Bf16, [bf16::from_f32(-1.5).to_le_bytes(), bf16::NEG_INFINITY.to_le_bytes()].concat()),
        ] {
            assert_eq!(bytes.len(), 2 * dtype.size());
            f32::decode(dtype, &bytes, &mut singles);
            f64::decode(dtype, &bytes, &mut doubles);
            assert_eq!(singles, [-1.5, f32::NEG_INFINITY], "{dtype}");
            assert_eq!(doubles, [-1.5, f64::NEG_INFINITY], "{dtype}");
        }
        f32::decode(Dtype::F16, &f16::ONE.to_le_bytes().repeat(1000), &mut singles);
        assert_eq!(singles, [1.0; 1000]);
    }
}
