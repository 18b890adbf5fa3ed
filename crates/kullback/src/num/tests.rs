//! The vector functions on every level of this machine, in units in the last place.

use kullback_dev::double_double::DoubleDouble;
use kullback_dev::recipe::SplitMix;
use kullback_dev::{oracle, tolerance, ulp};

use super::simd::{F32s, F64s, Kernel, Lanes, Level, Simd, dispatch, fused, levels};
use super::{Real, entropic, exp_log};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Function {
    Exp,
    ExpM1,
    Ln,
    Ln1p,
    H,
    Phi,
    Exp2,
}
use Function::{Exp, Exp2, ExpM1, H, Ln, Ln1p, Phi};

const ALL: [(Function, &str); 7] =
    [(Exp, "exp"), (ExpM1, "expm1"), (Ln, "ln"), (Ln1p, "log1p"), (H, "h"), (Phi, "phi"), (Exp2, "exp2")];

impl Function {
    #[inline(always)]
    fn apply<V: Real>(self, x: V, y: V) -> V {
        match self {
            Exp => exp_log::exp(x),
            ExpM1 => exp_log::exp_m1(x),
            Ln => exp_log::ln(x),
            Ln1p => exp_log::ln_1p(x),
            H => entropic::h(x),
            Phi => entropic::kl_term(x, y, y - x),
            Exp2 => exp_log::exp2_product(x, exp_log::Octaves::new(x, 1.0)),
        }
    }

    /// Whether the function is meant to take these arguments in a format with normal exponents from `low` to `high`.
    fn takes(self, x: f64, y: f64, low: i32, high: i32) -> bool {
        let within = |x: f64, low: i32, high: i32| x >= 2f64.powi(low) && x <= 2f64.powi(high);
        match self {
            Exp | ExpM1 | H => x.is_finite(),
            Ln => within(x, low, high),
            Ln1p => x > -1.0 && within(1.0 + x, low, high),
            Phi => within(x, low / 2, high / 2) && within(y, low / 2, high / 2),
            Exp2 => x >= f64::from(low) && x <= 120.0,
        }
    }

    /// The value to some 30 digits; series where the closed form would cancel.
    fn truth(self, x: f64, y: f64) -> DoubleDouble {
        let one = DoubleDouble::ONE;
        let wide = DoubleDouble::from(x);
        match self {
            // Past the range of the oracle; correct to half a unit.
            Exp | ExpM1 | H if x.abs() > 700.0 => match self {
                Exp => f64::exp(x).into(),
                ExpM1 => f64::exp_m1(x).into(),
                _ => DoubleDouble::from(f64::exp(-x)) - one + wide,
            },
            Exp => wide.exp(),
            Exp2 if x.abs() > 900.0 => f64::exp2(x).into(),
            Exp2 => (wide * DoubleDouble::from(2.0).ln()).exp(),
            ExpM1 if x.abs() < 1e-2 => exp_series(wide, 1),
            ExpM1 => wide.exp() - one,
            Ln => wide.ln(),
            Ln1p if x.abs() < 1e-4 => ln_1p_series(wide),
            Ln1p => (wide + one).ln(),
            H if x.abs() < 1e-2 => exp_series(-wide, 2),
            H => (-wide).exp() - one + wide,
            // φ(p, q) = p·(r − ln(1 + r)) with r = q/p − 1.
            Phi if (y / x - 1.0).abs() < 1e-4 => {
                let r = (DoubleDouble::from(y) - wide) / wide;
                wide * (r - ln_1p_series(r))
            }
            Phi => oracle::phi(x, y),
        }
    }
}

/// Σ xⁿ/n! from n = `first`.
fn exp_series(x: DoubleDouble, first: u32) -> DoubleDouble {
    let mut term = DoubleDouble::ONE;
    let mut sum = DoubleDouble::ZERO;
    for n in 1..25u32 {
        term = term * x / DoubleDouble::from(f64::from(n));
        if n >= first {
            sum = sum + term;
        }
    }
    sum
}

/// x − x²/2 + x³/3 − …
fn ln_1p_series(x: DoubleDouble) -> DoubleDouble {
    let mut power = -DoubleDouble::ONE;
    let mut sum = DoubleDouble::ZERO;
    for n in 1..12u32 {
        power = -(power * x);
        sum = sum + power / DoubleDouble::from(f64::from(n));
    }
    sum
}

struct Apply<'a, T>(Function, &'a [T], &'a [T], &'a mut [T]);

macro_rules! apply {
    ($element:ty, $lanes:ident) => {
        impl Kernel for Apply<'_, $element> {
            type Output = ();
            #[inline(always)]
            fn run<S: Simd>(self, simd: S) {
                let Self(function, x, y, out) = self;
                let len = $lanes::<S>::LEN;
                let mut i = 0;
                while i < x.len() {
                    let a = $lanes::load(simd, &x[i..i + len]);
                    let b = $lanes::load(simd, &y[i..i + len]);
                    function.apply(a, b).store(&mut out[i..i + len]);
                    i += len;
                }
            }
        }
    };
}
apply!(f64, F64s);
apply!(f32, F32s);

