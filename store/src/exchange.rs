//! Exchange rates: published ones for everybody, and an organization's own, which go first.

use std::collections::HashSet;

use chrono::{DateTime, Days, NaiveDate, Utc};
use domain::{
    exchange::{MAX_AGE_DAYS, Published, Quote, Rates},
    id::{ConversionId, OrganizationId},
    money::Currency,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Store, StoreError,
    audit::{self, Actor},
    error::readable,
    intake::Item,
    transaction::begin,
};

/// Whose rates the published ones are.
const EVERYBODY: OrganizationId = OrganizationId(Uuid::nil());
/// The most rates that one call may bring.
pub const MAX_RATES: usize = 10_000;
/// How many sales are computed at a time for new rates.
const AWAITING_AT_ONCE: i64 = 1000;

/// The rate of a day: 1 unit of `base` was so many units of `quote`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayRate {
    /// The day, in UTC.
    pub day: NaiveDate,
    /// One unit of this ...
    pub base: Currency,
    /// ... in units of this.
    pub quote: Currency,
    /// How many.
    pub rate: Quote,
}

impl Store {
    /// Keeps an organization's own rates; one that is there for the day is replaced. Sales that waited
    /// for them are computed.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] when the actor may not set rates.
    pub async fn set_rates(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        rates: &[DayRate],
    ) -> Result<(), StoreError> {
        let actor = actor.administers()?;
        let now = self.now();
        let mut tx = begin(&self.pool).await?;
        write_in(&mut tx, organization_id, now, rates).await?;
        let detail = format!("{} exchange rates", rates.len());
        let entry = audit::Entry {
            actor,
            subject: "fx_rate",
            subject_id: organization_id.0,
            action: "changed",
            detail: &detail,
        };
        audit::write_in(&mut tx, &self.random, organization_id, now, entry).await?;
        tx.commit().await?;
        self.price_awaiting_of(organization_id).await
    }

    /// Keeps published rates, for everybody.
    ///
    /// # Errors
    /// Below.
    pub async fn publish_rates(&self, rates: &[DayRate]) -> Result<(), StoreError> {
        let mut db = self.pool.acquire().await?;
        write_in(&mut db, EVERYBODY, self.now(), rates).await?;
        drop(db);
        self.price_awaiting().await
    }

    /// The rates that an organization's sales of a span of days may use, newest first, its own before
    /// the published ones; at most [`MAX_RATES`].
    ///
    /// # Errors
    /// Below.
    pub async fn rates(
        &self,
        organization_id: OrganizationId,
        since: NaiveDate,
        until: NaiveDate,
    ) -> Result<Vec<(DayRate, bool)>, StoreError> {
        let mut db = self.pool.acquire().await?;
        read_in(
            &mut db,
            organization_id,
            (since, until),
            None,
            Some(MAX_RATES),
        )
        .await
    }

    /// Computes the commissions of all organizations that waited for a rate which is there now.
    ///
    /// # Errors
    /// Below.
    pub async fn price_awaiting(&self) -> Result<(), StoreError> {
        let ids = sqlx::query_scalar!(
            "select distinct organization_id from conversion
             where commission_state = 'awaiting_rate' and parent_conversion_id is null",
        )
        .fetch_all(&self.pool)
        .await?;
        for id in ids {
            self.price_awaiting_of(OrganizationId(id)).await?;
        }
        Ok(())
    }

    /// The same for one organization, from its first such sale to its last: those whose rate is still
    /// missing keep nobody else waiting.
    async fn price_awaiting_of(&self, organization_id: OrganizationId) -> Result<(), StoreError> {
        let mut after = Uuid::nil();
        loop {
            let ids = sqlx::query_scalar!(
                "select conversion_id from conversion
                 where organization_id = $1 and commission_state = 'awaiting_rate'
                     and parent_conversion_id is null and conversion_id > $2
                 order by conversion_id limit $3",
                organization_id.0,
                after,
                AWAITING_AT_ONCE,
            )
            .fetch_all(&self.pool)
            .await?;
            let Some(last) = ids.last() else {
                return Ok(());
            };
            after = *last;
            let awaiting = Item::Price(ids.into_iter().map(ConversionId).collect());
            if let Err(error) = self.writer.submit(organization_id, awaiting).await {
                tracing::warn!(%error, %organization_id, "commissions still wait for their rates");
                return Ok(());
            }
        }
    }
}

