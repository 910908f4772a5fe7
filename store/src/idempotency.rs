//! Calls that must run once: the answer to an `Idempotency-Key` is kept and given again.
//!
//! A key counts within the API key that sent it: another API key, which may have fewer scopes, never
//! sees its answers. Answers are sealed, because some of them hold a new secret.

use bytes::Bytes;
use chrono::Duration;
use domain::id::{ApiKeyId, OrganizationId};

use crate::{Store, StoreError, error::readable};

const PURPOSE: &str = "idempotent_call";

/// How long an answer is kept.
pub const KEPT_FOR: Duration = Duration::hours(24);
/// A call that has not been answered for so long died with its server.
const ABANDONED_AFTER: Duration = Duration::seconds(60);

/// What a call with a key should do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Run, then [`Store::finish_once`] or [`Store::forget_once`].
    Fresh,
    /// The same call is running: ask again shortly.
    Running,
    /// The same call began and was cut off with its server: nobody knows how far it came.
    Abandoned,
    /// The same call was answered with this status and body.
    Answered(u16, Bytes),
    /// The key was used for another call.
    OtherCall,
}

/// Who used which key.
#[derive(Clone, Copy, Debug)]
pub struct Once<'a> {
    /// Whose data the call changes.
    pub organization_id: OrganizationId,
    /// Which API key sent it.
    pub api_key_id: ApiKeyId,
    /// The caller's `Idempotency-Key`.
    pub key: &'a str,
}

impl Store {
    /// Takes the key for a call whose method, path and body have this hash.
    pub async fn begin_once(
        &self,
        once: Once<'_>,
        request_hash: &[u8],
    ) -> Result<Begun, StoreError> {
        let now = self.now();
        let taken = sqlx::query!(
            "insert into idempotent_call (organization_id, api_key_id, idempotency_key, request_hash, started_at)
             values ($1, $2, $3, $4, $5)
             on conflict (organization_id, api_key_id, idempotency_key) do update
             set request_hash = excluded.request_hash, started_at = excluded.started_at, status = null, body_sealed = null
             where idempotent_call.started_at < $6",
            once.organization_id.0,
            once.api_key_id.0,
            once.key,
            request_hash,
            now,
            now - KEPT_FOR,
        )
        .execute(&self.pool)
        .await?;
        if taken.rows_affected() == 1 {
            return Ok(Begun::Fresh);
        }
        let known = sqlx::query!(
            "select request_hash, started_at, status, body_sealed from idempotent_call
             where organization_id = $1 and api_key_id = $2 and idempotency_key = $3",
            once.organization_id.0,
            once.api_key_id.0,
            once.key,
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
            let abandoned = now - known.started_at > ABANDONED_AFTER;
            return Ok(if abandoned {
                Begun::Abandoned
            } else {
                Begun::Running
            });
        };
        let status = readable(u16::try_from(status).ok(), "idempotent_call", "status")?;
        let sealed = readable(known.body_sealed, "idempotent_call", "body_sealed")?;
        let body = self.vault.open(PURPOSE, &sealed)?;
        Ok(Begun::Answered(status, body.into()))
    }

    /// Keeps the answer of a call that ran.
    pub async fn finish_once(
        &self,
        once: Once<'_>,
        status: u16,
        body: &[u8],
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "update idempotent_call set status = $4, body_sealed = $5
             where organization_id = $1 and api_key_id = $2 and idempotency_key = $3",
            once.organization_id.0,
            once.api_key_id.0,
            once.key,
            i32::from(status),
            self.vault.seal(&self.random, PURPOSE, body)?,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Gives the key back: the call changed nothing and may run again.
    pub async fn forget_once(&self, once: Once<'_>) -> Result<(), StoreError> {
        sqlx::query!(
            "delete from idempotent_call where organization_id = $1 and api_key_id = $2 and idempotency_key = $3 and status is null",
            once.organization_id.0,
            once.api_key_id.0,
            once.key,
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
