//! The audit log: who changed what, and whether he may. Written in the transaction of the change.
//!
//! A line is written for somebody who is [`Allowed`] only, and who that is, his role decides
//! (`domain::member`): so no verb can change something and forget to ask.

#![expect(
    clippy::as_conversions,
    reason = "how a checked query is told that an array may hold nulls"
)]

mod list;

use chrono::{DateTime, Utc};
use domain::{
    id::{ApiKeyId, EventId, OrganizationId, PersonId},
    member::Role,
};
use sqlx::PgConnection;
use uuid::Uuid;

pub use self::list::{AuditCursor, AuditFilter, AuditPage, AuditView, Whose};
use crate::{Random, StoreError, columns::columns};

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

    /// Himself, if he may make owners and change them.
    pub(crate) fn owns(self) -> Result<Allowed, StoreError> {
        self.allowed(Role::may_own)
    }

    /// Himself, whatever his role: for what is his own.
    pub(crate) fn himself(self) -> Allowed {
        Allowed(self)
    }

    /// Of the person, the key or the event.
    pub(crate) fn id(self) -> Option<Uuid> {
        Allowed(self).parts().1
    }

    fn allowed(self, may: fn(Role) -> bool) -> Result<Allowed, StoreError> {
        match self {
            Self::Person { role, .. } if !may(role) => Err(StoreError::Forbidden),
            Self::Person { .. } | Self::Key(_) | Self::Event(_) | Self::System => Ok(Allowed(self)),
        }
    }
}

impl Allowed {
    pub(crate) fn parts(self) -> (&'static str, Option<Uuid>) {
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
    write_all_in(connection, random, organization_id, at, &[entry]).await
}

/// Writes lines that are read in this order.
pub(crate) async fn write_all_in(
    connection: &mut PgConnection,
    random: &Random,
    organization_id: OrganizationId,
    at: DateTime<Utc>,
    entries: &[Entry<'_>],
) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let ids = random.uuids_v7(at, entries.len());
    columns!(entries, one => {
        actor_kinds: String = one.actor.parts().0.to_owned(),
        actor_ids: Option<Uuid> = one.actor.parts().1,
        subjects: String = one.subject.to_owned(),
        subject_ids: Uuid = one.subject_id,
        actions: String = one.action.to_owned(),
        details: String = one.detail.to_owned(),
    });
    sqlx::query!(
        "insert into audit_entry (organization_id, audit_entry_id, created_at, actor_kind, actor_id,
             subject_kind, subject_id, action, detail)
         select $1, a.id, $2, a.actor_kind, a.actor, a.subject_kind, a.subject, a.action, a.detail
         from unnest($3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::uuid[], $8::text[], $9::text[])
             as a (id, actor_kind, actor, subject_kind, subject, action, detail)",
        organization_id.0,
        at,
        &ids,
        &actor_kinds,
        &actor_ids as &[Option<Uuid>],
        &subjects,
        &subject_ids,
        &actions,
        &details,
    )
    .execute(connection)
    .await?;
    Ok(())
}
