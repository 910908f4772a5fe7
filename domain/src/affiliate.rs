//! Who earns.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    commission::Plan,
    email::Email,
    id::{AffiliateId, CampaignId},
    slug::Slug,
    text::Name,
    words::words,
};

words! {
    /// Whether an affiliate gets new credit.
    AffiliateStatus {
        /// Earns.
        Active = "active" / "Active",
        /// No new credit for a while; older conversions stay.
        Paused = "paused" / "Paused",
        /// Turned away; no new credit.
        Blocked = "blocked" / "Blocked",
        /// No longer in the program; no new credit.
        Removed = "removed" / "Removed",
    }
}

/// An affiliate with the campaigns he or she is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affiliate {
    /// Who.
    pub id: AffiliateId,
    /// Shown in lists.
    pub name: Name,
    /// To recognise self-referrals and to write to.
    pub email: Email,
    /// The referral code, unique in the organization.
    pub slug: Slug,
    /// Whether new credit is given.
    pub status: AffiliateStatus,
    /// One tier up: who recruited this affiliate.
    pub recruiter_id: Option<AffiliateId>,
    /// The Stripe account payouts go to.
    pub stripe_account_id: Option<String>,
    /// In the order of joining: the first is the primary campaign.
    pub enrollments: Vec<Enrollment>,
    /// When the affiliate was added.
    pub created_at: DateTime<Utc>,
}

/// An affiliate in a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrollment {
    /// The campaign.
    pub campaign_id: CampaignId,
    /// A commission of one's own, which beats the campaign's.
    pub plan: Option<Plan>,
}

/// The longest id of a Stripe account, in bytes.
const MAX_ACCOUNT: usize = 255;

/// Can this be the id of a Stripe account, such as `acct_1A2b3C`?
pub fn is_stripe_account(text: &str) -> bool {
    let rest = text.strip_prefix("acct_").unwrap_or_default();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !rest.is_empty() && text.len() <= MAX_ACCOUNT && rest.bytes().all(fits)
}

impl Affiliate {
    /// The first campaign the affiliate joined.
    pub fn primary_campaign(&self) -> Option<CampaignId> {
        self.enrollments
            .first()
            .map(|enrollment| enrollment.campaign_id)
    }

    /// The affiliate's place in a campaign.
    pub fn enrollment(&self, campaign_id: CampaignId) -> Option<&Enrollment> {
        self.enrollments
            .iter()
            .find(|enrollment| enrollment.campaign_id == campaign_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_of_stripe_begin_with_their_word() {
        for (text, is_one) in [
            ("acct_1A2b3C", true),
            ("acct_", false),
            ("cus_1", false),
            ("acct_ 1", false),
            ("acct_1-2", false),
            ("", false),
        ] {
            assert_eq!(is_stripe_account(text), is_one, "{text}");
        }
        assert!(!is_stripe_account(&format!("acct_{}", "a".repeat(251))));
    }
}
