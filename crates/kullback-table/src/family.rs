//! What a column holds, whatever the file format calls it, and how to read it.

use std::fmt;

use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, LargeStringArray, PrimitiveArray, StringArray, StringViewArray,
    cast::AsArray, types::*,
};
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};

use crate::calendar::civil_from_days;

/// Columns of one family are compared with one another whatever their widths and units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Family {
    /// Integers, floats, decimals.
    Number,
    /// Dates and timestamps, read as seconds since 1970-01-01 (a double: 0.2 µs apart today).
    Instant,
    /// Times of day, read as seconds since midnight.
    TimeOfDay,
    /// Durations, read as seconds.
    Duration,
    /// Strings and booleans, counted by value.
    Text,
    /// Nothing but nulls: takes the family of the other side.
    Null,
    /// Nested columns, binary, intervals: named in the report, not compared.
    Unsupported,
}

impl Family {
    pub(crate) fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Null => Self::Null,
            DataType::Dictionary(_, value) => Self::of(value),
            DataType::RunEndEncoded(_, value) => Self::of(value.data_type()),
            DataType::Boolean | DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::Text,
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => Self::Instant,
            DataType::Time32(_) | DataType::Time64(_) => Self::TimeOfDay,
            DataType::Duration(_) => Self::Duration,
            data_type if data_type.is_numeric() => Self::Number,
            _ => Self::Unsupported,
        }
    }

    /// The family in which columns of both can be counted together.
    pub(crate) fn common(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::Unsupported, _) | (_, Self::Unsupported) => Self::Unsupported,
            (Self::Null, family) | (family, Self::Null) => family,
            _ => Self::Text,
        }
    }

    /// Its name in a profile and for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Instant => "instant",
            Self::TimeOfDay => "time-of-day",
            Self::Duration => "duration",
            Self::Text => "text",
            Self::Null => "null",
            Self::Unsupported => "unsupported",
        }
    }

    pub(crate) fn is_numeric(self) -> bool {
        matches!(self, Self::Number | Self::Instant | Self::TimeOfDay | Self::Duration)
    }

    /// How a value of this family is written in the name of a bin or category.
    pub(crate) fn label(self, value: f64) -> String {
        match self {
            Self::Instant => instant(value),
            Self::TimeOfDay => clock(value),
            Self::Duration => format!("{}s", number(value)),
            _ => number(value),
        }
    }
}

/// The shortest text that reads back as the same double; of a single-precision value with all its 16 digits, the shortest
/// that reads back as that single (`0.1` for 0.10000000149011612).
fn number(value: f64) -> String {
    let size = value.abs();
    let plain = size == 0.0 || (1e-5..1e16).contains(&size) || !value.is_finite();
    let text = |short: &dyn fmt::Display, scientific: &dyn fmt::LowerExp| {
        if plain { short.to_string() } else { format!("{scientific:e}") }
    };
    let double = text(&value, &value);
    let single = value as f32;
    if double.len() > 16 && f64::from(single) == value && value.fract() != 0.0 {
        text(&single, &single)
    } else {
        double
    }
}

fn instant(seconds: f64) -> String {
    let days = (seconds / 86_400.0).floor();
    let (year, month, day) = civil_from_days(days as i64);
    let date = format!("{year:04}-{month:02}-{day:02}");
    let within = seconds - days * 86_400.0;
    if within == 0.0 { date } else { format!("{date} {}", clock(within)) }
}

