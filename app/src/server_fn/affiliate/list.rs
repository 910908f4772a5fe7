//! The list of affiliates: a page of it, found by what is typed and by status.

use std::collections::HashMap;

use domain::{
    affiliate::{Affiliate, AffiliateStatus},
    campaign::{Campaign, CampaignStatus},
    id::{AffiliateId, CampaignId},
    ledger::Balance,
    money::{Currency, Money},
};
use leptos::prelude::*;
use leptos_router::location::Url;
use store::{
    affiliate::{AffiliateCursor, AffiliateFilter, AffiliatePage, Start},
    ledger::Standing,
};

use super::{AddAffiliate, AppError};
use crate::{
    part::{
        affiliates::{Told, told},
        fields::Refused,
    },
    query::AFFILIATES_PATH,
    request::Caller,
    server_fn::{Choice, Written},
    text::{self, sales::bad_filter},
};

/// How many affiliates a page lists.
const PAGE: i64 = 50;

/// One affiliate of a list.
pub(crate) struct AffiliateRow {
    pub(crate) id: AffiliateId,
    pub(crate) name: String,
    pub(crate) email: String,
    /// The referral code.
    pub(crate) slug: String,
    /// Whether new credit is given.
    pub(crate) status: AffiliateStatus,
    /// The campaigns joined, with the commission of one's own.
    pub(crate) campaigns: Vec<(String, Option<String>)>,
    /// The coupon codes.
    pub(crate) coupons: Vec<String>,
    pub(crate) clicks: i64,
    /// Sales and recurring payments; neither denied ones nor shares of others' sales.
    pub(crate) sales: i64,
    /// All commission due, by currency side by side.
    pub(crate) earned: String,
    /// What is held.
    pub(crate) pending: String,
    /// What can be paid out.
    pub(crate) payable: String,
    /// What was paid out and taken back.
    pub(crate) debt: String,
}

/// What the address asks for.
pub(super) struct Asked {
    typed: String,
    status: Option<AffiliateStatus>,
}

impl Asked {
    /// From what the address says of the text and of the status.
    pub(super) fn read(typed: String, status: &str) -> Result<Self, AppError> {
        let bad = || AppError::invalid("", bad_filter("status"));
        let status = Some(status).filter(|word| !word.is_empty());
        let status = status.map(|word| AffiliateStatus::parse(word).ok_or_else(bad));
        Ok(Self {
            typed,
            status: status.transpose()?,
        })
    }

    fn filter(&self) -> AffiliateFilter {
        AffiliateFilter {
            campaign_id: None,
            status: self.status,
            without_removed: self.status.is_none(),
            typed: self.typed.clone(),
        }
    }

    /// The address of the page, at a place of its list.
    fn href(&self, cursor: Option<String>) -> String {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let parameters = [
            ("q", given(&self.typed)),
            ("status", self.status.map(|word| word.as_str().to_owned())),
            ("cursor", cursor),
        ];
        let pairs: Vec<String> = parameters
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", Url::escape(&value?))))
            .collect();
        if pairs.is_empty() {
            return AFFILIATES_PATH.to_owned();
        }
        format!("{AFFILIATES_PATH}?{}", pairs.join("&"))
    }
}

impl Caller {
    pub(super) async fn affiliates_page(
        &self,
        asked: &Asked,
        cursor: &str,
        (add, added): (&str, String),
    ) -> Result<Written, AppError> {
        let organization = self.organization();
        let filter = asked.filter();
        let start = self.start(&filter, cursor)?;
        let page = self.store.affiliates(organization, &filter, start, PAGE);
        let page = page.await?;
        let steps = self.ways(asked, &page);
        let is_empty = page.affiliates.is_empty();
        let campaigns = self.store.campaigns(organization).await?;
        let may_edit = self.viewer.role.may_manage();
        let is_open = may_edit && !add.is_empty();
        let page = Told {
            rows: self.affiliate_rows(page.affiliates, &campaigns).await?,
            campaigns: open_ones(&campaigns),
            typed: asked.typed.clone(),
            status: asked.status,
            any_removed: is_empty && self.any_removed().await?,
            steps,
            added,
            open: is_open.then(Refused::of::<AddAffiliate>),
            may_edit,
        };
        Ok(Written {
            html: told(&page).to_html(),
        })
    }

