//! Payouts that Stripe pays: who transfers them, and when that is tried again.
//!
//! Whoever claims a payout has it for a while; if he is never heard of again, somebody else tries. All ask the same
//! account, with the payout's id as idempotency key, and look for what was made first: so the money goes once.

use chrono::{DateTime, Duration, Utc};
use domain::{
    connection::{Mode, Processor},
    id::{ConnectionId, OrganizationId, PayoutId},
    payout::{Payout, PayoutStatus},
    transfer::next_attempt,
};
use uuid::Uuid;

use super::{
    PayoutError, by_ids_in,
    step::{fail_in, locked_in},
};
use crate::{
    Store, StoreError, audit::Actor, error::readable, intake::lock_in, transaction::begin,
};

/// Who claimed a transfer and is not heard of for so long has died: more than asking Stripe twice takes at most.
const LEASE: Duration = Duration::minutes(2);

/// A transfer that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueTransfer {
    /// Whose money.
    pub organization_id: OrganizationId,
    /// The payout, with the connection that is to be asked, if there is one that can be.
    pub payout: Payout,
    /// May somebody have asked before, and not have heard the answer?
    pub was_asked: bool,
}

/// Why there is no transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Stripe refused for good: the payout failed, for this reason.
    Refused(String),
    /// Nobody knows: it is tried again. Why, in words.
    Unknown(String),
    /// Nobody can be asked any more, so a person has to find out. Why, in words.
    GivenUp(String),
}

impl Store {
    /// Transfers that are due, at most `limit`, for the caller alone for a while.
    ///
    /// # Errors
    /// Below.
    pub async fn claim_transfers(&self, limit: usize) -> Result<Vec<DueTransfer>, StoreError> {
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
            let room = limit.saturating_sub(claimed.len());
            if room > 0 {
                claimed.extend(self.claim_of(OrganizationId(id), room, now).await?);
            }
        }
        Ok(claimed)
    }

    async fn claim_of(
        &self,
        organization_id: OrganizationId,
        limit: usize,
        now: DateTime<Utc>,
    ) -> Result<Vec<DueTransfer>, StoreError> {
        let account = self.paying_connection(organization_id).await?;
        let mut tx = begin(&self.pool).await?;
        let due = sqlx::query!(
            "select payout_id, connection_id from payout
             where organization_id = $1 and status = 'processing' and next_attempt_at is not null
                 and next_attempt_at <= $2
             order by next_attempt_at, payout_id limit $3 for update skip locked",
            organization_id.0,
            now,
            i64::try_from(limit).unwrap_or(i64::MAX),
        )
        .fetch_all(&mut *tx)
        .await?;
        let asked = due.iter().filter(|one| one.connection_id.is_some());
        let asked: Vec<Uuid> = asked.map(|one| one.payout_id).collect();
        let due: Vec<Uuid> = due.iter().map(|one| one.payout_id).collect();
        sqlx::query!(
            "update payout set attempts = attempts + 1, next_attempt_at = $3, connection_id = coalesce(connection_id, $4)
             where organization_id = $1 and payout_id = any($2)",
            organization_id.0,
            &due,
            now + LEASE,
            account.map(|id| id.0),
        )
        .execute(&mut *tx)
        .await?;
        let views = by_ids_in(&mut tx, organization_id, &due).await?;
        tx.commit().await?;
        let transfers = views.into_iter().map(|view| DueTransfer {
            organization_id,
            was_asked: asked.contains(&view.payout.id.0),
            payout: view.payout,
        });
        Ok(transfers.collect())
    }

    /// The connection that pays: the oldest one to Stripe with a key of its API. Test money pays only where there is
    /// no live connection at all.
    async fn paying_connection(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Option<ConnectionId>, StoreError> {
        let ids = sqlx::query_scalar!(
            "select connection_id from connection
             where organization_id = $1 and processor = $2 and removed_at is null
                 and (mode = $3 or not exists (select from connection live
                     where live.organization_id = $1 and live.processor = $2 and live.removed_at is null
                         and live.mode = $3))
             order by connection_id",
            organization_id.0,
            Processor::Stripe.as_str(),
            Mode::Live.as_str(),
        )
        .fetch_all(&self.pool)
        .await?;
        for id in ids.into_iter().map(ConnectionId) {
            let known = self.connection(id).await?;
            if known.is_some_and(|one| one.secrets.can_ask()) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// A transfer that was due was not made, as far as is known. Of a payout that is over, nothing changes.
    ///
    /// # Errors
    /// Below.
    pub async fn transfer_ended(
        &self,
        due: &DueTransfer,
        ending: Ending,
    ) -> Result<(), StoreError> {
        match ending {
            Ending::Refused(why) => self.transfer_refused(due, &why).await,
            Ending::Unknown(why) => {
                let attempts = u32::try_from(due.payout.attempts).unwrap_or(u32::MAX);
                let again = next_attempt(attempts, self.clock.now());
                self.transfer_waits(due, &why, Some(again)).await
            }
            Ending::GivenUp(why) => self.transfer_waits(due, &why, None).await,
        }
    }

    async fn transfer_refused(&self, due: &DueTransfer, why: &str) -> Result<(), StoreError> {
        let organization_id = due.organization_id;
        let mut tx = begin(&self.pool).await?;
        lock_in(&mut tx, organization_id).await?;
        let payout = match locked_in(&mut tx, organization_id, due.payout.id).await {
            Ok(payout) => payout,
            Err(PayoutError::Store(error)) => return Err(error),
            Err(_) => return Ok(()),
        };
        let Ok(failed) = payout.failed(Some(why.to_owned()), self.clock.now()) else {
            return Ok(());
        };
        let (desk, told) = (self.desk(), format!("no transfer was made: {why}"));
        fail_in(
            &mut tx,
            &desk,
            organization_id,
            &failed,
            Actor::System,
            &told,
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    async fn transfer_waits(
        &self,
        due: &DueTransfer,
        why: &str,
        again: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "update payout set failure = $3, next_attempt_at = $4
             where organization_id = $1 and payout_id = $2 and status = $5 and attempts = $6",
            due.organization_id.0,
            due.payout.id.0,
            why,
            again,
            PayoutStatus::Processing.as_str(),
            due.payout.attempts,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Of which mode the account is that a payout's transfer was asked of.
    ///
    /// # Errors
    /// Below.
    pub async fn transfer_mode(
        &self,
        organization_id: OrganizationId,
        id: PayoutId,
    ) -> Result<Mode, StoreError> {
        let word = sqlx::query_scalar!(
            "select c.mode from payout p
             join connection c on c.organization_id = $1 and c.connection_id = p.connection_id
             where p.organization_id = $1 and p.payout_id = $2",
            organization_id.0,
            id.0,
        )
        .fetch_optional(&self.pool)
        .await?;
        let mode = word.map(|word| readable(Mode::parse(&word), "connection", "mode"));
        Ok(mode.transpose()?.unwrap_or(Mode::Live))
    }
}
