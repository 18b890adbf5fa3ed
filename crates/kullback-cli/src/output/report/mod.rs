//! `drift --report FILE`: one file, its form chosen by its suffix.

mod csv;
mod html;
mod markdown;

use std::path::Path;

use anyhow::{Context, Result, bail};
use kullback_table::DriftReport;

use super::file::{Complete, Destination};
use super::plot::{self, Sketcher};
use crate::args::Unit;

/// Columns of which a few words say what happened.
const STRONGEST: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Html,
    Picture(plot::Format),
    Csv,
    Markdown,
}

/// What a report is about.
pub(crate) struct Subject<'a> {
    pub(crate) report: &'a DriftReport,
    /// The tables' names as they were given: the reference, the current one.
    pub(crate) tables: [String; 2],
    pub(crate) unit: Unit,
}

/// A report that is to be written.
pub(crate) struct ReportFile {
    form: Form,
    file: Destination,
}

impl ReportFile {
    /// Begins the file; it may be none of the `inputs`.
    pub(crate) fn create(path: &Path, inputs: &[&Path]) -> Result<Self> {
        let suffix = path.extension().map(|suffix| suffix.to_string_lossy().to_lowercase());
        let form = match suffix.as_deref() {
            Some("html" | "htm") => Form::Html,
            Some("svg") => Form::Picture(plot::Format::Svg),
            Some("png") => Form::Picture(plot::Format::Png),
            Some("csv") => Form::Csv,
            Some("md") => Form::Markdown,
            _ => bail!("--report {}: expected a file that ends in .html, .svg, .png, .csv or .md", path.display()),
        };
        let file = Destination::create(path, inputs).with_context(|| format!("--report {}", path.display()))?;
        Ok(Self { form, file })
    }

    /// Writes the report, and leaves it aside.
    pub(crate) fn write(self, subject: &Subject<'_>) -> Result<Complete> {
        let bytes = match self.form {
            Form::Html => html::page(subject)?.into_bytes(),
            Form::Picture(format) => Sketcher::new(subject.unit)?.file(subject.report, format)?,
            Form::Csv => csv::table(subject)?,
            Form::Markdown => markdown::text(subject).into_bytes(),
        };
        self.file.whole(&bytes)
    }
}

#[cfg(test)]
mod tests;