    async fn any_removed(&self) -> Result<bool, AppError> {
        let removed = AffiliateFilter {
            status: Some(AffiliateStatus::Removed),
            ..AffiliateFilter::default()
        };
        let organization = self.organization();
        let start = Start::Offset(0);
        let page = self.store.affiliates(organization, &removed, start, 1);
        Ok(!page.await?.affiliates.is_empty())
    }

    fn start(&self, filter: &AffiliateFilter, cursor: &str) -> Result<Start, AppError> {
        if cursor.is_empty() {
            return Ok(Start::Offset(0));
        }
        let organization = self.organization();
        let opened = self
            .store
            .open_affiliate_cursor(organization, filter, cursor);
        let bad = |_| AppError::invalid("", bad_filter("cursor"));
        opened.map(Start::Beside).map_err(bad)
    }

    /// Where the newest, newer and older ones are.
    fn ways(&self, asked: &Asked, page: &AffiliatePage) -> [Option<String>; 3] {
        let filter = asked.filter();
        let place = |cursor: AffiliateCursor| {
            let organization = self.organization();
            let sealed = self
                .store
                .seal_affiliate_cursor(organization, &filter, cursor);
            asked.href(Some(sealed))
        };
        let newest = page.newer.map(|_| asked.href(None));
        [newest, page.newer.map(place), page.older.map(place)]
    }

    /// Affiliates with what they have brought and what they have: asked for side by side.
    async fn affiliate_rows(
        &self,
        affiliates: Vec<Affiliate>,
        campaigns: &[Campaign],
    ) -> Result<Vec<AffiliateRow>, AppError> {
        let names: HashMap<_, _> = campaigns
            .iter()
            .map(|c| (c.id, (c.name.to_string(), c.terms.currency)))
            .collect();
        let organization = self.organization();
        let ids: Vec<AffiliateId> = affiliates.iter().map(|one| one.id).collect();
        let (standings, coupons) = futures::join!(
            self.store.standings(organization, &ids),
            self.store.coupon_codes(organization, &ids)
        );
        let (mut standings, mut coupons) = (standings?, coupons?);
        let row = |affiliate: Affiliate| {
            let standing = standings.remove(&affiliate.id).unwrap_or_default();
            let coupons = coupons.remove(&affiliate.id).unwrap_or_default();
            row(affiliate, &standing, coupons, &names)
        };
        Ok(affiliates.into_iter().map(row).collect())
    }
}

fn row(
    affiliate: Affiliate,
    standing: &Standing,
    coupons: Vec<String>,
    names: &HashMap<CampaignId, (String, Currency)>,
) -> AffiliateRow {
    let joined = affiliate.enrollments.iter().filter_map(|enrollment| {
        let (name, currency) = names.get(&enrollment.campaign_id)?;
        let own = enrollment.plan.map(|plan| text::rate(plan.rate, *currency));
        Some((name.clone(), own))
    });
    let [pending, payable, debt] = amounts(&standing.balances);
    let earned = standing.earned.iter().copied();
    AffiliateRow {
        id: affiliate.id,
        campaigns: joined.collect(),
        coupons,
        clicks: standing.clicks,
        sales: standing.sales,
        earned: text::affiliate::amounts(earned.filter(|money| money.minor != 0)),
        pending,
        payable,
        debt,
        name: affiliate.name.into(),
        email: affiliate.email.into(),
        slug: affiliate.slug.into(),
        status: affiliate.status,
    }
}

/// Those that can be joined.
fn open_ones(campaigns: &[Campaign]) -> Vec<Choice> {
    let open = campaigns
        .iter()
        .filter(|campaign| campaign.status == CampaignStatus::Active);
    open.map(|c| Choice::new(&c.id.to_string(), c.name.as_str()))
        .collect()
}

/// What is pending, payable and owed, of all currencies in which there is something.
fn amounts(balances: &[Balance]) -> [String; 3] {
    let told = |part: fn(&Balance) -> i64| {
        let some = balances.iter().filter(|balance| part(balance) != 0);
        text::affiliate::amounts(some.map(|one| Money::new(part(one), one.currency)))
    };
    [
        told(|balance| balance.pending_minor),
        told(|balance| balance.approved_minor),
        told(|balance| balance.debt_minor),
    ]
}
