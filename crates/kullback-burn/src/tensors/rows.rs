//! Distillation, row by row.

use core::cell::OnceCell;

use burn::tensor::{DType, Device, Tensor};
use kullback::discrete::LogPair;
use kullback::divergence::{Divergence, Generator, Point, Reduction as Way, Sums, Visitor};
use kullback::logits::Terms;
use kullback::loss::Reduction;
use kullback::{Distillation, Error, Measure, Rows};

use crate::attach::filled;

use super::labels::{Read, Slope, Surprise};
use super::number::{Number, Tape};
use super::softmax::{Alone, Sides};
use super::{AT_ONCE, common, plain, read, sums, without};

/// A loss, and its gradients where they are wanted.
pub(crate) type Found = (f64, [Option<Tensor<2>>; 2]);

/// The loss of rows of logits; either gradient is as wide as its side.
pub(crate) fn distilled<const D: usize>(
    loss: &Distillation<Measure>,
    inputs: [&Tensor<D>; 2],
    columns: [usize; 2],
    labels: Option<&[i64]>,
) -> Result<Found, Error> {
    let dtype = common(&inputs);
    let device = inputs[1].device().inner();
    let wanted = inputs.map(Tensor::is_tracked);
    let [p, q] = [0, 1].map(|side| plain(&inputs[side].clone().cast(dtype), columns[side]));
    let [rows, others] = [&p, &q].map(|side| side.dims()[0]);
    if rows != others {
        return Err(Error::LengthMismatch { p: rows, q: others });
    }
    let weights = loss.row_weights(labels, rows, columns[1])?;
    let whole = Whole { loss, columns, labels, weights, wanted, device, dtype };
    match dtype {
        DType::F64 => loss.divergence.visit(InPieces::<53> { whole: &whole, sides: [p, q] })?,
        _ => loss.divergence.visit(InPieces::<24> { whole: &whole, sides: [p, q] })?,
    }
}

/// What all pieces share.
struct Whole<'a> {
    loss: &'a Distillation<Measure>,
    columns: [usize; 2],
    labels: Option<&'a [i64]>,
    /// What each row counts.
    weights: Vec<f64>,
    wanted: [bool; 2],
    device: Device,
    dtype: DType,
}

struct InPieces<'a, const DIGITS: u32> {
    whole: &'a Whole<'a>,
    sides: [Tensor<2>; 2],
}

impl<const DIGITS: u32> Visitor for InPieces<'_, DIGITS> {
    type Output = Result<Found, Error>;

    fn visit<D: Divergence>(self, divergence: D) -> Self::Output {
        let Self { whole, sides } = self;
        if D::Generator::REDUCTION == Way::Max && whole.wanted.contains(&true) {
            return Err(Error::NotDifferentiable);
        }
        let most = whole.columns[0].max(whole.columns[1]);
        let rows = whole.weights.len();
        let size = (AT_ONCE / most.max(1)).max(1);
        let (mut total, mut parts) = (0.0, [Vec::new(), Vec::new()]);
        for first in (0..rows).step_by(size) {
            let count = size.min(rows - first);
            let sides = sides.each_ref().map(|side| side.clone().narrow(0, first, count));
            let (value, gradients) = Piece::<DIGITS> { whole, first, sides }.run(divergence)?;
            total += value;
            for (parts, gradient) in parts.iter_mut().zip(gradients) {
                parts.extend(gradient);
            }
        }
        Ok((total, parts.map(|parts| (!parts.is_empty()).then(|| Tensor::cat(parts, 0)))))
    }
}

/// Some rows.
struct Piece<'a, const DIGITS: u32> {
    whole: &'a Whole<'a>,
    first: usize,
    sides: [Tensor<2>; 2],
}

/// What a row's slopes and probabilities are multiplied by: of either side the total, and what is due where the other
/// side has nothing.
#[derive(Clone, Copy, Default)]
struct Chain {
    factor: f64,
    totals: [f64; 2],
    edges: [f64; 2],
}

/// What becomes of a row.
#[derive(Clone, Copy, PartialEq)]
enum Row {
    Measured,
    /// It does not count.
    Idle,
    /// It is refused, not of this type, or wants other slopes: kernels see to it.
    Left,
}

/// Numbers that are read of a row.
const READ: usize = 9;

