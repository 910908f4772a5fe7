//! Keys to the API.

use domain::scope::Scope;

pub const CAPTION: &str = "API keys that work";
pub const ADD: &str = "Add a key";
pub const ADD_NOW: &str = "Make the key";
pub const NAME: &str = "Name";
pub const NAME_HINT: &str = "What uses it: your shop, a report, an integration.";
pub const LAST_DAY: &str = "Last day";
pub const LAST_DAY_HINT: &str =
    "It works up to the end of it (UTC). Left empty, it works until it is revoked.";
pub const SCOPES: &str = "What it may do";
pub const SCOPES_HINT: &str = "Tick no more than it needs.";
pub const SCOPES_ERROR: &str = "tick at least one thing that it may do";
pub const UNKNOWN_SCOPE: &str = "one of the boxes is not known here: reload the page and try again";
pub const PAST: &str = "that day is over, so the key would never work: choose a later one, or none";
pub const KEY: &str = "API key";
pub const CREATED: &str = "Made";
pub const LAST_USED: &str = "Last used";
pub const NOT_USED: &str = "Not yet";
pub const NEVER: &str = "Never ends";
pub const EXPIRED: &str = "Expired";
pub const ONCE: &str = "Copy it now and keep it like a password: only its hash is kept here, so it is not shown again.";
pub const REVOKE: &str = "Revoke";
pub const REVOKE_NOW: &str = "Revoke this key";
pub const REVOKE_HINT: &str = "Whatever uses it is refused at once. It can't be undone.";
pub const REVOKED: &str = "Revoked.";
pub const EMPTY: &str = "No API keys yet";
pub const EMPTY_HINT: &str =
    "A key lets your own programs record sales and read everything that this dashboard shows.";
pub const ALL: &str = "Everything";

/// What a scope lets a key do.
pub fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::ConversionsRead => "Read sales and leads",
        Scope::ConversionsWrite => "Record, approve and deny them",
        Scope::StatsRead => "Read totals and reports",
        Scope::ProgramsRead => "Read campaigns and coupons",
        Scope::ProgramsWrite => "Add and change them",
        Scope::AffiliatesRead => "Read affiliates and balances",
        Scope::AffiliatesManage => "Add, change and block them",
        Scope::PayoutsRead => "Read payouts",
        Scope::PayoutsWrite => "Make and settle them",
        Scope::FlagsRead => "Read flags",
        Scope::FlagsWrite => "Resolve them",
        Scope::WebhooksRead => "Read outgoing webhooks",
        Scope::WebhooksWrite => "Add, change and remove them",
        Scope::MerchantRead => "Read settings and connections",
        Scope::MerchantManage => "Change them, make keys and secrets",
        Scope::EventsRead => "Read processors' events",
        Scope::EventsWrite => "Replay them",
    }
}

/// What the scopes of one resource are about, by the word they begin with.
pub fn resource(word: &str) -> &str {
    match word {
        "conversions" => "Sales",
        "stats" => "Reports",
        "programs" => "Campaigns",
        "affiliates" => "Affiliates",
        "payouts" => "Payouts",
        "flags" => "Flags",
        "webhooks" => "Webhooks",
        "merchant" => "Settings",
        "events" => "Events",
        other => other,
    }
}
