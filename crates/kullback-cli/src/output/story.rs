//! What a comparison says in words: the same in every kind of output.

use kullback_table::{
    ColumnDrift, CompatDrift, CompatStatistic, Contribution, DriftReport, Kind, Period, PeriodColumn, Status, Test,
    Timeline,
};

use super::text::{figure, percent};

/// Columns that the summary names.
const NAMED: usize = 3;
/// The share of a column's absolute nats that one bin must have to be named for the column, and of its rows that new bins must have.
const NOTABLE: f64 = 0.1;
/// The share of a column's absolute nats that its carrying bins have together.
const CARRIED: f64 = 0.8;
/// From here on PSI is customarily called a moderate change.
const PSI_ALARM: f64 = 0.1;

/// How many columns drifted, and what else there is.
pub(crate) fn verdict(report: &DriftReport) -> String {
    let with = |status| report.columns.iter().filter(|column| column.status == status).count();
    let drifted = report.columns.iter().filter(|column| column.drifted).count();
    let mut verdict = format!("{drifted} of {} columns drifted", report.columns.len());
    for (status, meaning) in [(Status::Disjoint, "with no value in common"), (Status::Constant, "constant")] {
        match with(status) {
            0 => {}
            n => verdict += &format!(", {n} {meaning}"),
        }
    }
    verdict
}

/// One sentence for a reader who has not asked anything yet.
pub(crate) fn summary(report: &DriftReport) -> String {
    let drifted: Vec<&str> =
        report.columns.iter().filter(|column| column.drifted).map(|column| column.column.as_str()).collect();
    let all = report.columns.len();
    let names = drifted.iter().take(NAMED).copied().collect::<Vec<_>>();
    let listed = match names.as_slice() {
        [] if all == 1 => return "The column did not change by more than chance explains.".to_owned(),
        [] => return format!("None of the {all} columns changed by more than chance explains."),
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        names => names.concat(),
    };
    let strongest = if drifted.len() > names.len() { "strongest evidence: " } else { "" };
    format!("{} of {all} column{} changed; {strongest}{listed}.", drifted.len(), plural(all))
}

/// What happened to a column that changed, in a few words.
pub(crate) fn happened(column: &ColumnDrift) -> String {
    if column.status == Status::Disjoint {
        return "no value in common".to_owned();
    }
    let (what, whats) = match column.kind {
        Kind::Numeric => ("bin", "bins"),
        Kind::Categorical => ("value", "values"),
    };
    if let (Some(cells), Some(mass)) = (column.zero_cells, column.zero_mass)
        && mass >= NOTABLE
    {
        let (new, hold) = if cells == 1 { (what, "holds") } else { (whats, "hold") };
        return format!("{cells} new {new} {hold} {} % of rows", percent(mass));
    }
    let whole: f64 = largest(column).map(|bin| bin.nats.abs()).sum();
    match largest(column).next() {
        Some(bin) if bin.nats.abs() >= NOTABLE * whole => {
            let [before, now] = shares(column, bin);
            let verb = if now > before { "up" } else { "down" };
            format!("{} {verb} from {} to {} % of rows", bin.bin, percent(before), percent(now))
        }
        _ => format!("small changes spread over {} {whats}", column.bins),
    }
}

/// The period in which a column is furthest from the reference.
pub(crate) fn furthest<'a>(timeline: &'a Timeline, column: &str) -> Option<(&'a Period, &'a PeriodColumn)> {
    let found = timeline.periods.iter().filter_map(|period| {
        let of = period.columns.iter().find(|of| of.column == column)?;
        Some((period, of))
    });
    found.max_by(|a, b| a.1.kl.total_cmp(&b.1.kl))
}

fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

/// A bin, by a name that fits, with its share of rows before and now.
pub(crate) fn movement(name: &str, shares: [f64; 2]) -> String {
    let [before, now] = shares.map(percent);
    format!("{name} {before}→{now} %")
}

