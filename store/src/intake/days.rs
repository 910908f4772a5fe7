//! The sums per day, kept with the rows they sum: of every campaign, and of every affiliate in it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::{conversion::Conversion, id::OrganizationId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::rows::RowWrites;
use crate::{StoreError, columns::columns};

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct DayKey<'a> {
    day: NaiveDate,
    campaign_id: Uuid,
    words: [&'a str; 5],
}

#[derive(Default, PartialEq, Eq)]
struct DaySums {
    conversions: i64,
    amount_minor: i64,
    refunded_minor: i64,
    commission_minor: i64,
}

impl DaySums {
    /// Counts sums in (`1`) or out (`-1`).
    fn add(&mut self, other: &Self, times: i64) {
        let add = |sum: &mut i64, part: i64| *sum = sum.saturating_add(part.saturating_mul(times));
        add(&mut self.conversions, other.conversions);
        add(&mut self.amount_minor, other.amount_minor);
        add(&mut self.refunded_minor, other.refunded_minor);
        add(&mut self.commission_minor, other.commission_minor);
    }
}

/// Per affiliate. In one order everywhere, so that two batches never wait for each other.
type AffiliateDays<'a> = BTreeMap<(Uuid, DayKey<'a>), DaySums>;

/// Counts a conversion in (`1`) or out (`-1`) of its day.
fn count<'a>(days: &mut AffiliateDays<'a>, one: &'a Conversion, times: i64) {
    let key = DayKey {
        day: one.created_at.date_naive(),
        campaign_id: one.campaign_id.0,
        words: [
            one.kind.as_str(),
            one.source.as_str(),
            one.status.as_str(),
            one.currency().code(),
            one.commission.currency.code(),
        ],
    };
    let own = DaySums {
        conversions: 1,
        amount_minor: one.amount.minor,
        refunded_minor: one.refunded_minor,
        commission_minor: one.commission.minor,
    };
    days.entry((one.affiliate_id.0, key))
        .or_default()
        .add(&own, times);
}

/// What a batch changes in the sums. What cancels out is left out.
fn changed(rows: &RowWrites) -> AffiliateDays<'_> {
    let mut days = AffiliateDays::new();
    for one in &rows.created {
        count(&mut days, one, 1);
    }
    for change in &rows.changed {
        count(&mut days, &change.before, -1);
        count(&mut days, &change.after, 1);
    }
    days.retain(|_, sums| *sums != DaySums::default());
    days
}

/// One upsert per table and batch.
pub(super) async fn days_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    rows: &RowWrites,
) -> Result<(), StoreError> {
    let of_affiliates = changed(rows);
    if of_affiliates.is_empty() {
        return Ok(());
    }
    affiliates_in(db, organization_id, &of_affiliates).await?;
    let mut days: BTreeMap<DayKey, DaySums> = BTreeMap::new();
    for ((_, key), sums) in &of_affiliates {
        days.entry(key.clone()).or_default().add(sums, 1);
    }
    campaigns_in(db, organization_id, &days).await
}

async fn campaigns_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    days: &BTreeMap<DayKey<'_>, DaySums>,
) -> Result<(), StoreError> {
    columns!(days, (key, sums) => {
        dates: NaiveDate = key.day,
        campaigns: Uuid = key.campaign_id,
        kinds: String = key.words[0].to_owned(),
        sources: String = key.words[1].to_owned(),
        statuses: String = key.words[2].to_owned(),
        currencies: String = key.words[3].to_owned(),
        commission_currencies: String = key.words[4].to_owned(),
        counts: i64 = sums.conversions,
        amounts: i64 = sums.amount_minor,
        refunds: i64 = sums.refunded_minor,
        commissions: i64 = sums.commission_minor,
    });
    sqlx::query!(
        "insert into conversion_day (organization_id, day, campaign_id, kind, source, status, currency,
             commission_currency, conversions, amount_minor, refunded_minor, commission_minor)
         select $1, d.day, d.campaign, d.kind, d.source, d.status, d.currency, d.commission_currency, d.count,
             d.amount, d.refunded, d.commission
         from unnest($2::date[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
             $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[])
             as d (day, campaign, kind, source, status, currency, commission_currency, count, amount, refunded,
             commission)
         on conflict (organization_id, day, campaign_id, kind, source, status, currency, commission_currency)
         do update set conversions = conversion_day.conversions + excluded.conversions,
             amount_minor = conversion_day.amount_minor + excluded.amount_minor,
             refunded_minor = conversion_day.refunded_minor + excluded.refunded_minor,
             commission_minor = conversion_day.commission_minor + excluded.commission_minor",
        organization_id.0,
        &dates,
        &campaigns,
        &kinds,
        &sources,
        &statuses,
        &currencies,
        &commission_currencies,
        &counts,
        &amounts,
        &refunds,
        &commissions,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn affiliates_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    days: &AffiliateDays<'_>,
) -> Result<(), StoreError> {
    columns!(days, ((affiliate_id, key), sums) => {
        affiliates: Uuid = *affiliate_id,
        dates: NaiveDate = key.day,
        campaigns: Uuid = key.campaign_id,
        kinds: String = key.words[0].to_owned(),
        sources: String = key.words[1].to_owned(),
        statuses: String = key.words[2].to_owned(),
        currencies: String = key.words[3].to_owned(),
        commission_currencies: String = key.words[4].to_owned(),
        counts: i64 = sums.conversions,
        amounts: i64 = sums.amount_minor,
        refunds: i64 = sums.refunded_minor,
        commissions: i64 = sums.commission_minor,
    });
    sqlx::query!(
        "insert into affiliate_day (organization_id, affiliate_id, day, campaign_id, kind, source, status, currency,
             commission_currency, conversions, amount_minor, refunded_minor, commission_minor)
         select $1, d.affiliate, d.day, d.campaign, d.kind, d.source, d.status, d.currency, d.commission_currency,
             d.count, d.amount, d.refunded, d.commission
         from unnest($2::uuid[], $3::date[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
             $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[])
             as d (affiliate, day, campaign, kind, source, status, currency, commission_currency, count, amount,
             refunded, commission)
         on conflict (organization_id, affiliate_id, day, campaign_id, kind, source, status, currency,
             commission_currency)
         do update set conversions = affiliate_day.conversions + excluded.conversions,
             amount_minor = affiliate_day.amount_minor + excluded.amount_minor,
             refunded_minor = affiliate_day.refunded_minor + excluded.refunded_minor,
             commission_minor = affiliate_day.commission_minor + excluded.commission_minor",
        organization_id.0,
        &affiliates,
        &dates,
        &campaigns,
        &kinds,
        &sources,
        &statuses,
        &currencies,
        &commission_currencies,
        &counts,
        &amounts,
        &refunds,
        &commissions,
    )
    .execute(db)
    .await?;
    Ok(())
}
