//! Keys to the API: stored only as a hash, shown once.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, Utc};
use domain::{
    id::{ApiKeyId, OrganizationId},
    scope::Scope,
    text::Name,
};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use thiserror::Error;

use crate::{
    Random, Store, StoreError,
    audit::{self, Actor, Allowed},
    error::readable,
    transaction::begin,
};

/// What every key starts with.
pub const PREFIX: &str = "ak_live_";
/// How many characters must follow it at least.
pub const MIN_SECRET: usize = 24;
const MAX_SECRET: usize = 200;
/// How often the last use of a key is written down, in milliseconds.
const TOUCH_EVERY_MS: i64 = 60_000;

/// Not a key that can be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an API key is {PREFIX} followed by {MIN_SECRET} to {MAX_SECRET} letters, digits, - or _")]
pub struct BadKey;

/// The program behind a request.
#[derive(Debug)]
pub struct KeyHolder {
    /// Whose data it reads.
    pub organization_id: OrganizationId,
    /// Which key.
    pub id: ApiKeyId,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it stops working.
    pub expires_at: Option<DateTime<Utc>>,
    touched_at_ms: AtomicI64,
}

impl KeyHolder {
    /// May it do that?
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}

/// A key as it is listed: never its secret.
#[derive(Clone, Debug)]
pub struct KeyView {
    /// Which key.
    pub id: ApiKeyId,
    /// What people call it.
    pub name: String,
    /// Its first and last characters.
    pub hint: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it stops working.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Is this text a key that can be stored?
pub fn check(key: &str) -> Result<(), BadKey> {
    let secret = key.strip_prefix(PREFIX).ok_or(BadKey)?;
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (MIN_SECRET..=MAX_SECRET).contains(&secret.len()) && secret.bytes().all(fine) {
        Ok(())
    } else {
        Err(BadKey)
    }
}

fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

fn hint(key: &str) -> String {
    let end = key.get(key.len().saturating_sub(4)..).unwrap_or_default();
    format!("{PREFIX}…{end}")
}

struct NewKey<'a> {
    key: &'a str,
    name: &'a str,
    scopes: &'a [Scope],
    expires_at: Option<DateTime<Utc>>,
}

