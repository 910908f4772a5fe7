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