/// The bins that moved most, at most so many.
pub(crate) fn movements(column: &ColumnDrift, most: usize) -> Vec<String> {
    largest(column).take(most).map(|bin| movement(&bin.bin, shares(column, bin))).collect()
}

/// A bin's share of the reference's rows and of the current ones.
pub(crate) fn shares(column: &ColumnDrift, bin: &Contribution) -> [f64; 2] {
    let (before, now) = column.contributions.iter().fold((0, 0), |(r, c), bin| (r + bin.reference, c + bin.current));
    [(bin.reference, before), (bin.current, now)].map(|(count, total): (u64, u64)| count as f64 / total.max(1) as f64)
}

/// The bins that add or take away something, the most first.
pub(crate) fn largest(column: &ColumnDrift) -> impl Iterator<Item = &Contribution> {
    let mut bins: Vec<&Contribution> = column.contributions.iter().filter(|bin| bin.nats != 0.0).collect();
    bins.sort_by(|a, b| b.nats.abs().total_cmp(&a.nats.abs()));
    bins.into_iter()
}

/// The smallest number of nats that a bin has which carries the divergence: those from here on have four fifths of what
/// all have, signs aside.
pub(crate) fn carrying(column: &ColumnDrift) -> f64 {
    let sizes: Vec<f64> = largest(column).map(|bin| bin.nats.abs()).collect();
    let whole: f64 = sizes.iter().sum();
    let mut sum = 0.0;
    let last = sizes.into_iter().find(|size| {
        sum += size;
        sum >= CARRIED * whole
    });
    last.unwrap_or(f64::INFINITY)
}

/// What a reader should know before trusting a column's figures.
pub(crate) fn caveats(column: &ColumnDrift) -> Vec<String> {
    let mut notes = column.notes.clone();
    let tested = column.status == Status::Compared;
    if let (Some(cells @ 1..), Some(mass)) = (column.zero_cells, column.zero_mass)
        && tested
    {
        let (bins, are) = if cells == 1 { ("bin", "is") } else { ("bins", "are") };
        notes.push(format!("{cells} {bins} {are} empty in the reference: {} % of the current rows", percent(mass)));
    }
    if let Some(null) = column.psi_null
        && tested
        && null >= PSI_ALARM
    {
        notes.push(format!(
            "so few rows for its bins that PSI is {} without drift: its customary alarms mean nothing here",
            figure(null, 2)
        ));
    }
    if column.drifted && column.interval.is_some_and(|(low, _)| low <= 0.0) {
        notes.push("the interval of KL reaches 0: that it changed is surer than by how much".to_owned());
    }
    notes.extend(column.compat.as_ref().map(|said| format!("{} says: {}", said.tool, compat(said))));
    match column.test {
        Test::Permutation if tested => notes.push("p is from permutations of the counts".to_owned()),
        Test::Ordered if tested => notes.push("p is from the test that knows the order of bins".to_owned()),
        _ => {}
    }
    notes
}

/// What another tool says of a column, by its own threshold and in its own unit.
pub(crate) fn compat(said: &CompatDrift) -> String {
    if let Some(reason) = &said.reason {
        return format!("nothing ({reason})");
    }
    let one = |one: &CompatStatistic| {
        let value = one.value.map_or_else(|| "none".to_owned(), |value| figure(value, 3));
        format!("{} {value}{}", one.statistic, if one.drifted == Some(true) { " (drifted)" } else { "" })
    };
    said.statistics.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// KL of a period where its interval is above 0, else 0: what may be chance should not look like the largest change because
/// there is no larger one.
pub(crate) fn beyond_chance(column: &PeriodColumn) -> f64 {
    if column.interval.0 > 0.0 { column.kl } else { 0.0 }
}

/// The columns whose distributions are worth a picture: those that changed, a table's own keys last.
pub(crate) fn pictured(report: &DriftReport) -> Vec<&ColumnDrift> {
    report.columns.iter().filter(|column| column.drifted && !column.contributions.is_empty()).collect()
}
