//! Pictures: laid out once, as SVG or PNG by the file's suffix.

mod bars;
mod course;
mod drift;
mod family;
mod font;
mod frame;
mod png;
mod scene;
mod svg;

pub(crate) use bars::{Bar, signs};
pub(crate) use drift::Sketcher;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use kullback::family::Curves;

use super::file::{Complete, Destination};
use crate::command::family::Report;

/// Where `--plot` draws.
pub(crate) enum Plot {
    /// With the report.
    Terminal,
    File(PathBuf, Format),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Svg,
    Png,
}

impl Plot {
    pub(crate) fn new(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Terminal);
        }
        let suffix = path.extension().map(|suffix| suffix.to_string_lossy().to_lowercase());
        match suffix.as_deref() {
            Some("svg") => Ok(Self::File(path.to_owned(), Format::Svg)),
            Some("png") => Ok(Self::File(path.to_owned(), Format::Png)),
            _ => bail!("--plot {}: expected a file.svg or file.png, or - for the terminal", path.display()),
        }
    }
}

/// Draws a report of two families into a file, which is left aside.
pub(crate) fn family(path: &Path, format: Format, report: &Report, curves: &Curves) -> Result<Complete> {
    let named = || format!("--plot {}", path.display());
    let letters = font::Letters::new()?;
    let scene = family::scene(report, curves, &letters);
    let bytes = match format {
        Format::Svg => svg::write(&scene).into_bytes(),
        Format::Png => png::write(&scene, &letters).with_context(named)?,
    };
    let mut file = Destination::create(path, &[]).with_context(named)?;
    file.write_all(&bytes).with_context(named)?;
    file.end()
}
