//! What relates each measure to the others, by the name that `Measure` gives them: inequalities and identities that
//! hold for every pair of distributions. The laws that hold of all measures alike are in `tests/laws.rs`.

use crate::subject;

/// How two sides compare.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Relation {
    /// The first number is at most the second.
    AtMost(f64, f64),
    /// Both are the same number.
    Equal(f64, f64),
}
use Relation::{AtMost, Equal};

impl Relation {
    /// Whether it holds up to a relative error.
    pub fn holds(self, slack: f64) -> bool {
        match self {
            AtMost(a, b) => a <= b + b.abs() * slack,
            Equal(a, b) => a == b || (a - b).abs() <= slack * a.abs().max(b.abs()).max(f64::MIN_POSITIVE / slack),
        }
    }
}

/// A pair of distributions to look up measures of.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'a> {
    /// The truth.
    pub p: &'a [f64],
    /// The model.
    pub q: &'a [f64],
}

impl Sides<'_> {
    /// The value of a measure; NaN, which no law accepts, where the library returns an error.
    pub fn of(&self, name: &str) -> f64 {
        subject::between(name, self.p, self.q).unwrap_or(f64::NAN)
    }

    /// The value with P and Q exchanged.
    pub fn reversed(&self, name: &str) -> f64 {
        subject::between(name, self.q, self.p).unwrap_or(f64::NAN)
    }
}

