//! Clicks: the days' counts against those that are kept. Paid clicks and leads: what is rolled up against the clicks that are kept, and what counts against caps against
//! the conversions that were paid.

use chrono::{DateTime, Days, Duration, Utc};
use domain::id::OrganizationId;
use sqlx::PgConnection;

use super::Recount;
use crate::{
    StoreError,
    pay_per_click::{DaysClicks, count_in, kept_in},
};

/// Looks at all of them.
pub(super) async fn clicks_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    recount: &mut Recount,
) -> Result<(), StoreError> {
    counted_in(db, organization_id, recount).await?;
    rolled_up_in(db, organization_id, recount).await?;
    paid_in(db, organization_id, recount).await
}

/// The days of which every click is kept: whole months are dropped, oldest first.
async fn counted_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    recount: &mut Recount,
) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        r#"with counted as (
               select affiliate_id, campaign_id, (clicked_at at time zone 'UTC')::date as day, traffic,
                   count(*) as clicks
               from click where organization_id = $1
               group by 1, 2, 3, 4),
           stored as (
               select affiliate_id, campaign_id, day, traffic, clicks from click_day
               where organization_id = $1 and day >= (select min(day) from counted))
           select coalesce(c.affiliate_id, s.affiliate_id) as "affiliate_id!", coalesce(c.day, s.day) as "day!",
               coalesce(c.campaign_id, s.campaign_id) as "campaign_id!",
               coalesce(c.traffic, s.traffic) as "traffic!", coalesce(c.clicks, 0) as "counted!",
               coalesce(s.clicks, 0) as "stored!"
           from counted c full join stored s using (affiliate_id, campaign_id, day, traffic)
           where coalesce(c.clicks, 0) <> coalesce(s.clicks, 0)
           order by 1, 2, 3, 4"#,
        organization_id.0,
    )
    .fetch_all(db)
    .await?;
    for row in rows {
        recount.differences.push(format!(
            "clicks from {} of affiliate {} in campaign {} on {}: {} are kept, but the roll-up says {}",
            row.traffic, row.affiliate_id, row.campaign_id, row.day, row.counted, row.stored
        ));
    }
    Ok(())
}

/// The clicks of every day, as far as they are kept.
async fn rolled_up_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    recount: &mut Recount,
) -> Result<(), StoreError> {
    let Some((mut day, until)) = kept_in(db, organization_id).await? else {
        return Ok(());
    };
    while day < until {
        let next = day + Days::new(1);
        for one in of_day_in(db, organization_id, day, next.min(until)).await? {
            recount.differences.push(format!(
                "clicks of affiliate {} in campaign {} on {}: {} qualify, but {} are rolled up",
                one.affiliate_id, one.campaign_id, one.day, one.qualifying, one.came
            ));
        }
        day = next;
    }
    Ok(())
}

/// What differs on a day. The roll-up of the next hour may be under way: then its clicks are there already.
async fn of_day_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<DaysClicks>, StoreError> {
    let mut different = count_in(db, organization_id, from, until).await?;
    if !different.is_empty() {
        let next = (until + Duration::hours(1)).min(from + Days::new(1));
        let then = count_in(db, organization_id, from, next).await?;
        let same = |one: &DaysClicks, other: &DaysClicks| {
            (one.affiliate_id, one.campaign_id) == (other.affiliate_id, other.campaign_id)
        };
        different.retain(|one| then.iter().any(|other| same(one, other)));
    }
    Ok(different)
}

async fn paid_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    recount: &mut Recount,
) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        r#"with counted as (
               select affiliate_id, campaign_id, source as kind,
                   (case source when 'click' then occurred_at - interval '1 hour' else occurred_at end
                       at time zone 'UTC')::date as day,
                   sum(case source when 'click' then (metadata->>'paidClicks')::bigint else 1 end)::bigint as paid
               from conversion
               where organization_id = $1 and parent_conversion_id is null and kind = 'lead'
                   and (source = 'click' or source = 'lead' and plan_fixed_minor > 0)
               group by 1, 2, 3, 4),
           stored as (
               select affiliate_id, campaign_id, kind, day, paid::bigint as paid from paid_day
               where organization_id = $1 and paid > 0)
           select coalesce(c.affiliate_id, s.affiliate_id) as "affiliate_id!",
               coalesce(c.campaign_id, s.campaign_id) as "campaign_id!", coalesce(c.kind, s.kind) as "kind!",
               coalesce(c.day, s.day) as "day!", coalesce(c.paid, 0) as "counted!", coalesce(s.paid, 0) as "stored!"
           from counted c full join stored s using (affiliate_id, campaign_id, kind, day)
           where coalesce(c.paid, 0) <> coalesce(s.paid, 0)
           order by 1, 2, 3, 4"#,
        organization_id.0,
    )
    .fetch_all(db)
    .await?;
    for row in rows {
        recount.differences.push(format!(
            "{}s of affiliate {} in campaign {} on {}: {} were paid for, but {} count against the caps",
            row.kind, row.affiliate_id, row.campaign_id, row.day, row.counted, row.stored
        ));
    }
    Ok(())
}
