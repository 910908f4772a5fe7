//! Words of the reports.

use chrono::{Datelike, NaiveDate};
use domain::report::{Span, Step};

use super::MONTHS;

pub const TITLE: &str = "Reports";
pub const FILTERS: &str = "What to report";
pub const PERIOD: &str = "Period";
pub const WEEK: &str = "7 days";
pub const MONTH: &str = "30 days";
pub const QUARTER: &str = "90 days";
pub const ALL: &str = "All time";
pub const CUSTOM: &str = "Days of your own";
pub const CAMPAIGN: &str = "Campaign";
pub const EVERY_CAMPAIGN: &str = "All campaigns";
pub const AFFILIATE: &str = "Affiliate";
pub const AFFILIATE_HINT: &str = "Code of an affiliate";
pub const SINCE: &str = "From";
pub const TO: &str = "To";
pub const SHOW: &str = "Show";
pub const EXPORT: &str = "Export CSV";
pub const CURRENCY: &str = "Currency of the money";
pub const FIGURES: &str = "In figures";
pub const CHARTS: &str = "Over time";
pub const CLICKS: &str = "Clicks";
pub const LEADS: &str = "Leads";
pub const SALES: &str = "Sales";
pub const RATE: &str = "Conversion rate";
pub const RATE_HINT: &str = "Of all clicks, how many led to a first payment. Imported sales came through other links and don't count.";
pub const REVENUE: &str = "Revenue";
pub const REVENUE_HINT: &str =
    "What customers paid, refunds not subtracted. Denied sales don't count.";
pub const REFUNDS: &str = "Refunds";
pub const COMMISSION: &str = "Commission";
pub const COMMISSION_HINT: &str = "What is due for it now, recruiters' shares included.";
pub const SOURCE: &str = "Source";
pub const SOURCES: &str = "By source";
pub const SOURCES_HINT: &str = "How sales came to belong to their affiliates.";
pub const AFFILIATES: &str = "Top affiliates";
pub const TRAFFIC: &str = "Where clicks came from";
pub const TRAFFIC_HINT: &str = "The page that linked to you, or what the link's utm_source says.";
pub const SHARE: &str = "Share";
pub const BEHIND: &str = "The numbers behind the charts";
pub const STEP: &str = "From";
pub const NO_SALES: &str = "No sales in these days.";
pub const NO_CLICKS: &str = "No clicks in these days.";
pub const EMPTY: &str = "Nothing came in these days";
pub const EMPTY_HINT: &str = "Choose a longer time or fewer filters. Days are those of UTC, and begin when the sale or click was recorded.";
pub const ALL_TIME: &str = "Show all time";
pub const UTC_HINT: &str =
    "Days are those of UTC. Counts are of all currencies, money is never added across them.";
pub const NEW: &str = "none before";
pub const SAME: &str = "as before";

/// `no affiliate has the code sara`.
pub fn unknown_affiliate(code: &str) -> String {
    format!("no affiliate has the code {code}")
}

/// `23 Oct 2026`.
pub fn day(day: NaiveDate) -> String {
    let month = usize::try_from(day.month0()).unwrap_or_default();
    let month = MONTHS.get(month).copied().unwrap_or_default();
    format!("{} {month} {}", day.day(), day.year())
}

/// What a point of a chart stands for.
pub fn point(step: Step, start: NaiveDate) -> String {
    match step {
        Step::Day => day(start),
        Step::Week => format!("week of {}", day(start)),
        Step::Month => {
            let whole = day(start);
            whole
                .split_once(' ')
                .map_or_else(String::new, |(_, rest)| rest.to_owned())
        }
    }
}

/// `23 Oct – 21 Nov 2026, against 23 Sep – 22 Oct 2026`.
pub fn spans(now: Span, before: Option<Span>) -> String {
    let told = |span: Span| format!("{} – {}", day(span.first()), day(span.last()));
    match before {
        Some(before) => format!("{}, against {}", told(now), told(before)),
        None => told(now),
    }
}

/// `12.3 %` of tenths.
pub fn tenths(tenths: i64) -> String {
    let size = tenths.unsigned_abs();
    let rest = if size.is_multiple_of(10) {
        String::new()
    } else {
        format!(".{}", size % 10)
    };
    format!(
        "{}{rest}\u{a0}%",
        super::grouped((size / 10).try_into().unwrap_or(i64::MAX))
    )
}

/// What a chart shows, for those who can't see it.
pub fn chart(name: &str, step: Step, most: &str, at: &str) -> String {
    let by = match step {
        Step::Day => "day",
        Step::Week => "week",
        Step::Month => "month",
    };
    format!("{name} by {by}. Most: {most}, {at}. The table below has every number.")
}

pub fn more(change: &str) -> String {
    format!("{change} more than before")
}

pub fn less(change: &str) -> String {
    format!("{change} less than before")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_changes_are_told_shortly() {
        let first = NaiveDate::from_ymd_opt(2026, 11, 2).expect("a day");
        assert_eq!(day(first), "2 Nov 2026");
        assert_eq!(point(Step::Month, first), "Nov 2026");
        assert_eq!(point(Step::Week, first), "week of 2 Nov 2026");
        assert_eq!(tenths(-123), "12.3\u{a0}%");
        assert_eq!(tenths(12_340), "1,234\u{a0}%");
    }
}