fn clock(seconds: f64) -> String {
    let micros = (seconds * 1e6).round() as i64;
    let (whole, fraction) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let text = format!("{:02}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
    if fraction == 0 { text } else { format!("{text}.{fraction:06}").trim_end_matches('0').to_owned() }
}

/// Dictionaries and runs laid out flat; other arrays as they are.
pub(crate) fn flat(array: &ArrayRef) -> Option<ArrayRef> {
    match array.data_type() {
        DataType::Dictionary(_, value) => cast(array, value).ok(),
        DataType::RunEndEncoded(_, value) => cast(array, value.data_type()).ok(),
        _ => Some(array.clone()),
    }
}

/// The values of a flat array of a numeric family as doubles, −0 as 0; whatever stands at nulls.
/// False for a type that has no numbers.
pub(crate) fn read_numbers(array: &dyn Array, out: &mut Vec<f64>) -> bool {
    out.clear();
    match array.data_type() {
        DataType::Null => out.resize(array.len(), 0.0),
        DataType::Int8 => fill::<Int8Type>(array, out, f64::from),
        DataType::Int16 => fill::<Int16Type>(array, out, f64::from),
        DataType::Int32 => fill::<Int32Type>(array, out, f64::from),
        DataType::Int64 => fill::<Int64Type>(array, out, |v| v as f64),
        DataType::UInt8 => fill::<UInt8Type>(array, out, f64::from),
        DataType::UInt16 => fill::<UInt16Type>(array, out, f64::from),
        DataType::UInt32 => fill::<UInt32Type>(array, out, f64::from),
        DataType::UInt64 => fill::<UInt64Type>(array, out, |v| v as f64),
        // Adding 0 turns −0 into 0 and changes nothing else.
        DataType::Float16 => fill::<Float16Type>(array, out, |v| f64::from(v) + 0.0),
        DataType::Float32 => fill::<Float32Type>(array, out, |v| f64::from(v) + 0.0),
        DataType::Float64 => fill::<Float64Type>(array, out, |v| v + 0.0),
        DataType::Decimal32(_, scale) => fill::<Decimal32Type>(array, out, decimal(*scale, f64::from)),
        DataType::Decimal64(_, scale) => fill::<Decimal64Type>(array, out, decimal(*scale, |v| v as f64)),
        DataType::Decimal128(_, scale) => fill::<Decimal128Type>(array, out, decimal(*scale, |v| v as f64)),
        DataType::Decimal256(..) => match cast(array, &DataType::Float64) {
            Ok(cast) => fill::<Float64Type>(&cast, out, |v| v + 0.0),
            Err(_) => return false,
        },
        DataType::Date32 => fill::<Date32Type>(array, out, |v| f64::from(v) * 86_400.0),
        DataType::Date64 => fill::<Date64Type>(array, out, |v| v as f64 / 1e3),
        DataType::Timestamp(TimeUnit::Second, _) => fill::<TimestampSecondType>(array, out, |v| v as f64),
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            fill::<TimestampMillisecondType>(array, out, |v| v as f64 / 1e3)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            fill::<TimestampMicrosecondType>(array, out, |v| v as f64 / 1e6)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => fill::<TimestampNanosecondType>(array, out, |v| v as f64 / 1e9),
        DataType::Time32(TimeUnit::Second) => fill::<Time32SecondType>(array, out, f64::from),
        DataType::Time32(_) => fill::<Time32MillisecondType>(array, out, |v| f64::from(v) / 1e3),
        DataType::Time64(TimeUnit::Microsecond) => fill::<Time64MicrosecondType>(array, out, |v| v as f64 / 1e6),
        DataType::Time64(_) => fill::<Time64NanosecondType>(array, out, |v| v as f64 / 1e9),
        DataType::Duration(TimeUnit::Second) => fill::<DurationSecondType>(array, out, |v| v as f64),
        DataType::Duration(TimeUnit::Millisecond) => fill::<DurationMillisecondType>(array, out, |v| v as f64 / 1e3),
        DataType::Duration(TimeUnit::Microsecond) => fill::<DurationMicrosecondType>(array, out, |v| v as f64 / 1e6),
        DataType::Duration(TimeUnit::Nanosecond) => fill::<DurationNanosecondType>(array, out, |v| v as f64 / 1e9),
        _ => return false,
    }
    true
}

fn fill<T: ArrowPrimitiveType>(array: &dyn Array, out: &mut Vec<f64>, read: impl Fn(T::Native) -> f64) {
    let array: &PrimitiveArray<T> = array.as_primitive();
    out.extend(array.values().iter().map(|&value| read(value)));
}

fn decimal<N>(scale: i8, read: impl Fn(N) -> f64) -> impl Fn(N) -> f64 {
    let ten = 10_f64.powi(i32::from(scale).abs());
    move |value| if scale >= 0 { read(value) / ten } else { read(value) * ten }
}

/// A flat array's values as text, one at a time.
pub(crate) enum Texts<'a> {
    Utf8(&'a StringArray),
    Large(&'a LargeStringArray),
    View(&'a StringViewArray),
    Boolean(&'a BooleanArray),
    /// Numbers beside text: written as their labels.
    Numbers(Family, Vec<f64>),
}

impl<'a> Texts<'a> {
    pub(crate) fn of(array: &'a dyn Array) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Utf8 => Self::Utf8(array.as_string()),
            DataType::LargeUtf8 => Self::Large(array.as_string()),
            DataType::Utf8View => Self::View(array.as_string_view()),
            DataType::Boolean => Self::Boolean(array.as_boolean()),
            data_type => {
                let mut numbers = Vec::new();
                read_numbers(array, &mut numbers).then(|| Self::Numbers(Family::of(data_type), numbers))?
            }
        })
    }

    /// Calls `visit` with the text of row `row`, which must not be null.
    #[inline]
    pub(crate) fn with<R>(&self, row: usize, visit: impl FnOnce(&str) -> R) -> R {
        match self {
            Self::Utf8(array) => visit(array.value(row)),
            Self::Large(array) => visit(array.value(row)),
            Self::View(array) => visit(array.value(row)),
            Self::Boolean(array) => visit(if array.value(row) { "true" } else { "false" }),
            Self::Numbers(family, numbers) => visit(&family.label(numbers[row])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_read_well() {
        assert_eq!(Family::Number.label(7.0), "7");
        assert_eq!(Family::Number.label(0.1), "0.1");
        assert_eq!(Family::Number.label(f64::from(0.1_f32)), "0.1");
        assert_eq!(Family::Number.label(1_000_000_064.0), "1000000064");
        assert_eq!(Family::Number.label(1e300), "1e300");
        assert_eq!(Family::Instant.label(0.0), "1970-01-01");
        assert_eq!(Family::Instant.label(-1.0), "1969-12-31 23:59:59");
        assert_eq!(Family::Instant.label(951_782_400.0 + 3661.5), "2000-02-29 01:01:01.5");
        assert_eq!(Family::TimeOfDay.label(18_000.0), "05:00:00");
        assert_eq!(Family::Duration.label(2.5), "2.5s");
    }
}
