use super::{LogMass, Merge, Sum};

/// What one pass over a row of logits on both sides keeps: both softmax denominators and, for relative entropy, the
/// gap between the logits.
///
/// 80 bytes, ten doubles in the order of the fields; a [`LogMass`] is `max, exponent, sum` and a [`Sum`] is
/// `high, low`. Parts of a vocabulary, wherever they were read, [`merge`](Merge::merge) to the state of the whole.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C)]
pub struct LogitMass {
    /// Σ e^(a/T) over the logits of P.
    pub p: LogMass,
    /// Σ e^(b/T) over the logits of Q.
    pub q: LogMass,
    /// Σ e^(a/T) (a − b), relative to the exponent of `p`. NaN as soon as a logit is −∞.
    pub gap: Sum,
}

impl LogitMass {
    /// The state as bytes, for another process.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 80] {
        let Self { p, q, gap } = self;
        let mut bytes = [0; 80];
        let numbers = [p.max, p.exponent].into_iter().chain(p.sum.parts()).chain([q.max, q.exponent]);
        let numbers = numbers.chain(q.sum.parts()).chain(gap.parts());
        for (bytes, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            bytes.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    /// The state that [`to_bytes`](LogitMass::to_bytes) wrote.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 80]) -> Self {
        let mut numbers = [0.0; 10];
        for (number, bytes) in numbers.iter_mut().zip(bytes.chunks_exact(8)) {
            *number = f64::from_le_bytes(bytes.try_into().unwrap_or_default());
        }
        let [p0, p1, p2, p3, q0, q1, q2, q3, g0, g1] = numbers;
        Self {
            p: LogMass { max: p0, exponent: p1, sum: Sum::of_parts([p2, p3]) },
            q: LogMass { max: q0, exponent: q1, sum: Sum::of_parts([q2, q3]) },
            gap: Sum::of_parts([g0, g1]),
        }
    }
}

impl Merge for LogitMass {
    const IDENTITY: Self = Self { p: LogMass::IDENTITY, q: LogMass::IDENTITY, gap: Sum::ZERO };
    fn merge(self, other: Self) -> Self {
        let p = self.p.merge(other.p);
        let gap = |part: Self| LogMass::rescaled(part.gap, part.p.exponent, p.exponent);
        Self { p, q: self.q.merge(other.q), gap: gap(self) + gap(other) }
    }
}
