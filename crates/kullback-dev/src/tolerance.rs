//! THE table: how far from the truth each result may be. No test has a tolerance of its own.

use crate::double_double::DoubleDouble;
use crate::ulp::relative_error;

/// What is promised of one measure or function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Promise {
    /// The name, without a parameter.
    pub name: &'static str,
    /// The largest relative error on any doubles.
    pub relative: f64,
    /// The same where q = p(1 + ε·noise), for every ε down to the last bit of one weight.
    pub near: f64,
    /// The power of the difference of P and Q as which the measure vanishes.
    pub order: i32,
    /// What may come out instead of 0 where P and Q are proportional but not equal.
    pub proportional: f64,
    /// An absolute error allowed in any case. Only entropies have one: they cancel near a one-hot distribution.
    pub absolute: f64,
}

/// How alike the two sides of an input are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// Not particularly.
    Ordinary,
    /// Equal but for a relative difference of 1e-2 or much less, or proportional.
    Near,
}

impl Promise {
    /// The largest relative error allowed of a result whose true value is `truth`.
    pub fn allowed(&self, truth: f64, likeness: Likeness) -> f64 {
        let relative = if likeness == Likeness::Near { self.near } else { self.relative };
        if self.absolute == 0.0 { relative } else { relative.max(self.absolute / truth.abs()) }
    }

    /// Whether `computed` is as near `truth` as promised.
    pub fn kept(&self, computed: f64, truth: DoubleDouble, likeness: Likeness) -> bool {
        // A relative error cannot say how far a number is from zero.
        let zero = truth.is_zero() && likeness == Likeness::Near && computed.abs() <= self.proportional;
        zero || relative_error(computed, truth) <= self.allowed(truth.value(), likeness)
    }
}

/// Of the square of the difference, near equality.
const fn square(name: &'static str, relative: f64) -> Promise {
    Promise { name, relative, near: 4e-15, order: 2, proportional: 1e-30, absolute: 0.0 }
}

/// Of the difference itself, or the root of its square.
const fn linear(name: &'static str, relative: f64) -> Promise {
    Promise { name, relative, near: 4e-15, order: 1, proportional: 1e-15, absolute: 0.0 }
}

const fn function_of(name: &'static str, relative: f64, absolute: f64) -> Promise {
    Promise { name, relative, near: relative, order: 1, proportional: 0.0, absolute }
}

/// Divergences of weights, by the name that `Measure` gives them.
pub const MEASURES: &[Promise] = &[
    square("kl", 2e-15),
    square("reverse-kl", 2e-15),
    square("jeffreys", 2e-15),
    square("js", 2e-15),
    linear("js-distance", 2e-15),
    square("gjs", 2e-15),
    square("scaled-gjs", 2e-15),
    square("skew-kl", 2e-15),
    square("k-divergence", 2e-15),
    square("renyi", 1e-14),
    square("tsallis", 1e-13),
    square("alpha", 1e-13),
    square("cressie-read", 1e-13),
    square("hellinger", 2e-15),
    linear("hellinger-distance", 2e-15),
    square("bhattacharyya", 2e-15),
    square("chi2", 2e-15),
    square("neyman-chi2", 2e-15),
    square("triangular", 2e-15),
    linear("tv", 2e-15),
    linear("max-divergence", 2e-15),
];

/// The relative error added where the inputs are logarithms: half a unit in the last place of a logarithm of 700.
pub const LOGARITHMS: f64 = 1e-13;

/// The relative error added where the inputs are singles; near equality, too.
pub const SINGLES: f64 = 2e-6;

/// What is promised of divergences of logits and of their gradients.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogitPromise {
    /// The relative error of a value.
    pub value: f64,
    /// The error of a gradient, relative to its largest entry; for all but KL's for Q also to the value, or to 1 for the total
    /// variation, whose slopes do not vanish with it.
    ///
    /// An entry is the difference of a slope and its share in all slopes. They may have the size of the value where a
    /// softmax is so near one-hot that hardly anything is left of the difference.
    pub gradient: f64,
    /// The error of ln(q/p) that is left when it is known but for a shift. What vanishes with the difference of the rows
    /// may be wrong by it, what vanishes with the square by its square.
    pub shift: f64,
}

impl LogitPromise {
    /// An error that shows in no value of this measure but the least.
    pub fn least(&self, name: &str) -> f64 {
        self.shift.powi(measure(name).map_or(1, |promise| promise.order))
    }
}

/// What the oracle of logits may be wrong by: its sums are not centred, and double-doubles have 106 bits.
pub const LOGIT_ORACLE: f64 = 1e-30;

/// Of logits in single and in double precision.
pub const LOGITS: [LogitPromise; 2] = [
    LogitPromise { value: 1e-5, gradient: 1e-5, shift: 1e-13 },
    LogitPromise { value: 1e-13, gradient: 1e-13, shift: 1e-20 },
];

/// Functions of weights that are no divergences.
pub const FUNCTIONS: &[Promise] = &[
    function_of("entropy", 2e-15, 1e-15),
    function_of("cross_entropy", 2e-15, 1e-15),
    function_of("perplexity", 4e-15, 0.0),
    Promise { near: 4e-15, ..function_of("generalized_kl", 2e-15, 0.0) },
    function_of("mutual_information", 1e-14, 0.0),
    function_of("weighted_js", 1e-14, 0.0),
];

