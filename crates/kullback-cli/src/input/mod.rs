//! One side of `kullback discrete`: an inline list, a `.npy` file or a column of a table; and of `kullback logits`,
//! `kullback samples` and parameters in files.

mod list;
pub(crate) mod logits;
mod npy;
pub(crate) mod points;

use std::path::Path;

use anyhow::{Context, Result, bail};
use kullback::Side;
use kullback::family::Array;

pub use list::{ListError, parse_list};

pub(crate) const ACCEPTED: &str = "expected a list `0.2,0.8`, a file.npy or a column table.csv#name";

/// The weights that `text`, the argument called `side`, stands for.
pub(crate) fn weights(side: Side, text: &str) -> Result<Vec<f64>> {
    let path = Path::new(text);
    let column = text.contains('#') && !path.is_file();
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npy")) && !column {
        return npy::read(path).with_context(|| format!("{side}: {text}"));
    }
    if column {
        return kullback_table::read_column(text).with_context(|| side.to_string());
    }
    if path.exists() {
        let kind = if path.is_dir() { "is a folder" } else { "is a file without a column" };
        bail!("{side}: {text} {kind}; {ACCEPTED}");
    }
    if !looks_like_a_list(text) {
        bail!("{side}: `{text}` is no list of numbers and no such file exists; {ACCEPTED}");
    }
    parse_list(text).with_context(|| side.to_string())
}

/// The list or matrix in a `.npy` file, for a parameter of a distribution.
pub(crate) fn array(name: &str) -> Result<Array, String> {
    let path = Path::new(name);
    match npy::read_array(path) {
        Ok((entries, shape)) => Ok(Array { shape, entries }),
        Err(error) => Err(format!("{name}: {error:#}")),
    }
}

/// Tells a mistyped number from a mistyped file name.
fn looks_like_a_list(text: &str) -> bool {
    let separators = |c: char| c.is_whitespace() || "[,]".contains(c);
    text.contains(',') || text.trim().is_empty() || text.split(separators).any(|word| word.parse::<f64>().is_ok())
}
