//! The days' roll-ups against the rows that they sum.

use chrono::NaiveDate;
use domain::id::OrganizationId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Recount;
use crate::StoreError;

/// Sums of a day that are not those of its rows, in minor units.
struct Difference {
    day: NaiveDate,
    campaign_id: Uuid,
    affiliate_id: Option<Uuid>,
    kind: String,
    source: String,
    status: String,
    currency: String,
    commission_currency: String,
    counted: i64,
    stored: i64,
    counted_amount: i64,
    stored_amount: i64,
    counted_back: i64,
    stored_back: i64,
    counted_minor: i64,
    stored_minor: i64,
}

impl Difference {
    fn told(&self) -> String {
        let (sold, earned) = (&self.currency, &self.commission_currency);
        let affiliate = self
            .affiliate_id
            .map(|id| format!(", affiliate {id}"))
            .unwrap_or_default();
        format!(
            "day {} ({}, {}, {}, campaign {}{affiliate}): the rows are {} with {} {sold}, of which {} went back, and \
             commissions of {} {earned} in minor units, but the roll-up says {} with {} {sold}, {} and {} {earned}",
            self.day,
            self.kind,
            self.source,
            self.status,
            self.campaign_id,
            self.counted,
            self.counted_amount,
            self.counted_back,
            self.counted_minor,
            self.stored,
            self.stored_amount,
            self.stored_back,
            self.stored_minor
        )
    }
}

/// Compares both.
pub(super) async fn days_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    recount: &mut Recount,
) -> Result<(), StoreError> {
    let mut found = campaigns_in(db, organization_id).await?;
    found.extend(affiliates_in(db, organization_id).await?);
    let told = found.iter().map(Difference::told);
    recount.differences.extend(told);
    Ok(())
}

async fn campaigns_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
) -> Result<Vec<Difference>, sqlx::Error> {
    sqlx::query_as!(
        Difference,
        r#"with counted as (
               select (created_at at time zone 'UTC')::date as day, campaign_id, kind, source, status, currency,
                   commission_currency, count(*) as conversions, sum(amount_minor)::bigint as amount_minor,
                   sum(refunded_minor)::bigint as refunded_minor, sum(commission_minor)::bigint as commission_minor
               from conversion where organization_id = $1
               group by 1, 2, 3, 4, 5, 6, 7),
           rolled_up as (
               select day, campaign_id, kind, source, status, currency, commission_currency, conversions,
                   amount_minor, refunded_minor, commission_minor
               from conversion_day
               where organization_id = $1
                   and (conversions <> 0 or amount_minor <> 0 or refunded_minor <> 0 or commission_minor <> 0))
           select day as "day!", campaign_id as "campaign_id!", null::uuid as "affiliate_id?", kind as "kind!",
               source as "source!", status as "status!", currency as "currency!",
               commission_currency as "commission_currency!",
               coalesce(c.conversions, 0) as "counted!", coalesce(r.conversions, 0) as "stored!",
               coalesce(c.amount_minor, 0) as "counted_amount!", coalesce(r.amount_minor, 0) as "stored_amount!",
               coalesce(c.refunded_minor, 0) as "counted_back!", coalesce(r.refunded_minor, 0) as "stored_back!",
               coalesce(c.commission_minor, 0) as "counted_minor!", coalesce(r.commission_minor, 0) as "stored_minor!"
           from counted c full join rolled_up r using (day, campaign_id, kind, source, status, currency,
               commission_currency)
           where (c.conversions, c.amount_minor, c.refunded_minor, c.commission_minor)
               is distinct from (r.conversions, r.amount_minor, r.refunded_minor, r.commission_minor)
           order by 1, 2, 3, 4, 5, 6"#,
        organization_id.0,
    )
    .fetch_all(db)
    .await
}

async fn affiliates_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
) -> Result<Vec<Difference>, sqlx::Error> {
    sqlx::query_as!(
        Difference,
        r#"with counted as (
               select (created_at at time zone 'UTC')::date as day, campaign_id, affiliate_id, kind, source, status, currency,
                   commission_currency, count(*) as conversions, sum(amount_minor)::bigint as amount_minor,
                   sum(refunded_minor)::bigint as refunded_minor, sum(commission_minor)::bigint as commission_minor
               from conversion where organization_id = $1
               group by 1, 2, 3, 4, 5, 6, 7, 8),
           rolled_up as (
               select day, campaign_id, affiliate_id, kind, source, status, currency, commission_currency, conversions,
                   amount_minor, refunded_minor, commission_minor
               from affiliate_day
               where organization_id = $1
                   and (conversions <> 0 or amount_minor <> 0 or refunded_minor <> 0 or commission_minor <> 0))
           select day as "day!", campaign_id as "campaign_id!", affiliate_id as "affiliate_id?", kind as "kind!",
               source as "source!", status as "status!", currency as "currency!",
               commission_currency as "commission_currency!",
               coalesce(c.conversions, 0) as "counted!", coalesce(r.conversions, 0) as "stored!",
               coalesce(c.amount_minor, 0) as "counted_amount!", coalesce(r.amount_minor, 0) as "stored_amount!",
               coalesce(c.refunded_minor, 0) as "counted_back!", coalesce(r.refunded_minor, 0) as "stored_back!",
               coalesce(c.commission_minor, 0) as "counted_minor!", coalesce(r.commission_minor, 0) as "stored_minor!"
           from counted c full join rolled_up r using (day, campaign_id, affiliate_id, kind, source, status, currency,
               commission_currency)
           where (c.conversions, c.amount_minor, c.refunded_minor, c.commission_minor)
               is distinct from (r.conversions, r.amount_minor, r.refunded_minor, r.commission_minor)
           order by 1, 2, 3, 4, 5, 6"#,
        organization_id.0,
    )
    .fetch_all(db)
    .await
}