async fn write_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    now: DateTime<Utc>,
    rates: &[DayRate],
) -> Result<(), StoreError> {
    let days: Vec<NaiveDate> = rates.iter().map(|one| one.day).collect();
    let bases: Vec<String> = rates.iter().map(|one| one.base.code().to_owned()).collect();
    let quotes: Vec<String> = rates
        .iter()
        .map(|one| one.quote.code().to_owned())
        .collect();
    let digits: Vec<i64> = rates.iter().map(|one| one.rate.digits).collect();
    let places: Vec<i32> = rates
        .iter()
        .map(|one| i32::try_from(one.rate.places).unwrap_or(i32::MAX))
        .collect();
    sqlx::query!(
        "insert into fx_rate (organization_id, day, base, quote, digits, places, created_at)
         select distinct on (r.day, r.base, r.quote) $1::uuid, r.day, r.base, r.quote, r.digits, r.places, $2::timestamptz
         from unnest($3::date[], $4::text[], $5::text[], $6::bigint[], $7::integer[])
             as r (day, base, quote, digits, places)
         on conflict (organization_id, day, base, quote) do update
         set digits = excluded.digits, places = excluded.places, created_at = excluded.created_at",
        organization_id.0,
        now,
        &days,
        &bases,
        &quotes,
        &digits,
        &places,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Rates of these days, first and last included; of all currencies, or of those that are quoted for these.
async fn read_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    (first, last): (NaiveDate, NaiveDate),
    currencies: Option<&[String]>,
    limit: Option<usize>,
) -> Result<Vec<(DayRate, bool)>, StoreError> {
    const TABLE: &str = "fx_rate";
    let rows = sqlx::query!(
        "select organization_id, day, base, quote, digits, places from fx_rate
         where organization_id in ($1, $2) and day between $3 and $4
             and ($5::text[] is null or quote = any($5) or base = any($5))
         order by day desc, organization_id = $2, base, quote limit $6",
        organization_id.0,
        EVERYBODY.0,
        first,
        last,
        currencies,
        limit.and_then(|limit| i64::try_from(limit).ok()),
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let rate = DayRate {
                day: row.day,
                base: readable(Currency::parse(&row.base).ok(), TABLE, "base")?,
                quote: readable(Currency::parse(&row.quote).ok(), TABLE, "quote")?,
                rate: Quote {
                    digits: row.digits,
                    places: readable(u32::try_from(row.places).ok(), TABLE, "places")?,
                },
            };
            Ok((rate, row.organization_id != EVERYBODY.0))
        })
        .collect()
}

/// Everything that sales of these days may use to get from one of these currencies to another: every
/// pair has one of them, also where two are quoted against a third.
pub(crate) async fn rates_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    (earliest, latest): (NaiveDate, NaiveDate),
    currencies: &HashSet<Currency>,
) -> Result<Rates, StoreError> {
    let since = earliest.checked_sub_days(Days::new(MAX_AGE_DAYS));
    let days = (since.unwrap_or(earliest), latest);
    let codes: Vec<String> = currencies.iter().map(|one| one.code().to_owned()).collect();
    let mut rates = Rates::default();
    for (rate, is_own) in read_in(db, organization_id, days, Some(&codes), None).await? {
        let published = Published {
            base: rate.base,
            quote: rate.quote,
            rate: rate.rate,
            is_own,
        };
        rates.add(rate.day, published);
    }
    Ok(rates)
}