/// What is promised of a numeric primitive, in units in the last place of its format.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Primitive {
    /// The name.
    pub name: &'static str,
    /// The largest error in double precision, where the machine fuses a multiplication and an addition.
    pub ulps: f64,
    /// The same of the single-precision vectors.
    pub ulps_f32: f64,
    /// Either on machines without a fused multiply-add.
    pub unfused: f64,
}

const fn primitive_promise(name: &'static str, ulps: f64, ulps_f32: f64, unfused: f64) -> Primitive {
    Primitive { name, ulps, ulps_f32, unfused }
}

/// The numeric vocabulary.
pub const PRIMITIVES: &[Primitive] = &[
    primitive_promise("ln", 2.0, 2.0, 2.0),
    primitive_promise("exp", 1.0, 1.0, 1.0),
    primitive_promise("exp2", 2.0, 2.0, 3.0),
    primitive_promise("expm1", 2.0, 2.0, 2.0),
    primitive_promise("log1p", 3.0, 3.0, 3.0),
    primitive_promise("ln_ratio", 3.0, 3.0, 3.0),
    primitive_promise("h", 4.0, 4.0, 4.0),
    primitive_promise("phi", 3.0, 3.0, 9.0),
    primitive_promise("digamma", 8.0, 8.0, 8.0),
];

/// What is promised of a special function, in units in the last place of a double.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Special {
    /// The name in the golden files.
    pub name: &'static str,
    /// The largest error.
    pub ulps: f64,
}

const fn special(name: &'static str, ulps: f64) -> Special {
    Special { name, ulps }
}

/// The special functions. Bregman divergences keep this where their arguments agree to any number of digits.
pub const SPECIAL: &[Special] = &[
    special("digamma", 8.0),
    special("trigamma", 8.0),
    special("ln_gamma", 8.0),
    special("binet", 8.0),
    special("ln_beta", 8.0),
    special("gamma_bregman", 8.0),
    special("ln_i0", 8.0),
    special("bessel_ratio", 8.0),
    // Between 3 and 25 its curvature is a difference.
    special("i0_bregman", 3000.0),
    special("expm1_bregman", 8.0),
];

/// The promise for `name`, which may carry a parameter.
pub fn measure(name: &str) -> Option<&'static Promise> {
    let family = name.split('=').next();
    MEASURES.iter().find(|promise| Some(promise.name) == family)
}

/// The promise for a function of weights.
pub fn function(name: &str) -> Option<&'static Promise> {
    FUNCTIONS.iter().find(|promise| promise.name == name)
}

/// The promise for a numeric primitive.
pub fn primitive(name: &str) -> Option<&'static Primitive> {
    PRIMITIVES.iter().find(|promise| promise.name == name)
}

/// How far a law may be missed by the rounding of its two sides, relatively.
pub const LAW: f64 = 4e-12;

/// How far the two bracketings of a merge may differ, relatively.
pub const MERGE: f64 = 4e-16;

/// The same for totals of exponentials, which each merge rescales: two exponentials and two products, of a unit each.
pub const MERGE_EXPONENTIALS: f64 = 1e-15;

/// How far a hand-written slope may be from the differentiated term, relative to the larger of slope and weight.
pub const SLOPE: f64 = 1e-12;

/// A debt: golden rows that do not yet come out as promised.
#[derive(Debug, Clone, Copy)]
pub struct Debt {
    /// How the measure's name starts.
    pub measure: &'static str,
    /// What the case's name contains.
    pub case: &'static str,
    /// Why.
    pub reason: &'static str,
}

/// All debts: none. The golden test fails when one has been paid: then it is to be taken off.
pub const OWED: &[Debt] = &[];

/// The debt that covers a golden row, if one does.
pub fn owed(measure: &str, case: &str) -> Option<usize> {
    OWED.iter().position(|debt| measure.starts_with(debt.measure) && case.contains(debt.case))
}

/// How far another library's formula, in plain doubles, may be from ours, relatively.
pub const CONVENTION: f64 = 1e-12;

/// How far a gradient may be from a central difference of values.
pub const DIFFERENCE: f64 = 1e-7;

/// How far KL between two families may be from the truth, relatively, by a formula.
pub const FAMILY_FORMULA: f64 = 1e-11;

/// The same where Q is P but for 1e-6.
pub const FAMILY_FORMULA_NEAR: f64 = 1e-8;

/// By a sum or an integral.
pub const FAMILY_FALLBACK: f64 = 1e-9;

/// The same where Q is P but for 1e-6.
pub const FAMILY_FALLBACK_NEAR: f64 = 1e-8;

/// Divergences by a sum or an integral below this are promised their stated error only.
pub const FAMILY_SMALLEST: f64 = 1e-22;

/// Relative error of KL between vectors or matrices of small dimension, matrices of moderate condition.
pub const JOINT: f64 = 1e-11;

/// The same for Q a perturbation of P by 1e-6 relative: of what a matrix has, its factor has lost a unit.
pub const JOINT_NEAR: f64 = 1e-8;

/// Error of a gradient by parameters, relative to the gradient's largest entry.
pub const GRADIENT: f64 = 1e-11;

/// Standard errors that a mean of random points may be off.
pub const STANDARD_ERRORS: f64 = 4.0;

/// Relative error of power divergences between members of an exponential family.
pub const POWER: f64 = 1e-11;

/// The same for Q a perturbation of P by 1e-6 relative.
pub const POWER_NEAR: f64 = 1e-8;
