//! Sums by day.

use chrono::NaiveDate;
use domain::{
    id::OrganizationId,
    money::{Currency, Money},
};

use super::ReportFilter;
use crate::{Store, StoreError, error::readable};

/// What came on a day, in one pair of currencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DaySums {
    /// The UTC day.
    pub day: NaiveDate,
    /// First and one-off payments that a visit may have led to: none that were imported.
    pub customers: i64,
    /// Payments, first and later ones.
    pub sales: i64,
    /// Free signups.
    pub leads: i64,
    /// What was paid.
    pub revenue: Money,
    /// What of it went back, in the same currency.
    pub refunded_minor: i64,
    /// What is due for it now, recruiters' shares included.
    pub commission: Money,
}

/// How many clicks a day brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayClicks {
    /// The UTC day.
    pub day: NaiveDate,
    /// Visits through links.
    pub clicks: i64,
}

struct Row {
    day: NaiveDate,
    currency: String,
    commission_currency: String,
    customers: i64,
    sales: i64,
    leads: i64,
    amount_minor: i64,
    refunded_minor: i64,
    commission_minor: i64,
}

/// `$table` has the columns of `conversion_day`; `$own` narrows it down.
macro_rules! sums {
    ($table:literal, $own:literal, $filter:expr, $organization:expr, $($more:expr)?) => {
        sqlx::query_as!(
            Row,
            "select day, currency, commission_currency,
                 coalesce(sum(conversions) filter (where kind = 'sale' and source not in ('override', 'imported')), 0)
                     ::bigint as \"customers!\",
                 coalesce(sum(conversions) filter (where kind <> 'lead' and source <> 'override'), 0)::bigint
                     as \"sales!\",
                 coalesce(sum(conversions) filter (where kind = 'lead' and source not in ('override', 'click')), 0)
                     ::bigint as \"leads!\",
                 sum(amount_minor)::bigint as \"amount_minor!\", sum(refunded_minor)::bigint as \"refunded_minor!\",
                 sum(commission_minor)::bigint as \"commission_minor!\"
             from " + $table + "
             where organization_id = $1 and day >= $2 and day < $3 and ($4::uuid is null or campaign_id = $4)
                 and status <> 'denied'" + $own + "
             group by day, currency, commission_currency
             order by day, currency, commission_currency",
            $organization.0,
            $filter.span.first(),
            $filter.span.end(),
            $filter.campaign_id.map(|id| id.0),
            $($more)?
        )
    };
}

impl Store {
    /// Sums by day, in the order of days and of currencies' codes. Days without sales and leads are left out.
    pub async fn report_days(
        &self,
        organization_id: OrganizationId,
        filter: &ReportFilter,
    ) -> Result<Vec<DaySums>, StoreError> {
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
        rows.into_iter().map(DaySums::try_from).collect()
    }

    /// Clicks by day, in their order. Days without any are left out.
    pub async fn report_clicks(
        &self,
        organization_id: OrganizationId,
        filter: &ReportFilter,
    ) -> Result<Vec<DayClicks>, StoreError> {
        let days = sqlx::query_as!(
            DayClicks,
            r#"select day, sum(clicks)::bigint as "clicks!" from click_day
               where organization_id = $1 and day >= $2 and day < $3 and ($4::uuid is null or campaign_id = $4)
                   and ($5::uuid is null or affiliate_id = $5)
               group by day order by day"#,
            organization_id.0,
            filter.span.first(),
            filter.span.end(),
            filter.campaign_id.map(|id| id.0),
            filter.affiliate_id.map(|id| id.0),
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(days)
    }
}

impl TryFrom<Row> for DaySums {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        const TABLE: &str = "conversion_day";
        let currency = readable(Currency::parse(&row.currency).ok(), TABLE, "currency")?;
        let owed = Currency::parse(&row.commission_currency).ok();
        let owed = readable(owed, TABLE, "commission_currency")?;
        Ok(Self {
            day: row.day,
            customers: row.customers,
            sales: row.sales,
            leads: row.leads,
            revenue: Money::new(row.amount_minor, currency),
            refunded_minor: row.refunded_minor,
            commission: Money::new(row.commission_minor, owed),
        })
    }
}
