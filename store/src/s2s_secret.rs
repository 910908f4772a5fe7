//! Secrets with which merchants sign their server-to-server calls, and the check of the secret key.

use std::sync::Arc;

use chrono::Duration;
use domain::id::OrganizationId;
use uuid::Uuid;

use crate::{
    Store, StoreError,
    audit::{self, Actor},
    transaction::begin,
};

/// How long a replaced secret stays valid.
pub const OVERLAP: Duration = Duration::hours(24);

const PURPOSE: &str = "s2s";
const KEY_CHECK: &[u8] = b"tributary";

impl Store {
    /// Makes a new secret; those before stay valid for [`OVERLAP`].
    pub async fn rotate_s2s_secret(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
    ) -> Result<String, StoreError> {
        let (actor, now) = (actor.administers()?, self.now());
        let secret = format!("s2s_{}", self.random_hex::<32>());
        let id: Uuid = self.new_id(now);
        let mut tx = begin(&self.pool).await?;
        sqlx::query!(
            "update s2s_secret set valid_until = $2 where organization_id = $1 and valid_until is null",
            organization_id.0,
            now + OVERLAP,
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "insert into s2s_secret (organization_id, s2s_secret_id, secret_sealed, created_at)
             values ($1, $2, $3, $4)",
            organization_id.0,
            id,
            self.vault.seal(&self.random, PURPOSE, secret.as_bytes())?,
            now,
        )
        .execute(&mut *tx)
        .await?;
        let entry = audit::Entry {
            actor,
            subject: "s2s_secret",
            subject_id: id,
            action: "created",
            detail: "secret for signed server-to-server calls",
        };
        audit::write_in(&mut tx, &self.random, organization_id, now, entry).await?;
        tx.commit().await?;
        self.directory.forget(&self.pool, organization_id).await;
        Ok(secret)
    }

    /// The secrets that are valid now, newest first; empty for an unknown organization. Cached.
    pub async fn s2s_secrets(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Vec<String>, StoreError> {
        let now = self.now();
        let key = (self.directory.epoch(), organization_id);
        let known = if let Some(known) = self.directory.s2s_secrets.get(&key) {
            known
        } else {
            let loaded = Arc::new(self.load_s2s_secrets(organization_id).await?);
            self.directory.s2s_secrets.insert(key, Arc::clone(&loaded));
            loaded
        };
        let valid = known
            .iter()
            .filter(|(_, until)| until.is_none_or(|until| now < until));
        Ok(valid.map(|(secret, _)| secret.clone()).collect())
    }

    async fn load_s2s_secrets(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Vec<TimedSecret>, StoreError> {
        let rows = sqlx::query!(
            "select secret_sealed, valid_until from s2s_secret
             where organization_id = $1 and (valid_until is null or valid_until > $2)
             order by s2s_secret_id desc",
            organization_id.0,
            self.now(),
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let secret = self.vault.open(PURPOSE, &row.secret_sealed)?;
                let secret = String::from_utf8(secret).map_err(|_| StoreError::Sealed)?;
                Ok((secret, row.valid_until))
            })
            .collect()
    }

    /// Is this the key that sealed the database's secrets? A fresh database adopts it.
    pub async fn check_secret_key(&self) -> Result<(), StoreError> {
        let sealed = self.vault.seal(&self.random, "key_check", KEY_CHECK)?;
        sqlx::query!(
            "insert into key_check (sealed) values ($1) on conflict do nothing",
            sealed
        )
        .execute(&self.pool)
        .await?;
        let kept = sqlx::query_scalar!("select sealed from key_check")
            .fetch_one(&self.pool)
            .await?;
        self.vault.open("key_check", &kept).map(drop)
    }
}

/// A secret and when it stops being valid.
pub(crate) type TimedSecret = (String, Option<chrono::DateTime<chrono::Utc>>);
