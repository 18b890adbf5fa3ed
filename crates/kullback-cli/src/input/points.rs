//! Both sides of `kullback samples`: points from a `.npy` file or from columns of a table.

use std::path::Path;

use anyhow::{Context, Result, bail};

use super::npy;

const ACCEPTED: &str = "expected a file.npy, a table (.parquet, .csv, .arrow), or columns of one: table.csv#a,b";

/// A sample of points.
pub(crate) struct Points {
    /// Row-major.
    pub(crate) values: Vec<f64>,
    /// Coordinates of a point.
    pub(crate) columns: usize,
    /// Rows that were left out because of nulls.
    pub(crate) incomplete: u64,
}

/// The points that the arguments X and Y stand for. A table whose columns are not named has those of the other side.
pub(crate) fn read(texts: [&str; 2]) -> Result<[Points; 2]> {
    let [x, y] = [Source::new("X", texts[0])?, Source::new("Y", texts[1])?];
    match (&x.names, &y.names) {
        (None, Some(_)) => {
            let (y, names) = y.read(None)?;
            Ok([x.read(names.as_deref())?.0, y])
        }
        _ => {
            let (x, names) = x.read(None)?;
            Ok([x, y.read(names.as_deref())?.0])
        }
    }
}

/// An argument taken apart.
struct Source<'a> {
    side: &'static str,
    text: &'a str,
    path: &'a Path,
    names: Option<Vec<String>>,
}

impl<'a> Source<'a> {
    fn new(side: &'static str, text: &'a str) -> Result<Self> {
        // A file's name may have a `#` of its own.
        let cut = if Path::new(text).exists() { None } else { text.rsplit_once('#') };
        let (path, names) = match cut {
            Some((path, names)) => (path, Some(names.split(',').map(str::to_owned).collect())),
            None => (text, None),
        };
        let source = Self { side, text, path: Path::new(path), names };
        if source.is_array() && source.names.is_some() {
            bail!("{side}: {text}: a .npy file has no named columns; {ACCEPTED}");
        }
        Ok(source)
    }

    fn is_array(&self) -> bool {
        self.path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npy"))
    }

    /// The points, and the names of the columns if it has any. `names` are the other side's, for want of own ones.
    fn read(&self, names: Option<&[String]>) -> Result<(Points, Option<Vec<String>>)> {
        if self.is_array() {
            let read = npy::read_points(self.path).with_context(|| format!("{}: {}", self.side, self.text));
            let (values, columns) = read?;
            return Ok((Points { values, columns, incomplete: 0 }, None));
        }
        let names = self.names.as_deref().or(names);
        let points = kullback_table::read_points(self.path, names).with_context(|| self.side)?;
        let kullback_table::Points { columns, values, incomplete, .. } = points;
        Ok((Points { values, columns: columns.len(), incomplete }, Some(columns)))
    }
}
