//! One sale and its story, decisions about sales, and a sale entered by hand.

use domain::{
    conversion::{Conversion, ConversionType, Source},
    money::Money,
    refund::BackKind,
};

pub const TITLE: &str = "Sale";
pub const ALL: &str = "All sales";
pub const COMPUTED: &str = "How it was computed";
pub const WHY: &str = "Why this affiliate";
pub const WENT_BACK: &str = "Money back and disputes";
pub const HAPPENED: &str = "What happened";
pub const LEDGER: &str = "Ledger";
pub const LEDGER_CAPTION: &str = "Entries on the affiliate's account";
pub const WHEN: &str = "When";
pub const ENTRY: &str = "Entry";
pub const AMOUNT: &str = "Amount";
pub const SUM: &str = "Sum";
pub const NO_ENTRY: &str = "Nothing was earned, so nothing was written.";
pub const IDS: &str = "Identifiers";
pub const EVENT: &str = "Event";
pub const SERVER: &str = "Tributary";
pub const RECRUITER: &str = "Recruiter";
pub const INVOICE: &str = "Invoice";
pub const SUBSCRIPTION: &str = "Subscription";
pub const CUSTOMER: &str = "Customer";
pub const PAYMENT: &str = "Payment";
pub const CHARGE: &str = "Charge";
pub const SESSION: &str = "Checkout";
pub const OWN_ID: &str = "Sale";

pub const DECIDE: &str = "Decide";
pub const APPROVE: &str = "Approve";
pub const APPROVE_EARLY: &str = "Approve early";
pub const DENY: &str = "Deny";
pub const RESTORE: &str = "Restore";
pub const RESTORE_HINT: &str = "Takes the denial back; the hold goes on where it was.";
pub const REASON: &str = "Reason";
pub const DENY_HINT: &str = "Kept with the sale. Nothing is due any more; you can restore it.";
pub const EARLY_HINT: &str = "Kept with the sale. It is payable at once, before its hold ends and in spite of a warning or of a refund whose amount is not known.";

pub const SELECTED: &str = "selected";
pub const SELECT_ALL: &str = "All on this page";
pub const SELECTION: &str = "Selected sales";

pub const ADD: &str = "Add a sale";
pub const ADD_HINT: &str =
    "For a sale that no processor and no server tells of. It earns what the affiliate's plan says.";
pub const AFFILIATE: &str = "Affiliate";
pub const AFFILIATE_HINT: &str = "The referral code; type a few letters of it or of the name.";
pub const NO_AFFILIATE: &str = "there is no affiliate with this referral code";
pub const CAMPAIGN: &str = "Campaign";
pub const OWN_CAMPAIGN: &str = "The affiliate's primary one";
pub const PAID: &str = "Amount paid";
pub const PAID_HINT: &str = "Without tax: all of it earns.";
pub const CURRENCY: &str = "Currency";
pub const EMAIL: &str = "Customer's e-mail";
pub const EXTERNAL_ID: &str = "External id";
pub const EXTERNAL_ID_HINT: &str =
    "The invoice or order number. The same id again is the same sale, for ever.";

/// The external id of a sale that is there.
pub fn already(affiliate: &str) -> String {
    format!("this id is already the sale of {affiliate}; nothing was added")
}

pub const NOT_AN_ID: &str = "1 to 255 bytes without control characters are needed";
pub const PAID_ON: &str = "Paid on";
pub const PAID_ON_HINT: &str = "Left empty, it was paid now. Days begin at midnight UTC.";
pub const NOT_A_DAY: &str = "a day such as 2026-11-20 is needed, not in the future";
pub const NOTE: &str = "Note";
pub const NOTE_HINT: &str = "Why it is entered by hand; kept with the sale.";

/// The name of a row's box to tick.
pub fn select(affiliate: &str, amount: &str) -> String {
    format!("Select {amount} by {affiliate}")
}

/// What a row's link says beside the date.
pub fn open(affiliate: &str, amount: &str) -> String {
    format!(": {amount} by {affiliate}")
}

/// `$9.80 to Sarah Lind`.
pub fn headline(commission: Money, affiliate: &str) -> String {
    format!("{commission} to {affiliate}")
}

/// What it was earned by: `for a first payment of $53.90 by ann@example.com`.
pub fn earned_by(of: &Conversion, payer: Option<&str>) -> String {
    let amount = of.amount;
    let what = match of.kind {
        ConversionType::Lead if of.source == Source::Click => {
            "for the clicks of an hour".to_owned()
        }
        ConversionType::Sale => format!("for a first payment of {amount}"),
        ConversionType::Recurring => format!("for a later payment of {amount}"),
        ConversionType::Lead => "for a signup".to_owned(),
    };
    match payer {
        Some(payer) => format!("{what} by {payer}"),
        None => what,
    }
}

/// Where a recruiter's share comes from: `as the recruiter of Sarah Lind`.
pub fn as_recruiter(affiliate: &str) -> String {
    format!("as the recruiter of {affiliate}")
}

/// What the recruiter gets: `$0.98 to Rita`, beside a word for who she is.
pub fn share(commission: Money, recruiter: &str) -> String {
    format!("{recruiter}, {commission}")
}

/// A refund that says nothing about how much of the sale went back.
pub const NOT_COUNTED: &str = "not counted: it is in another currency than the sale";

/// What kind of money back; what another platform knew of comes from the file that was imported.
pub fn back(kind: BackKind, is_imported: bool) -> &'static str {
    match kind {
        BackKind::ChargeTotal if is_imported => "Refund, told by the imported file,",
        BackKind::Refund => "Refund",
        BackKind::Dispute => "Dispute",
        BackKind::ChargeTotal => "Refunded on the charge",
        BackKind::Warning => "Dispute warning",
        BackKind::DisputeReversal => "Dispute reversal",
        BackKind::WarningReversal => "Warning taken back",
    }
}

/// The visit that brought the customer: which page, and from where.
pub fn came(page: Option<&str>, referrer: Option<&str>) -> String {
    let page = page.map_or_else(String::new, |page| format!(" to {page}"));
    let from = referrer.map_or_else(String::new, |referrer| format!(", from {referrer}"));
    format!("Came through the affiliate's link{page}{from}")
}

/// Its making, and what it earned then.
pub fn recorded(accrued: Option<Money>) -> String {
    match accrued {
        Some(amount) => format!("Recorded, {amount} accrued"),
        None => "Recorded".to_owned(),
    }
}

/// A payout took it; how much it was of it.
pub fn taken(amount: Money) -> String {
    format!("Taken into a payout with {amount}")
}

/// Its payout was not paid: why, as far as is known.
pub fn payout_failed(reason: Option<&str>) -> String {
    match reason {
        Some(reason) => format!("Its payout failed: {reason}"),
        None => "Its payout failed".to_owned(),
    }
}

/// Its payout is being paid.
pub const PAYOUT_BEGAN: &str = "Its payout is being paid";

/// How many can be decided about at once.
pub fn so_many(most: usize) -> String {
    format!("pick 1 to {most} sales")
}

/// Why a selection was refused: how many of it are in the way.
pub fn in_the_way(refused: usize, of: usize, reasons: &str) -> String {
    format!("nothing was changed, because of {refused} of these {of} sales: {reasons}")
}

/// What was done by a program.
pub fn key(name: &str) -> String {
    format!("API key {name}")
}
