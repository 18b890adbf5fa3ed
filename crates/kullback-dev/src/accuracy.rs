//! Runs every golden row through kullback and compares with the tolerance table: for the golden test and ACCURACY.md.

use crate::golden::{self, Case, Value};
use crate::subject;
use crate::tolerance::{self, Likeness, Promise};
use crate::ulp::{relative_error, ulps};

/// How a golden row came out.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Which section of the table it belongs to.
    pub section: Section,
    /// The measure, function or primitive, without a parameter.
    pub name: String,
    /// What was computed, in words that find the row.
    pub row: String,
    /// What came out; NaN for an error.
    pub computed: f64,
    /// What should have.
    pub truth: f64,
    /// The error: relative, or in units in the last place for primitives.
    pub error: f64,
    /// The largest error allowed.
    pub allowed: f64,
    /// How alike P and Q are.
    pub likeness: Likeness,
    /// Whether the promise was kept.
    pub kept: bool,
    /// The entry of [`tolerance::OWED`] that excuses it.
    pub owed: Option<usize>,
}

/// Sections of the accuracy report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Divergences of weights.
    Weights,
    /// The same measures of log-probabilities.
    Logs,
    /// Functions of weights and tables.
    Functions,
    /// Numeric primitives.
    Primitives,
}

/// The likeness of a golden case, by its name.
fn likeness(case: &str) -> Likeness {
    let near = ["near-", "last-bit", "proportional", "one-category"];
    if near.iter().any(|part| case.contains(part)) { Likeness::Near } else { Likeness::Ordinary }
}

fn judge(section: Section, promise: &Promise, case: (&str, Likeness), value: &Value, computed: f64) -> Outcome {
    let (case, likeness) = case;
    Outcome {
        section,
        name: promise.name.to_owned(),
        row: format!("{} of {case}", value.quantity),
        computed,
        truth: value.truth.value(),
        error: relative_error(computed, value.truth),
        allowed: promise.allowed(value.truth.value(), likeness),
        likeness,
        kept: promise.kept(computed, value.truth, likeness),
        owed: tolerance::owed(&value.quantity, case),
    }
}

/// Every measure of every case.
pub fn measures() -> Vec<Outcome> {
    let values = golden::values("divergences");
    let mut outcomes = Vec::new();
    for Case { name, p, q } in golden::cases() {
        for value in &values[&name] {
            let promise = expect(tolerance::measure(&value.quantity), &value.quantity);
            let computed = subject::between(&value.quantity, &p, &q).unwrap_or(f64::NAN);
            outcomes.push(judge(Section::Weights, promise, (&name, likeness(&name)), value, computed));
        }
    }
    outcomes
}

/// The measures of log-probabilities.
pub fn logs() -> Vec<Outcome> {
    let outcome = |(case, value): (Case, Value)| {
        let of_weights = expect(tolerance::measure(&value.quantity), &value.quantity);
        let promise = Promise {
            relative: of_weights.relative + tolerance::LOGARITHMS,
            near: of_weights.near + tolerance::LOGARITHMS,
            ..*of_weights
        };
        let computed = subject::between_logs(&value.quantity, &case.p, &case.q).unwrap_or(f64::NAN);
        judge(Section::Logs, &promise, (&case.name, Likeness::Ordinary), &value, computed)
    };
    golden::logs().into_iter().map(outcome).collect()
}

/// Functions of weights and of tables.
pub fn functions() -> Vec<Outcome> {
    let values = golden::values("functions");
    let mut outcomes = Vec::new();
    for Case { name, p, q } in golden::cases() {
        for value in values.get(&name).into_iter().flatten() {
            let promise = expect(tolerance::function(&value.quantity), &value.quantity);
            let computed = expect(subject::function(&value.quantity, &p, &q), &value.quantity).unwrap_or(f64::NAN);
            outcomes.push(judge(Section::Functions, promise, (&name, likeness(&name)), value, computed));
        }
    }
    for table in golden::tables() {
        let value = Value { quantity: table.function, truth: table.truth };
        let promise = expect(tolerance::function(&value.quantity), &value.quantity);
        let computed = subject::table(&value.quantity, table.columns, &table.table, &table.weights);
        let computed = expect(computed, &value.quantity).unwrap_or(f64::NAN);
        let case = format!("{:?}", table.table);
        outcomes.push(judge(Section::Functions, promise, (&case, Likeness::Ordinary), &value, computed));
    }
    outcomes
}

/// The numeric primitives, where their domain includes the arguments.
pub fn primitives() -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for point in golden::points() {
        let Some(computed) = subject::primitive(&point.function, point.x, point.y) else { continue };
        let promise = expect(tolerance::primitive(&point.function), &point.function);
        let error = ulps(computed, point.truth);
        outcomes.push(Outcome {
            section: Section::Primitives,
            name: point.function.clone(),
            row: format!("{}({:e}, {:?})", point.function, point.x, point.y),
            computed,
            truth: point.truth.value(),
            error,
            // The machine may have no fused multiply-add.
            allowed: promise.unfused.max(promise.ulps),
            likeness: Likeness::Ordinary,
            kept: error <= promise.unfused.max(promise.ulps),
            owed: None,
        });
    }
    outcomes
}

fn expect<T>(entry: Option<T>, name: &str) -> T {
    entry.unwrap_or_else(|| panic!("{name} has golden rows but no entry in tolerance.rs or subject.rs"))
}
