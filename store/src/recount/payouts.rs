//! Payouts against the entries that they take, and against the conversions that they paid.

use domain::id::OrganizationId;
use sqlx::PgConnection;

use super::Recount;
use crate::StoreError;

/// Compares all of them.
pub(super) async fn payouts_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    recount: &mut Recount,
) -> Result<(), StoreError> {
    amounts_in(db, organization_id, recount).await?;
    accounts_in(db, organization_id, recount).await?;
    strangers_in(db, organization_id, recount).await?;
    settled_in(db, organization_id, recount).await?;
    paid_in(db, organization_id, recount).await?;
    pending_in(db, organization_id, recount).await
}

/// A payout is as much as its entries; one that failed has none.
async fn amounts_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    recount: &mut Recount,
) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        r#"select p.payout_id, p.status, p.amount_minor, p.currency, coalesce(sum(e.amount_minor), 0)::bigint as "sum!",
               count(e.ledger_entry_id) as "entries!"
           from payout p
           left join payout_entry t on t.organization_id = $1 and t.payout_id = p.payout_id and t.released_at is null
           left join ledger_entry e on e.organization_id = $1 and e.ledger_entry_id = t.ledger_entry_id
           where p.organization_id = $1
           group by p.payout_id, p.status, p.amount_minor, p.currency
           having case p.status when 'failed' then count(e.ledger_entry_id) > 0
               else coalesce(sum(e.amount_minor), 0) <> p.amount_minor or count(e.ledger_entry_id) = 0 end
           order by p.payout_id"#,
        organization_id.0,
    )
    .fetch_all(db)
    .await?;
    for row in rows {
        recount.differences.push(format!(
            "payout {}: it is {} with {} {} in minor units, but takes {} entries of {}",
            row.payout_id, row.status, row.amount_minor, row.currency, row.entries, row.sum
        ));
    }
    Ok(())
}

/// A completed payout is on the account once, no other one is.
async fn accounts_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    recount: &mut Recount,
) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        r#"select coalesce(p.payout_id, e.payout_id) as "payout_id!", e.amount_minor as "entered?",
               case p.status when 'completed' then p.amount_minor else 0 end as "paid?"
           from (select * from payout where organization_id = $1) p
           full join (select * from ledger_entry where organization_id = $1 and payout_id is not null) e
               on e.payout_id = p.payout_id and e.kind = 'payout' and e.conversion_id is null
                   and e.affiliate_id = p.affiliate_id and e.currency = p.currency
           where p.payout_id is null
               or -coalesce(e.amount_minor, 0) <> case p.status when 'completed' then p.amount_minor else 0 end
           order by 1"#,
        organization_id.0,
    )
    .fetch_all(db)
    .await?;
    for row in rows {
        recount.differences.push(format!(
            "payout {}: it paid {} in minor units, but the ledger took {} off the account",
            row.payout_id,
            row.paid.unwrap_or(0),
            -row.entered.unwrap_or(0),
        ));
    }
    Ok(())
}

/// Entries in a payout of somebody else or in another currency, and entries in two payouts.
async fn strangers_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    recount: &mut Recount,
) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        r#"select t.ledger_entry_id, min(t.payout_id::text) as "payout_id!", count(*) as "payouts!"
           from payout_entry t
           join payout p on p.organization_id = $1 and p.payout_id = t.payout_id
           join ledger_entry e on e.organization_id = $1 and e.ledger_entry_id = t.ledger_entry_id
           where t.organization_id = $1 and t.released_at is null
           group by t.ledger_entry_id
           having count(*) > 1 or bool_or(e.affiliate_id <> p.affiliate_id or e.currency <> p.currency
               or e.payout_id is not null or e.conversion_id is distinct from t.conversion_id)
           order by t.ledger_entry_id"#,
        organization_id.0,
    )
    .fetch_all(db)
    .await?;
    for row in rows {
        recount.differences.push(format!(
            "ledger entry {}: {} payouts take it, {} is one, or it is not the payee's",
            row.ledger_entry_id, row.payouts, row.payout_id
        ));
    }
    Ok(())
}

