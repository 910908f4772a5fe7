//! The terms affiliates earn under. The management API calls a campaign a program.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    cap::Caps,
    commission::Plan,
    fraud::FlagRules,
    id::CampaignId,
    money::Currency,
    rate::BasisPoints,
    site::{Site, open_address},
    slug::Slug,
    text::{Description, Name},
    words::words,
};

words! {
    /// Which click counts when there are several.
    AttributionModel {
        /// The newest.
        LastTouch = "last_touch" / "Last touch",
        /// The oldest.
        FirstTouch = "first_touch" / "First touch",
    }
}

words! {
    /// Whether a campaign gives new credit.
    CampaignStatus {
        /// Earns.
        Active = "active" / "Active",
        /// Closed to new customers; running subscriptions go on.
        Archived = "archived" / "Archived",
    }
}

/// A campaign with its terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// Which campaign.
    pub id: CampaignId,
    /// Shown in lists.
    pub name: Name,
    /// Its short name in links, unique in the organization.
    pub slug: Slug,
    /// Whether new credit is given.
    pub status: CampaignStatus,
    /// Everything an owner can set.
    pub terms: Terms,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Campaign {
    /// Does a click earn something?
    pub fn pays_per_click(&self) -> bool {
        self.status == CampaignStatus::Active && self.terms.click_commission_minor > 0
    }
}

/// How many further hosts a campaign can have.
pub const MAX_SITES: usize = 20;

/// The longest time a click counts, in days.
pub const MAX_COOKIE_DAYS: u16 = 365;

/// What an owner can set about a campaign. Changing it changes nothing that was credited before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// What it is for.
    pub description: Option<Description>,
    /// Commissions are in this currency.
    pub currency: Currency,
    /// What a sale earns.
    pub plan: Plan,
    /// Days from payment to approval, 0 to 365.
    pub hold_days: u16,
    /// Days a click counts, 1 to [`MAX_COOKIE_DAYS`].
    pub cookie_days: u16,
    /// Which click counts when there are several.
    pub attribution_model: AttributionModel,
    /// Does an affiliate's coupon beat another affiliate's click?
    pub coupons_override_clicks: bool,
    /// What a recruiter gets of the commission of those he recruited.
    pub override_share: BasisPoints,
    /// Does cancelling a subscription inside the hold take its pending commissions back?
    pub refund_on_cancel: bool,
    /// What a lead earns, in minor units of `currency`; 0: nothing.
    pub lead_commission_minor: i64,
    /// What a qualifying click earns, in minor units of `currency`; 0: nothing.
    pub click_commission_minor: i64,
    /// How many leads of an affiliate are paid for; those beyond earn nothing.
    pub lead_caps: Caps,
    /// How many clicks of an affiliate are paid for; those beyond earn nothing.
    pub click_caps: Caps,
    /// The smallest payout, in minor units of `currency`.
    pub payout_threshold_minor: i64,
    /// Must a visitor agree before a click is kept?
    pub tracking_requires_consent: bool,
    /// The merchant's site.
    pub website: Option<String>,
    /// Where links lead.
    pub landing_page_url: Option<String>,
    /// Further hosts that are the merchant's, at most [`MAX_SITES`].
    pub sites: Vec<Site>,
    /// Which suspicions hold sales until a person has looked.
    pub flags: FlagRules,
}

impl Terms {
    /// The terms of a campaign about which only currency and plan are known: 30 days hold, 60 days
    /// cookie, last touch, coupons win, payouts from 50.00.
    pub fn new(currency: Currency, plan: Plan) -> Self {
        Self {
            description: None,
            currency,
            plan,
            hold_days: 30,
            cookie_days: 60,
            attribution_model: AttributionModel::LastTouch,
            coupons_override_clicks: true,
            override_share: BasisPoints::default(),
            refund_on_cancel: true,
            lead_commission_minor: 0,
            click_commission_minor: 0,
            lead_caps: Caps::default(),
            click_caps: Caps::default(),
            payout_threshold_minor: 50 * 10_i64.pow(currency.exponent()),
            tracking_requires_consent: false,
            website: None,
            landing_page_url: None,
            sites: Vec::new(),
            flags: FlagRules::default(),
        }
    }

    /// Where links lead when they name no page.
    pub fn landing(&self) -> Option<Url> {
        let pages = [&self.landing_page_url, &self.website];
        pages
            .into_iter()
            .flatten()
            .find_map(|page| open_address(page))
    }

    /// The landing page's site, where the campaign names others and that is none of them: it becomes one by being the
    /// landing page's.
    pub fn added_by_landing(&self) -> Option<Site> {
        let landing = self.landing_page_url.as_deref()?;
        let landing = Site::parse(landing).ok()?.listed();
        let website = self.website.as_deref();
        let website = website.and_then(|page| Site::parse(page).ok());
        let mut named = website
            .iter()
            .chain(&self.sites)
            .cloned()
            .map(Site::listed)
            .peekable();
        let is_added = named.peek().is_some() && !named.any(|site| landing.is_within(&site));
        is_added.then_some(landing)
    }

    /// The sites whose pages are the campaign's, each once. Their subdomains are too.
    pub fn all_sites(&self) -> Vec<Site> {
        let pages = [&self.website, &self.landing_page_url];
        let pages = pages.into_iter().flatten();
        let own = pages.filter_map(|page| Site::parse(page).ok());
        let all: BTreeSet<Site> = own
            .chain(self.sites.iter().cloned())
            .map(Site::listed)
            .collect();
        all.into_iter().collect()
    }
}
