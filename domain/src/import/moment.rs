//! Dates and times as exports write them. Without a zone they are UTC; a day is its noon, so that it is that
//! day in most of the world.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use thiserror::Error;

use crate::words::words;

words! {
    /// What stands first in dates like 03/04/2026. Nothing in such a date tells, so it is asked.
    DateOrder {
        /// Nobody said: only dates that can't be misread are taken.
        Clear = "clear" / "There are none",
        /// As written in the United States.
        MonthFirst = "month_first" / "Month first: 12/31/2026",
        /// As written in most of the world.
        DayFirst = "day_first" / "Day first: 31/12/2026",
    }
}

/// Not a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum NotADate {
    #[error("a date such as 2026-11-20 or 2026-11-20 14:30:00 UTC is needed")]
    Unreadable,
    #[error("is it the day or the month that stands first? Say so where the columns are chosen")]
    Ambiguous,
}

const DAYS: [&str; 6] = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d %b %Y",
    "%d %B %Y",
];
const TIMES: [&str; 6] = [
    "%H:%M:%S%.f",
    "%H:%M",
    "%I:%M:%S %p",
    "%I:%M %p",
    "%I:%M%p",
    "%I:%M:%S%p",
];

/// Reads a date with or without a time.
pub(super) fn moment(text: &str, order: DateOrder) -> Result<DateTime<Utc>, NotADate> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(at.with_timezone(&Utc));
    }
    for format in [
        "%Y-%m-%d %H:%M:%S%.f %z",
        "%Y-%m-%d %H:%M:%S%.f%#z",
        "%Y-%m-%dT%H:%M:%S%.f%#z",
    ] {
        if let Ok(at) = DateTime::parse_from_str(text, format) {
            return Ok(at.with_timezone(&Utc));
        }
    }
    let bare = ["UTC", "GMT", "Z"]
        .iter()
        .find_map(|zone| text.strip_suffix(zone))
        .unwrap_or(text)
        .trim_end();
    if bare.contains('/') && !is_year_first(bare) {
        return match order {
            DateOrder::Clear => Err(NotADate::Ambiguous),
            DateOrder::MonthFirst => of_formats(bare, &["%m/%d/%Y"]),
            DateOrder::DayFirst => of_formats(bare, &["%d/%m/%Y"]),
        };
    }
    of_formats(bare, &DAYS)
}

fn is_year_first(text: &str) -> bool {
    text.split('/').next().is_some_and(|year| year.len() == 4)
}

fn of_formats(text: &str, days: &[&str]) -> Result<DateTime<Utc>, NotADate> {
    let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default();
    for day in days {
        if let Ok(date) = NaiveDate::parse_from_str(text, day) {
            return in_reach(date.and_time(noon));
        }
        for time in TIMES {
            for between in [" ", "T", ", ", " at "] {
                let format = format!("{day}{between}{time}");
                if let Ok(at) = NaiveDateTime::parse_from_str(text, &format) {
                    return in_reach(at);
                }
            }
        }
    }
    Err(NotADate::Unreadable)
}

/// Nothing was sold before there was a web; a year of two digits would be.
fn in_reach(at: NaiveDateTime) -> Result<DateTime<Utc>, NotADate> {
    use chrono::Datelike;
    if (1990..2200).contains(&at.year()) {
        Ok(at.and_utc())
    } else {
        Err(NotADate::Unreadable)
    }
}