fn promise(function: Function, level: Level, single: bool) -> f64 {
    let name = ALL.iter().find(|(f, _)| *f == function).map(|(_, name)| *name).unwrap_or_default();
    let promise = tolerance::primitive(name).expect("the table has every primitive");
    match (fused(level), single) {
        (false, _) => promise.unfused,
        (true, false) => promise.ulps,
        (true, true) => promise.ulps_f32,
    }
}

fn check_f64(level: Level, function: Function, x: &[f64], y: &[f64]) {
    let mut out = vec![0.0; x.len()];
    dispatch(level, Apply(function, x, y, &mut out));
    for ((&x, &y), &value) in x.iter().zip(y).zip(&out) {
        if function.takes(x, y, -1021, 1023) {
            let ulps = ulp::ulps(value, function.truth(x, y));
            assert!(
                ulps <= promise(function, level, false),
                "{function:?}({x:e}, {y:e}) = {value:e} is {ulps:.2} ulp off on {level:?}"
            );
        }
    }
}

fn check_f32(level: Level, function: Function, x: &[f32], y: &[f32]) {
    let mut out = vec![0.0; x.len()];
    dispatch(level, Apply(function, x, y, &mut out));
    for ((&x, &y), &value) in x.iter().zip(y).zip(&out) {
        // Where a sum of the arguments rounds, the function of singles is that of the rounded sum.
        let (x, y) = (f64::from(x), f64::from(y));
        if function.takes(x, y, -125, 127) {
            let ulps = ulp::ulps_f32(value, single_truth(function, x, y).into());
            assert!(
                ulps <= promise(function, level, true),
                "{function:?}({x:e}, {y:e}) = {value:e} is {ulps:.2} ulp off on {level:?}"
            );
        }
    }
}

/// The value to a double: enough for singles, and fast enough for all of them.
fn single_truth(function: Function, x: f64, y: f64) -> f64 {
    match function {
        Exp => f64::exp(x),
        Exp2 => f64::exp2(x),
        ExpM1 => f64::exp_m1(x),
        Ln => f64::ln(x),
        Ln1p => f64::ln_1p(x),
        H if x.abs() > 1e-2 => f64::exp(-x) - 1.0 + x,
        _ => function.truth(x, y).value(),
    }
}

/// Arguments of every size and sign, edges first, a multiple of any vector's length.
fn arguments(n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut random = SplitMix::new(7);
    let mut x =
        vec![0.0, 1.0, -1.0, 0.5, 2.0, 1e-300, -1e-300, 709.5, -745.0, 746.0, -2000.0, 1e9, 40.0, -40.0, 0.35, 0.34];
    let mut y = vec![1.0; x.len()];
    while x.len() < n {
        let sign = if random.bits() & 1 == 0 { 1.0 } else { -1.0 };
        let (a, b) = match x.len() % 4 {
            // Near each other, to any number of digits.
            0 => {
                let a = random.scaled(-20, 20);
                (a, a * (1.0 + sign * random.scaled(-45, -1)))
            }
            1 => (random.scaled(-500, 500), random.scaled(-500, 500)),
            2 => (sign * random.scaled(-60, 10), random.scaled(-3, 3)),
            _ => (1.0 + sign * random.scaled(-50, -1), 1.0),
        };
        x.push(a);
        y.push(b);
    }
    (x, y)
}

#[test]
fn doubles_keep_their_promise_on_every_level() {
    let (x, y) = arguments(40_000);
    for level in levels() {
        for (function, _) in ALL {
            check_f64(level, function, &x, &y);
        }
    }
}

#[test]
fn singles_keep_their_promise_on_every_level() {
    let (x, y) = arguments(40_000);
    let (x, y): (Vec<f32>, Vec<f32>) = (x.iter().map(|x| *x as f32).collect(), y.iter().map(|y| *y as f32).collect());
    for level in levels() {
        for (function, _) in ALL {
            check_f32(level, function, &x, &y);
        }
    }
}

/// All finite singles: about 20 minutes. `cargo test --release -p kullback -- --ignored all_singles`
#[test]
#[ignore = "four billion arguments for each of six functions"]
fn all_singles_keep_their_promise() {
    let ones = vec![1.0f32; 1 << 16];
    for high in 0..1u32 << 16 {
        let x: Vec<f32> = (0..1u32 << 16).map(|low| f32::from_bits(high << 16 | low)).collect();
        if x[0].is_finite() {
            for (function, _) in ALL.iter().filter(|(f, _)| *f != Phi) {
                check_f32(Level::new(), *function, &x, &ones);
            }
        }
    }
}
