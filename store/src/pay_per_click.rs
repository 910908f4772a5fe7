//! Pay per click: the spells in which campaigns pay for clicks, and the hourly roll-up of what came in them.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};
use domain::{
    campaign::Campaign,
    id::{AffiliateId, CampaignId, OrganizationId, lower_bound},
    pay_per_click::{Hour, hour_of, settled_until},
};
use futures::{StreamExt, TryStreamExt, stream};
use sqlx::PgConnection;

use crate::{
    Store, StoreError,
    intake::{HoursClicks, IntakeError, Item},
    transaction::begin,
};

/// The most hours that are made up for an organization in one round: the next round goes on.
const HOURS_AT_ONCE: usize = 48;
/// How many organizations are rolled up at the same time.
const ORGANIZATIONS_AT_ONCE: usize = 4;
/// How many of an hour's conversions are on their way to the writer at the same time: what one batch takes.
const AT_A_TIME: usize = 64;

/// Begins or ends the campaign's spell, as its terms say. Joins the transaction that changes them.
pub(crate) async fn keep_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    campaign: &Campaign,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if campaign.pays_per_click() {
        sqlx::query!(
            "insert into click_pay (organization_id, campaign_id, since, done_until)
             values ($1, $2, $3, $4) on conflict do nothing",
            organization_id.0,
            campaign.id.0,
            now,
            hour_of(now),
        )
        .execute(db)
        .await?;
    } else {
        sqlx::query!(
            "update click_pay set until = $3
             where organization_id = $1 and campaign_id = $2 and until is null",
            organization_id.0,
            campaign.id.0,
            now,
        )
        .execute(db)
        .await?;
    }
    Ok(())
}

/// The qualifying clicks of an affiliate in a campaign on a day.
pub(crate) struct DaysClicks {
    pub(crate) affiliate_id: AffiliateId,
    pub(crate) campaign_id: CampaignId,
    pub(crate) day: NaiveDate,
    pub(crate) qualifying: i64,
    /// Those that are rolled up.
    pub(crate) came: i64,
}

/// Counts the clicks from one time, the beginning of a day, until another: one per visitor, affiliate and day, in
/// the campaign where the visitor came first. A visitor is known by our cookie; whoever comes without one, by the
/// network. Also says what is rolled up without there being such clicks.
pub(crate) async fn count_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<DaysClicks>, StoreError> {
    let rows = sqlx::query!(
        r#"with visit as (
               select c.affiliate_id, c.campaign_id, (c.clicked_at at time zone 'UTC')::date as day, c.click_id,
                   c.network, c.visitor, c.is_known
               from click c
               where c.organization_id = $1 and c.click_id >= $2 and c.click_id < $3 and exists (
                   select from click_pay p where p.organization_id = $1 and p.campaign_id = c.campaign_id
                       and c.clicked_at >= p.since and (p.until is null or c.clicked_at < p.until))),
           judged as (
               select affiliate_id, campaign_id, day, case when is_known
                   then row_number() over (partition by affiliate_id, day, visitor order by click_id) = 1
                       and count(*) filter (where visitor is null) over earlier = 0
                   else count(*) over earlier = 0 end as qualifies
               from visit
               window earlier as (partition by affiliate_id, day, network order by click_id
                   rows between unbounded preceding and 1 preceding)),
           counted as (
               select affiliate_id, campaign_id, day, count(*) as qualifying from judged where qualifies group by 1, 2, 3),
           rolled_up as (
               select affiliate_id, campaign_id, day, came from paid_day
               where organization_id = $1 and kind = 'click' and day >= $4 and day < $5)
           select coalesce(c.affiliate_id, r.affiliate_id) as "affiliate_id!",
               coalesce(c.campaign_id, r.campaign_id) as "campaign_id!", coalesce(c.day, r.day) as "day!",
               coalesce(c.qualifying, 0) as "qualifying!", coalesce(r.came, 0)::bigint as "came!"
           from counted c full join rolled_up r using (affiliate_id, campaign_id, day)
           where coalesce(c.qualifying, 0) <> coalesce(r.came, 0)
           order by 1, 2, 3"#,
        organization_id.0,
        lower_bound(from),
        lower_bound(until),
        from.date_naive(),
        (until - chrono::Duration::milliseconds(1)).date_naive() + chrono::Days::new(1),
    )
    .fetch_all(db)
    .await?;
    let clicks = rows.into_iter().map(|row| DaysClicks {
        affiliate_id: AffiliateId(row.affiliate_id),
        campaign_id: CampaignId(row.campaign_id),
        day: row.day,
        qualifying: row.qualifying,
        came: row.came,
    });
    Ok(clicks.collect())
}