async fn insert_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    id: ApiKeyId,
    now: DateTime<Utc>,
    new: NewKey<'_>,
) -> Result<(), StoreError> {
    let scopes: Vec<String> = new
        .scopes
        .iter()
        .map(|scope| scope.as_str().to_owned())
        .collect();
    sqlx::query!(
        "insert into api_key (organization_id, api_key_id, name, key_hash, key_hint, scopes, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        organization_id.0,
        id.0,
        new.name,
        &hash(new.key)[..],
        hint(new.key),
        &scopes,
        now,
        new.expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The key an organization is set up with: every scope.
pub(crate) async fn store_first_in(
    db: &mut PgConnection,
    random: &Random,
    organization_id: OrganizationId,
    now: DateTime<Utc>,
    key: &str,
) -> Result<(), StoreError> {
    let id = ApiKeyId(random.uuid_v7(now));
    let new = NewKey {
        key,
        name: "First key",
        scopes: Scope::ALL,
        expires_at: None,
    };
    insert_in(db, organization_id, id, now, new).await
}

impl Store {
    /// Whose key this is; nobody's when it is unknown, revoked or expired. Cached.
    pub async fn key_holder(&self, key: &str) -> Result<Option<Arc<KeyHolder>>, StoreError> {
        if check(key).is_err() {
            return Ok(None);
        }
        let now = self.now();
        let cache_key = (self.directory.epoch(), hash(key));
        let holder = match self.directory.keys.get(&cache_key) {
            Some(holder) => holder,
            None => match self.load_key(&cache_key.1).await? {
                Some(holder) => {
                    self.directory.keys.insert(cache_key, Arc::clone(&holder));
                    holder
                }
                None => return Ok(None),
            },
        };
        if holder.expires_at.is_some_and(|end| now >= end) {
            return Ok(None);
        }
        self.touch_key(&holder, now);
        Ok(Some(holder))
    }

    async fn load_key(&self, hash: &[u8; 32]) -> Result<Option<Arc<KeyHolder>>, StoreError> {
        let row = sqlx::query!(
            "select organization_id, api_key_id, name, scopes, expires_at, last_used_at
             from api_key where key_hash = $1 and revoked_at is null",
            &hash[..],
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Arc::new(KeyHolder {
            organization_id: OrganizationId(row.organization_id),
            id: ApiKeyId(row.api_key_id),
            name: row.name,
            scopes: read_scopes(&row.scopes)?,
            expires_at: row.expires_at,
            touched_at_ms: AtomicI64::new(row.last_used_at.map_or(0, |at| at.timestamp_millis())),
        })))
    }

    /// Writes the last use down, at most once a minute and beside the request.
    fn touch_key(&self, holder: &Arc<KeyHolder>, now: DateTime<Utc>) {
        let last = holder.touched_at_ms.load(Ordering::Relaxed);
        let due = now.timestamp_millis() - last > TOUCH_EVERY_MS;
        let swap = |last| {
            let now_ms = now.timestamp_millis();
            holder.touched_at_ms.compare_exchange(
                last,
                now_ms,
                Ordering::Relaxed,
                Ordering::Relaxed,
            )
        };
        if !due || swap(last).is_err() {
            return;
        }
        let (pool, holder) = (self.pool.clone(), Arc::clone(holder));
        tokio::spawn(async move {
            let touched = sqlx::query!(
                "update api_key set last_used_at = $3 where organization_id = $1 and api_key_id = $2",
                holder.organization_id.0,
                holder.id.0,
                now,
            )
            .execute(&pool)
            .await;
            if let Err(error) = touched {
                tracing::debug!(%error, "the last use of a key was not written down");
            }
        });
    }

    /// Keys that work, oldest first.
    pub async fn api_keys(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Vec<KeyView>, StoreError> {
        let rows = sqlx::query!(
            "select api_key_id, name, key_hint, scopes, created_at, last_used_at, expires_at
             from api_key where organization_id = $1 and revoked_at is null order by api_key_id",
            organization_id.0,
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(KeyView {
                    id: ApiKeyId(row.api_key_id),
                    name: row.name,
                    hint: row.key_hint,
                    scopes: read_scopes(&row.scopes)?,
                    created_at: row.created_at,
                    last_used_at: row.last_used_at,
                    expires_at: row.expires_at,
                })
            })
            .collect()
    }

    /// Makes a key; the text is in the answer and nowhere else.
    pub async fn add_api_key(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        name: &Name,
        scopes: &[Scope],
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<(KeyView, String), StoreError> {
        let (actor, now) = (actor.administers()?, self.now());
        let key = format!("{PREFIX}{}", self.random_hex::<24>());
        let id = ApiKeyId(self.new_id(now));
        let mut tx = begin(&self.pool).await?;
        let new = NewKey {
            key: &key,
            name: name.as_str(),
            scopes,
            expires_at,
        };
        insert_in(&mut tx, organization_id, id, now, new).await?;
        let entry = audit_entry(actor, id, "created", name.as_str());
        audit::write_in(&mut tx, &self.random, organization_id, now, entry).await?;
        tx.commit().await?;
        let view = KeyView {
            id,
            name: name.to_string(),
            hint: hint(&key),
            scopes: scopes.to_vec(),
            created_at: now,
            last_used_at: None,
            expires_at,
        };
        Ok((view, key))
    }

    /// Revokes a key; `false` when there is no such key.
    pub async fn revoke_api_key(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        id: ApiKeyId,
    ) -> Result<bool, StoreError> {
        let (actor, now) = (actor.administers()?, self.now());
        let mut tx = begin(&self.pool).await?;
        let name = sqlx::query_scalar!(
            "update api_key set revoked_at = $3
             where organization_id = $1 and api_key_id = $2 and revoked_at is null returning name",
            organization_id.0,
            id.0,
            now,
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(name) = name else { return Ok(false) };
        let entry = audit_entry(actor, id, "revoked", &name);
        audit::write_in(&mut tx, &self.random, organization_id, now, entry).await?;
        tx.commit().await?;
        self.directory.forget(&self.pool, organization_id).await;
        Ok(true)
    }
}

fn read_scopes(words: &[String]) -> Result<Vec<Scope>, StoreError> {
    words
        .iter()
        .map(|word| readable(Scope::parse(word), "api_key", "scopes"))
        .collect()
}

fn audit_entry<'a>(
    actor: Allowed,
    id: ApiKeyId,
    action: &'static str,
    detail: &'a str,
) -> audit::Entry<'a> {
    audit::Entry {
        actor,
        subject: "api_key",
        subject_id: id.0,
        action,
        detail,
    }
}
