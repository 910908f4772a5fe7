//! Flags: the page of them, and what is said of one in a sale's story.

use domain::{
    fraud::{FlagStatus, MAX_OPEN_COUNT},
    money::Money,
};

pub const TITLE: &str = "Flags";
pub const FILTERS: &str = "Filters";
pub const STATUS: &str = "Status";
pub const TYPE: &str = "Type";
pub const OPEN: &str = "Open";
pub const RESOLVED: &str = "All resolved";
pub const ALL: &str = "Open and resolved";
pub const ALL_TYPES: &str = "All types";
pub const ALL_SALES: &str = "All sales";
pub const ONE_SALE: &str = "One sale";
pub const LIST: &str = "Flags, newest first";
pub const AFFILIATE: &str = "Affiliate";
pub const SALE: &str = "Sale";
pub const COMMISSION: &str = "Commission";
pub const CAMPAIGN: &str = "Campaign";
pub const NOTE: &str = "Note";
pub const DISMISS: &str = "Dismiss";
pub const REVIEW: &str = "Mark reviewed";
pub const CONFIRM: &str = "Confirm and deny";
pub const DISMISS_HINT: &str = "Unfounded: the sale goes on.";
pub const REVIEW_HINT: &str = "Looked at: the sale goes on.";
pub const CONFIRM_HINT: &str = "True: the sale is denied.";
pub const DONE: &str = "Resolved.";
pub const EMPTY: &str = "Nothing to look at";
pub const EMPTY_HINT: &str = "Sales that look suspicious wait here until somebody has looked. Each campaign says from when on.";
pub const NOTHING_FITS: &str = "No flag fits these filters";
pub const NOTHING_FITS_HINT: &str = "Loosen or clear them to see more.";
pub const TO_RESOLVED: &str = "Show resolved flags";

pub const SECTION: &str = "Flags";
pub const RESOLVE: &str = "Resolve";
pub const FLAG: &str = "Flag for review";
pub const FLAG_HINT: &str =
    "Kept with the sale. It is held, from approval and payout, until somebody has looked at it.";

/// How many are open, in the navigation.
pub fn count(open: i64) -> String {
    if open < MAX_OPEN_COUNT {
        format!("{open} open")
    } else {
        format!("{}+ open", MAX_OPEN_COUNT - 1)
    }
}

/// What a status means, in one sentence.
pub fn status(status: FlagStatus) -> &'static str {
    match status {
        FlagStatus::Open => "Nobody has looked yet: the sale is held.",
        FlagStatus::Reviewed => REVIEW_HINT,
        FlagStatus::Dismissed => DISMISS_HINT,
        FlagStatus::Confirmed => CONFIRM_HINT,
    }
}

/// `$49.00 by ann@example.com`.
pub fn sale(amount: Money, payer: Option<&str>) -> String {
    match payer {
        Some(payer) => format!("{amount} by {payer}"),
        None => amount.to_string(),
    }
}

/// What the box to tick beside the buttons says.
pub fn block(affiliate: &str) -> String {
    format!("If confirmed, also block {affiliate}")
}

/// Why a filter in the address is refused.
pub fn bad_filter(name: &str) -> String {
    super::events::bad_filter(name)
}
