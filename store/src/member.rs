//! People of an organization: what they may do, and that one owner is always left.

use chrono::{DateTime, Utc};
use domain::{
    id::{OrganizationId, PersonId},
    member::Role,
};
use sqlx::PgConnection;
use thiserror::Error;
use uuid::Uuid;

use crate::{
    Store, StoreError,
    audit::{self, Actor, Allowed},
    error::readable,
    transaction::begin,
};

/// A member as he is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberView {
    /// Who.
    pub person_id: PersonId,
    /// The e-mail he signs in with.
    pub email: String,
    /// What he may do.
    pub role: Role,
    /// Since when.
    pub joined_at: DateTime<Utc>,
    /// When he last used a session that has not ended, to some minutes.
    pub last_seen_at: Option<DateTime<Utc>>,
}

/// Why a member can't be changed.
#[derive(Debug, Error)]
pub enum MemberError {
    /// He is not of this organization.
    #[error("there is no such member")]
    NotFound,
    /// Nobody could make owners any more.
    #[error("an organization needs an owner: make somebody else one first")]
    LastOwner,
    /// Below.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for MemberError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// A member who stays as he is until the transaction ends, as all others do.
struct Locked {
    email: String,
    role: Role,
    is_only_owner: bool,
}

/// Whoever may do this to a member: an owner's role is an owner's business.
pub(crate) fn allowed(actor: Actor, roles: &[Role]) -> Result<Allowed, StoreError> {
    if roles.contains(&Role::Owner) {
        actor.owns()
    } else {
        actor.administers()
    }
}

/// Locks all members, so that two owners can't remove each other at once.
async fn lock_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    person_id: PersonId,
) -> Result<Locked, MemberError> {
    let rows = sqlx::query!(
        "select m.person_id, m.role, p.email from member m join person p on p.person_id = m.person_id
         where m.organization_id = $1 order by m.person_id for update of m",
        organization_id.0,
    )
    .fetch_all(db)
    .await?;
    let others = rows.iter().filter(|row| row.person_id != person_id.0);
    let is_only_owner = !others
        .into_iter()
        .any(|row| row.role == Role::Owner.as_str());
    let row = rows.iter().find(|row| row.person_id == person_id.0);
    let row = row.ok_or(MemberError::NotFound)?;
    let role = readable(Role::parse(&row.role), "member", "role")?;
    Ok(Locked {
        email: row.email.clone(),
        role,
        is_only_owner,
    })
}

impl Store {
    /// The members, by e-mail.
    pub async fn members(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Vec<MemberView>, StoreError> {
        let rows = sqlx::query!(
            r#"select m.person_id, m.role, m.created_at, p.email,
                   (select max(s.last_seen_at) from session s
                    where s.person_id = m.person_id and s.organization_id = m.organization_id) as "last_seen_at?"
               from member m join person p on p.person_id = m.person_id
               where m.organization_id = $1 order by p.email"#,
            organization_id.0,
        )
        .fetch_all(&self.pool)
        .await?;
        let mut members = Vec::with_capacity(rows.len());
        for row in rows {
            members.push(MemberView {
                person_id: PersonId(row.person_id),
                email: row.email,
                role: readable(Role::parse(&row.role), "member", "role")?,
                joined_at: row.created_at,
                last_seen_at: row.last_seen_at,
            });
        }
        Ok(members)
    }

    /// Gives a member another role. Only owners make owners, and change those there are.
    pub async fn change_role(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        person_id: PersonId,
        role: Role,
    ) -> Result<(), MemberError> {
        actor.administers()?;
        let now = self.now();
        let mut tx = begin(&self.pool).await?;
        let member = lock_in(&mut tx, organization_id, person_id).await?;
        let actor = allowed(actor, &[member.role, role])?;
        if member.role == role {
            return Ok(());
        }
        if member.is_only_owner {
            return Err(MemberError::LastOwner);
        }
        sqlx::query!(
            "update member set role = $3 where organization_id = $1 and person_id = $2",
            organization_id.0,
            person_id.0,
            role.as_str(),
        )
        .execute(&mut *tx)
        .await?;
        let detail = format!("{}: {} → {}", member.email, member.role, role);
        let entry = entry(actor, person_id.0, "changed", &detail);
        audit::write_in(&mut tx, &self.random, organization_id, now, entry).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Removes a member and ends his sessions in this organization. Only owners remove owners.
    pub async fn remove_member(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        person_id: PersonId,
    ) -> Result<(), MemberError> {
        actor.administers()?;
        let now = self.now();
        let mut tx = begin(&self.pool).await?;
        let member = lock_in(&mut tx, organization_id, person_id).await?;
        let actor = allowed(actor, &[member.role])?;
        if member.is_only_owner {
            return Err(MemberError::LastOwner);
        }
        sqlx::query!(
            "delete from session where organization_id = $1 and person_id = $2",
            organization_id.0,
            person_id.0,
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "delete from member where organization_id = $1 and person_id = $2",
            organization_id.0,
            person_id.0,
        )
        .execute(&mut *tx)
        .await?;
        let entry = entry(actor, person_id.0, "removed", &member.email);
        audit::write_in(&mut tx, &self.random, organization_id, now, entry).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// A line about a member.
pub(crate) fn entry<'a>(
    actor: Allowed,
    person_id: Uuid,
    action: &'static str,
    detail: &'a str,
) -> audit::Entry<'a> {
    audit::Entry {
        actor,
        subject: "member",
        subject_id: person_id,
        action,
        detail,
    }
}
