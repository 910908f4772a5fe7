//! The audit log: who changed what, and whether he may. Written in the transaction of the change.
//!
//! A line is written for somebody who is [`Allowed`] only, and who that is, his role decides
//! (`domain::member`): so no verb can change something and forget to ask.

use chrono::{DateTime, Utc};
use domain::{
    id::{ApiKeyId, EventId, OrganizationId, PersonId},
    member::Role,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Random, StoreError};

/// Who makes a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in member.
    Person {
        /// Who.
        id: PersonId,
        /// What he may do in the organization.
        role: Role,
    },
    /// A program with an API key, whose scopes were checked where it called.
    Key(ApiKeyId),
    /// A processor's event.
    Event(EventId),
    /// The server itself: start-up, the command line, a job.
    System,
}

/// An actor who may make the change at hand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowed(Actor);

impl Actor {
    /// Himself, if he may change affiliates, campaigns, coupons and sales.
    pub(crate) fn manages(self) -> Result<Allowed, StoreError> {
        self.allowed(Role::may_manage)
    }

    /// Himself, if he may change connections, keys and secrets.
    pub(crate) fn administers(self) -> Result<Allowed, StoreError> {
        self.allowed(Role::may_administer)
    }

    fn allowed(self, may: fn(Role) -> bool) -> Result<Allowed, StoreError> {
        match self {
            Self::Person { role, .. } if !may(role) => Err(StoreError::Forbidden),
            Self::Person { .. } | Self::Key(_) | Self::Event(_) | Self::System => Ok(Allowed(self)),
        }
    }
}

impl Allowed {
    fn parts(self) -> (&'static str, Option<Uuid>) {
        match self.0 {
            Actor::Person { id, .. } => ("person", Some(id.0)),
            Actor::Key(id) => ("key", Some(id.0)),
            Actor::Event(id) => ("event", Some(id.0)),
            Actor::System => ("system", None),
        }
    }
}

/// One line of the log.
pub(crate) struct Entry<'a> {
    pub(crate) actor: Allowed,
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
