//! Reads the golden files that `scripts/golden.py` writes; see there for what each column means.

use std::collections::HashMap;

use crate::double_double::DoubleDouble;
use crate::recipe;

/// A named pair of weight vectors.
#[derive(Debug, Clone)]
pub struct Case {
    /// What the rows call it.
    pub name: String,
    /// The weights of P.
    pub p: Vec<f64>,
    /// The weights of Q.
    pub q: Vec<f64>,
}

/// What `quantity` of a case is.
#[derive(Debug, Clone)]
pub struct Value {
    /// The name of a measure or function.
    pub quantity: String,
    /// Its value to 30 digits.
    pub truth: DoubleDouble,
}

/// A function of a table of rows.
#[derive(Debug, Clone)]
pub struct Table {
    /// `mutual_information` or `weighted_js`.
    pub function: String,
    /// Row length.
    pub columns: usize,
    /// The rows after one another.
    pub table: Vec<f64>,
    /// One weight a row, for `weighted_js`.
    pub weights: Vec<f64>,
    /// Its value to 30 digits.
    pub truth: DoubleDouble,
}

/// A function of one or two numbers.
#[derive(Debug, Clone)]
pub struct Point {
    /// `ln`, `exp`, `log1p`, `h`, `digamma`, `ln_ratio` or `phi`.
    pub function: String,
    /// The first argument.
    pub x: f64,
    /// The second one, if there is one.
    pub y: Option<f64>,
    /// Its value to 30 digits.
    pub truth: DoubleDouble,
}

/// KL between two families.
#[derive(Debug, Clone)]
pub struct Family {
    /// The text of P.
    pub p: String,
    /// The text of Q.
    pub q: String,
    /// Whether Q is P but for a relative difference of 1e-6 in one parameter.
    pub is_near: bool,
    /// Its value to 17 digits.
    pub truth: DoubleDouble,
}

/// KL between distributions whose parameters are lists of numbers, as `scripts/golden_joint.py` has them.
#[derive(Debug, Clone)]
pub struct Parameters {
    /// The family, and what its parameters are.
    pub kind: String,
    /// Those of P.
    pub p: Vec<f64>,
    /// Those of Q.
    pub q: Vec<f64>,
    /// KL to 25 digits.
    pub truth: DoubleDouble,
    /// Its gradient by P's, where the file has one.
    pub to_p: Vec<f64>,
    /// And by Q's.
    pub to_q: Vec<f64>,
}

/// The text of a golden file without its header, split at commas.
fn records(file: &str) -> Vec<Vec<String>> {
    let path = format!("{}/../kullback/tests/golden/{file}.csv", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("golden file holds no number: {text}"))
}

fn numbers(text: &str) -> Vec<f64> {
    text.split_ascii_whitespace().map(number).collect()
}

fn truth(text: &str) -> DoubleDouble {
    DoubleDouble::parse(text).unwrap_or_else(|error| panic!("golden file: {error}"))
}

/// Every case, with its recipe carried out.
pub fn cases() -> Vec<Case> {
    let case = |r: Vec<String>| {
        let (p, q) = if r[2].is_empty() {
            recipe::build(&r[1]).unwrap_or_else(|error| panic!("{error}"))
        } else {
            (numbers(&r[1]), numbers(&r[2]))
        };
        Case { name: r[0].clone(), p, q }
    };
    records("cases").into_iter().map(case).collect()
}

/// The values of `divergences` or `functions`, by case.
pub fn values(file: &str) -> HashMap<String, Vec<Value>> {
    let mut by_case: HashMap<String, Vec<Value>> = HashMap::new();
    for r in records(file) {
        by_case.entry(r[0].clone()).or_default().push(Value { quantity: r[1].clone(), truth: truth(&r[2]) });
    }
    by_case
}

/// Functions of tables.
pub fn tables() -> Vec<Table> {
    let table = |r: Vec<String>| Table {
        function: r[0].clone(),
        columns: number(&r[1]) as usize,
        table: numbers(&r[2]),
        weights: numbers(&r[3]),
        truth: truth(&r[4]),
    };
    records("tables").into_iter().map(table).collect()
}

/// Measures of log-probabilities.
pub fn logs() -> Vec<(Case, Value)> {
    let row = |r: Vec<String>| {
        let case = Case { name: format!("ln p = {}, ln q = {}", r[0], r[1]), p: numbers(&r[0]), q: numbers(&r[1]) };
        (case, Value { quantity: r[2].clone(), truth: truth(&r[3]) })
    };
    records("logs").into_iter().map(row).collect()
}

/// Divergences between families. Their texts hold commas, so the columns are set apart by semicolons.
pub fn families() -> Vec<Family> {
    let row = |r: Vec<String>| {
        let joined = r.join(",");
        let fields: Vec<&str> = joined.split(';').collect();
        Family {
            p: fields[0].to_owned(),
            q: fields[1].to_owned(),
            is_near: fields[2] == "near",
            truth: truth(fields[3]),
        }
    };
    records("family").into_iter().map(row).collect()
}

/// KL of every pair of one-dimensional families: texts of P and Q, and its value, which may be +∞.
pub fn pairs() -> Vec<(String, String, f64)> {
    let row = |r: Vec<String>| {
        let joined = r.join(",");
        let fields: Vec<&str> = joined.split(';').collect();
        (fields[0].to_owned(), fields[1].to_owned(), number(fields[2]))
    };
    records("pairs").into_iter().map(row).collect()
}

/// Other divergences of families: texts of P and Q, the measure, and its value.
pub fn measures() -> Vec<(String, String, String, f64)> {
    let row = |r: Vec<String>| {
        let joined = r.join(",");
        let fields: Vec<&str> = joined.split(';').collect();
        (fields[0].to_owned(), fields[1].to_owned(), fields[2].to_owned(), number(fields[3]))
    };
    records("measures").into_iter().map(row).collect()
}

/// KL by parameters: `joint`, or `batch` with gradients.
pub fn parameters(file: &str) -> Vec<Parameters> {
    let row = |r: Vec<String>| {
        let fields: Vec<&str> = r[0].split(';').collect();
        let slopes = |at: usize| fields.get(at).map(|text| numbers(text)).unwrap_or_default();
        Parameters {
            kind: fields[0].to_owned(),
            p: numbers(fields[1]),
            q: numbers(fields[2]),
            truth: truth(fields[3]),
            to_p: slopes(4),
            to_q: slopes(5),
        }
    };
    records(file).into_iter().map(row).collect()
}

/// Functions of numbers.
pub fn points() -> Vec<Point> {
    let point = |r: Vec<String>| Point {
        function: r[0].clone(),
        x: number(&r[1]),
        y: (!r[2].is_empty()).then(|| number(&r[2])),
        truth: truth(&r[3]),
    };
    records("numeric").into_iter().map(point).collect()
}
