//! What hangs on no conversion though it should, and what is tied to one that it does not fit.

use domain::id::OrganizationId;
use sqlx::PgConnection;

use super::Recount;
use crate::StoreError;

/// Looks for all of them.
pub(super) async fn loose_ends_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    recount: &mut Recount,
) -> Result<(), StoreError> {
    entries_in(db, organization_id, recount).await?;
    cancelled_in(db, organization_id, recount).await?;
    parked_in(db, organization_id, recount).await?;
    strays_in(db, organization_id, recount).await
}

/// Entries of a kind that is always of a conversion, without one.
async fn entries_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    recount: &mut Recount,
) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        "select ledger_entry_id, affiliate_id, kind, amount_minor, currency from ledger_entry
         where organization_id = $1 and conversion_id is null and kind not in ('payout', 'adjustment')
         order by ledger_entry_id",
        organization_id.0,
    )
    .fetch_all(db)
    .await?;
    for row in rows {
        recount.entries += 1;
        recount.differences.push(format!(
            "ledger entry {}: {} of {} {} in minor units for affiliate {} is of no sale",
            row.ledger_entry_id, row.kind, row.amount_minor, row.currency, row.affiliate_id
        ));
    }
    Ok(())
}

/// Sales that were taken back because their subscription ended, which it did not, or later.
async fn cancelled_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    recount: &mut Recount,
) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        "select c.conversion_id, c.subscription_id from conversion c
         left join subscription_end e on e.organization_id = c.organization_id
             and e.subscription_id = c.subscription_id
         where c.organization_id = $1 and c.cancelled_at is not null
             and (e.ended_at is null or e.ended_at > c.cancelled_at)
         order by c.conversion_id",
        organization_id.0,
    )
    .fetch_all(db)
    .await?;
    for row in rows {
        recount.differences.push(format!(
            "sale {}: it was taken back because its subscription {} ended, but no end as early as that is known",
            row.conversion_id,
            row.subscription_id.as_deref().unwrap_or("(none)")
        ));
    }
    Ok(())
}

/// Refunds and disputes that wait although a sale in their currency is known under an id that they name.
async fn parked_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    recount: &mut Recount,
) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        r#"with recursive reach (refund, id) as (
               select r.external_id, unnest(r.payment) from refund r
               where r.organization_id = $1 and r.conversion_id is null
               union
               select r.refund, l.other from reach r cross join lateral (
                   select other from payment_link where organization_id = $1 and id = r.id offset 0) l)
           select distinct f.external_id, c.conversion_id
           from reach r
           join refund f on f.organization_id = $1 and f.external_id = r.refund
           join conversion c on c.organization_id = $1 and c.external_event_id = r.id
               and c.kind <> 'lead' and c.parent_conversion_id is null
               and (f.currency is null or f.currency = c.currency)
           order by 1, 2"#,
        organization_id.0,
    )
    .fetch_all(db)
    .await?;
    for row in rows {
        recount.differences.push(format!(
            "refund or dispute {}: it waits for its sale, which is {}",
            row.external_id, row.conversion_id
        ));
    }
    Ok(())
}

/// Changes that live streams could never tell, because they are numbered beyond the position.
async fn strays_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    recount: &mut Recount,
) -> Result<(), StoreError> {
    let row = sqlx::query!(
        r#"select p.position, (select coalesce(max(c.change_position), 0) from conversion c
               where c.organization_id = $1) as "newest!"
           from organization_position p where p.organization_id = $1"#,
        organization_id.0,
    )
    .fetch_one(db)
    .await?;
    if row.newest > row.position {
        recount.differences.push(format!(
            "organization {organization_id}: a change is numbered {}, but the position is {}",
            row.newest, row.position
        ));
    }
    Ok(())
}
