//! Which limits were exceeded.

use super::{ALARM, BOLD, cell, styled};
use crate::command::check::Check;

const NAME: usize = 24;

pub(super) fn check(check: &Check) -> String {
    let failed = check.failed().count();
    let style = if failed > 0 { ALARM } else { BOLD };
    let checked = check.verdicts.iter().filter(|verdict| verdict.skipped.is_none()).count();
    let mut text = format!("\n{}\n", styled(style, &format!("Check: {failed} of {checked} columns over a limit")));
    for verdict in check.failed() {
        let reasons = cell(&verdict.reasons.join("; "), usize::MAX);
        text += &format!("  {}: {reasons}\n", cell(&verdict.column, NAME));
    }
    text
}
