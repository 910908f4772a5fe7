//! Connections: an organization's accounts at processors, with their secrets sealed.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use domain::{
    connection::{MAX_SIGNING_SECRETS, Mode, Processor},
    event::FOUND_IN_A_LIST,
    id::{CampaignId, ConnectionId, OrganizationId},
    text::Name,
};
use sqlx::PgConnection;
use thiserror::Error;

use crate::{
    Store, StoreError,
    audit::{self, Actor, Allowed},
    error::readable,
    transaction::begin,
};

pub use self::{
    refused::Refused,
    secrets::{BraintreeKeys, KeyPair, Secrets},
};

mod refused;
mod secrets;

const TABLE: &str = "connection";

/// A connection as the intake needs it.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Which connection.
    pub id: ConnectionId,
    /// Whose.
    pub organization_id: OrganizationId,
    /// Which processor.
    pub processor: Processor,
    /// Real money or a sandbox.
    pub mode: Mode,
    /// The campaign of its sales when nothing else names one.
    pub campaign_id: Option<CampaignId>,
    /// Its secrets, opened.
    pub secrets: Secrets,
    /// When it was made: what happened before is not its business.
    pub created_at: DateTime<Utc>,
}

/// A connection as people and the API see it: no secrets.
#[derive(Clone, Debug)]
pub struct ConnectionView {
    /// Which connection.
    pub id: ConnectionId,
    /// Which processor.
    pub processor: Processor,
    /// Real money or a sandbox.
    pub mode: Mode,
    /// Shown in lists.
    pub name: Name,
    /// The campaign of its sales when nothing else names one.
    pub campaign_id: Option<CampaignId>,
    /// How many signing secrets or key pairs it holds.
    pub secrets: usize,
    /// When it last received an event.
    pub last_event_at: Option<DateTime<Utc>>,
    /// The last delivery that was turned away, when no event was accepted since.
    pub refused: Option<Refused>,
    /// When its events were last read at the processor to the end.
    pub last_reconciled_at: Option<DateTime<Utc>>,
    /// Why the last such reading broke off; `None` when it did not.
    pub reconcile_error: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// What a new connection needs.
#[derive(Clone, Debug)]
pub struct NewConnection {
    /// Which processor.
    pub processor: Processor,
    /// Real money or a sandbox.
    pub mode: Mode,
    /// Shown in lists.
    pub name: Name,
    /// The campaign of its sales when nothing else names one.
    pub campaign_id: Option<CampaignId>,
    /// What it keeps secret.
    pub secrets: Secrets,
}

/// What can be changed about a connection; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct ConnectionChange {
    /// Shown in lists.
    pub name: Option<Name>,
    /// Real money or a sandbox.
    pub mode: Option<Mode>,
    /// `Some(None)` takes the campaign away.
    pub campaign_id: Option<Option<CampaignId>>,
    /// Replaces all signing secrets.
    pub signing: Option<Vec<String>>,
    /// One more signing secret, for rolling; the oldest beyond the limit is dropped.
    pub further_secret: Option<String>,
    /// Replaces the API key.
    pub api_key: Option<String>,
    /// Replaces all key pairs.
    pub key_pairs: Option<Vec<KeyPair>>,
    /// One more key pair, for rolling; the oldest beyond the limit is dropped.
    pub further_pair: Option<KeyPair>,
    /// Is the further secret or pair the only one from now on?
    pub drops_others: bool,
    /// Replaces the merchant's id.
    pub merchant_id: Option<String>,
}

/// Why a connection can't be written.
#[derive(Debug, Error)]
pub enum ConnectionError {
    /// Blank, too many, or not what the processor issues.
    #[error(
        "1 to {MAX_SIGNING_SECRETS} signing secrets are needed, each of 8 to 255 visible characters"
    )]
    BadSecret,
    /// Not what Braintree issues.
    #[error(
        "1 to {MAX_SIGNING_SECRETS} pairs of public and private key are needed, each of 8 to 255 visible characters"
    )]
    BadKeys,
    /// Not what Braintree issues.
    #[error("the merchant id of the account is needed, of 8 to 255 visible characters")]
    BadMerchant,
    /// What one processor needs does not fit another.
    #[error("{0} has no such secret")]
    Foreign(Processor),
    /// There is no such campaign.
    #[error("there is no such campaign")]
    NoCampaign,
    /// There is no such connection in the organization.
    #[error("there is no such connection")]
    NotFound,
    /// Below.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for ConnectionError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

