//! The audit log.

pub const CAPTION: &str = "Changes, newest first";
pub const FILTERS: &str = "Filters";
pub const WHEN: &str = "When";
pub const WHO: &str = "Who";
pub const WHAT: &str = "What";
pub const DETAIL: &str = "Detail";
pub const KIND: &str = "About";
pub const EVERYBODY: &str = "Everybody";
pub const EVERYTHING: &str = "Everything";
pub const EVENTS: &str = "Processors' events";
pub const SYSTEM: &str = "Tributary itself";
pub const AN_EVENT: &str = "A processor's event";
pub const NOTHING_FITS: &str = "No change fits these filters";
pub const NOTHING_FITS_HINT: &str = "Loosen or clear them to see more.";

/// What the log calls things, and what people call them, in the order of the filter.
pub const SUBJECTS: [(&str, &str); 20] = [
    ("conversion", "Sale"),
    ("affiliate", "Affiliate"),
    ("campaign", "Campaign"),
    ("coupon", "Coupon"),
    ("payout", "Payout"),
    ("payout_batch", "Payout run"),
    ("flag", "Flag"),
    ("import", "Import"),
    ("connection", "Connection"),
    ("event", "Event"),
    ("fx_rate", "Exchange rate"),
    ("organization", "Organization"),
    ("member", "Member"),
    ("invitation", "Invitation"),
    ("person", "Account"),
    ("session", "Session"),
    ("api_key", "API key"),
    ("webhook_endpoint", "Webhook"),
    ("webhook_delivery", "Webhook delivery"),
    ("s2s_secret", "Secret for signed calls"),
];

/// What people call a thing of this kind.
pub fn subject(kind: &str) -> String {
    let known = SUBJECTS.iter().find(|(word, _)| *word == kind);
    match known {
        Some((_, name)) => (*name).to_owned(),
        None => kind.replace('_', " "),
    }
}

/// `Affiliate changed`.
pub fn done(kind: &str, action: &str) -> String {
    format!("{} {action}", subject(kind))
}
