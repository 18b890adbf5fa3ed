use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::Builder;

/// The folder a run writes to. Files are written aside and renamed when they are complete.
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes it if it is not there.
    pub(crate) fn new(path: &Path) -> Result<Self> {
        fs::create_dir_all(path).with_context(|| format!("{}: cannot be made a folder", path.display()))?;
        Ok(Self { path: path.to_owned() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts a file in its place, or leaves what was there.
    pub(crate) fn write(&self, name: &str, content: &[u8]) -> Result<()> {
        let to = self.path.join(name);
        let write = || {
            let mut builder = Builder::new();
            builder.prefix(".kullback-");
            // Readable by whom the user lets read new files, not by the user alone.
            #[cfg(unix)]
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
            let mut file = builder.tempfile_in(&self.path)?;
            file.write_all(content)?;
            // A full disk may show only here.
            file.as_file().sync_all()?;
            file.persist(&to).map(|_: File| ()).map_err(|error| error.error)
        };
        write().with_context(|| format!("{}: cannot be written", to.display()))
    }
}
