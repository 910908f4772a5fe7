//! Settings: what is said of the organization as a whole.

pub const TITLE: &str = "Settings";
pub const GENERAL: &str = "General";
pub const MEMBERS: &str = "Members";
pub const API_KEYS: &str = "API keys";
pub const AUDIT: &str = "Audit log";
pub const ACCOUNT: &str = "Your account";

pub const ORGANIZATION: &str = "Organization";
pub const ORGANIZATION_HINT: &str = "Who sells. The id goes into calls that are signed instead of carrying a key, and into the snippet of sites that several organizations share.";
pub const NAME: &str = "Name";
pub const NAME_HINT: &str = "Your company or product, as your affiliates know it.";
pub const TIME_ZONE: &str = "Time zone";
pub const TIME_ZONE_HINT: &str =
    "Where your people are, for example Europe/Berlin. Reports and filters go by UTC days.";
pub const SAVE: &str = "Save";
pub const SAVED: &str = "Saved.";
pub const DEFAULTS: &str = "New campaigns";
pub const DEFAULTS_HINT: &str = "What a campaign starts with. Campaigns that are there stay as they are; each has terms of its own.";
pub const THRESHOLD_HINT: &str = "In units of the campaign's currency: 50 is $50 or ¥50. Less than that is carried over to the next payout.";
pub const NEED_THRESHOLD: &str = "an amount from 0 to 10,000,000,000 such as 50.00 is needed";
pub const ID: &str = "Organization id";

pub const S2S: &str = "Signed calls";
pub const S2S_HINT: &str = "Your server can sign its calls with a secret instead of carrying an API key: X-Tributary-Signature and X-Tributary-Organization.";
pub const S2S_NEW: &str = "Make a new secret";
pub const S2S_OVERLAP: &str =
    "The one before stays valid for 24 hours, so that your servers can change over.";
pub const S2S_SECRET: &str = "Secret for signed calls";
pub const S2S_ONCE: &str = "Copy it now: it is kept sealed and not shown again.";
pub const ONLY_ADMINS: &str = "Only owners and admins can change this.";

/// How many secrets work.
pub fn s2s_count(valid: usize) -> String {
    match valid {
        0 => "There is no secret yet: signed calls are refused.".to_owned(),
        1 => "One secret is valid.".to_owned(),
        more => format!("{more} secrets are valid; those before the newest end within 24 hours."),
    }
}
