//! What the text of a CSV field can be read as.

use arrow_array::types::{Date32Type, Date64Type, TimestampMicrosecondType};
use arrow_cast::parse::Parser;

/// The type that a column of fields is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Null,
    Integer,
    Float,
    Boolean,
    Date,
    Timestamp,
    Text,
}

/// The kinds of fields met in a column, as a set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Kinds(u8);

impl Kinds {
    const INTEGER: u8 = 1;
    const FLOAT: u8 = 2;
    const BOOLEAN: u8 = 4;
    const DATE: u8 = 8;
    const TIMESTAMP: u8 = 16;
    const TEXT: u8 = 32;

    pub(super) fn see(&mut self, field: &[u8]) {
        // Nothing changes once there is text.
        if self.0 & Self::TEXT == 0 && !is_missing(field) {
            self.0 |= kind(field);
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// The narrowest type that takes every field met.
    pub(super) fn resolve(self) -> Type {
        match self.0 {
            0 => Type::Null,
            Self::INTEGER => Type::Integer,
            kinds if kinds & !(Self::INTEGER | Self::FLOAT) == 0 => Type::Float,
            Self::BOOLEAN => Type::Boolean,
            Self::DATE => Type::Date,
            kinds if kinds & !(Self::DATE | Self::TIMESTAMP) == 0 => Type::Timestamp,
            _ => Type::Text,
        }
    }
}

fn kind(field: &[u8]) -> u8 {
    if is_code(field) {
        Kinds::TEXT
    } else if integer(field).is_some() {
        Kinds::INTEGER
    } else if float(field).is_some() {
        Kinds::FLOAT
    } else if boolean(field).is_some() {
        Kinds::BOOLEAN
    } else if date(field).is_some() {
        Kinds::DATE
    } else if timestamp(field).is_some() {
        Kinds::TIMESTAMP
    } else {
        Kinds::TEXT
    }
}

/// Stands for no value: an empty field; in columns that are not text also the words that tools write for it.
pub(super) fn is_missing(field: &[u8]) -> bool {
    matches!(field, b"" | b"NA" | b"N/A" | b"<NA>" | b"null" | b"NULL" | b"None")
}

/// Digits after a leading zero are a code, such as a postcode, and not a number.
fn is_code(field: &[u8]) -> bool {
    let digits = field.strip_prefix(b"-").unwrap_or(field);
    digits.len() > 1 && digits[0] == b'0' && digits.iter().all(u8::is_ascii_digit)
}

pub(super) fn integer(field: &[u8]) -> Option<i64> {
    i64::from_ascii_or_none(field)
}

pub(super) fn float(field: &[u8]) -> Option<f64> {
    let field = field.trim_ascii();
    // Also keeps out words, of which only these are numbers.
    let numeric = field.last().is_some_and(|last| last.is_ascii_digit() || *last == b'.');
    let word = || {
        let unsigned = field.strip_prefix(b"-").or(field.strip_prefix(b"+")).unwrap_or(field);
        [&b"nan"[..], b"inf", b"infinity"].iter().any(|word| unsigned.eq_ignore_ascii_case(word))
    };
    if numeric || word() { std::str::from_utf8(field).ok()?.parse().ok() } else { None }
}

pub(super) fn boolean(field: &[u8]) -> Option<bool> {
    match field {
        b"true" | b"True" | b"TRUE" => Some(true),
        b"false" | b"False" | b"FALSE" => Some(false),
        _ => None,
    }
}

/// `2013-01-31`.
pub(super) fn date(field: &[u8]) -> Option<i32> {
    if field.len() == 10 && is_dated(field) { Date32Type::parse(std::str::from_utf8(field).ok()?) } else { None }
}

/// `2013-01-31 05:00:00`, with `T` for the space, a fraction or an offset; or a date, its midnight.
pub(super) fn timestamp(field: &[u8]) -> Option<i64> {
    if !is_dated(field) {
        return None;
    }
    let text = std::str::from_utf8(field).ok()?;
    // The parser of microseconds counts nanoseconds, of which an i64 holds 1677 to 2262; 9999-12-31 often stands for never.
    TimestampMicrosecondType::parse(text).or_else(|| Date64Type::parse(text)?.checked_mul(1000))
}

fn is_dated(field: &[u8]) -> bool {
    field.len() >= 10 && field[4] == b'-' && field[7] == b'-' && field[0].is_ascii_digit()
}

/// `str::parse` for bytes.
trait FromAscii: Sized {
    fn from_ascii_or_none(bytes: &[u8]) -> Option<Self>;
}

impl FromAscii for i64 {
    fn from_ascii_or_none(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.trim_ascii();
        let first = bytes.first()?;
        if first.is_ascii_digit() || matches!(first, b'-' | b'+') {
            std::str::from_utf8(bytes).ok()?.parse().ok()
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(fields: &[&str]) -> Type {
        let mut kinds = Kinds::default();
        fields.iter().for_each(|field| kinds.see(field.as_bytes()));
        kinds.resolve()
    }

    #[test]
    fn the_narrowest_type_that_fits_all() {
        assert_eq!(resolved(&["1", "-2", "", "NA"]), Type::Integer);
        assert_eq!(resolved(&["1", "2.5", "nan", "-inf", "1e-3"]), Type::Float);
        assert_eq!(resolved(&["1", "x"]), Type::Text);
        assert_eq!(resolved(&["007", "12"]), Type::Text);
        assert_eq!(resolved(&["0", "-0", "0.5"]), Type::Float);
        assert_eq!(resolved(&["True", "false", ""]), Type::Boolean);
        assert_eq!(resolved(&["2013-01-31", ""]), Type::Date);
        assert_eq!(resolved(&["2013-01-31", "2013-01-31T05:00:00.5"]), Type::Timestamp);
        assert_eq!(resolved(&["2013-13-31"]), Type::Text);
        assert_eq!(resolved(&["", "NA"]), Type::Null);
        assert_eq!(resolved(&["N14228", "NA"]), Type::Text);
        assert_eq!(resolved(&["1", "true"]), Type::Text);
    }

    #[test]
    fn values_are_read_exactly() {
        assert_eq!(integer(b" 42"), Some(42));
        assert_eq!(float(b"0.1"), Some(0.1));
        assert_eq!(date(b"1970-01-02"), Some(1));
        assert_eq!(timestamp(b"1970-01-01 00:00:01"), Some(1_000_000));
        assert_eq!(timestamp(b"2262-01-01"), date(b"2262-01-01").map(|days| i64::from(days) * 86_400_000_000));
        assert_eq!(timestamp(b"9999-12-31"), date(b"9999-12-31").map(|days| i64::from(days) * 86_400_000_000));
        assert_eq!(timestamp(b"0001-01-01 00:00:01"), Some(-62_135_596_799_000_000));
    }
}
