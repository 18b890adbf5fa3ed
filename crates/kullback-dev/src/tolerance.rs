//! THE table: how far from the truth each result may be. No test has a tolerance of its own.

/// What is promised of one measure or function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Promise {
    /// The name, without a parameter.
    pub name: &'static str,
    /// The largest relative error on any doubles.
    pub relative: f64,
    /// The same where q = p(1 + ε·noise) with ε ≥ 1e-8.
    pub near: f64,
    /// An error that is allowed in any case. Only entropies have one: they cancel near a one-hot distribution.
    pub absolute: f64,
}

const fn promise(name: &'static str, relative: f64, near: f64) -> Promise {
    Promise { name, relative, near, absolute: 0.0 }
}

const fn or_absolute(name: &'static str, relative: f64) -> Promise {
    Promise { name, relative, near: relative, absolute: 1e-15 }
}

/// Divergences of weights, by the name that `Measure` gives them.
pub const MEASURES: &[Promise] = &[
    promise("kl", 2e-15, 1e-14),
    promise("reverse-kl", 2e-15, 1e-14),
    promise("jeffreys", 2e-15, 1e-14),
    promise("js", 2e-15, 1e-14),
    promise("js-distance", 2e-15, 1e-14),
    promise("gjs", 2e-15, 1e-14),
    promise("scaled-gjs", 2e-15, 1e-14),
    promise("skew-kl", 2e-15, 1e-14),
    promise("k-divergence", 2e-15, 1e-14),
    promise("renyi", 1e-14, 1e-14),
    promise("tsallis", 1e-12, 1e-14),
    promise("alpha", 1e-12, 1e-14),
    promise("cressie-read", 1e-12, 1e-14),
    promise("hellinger", 2e-15, 1e-14),
    promise("hellinger-distance", 2e-15, 1e-14),
    promise("bhattacharyya", 2e-15, 1e-14),
    promise("chi2", 2e-15, 1e-14),
    promise("neyman-chi2", 2e-15, 1e-14),
    promise("triangular", 2e-15, 1e-14),
    promise("tv", 2e-15, 1e-14),
    promise("max-divergence", 2e-15, 1e-14),
];

/// Functions of weights that are no divergences.
pub const FUNCTIONS: &[Promise] = &[
    or_absolute("entropy", 2e-15),
    or_absolute("cross_entropy", 2e-15),
    promise("perplexity", 4e-15, 4e-15),
    promise("generalized_kl", 2e-15, 1e-14),
    promise("mutual_information", 1e-14, 1e-14),
    promise("weighted_js", 1e-14, 1e-14),
];

/// What is promised of a numeric primitive, in units in the last place of its format.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Primitive {
    /// The name.
    pub name: &'static str,
    /// The largest error in double precision.
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
    primitive_promise("expm1", 2.0, 2.0, 2.0),
    primitive_promise("log1p", 3.0, 3.0, 3.0),
    primitive_promise("ln_ratio", 3.0, 3.0, 3.0),
    primitive_promise("h", 4.0, 4.0, 4.0),
    primitive_promise("phi", 3.0, 3.0, 9.0),
    primitive_promise("digamma", 8.0, 8.0, 8.0),
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