/// A statement about one measure.
#[derive(Debug, Clone, Copy)]
pub struct Law {
    /// The measure, without a parameter.
    pub measure: &'static str,
    /// The statement.
    pub says: &'static str,
    /// Both sides of it.
    pub relation: fn(Sides<'_>) -> Relation,
}

const fn law(measure: &'static str, says: &'static str, relation: fn(Sides<'_>) -> Relation) -> Law {
    Law { measure, says, relation }
}

const LN_2: f64 = std::f64::consts::LN_2;

/// Entropy of a coin.
fn coin(x: f64) -> f64 {
    -x * x.ln() - (1.0 - x) * (-x).ln_1p()
}

/// Every law.
pub const LAWS: &[Law] = &[
    law("kl", "KL ≤ ln(1 + χ²)", |d| AtMost(d.of("kl"), d.of("chi2").ln_1p())),
    law("kl", "KL ≤ max-divergence", |d| AtMost(d.of("kl"), d.of("max-divergence"))),
    law("reverse-kl", "is KL(Q‖P)", |d| Equal(d.of("reverse-kl"), d.reversed("kl"))),
    law("jeffreys", "is KL(P‖Q) + KL(Q‖P)", |d| Equal(d.of("jeffreys"), d.of("kl") + d.of("reverse-kl"))),
    law("js", "JS ≤ ln 2 · TV", |d| AtMost(d.of("js"), LN_2 * d.of("tv"))),
    law("js", "is the mean of the two K-divergences", |d| {
        Equal(d.of("js"), (d.of("k-divergence") + d.reversed("k-divergence")) / 2.0)
    }),
    law("js", "is gjs at ½", |d| Equal(d.of("js"), d.of("gjs=0.5"))),
    law("js", "is symmetric", |d| Equal(d.of("js"), d.reversed("js"))),
    law("js-distance", "squares to JS", |d| Equal(d.of("js-distance").powi(2), d.of("js"))),
    law("k-divergence", "is skew KL at ½", |d| Equal(d.of("k-divergence"), d.of("skew-kl=0.5"))),
    law("k-divergence", "K ≤ ½ KL (convexity)", |d| AtMost(d.of("k-divergence"), d.of("kl") / 2.0)),
    law("gjs", "is the weighted sum of two skew KL", |d| {
        Equal(d.of("gjs=0.25"), 0.25 * d.of("skew-kl=0.25") + 0.75 * d.reversed("skew-kl=0.75"))
    }),
    law("gjs", "gjs(β) ≤ H(β)", |d| AtMost(d.of("gjs=0.25"), coin(0.25))),
    law("gjs", "is 0 at β = 0", |d| Equal(d.of("gjs=0"), 0.0)),
    law("gjs", "is 0 at β = 1", |d| Equal(d.of("gjs=1"), 0.0)),
    law("gjs", "is continuous at β = 0", |d| AtMost(d.of("gjs=1e-12"), coin(1e-12))),
    law("gjs", "is continuous at β = 1", |d| AtMost(d.of("gjs=0.9999999999999"), coin(1e-13) * 1.001)),
    law("scaled-gjs", "is gjs over β(1 − β)", |d| Equal(d.of("scaled-gjs=0.25") * 0.1875, d.of("gjs=0.25"))),
    law("scaled-gjs", "is KL at β = 0", |d| Equal(d.of("scaled-gjs=0"), d.of("kl"))),
    law("scaled-gjs", "is reverse KL at β = 1", |d| Equal(d.of("scaled-gjs=1"), d.of("reverse-kl"))),
    law("scaled-gjs", "is at most Jeffreys (convexity)", |d| AtMost(d.of("scaled-gjs=0.25"), d.of("jeffreys"))),
    law("skew-kl", "is KL at λ = 0", |d| Equal(d.of("skew-kl=0"), d.of("kl"))),
    law("skew-kl", "is 0 at λ = 1", |d| Equal(d.of("skew-kl=1"), 0.0)),
    law("skew-kl", "skew KL(λ) ≤ (1 − λ) KL (convexity)", |d| AtMost(d.of("skew-kl=0.25"), 0.75 * d.of("kl"))),
    law("skew-kl", "skew KL(λ) ≤ −ln λ", |d| AtMost(d.of("skew-kl=0.25"), 4f64.ln())),
    law("renyi", "is KL at α = 1", |d| Equal(d.of("renyi=1"), d.of("kl"))),
    law("renyi", "is ln(1 + χ²) at α = 2", |d| Equal(d.of("renyi=2"), d.of("chi2").ln_1p())),
    law("renyi", "is twice Bhattacharyya at α = ½", |d| Equal(d.of("renyi=0.5"), 2.0 * d.of("bhattacharyya"))),
    law("renyi", "skew symmetry: (1 − α) R_α(P‖Q) = α R_{1−α}(Q‖P)", |d| {
        Equal(0.75 * d.of("renyi=0.25"), 0.25 * d.reversed("renyi=0.75"))
    }),
    law("tsallis", "is χ² at α = 2", |d| Equal(d.of("tsallis=2"), d.of("chi2"))),
    law("tsallis", "is KL at α = 1", |d| Equal(d.of("tsallis=1"), d.of("kl"))),
    law("tsallis", "(1 − α) R = −ln(1 − (1 − α) T)", |d| {
        let t = d.of("tsallis=0.75");
        // Where T is near its largest value the logarithm magnifies its rounding.
        if t > 3.9 { AtMost(t, 4.0) } else { Equal(d.of("renyi=0.75"), -4.0 * (-0.25 * t).ln_1p()) }
    }),
    law("alpha", "is 4 Hellinger² at α = 0", |d| Equal(d.of("alpha=0"), 4.0 * d.of("hellinger"))),
    law("alpha", "is KL at α = −1", |d| Equal(d.of("alpha=-1"), d.of("kl"))),
    law("alpha", "is ½ χ² at α = −3", |d| Equal(d.of("alpha=-3"), 0.5 * d.of("chi2"))),
    law("alpha", "changes sides with the sign of α", |d| Equal(d.of("alpha=0.5"), d.reversed("alpha=-0.5"))),
    law("cressie-read", "is χ² at λ = 1", |d| Equal(d.of("cressie-read=1"), d.of("chi2"))),
    law("cressie-read", "is Neyman's χ² at λ = −2", |d| Equal(d.of("cressie-read=-2"), d.of("neyman-chi2"))),
    law("cressie-read", "is twice KL at λ = 0", |d| Equal(d.of("cressie-read=0"), 2.0 * d.of("kl"))),
    law("cressie-read", "is 8 Hellinger² at λ = −½", |d| {
        Equal(d.of("cressie-read=-0.5"), 8.0 * d.of("hellinger"))
    }),
    law("hellinger", "H² ≤ TV", |d| AtMost(d.of("hellinger"), d.of("tv"))),
    law("hellinger", "is symmetric", |d| Equal(d.of("hellinger"), d.reversed("hellinger"))),
    law("hellinger-distance", "squares to H²", |d| Equal(d.of("hellinger-distance").powi(2), d.of("hellinger"))),
    law("hellinger-distance", "TV ≤ H √(2 − H²)", |d| {
        AtMost(d.of("tv"), d.of("hellinger-distance") * (2.0 - d.of("hellinger")).sqrt())
    }),
    law("bhattacharyya", "H² = 1 − e^−B", |d| Equal(d.of("hellinger"), -(-d.of("bhattacharyya")).exp_m1())),
    law("chi2", "4 TV² ≤ χ²", |d| AtMost(4.0 * d.of("tv").powi(2), d.of("chi2"))),
    law("neyman-chi2", "is χ²(Q‖P)", |d| Equal(d.of("neyman-chi2"), d.reversed("chi2"))),
    law("triangular", "2 TV² ≤ Δ", |d| AtMost(2.0 * d.of("tv").powi(2), d.of("triangular"))),
    law("triangular", "Δ ≤ 2 TV", |d| AtMost(d.of("triangular"), 2.0 * d.of("tv"))),
    law("triangular", "2 H² ≤ Δ", |d| AtMost(2.0 * d.of("hellinger"), d.of("triangular"))),
    law("tv", "Pinsker: TV ≤ √(KL/2)", |d| AtMost(d.of("tv"), (d.of("kl") / 2.0).sqrt())),
    law("tv", "Bretagnolle–Huber: TV ≤ √(1 − e^−KL)", |d| {
        AtMost(d.of("tv"), (-(-d.of("kl")).exp_m1()).sqrt())
    }),
    law("tv", "TV ≤ 1", |d| AtMost(d.of("tv"), 1.0)),
    law("tv", "is symmetric", |d| Equal(d.of("tv"), d.reversed("tv"))),
    law("max-divergence", "bounds every Rényi divergence", |d| AtMost(d.of("renyi=5"), d.of("max-divergence"))),
    law("max-divergence", "TV ≤ 1 − e^−max", |d| AtMost(d.of("tv"), -(-d.of("max-divergence")).exp_m1())),
];
