use burn::tensor::{Bool, Tensor};
use kullback::divergence::Point;
use kullback::num::Real;
use kullback::num::exp_log::ln_1p;

use super::number::{Number, Tape};
use super::{sums, without};

/// One side's rows of logits.
pub(super) struct Softmax {
    logits: Tensor<2>,
    /// Where a logit is −∞.
    pub(super) masked: Tensor<2, Bool>,
    /// The largest logit of each row.
    most: Tensor<2>,
    /// Logits less the largest, over the temperature; without a meaning where they are masked.
    pub(super) relative: Tensor<2>,
    /// e to these, and their sum: 0 or NaN for a row that is to be refused.
    pub(super) weights: Tensor<2>,
    pub(super) sum: Tensor<2>,
}

impl Softmax {
    pub(super) fn new<const DIGITS: u32>(tape: &Tape, logits: Tensor<2>, inverse: f64) -> Self {
        let masked = logits.clone().equal_elem(f64::NEG_INFINITY);
        let most = logits.clone().max_dim(1);
        let there = logits.clone().mask_fill(masked.clone(), 0.0);
        let (difference, lost) = subtracted(tape.number::<DIGITS>(there), tape.number(most.clone()));
        let (relative, rest) = scaled(difference, inverse);
        // What the exponent has lost would be a relative error of the weight.
        let (relative, rest) = (relative.tensor(), rest + lost * inverse);
        let weight = tape.number::<DIGITS>(relative.clone().exp());
        let weights = without(weight.mul_add(rest, weight).tensor(), &masked);
        Self { masked, most, relative, sum: sums(weights.clone()), weights, logits }
    }

    pub(super) fn probabilities(&self) -> Tensor<2> {
        self.weights.clone() / self.sum.clone()
    }

    /// ln p.
    fn logarithms(&self) -> Tensor<2> {
        self.relative.clone() - self.sum.clone().log()
    }

    /// Its entries that the other side has masked, and whether there are any that count in doubles.
    fn alone(&self, other: &Self) -> Alone {
        let mask = self.masked.clone().bool_not().bool_and(other.masked.clone());
        let there = self.logarithms().greater_elem(SMALLEST).bool_and(mask.clone());
        let probabilities = without(self.probabilities(), &mask.bool_not());
        Alone { sum: sums(probabilities.clone()), any: there.float().max_dim(1), probabilities }
    }
}

/// The logarithm of the smallest double.
const SMALLEST: f64 = -744.44;

/// What one side has where the other has nothing.
pub(super) struct Alone {
    /// 0 elsewhere.
    pub(super) probabilities: Tensor<2>,
    pub(super) sum: Tensor<2>,
    /// 1 or 0.
    pub(super) any: Tensor<2>,
}

/// Both sides.
pub(super) struct Sides {
    pub(super) p: Softmax,
    pub(super) q: Softmax,
    pub(super) only_p: Alone,
    pub(super) only_q: Alone,
    /// Where either is masked.
    pub(super) out: Tensor<2, Bool>,
}

impl Sides {
    pub(super) fn new<const DIGITS: u32>(tape: &Tape, [p, q]: [Tensor<2>; 2], inverse: f64) -> Self {
        let [p, q] = [p, q].map(|side| Softmax::new::<DIGITS>(tape, side, inverse));
        let (only_p, only_q) = (p.alone(&q), q.alone(&p));
        let out = p.masked.clone().bool_or(q.masked.clone());
        Self { p, q, only_p, only_q, out }
    }

    /// Every category as divergences see it. Where either side is masked p and q are alike, which no term minds, and what
    /// comes of it is to be left out.
    ///
    /// ln(q/p) is taken from the difference of the logits with what its rounding loses, before any exponential, and then
    /// freed of the error of the sums that shows in Σ (q − p).
    pub(super) fn points<'t, const DIGITS: u32>(&self, tape: &'t Tape, inverse: f64) -> Point<Number<'t, DIGITS>> {
        let number = |x: Tensor<2>| tape.number::<DIGITS>(x);
        let common = |x: Tensor<2>, filler: f64| x.mask_fill(self.out.clone(), filler);
        let [a, b] = [&self.p, &self.q].map(|side| number(common(side.logits.clone(), 0.0)));
        let [most_p, most_q] = [&self.p, &self.q].map(|side| number(side.most.clone()));
        let (difference, lost) = subtracted(b, a);
        let (between, lost_between) = subtracted(most_q, most_p);
        let [sum_p, sum_q] = [&self.p, &self.q].map(|side| number(side.sum.clone()));
        let shift = Number::ln_ratio(sum_p, sum_q, sum_q - sum_p);
        let ln_ratio = ((difference - between) + (lost - lost_between)) * inverse - shift;
        let ln_ratio = number(common(ln_ratio.tensor(), 0.0));
        let [p, q] = [&self.p, &self.q].map(|side| number(common(side.probabilities(), 1.0)));
        let ln_p = number(common(self.p.logarithms(), 0.0));
        let first = Point::from_logs(p, q, ln_p, ln_ratio).difference.tensor();
        let off = sums(without(first, &self.out)) + self.only_q.sum.clone() - self.only_p.sum.clone();
        Point::from_logs(p, q, ln_p, ln_ratio - ln_1p(number(off)))
    }
}

/// `x·a`, and what its rounding has lost, by halves of numbers whose products are exact (T. Dekker, 1971).
fn scaled<V: Real>(x: V, a: f64) -> (V, V) {
    if a == 1.0 {
        return (x, x.constant(0.0));
    }
    let half = f64::from(1u32 << V::DIGITS.div_ceil(2)) + 1.0;
    let (product, turned) = (x * a, x * half);
    let high = turned - (turned - x);
    let low = x - high;
    // The constant keeps what a double has of it, in whichever type: half of the type's digits, and the rest.
    let dropped = 53 - V::DIGITS / 2;
    let coarse = f64::from_bits(a.to_bits() >> dropped << dropped);
    let fine = a - coarse;
    let rest = high.mul_add(x.constant(coarse), -product);
    (product, low.mul_add(x.constant(fine), low.mul_add(x.constant(coarse), high.mul_add(x.constant(fine), rest))))
}

/// `x − y`, and what its rounding has lost.
fn subtracted<V: Real>(x: V, y: V) -> (V, V) {
    let difference = x - y;
    let back = difference - x;
    (difference, (x - (difference - back)) - (y + back))
}
