//! The grammar of distributions in texts: `name(value, name=value, …)`, `mixture(weight part, …)`.

use core::fmt;
use core::str::FromStr;

use super::any::{Any, Family};
use super::{FamilyInfo, Mixture};
use crate::Error;

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

/// The distribution that a text names.
///
/// # Errors
/// The place of the first fault and what would be accepted there.
pub fn parse(text: &str) -> Result<Family, ParseError> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    let any = parser.distribution()?;
    parser.skip_space();
    match parser.rest() {
        "" => Ok(any),
        _ => Err(parser.fault("the distribution ends here; nothing more is accepted")),
    }
}

/// Mixtures inside mixtures up to here; a limit keeps the stack safe from texts.
const DEEPEST: usize = 32;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
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
        if info.is_none() && name != MIXTURE {
            let near = nearest(name, Any::catalogue().iter().map(|info| info.name).chain([MIXTURE]));
            let message = match near {
                Some(near) => format!("no family is called `{name}`; did you mean `{near}`?"),
                None => format!("no family is called `{name}`; `kullback family --list` lists them"),
            };
            return Err(ParseError { position: start, message });
        }
        if !self.accepts('(') {
            return Err(self.fault(format!("expected `(` and the parameters of `{name}`")));
        }
        match info {
            Some(info) => self.family(info, start),
            None => self.mixture(start),
        }
    }

    fn mixture(&mut self, start: usize) -> Result<Family, ParseError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.fault(format!("mixtures are nested deeper than {DEEPEST}")));
        }
        let mut parts = Vec::new();
        loop {
            self.skip_space();
            let at = self.at;
            let weight = self.number("a weight and a distribution, such as `0.3 normal(0, 1)`")?;
            if weight <= 0.0 {
                return Err(ParseError {
                    position: at,
                    message: format!("a weight is {weight}; numbers above 0 are accepted"),
                });
            }
            self.skip_space();
            let at = self.at;
            parts.push((weight, one_dimensional(self.distribution()?, at)?));
            if !self.comma_or_end()? {
                break;
            }
        }
        self.depth -= 1;
        Mixture::new(parts).map(|mixture| Family::One(Any::Mixture(mixture))).map_err(|error| refused(&error, start))
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

    fn family(&mut self, info: &FamilyInfo, start: usize) -> Result<Family, ParseError> {
        let names = info.parameters;
        let mut values: Vec<Option<(f64, usize)>> = vec![None; names.len()];
        let mut named = false;
        let mut count = 0;
        if self.accepts(')') {
            return Err(ParseError { position: self.at - 1, message: missing(info, 0) });
        }
        loop {
            self.skip_space();
            let at = self.at;
            let index = match self.parameter_name(info)? {
                Some(index) => {
                    named = true;
                    index
                }
                None if named => return Err(self.fault("a parameter without a name cannot follow one with a name")),
                None => count,
            };
            count += 1;
            let what = names.get(index).map_or_else(|| "a number".to_owned(), |name| format!("a number for `{name}`"));
            if index >= names.len() && !names.is_empty() {
                let message = format!("`{}` takes {} parameters: {}", info.name, names.len(), names.join(", "));
                return Err(ParseError { position: at, message });
            }
            self.skip_space();
            let place = self.at;
            let value = self.number(&what)?;
            if index >= values.len() {
                values.push(None);
            }
            if values[index].replace((value, place)).is_some() {
                return Err(ParseError { position: at, message: format!("`{}` is given twice", names[index]) });
            }
            if !self.comma_or_end()? {
                break;
            }
        }
        if let Some(index) = values.iter().position(Option::is_none) {
            return Err(ParseError { position: self.at - 1, message: missing(info, index) });
        }
        let places: Vec<usize> = values.iter().flatten().map(|(_, place)| *place).collect();
        let values: Vec<f64> = values.iter().flatten().map(|(value, _)| *value).collect();
        (info.make)(&values).map_err(|error| {
            let index = match error {
                Error::Parameter { name, .. } => names.iter().position(|known| *known == name),
                _ => None,
            };
            refused(&error, index.and_then(|index| places.get(index)).copied().unwrap_or(start))
        })
    }

    /// The index of the parameter in `name=`, if such stands here.
    fn parameter_name(&mut self, info: &FamilyInfo) -> Result<Option<usize>, ParseError> {
        let start = self.at;
        let name = self.name();
        if name.is_empty() || !self.accepts('=') {
            self.at = start;
            return Ok(None);
        }
        let index = info.parameters.iter().position(|known| *known == name);
        index.map(Some).ok_or_else(|| {
            let accepted = match info.parameters {
                [] => "takes numbers without names".to_owned(),
                names => format!("has {}", names.join(", ")),
            };
            ParseError {
                position: start,
                message: format!("no parameter is called `{name}`; `{}` {accepted}", info.name),
            }
        })
    }
}

const MIXTURE: &str = "mixture";

fn missing(info: &FamilyInfo, index: usize) -> String {
    match info.parameters {
        [] => format!("`{}` needs at least one number", info.name),
        names => format!("`{}` is missing: `{}` takes {}", names[index], info.name, names.join(", ")),
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
