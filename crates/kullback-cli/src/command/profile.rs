//! `kullback profile FILE… -o X.profile.json` and `kullback merge A B … -o C.profile.json`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use kullback_table::ProfileOptions;

use crate::Outcome;
use crate::args::{Global, Merge, Profile};
use crate::output::file::Destination;
use crate::output::{json, text};
use crate::progress::Progress;

/// What was written, and where.
pub(crate) struct Report {
    pub(crate) file: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) profile: kullback_table::Profile,
}

pub(super) fn profile(args: &Profile, global: &Global) -> Result<Outcome> {
    let destination = destination(&args.output, &args.tables)?;
    let mut options = ProfileOptions::default();
    options.edges.clone_from(&args.edges);
    let progress = Progress::new(global.quiet);
    let profile = kullback_table::profile(&args.tables, &options, &|done, total| progress.at(done, total))?;
    drop(progress);
    write(profile, destination, global)
}

pub(super) fn merge(args: &Merge, global: &Global) -> Result<Outcome> {
    let destination = destination(&args.output, &args.profiles)?;
    write(kullback_table::merge(&args.profiles)?, destination, global)
}

/// Begun before there is anything to write, so that a wrong name does not cost the time of reading.
fn destination(path: &Path, inputs: &[PathBuf]) -> Result<Destination> {
    let text = path.display();
    if !path.to_string_lossy().to_lowercase().ends_with(".profile.json") {
        bail!(
            "--output {text}: no name of a profile; expected one that ends in .profile.json, which is what other commands know it by"
        );
    }
    let inputs: Vec<&Path> = inputs.iter().map(PathBuf::as_path).collect();
    Destination::create(path, &inputs).with_context(|| format!("--output {text}"))
}

fn write(profile: kullback_table::Profile, mut destination: Destination, global: &Global) -> Result<Outcome> {
    let file = destination.path().to_owned();
    profile.write(&mut destination).with_context(|| format!("{}: cannot be written", file.display()))?;
    destination.end()?.put_in_place()?;
    let bytes = std::fs::metadata(&file).map_or(0, |metadata| metadata.len());
    let report = Report { file, bytes, profile };
    let text = match global.json {
        true => json::profile(&report),
        false => text::profile(&report),
    };
    Ok(Outcome { text, code: ExitCode::SUCCESS })
}
