//! Runs every golden row through kullback and compares with the tolerance table: for the golden test and ACCURACY.md.

use crate::golden::{self, Case};
use crate::tolerance::{self, Promise};
use crate::ulp::{relative_error, ulps};
use crate::{double_double::DoubleDouble, subject};

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
    /// Whether P and Q are near each other.
    pub near: bool,
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

impl Outcome {
    /// Whether the promise was kept.
    pub fn kept(&self) -> bool {
        self.error <= self.allowed
    }
}

fn judge(section: Section, promise: &Promise, near: bool, row: String, computed: f64, truth: DoubleDouble) -> Outcome {
    let error = relative_error(computed, truth);
    let absolute = promise.absolute / truth.value().abs();
    let allowed = if near { promise.near } else { promise.relative };
    Outcome {
        section,
        name: promise.name.to_owned(),
        row,
        computed,
        truth: truth.value(),
        error,
        // An absolute allowance counts where it is the larger one; 0/0 at a truth of zero is none.
        allowed: if absolute > allowed { absolute } else { allowed },
        near,
    }
}

/// Every measure of every case.
pub fn measures() -> Vec<Outcome> {
    let values = golden::values("divergences");
    let mut outcomes = Vec::new();
    for Case { name, p, q } in golden::cases() {
        let near = name.contains("near-") || name.starts_with("last-bit") || name.starts_with("proportional");
        for value in &values[&name] {
            let promise = expect(tolerance::measure(&value.quantity), &value.quantity);
            let computed = subject::between(&value.quantity, &p, &q).unwrap_or(f64::NAN);
            let row = format!("{} of {name}", value.quantity);
            outcomes.push(judge(Section::Weights, promise, near, row, computed, value.truth));
        }
    }
    outcomes
}

/// The measures of log-probabilities.
pub fn logs() -> Vec<Outcome> {
    let outcome = |(case, value): (Case, golden::Value)| {
        let promise = expect(tolerance::measure(&value.quantity), &value.quantity);
        let computed = subject::between_logs(&value.quantity, &case.p, &case.q).unwrap_or(f64::NAN);
        let near = value.truth.value() < 1e-3;
        judge(Section::Logs, promise, near, format!("{} of {}", value.quantity, case.name), computed, value.truth)
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
            let row = format!("{} of {name}", value.quantity);
            outcomes.push(judge(Section::Functions, promise, name.contains("near-"), row, computed, value.truth));
        }
    }
    for table in golden::tables() {
        let promise = expect(tolerance::function(&table.function), &table.function);
        let computed = subject::table(&table.function, table.columns, &table.table, &table.weights);
        let computed = expect(computed, &table.function).unwrap_or(f64::NAN);
        let row = format!("{} of {:?}", table.function, table.table);
        outcomes.push(judge(Section::Functions, promise, false, row, computed, table.truth));
    }
    outcomes
}

/// The numeric primitives, where their domain includes the arguments.
pub fn primitives() -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for point in golden::points() {
        let Some(computed) = subject::primitive(&point.function, point.x, point.y) else { continue };
        let promise = expect(tolerance::primitive(&point.function), &point.function);
        outcomes.push(Outcome {
            section: Section::Primitives,
            name: point.function.clone(),
            row: format!("{}({:e}, {:?})", point.function, point.x, point.y),
            computed,
            truth: point.truth.value(),
            error: ulps(computed, point.truth),
            allowed: promise.ulps,
            near: false,
        });
    }
    outcomes
}

fn expect<T>(entry: Option<T>, name: &str) -> T {
    entry.unwrap_or_else(|| panic!("{name} has golden rows but no entry in tolerance.rs or subject.rs"))
}
