//! What becomes of a pending payout when its conversions change: it is computed anew from what they are now.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{
    id::{AffiliateId, CampaignId, OrganizationId, PayoutId},
    lifecycle::Status,
    money::{Currency, Money},
    payout::{Payout, Unsettled},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{change_in, step::locked_in};
use crate::{StoreError, audit::Actor, error::readable, intake::Desk, payout::PayoutError};

/// Why a payout ends of which nothing is left.
const NOTHING_LEFT: &str = "nothing is left to pay: money went back, or sales were denied or held";

/// A conversion in a pending payout, as it is now.
struct Taken {
    payout_id: PayoutId,
    conversion_id: Uuid,
    /// Of what no other payout has taken.
    part: Unsettled,
}

/// These conversions changed: pending payouts that hold them take what they are worth now, and nothing of those that
/// can't be paid any more. What is being paid, or was, stays as it is.
pub(crate) async fn revised_in(
    db: &mut PgConnection,
    desk: &Desk,
    organization_id: OrganizationId,
    conversions: &[Uuid],
) -> Result<(), StoreError> {
    if conversions.is_empty() {
        return Ok(());
    }
    let now = desk.clock.now();
    let mut by_payout: BTreeMap<PayoutId, Vec<Taken>> = BTreeMap::new();
    for one in taken_in(db, organization_id, conversions).await? {
        by_payout.entry(one.payout_id).or_default().push(one);
    }
    for (payout_id, taken) in by_payout {
        let (stay, leave): (Vec<_>, Vec<_>) =
            taken.into_iter().partition(|one| one.part.is_payable());
        let ids = |list: &[Taken]| list.iter().map(|one| one.conversion_id).collect();
        let (stay, leave): (Vec<Uuid>, Vec<Uuid>) = (ids(&stay), ids(&leave));
        add_in(db, organization_id, payout_id, &stay).await?;
        release_in(db, organization_id, payout_id, Some(&leave), now).await?;
        amount_in(db, desk, organization_id, payout_id).await?;
    }
    Ok(())
}

/// Those of them that are in pending payouts.
async fn taken_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    conversions: &[Uuid],
) -> Result<Vec<Taken>, StoreError> {
    let rows = sqlx::query!(
        r#"select t.payout_id, c.conversion_id, c.affiliate_id, c.campaign_id, c.status, c.commission_currency,
               c.held_by is not null as "is_held!",
               (c.commission_minor - c.settled_minor + sum(e.amount_minor))::bigint as "minor!"
           from payout_entry t
           join payout p on p.organization_id = $1 and p.payout_id = t.payout_id and p.status = 'pending'
           join ledger_entry e on e.organization_id = $1 and e.ledger_entry_id = t.ledger_entry_id
           join conversion c on c.organization_id = $1 and c.conversion_id = t.conversion_id
           where t.organization_id = $1 and t.conversion_id = any($2) and t.released_at is null
           group by t.payout_id, c.conversion_id, c.affiliate_id, c.campaign_id, c.status, c.commission_currency,
               c.held_by, c.commission_minor, c.settled_minor"#,
        organization_id.0,
        conversions,
    )
    .fetch_all(db)
    .await?;
    let mut taken = Vec::with_capacity(rows.len());
    for row in rows {
        const TABLE: &str = "conversion";
        let currency = Currency::parse(&row.commission_currency).ok();
        taken.push(Taken {
            payout_id: PayoutId(row.payout_id),
            conversion_id: row.conversion_id,
            part: Unsettled {
                affiliate_id: AffiliateId(row.affiliate_id),
                currency: readable(currency, TABLE, "commission_currency")?,
                campaign_id: Some(CampaignId(row.campaign_id)),
                status: Some(readable(Status::parse(&row.status), TABLE, "status")?),
                is_held: row.is_held,
                minor: row.minor,
                rows: 1,
            },
        });
    }
    Ok(taken)
}

