//! Where sales and visits came from.

use domain::{
    conversion::Source,
    id::OrganizationId,
    money::{Currency, Money},
};

use super::ReportFilter;
use crate::{Store, StoreError, error::readable};

/// What one way of attribution brought, in one pair of currencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceSums {
    /// How it was attributed.
    pub source: Source,
    /// Payments, first and later ones; of recruiters' shares none.
    pub sales: i64,
    /// What was paid.
    pub revenue: Money,
    /// What is due for it now.
    pub commission: Money,
}

/// How many visits came from somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrafficClicks {
    /// Its name: a host, or what the link calls it.
    pub source: String,
    /// Visits through links.
    pub clicks: i64,
}

struct Row {
    source: String,
    currency: String,
    commission_currency: String,
    sales: i64,
    amount_minor: i64,
    commission_minor: i64,
}

macro_rules! sums {
    ($table:literal, $own:literal, $filter:expr, $organization:expr, $($more:expr)?) => {
        sqlx::query_as!(
            Row,
            "select source, currency, commission_currency,
                 coalesce(sum(conversions) filter (where kind <> 'lead' and source <> 'override'), 0)::bigint
                     as \"sales!\",
                 sum(amount_minor)::bigint as \"amount_minor!\", sum(commission_minor)::bigint as \"commission_minor!\"
             from " + $table + "
             where organization_id = $1 and day >= $2 and day < $3 and ($4::uuid is null or campaign_id = $4)
                 and status <> 'denied'" + $own + "
             group by source, currency, commission_currency
             having sum(conversions) > 0
             order by 5 desc, 4 desc, source, commission_currency",
            $organization.0,
            $filter.span.first(),
            $filter.span.end(),
            $filter.campaign_id.map(|id| id.0),
            $($more)?
        )
    };
}

impl Store {
    /// Sums by way of attribution and currencies, most revenue first.
    pub async fn report_sources(
        &self,
        organization_id: OrganizationId,
        filter: &ReportFilter,
    ) -> Result<Vec<SourceSums>, StoreError> {
        let rows = match filter.affiliate_id {
            Some(affiliate_id) => {
                sums!(
                    "affiliate_day",
                    " and affiliate_id = $5",
                    filter,
                    organization_id,
                    affiliate_id.0
                )
                .fetch_all(&self.pool)
                .await?
            }
            None => {
                sums!("conversion_day", "", filter, organization_id,)
                    .fetch_all(&self.pool)
                    .await?
            }
        };
        rows.into_iter().map(SourceSums::try_from).collect()
    }

    /// Where visits came from, most first; at most `limit` of them.
    pub async fn report_traffic(
        &self,
        organization_id: OrganizationId,
        filter: &ReportFilter,
        limit: i64,
    ) -> Result<Vec<TrafficClicks>, StoreError> {
        let traffic = sqlx::query_as!(
            TrafficClicks,
            r#"select traffic as source, sum(clicks)::bigint as "clicks!" from click_day
               where organization_id = $1 and day >= $2 and day < $3 and ($4::uuid is null or campaign_id = $4)
                   and ($5::uuid is null or affiliate_id = $5)
               group by traffic order by 2 desc, traffic limit $6"#,
            organization_id.0,
            filter.span.first(),
            filter.span.end(),
            filter.campaign_id.map(|id| id.0),
            filter.affiliate_id.map(|id| id.0),
            limit,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(traffic)
    }
}

impl TryFrom<Row> for SourceSums {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        const TABLE: &str = "conversion_day";
        let currency = readable(Currency::parse(&row.currency).ok(), TABLE, "currency")?;
        let owed = Currency::parse(&row.commission_currency).ok();
        let owed = readable(owed, TABLE, "commission_currency")?;
        Ok(Self {
            source: readable(Source::parse(&row.source), TABLE, "source")?,
            sales: row.sales,
            revenue: Money::new(row.amount_minor, currency),
            commission: Money::new(row.commission_minor, owed),
        })
    }
}
