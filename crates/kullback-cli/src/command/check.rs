//! `drift --check`: which columns are over their limits, and the file that the limits come from.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use kullback_table::{ColumnDrift, DriftReport, Status};
use toml::{Table, Value};

use crate::output::story;
use crate::output::text::{figure, p_value, percent};

/// What a column may be; nothing is checked that has no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Limits {
    /// Fails: an adjusted p-value below this.
    alpha: Option<f64>,
    /// Fails: KL that is larger than so many nats for sure, the lower end of its 95 % interval being above.
    kl: Option<f64>,
    /// Fails: PSI that is above its expectation without drift by more than this.
    psi: Option<f64>,
    /// Fails: a fraction of nulls that is further than this from the reference's.
    nulls: Option<f64>,
    ignore: bool,
}

/// The limits of all columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Thresholds {
    default: Limits,
    /// Those that have a part of their own, with the rest from the default.
    columns: BTreeMap<String, Limits>,
}

/// What came of the limits of a report's columns.
pub(crate) struct Check {
    /// In the order of the report.
    pub(crate) verdicts: Vec<Verdict>,
}

/// What came of one column.
pub(crate) struct Verdict {
    pub(crate) column: String,
    /// The limits that it is over.
    pub(crate) reasons: Vec<String>,
    /// Why it was not checked, if it was not.
    pub(crate) skipped: Option<String>,
    /// What moved in it.
    pub(crate) moved: Vec<String>,
}

impl Check {
    pub(crate) fn failed(&self) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter().filter(|verdict| !verdict.reasons.is_empty())
    }
}

const KEYS: [&str; 5] = ["alpha", "kl", "psi", "nulls", "ignore"];
const TABLES: [&str; 2] = ["default", "columns"];

impl Thresholds {
    /// A significance for all columns and nothing else: what `--check` asks without a file.
    pub(crate) fn significance(alpha: f64) -> Self {
        Self { default: Limits { alpha: Some(alpha), ..Limits::default() }, columns: BTreeMap::new() }
    }

    /// The limits in a file; only those that it names hold.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let named = || format!("--thresholds {}", path.display());
        let text = fs::read_to_string(path).with_context(named)?;
        Self::parse(&text).with_context(named)
    }

    fn parse(text: &str) -> Result<Self> {
        let root: Table = match text.parse() {
            Ok(root) => root,
            Err(error) => {
                let error: toml::de::Error = error;
                let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
                bail!("line {}: {}", before.matches('\n').count() + 1, error.message().trim());
            }
        };
        let mut thresholds = Self::default();
        // The default first: columns take from it what they do not say.
        if let Some(value) = root.get("default") {
            thresholds.default = Limits::default().with("default", value)?;
        }
        for (key, value) in &root {
            match (key.as_str(), value) {
                ("default", _) => {}
                ("columns", Value::Table(columns)) => {
                    for (name, value) in columns {
                        let limits = thresholds.default.with(&format!("columns.{name}"), value)?;
                        thresholds.columns.insert(name.clone(), limits);
                    }
                }
                ("columns", _) => bail!("`columns` is no table; expected [columns.NAME] with any of {}", list(&KEYS)),
                _ => bail!("there is no `{key}` here; expected {}", suggestion(key, &TABLES)),
            }
        }
        Ok(thresholds)
    }

    /// Every column of the report against its limits.
    ///
    /// # Errors
    /// A column that the file names and the report does not have.
    pub(crate) fn check(&self, report: &DriftReport) -> Result<Check> {
        let names: Vec<&str> = report.columns.iter().map(|column| column.column.as_str()).collect();
        for name in self.columns.keys() {
            if !names.contains(&name.as_str()) {
                bail!("[columns.{name}]: no such column is compared; there is {}", suggestion(name, &names));
            }
        }
        let verdict = |column: &ColumnDrift| match self.columns.get(&column.column) {
            Some(limits) => limits.verdict(column, true),
            None => self.default.verdict(column, false),
        };
        Ok(Check { verdicts: report.columns.iter().map(verdict).collect() })
    }
}

impl Limits {
    /// These, with what a table of the file says.
    fn with(mut self, place: &str, value: &Value) -> Result<Self> {
        let Value::Table(table) = value else {
            bail!("`{place}` is no table; expected [{place}] with any of {}", list(&KEYS));
        };
        for (key, value) in table {
            let number = |most: f64, expected: &str| match value {
                Value::Float(x) if (0.0..=most).contains(x) => Ok(Some(*x)),
                Value::Integer(n) if (0.0..=most).contains(&(*n as f64)) => Ok(Some(*n as f64)),
                _ => bail!("[{place}] {key} is {}; expected {expected}", shown(value)),
            };
            match key.as_str() {
                "alpha" => self.alpha = number(1.0, "a number from 0 to 1")?,
                "kl" => self.kl = number(f64::INFINITY, "a number of nats, 0 or more")?,
                "psi" => self.psi = number(f64::INFINITY, "a number, 0 or more")?,
                "nulls" => self.nulls = number(1.0, "a fraction from 0 to 1")?,
                "ignore" => match value {
                    Value::Boolean(ignore) => self.ignore = *ignore,
                    _ => bail!("[{place}] ignore is {}; expected true or false", shown(value)),
                },
                _ => bail!("[{place}] has no key `{key}`; expected {}", suggestion(key, &KEYS)),
            }
        }
        Ok(self)
    }

