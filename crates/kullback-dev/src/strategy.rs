//! Proptest strategies: pairs of weight vectors of every character that the laws should hold for.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::recipe::SplitMix;

/// Two vectors of the same length, each with some mass.
pub type Pair = (Vec<f64>, Vec<f64>);

fn unit() -> impl Strategy<Value = f64> {
    any::<u64>().prop_map(|seed| SplitMix::new(seed).unit())
}

/// A weight of any order of magnitude between 1e-60 and 1e60.
fn scaled() -> impl Strategy<Value = f64> {
    any::<u64>().prop_map(|seed| SplitMix::new(seed).scaled(-200, 200))
}

fn sometimes_zero() -> impl Strategy<Value = f64> {
    prop_oneof![3 => unit(), 1 => Just(0.0)]
}

fn both<S: Strategy<Value = f64>>(weight: fn() -> S) -> impl Strategy<Value = Pair> {
    vec((weight(), weight()), 1..24).prop_map(|entries| entries.into_iter().unzip())
}

fn has_mass(pair: &Pair) -> bool {
    pair.0.iter().any(|x| *x > 0.0) && pair.1.iter().any(|x| *x > 0.0)
}

/// Positive weights of similar size.
pub fn ordinary() -> impl Strategy<Value = Pair> {
    both(unit)
}

/// q = p(1 + ε·noise), with ε from 1e-2 to 1e-14.
pub fn near() -> impl Strategy<Value = Pair> {
    (vec((unit(), -1.0f64..1.0), 1..24), 2i32..15).prop_map(|(entries, digits)| {
        let epsilon = 10f64.powi(-digits);
        entries.into_iter().map(|(p, noise)| (p, p * (1.0 + epsilon * noise))).unzip()
    })
}

/// Any of the above, weights of all orders of magnitude, and zeros on either side.
pub fn pairs() -> impl Strategy<Value = Pair> {
    prop_oneof![ordinary(), near(), both(scaled), both(sometimes_zero).prop_filter("mass on both sides", has_mass)]
}

/// Log-probabilities up to an additive constant, some of them −∞.
pub fn logs() -> impl Strategy<Value = Pair> {
    let log = || prop_oneof![8 => -40.0..0.0, 1 => -2000.0..0.0, 1 => Just(f64::NEG_INFINITY)];
    let finite = |pair: &Pair| pair.0.iter().any(|x| x.is_finite()) && pair.1.iter().any(|x| x.is_finite());
    vec((log(), log()), 1..24).prop_map(|entries| entries.into_iter().unzip()).prop_filter("mass on both sides", finite)
}
