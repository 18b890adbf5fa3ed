//! The grammar of distributions in texts: `name(value, name=value, …)`, `mixture(weight part, …)`, `independent(part, …)`.
//! A value is a number, a list `[1, 2]`, a matrix `[[1, 0], [0, 1]]`, the file of either, `@matrix.npy`, or a distribution.

mod value;

use core::fmt;
use core::str::FromStr;

use super::any::{Any, Family};
use super::multivariate::any::SHAPED;
use super::multivariate::{Independent, JointMixture, Multivariate};
use super::{FamilyInfo, Mixture};
use crate::Error;

pub use value::Array;
use value::Value;
pub(super) use value::{Given, Refusal, at};

/// Why a text is no distribution, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct ParseError {
    /// Where in the text, in bytes from 0.
    pub position: usize,
    /// What is wrong, and what would be accepted.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl core::error::Error for ParseError {}

impl FromStr for Family {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text)
    }
}

impl FromStr for Any {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        one_dimensional(parse(text)?, 0)
    }
}

fn one_dimensional(family: Family, position: usize) -> Result<Any, ParseError> {
    match family {
        Family::One(any) => Ok(any),
        other => {
            Err(ParseError { position, message: format!("{} is accepted here, and this is {}", ONE, other.kind()) })
        }
    }
}

const ONE: &str = "a one-dimensional distribution";

/// The distribution that a text names, without files.
///
/// # Errors
/// The place of the first fault and what would be accepted there.
pub fn parse(text: &str) -> Result<Family, ParseError> {
    parse_with(text, &|_| Err("files are not read here; a list or a matrix is accepted".to_owned()))
}

/// The distribution that a text names. `read` gets the lists and matrices of files, `@name` or `@"name, with anything"`,
/// or says why it cannot.
///
/// ```
/// use kullback::family::{Array, parse_with};
/// let read = |name: &str| match name {
///     "unit.npy" => Ok(Array { shape: vec![2, 2], entries: vec![1.0, 0.0, 0.0, 1.0] }),
///     _ => Err(format!("{name} is not there")),
/// };
/// let p = parse_with("multivariate_normal([0, 0], @unit.npy)", &read)?;
/// let q = parse_with("multivariate_normal([1, 0], [[1, 0], [0, 1]])", &read)?;
/// assert_eq!(p.kl(&q)?.value, 0.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`parse`], and what `read` says.
pub fn parse_with(text: &str, read: &dyn Fn(&str) -> Result<Array, String>) -> Result<Family, ParseError> {
    let mut parser = Parser { text, at: 0, depth: 0, read };
    let any = parser.distribution()?;
    parser.skip_space();
    match parser.rest() {
        "" => Ok(any),
        _ => Err(parser.fault("the distribution ends here; nothing more is accepted")),
    }
}