    /// A column that was asked for by name fails if it cannot be compared; others are skipped then.
    fn verdict(self, column: &ColumnDrift, named: bool) -> Verdict {
        let mut verdict =
            Verdict { column: column.column.clone(), reasons: Vec::new(), skipped: None, moved: Vec::new() };
        let compared = matches!(column.status, Status::Compared | Status::Disjoint | Status::Constant);
        if self.ignore {
            verdict.skipped = Some("ignored".to_owned());
        } else if compared {
            verdict.reasons = self.exceeded(column);
            verdict.moved = story::movements(column, 5);
        } else if named {
            verdict.reasons.push(format!("cannot be compared: {}", column.status));
        } else {
            verdict.skipped = Some(column.status.to_string());
        }
        verdict
    }

    fn exceeded(self, column: &ColumnDrift) -> Vec<String> {
        let mut reasons = Vec::new();
        if let (Some(alpha), Some(p)) = (self.alpha, column.p_adjusted)
            && p < alpha
        {
            reasons.push(format!("adjusted p {} is below alpha {alpha}", p_value(p)));
        }
        if let (Some(limit), Some((low, _))) = (self.kl, column.interval)
            && low > limit
        {
            reasons.push(format!("KL is {} nats or more, over kl {limit}", figure(low, 3)));
        }
        if let (Some(limit), Some(psi), Some(null)) = (self.psi, column.psi, column.psi_null)
            && psi - null > limit
        {
            let [psi, null] = [psi, null].map(|psi| figure(psi, 3));
            reasons.push(format!("PSI {psi} less {null} expected without drift is over psi {limit}"));
        }
        if let (Some(limit), Some(before), Some(now)) =
            (self.nulls, column.null_fraction_reference, column.null_fraction_current)
            && (now - before).abs() > limit
        {
            let [before, now] = [before, now].map(percent);
            reasons.push(format!("nulls went from {before} to {now} %, over nulls {limit}"));
        }
        reasons
    }
}

/// A value of the file as a message has it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("the text `{text}`"),
        Value::Integer(n) => n.to_string(),
        Value::Float(x) => x.to_string(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Datetime(_) => "a date".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Table(_) => "a table".to_owned(),
    }
}

/// What a name may have been meant for: the nearest, or all that are known.
fn suggestion(name: &str, known: &[&str]) -> String {
    let distance = |known: &&&str| strsim::damerau_levenshtein(&known.to_lowercase(), &name.to_lowercase());
    match known.iter().min_by_key(distance) {
        Some(near) if distance(&near) <= 2 => format!("`{near}`, perhaps"),
        _ => list(known),
    }
}

fn list(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        Thresholds::parse(text).err().map(|error| format!("{error:#}")).unwrap_or_default()
    }

    #[test]
    fn columns_take_from_the_default() {
        let text = "[default]\nalpha = 0.01\nkl = 1\n[columns.a]\nkl = 0.5\n[columns.\"b c\"]\nignore = true\n";
        let found = Thresholds::parse(text).unwrap_or_default();
        let default = Limits { alpha: Some(0.01), kl: Some(1.0), ..Limits::default() };
        assert_eq!(found.default, default);
        assert_eq!(found.columns.get("a"), Some(&Limits { kl: Some(0.5), ..default }));
        assert_eq!(found.columns.get("b c"), Some(&Limits { ignore: true, ..default }));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, message) in [
            ("[default]\nalpa = 1", "[default] has no key `alpa`; expected `alpha`, perhaps"),
            ("[defaults]\nkl = 1", "there is no `defaults` here; expected `default`, perhaps"),
            ("kl = 1", "there is no `kl` here; expected `default`, `columns`"),
            ("[columns.x]\nalpha = 2", "[columns.x] alpha is 2; expected a number from 0 to 1"),
            ("[columns.x]\nkl = -0.5", "[columns.x] kl is -0.5; expected a number of nats, 0 or more"),
            ("[columns.x]\nkl = nan", "[columns.x] kl is NaN; expected a number of nats, 0 or more"),
            ("[columns.x]\nignore = 1", "[columns.x] ignore is 1; expected true or false"),
            ("[columns]\nx = \"no\"", "`columns.x` is no table"),
            ("[default]\nkl = 1\nkl = 2", "line 3: "),
            ("[default]\n\nkl = ", "line 3: "),
        ] {
            assert!(refused(text).starts_with(message), "{text}: {}", refused(text));
        }
    }
}
