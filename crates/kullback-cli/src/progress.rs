//! How far a run has come: on stderr, only if that is a terminal and the run is a long one.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How long a run may take before it shows its progress.
const PATIENCE: Duration = Duration::from_millis(500);

pub(crate) struct Progress {
    bar: ProgressBar,
    start: Instant,
    quiet: bool,
}

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        Self { bar: ProgressBar::hidden().with_style(style()), start: Instant::now(), quiet }
    }

    pub(crate) fn at(&self, done: u64, total: u64) {
        if self.bar.is_hidden() && !self.quiet && self.start.elapsed() > PATIENCE {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_length(total);
        // Threads report in any order.
        self.bar.set_position(done.max(self.bar.position()));
    }
}

impl Drop for Progress {
    /// However the run ends, the line is free for what comes next.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{wide_bar} {percent:>3} % {eta:>4}").unwrap_or_else(|_| ProgressStyle::default_bar())
}
