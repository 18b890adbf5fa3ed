use std::path::PathBuf;

use clap::Args;

/// The options that all programs have.
#[derive(Debug, Clone, Args)]
pub(crate) struct Common {
    /// Where all randomness comes from
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Folder for the summary, the plots and the checkpoint
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// End with one line of JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Go on from the checkpoint in DIR
    #[arg(long)]
    pub(crate) resume: bool,
    /// End after so many steps of this run (epochs, updates or students), as if interrupted
    #[arg(long, value_name = "N")]
    pub(crate) stop_after: Option<u64>,
    /// No progress bar
    #[arg(long)]
    pub(crate) quiet: bool,
}
