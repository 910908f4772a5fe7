//! Campaigns and their terms.

#[cfg(feature = "ssr")]
use crate::server_fn::Choice;

pub const TITLE: &str = "Campaigns";
pub const ADD: &str = "Add campaign";
pub const EMPTY: &str = "No campaigns yet";
pub const EMPTY_HINT: &str = "A campaign is a set of terms your affiliates earn under.";
pub const NAME: &str = "Name";
pub const SLUG: &str = "Slug";
pub const EARNS: &str = "Earns";
pub const HOLD: &str = "Hold";
pub const COOKIE: &str = "Cookie window";
pub const STATUS: &str = "Status";
pub const ACTIVE: &str = "Active";
pub const ARCHIVED: &str = "Archived";
pub const CURRENCY: &str = "Currency";
pub const CURRENCY_HINT: &str = "Commissions are in it; three letters such as USD or EUR.";
pub const AMOUNT: &str = "Commission";
pub const UNIT: &str = "Unit";
pub const PERCENT: &str = "% of the payment";
pub const FIXED: &str = "fixed amount";
pub const DURATION: &str = "Paid for";
pub const ONE_TIME: &str = "the first payment";
pub const RECURRING: &str = "every payment";
pub const LIMITED: &str = "payments of the first months";
pub const MONTHS: &str = "Months";
pub const MONTHS_HINT: &str = "Counted from the customer's first payment.";
pub const HOLD_DAYS: &str = "Hold in days";
pub const HOLD_HINT: &str = "From payment to approval: your refund window.";
pub const COOKIE_DAYS: &str = "Cookie window in days";
pub const COOKIE_HINT: &str = "How long after a click a payment is still credited.";

/// In what a commission is told.
#[cfg(feature = "ssr")]
pub(crate) fn units() -> Vec<Choice> {
    vec![Choice::new("percent", PERCENT), Choice::new("fixed", FIXED)]
}

/// For which payments it is paid.
#[cfg(feature = "ssr")]
pub(crate) fn durations() -> Vec<Choice> {
    vec![
        Choice::new("recurring", RECURRING),
        Choice::new("one_time", ONE_TIME),
        Choice::new("recurring_limited", LIMITED),
    ]
}