/// Lets a payout take what was entered for these conversions meanwhile.
async fn add_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    payout_id: PayoutId,
    conversions: &[Uuid],
) -> Result<(), StoreError> {
    if conversions.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into payout_entry (organization_id, payout_id, ledger_entry_id, conversion_id)
         select e.organization_id, $2::uuid, e.ledger_entry_id, e.conversion_id from ledger_entry e
         where e.organization_id = $1 and e.conversion_id = any($3)
             and not exists (select from payout_entry t where t.organization_id = $1
                 and t.ledger_entry_id = e.ledger_entry_id and t.released_at is null)",
        organization_id.0,
        payout_id.0,
        conversions,
    )
    .execute(&mut *db)
    .await?;
    settled_in(db, organization_id, conversions).await
}

/// Takes entries out of a payout: those of these conversions, or all. Tells of which conversions they were.
pub(super) async fn release_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    payout_id: PayoutId,
    conversions: Option<&[Uuid]>,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>, StoreError> {
    if conversions.is_some_and(<[Uuid]>::is_empty) {
        return Ok(Vec::new());
    }
    let released = sqlx::query_scalar!(
        "update payout_entry set released_at = $4
         where organization_id = $1 and payout_id = $2 and released_at is null
             and ($3::uuid[] is null or conversion_id = any($3))
         returning conversion_id",
        organization_id.0,
        payout_id.0,
        conversions,
        now,
    )
    .fetch_all(&mut *db)
    .await?;
    let mut released: Vec<Uuid> = released.into_iter().flatten().collect();
    released.sort_unstable();
    released.dedup();
    settled_in(db, organization_id, &released).await?;
    Ok(released)
}

/// Counts what payouts took of these conversions, and what was paid out before they were imported.
async fn settled_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    conversions: &[Uuid],
) -> Result<(), StoreError> {
    if conversions.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update conversion set settled_minor = s.settled
         from (
             select e.conversion_id,
                 (sum(case when t.ledger_entry_id is null then 0 else e.amount_minor end)
                     - sum(case e.kind when 'payout' then e.amount_minor else 0 end))::bigint as settled
             from ledger_entry e
             left join payout_entry t on t.organization_id = $1 and t.ledger_entry_id = e.ledger_entry_id
                 and t.released_at is null
             where e.organization_id = $1 and e.conversion_id = any($2)
             group by e.conversion_id) s
         where conversion.organization_id = $1 and conversion.conversion_id = s.conversion_id",
        organization_id.0,
        conversions,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A pending payout is as much as its entries add up to. One of which nothing is left ends.
async fn amount_in(
    db: &mut PgConnection,
    desk: &Desk,
    organization_id: OrganizationId,
    payout_id: PayoutId,
) -> Result<(), StoreError> {
    let payout = match locked_in(db, organization_id, payout_id).await {
        Ok(payout) => payout,
        Err(PayoutError::Store(error)) => return Err(error),
        Err(_) => return Ok(()),
    };
    let sum = sqlx::query_scalar!(
        r#"select coalesce(sum(e.amount_minor), 0)::bigint as "sum!" from payout_entry t
           join ledger_entry e on e.organization_id = $1 and e.ledger_entry_id = t.ledger_entry_id
           where t.organization_id = $1 and t.payout_id = $2 and t.released_at is null"#,
        organization_id.0,
        payout_id.0,
    )
    .fetch_one(&mut *db)
    .await?;
    if sum == payout.amount.minor {
        return Ok(());
    }
    if sum > 0 {
        let was = payout.amount;
        let payout = Payout {
            amount: Money::new(sum, was.currency),
            ..payout
        };
        let why = format!("it was {was}, and what it pays has changed");
        return change_in(db, desk, organization_id, &payout, Actor::System, &why).await;
    }
    let now = desk.clock.now();
    let Ok(ended) = payout.failed(Some(NOTHING_LEFT.to_owned()), now) else {
        return Ok(());
    };
    change_in(
        db,
        desk,
        organization_id,
        &ended,
        Actor::System,
        NOTHING_LEFT,
    )
    .await?;
    release_in(db, organization_id, payout_id, None, now).await?;
    Ok(())
}
