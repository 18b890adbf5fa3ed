//! Periods of the calendar.

use std::{fmt, str::FromStr};

/// What instants are gathered in. In UTC, in the proleptic Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Day,
    /// From Monday on, numbered as in ISO 8601.
    Week,
    Month,
    Quarter,
    Year,
}

impl Unit {
    pub(crate) const ALL: [Self; 5] = [Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year];

    /// The number of the period that an instant is in, in seconds since 1970-01-01: later ones have larger numbers.
    pub(crate) fn period(self, seconds: f64) -> f64 {
        let days = (seconds / 86_400.0).floor();
        let month = || {
            let (year, month, _) = civil_from_days(days as i64);
            year * 12 + month - 1
        };
        match self {
            Self::Day => days,
            // 1970-01-01 was a Thursday.
            Self::Week => ((days + 3.0) / 7.0).floor(),
            Self::Month => month() as f64,
            Self::Quarter => month().div_euclid(3) as f64,
            Self::Year => month().div_euclid(12) as f64,
        }
    }

    /// Such as `2013-07-04`, `2013-W27`, `2013-07`, `2013-Q3`, `2013`.
    pub(crate) fn label(self, period: f64) -> String {
        let number = period as i64;
        match self {
            Self::Day => {
                let (year, month, day) = civil_from_days(number);
                format!("{year:04}-{month:02}-{day:02}")
            }
            Self::Week => {
                // A week belongs to the year of its Thursday.
                let thursday = number * 7;
                let year = civil_from_days(thursday).0;
                format!("{year:04}-W{:02}", (thursday - new_year(year)) / 7 + 1)
            }
            Self::Month => format!("{:04}-{:02}", number.div_euclid(12), number.rem_euclid(12) + 1),
            Self::Quarter => format!("{:04}-Q{}", number.div_euclid(4), number.rem_euclid(4) + 1),
            Self::Year => format!("{number:04}"),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        })
    }
}

impl FromStr for Unit {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|unit| unit.to_string() == text).ok_or(())
    }
}

/// Year, month and day of a day number in the proleptic Gregorian calendar (H. Hinnant's algorithm).
pub(crate) fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(719_468);
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

/// The day number of the first of January.
fn new_year(year: i64) -> i64 {
    let before = year - 1;
    before * 365 + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400) - 719_162
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: f64 = 86_400.0;

    fn labels(seconds: f64) -> [String; 5] {
        Unit::ALL.map(|unit| unit.label(unit.period(seconds)))
    }

    #[test]
    fn periods_have_the_names_of_the_calendar() {
        // Days since 1970 and ISO weeks by Python's datetime.
        assert_eq!(labels(15_890.0 * DAY), ["2013-07-04", "2013-W27", "2013-07", "2013-Q3", "2013"]);
        assert_eq!(labels(15_704.0 * DAY - 1.0), ["2012-12-29", "2012-W52", "2012-12", "2012-Q4", "2012"]);
        assert_eq!(labels(15_705.0 * DAY), ["2012-12-31", "2013-W01", "2012-12", "2012-Q4", "2012"]);
        assert_eq!(labels(16_801.0 * DAY + 5.0), ["2016-01-01", "2015-W53", "2016-01", "2016-Q1", "2016"]);
        assert_eq!(labels(-1.0), ["1969-12-31", "1970-W01", "1969-12", "1969-Q4", "1969"]);
    }

    #[test]
    fn periods_never_run_backwards() {
        for unit in Unit::ALL {
            let periods: Vec<f64> = (-2000..40_000).map(|day| unit.period(f64::from(day) * DAY)).collect();
            assert!(periods.windows(2).all(|pair| pair[0] <= pair[1] && pair[1] - pair[0] <= 1.0), "{unit}");
        }
    }
}
