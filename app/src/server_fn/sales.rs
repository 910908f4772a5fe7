//! The sales page: a page of rows with totals and counts, and what its filters offer.

use domain::{
    commission::Rate,
    conversion::{ConversionType, Source},
    id::ConversionId,
    lifecycle::Status,
    money::Money,
    sales::{ChipCounts, CurrencyTotals},
};
use leptos::prelude::*;
use leptos_router::location::Url;

use super::Choice;
use crate::{call::Question, error::AppError, moment::Millis, query::SalesQuery, wire::wire};

wire! {
    /// What the sales page shows.
    SalesPage {
        /// When this was answered.
        now: Millis,
        /// Newest first.
        rows: Vec<SaleRow>,
        /// Sums of everything the filter lets through.
        totals: Vec<CurrencyTotals>,
        /// Counts of everything the filter lets through, whatever chip is on.
        chips: ChipCounts,
        /// Where older rows are.
        older: Option<String>,
        /// Where newer rows are.
        newer: Option<String>,
        /// Only while there is no sale at all.
        first_steps: Option<String>,
        /// The affiliate of the filter, if there is such a one.
        affiliate: Option<Choice>,
        /// May the viewer decide about sales?
        may_edit: bool,
    }
}

wire! {
    /// One row.
    SaleRow {
        /// Which sale.
        id: ConversionId,
        /// When it was recorded.
        created_at: Millis,
        /// When the money was paid.
        occurred_at: Millis,
        /// Sale, recurring payment or lead.
        kind: ConversionType,
        /// How it was attributed.
        source: Source,
        /// The affiliate's coupon on it.
        coupon: Option<String>,
        /// Who earned it.
        affiliate: String,
        /// Under which terms.
        campaign: String,
        /// What was paid, and what became of it.
        paid: Paid,
        /// What is due; `None` while the day's rate is awaited.
        commission: Option<Money>,
        /// The rule it was computed by.
        rate: Rate,
        /// Where it stands.
        status: Status,
        /// Days until the refund window closes, while it is pending.
        held_days: Option<u16>,
        /// How the processor or the caller knows it.
        reference: Option<Reference>,
    }
}

wire! {
    /// What a customer paid.
    Paid {
        /// The amount; refunds are not taken off.
        amount: Money,
        /// What went back, in minor units of the amount's currency.
        refunded_minor: i64,
        /// The part that earns, in minor units of the amount's currency.
        base_minor: i64,
    }
}

wire! {
    /// An id of the processor's, with its place in the processor's dashboard.
    Reference {
        /// The id as it was given.
        id: String,
        /// Where the processor shows it.
        href: Option<String>,
    }
}

wire! {
    /// What the filters offer.
    #[derive(Default)]
    SalesChoices {
        /// Newest first, at most [`MAX_CHOICES`]; the others are found by typing.
        affiliates: Vec<Choice>,
        /// All campaigns.
        campaigns: Vec<Choice>,
    }
}

/// The most affiliates a filter offers before anything is typed.
pub const MAX_CHOICES: i64 = 200;

/// The most affiliates that are found at once.
pub const MAX_FOUND: i64 = 20;

impl SaleRow {
    /// What a reader would want to be told about when it changes.
    pub fn facts(&self) -> (Status, Option<Money>, &Paid) {
        (self.status, self.commission, &self.paid)
    }
}

/// A page of sales with its totals.
#[server(prefix = "/rpc", endpoint = "sales", input = server_fn::codec::GetUrl)]
pub async fn load_sales(query: SalesQuery) -> Result<SalesPage, AppError> {
    let caller = crate::request::reader()?;
    caller
        .sales_page(&query)
        .await
        .map_err(crate::request::refuse)
}

/// What the filters of the sales page offer.
#[server(prefix = "/rpc", endpoint = "sales_choices", input = server_fn::codec::GetUrl)]
pub async fn load_sales_choices() -> Result<SalesChoices, AppError> {
    let caller = crate::request::reader()?;
    caller.sales_choices().await.map_err(crate::request::refuse)
}

/// Affiliates with that text in their name, referral code or e-mail.
#[server(prefix = "/rpc", endpoint = "find_affiliates", input = server_fn::codec::GetUrl)]
pub async fn find_affiliates(typed: String) -> Result<Vec<Choice>, AppError> {
    let caller = crate::request::reader()?;
    let found = caller
        .store
        .find_affiliates(caller.organization(), &typed, MAX_FOUND)
        .await;
    let found = found.map_err(crate::request::refuse)?;
    Ok(found.into_iter().map(Choice::from).collect())
}

impl Question for LoadSalesChoices {}

impl Question for FindAffiliates {
    fn parameters(&self) -> String {
        format!("typed={}", Url::escape(&self.typed))
    }
}

impl Question for LoadSales {
    fn parameters(&self) -> String {
        format!("query={}", Url::escape(&self.query.to_string()))
    }
}

#[cfg(feature = "ssr")]
#[cfg(feature = "ssr")]
mod server {
    use chrono::{DateTime, Utc};
    use domain::{campaign::CampaignStatus, conversion::CommissionState, id::AffiliateId};
    use leptos::prelude::*;
    use store::{affiliate::Named, sales::Row};

