//! How many conversions of a time stand where, and what they are worth: from the days' roll-up, and from the index of
//! those of which a part went back, which the roll-up does not tell.

use chrono::NaiveDate;
use domain::{
    id::{CampaignId, OrganizationId},
    lifecycle::Status,
    money::Currency,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{bounds::Bounds, totals::midnight};
use crate::{Store, StoreError, error::readable, transaction::begin_moment};

/// What was recorded in a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SalesStats {
    /// By status and currencies, in the order of the currencies' codes.
    pub by_status: Vec<StatusTotals>,
    /// How many of them had a part refunded while the rest earns.
    pub partly_refunded: Vec<(Status, i64)>,
}

/// Conversions of one status in one pair of currencies. Amounts are minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusTotals {
    /// Where they stand.
    pub status: Status,
    /// What the sales are in.
    pub currency: Currency,
    /// What their commissions are in.
    pub commission_currency: Currency,
    /// How many: sales, recurring payments and leads.
    pub conversions: i64,
    /// What customers paid.
    pub amount_minor: i64,
    /// What went back to them.
    pub refunded_minor: i64,
    /// Commission due now.
    pub commission_minor: i64,
}

struct Row {
    status: String,
    currency: String,
    commission_currency: String,
    conversions: i64,
    amount_minor: i64,
    refunded_minor: i64,
    commission_minor: i64,
}

impl TryFrom<Row> for StatusTotals {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        const TABLE: &str = "conversion_day";
        let currency = |text: &str, column| readable(Currency::parse(text).ok(), TABLE, column);
        Ok(Self {
            status: readable(Status::parse(&row.status), TABLE, "status")?,
            currency: currency(&row.currency, "currency")?,
            commission_currency: currency(&row.commission_currency, "commission_currency")?,
            conversions: row.conversions,
            amount_minor: row.amount_minor,
            refunded_minor: row.refunded_minor,
            commission_minor: row.commission_minor,
        })
    }
}

impl Store {
    /// What was recorded from the UTC day `since` on, or ever, in one campaign or in all. It agrees with
    /// [`Store::sales_totals`].
    pub async fn sales_stats(
        &self,
        organization_id: OrganizationId,
        campaign_id: Option<CampaignId>,
        since: Option<NaiveDate>,
    ) -> Result<SalesStats, StoreError> {
        let mut moment = begin_moment(&self.pool).await?;
        let stats = SalesStats {
            by_status: by_status_in(&mut moment, organization_id, campaign_id, since).await?,
            partly_refunded: partly_in(&mut moment, organization_id, campaign_id, since).await?,
        };
        moment.commit().await?;
        Ok(stats)
    }
}

async fn by_status_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    campaign_id: Option<CampaignId>,
    since: Option<NaiveDate>,
) -> Result<Vec<StatusTotals>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"select status, currency, commission_currency, sum(conversions)::bigint as "conversions!",
               sum(amount_minor)::bigint as "amount_minor!", sum(refunded_minor)::bigint as "refunded_minor!",
               sum(commission_minor)::bigint as "commission_minor!"
           from conversion_day
           where organization_id = $1 and ($2::date is null or day >= $2)
               and ($3::uuid is null or campaign_id = $3)
           group by status, currency, commission_currency
           having sum(conversions) > 0
           order by currency, commission_currency, status"#,
        organization_id.0,
        since,
        campaign_id.map(Uuid::from),
    );
    let rows = rows.fetch_all(db).await?;
    rows.into_iter().map(StatusTotals::try_from).collect()
}

async fn partly_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    campaign_id: Option<CampaignId>,
    since: Option<NaiveDate>,
) -> Result<Vec<(Status, i64)>, StoreError> {
    let first = Bounds::between(since.map(midnight), None).lower;
    let rows = sqlx::query!(
        r#"select status, count(*) as "partly!" from conversion
           where organization_id = $1 and conversion_id >= $2 and ($3::uuid is null or campaign_id = $3)
               and refunded_minor > 0 and status in ('pending', 'approved', 'paid')
           group by status"#,
        organization_id.0,
        first,
        campaign_id.map(Uuid::from),
    );
    let rows = rows.fetch_all(db).await?;
    let read = |status: &str| readable(Status::parse(status), "conversion", "status");
    rows.into_iter()
        .map(|row| Ok((read(&row.status)?, row.partly)))
        .collect()
}
