//! One affiliate: what is known, what is owed, and why.

use domain::{affiliate::AffiliateStatus, money::Money};

pub const ONE: &str = "Affiliate";
pub const ALL: &str = "All affiliates";
pub const EDIT: &str = "Edit";
pub const EDIT_TITLE: &str = "Edit affiliate";
pub const SAVE: &str = "Save";
pub const SAVED: &str = "Saved.";
pub const STATUS: &str = "Status";
pub const SLUG_HINT: &str = "When it changes, links with the old code still lead to the shop, but count for nobody, and another affiliate may take that code.";
pub const ACCOUNT: &str = "Stripe account";
pub const ACCOUNT_HINT: &str = "Where payouts go, for example acct_1A2b3C.";
pub const BAD_ACCOUNT: &str = "an account's id such as acct_1A2b3C is needed";
pub const JOIN: &str = "Add to a campaign";
pub const IN_ALL: &str = "Every open campaign has been joined already.";
pub const PRIMARY: &str = "primary";
pub const PERCENT_HINT: &str = "Instead of the campaign's, for example 25 or 12.5. Left empty, the campaign's applies. What was sold before stays as it is.";
pub const RECRUITER: &str = "Recruiter";
pub const RECRUITER_HINT: &str = "The referral code of the affiliate who recruited this one. Nobody recruits himself, and no two recruit each other.";
pub const NO_CAMPAIGN: &str = "None yet";
pub const OWN: &str = "own commission";
pub const CHANGE: &str = "Change";
pub const BALANCES: &str = "Balances";
pub const PENDING: &str = "Pending";
pub const PAYABLE: &str = "Payable";
pub const PAID: &str = "Paid";
pub const DEBT: &str = "Debt";
pub const BALANCES_HINT: &str = "Pending is in its refund hold, or money may still go back of it. Payable goes into the next payout. A debt was paid out and then taken back; later payouts settle it first.";
pub const NO_BALANCE: &str = "Nothing was earned yet.";
pub const SALES: &str = "Newest sales";
pub const ALL_SALES: &str = "All sales";
pub const NO_SALES: &str = "No sales yet. They show up here once somebody buys with a coupon or through the referral code.";
pub const COMMISSION: &str = "Commission";
pub const LEDGER: &str = "Ledger";
pub const LEDGER_CAPTION: &str = "Entries on the account, newest first";
pub const NO_ENTRIES: &str = "Nothing has been earned yet. Every amount that is earned, taken back or paid out is written here.";
pub const ENTRY: &str = "Entry";
pub const REASON: &str = "Reason";

/// What leads from one status to another.
pub fn verb(from: AffiliateStatus, to: AffiliateStatus) -> &'static str {
    match (from, to) {
        (AffiliateStatus::Paused, AffiliateStatus::Active) => "Resume",
        (AffiliateStatus::Blocked, AffiliateStatus::Active) => "Unblock",
        (_, AffiliateStatus::Active) => "Restore",
        (_, AffiliateStatus::Paused) => "Pause",
        (_, AffiliateStatus::Blocked) => "Block",
        (_, AffiliateStatus::Removed) => "Remove",
    }
}

/// What happens to who gets this status.
pub fn means(status: AffiliateStatus) -> &'static str {
    match status {
        AffiliateStatus::Active => {
            "New sales, leads and clicks are credited again; those that came meanwhile stay nobody's."
        }
        AffiliateStatus::Paused => {
            "No new credit until this is resumed, renewals of his customers included: links still lead to the shop but count no clicks, and what was earned before is approved and paid as usual."
        }
        AffiliateStatus::Blocked => {
            "No new credit, renewals of his customers included: links still lead to the shop but count no clicks; what was earned before stays, and pending sales can be denied one by one."
        }
        AffiliateStatus::Removed => {
            "No new credit, and the list hides this affiliate; sales, balance and ledger stay, and this can be restored."
        }
    }
}

/// What it is to have this status.
pub fn is(status: AffiliateStatus) -> &'static str {
    match status {
        AffiliateStatus::Active => "New sales, leads and clicks are credited.",
        AffiliateStatus::Paused => "Paused: nothing new is credited, what was earned before stays.",
        AffiliateStatus::Blocked => {
            "Blocked: nothing new is credited, what was earned before stays unless it is denied."
        }
        AffiliateStatus::Removed => {
            "Removed: nothing new is credited and the list hides this affiliate; what was earned before stays."
        }
    }
}

/// The name of the balances of one currency.
pub fn balance_in(currency: &str) -> String {
    format!("Balance in {currency}")
}

/// What is asked for when an affiliate has a commission in more than one campaign.
pub fn percent_in(campaign: &str) -> String {
    format!("In {campaign}")
}

/// An amount with its sign: `+$9.80`.
pub fn signed(amount: Money) -> String {
    let sign = if amount.minor > 0 { "+" } else { "" };
    format!("{sign}{amount}")
}

/// Amounts of different currencies side by side.
pub fn amounts(amounts: impl IntoIterator<Item = Money>) -> String {
    let amounts: Vec<String> = amounts.into_iter().map(|money| money.to_string()).collect();
    amounts.join(" + ")
}

/// What is owed: `owes $4.90`.
pub fn owes(amount: &str) -> String {
    format!("owes {amount}")
}
