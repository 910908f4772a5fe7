//! The list of sales.

use domain::{commission::Rate, conversion::Source, lifecycle::Status, money::Money};

use crate::query::Kind;

pub const TITLE: &str = "Sales";
pub const CAPTION: &str = "Sales, newest first";
pub const EXPORT: &str = "Export CSV";
pub const TYPES: &str = "Type";
pub const FILTERS: &str = "Filters";
pub const CLOSE_FILTERS: &str = "Show sales";
pub const STATUS: &str = "Status";
pub const SOURCE: &str = "Source";
pub const AFFILIATE: &str = "Affiliate";
pub const CAMPAIGN: &str = "Campaign";
pub const DATE: &str = "Date";
pub const APPLY: &str = "Apply";
pub const CLEAR_ALL: &str = "Clear all";
pub const ALL_AFFILIATES: &str = "All affiliates";
pub const ALL_CAMPAIGNS: &str = "All campaigns";
pub const FIND: &str = "Find in the list";
pub const SINCE: &str = "From";
pub const TO: &str = "To";
pub const UTC_DAYS: &str = "Days begin at midnight UTC.";
pub const ALL_TIME: &str = "All time";
pub const LIVE: &str = "Live";
pub const RECONNECTING: &str = "Reconnecting…";
pub const TOTALS: &str = "Totals of what is listed";
pub const AMOUNT: &str = "Amount";
pub const COMMISSION: &str = "Commission";
pub const TYPE: &str = "Type";
pub const PROCESSOR: &str = "Processor";
pub const CURRENCY: &str = "Currency of the totals";
pub const AWAITING_RATE: &str = "awaiting rate";
pub const FIXED: &str = "fixed";
pub const PAGES: &str = "Pages";
pub const PER_PAGE: &str = "per page";
pub const NEWEST_FIRST: &str = "Newest first";
pub const OLDER: &str = "Older";
pub const NEWER: &str = "Newer";
pub const NEWEST: &str = "Newest";
pub const NOTHING_FITS: &str = "No sale fits these filters";
pub const NOTHING_FITS_HINT: &str =
    "Loosen or clear them to see more. New sales that fit show up here by themselves.";
pub const CLEAR_FILTERS: &str = "Clear filters";
pub const OPEN_OUTSIDE: &str = "Open in the processor’s dashboard";
pub const LOADING: &str = "Loading sales";

pub fn bad_filter(name: &str) -> String {
    format!("The filter “{name}” in this address is not understood.")
}

pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::All => "All",
        Kind::Sales => "Sales",
        Kind::Leads => "Leads",
    }
}

pub fn clear(what: &str) -> String {
    format!("Clear {}", what.to_lowercase())
}

pub fn last_days(days: u64) -> String {
    if days == 1 {
        "Today".to_owned()
    } else {
        format!("Last {days} days")
    }
}

pub fn from_day(day: &str) -> String {
    format!("from {day}")
}

pub fn to_day(day: &str) -> String {
    format!("to {day}")
}

pub fn between(first: &str, last: &str) -> String {
    format!("{first} – {last}")
}

/// One or two are named, more are counted.
pub fn several(names: &[&str]) -> String {
    match names {
        [first, second] => format!("{first}, {second}"),
        [first, rest @ ..] if !rest.is_empty() => format!("{first} + {}", rest.len()),
        [only] => (*only).to_owned(),
        _ => String::new(),
    }
}

pub fn new_sales(count: usize) -> String {
    if count == 1 {
        "1 new sale".to_owned()
    } else {
        format!("{count} new sales")
    }
}

pub fn held(days: u16) -> String {
    format!("{days}\u{a0}d")
}

pub fn held_long(days: u16) -> String {
    match days {
        0 => "The refund window closes any moment".to_owned(),
        1 => "1 day until the refund window closes".to_owned(),
        days => format!("{days} days until the refund window closes"),
    }
}

pub fn refunded(amount: Money) -> String {
    format!("refunded {amount}")
}

pub fn was(amount: Money) -> String {
    format!("was {amount}")
}

pub fn share_of(rate: Rate, base: Money) -> String {
    format!("{} of {base}", super::rate(rate, base.currency))
}

pub fn recorded(at: &str) -> String {
    format!("Recorded {at}")
}

pub fn recorded_and_paid(at: &str, paid: &str) -> String {
    format!("Recorded {at}, paid {paid}")
}

/// What a status means, in one sentence.
pub fn status(status: Status) -> &'static str {
    match status {
        Status::Pending => "Held until the refund window closes.",
        Status::Approved => "The refund window has closed; payable.",
        Status::Paid => "Part of a settled payout.",
        Status::Refunded => "The money went back; nothing is due.",
        Status::Denied => "Turned down; nothing is due.",
    }
}

/// How a sale was attributed, in one sentence.
pub fn source(source: Source) -> &'static str {
    match source {
        Source::Coupon => "The affiliate's coupon was on the payment.",
        Source::Link => "The affiliate's referral link led to the payment.",
        Source::CustomerMatch => "The same customer was credited to the affiliate before.",
        Source::Click => "Clicks that the campaign pays for, added up.",
        Source::Lead => "A signup through the affiliate.",
        Source::Override => "A recruiter's share of another affiliate's commission.",
        Source::Server => "Your server named the affiliate.",
        Source::Imported => "Came from another platform.",
        Source::Manual => "Entered by a member of your organization.",
    }
}