/// Distributions inside distributions up to here; a limit keeps the stack safe from texts.
const DEEPEST: usize = 32;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    read: &'a dyn Fn(&str) -> Result<Array, String>,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn fault(&self, message: impl Into<String>) -> ParseError {
        ParseError { position: self.at, message: message.into() }
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// The longest start of the rest made of such characters.
    fn take(&mut self, of: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c: char| !of(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn accepts(&mut self, c: char) -> bool {
        self.skip_space();
        let there = self.rest().starts_with(c);
        self.at += if there { c.len_utf8() } else { 0 };
        there
    }

    fn name(&mut self) -> &'a str {
        self.skip_space();
        if self.rest().starts_with(|c: char| c.is_ascii_digit()) {
            return "";
        }
        self.take(|c| c.is_alphanumeric() || c == '_')
    }

    fn number(&mut self, what: &str) -> Result<f64, ParseError> {
        self.skip_space();
        let start = self.at;
        let rest = self.rest();
        let mut end = 0;
        for (index, c) in rest.char_indices() {
            let exponent = matches!(rest.as_bytes().get(index.wrapping_sub(1)), Some(b'e' | b'E'));
            let sign = (c == '-' || c == '+') && (index == 0 || exponent);
            if !(c.is_ascii_alphanumeric() || c == '.' || sign) {
                break;
            }
            end = index + c.len_utf8();
        }
        let text = rest.get(..end).unwrap_or_default();
        let number = text.parse::<f64>().ok().filter(|x| x.is_finite());
        match number {
            Some(number) => {
                self.at = start + end;
                Ok(number)
            }
            None if text.is_empty() => Err(self.fault(format!("expected {what}"))),
            None => Err(self.fault(format!("`{text}` is no finite number; expected {what}"))),
        }
    }

    fn distribution(&mut self) -> Result<Family, ParseError> {
        self.skip_space();
        let start = self.at;
        let name = self.name();
        if name.is_empty() {
            return Err(self.fault("expected a distribution such as `normal(0, 1)`"));
        }
        let info = Any::catalogue().iter().find(|info| info.name == name);
        let shaped = SHAPED.iter().find(|shaped| shaped.name == name);
        if info.is_none() && shaped.is_none() && ![MIXTURE, INDEPENDENT].contains(&name) {
            let known = Any::catalogue().iter().map(|info| info.name).chain(SHAPED.iter().map(|shaped| shaped.name));
            let message = match nearest(name, known.chain([MIXTURE, INDEPENDENT])) {
                Some(near) => format!("no family is called `{name}`; did you mean `{near}`?"),
                None => format!("no family is called `{name}`; `kullback family --list` lists them"),
            };
            return Err(ParseError { position: start, message });
        }
        if !self.accepts('(') {
            return Err(self.fault(format!("expected `(` and the parameters of `{name}`")));
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.fault(format!("distributions are nested deeper than {DEEPEST}")));
        }
        let family = match (info, shaped) {
            (Some(info), _) => self.plain(info, start),
            (_, Some(shaped)) => {
                let given = self.arguments(shaped.name, shaped.parameters)?;
                (shaped.make)(&given).map_err(|refusal| {
                    let named = given.iter().find(|given| Some(given.name) == refusal.parameter);
                    let given = named.or(refusal.slot.and_then(|slot| given.get(slot)));
                    ParseError { position: given.map_or(start, |given| given.place), message: refusal.message }
                })
            }
            _ if name == MIXTURE => self.mixture(start),
            _ => self.independent(),
        }?;
        self.depth -= 1;
        Ok(family)
    }

    fn mixture(&mut self, start: usize) -> Result<Family, ParseError> {
        let (mut parts, mut joint) = (Vec::new(), Vec::new());
        loop {
            self.skip_space();
            let place = self.at;
            let weight = self.number("a weight and a distribution, such as `0.3 normal(0, 1)`")?;
            if weight <= 0.0 {
                return Err(ParseError {
                    position: place,
                    message: format!("a weight is {weight}; numbers above 0 are accepted"),
                });
            }
            self.skip_space();
            let place = self.at;
            match self.distribution()? {
                // Parts of a mixture are parts of the whole in proportion.
                Family::Many(many) if parts.is_empty() => match many.clone().into_parts() {
                    Some(normals) => joint.extend(normals.into_iter().map(|(share, part)| (weight * share, part))),
                    None => {
                        let message =
                            format!("{ONE} or multivariate_normal is accepted here, and this is {}", many.name());
                        return Err(ParseError { position: place, message });
                    }
                },
                other if joint.is_empty() => parts.push((weight, one_dimensional(other, place)?)),
                other => {
                    let message =
                        format!("multivariate_normal is accepted here, as before, and this is {}", other.kind());
                    return Err(ParseError { position: place, message });
                }
            }
            if !self.comma_or_end()? {
                break;
            }
        }
        let made = match joint.is_empty() {
            true => Mixture::new(parts).map(|mixture| Family::One(Any::Mixture(mixture))),
            false => JointMixture::new(joint).map(|mixture| Family::Many(Multivariate::Mixture(mixture))),
        };
        made.map_err(|error| refused(&error, start))
    }

    fn independent(&mut self) -> Result<Family, ParseError> {
        let mut parts = Vec::new();
        loop {
            self.skip_space();
            let place = self.at;
            parts.push(one_dimensional(self.distribution()?, place)?);
            if !self.comma_or_end()? {
                break;
            }
        }
        let made = Independent::new(parts).map(|product| Family::Many(Multivariate::Independent(product)));
        made.map_err(|error| refused(&error, self.at))
    }

    /// True after a comma, false after the closing parenthesis.
    fn comma_or_end(&mut self) -> Result<bool, ParseError> {
        if self.accepts(',') {
            return Ok(true);
        }
        if self.accepts(')') {
            return Ok(false);
        }
        Err(self.fault("expected `,` or `)`"))
    }

    fn plain(&mut self, info: &FamilyInfo, start: usize) -> Result<Family, ParseError> {
        let given = self.arguments(info.name, info.parameters)?;
        let values: Vec<f64> = given.iter().map(Given::number).collect();
        (info.make)(&values).map_err(|error| {
            let named = given.iter().find(|given| matches!(error, Error::Parameter { name, .. } if name == given.name));
            refused(&error, named.map_or(start, |given| given.place))
        })
    }

    /// The parameters up to the closing parenthesis, in their order. Without `parameters` any number of numbers.
    fn arguments(&mut self, family: &str, parameters: &'static [&'static str]) -> Result<Vec<Given>, ParseError> {
        let mut values: Vec<Option<Given>> = vec![None; parameters.len()];
        let mut named = false;
        let mut count = 0;
        if self.accepts(')') {
            return Err(ParseError { position: self.at - 1, message: missing(family, parameters, 0) });
        }
        loop {
            self.skip_space();
            let place = self.at;
            let (index, parameter) = match self.parameter_name(family, parameters)? {
                Some(found) => {
                    named = true;
                    found
                }
                None if named => return Err(self.fault("a parameter without a name cannot follow one with a name")),
                None => (count, parameters.get(count).and_then(|all| all.split('|').next()).unwrap_or("")),
            };
            count += 1;
            if index >= parameters.len() && !parameters.is_empty() {
                let message = format!("`{family}` takes {} parameters: {}", parameters.len(), parameters.join(", "));
                return Err(ParseError { position: place, message });
            }
            if index >= values.len() {
                values.push(None);
            }
            let given = self.value(parameter)?;
            if values[index].replace(given).is_some() {
                let message = format!("`{}` is given twice", bare(parameters[index]));
                return Err(ParseError { position: place, message });
            }
            if !self.comma_or_end()? {
                break;
            }
        }
        if let Some(index) = values.iter().position(Option::is_none) {
            return Err(ParseError { position: self.at - 1, message: missing(family, parameters, index) });
        }
        Ok(values.into_iter().flatten().collect())
    }

    /// The value of a parameter, of the kind that its description says.
    fn value(&mut self, parameter: &'static str) -> Result<Given, ParseError> {
        self.skip_space();
        let place = self.at;
        let name = bare(parameter);
        let value = match parameter.get(name.len()..) {
            Some("()") => Value::Distribution(Box::new(self.distribution()?)),
            Some("[]") => Value::Array(self.array(name, 1)?),
            Some("[][]") => Value::Array(self.array(name, 2)?),
            _ if name.is_empty() => Value::Number(self.number("a number")?),
            _ => Value::Number(self.number(&format!("a number for `{name}`"))?),
        };
        Ok(Given { name, value, place })
    }

    /// A list or a matrix, here or in a file.
    fn array(&mut self, name: &str, dimensions: usize) -> Result<Array, ParseError> {
        let place = self.at;
        let what = if dimensions == 1 { "a list `[1, 2]`" } else { "a matrix `[[1, 0], [0, 1]]`" };
        let array = match self.accepts('@') {
            true => {
                let quoted = self.rest().starts_with('"');
                self.at += usize::from(quoted);
                let path = self.take(|c| if quoted { c != '"' } else { !(c.is_whitespace() || ",)".contains(c)) });
                self.at += usize::from(quoted && self.rest().starts_with('"'));
                (self.read)(path).map_err(|message| ParseError { position: place, message })?
            }
            false if dimensions == 1 => Array::list(self.list(name, what)?),
            false => self.matrix(name, what)?,
        };
        if array.shape.len() != dimensions {
            let message = format!("`{name}` is to be {what}, and the file's shape is {:?}", array.shape);
            return Err(ParseError { position: place, message });
        }
        Ok(array)
    }

    fn opening(&mut self, name: &str, what: &str) -> Result<(), ParseError> {
        if self.accepts('[') {
            return Ok(());
        }
        Err(self.fault(format!("expected {what} or a file `@name.npy` for `{name}`")))
    }

    fn list(&mut self, name: &str, what: &str) -> Result<Vec<f64>, ParseError> {
        self.opening(name, what)?;
        let mut entries = Vec::new();
        loop {
            entries.push(self.number(&format!("a number of `{name}`"))?);
            if self.accepts(']') {
                return Ok(entries);
            }
            if !self.accepts(',') {
                return Err(self.fault("expected `,` or `]`"));
            }
        }
    }

    fn matrix(&mut self, name: &str, what: &str) -> Result<Array, ParseError> {
        self.opening(name, what)?;
        let (mut entries, mut rows, mut columns) = (Vec::new(), 0, 0);
        loop {
            self.skip_space();
            let place = self.at;
            let row = self.list(name, what)?;
            columns = if rows == 0 { row.len() } else { columns };
            if row.len() != columns {
                let message = format!(
                    "row {rows} of `{name}` has {} entries and row 0 has {columns}; rows of one length are accepted",
                    row.len()
                );
                return Err(ParseError { position: place, message });
            }
            rows += 1;
            entries.extend(row);
            if self.accepts(']') {
                return Ok(Array { shape: vec![rows, columns], entries });
            }
            if !self.accepts(',') {
                return Err(self.fault("expected `,` or `]`"));
            }
        }
    }

    /// The parameter in `name=`, if such stands here, and where it belongs.
    fn parameter_name(
        &mut self,
        family: &str,
        parameters: &'static [&'static str],
    ) -> Result<Option<(usize, &'static str)>, ParseError> {
        let start = self.at;
        let name = self.name();
        if name.is_empty() || !self.accepts('=') {
            self.at = start;
            return Ok(None);
        }
        let all = parameters.iter().enumerate().flat_map(|(index, all)| all.split('|').map(move |one| (index, one)));
        let found = all.into_iter().find(|(_, one)| bare(one) == name);
        found.map(Some).ok_or_else(|| {
            let accepted = match parameters {
                [] => "takes numbers without names".to_owned(),
                names => format!("has {}", names.join(", ")),
            };
            ParseError { position: start, message: format!("no parameter is called `{name}`; `{family}` {accepted}") }
        })
    }
}

const MIXTURE: &str = "mixture";
const INDEPENDENT: &str = "independent";

/// A parameter's name without what says of which kind it is.
fn bare(parameter: &'static str) -> &'static str {
    parameter.trim_end_matches(['[', ']', '(', ')'])
}

fn missing(family: &str, parameters: &[&str], index: usize) -> String {
    match parameters {
        [] => format!("`{family}` needs at least one number"),
        names => format!("`{}` is missing: `{family}` takes {}", names[index], names.join(", ")),
    }
}

fn refused(error: &Error, position: usize) -> ParseError {
    ParseError { position, message: error.to_string() }
}

/// The name that a mistyped one is nearest to, if it is near at all.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['_', '-'], "");
    let distance = |known: &str| strsim::damerau_levenshtein(&plain(name), &plain(known));
    let near = known.map(|known| (distance(known), known)).min_by_key(|(distance, _)| *distance);
    near.filter(|(distance, known)| *distance <= 1 + known.len() / 3).map(|(_, known)| known)
}
