//! The audit log: who changed what. Written in the transaction of the change.

use chrono::{DateTime, Utc};
use domain::id::{ApiKeyId, OrganizationId, PersonId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Random, StoreError};

/// Who makes a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in member.
    Person(PersonId),
    /// A program with an API key.
    Key(ApiKeyId),
    /// The server itself: start-up, the command line, a job.
    System,
}

impl Actor {
    fn parts(self) -> (&'static str, Option<Uuid>) {
        match self {
            Self::Person(id) => ("person", Some(id.0)),
            Self::Key(id) => ("key", Some(id.0)),
            Self::System => ("system", None),
        }
    }
}

/// One line of the log.
pub(crate) struct Entry<'a> {
    pub(crate) actor: Actor,
    /// The table of the thing that changed.
    pub(crate) subject: &'static str,
    pub(crate) subject_id: Uuid,
    /// What was done: `created`, `changed`, `removed`.
    pub(crate) action: &'static str,
    /// What it was, for people. Never a secret.
    pub(crate) detail: &'a str,
}

pub(crate) async fn write_in(
    connection: &mut PgConnection,
    random: &Random,
    organization_id: OrganizationId,
    at: DateTime<Utc>,
    entry: Entry<'_>,
) -> Result<(), StoreError> {
    let (actor_kind, actor_id) = entry.actor.parts();
    sqlx::query!(
        "insert into audit_entry (organization_id, audit_entry_id, created_at, actor_kind, actor_id,
             subject_kind, subject_id, action, detail)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        organization_id.0,
        random.uuid_v7(at),
        at,
        actor_kind,
        actor_id,
        entry.subject,
        entry.subject_id,
        entry.action,
        entry.detail,
    )
    .execute(connection)
    .await?;
    Ok(())
}