/// A piece with what tensor operations have made of it.
struct Pass<'a, 't, const DIGITS: u32> {
    piece: &'a Piece<'a, DIGITS>,
    sides: Sides,
    point: Point<Number<'t, DIGITS>>,
    /// φ and ∂φ/∂ ln q of each entry, 0 where either side is masked.
    term: Tensor<2>,
    slope: Tensor<2>,
    student: Option<Surprise<'t, DIGITS>>,
}

/// What the numbers that are read of each row come to.
struct Verdict {
    total: f64,
    rows: Vec<Row>,
    chains: Vec<Chain>,
    slopes: Vec<Slope>,
}

impl<const DIGITS: u32> Piece<'_, DIGITS> {
    fn run<D: Divergence>(&self, divergence: D) -> Result<Found, Error> {
        let Whole { loss, columns, device, dtype, .. } = self.whole;
        let tape = Tape::new(device, *dtype);
        let most = columns[0].max(columns[1]);
        let sides = self.sides.each_ref().map(|side| widened(side.clone(), most, device));
        let inverse = 1.0 / loss.temperature;
        let sides = Sides::new::<DIGITS>(&tape, sides, inverse);
        let point = sides.points::<DIGITS>(&tape, inverse);
        let generator = divergence.generator();
        let entries = |x: Number<'_, DIGITS>| without(x.tensor().expand(sides.out.dims()), &sides.out);
        let (term, slope) = (entries(generator.term(point)), entries(generator.slope_q(point)));
        let labels: Vec<Option<usize>> = (self.first..self.first + term.dims()[0]).map(|row| self.label(row)).collect();
        let student = (loss.hard_label_weight > 0.0)
            .then(|| Surprise::<DIGITS>::new(&tape, self.sides[1].clone(), &labels, device));
        let pass = Pass { piece: self, sides, point, term, slope, student };
        let verdict = pass.verdict(divergence)?;
        let mut gradients = pass.gradients(&verdict);
        let mut total = verdict.total;
        for (row, _) in verdict.rows.iter().enumerate().filter(|(_, fate)| **fate == Row::Left) {
            total += self.on_host(row, &mut gradients)?;
        }
        Ok((total, gradients))
    }

    /// The row's label, if it has one and counts.
    fn label(&self, row: usize) -> Option<usize> {
        let label = *self.whole.labels?.get(row)?;
        if self.whole.weights[row] == 0.0 { None } else { usize::try_from(label).ok() }
    }

    /// A row of either side.
    fn row(&self, row: usize) -> [Vec<f64>; 2] {
        self.sides.each_ref().map(|side| read(side.clone().narrow(0, row, 1)))
    }

    /// What a row adds to the loss, by the kernels.
    fn on_host(&self, row: usize, gradients: &mut [Option<Tensor<2>>; 2]) -> Result<f64, Error> {
        let Whole { loss, columns, labels, weights, device, dtype, .. } = self.whole;
        let index = self.first + row;
        let [p, q] = self.row(row);
        let mut found = gradients.each_ref().map(|gradient| gradient.as_ref().map(|_| Vec::new()));
        for (found, row) in found.iter_mut().zip([&p, &q]) {
            if let Some(found) = found {
                found.resize(row.len(), 0.0);
            }
        }
        let label = labels.map(|labels| [labels[index]]);
        let [by_p, by_q] = found.each_mut().map(Option::as_deref_mut);
        let rows = (Rows::new(&p[..], columns[0])?, Rows::new(&q[..], columns[1])?);
        let loss = Distillation { reduction: Reduction::Sum, ..**loss };
        let value = loss
            .value_and_gradients_into(rows.0, rows.1, label.as_ref().map(|label| &label[..]), by_p, by_q)
            .map_err(|error| match error {
            Error::Row { reason, .. } => Error::Row { p: index, q: index, reason },
            other => other,
        })?;
        let weight = weights[index];
        for ((gradient, found), columns) in gradients.iter_mut().zip(found).zip(columns) {
            if let (Some(gradient), Some(found)) = (gradient, found) {
                let found = found.into_iter().map(|x| x * weight).collect();
                let found = filled(found, [1, *columns], device, *dtype);
                *gradient = gradient.clone().slice_assign([row..row + 1, 0..*columns], found);
            }
        }
        Ok(weight * value)
    }
}