    use super::{
        AppError, Choice, MAX_CHOICES, Paid, Reference, SaleRow, SalesChoices, SalesPage,
        SalesQuery, Status,
    };
    use crate::{
        outside::reference,
        part::first_steps::{FirstSteps, first_steps},
        query::{CAMPAIGNS_PATH, campaign_path},
        request::{Caller, public_url},
    };

    impl Caller {
        pub(super) async fn sales_page(&self, query: &SalesQuery) -> Result<SalesPage, AppError> {
            let (organization, filter, now) =
                (self.organization(), query.filter(), self.store.now());
            let cursor = query
                .cursor
                .as_deref()
                .map(|sealed| self.store.open_cursor(organization, &filter, sealed));
            let cursor = cursor.transpose().map_err(|_| {
                AppError::invalid("cursor", crate::text::sales::bad_filter("cursor"))
            })?;
            let (page, totals) = self
                .store
                .sales_view(organization, &filter, query.take, cursor)
                .await?;
            let seal = |cursor| self.store.seal_cursor(organization, &filter, &cursor);
            let nothing_yet = query.is_unfiltered() && totals.chips.all == 0;
            Ok(SalesPage {
                now: now.timestamp_millis(),
                rows: page
                    .rows
                    .into_iter()
                    .map(|row| sale_row(row, now))
                    .collect(),
                totals: totals.by_currency,
                chips: totals.chips,
                older: page.older.map(seal),
                newer: page.newer.map(seal),
                first_steps: if nothing_yet {
                    Some(self.first_steps().await?)
                } else {
                    None
                },
                affiliate: self.filtered_by(query.affiliate).await?,
                may_edit: self.viewer.role.may_manage(),
            })
        }

        async fn first_steps(&self) -> Result<String, AppError> {
            let organization = self.organization();
            let newest = self.store.newest_affiliates(organization, 1).await?;
            let campaigns = self.store.campaigns(organization).await?;
            let open = |one: &&domain::campaign::Campaign| one.status == CampaignStatus::Active;
            let snippet = campaigns.iter().find(open);
            let steps = FirstSteps {
                seen: self.store.is_loader_seen(organization).await?,
                snippet: snippet.map_or_else(
                    || CAMPAIGNS_PATH.to_owned(),
                    |campaign| format!("{}#snippet", campaign_path(campaign.id)),
                ),
                affiliate: newest.first().map(|affiliate| affiliate.slug.to_string()),
                connected: !self
                    .store
                    .connections(self.organization())
                    .await?
                    .is_empty(),
                public_url: public_url(),
            };
            Ok(first_steps(&steps).to_html())
        }

        pub(super) async fn sales_choices(&self) -> Result<SalesChoices, AppError> {
            let affiliates = self
                .store
                .newest_affiliates(self.organization(), MAX_CHOICES)
                .await?;
            let campaigns = self.store.campaigns(self.organization()).await?;
            let campaign = |c: domain::campaign::Campaign| Choice {
                id: c.id.to_string(),
                name: c.name.into(),
            };
            Ok(SalesChoices {
                affiliates: affiliates.into_iter().map(Choice::from).collect(),
                campaigns: campaigns.into_iter().map(campaign).collect(),
            })
        }

        /// The affiliate that the page is filtered by.
        async fn filtered_by(&self, id: Option<AffiliateId>) -> Result<Option<Choice>, AppError> {
            let Some(id) = id else { return Ok(None) };
            let affiliate = self.store.affiliate(self.organization(), id).await?;
            Ok(affiliate.map(|affiliate| Choice {
                id: affiliate.id.to_string(),
                name: affiliate.name.into(),
            }))
        }
    }

    impl From<Named> for Choice {
        fn from(affiliate: Named) -> Self {
            Self {
                id: affiliate.id.to_string(),
                name: affiliate.name.into(),
            }
        }
    }

    fn sale_row(row: Row, now: DateTime<Utc>) -> SaleRow {
        let sale = row.conversion;
        SaleRow {
            id: sale.id,
            created_at: sale.created_at.timestamp_millis(),
            occurred_at: sale.occurred_at.timestamp_millis(),
            kind: sale.kind,
            source: sale.source,
            affiliate: row.affiliate_name,
            campaign: row.campaign_name,
            paid: Paid {
                amount: sale.amount,
                refunded_minor: sale.refunded_minor,
                base_minor: sale.base_minor,
            },
            commission: (sale.commission_state == CommissionState::Ready)
                .then_some(sale.commission),
            rate: sale.plan.rate,
            status: sale.status,
            held_days: (sale.status == Status::Pending).then(|| days_left(sale.hold_until, now)),
            reference: reference(&sale, row.mode).map(|(id, href)| Reference { id, href }),
            coupon: sale.coupon_code,
        }
    }

    /// Begun days count: a hold that ends in an hour has one day left.
    fn days_left(hold_until: DateTime<Utc>, now: DateTime<Utc>) -> u16 {
        let seconds = (hold_until - now).num_seconds().max(0);
        u16::try_from((seconds + 86_399) / 86_400).unwrap_or(u16::MAX)
    }
}
