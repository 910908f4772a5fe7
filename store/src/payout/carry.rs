//! Transfers that were seen, and what they mean for their payouts: told by Stripe's answers and by its events, in
//! whatever order and how often, they come out the same (`domain::transfer`).

use std::collections::BTreeMap;

use domain::{
    id::{OrganizationId, PayoutId},
    money::{Currency, Money},
    payout::{Payout, PayoutStatus},
    transfer::{Arrival, Carried, TransferSeen},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    PayoutError, TABLE,
    step::{Work, complete_in, fail_in, locked_in},
};
use crate::{
    Store, StoreError,
    audit::{self, Actor},
    error::readable,
    intake::{Desk, lock_in},
    transaction::begin,
};

/// Why a payout fails whose money did not stay where it went.
const CAME_BACK: &str = "the transfer was reversed: all of it came back";

impl Store {
    /// A transfer was made, or found at Stripe.
    ///
    /// # Errors
    /// Below.
    pub async fn transfer_seen(
        &self,
        organization_id: OrganizationId,
        seen: TransferSeen,
    ) -> Result<(), StoreError> {
        let mut tx = begin(&self.pool).await?;
        let position = lock_in(&mut tx, organization_id).await?;
        let desk = self.desk();
        let seen = [(seen, Actor::System)];
        let moved_to = carried_in(&mut tx, &desk, organization_id, position, &seen).await?;
        tx.commit().await?;
        if let Some(position) = moved_to {
            desk.live.changed(organization_id, position);
        }
        Ok(())
    }
}

/// What these payouts know of their transfers.
pub(crate) async fn seen_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    ids: &[Uuid],
) -> Result<BTreeMap<PayoutId, Carried>, StoreError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = sqlx::query!(
        "select payout_id, status, amount_minor, currency, transfer_id, reversed_minor from payout
         where organization_id = $1 and payout_id = any($2)",
        organization_id.0,
        ids,
    )
    .fetch_all(db)
    .await?;
    let mut known = BTreeMap::new();
    for row in rows {
        let currency = readable(Currency::parse(&row.currency).ok(), TABLE, "currency")?;
        let carried = Carried {
            status: readable(PayoutStatus::parse(&row.status), TABLE, "status")?,
            amount: Money::new(row.amount_minor, currency),
            transfer_id: row.transfer_id,
            reversed_minor: row.reversed_minor,
        };
        known.insert(PayoutId(row.payout_id), carried);
    }
    Ok(known)
}

/// Puts down what these transfers mean, each with who told of it; tells the organization's new position when that
/// changed conversions. The caller has the organization's lock.
pub(crate) async fn carried_in(
    db: &mut PgConnection,
    desk: &Desk,
    organization_id: OrganizationId,
    position: i64,
    transfers: &[(TransferSeen, Actor)],
) -> Result<Option<i64>, StoreError> {
    let ids = transfers.iter().filter_map(|(seen, _)| seen.payout_id);
    let ids: Vec<Uuid> = ids.map(|id| id.0).collect();
    let mut known = seen_in(db, organization_id, &ids).await?;
    let mut moved_to = None;
    for (seen, actor) in transfers {
        let carried = seen
            .payout_id
            .and_then(|id| Some((id, known.get_mut(&id)?)));
        let Some((payout_id, carried)) = carried else {
            continue;
        };
        let arrival = carried.take(seen);
        let position = moved_to.unwrap_or(position);
        let mut work = Work::new(desk, organization_id, position, *actor);
        arrived_in(db, &mut work, payout_id, seen, &arrival).await?;
        remember_in(db, organization_id, payout_id, carried).await?;
        moved_to = work.moved_to().or(moved_to);
    }
    Ok(moved_to)
}

async fn arrived_in(
    db: &mut PgConnection,
    work: &mut Work<'_>,
    payout_id: PayoutId,
    seen: &TransferSeen,
    arrival: &Arrival,
) -> Result<(), StoreError> {
    let adjustment_minor = match arrival {
        Arrival::Known | Arrival::Foreign(_) => return Ok(()),
        Arrival::Completes { adjustment_minor } | Arrival::Adjusts { adjustment_minor } => {
            *adjustment_minor
        }
        Arrival::Fails => 0,
    };
    let payout = match locked_in(db, work.organization_id, payout_id).await {
        Ok(payout) => payout,
        Err(PayoutError::Store(error)) => return Err(error),
        Err(_) => return Ok(()),
    };
    let payout = Payout {
        transfer_id: Some(seen.transfer_id.clone()),
        ..payout
    };
    let now = work.desk.clock.now();
    match arrival {
        Arrival::Completes { .. } => {
            if let Ok(made) = payout.clone().completed(now) {
                let why = format!("Stripe made the transfer {}", seen.transfer_id);
                complete_in(db, work, &made, &why).await?;
            }
        }
        Arrival::Fails => {
            if let Ok(failed) = payout.clone().failed(Some(CAME_BACK.to_owned()), now) {
                let (desk, organization_id) = (work.desk, work.organization_id);
                fail_in(db, desk, organization_id, &failed, work.actor, CAME_BACK).await?;
            }
        }
        _ => {}
    }
    adjust_in(db, work, &payout, seen, adjustment_minor).await
}

/// What a transfer has told is kept, so that it counts once.
async fn remember_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    payout_id: PayoutId,
    carried: &Carried,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update payout set transfer_id = $3, reversed_minor = $4
         where organization_id = $1 and payout_id = $2
             and (transfer_id is distinct from $3 or reversed_minor <> $4)",
        organization_id.0,
        payout_id.0,
        carried.transfer_id,
        carried.reversed_minor,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What came back, or went out though the payout had failed, is a correction of what the affiliate is owed.
async fn adjust_in(
    db: &mut PgConnection,
    work: &Work<'_>,
    payout: &Payout,
    seen: &TransferSeen,
    minor: i64,
) -> Result<(), StoreError> {
    if minor == 0 {
        return Ok(());
    }
    let (desk, organization_id, now) = (work.desk, work.organization_id, work.desk.clock.now());
    let moved = Money::new(minor.saturating_abs(), payout.amount.currency);
    let transfer = &seen.transfer_id;
    let reason = if minor > 0 {
        format!("{moved} came back of the transfer {transfer}: it is owed again")
    } else {
        format!(
            "the transfer {transfer} of {moved} was made though its payout had failed: it is owed no more"
        )
    };
    sqlx::query!(
        "insert into ledger_entry (organization_id, ledger_entry_id, affiliate_id, kind, amount_minor, currency, reason,
             created_at)
         values ($1, $2, $3, 'adjustment', $4, $5, $6, $7)",
        organization_id.0,
        desk.random.uuid_v7(now),
        payout.affiliate_id.0,
        minor,
        payout.amount.currency.code(),
        reason,
        now,
    )
    .execute(&mut *db)
    .await?;
    let entry = audit::Entry {
        actor: work.actor.manages()?,
        subject: TABLE,
        subject_id: payout.id.0,
        action: "adjusted",
        detail: &reason,
    };
    audit::write_in(db, &desk.random, organization_id, now, entry).await
}
