//! Payouts: what is payable, a run of them, and one.

use domain::{
    money::{Currency, Money},
    payout::{CarriedOver, PayoutMethod, PayoutStatus},
};

pub const TITLE: &str = "Payouts";
pub const ONE: &str = "Payout";
pub const ALL: &str = "All payouts";
pub const FILTERS: &str = "Filters";

// What is payable.
pub const PAYABLE: &str = "Payable";
pub const PAYABLE_CAPTION: &str = "What affiliates are owed, the most first";
pub const PAYABLE_HINT: &str = "Approved commission that no payout has taken yet, less what was paid out and taken back since. Money in its refund hold is not in it.";
pub const NOTHING_PAYABLE: &str =
    "Nothing is owed. What sales earned shows up here once their refund hold has passed.";
pub const DEBT: &str = "Debt";
pub const NEXT: &str = "Next run";
pub const EARNED: &str = "Earned";
pub const SETTLES: &str = "Settled, no money moves";
pub const NONE_OF_HIS: &str = "Nothing was paid out yet.";
pub const ALL_PAYABLE: &str = "All of them";

// The list.
pub const HISTORY: &str = "History";
pub const CAPTION: &str = "Payouts, newest first";
pub const RUN: &str = "Prepare a run";
pub const EXPORT: &str = "Export CSV";
pub const CREATED: &str = "Made";
pub const AFFILIATE: &str = "Affiliate";
pub const AMOUNT: &str = "Amount";
pub const METHOD: &str = "Method";
pub const STATUS: &str = "Status";
pub const CAMPAIGN: &str = "Campaign";
pub const CURRENCY: &str = "Currency";
pub const SINCE: &str = "Since";
pub const TO: &str = "To";
pub const ALL_STATUSES: &str = "All statuses";
pub const ALL_METHODS: &str = "All methods";
pub const ALL_CAMPAIGNS: &str = "All campaigns";
pub const ALL_CURRENCIES: &str = "All currencies";
pub const EMPTY: &str = "No payouts yet";
pub const EMPTY_HINT: &str = "A run makes one payout for each affiliate who is owed enough. You see every line of it before anything is made.";
pub const NOTHING_FITS: &str = "No payout fits these filters";
pub const NOTHING_FITS_HINT: &str = "Loosen or clear them to see more.";

// A run.
pub const RUN_TITLE: &str = "Prepare a run";
pub const RUN_HINT: &str = "Nothing is made until you say so. The run takes everything that is payable, so press it only when what you see is right.";
pub const OWN_METHOD: &str = "Each affiliate's own";
pub const LINES: &str = "Payouts of this run";
pub const LEFT_OUT: &str = "Left for later";
pub const LEFT_OUT_HINT: &str = "Nothing is lost: the next run takes them when they are enough.";
pub const GO: &str = "Make these payouts";
pub const NOTHING_TO_RUN: &str = "Nothing to pay out";
pub const NOTHING_TO_RUN_HINT: &str = "Nobody is owed enough for a payout under these terms. What is left for later, and why, stands below.";
pub const NOBODY_OWED: &str = "Nobody is owed anything under these terms.";
pub const TOTALS: &str = "Totals of this run";

// One.
pub const KNOWN: &str = "About this payout";
pub const BATCH: &str = "Run";
pub const WITH_IT: &str = "All payouts of this run";
pub const ACCOUNT: &str = "Stripe account";
pub const TRANSFER: &str = "Transfer";
pub const AT_STRIPE: &str = "Open in Stripe";
pub const REFERENCE: &str = "Reference";
pub const NOTE: &str = "Note";
pub const REASON: &str = "Reason";
pub const TROUBLE: &str = "Last try";
pub const TIMELINE: &str = "What happened";
pub const PAYS_CAPTION: &str = "Entries that the payout takes, oldest first";
pub const ENTRY: &str = "Entry";
pub const NO_ENTRIES: &str = "It takes nothing any more: all of it went back before it was paid.";
pub const PROCESS: &str = "Start paying";
pub const PROCESS_HINT: &str =
    "From now on a refund leaves it alone and is taken off the next payout.";
pub const SEND: &str = "Send by Stripe";
pub const SEND_HINT: &str = "The transfer is made within seconds. From now on a refund leaves it alone and is taken off the next payout.";
pub const COMPLETE: &str = "Mark as paid";
pub const COMPLETE_HINT: &str = "The money has left your account: its sales become Paid, for good. The note may be the bank's reference.";
pub const FAIL: &str = "Mark as failed";
pub const FAIL_HINT: &str = "Everything in it is payable again.";
pub const BY_EVENT: &str = "An event of Stripe";
pub const DONE: &str = "Saved.";

/// What a status means, in one sentence.
pub fn status(status: PayoutStatus) -> &'static str {
    match status {
        PayoutStatus::Pending => "Made, not being paid yet: a refund still shrinks it.",
        PayoutStatus::Processing => "Being paid: a refund is taken off the next payout.",
        PayoutStatus::Completed => "Paid: its sales are Paid.",
        PayoutStatus::Failed => "Not paid: everything in it is payable again.",
    }
}

/// What the list of its entries is called.
pub fn pays(status: PayoutStatus) -> &'static str {
    match status {
        PayoutStatus::Pending | PayoutStatus::Processing => "What it pays",
        PayoutStatus::Completed => "What it paid",
        PayoutStatus::Failed => "What it was to pay",
    }
}

/// How money gets there.
pub fn method(method: PayoutMethod) -> &'static str {
    match method {
        PayoutMethod::Stripe => "Stripe transfer",
        PayoutMethod::Manual => "By hand",
    }
}

/// What a run has made.
pub fn made(count: usize) -> String {
    match count {
        0 => "Nothing was payable: no payout was made.".to_owned(),
        1 => "1 payout was made.".to_owned(),
        _ => format!("{} payouts were made.", super::grouped(whole(count))),
    }
}

/// `12 entries`: sales, leads and corrections.
pub fn entries(count: i64) -> String {
    match count {
        1 => "1 entry".to_owned(),
        _ => format!("{} entries", super::grouped(count)),
    }
}

/// That a list shows only a part.
pub fn further(count: i64) -> String {
    format!("And {} more.", super::grouped(count))
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// That a run takes it, and how it pays.
pub fn included(method: PayoutMethod) -> &'static str {
    match method {
        PayoutMethod::Stripe => "Paid by Stripe",
        PayoutMethod::Manual => "Paid by hand",
    }
}

/// Why a run leaves it.
pub fn carried(why: CarriedOver, minimum: Money) -> String {
    match why {
        CarriedOver::BelowThreshold => format!("Below the minimum of {minimum}"),
        CarriedOver::NotActive => "Blocked or removed: only paid alone".to_owned(),
        other => other.label().to_owned(),
    }
}

/// What a run pays out in a currency.
pub fn to_send(currency: Currency) -> String {
    format!("To pay out in {currency}")
}

/// Why a filter in the address is refused.
pub fn bad_filter(name: &str) -> String {
    super::events::bad_filter(name)
}