/// What is stored of a conversion as taken, against the entries that payouts take of it.
async fn settled_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    recount: &mut Recount,
) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        r#"with counted as (
               select e.conversion_id,
                   (sum(case when t.ledger_entry_id is null then 0 else e.amount_minor end)
                       - sum(case e.kind when 'payout' then e.amount_minor else 0 end))::bigint as settled
               from ledger_entry e
               left join payout_entry t on t.organization_id = $1 and t.ledger_entry_id = e.ledger_entry_id
                   and t.released_at is null
               where e.organization_id = $1 and e.conversion_id is not null
               group by e.conversion_id)
           select c.conversion_id, c.settled_minor, coalesce(s.settled, 0) as "counted!"
           from conversion c
           left join counted s on s.conversion_id = c.conversion_id
           where c.organization_id = $1 and c.settled_minor <> coalesce(s.settled, 0)
           order by c.conversion_id"#,
        organization_id.0,
    )
    .fetch_all(db)
    .await?;
    for row in rows {
        recount.differences.push(format!(
            "sale {}: {} in minor units are stored as taken by payouts, but the entries they take are {}",
            row.conversion_id, row.settled_minor, row.counted
        ));
    }
    Ok(())
}

/// What a completed payout paid something for is paid by a payout, and nothing else is. What came from elsewhere was
/// paid there.
async fn paid_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    recount: &mut Recount,
) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        r#"with paid as (
               select distinct t.conversion_id, t.payout_id
               from payout_entry t
               join payout p on p.organization_id = $1 and p.payout_id = t.payout_id and p.status = 'completed'
               join ledger_entry e on e.organization_id = $1 and e.ledger_entry_id = t.ledger_entry_id
               where t.organization_id = $1 and t.conversion_id is not null and t.released_at is null
               group by t.conversion_id, t.payout_id having sum(e.amount_minor) > 0)
           select c.conversion_id, c.payout_id, c.paid_at is not null as "is_paid!"
           from conversion c
           where c.organization_id = $1 and case
               when c.payout_id is not null then c.paid_at is null or not exists (select from paid
                   where paid.conversion_id = c.conversion_id and paid.payout_id = c.payout_id)
               when c.paid_at is not null then c.source <> 'imported' and not exists (select from ledger_entry e
                   where e.organization_id = $1 and e.conversion_id = c.conversion_id and e.kind = 'payout')
               else exists (select from paid where paid.conversion_id = c.conversion_id) end
           order by c.conversion_id"#,
        organization_id.0,
    )
    .fetch_all(db)
    .await?;
    for row in rows {
        let (is, by) = match (row.is_paid, row.payout_id) {
            (false, _) => (
                "is not stored as paid out",
                "a completed payout paid it".to_owned(),
            ),
            (true, Some(id)) => (
                "is stored as paid out",
                format!("payout {id} did not pay it"),
            ),
            (true, None) => ("is stored as paid out", "no payout paid it".to_owned()),
        };
        recount
            .differences
            .push(format!("sale {}: it {is}, but {by}", row.conversion_id));
    }
    Ok(())
}

/// A pending payout takes all that is left of its conversions, and none that can't be paid.
async fn pending_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    recount: &mut Recount,
) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        r#"select t.payout_id, c.conversion_id, c.status, c.held_by
           from payout_entry t
           join payout p on p.organization_id = $1 and p.payout_id = t.payout_id and p.status = 'pending'
           join ledger_entry e on e.organization_id = $1 and e.ledger_entry_id = t.ledger_entry_id
           join conversion c on c.organization_id = $1 and c.conversion_id = t.conversion_id
           where t.organization_id = $1 and t.released_at is null
           group by t.payout_id, c.conversion_id, c.status, c.held_by, c.commission_minor, c.settled_minor
           having c.commission_minor <> c.settled_minor or c.status = 'pending'
               or c.held_by is not null and sum(e.amount_minor) > 0
           order by t.payout_id, c.conversion_id"#,
        organization_id.0,
    )
    .fetch_all(db)
    .await?;
    for row in rows {
        recount.differences.push(format!(
            "payout {}: it would pay sale {}, which is {} and held by {}, or only a part of it",
            row.payout_id,
            row.conversion_id,
            row.status,
            row.held_by.as_deref().unwrap_or("nothing")
        ));
    }
    Ok(())
}
