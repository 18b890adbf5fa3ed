//! Tensors as the arithmetic that divergences are written in: what is described once serves every backend.

use core::cell::RefCell;
use core::ops::{Add, Div, Mul, Neg, Sub};

use burn::tensor::{Bool, DType, Device, Tensor};
use kullback::num::Real;
use kullback::num::entropic::exp_excess_near;
use kullback::num::exp_log::excess_of_atanh;

use crate::attach::filled;

/// Where numbers are: a [`Real`] can be copied, a tensor cannot, but its place can.
pub(crate) struct Tape {
    device: Device,
    dtype: DType,
    results: RefCell<Vec<Tensor<2>>>,
    constants: RefCell<Vec<(f64, Tensor<2>)>>,
}

/// A tensor on a [`Tape`], or a constant; shapes are broadcast. `DIGITS` are those of its type.
#[derive(Clone, Copy)]
pub(crate) struct Number<'t, const DIGITS: u32> {
    tape: &'t Tape,
    at: At,
}

#[derive(Clone, Copy)]
enum At {
    Constant(f64),
    Result(usize),
}

impl Tape {
    pub(crate) fn new(device: &Device, dtype: DType) -> Self {
        let (results, constants) = (RefCell::default(), RefCell::default());
        Self { device: device.clone(), dtype, results, constants }
    }

    pub(crate) fn number<const DIGITS: u32>(&self, tensor: Tensor<2>) -> Number<'_, DIGITS> {
        let mut results = self.results.borrow_mut();
        results.push(tensor);
        Number { tape: self, at: At::Result(results.len() - 1) }
    }

    /// A tensor of one element in the type at hand: the scalars of some backends are singles.
    fn constant(&self, x: f64) -> Tensor<2> {
        let mut constants = self.constants.borrow_mut();
        if let Some((_, tensor)) = constants.iter().find(|(known, _)| known.to_bits() == x.to_bits()) {
            return tensor.clone();
        }
        let tensor = filled(vec![x], [1, 1], &self.device, self.dtype);
        constants.push((x, tensor.clone()));
        tensor
    }
}

impl<'t, const DIGITS: u32> Number<'t, DIGITS> {
    pub(crate) fn tensor(self) -> Tensor<2> {
        match self.at {
            At::Constant(x) => self.tape.constant(x),
            At::Result(at) => self.tape.results.borrow()[at].clone(),
        }
    }

    fn with(self, tensor: Tensor<2>) -> Self {
        self.tape.number(tensor)
    }

    fn one(self, of_constant: fn(f64) -> f64, of_tensor: fn(Tensor<2>) -> Tensor<2>) -> Self {
        match self.at {
            At::Constant(x) => self.constant(of_constant(x)),
            At::Result(_) => self.with(of_tensor(self.tensor())),
        }
    }

    fn two(
        self,
        other: Self,
        of_constants: fn(f64, f64) -> f64,
        of_tensors: fn(Tensor<2>, Tensor<2>) -> Tensor<2>,
    ) -> Self {
        match (self.at, other.at) {
            (At::Constant(x), At::Constant(y)) => self.constant(of_constants(x, y)),
            _ => self.with(of_tensors(self.tensor(), other.tensor())),
        }
    }

    /// `yes` where the comparison holds, else `no`.
    fn choose(self, other: Self, compare: fn(Tensor<2>, Tensor<2>) -> Tensor<2, Bool>, yes: Self, no: Self) -> Self {
        let [a, b, yes, no] = [self, other, yes, no].map(Self::tensor);
        let mut shape = [0; 2];
        for tensor in [&a, &b, &yes, &no] {
            shape.iter_mut().zip(tensor.dims()).for_each(|(most, length)| *most = length.max(*most));
        }
        let mask = compare(a.expand(shape), b.expand(shape));
        self.with(no.expand(shape).mask_where(mask, yes.expand(shape)))
    }
}

impl<const DIGITS: u32> Neg for Number<'_, DIGITS> {
    type Output = Self;
    fn neg(self) -> Self {
        self.one(|x| -x, |x| -x)
    }
}

macro_rules! arithmetic {
    ($($operator:ident $method:ident;)*) => {$(
        impl<const DIGITS: u32> $operator for Number<'_, DIGITS> {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                self.two(other, |x, y| x.$method(y), |x, y| x.$method(y))
            }
        }
        impl<const DIGITS: u32> $operator<f64> for Number<'_, DIGITS> {
            type Output = Self;
            fn $method(self, other: f64) -> Self {
                self.$method(self.constant(other))
            }
        }
    )*};
}

arithmetic! { Add add; Sub sub; Mul mul; Div div; }

/// The largest |p − q|/(p + q) for which the series of ln(q/p) is used.
const CLOSE: f64 = 0.2;

impl<const DIGITS: u32> Number<'_, DIGITS> {
    /// (p − q)/(p + q), from q − p.
    fn share(p: Self, q: Self, difference: Self) -> Self {
        -difference / (p + q)
    }
}

impl<const DIGITS: u32> Real for Number<'_, DIGITS> {
    const DIGITS: u32 = DIGITS;

    fn constant(self, x: f64) -> Self {
        Self { at: At::Constant(x), ..self }
    }
    fn mul_add(self, a: Self, b: Self) -> Self {
        self * a + b
    }
    fn abs(self) -> Self {
        self.one(f64::abs, Tensor::abs)
    }
    fn sqrt(self) -> Self {
        self.one(f64::sqrt, Tensor::sqrt)
    }
    fn max(self, other: Self) -> Self {
        self.where_less(other, other, self)
    }
    fn where_less(self, other: Self, yes: Self, no: Self) -> Self {
        self.choose(other, Tensor::lower, yes, no)
    }
    fn where_equal(self, other: Self, yes: Self, no: Self) -> Self {
        self.choose(other, Tensor::equal, yes, no)
    }
    fn round(self) -> Self {
        self.one(f64::round_ties_even, Tensor::round)
    }
    /// To a few units in the last place: tensors have no exponents to write to.
    fn exp2_integer(self) -> Self {
        (self * core::f64::consts::LN_2).exp()
    }
    /// As far as [`exp2_integer`](Real::exp2_integer) is exact.
    fn scaled_near(self, other: Self) -> (Self, Self) {
        let octaves = |x: Self| x.one(f64::ln, Tensor::log) * core::f64::consts::LOG2_E;
        let k = (octaves(self) - octaves(other)).round();
        (k, self * (-k).exp2_integer())
    }

    // What follows from exponents elsewhere is made of the tensors' own exp and ln here, and of the same polynomials
    // where these cancel.
    fn kl_term(p: Self, q: Self, difference: Self) -> Self {
        let s = Self::share(p, q, difference);
        let near = s * p.mul_add(excess_of_atanh(s), -difference);
        let far = difference - p * (q / p).one(f64::ln, Tensor::log);
        s.abs().where_less(s.constant(CLOSE), near, far)
    }
    fn ln_ratio(p: Self, q: Self, difference: Self) -> Self {
        let s = Self::share(p, q, difference);
        let near = -s.mul_add(excess_of_atanh(s), s + s);
        s.abs().where_less(s.constant(CLOSE), near, (q / p).one(f64::ln, Tensor::log))
    }
    fn exp(self) -> Self {
        self.one(f64::exp, Tensor::exp)
    }
    fn exp_m1(self) -> Self {
        self.abs().where_less(self.constant(1.0), self + exp_excess_near(self), self.exp() - 1.0)
    }
    fn exp_excess(self) -> Self {
        self.abs().where_less(self.constant(1.0), exp_excess_near(self), self.exp() - 1.0 - self)
    }
}
