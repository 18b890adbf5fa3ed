//! What parameters are in texts: numbers, lists, matrices and distributions, and what a family makes of them.

use core::fmt;

use super::super::{Any, Family, write_number};
use crate::Error;

/// A list or a matrix of numbers, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// One length for a list; rows and columns of a matrix.
    pub shape: Vec<usize>,
    /// As many numbers as these say.
    pub entries: Vec<f64>,
}

impl Array {
    pub(in super::super) fn list(entries: Vec<f64>) -> Self {
        Self { shape: vec![entries.len()], entries }
    }

    pub(in super::super) fn square(side: usize, entries: Vec<f64>) -> Self {
        Self { shape: vec![side, side], entries }
    }

    /// `3 × 2`; of a list, its length.
    fn size(&self) -> String {
        let lengths: Vec<String> = self.shape.iter().map(usize::to_string).collect();
        lengths.join(" × ")
    }
}

impl fmt::Display for Array {
    /// As in texts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, entries: &[f64]| {
            for (index, x) in entries.iter().enumerate() {
                f.write_str(if index == 0 { "[" } else { ", " })?;
                write_number(f, *x)?;
            }
            f.write_str("]")
        };
        let [_, columns] = self.shape[..] else { return list(f, &self.entries) };
        for (index, row) in self.entries.chunks(columns.max(1)).enumerate() {
            f.write_str(if index == 0 { "[" } else { ", " })?;
            list(f, row)?;
        }
        f.write_str("]")
    }
}

/// What stands for a parameter.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Value {
    Number(f64),
    Array(Array),
    Distribution(Box<Family>),
}

/// A parameter, of the kind that its family asked for.
#[derive(Debug, Clone)]
pub(in super::super) struct Given {
    pub(in super::super) name: &'static str,
    pub(super) value: Value,
    /// Where it stands in the text.
    pub(super) place: usize,
}

/// Why a family cannot be made, and on account of which parameter.
#[derive(Debug)]
pub(in super::super) struct Refusal {
    pub(in super::super) slot: Option<usize>,
    /// The one that an error names comes before the slot.
    pub(in super::super) parameter: Option<&'static str>,
    pub(in super::super) message: String,
}

impl Refusal {
    pub(in super::super) fn new(slot: usize, message: impl Into<String>) -> Self {
        Self { slot: Some(slot), parameter: None, message: message.into() }
    }
}

/// The error of a parameter that was given in a slot.
pub(in super::super) fn at<T>(slot: usize, made: Result<T, Error>) -> Result<T, Refusal> {
    made.map_err(|error| {
        let parameter = if let Error::Parameter { name, .. } = error { Some(name) } else { None };
        Refusal { parameter, ..Refusal::new(slot, error.to_string()) }
    })
}

impl Given {
    /// NaN, which every check refuses, for anything else.
    pub(in super::super) fn number(&self) -> f64 {
        if let Value::Number(x) = self.value { x } else { f64::NAN }
    }

    pub(in super::super) fn entries(&self) -> &[f64] {
        if let Value::Array(array) = &self.value { &array.entries } else { &[] }
    }

    fn shape(&self) -> &[usize] {
        if let Value::Array(array) = &self.value { &array.shape } else { &[] }
    }

    /// Rows and columns.
    pub(in super::super) fn sides(&self) -> [usize; 2] {
        if let [rows, columns] = *self.shape() { [rows, columns] } else { [0, 0] }
    }

    /// The number of rows.
    pub(in super::super) fn side(&self) -> usize {
        self.sides()[0]
    }

    pub(in super::super) fn distribution(&self, slot: usize) -> Result<Any, Refusal> {
        match &self.value {
            Value::Distribution(family) => match family.as_ref() {
                Family::One(any) => Ok(any.clone()),
                other => {
                    let message =
                        format!("a one-dimensional distribution is accepted here, and this is {}", other.kind());
                    Err(Refusal::new(slot, message))
                }
            },
            _ => Err(Refusal::new(slot, "a one-dimensional distribution is accepted here")),
        }
    }

    pub(in super::super) fn list(&self, slot: usize, length: usize) -> Result<&[f64], Refusal> {
        self.fits(slot, self.shape() == [length], &format!("{length} entries are"))
    }

    pub(in super::super) fn square(&self, slot: usize, side: usize) -> Result<&[f64], Refusal> {
        self.fits(slot, self.shape() == [side, side], &format!("{side} × {side} is"))
    }

    pub(in super::super) fn rows(&self, slot: usize, rows: usize) -> Result<&[f64], Refusal> {
        self.fits(slot, self.side() == rows, &format!("{rows} rows are"))
    }

    fn fits(&self, slot: usize, fine: bool, accepted: &str) -> Result<&[f64], Refusal> {
        if fine {
            return Ok(self.entries());
        }
        let size = if let Value::Array(array) = &self.value { array.size() } else { "a number".to_owned() };
        let message = format!("the size of `{}` is {size}; by the other parameters {accepted} accepted", self.name);
        Err(Refusal::new(slot, message))
    }
}