impl Store {
    /// Rolls up the clicks of all hours that have settled. Hours that were missed are made up, oldest first.
    /// Several servers may do it at once, and any of them may stop anywhere: the writer looks under the
    /// organization's lock what is rolled up, and each click is in one conversion.
    ///
    /// # Errors
    /// Below. What could not be rolled up is due again the next time.
    pub async fn roll_up_clicks(&self) -> Result<(), StoreError> {
        let settled = settled_until(self.now());
        let organizations = sqlx::query_scalar!(
            "select distinct organization_id from click_pay
             where done_until < $1 and (until is null or done_until < until)",
            settled,
        )
        .fetch_all(&self.pool)
        .await?;
        stream::iter(organizations)
            .map(|id| self.roll_up_clicks_of(OrganizationId(id), settled))
            .buffer_unordered(ORGANIZATIONS_AT_ONCE)
            .try_collect()
            .await
    }

    async fn roll_up_clicks_of(
        &self,
        organization_id: OrganizationId,
        settled: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        for _ in 0..HOURS_AT_ONCE {
            let first = sqlx::query_scalar!(
                "select min(done_until) from click_pay
                 where organization_id = $1 and done_until < $2 and (until is null or done_until < until)",
                organization_id.0,
                settled,
            )
            .fetch_one(&self.pool)
            .await?;
            let Some(first) = first else { return Ok(()) };
            let hour = Hour { from: first };
            if let Err(error) = self.roll_up_hour(organization_id, hour).await {
                tracing::warn!(%error, %organization_id, "clicks are rolled up late; tried again shortly");
                return Ok(());
            }
            sqlx::query!(
                "update click_pay set done_until = $2 where organization_id = $1 and done_until < $2",
                organization_id.0,
                hour.until(),
            )
            .execute(&self.pool)
            .await?;
        }
        Ok(())
    }

    async fn roll_up_hour(
        &self,
        organization_id: OrganizationId,
        hour: Hour,
    ) -> Result<(), IntakeError> {
        let counted = self.days_clicks(organization_id, hour).await?;
        let mut clicks: Vec<HoursClicks> = Vec::new();
        for one in counted {
            let qualifying = u32::try_from(one.qualifying).unwrap_or(u32::MAX);
            let (affiliate_id, campaign_id) = (one.affiliate_id, one.campaign_id);
            match clicks.last_mut() {
                Some(last)
                    if (last.affiliate_id, last.campaign_id) == (affiliate_id, campaign_id) =>
                {
                    last.days.push((one.day, qualifying));
                }
                _ => clicks.push(HoursClicks {
                    affiliate_id,
                    campaign_id,
                    hour,
                    days: vec![(one.day, qualifying)],
                }),
            }
        }
        stream::iter(clicks)
            .map(|clicks| self.writer.submit(organization_id, Item::Clicks(clicks)))
            .buffer_unordered(AT_A_TIME)
            .try_for_each(|_| async { Ok(()) })
            .await
    }

    async fn days_clicks(
        &self,
        organization_id: OrganizationId,
        hour: Hour,
    ) -> Result<Vec<DaysClicks>, StoreError> {
        let mut tx = begin(&self.pool).await?;
        // The clicks of a busy day take longer than a page may.
        sqlx::query("set local statement_timeout = 0")
            .execute(&mut *tx)
            .await?;
        let counted = count_in(&mut tx, organization_id, hour.counted_from(), hour.until()).await?;
        tx.rollback().await?;
        Ok(counted)
    }
}

/// From which time on all paid clicks are kept, and until when they are rolled up; `None`: none are.
pub(crate) async fn kept_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
) -> Result<Option<(DateTime<Utc>, DateTime<Utc>)>, StoreError> {
    let spells = sqlx::query!(
        "select min(since) as since, min(done_until) filter (where until is null or done_until < until) as due,
             max(done_until) as done_until
         from click_pay where organization_id = $1",
        organization_id.0,
    )
    .fetch_one(&mut *db)
    .await?;
    // Whole months are dropped, oldest first.
    let oldest = sqlx::query_scalar!(
        "select clicked_at from click where organization_id = $1 order by click_id limit 1",
        organization_id.0,
    )
    .fetch_optional(db)
    .await?;
    let (Some(since), Some(oldest)) = (spells.since, oldest) else {
        return Ok(None);
    };
    let month = oldest.date_naive().with_day(1).unwrap_or_default();
    let day = since.date_naive().max(month);
    let from = day.and_time(NaiveTime::MIN).and_utc();
    Ok(spells.due.or(spells.done_until).map(|until| (from, until)))
}
