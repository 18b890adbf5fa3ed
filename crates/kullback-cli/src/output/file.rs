//! Output files: written aside first, and put in their place when complete.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tempfile::NamedTempFile;

/// A file that is being written.
pub(crate) struct Destination {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
}

/// A file that is written and only has to be renamed.
pub(crate) struct Complete {
    path: PathBuf,
    file: NamedTempFile,
}

impl Destination {
    /// Begins the file that will be at `path`, which may be none of the `inputs`.
    pub(crate) fn create(path: &Path, inputs: &[&Path]) -> Result<Self> {
        if inputs.iter().any(|input| same(path, input)) {
            bail!("is an input; expected another file");
        }
        // A device or a pipe would be replaced, not written to.
        if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) || path.file_name().is_none() {
            bail!("is no regular file; expected the name of a file to write");
        }
        let folder = folder(path);
        if !folder.is_dir() {
            bail!("its folder {} does not exist", folder.display());
        }
        let file = aside(folder).with_context(|| format!("cannot be written in {}", folder.display()))?;
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes all there is, and ends.
    pub(crate) fn whole(mut self, bytes: &[u8]) -> Result<Complete> {
        self.write_all(bytes).with_context(|| format!("{}: cannot be written", self.path.display()))?;
        self.end()
    }

    pub(crate) fn end(self) -> Result<Complete> {
        let Self { path, file } = self;
        let file = file.into_inner().map_err(io::IntoInnerError::into_error);
        let file = file.with_context(|| format!("{}: cannot be written", path.display()))?;
        Ok(Complete { path, file })
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Complete {
    pub(crate) fn put_in_place(self) -> Result<()> {
        let Self { path, file } = self;
        file.persist(&path).map(|_: File| ()).with_context(|| format!("{}: cannot be written", path.display()))
    }
}

/// Whether both name one file, there already or not.
pub(crate) fn same(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| match path.canonicalize() {
        Ok(path) => Some(path),
        Err(_) => Some(folder(path).canonicalize().ok()?.join(path.file_name()?)),
    };
    a == b || real(a).is_some_and(|a| real(b) == Some(a))
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn aside(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".kullback-");
    // Readable by whom the user lets read new files, not by the user alone.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}