pub(crate) async fn modes_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
) -> Result<HashMap<ConnectionId, Mode>, StoreError> {
    let rows = sqlx::query!(
        "select connection_id, mode from connection where organization_id = $1",
        organization_id.0,
    )
    .fetch_all(db)
    .await?;
    let mode = |word: &str| readable(Mode::parse(word), TABLE, "mode");
    rows.into_iter()
        .map(|row| Ok((ConnectionId(row.connection_id), mode(&row.mode)?)))
        .collect()
}

impl Store {
    /// The connection behind a webhook address, whoever's it is. Cached.
    pub async fn connection(
        &self,
        id: ConnectionId,
    ) -> Result<Option<Arc<Connection>>, StoreError> {
        let key = (self.directory.epoch(), id);
        if let Some(connection) = self.directory.connections.get(&key) {
            return Ok(Some(connection));
        }
        let row = sqlx::query!(
            "select organization_id, processor, mode, campaign_id, secrets_sealed, created_at
             from connection where connection_id = $1 and removed_at is null",
            id.0,
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let connection = Arc::new(Connection {
            id,
            organization_id: OrganizationId(row.organization_id),
            processor: readable(Processor::parse(&row.processor), TABLE, "processor")?,
            mode: readable(Mode::parse(&row.mode), TABLE, "mode")?,
            campaign_id: row.campaign_id.map(CampaignId),
            secrets: self.open_secrets(&row.secrets_sealed)?,
            created_at: row.created_at,
        });
        self.directory
            .connections
            .insert(key, Arc::clone(&connection));
        Ok(Some(connection))
    }

    /// Connections of an organization, oldest first.
    pub async fn connections(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Vec<ConnectionView>, StoreError> {
        let rows = sqlx::query!(
            r#"select c.connection_id, c.processor, c.mode, c.name, c.campaign_id, c.secret_count, c.created_at,
                   (select max(e.received_at) from event e where e.organization_id = $1
                        and e.connection_id = c.connection_id and e.kind <> $2) as "last_event_at?",
                   r.reconciled_at as "reconciled_at?", r.error as "error?",
                   d.refused_at as "refused_at?", d.reason as "reason?"
               from connection c
               left join reconciliation r on r.organization_id = c.organization_id
                   and r.connection_id = c.connection_id
               left join refused_delivery d on d.organization_id = c.organization_id
                   and d.connection_id = c.connection_id
               where c.organization_id = $1 and c.removed_at is null
               order by c.connection_id"#,
            organization_id.0,
            FOUND_IN_A_LIST,
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let refused = row.refused_at.zip(row.reason);
                let refused = refused.map(|(at, reason)| Refused { at, reason });
                Ok(ConnectionView {
                    refused: refused.filter(|one| row.last_event_at.is_none_or(|at| at < one.at)),
                    id: ConnectionId(row.connection_id),
                    processor: readable(Processor::parse(&row.processor), TABLE, "processor")?,
                    mode: readable(Mode::parse(&row.mode), TABLE, "mode")?,
                    name: readable(Name::parse(&row.name).ok(), TABLE, "name")?,
                    campaign_id: row.campaign_id.map(CampaignId),
                    secrets: usize::try_from(row.secret_count).unwrap_or_default(),
                    last_event_at: row.last_event_at,
                    last_reconciled_at: row.reconciled_at,
                    reconcile_error: row.error,
                    created_at: row.created_at,
                })
            })
            .collect()
    }

    /// Makes a connection.
    pub async fn add_connection(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        new: NewConnection,
    ) -> Result<ConnectionView, ConnectionError> {
        let (actor, now) = (actor.administers()?, self.now());
        let secrets = secrets::check(new.processor, new.secrets)?;
        let mut tx = begin(&self.pool).await?;
        self.check_campaign_in(&mut tx, organization_id, new.campaign_id)
            .await?;
        let view = ConnectionView {
            id: ConnectionId(self.new_id(now)),
            processor: new.processor,
            mode: new.mode,
            name: new.name,
            campaign_id: new.campaign_id,
            secrets: secrets.count(),
            last_event_at: None,
            refused: None,
            last_reconciled_at: None,
            reconcile_error: None,
            created_at: now,
        };
        sqlx::query!(
            "insert into connection (organization_id, connection_id, processor, mode, name, campaign_id,
                 secrets_sealed, secret_count, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            organization_id.0,
            view.id.0,
            view.processor.as_str(),
            view.mode.as_str(),
            view.name.as_str(),
            view.campaign_id.map(|id| id.0),
            self.seal_secrets(&secrets)?,
            i32::try_from(view.secrets).unwrap_or(i32::MAX),
            now,
        )
        .execute(&mut *tx)
        .await?;
        let entry = audit_entry(actor, view.id, "created", view.name.as_str());
        audit::write_in(&mut tx, &self.random, organization_id, now, entry).await?;
        tx.commit().await?;
        self.directory.forget(&self.pool, organization_id).await;
        Ok(view)
    }

    /// Changes a connection.
    pub async fn change_connection(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        id: ConnectionId,
        change: ConnectionChange,
    ) -> Result<(), ConnectionError> {
        let actor = actor.administers()?;
        let mut tx = begin(&self.pool).await?;
        let row = sqlx::query!(
            "select processor, name, mode, campaign_id, secrets_sealed from connection
             where organization_id = $1 and connection_id = $2 and removed_at is null for update",
            organization_id.0,
            id.0,
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(ConnectionError::NotFound)?;
        let processor = readable(Processor::parse(&row.processor), TABLE, "processor")?;
        let campaign_id = change
            .campaign_id
            .unwrap_or(row.campaign_id.map(CampaignId));
        self.check_campaign_in(&mut tx, organization_id, campaign_id)
            .await?;
        let name = change.name.clone().map_or(row.name, String::from);
        let mode = change
            .mode
            .map_or(row.mode, |mode| mode.as_str().to_owned());
        let secrets = change.secrets(processor, self.open_secrets(&row.secrets_sealed)?)?;
        sqlx::query!(
            "update connection set name = $3, mode = $4, campaign_id = $5, secrets_sealed = $6, secret_count = $7
             where organization_id = $1 and connection_id = $2",
            organization_id.0,
            id.0,
            name,
            mode,
            campaign_id.map(|id| id.0),
            self.seal_secrets(&secrets)?,
            i32::try_from(secrets.count()).unwrap_or(i32::MAX),
        )
        .execute(&mut *tx)
        .await?;
        let entry = audit_entry(actor, id, "changed", &name);
        audit::write_in(&mut tx, &self.random, organization_id, self.now(), entry).await?;
        tx.commit().await?;
        self.directory.forget(&self.pool, organization_id).await;
        Ok(())
    }

    /// Removes a connection: its address answers 404 from now on; what it brought stays.
    pub async fn remove_connection(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        id: ConnectionId,
    ) -> Result<(), ConnectionError> {
        let (actor, now) = (actor.administers()?, self.now());
        let mut tx = begin(&self.pool).await?;
        let removed = sqlx::query_scalar!(
            "update connection set removed_at = $3
             where organization_id = $1 and connection_id = $2 and removed_at is null returning name",
            organization_id.0,
            id.0,
            now,
        )
        .fetch_optional(&mut *tx)
        .await?;
        let name = removed.ok_or(ConnectionError::NotFound)?;
        let entry = audit_entry(actor, id, "removed", &name);
        audit::write_in(&mut tx, &self.random, organization_id, now, entry).await?;
        tx.commit().await?;
        self.directory.forget(&self.pool, organization_id).await;
        Ok(())
    }

    async fn check_campaign_in(
        &self,
        db: &mut PgConnection,
        organization_id: OrganizationId,
        campaign_id: Option<CampaignId>,
    ) -> Result<(), ConnectionError> {
        let Some(id) = campaign_id else { return Ok(()) };
        let known = self.directory.campaigns_in(db, organization_id).await?;
        if known.contains_key(&id) {
            Ok(())
        } else {
            Err(ConnectionError::NoCampaign)
        }
    }
}

fn audit_entry<'a>(
    actor: Allowed,
    id: ConnectionId,
    action: &'static str,
    detail: &'a str,
) -> audit::Entry<'a> {
    audit::Entry {
        actor,
        subject: TABLE,
        subject_id: id.0,
        action,
        detail,
    }
}
