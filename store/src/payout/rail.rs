//! Payouts that Stripe pays: who transfers them, and what came of it.
//!
//! Whoever claims a payout has it for a while; if he is never heard of again, somebody else tries. Both ask Stripe with
//! the payout's id as idempotency key, so the money goes once.

use chrono::{DateTime, Duration, Utc};
use domain::{
    id::{OrganizationId, PayoutId},
    payout::{Payout, PayoutStatus},
};

use super::{
    PayoutError, change_in, payouts,
    step::{Work, complete_in, fail_in, locked_in},
};
use crate::{Store, StoreError, audit::Actor, intake::lock_in, transaction::begin};

/// A transfer that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Whose money.
    pub organization_id: OrganizationId,
    /// The payout, its attempts with this one.
    pub payout: Payout,
}

/// Why a transfer was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferFailure {
    /// In Stripe's words.
    pub reason: String,
    /// When to try again; `None`: Stripe refused for good, the payout failed.
    pub retry_at: Option<DateTime<Utc>>,
}

impl Store {
    /// Transfers that are due, at most `limit`, for the caller alone until `lease` is over.
    ///
    /// # Errors
    /// Below.
    pub async fn claim_transfers(
        &self,
        limit: i64,
        lease: Duration,
    ) -> Result<Vec<Transfer>, StoreError> {
        let now = self.clock.now();
        let organizations = sqlx::query_scalar!(
            "select distinct organization_id from payout
             where status = 'processing' and next_attempt_at is not null and next_attempt_at <= $1",
            now,
        )
        .fetch_all(&self.pool)
        .await?;
        let mut claimed = Vec::new();
        for id in organizations {
            let claims = i64::try_from(claimed.len()).unwrap_or(limit);
            let room = limit.saturating_sub(claims);
            if room <= 0 {
                break;
            }
            let organization_id = OrganizationId(id);
            claimed.extend(self.claim_of(organization_id, room, now, lease).await?);
        }
        Ok(claimed)
    }

    async fn claim_of(
        &self,
        organization_id: OrganizationId,
        limit: i64,
        now: DateTime<Utc>,
        lease: Duration,
    ) -> Result<Vec<Transfer>, StoreError> {
        let mut tx = begin(&self.pool).await?;
        let due = sqlx::query_scalar!(
            "select payout_id from payout
             where organization_id = $1 and status = 'processing' and next_attempt_at is not null
                 and next_attempt_at <= $2
             order by next_attempt_at, payout_id limit $3 for update skip locked",
            organization_id.0,
            now,
            limit,
        )
        .fetch_all(&mut *tx)
        .await?;
        sqlx::query!(
            "update payout set attempts = attempts + 1, next_attempt_at = $3
             where organization_id = $1 and payout_id = any($2)",
            organization_id.0,
            &due,
            now + lease,
        )
        .execute(&mut *tx)
        .await?;
        let views = super::by_ids_in(&mut tx, organization_id, &due).await?;
        tx.commit().await?;
        let transfers = views.into_iter().map(|view| Transfer {
            organization_id,
            payout: view.payout,
        });
        Ok(transfers.collect())
    }

    /// Stripe made the transfer: the payout is completed. Said again, nothing changes.
    ///
    /// # Errors
    /// [`PayoutError::NotFound`], and [`PayoutError::Refused`] when it failed before, or was paid by hand.
    pub async fn transfer_made(
        &self,
        organization_id: OrganizationId,
        payout_id: PayoutId,
        transfer_id: &str,
        actor: Actor,
    ) -> Result<(), PayoutError> {
        let mut tx = begin(&self.pool).await?;
        let position = lock_in(&mut tx, organization_id).await?;
        let payout = locked_in(&mut tx, organization_id, payout_id).await?;
        let is_known = payout.transfer_id.as_deref() == Some(transfer_id);
        if is_known && payout.status == PayoutStatus::Completed {
            return Ok(());
        }
        let made = Payout {
            transfer_id: Some(transfer_id.to_owned()),
            ..payout
        };
        let made = made.completed(self.clock.now())?;
        let desk = self.desk();
        let mut work = Work::new(&desk, organization_id, position, actor);
        let why = format!("Stripe made the transfer {transfer_id}");
        complete_in(&mut tx, &mut work, &made, &why).await?;
        tx.commit().await?;
        work.tell();
        Ok(())
    }

    /// Stripe did not make the transfer: it is tried again, or the payout failed. Of a payout that is over, nothing
    /// changes.
    ///
    /// # Errors
    /// [`PayoutError::NotFound`].
    pub async fn transfer_failed(
        &self,
        organization_id: OrganizationId,
        payout_id: PayoutId,
        failure: TransferFailure,
        actor: Actor,
    ) -> Result<(), PayoutError> {
        let mut tx = begin(&self.pool).await?;
        lock_in(&mut tx, organization_id).await?;
        let payout = locked_in(&mut tx, organization_id, payout_id).await?;
        if payout.status != PayoutStatus::Processing {
            return Ok(());
        }
        let desk = self.desk();
        let why = format!("Stripe made no transfer: {}", failure.reason);
        if failure.retry_at.is_some() {
            let waits = Payout {
                failure: Some(failure.reason),
                next_attempt_at: failure.retry_at,
                ..payout
            };
            change_in(&mut tx, &desk, organization_id, &waits, actor, &why).await?;
        } else {
            let failed = payout.failed(Some(failure.reason), self.clock.now())?;
            fail_in(&mut tx, &desk, organization_id, &failed, actor, &why).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The payout that a transfer of Stripe's is of.
    ///
    /// # Errors
    /// Below.
    pub async fn payout_of_transfer(
        &self,
        organization_id: OrganizationId,
        transfer_id: &str,
    ) -> Result<Option<Payout>, StoreError> {
        let row = payouts!("p.transfer_id = $2", organization_id.0, transfer_id);
        let row = row.fetch_optional(&self.pool).await?;
        let view = row.map(super::PayoutView::try_from).transpose()?;
        Ok(view.map(|view| view.payout))
    }
}