impl<const DIGITS: u32> Pass<'_, '_, DIGITS> {
    /// Numbers of each row, and how many these are: [`READ`] and those of the labels.
    fn read(&self, way: Way) -> (Vec<f64>, usize) {
        let Self { sides, term, slope, student, .. } = self;
        let sum = match way {
            Way::Max => term.clone().max_dim(1),
            Way::Sum => sums(term.clone()),
        };
        let Alone { sum: only_p, any: orphan_p, .. } = &sides.only_p;
        let Alone { sum: only_q, any: orphan_q, .. } = &sides.only_q;
        let common = sides.out.clone().bool_not().float().max_dim(1);
        let [only_p, only_q, orphan_p, orphan_q] = [only_p, only_q, orphan_p, orphan_q].map(Tensor::clone);
        let [weights_p, weights_q] = [&sides.p, &sides.q].map(|side| side.sum.clone());
        let slope = sums(slope.clone());
        let mut numbers = vec![weights_p, weights_q, sum, slope, only_p, only_q, orphan_p, orphan_q, common];
        numbers.extend(student.iter().flat_map(Surprise::read));
        let (width, dtype) = (numbers.len(), self.piece.whole.dtype);
        (read(Tensor::cat(numbers.into_iter().map(|x| x.cast(dtype)).collect(), 1)), width)
    }

    fn verdict<D: Divergence>(&self, divergence: D) -> Result<Verdict, Error> {
        let Whole { loss, weights, .. } = self.piece.whole;
        let alpha = loss.hard_label_weight;
        let soft = (1.0 - alpha) * if loss.scale_t2 { loss.temperature * loss.temperature } else { 1.0 };
        let generator = divergence.generator();
        let way = D::Generator::REDUCTION;
        let (numbers, width) = self.read(way);
        let count = self.term.dims()[0];
        let again = OnceCell::new();
        let differentiated = self.piece.whole.wanted.contains(&true);
        let mut all = Verdict {
            total: 0.0,
            rows: vec![Row::Idle; count],
            chains: vec![Chain::default(); count],
            slopes: vec![Slope::default(); count],
        };
        for (row, numbers) in numbers.chunks_exact(width).enumerate() {
            let weight = weights[self.piece.first + row];
            if weight == 0.0 {
                continue;
            }
            all.rows[row] = Row::Left;
            // Sums of weights are 0 where all is masked.
            let there = numbers.iter().take(2).all(|sum| *sum > 0.0);
            if !there || !numbers.iter().all(|x| x.is_finite()) {
                continue;
            }
            let terms = terms(way, numbers);
            let sum = terms.value(generator);
            let value = divergence.conclude(sum, &RowSums { pass: self, again: &again, row, terms })?;
            if differentiated && divergence.logarithm(value).is_some() {
                continue;
            }
            let outer = if sum == 0.0 { 0.0 } else { divergence.slope(sum, value) };
            let factor = weight * soft * outer / loss.temperature;
            if !factor.is_finite() {
                continue;
            }
            let finite = |x: f64| if x.is_finite() { x } else { 0.0 };
            let totals = [terms.slope_p(generator), terms.slope_q(generator)].map(|x| -x * factor);
            let edges = [generator.at_infinity(), generator.at_zero()].map(|x| finite(x) * factor);
            all.chains[row] = Chain { factor, totals, edges };
            // 0·∞ is no part of a loss of labels alone.
            let mut whole = if soft == 0.0 { 0.0 } else { soft * value };
            if alpha > 0.0 {
                let (hard, slope) = Read::new(&numbers[READ..]).surprise(loss.label_smoothing, weight * alpha);
                whole += alpha * hard;
                all.slopes[row] = slope;
            }
            all.total += weight * whole;
            all.rows[row] = Row::Measured;
        }
        Ok(all)
    }

