//! Calls that must run once: the answer to an `Idempotency-Key` is kept and given again.

use bytes::Bytes;
use chrono::Duration;
use domain::id::OrganizationId;

use crate::{Store, StoreError, error::readable};

/// How long an answer is kept.
pub const KEPT_FOR: Duration = Duration::hours(24);
/// A call that has not been answered for so long died with its server and may run again.
const ABANDONED_AFTER: Duration = Duration::seconds(60);

/// What a call with a key should do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Run, then [`Store::finish_once`] or [`Store::forget_once`].
    Fresh,
    /// The same call is running: ask again shortly.
    Running,
    /// The same call was answered with this status and body.
    Answered(u16, Bytes),
    /// The key was used for another call.
    OtherCall,
}

impl Store {
    /// Takes the key for a call whose method, path and body have this hash.
    pub async fn begin_once(
        &self,
        organization_id: OrganizationId,
        key: &str,
        request_hash: &[u8],
    ) -> Result<Begun, StoreError> {
        let now = self.now();
        let taken = sqlx::query!(
            "insert into idempotent_call (organization_id, idempotency_key, request_hash, started_at)
             values ($1, $2, $3, $4)
             on conflict (organization_id, idempotency_key) do update
             set request_hash = excluded.request_hash, started_at = excluded.started_at, status = null, body = null
             where idempotent_call.started_at < $5
                or (idempotent_call.status is null and idempotent_call.started_at < $6)",
            organization_id.0,
            key,
            request_hash,
            now,
            now - KEPT_FOR,
            now - ABANDONED_AFTER,
        )
        .execute(&self.pool)
        .await?;
        if taken.rows_affected() == 1 {
            return Ok(Begun::Fresh);
        }
        let known = sqlx::query!(
            "select request_hash, status, body from idempotent_call
             where organization_id = $1 and idempotency_key = $2",
            organization_id.0,
            key,
        )
        .fetch_optional(&self.pool)
        .await?;
        // Given back between the two statements: whoever asks again gets it.
        let Some(known) = known else {
            return Ok(Begun::Running);
        };
        if known.request_hash != request_hash {
            return Ok(Begun::OtherCall);
        }
        let Some(status) = known.status else {
            return Ok(Begun::Running);
        };
        let status = readable(u16::try_from(status).ok(), "idempotent_call", "status")?;
        Ok(Begun::Answered(
            status,
            known.body.unwrap_or_default().into(),
        ))
    }

    /// Keeps the answer of a call that ran.
    pub async fn finish_once(
        &self,
        organization_id: OrganizationId,
        key: &str,
        status: u16,
        body: &[u8],
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "update idempotent_call set status = $3, body = $4
             where organization_id = $1 and idempotency_key = $2",
            organization_id.0,
            key,
            i32::from(status),
            body,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Gives the key back: the call changed nothing and may run again.
    pub async fn forget_once(
        &self,
        organization_id: OrganizationId,
        key: &str,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "delete from idempotent_call where organization_id = $1 and idempotency_key = $2 and status is null",
            organization_id.0,
            key,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Removes answers that are no longer kept. A job for all organizations.
    pub async fn tidy_idempotent_calls(&self) -> Result<(), StoreError> {
        let organizations = sqlx::query_scalar!("select organization_id from organization")
            .fetch_all(&self.pool)
            .await?;
        for organization_id in organizations {
            sqlx::query!(
                "delete from idempotent_call where organization_id = $1 and started_at < $2",
                organization_id,
                self.now() - KEPT_FOR,
            )
            .execute(&self.pool)
            .await?;
        }
        Ok(())
    }
}
