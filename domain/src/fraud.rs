//! Suspicions (domain rules, section 9): which rules look at a campaign's sales, and from when on they ask a person.

use serde::{Deserialize, Serialize};

/// The most clicks of a day that a campaign can allow before it asks.
pub const MAX_FLAG_CLICKS: u32 = 1_000_000;

/// The greatest share of clicks that a campaign can let become sales before it asks, in percent. More than
/// 100: one click may bring several sales.
pub const MAX_FLAG_PERCENT: u16 = 1_000;

/// Which suspicions hold a campaign's sales until a person has looked. `None`: the rule is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlagRules {
    /// Is a sale flagged whose payer is the affiliate?
    pub self_referral: bool,
    /// Is a sale flagged whose payer gave a disposable e-mail address?
    pub suspicious_activity: bool,
    /// From how many clicks on, through the affiliate's links on one UTC day, a sale that they brought is
    /// flagged; 1 to [`MAX_FLAG_CLICKS`].
    pub clicks_per_day: Option<u32>,
    /// From what share of an affiliate's clicks on that became sales, in percent, a sale that they brought is
    /// flagged; 1 to [`MAX_FLAG_PERCENT`].
    pub conversion_percent: Option<u16>,
    /// From what amount on every sale is looked at, in minor units of the campaign's currency; at least 1.
    pub review_from_minor: Option<i64>,
}

impl Default for FlagRules {
    /// What can hardly be innocent, and numbers that few honest affiliates reach.
    fn default() -> Self {
        Self {
            self_referral: true,
            suspicious_activity: true,
            clicks_per_day: Some(10_000),
            conversion_percent: Some(50),
            review_from_minor: None,
        }
    }
}