    /// 0 for rows that are not measured.
    fn gradients(&self, verdict: &Verdict) -> [Option<Tensor<2>>; 2] {
        let Whole { columns, wanted, device, dtype, .. } = self.piece.whole;
        let [count, most] = self.term.dims();
        let column =
            |of: &dyn Fn(&Chain) -> f64| filled(verdict.chains.iter().map(of).collect(), [count, 1], device, *dtype);
        let idle = verdict.rows.iter().map(|row| if *row == Row::Measured { 0.0 } else { 1.0 }).collect();
        let idle = filled(idle, [count, 1], device, *dtype).equal_elem(1.0).expand([count, most]);
        let mut gradients = [0, 1].map(|side| {
            wanted[side].then(|| {
                let (slopes, of, alone) = match side {
                    0 => (self.term.clone() - self.slope.clone(), &self.sides.p, &self.sides.only_p),
                    _ => (self.slope.clone(), &self.sides.q, &self.sides.only_q),
                };
                let gradient = slopes * column(&|chain| chain.factor)
                    + of.probabilities() * column(&|chain| chain.totals[side])
                    + alone.probabilities.clone() * column(&|chain| chain.edges[side]);
                without(gradient, &idle).narrow(1, 0, columns[side])
            })
        });
        if let (Some(student), Some(gradient)) = (&self.student, &mut gradients[1]) {
            let by_label = student.gradient(&verdict.slopes, device, *dtype);
            *gradient = gradient.clone() + without(by_label, &idle.narrow(1, 0, columns[1]));
        }
        gradients
    }
}

fn terms(way: Way, numbers: &[f64]) -> Terms {
    let [_, _, sum, slope, only_p, only_q, orphan_p, orphan_q, common] = core::array::from_fn(|i| numbers[i]);
    let (sum, peak) = match way {
        Way::Sum => (sum, 0.0),
        Way::Max => (0.0, sum),
    };
    let [sum, slope, only_p, only_q, mismatch] = [sum, slope, only_p, only_q, 0.0].map(Into::into);
    let [orphan_p, orphan_q, common] = [orphan_p, orphan_q, common].map(|x| x > 0.0);
    Terms { sum, slope, mismatch, only_p, only_q, peak, orphan_p, orphan_q, common }
}

/// Logits with as many entries more, all masked, as the other side has.
fn widened(logits: Tensor<2>, columns: usize, device: &Device) -> Tensor<2> {
    let [rows, there] = logits.dims();
    if there == columns {
        return logits;
    }
    let dtype = logits.dtype();
    let more = filled(vec![f64::NEG_INFINITY], [1, 1], device, dtype).expand([rows, columns - there]);
    Tensor::cat(vec![logits, more], 1)
}

/// A row for the few divergences that need more than one sum.
struct RowSums<'a, 't, const DIGITS: u32> {
    pass: &'a Pass<'a, 't, DIGITS>,
    /// The second sum of every row of the piece, once one has asked for it. A divergence asks for no third.
    again: &'a OnceCell<Vec<f64>>,
    row: usize,
    terms: Terms,
}

impl<const DIGITS: u32> RowSums<'_, '_, DIGITS> {
    /// The smallest sum that has not lost terms to underflow.
    const SMALLEST: f64 = if DIGITS > 24 { 1e-280 } else { 1e-30 };

    fn value<G: Generator>(&self, generator: G) -> f64 {
        let sum = self.again.get_or_init(|| {
            let out = &self.pass.sides.out;
            read(sums(without(generator.term(self.pass.point).tensor().expand(out.dims()), out)))
        });
        let sum = sum.get(self.row).copied().unwrap_or(f64::NAN);
        Terms { sum: sum.into(), ..self.terms }.value(generator)
    }

    /// In numbers with unbounded exponents.
    fn wide(&self, run: impl FnOnce(&LogPair<'_>) -> Result<f64, Error>) -> Result<f64, Error> {
        let inverse = 1.0 / self.pass.piece.whole.loss.temperature;
        let logarithms = |mut row: Vec<f64>| {
            // Less the largest, so that scaling by the temperature does not overflow.
            let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            row.iter_mut().for_each(|x| *x = (*x - most) * inverse);
            row
        };
        let [mut p, mut q] = self.pass.piece.row(self.row).map(logarithms);
        let most = p.len().max(q.len());
        [&mut p, &mut q].into_iter().for_each(|side| side.resize(most, f64::NEG_INFINITY));
        run(&LogPair::new(&p, &q)?)
    }
}

impl<const DIGITS: u32> Sums for RowSums<'_, '_, DIGITS> {
    fn sum<G: Generator>(&self, generator: G) -> Result<f64, Error> {
        match self.value(generator) {
            sum if sum.is_nan() => self.wide(|pair| pair.sum(generator)),
            sum => Ok(sum),
        }
    }

    fn ln_sum<G: Generator>(&self, generator: G) -> Result<f64, Error> {
        match self.value(generator) {
            sum if sum >= Self::SMALLEST => Ok(sum.ln()),
            _ => self.wide(|pair| pair.ln_sum(generator)),
        }
    }
}
