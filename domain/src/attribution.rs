//! Who earned it: the first rule that answers wins (domain rules, section 4).
//!
//! [`decide`] is the whole rule book. It gets everything that is known about a payment or signup as
//! a [`Case`] and the organization's affiliates, campaigns and coupons as a [`Book`], and returns the
//! credit, if any, together with the trail: what answered, on what evidence, what was passed over.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    affiliate::Affiliate,
    campaign::Campaign,
    click::Click,
    conversion::Source,
    coupon::Coupon,
    fact::Clue,
    id::{AffiliateId, CampaignId, ClickId, ConversionId},
    slug::Slug,
    words::words,
};

use self::judge::Judge;

mod judge;
#[cfg(test)]
mod tests;

words! {
    /// What a step of the trail came to.
    Verdict {
        /// This rule answered.
        Answered = "answered" / "Answered",
        /// Looked at and passed over.
        PassedOver = "passed_over" / "Passed over",
        /// What became known later, and what it changed.
        Revised = "revised" / "Revised",
        /// The campaign's cap on paid clicks or leads left some out.
        Capped = "capped" / "Capped",
    }
}

/// One step of a decision, readable as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrailStep {
    /// What it came to.
    pub verdict: Verdict,
    /// In words: "Coupon SARAH20 belongs to Sarah Lind".
    pub text: String,
}

/// How far a clue about a *customer* reaches back, compared by when things happened at the
/// processor. The events of one checkout come within minutes of each other; a referral must not
/// claim what the customer had bought long before.
pub const CUSTOMER_REACH_BACK: Duration = Duration::hours(1);

/// An earlier credit of the same subscription or customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastCredit {
    /// The conversion that was credited.
    pub conversion_id: ConversionId,
    /// To whom.
    pub affiliate_id: AffiliateId,
    /// Under which campaign.
    pub campaign_id: CampaignId,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// What it was, in words: "lead", "sale in_1".
    pub what: String,
    /// The click that brought it.
    pub click_id: Option<ClickId>,
}

/// Everything known about one payment or signup.
#[derive(Clone, Debug)]
pub struct Case {
    /// When it was paid.
    pub occurred_at: DateTime<Utc>,
    /// The subscription and its first credit, when there is one (rule 0).
    pub owner: Option<(String, PastCredit)>,
    /// Everything that names an affiliate: on the payment, its session, its subscription, its customer.
    pub clues: Vec<Clue>,
    /// The same customer credited before (rule 4), by id.
    pub by_customer: Option<PastCredit>,
    /// The same customer credited before (rule 4), by e-mail.
    pub by_email: Option<PastCredit>,
    /// The campaign that the event names.
    pub named_campaign: Option<CampaignId>,
    /// The campaign of the connection it came through.
    pub connection_campaign: Option<CampaignId>,
    /// Did a server-to-server call bring it? Then an explicit referral's source is Server.
    pub server: bool,
}

/// What the rules may look up: the part of the organization that the case can refer to.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// By id.
    pub affiliates: HashMap<AffiliateId, Affiliate>,
    /// Referral codes.
    pub slugs: HashMap<Slug, AffiliateId>,
    /// All campaigns.
    pub campaigns: HashMap<CampaignId, Campaign>,
    /// Coupons by [`CouponCode::key`]. One that was removed only where no other has its code now.
    pub coupons: HashMap<String, Coupon>,
    /// Coupons by the processor's promotion code or discount id, in the same way.
    pub discounts: HashMap<String, Coupon>,
    /// The words behind a processor's promotion code id.
    pub promotion_codes: HashMap<String, String>,
    /// Recorded clicks by their token.
    pub clicks: HashMap<ClickId, Click>,
}

/// Who is credited, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    /// Who earned it.
    pub affiliate_id: AffiliateId,
    /// Under which terms.
    pub campaign_id: CampaignId,
    /// By which rule.
    pub source: Source,
    /// The affiliate's coupon, when there was one on the payment.
    pub coupon_code: Option<String>,
    /// The click that brought the customer, as far as is known.
    pub click_id: Option<ClickId>,
}

/// The outcome of [`decide`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Nobody: `None`; the trail says why.
    pub credit: Option<Credit>,
    /// The steps in the order they were taken.
    pub trail: Vec<TrailStep>,
}

/// Applies the rules in order; the first that answers wins.
pub fn decide(case: &Case, book: &Book) -> Decision {
    Judge::new(case, book).decide()
}
