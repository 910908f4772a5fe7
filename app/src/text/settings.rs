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
