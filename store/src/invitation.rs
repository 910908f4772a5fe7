//! Invitations: a link that makes whoever holds it a member, once, under the e-mail and role it was made for.

use chrono::{DateTime, Duration, Utc};
use domain::{
    email::Email,
    id::{InvitationId, OrganizationId, PersonId},
    member::{MIN_PASSWORD, Role},
};
use sqlx::PgConnection;
use thiserror::Error;

use crate::{
    Store, StoreError,
    audit::{self, Actor},
    error::readable,
    member,
    organization::is_password,
    session::{hash_password, token_hash, verify_password},
    transaction::begin,
};

/// How long a link is good.
pub const VALID_FOR: Duration = Duration::days(7);

/// An invitation as it is listed: never its link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationView {
    /// Which.
    pub id: InvitationId,
    /// Who is invited.
    pub email: String,
    /// What he may do then.
    pub role: Role,
    /// When he was invited.
    pub created_at: DateTime<Utc>,
    /// When the link ends.
    pub expires_at: DateTime<Utc>,
}

/// What a link leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invited {
    /// Into which organization.
    pub organization_id: OrganizationId,
    /// Its name.
    pub organization_name: String,
    /// Who is invited.
    pub email: Email,
    /// What he may do then.
    pub role: Role,
    /// Whoever signs in with this e-mail already.
    pub person_id: Option<PersonId>,
    /// What his password is compared with.
    password_hash: Option<String>,
}

/// How somebody shows that he is the one who is invited.
pub enum Proof {
    /// By the password he signs in with, or the one he will, if this is his first organization.
    Password(String),
    /// He is signed in.
    Session(PersonId),
}

/// Why somebody can't be invited, or can't join.
#[derive(Debug, Error)]
pub enum InvitationError {
    /// He is there.
    #[error("{0} is a member already")]
    AlreadyMember(Email),
    /// The link was used, revoked or replaced, or is too old.
    #[error("this invitation is not valid any more: ask for a new one")]
    Gone,
    /// Too short or too long.
    #[error("a password of at least {MIN_PASSWORD} characters is needed")]
    BadPassword,
    /// Not the one he signs in with.
    #[error("that is not the password you sign in with")]
    WrongPassword,
    /// Below.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for InvitationError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Who joins: somebody who is known, or somebody with this password's hash.
enum Joining {
    Known(PersonId),
    New(String),
}

impl Store {
    /// Invites somebody; the link's token is in the answer and nowhere else. Whoever was invited before has
    /// the newest link only. Only owners invite owners.
    pub async fn invite(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        email: &Email,
        role: Role,
    ) -> Result<String, InvitationError> {
        let (actor, now) = (member::allowed(actor, &[role])?, self.now());
        let (id, token) = (self.new_id(now), self.random_hex::<32>());
        let mut tx = begin(&self.pool).await?;
        let is_member = sqlx::query_scalar!(
            r#"select exists (select from member m join person p on p.person_id = m.person_id
                              where m.organization_id = $1 and p.email = $2) as "is_member!""#,
            organization_id.0,
            email.as_str(),
        )
        .fetch_one(&mut *tx)
        .await?;
        if is_member {
            return Err(InvitationError::AlreadyMember(email.clone()));
        }
        sqlx::query!(
            "insert into invitation (organization_id, invitation_id, token_hash, email, role, created_at, expires_at)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (organization_id, email) do update set invitation_id = excluded.invitation_id,
                 token_hash = excluded.token_hash, role = excluded.role, created_at = excluded.created_at,
                 expires_at = excluded.expires_at",
            organization_id.0,
            id,
            token_hash(&token),
            email.as_str(),
            role.as_str(),
            now,
            now + VALID_FOR,
        )
        .execute(&mut *tx)
        .await?;
        let entry = audit::Entry {
            actor,
            subject: "invitation",
            subject_id: id,
            action: "created",
            detail: &format!("{email} as {role}"),
        };
        audit::write_in(&mut tx, &self.random, organization_id, now, entry).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Invitations that nobody has used, newest first; those that ran out among them.
    pub async fn invitations(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Vec<InvitationView>, StoreError> {
        let rows = sqlx::query!(
            "select invitation_id, email, role, created_at, expires_at from invitation
             where organization_id = $1 order by invitation_id desc",
            organization_id.0,
        )
        .fetch_all(&self.pool)
        .await?;
        let mut invitations = Vec::with_capacity(rows.len());
        for row in rows {
            invitations.push(InvitationView {
                id: InvitationId(row.invitation_id),
                email: row.email,
                role: readable(Role::parse(&row.role), "invitation", "role")?,
                created_at: row.created_at,
                expires_at: row.expires_at,
            });
        }
        Ok(invitations)
    }

    /// Revokes an invitation; `false` when there is no such one.
    pub async fn revoke_invitation(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        id: InvitationId,
    ) -> Result<bool, StoreError> {
        let (actor, now) = (actor.administers()?, self.now());
        let mut tx = begin(&self.pool).await?;
        let email = sqlx::query_scalar!(
            "delete from invitation where organization_id = $1 and invitation_id = $2 returning email",
            organization_id.0,
            id.0,
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(email) = email else { return Ok(false) };
        let entry = audit::Entry {
            actor,
            subject: "invitation",
            subject_id: id.0,
            action: "revoked",
            detail: &email,
        };
        audit::write_in(&mut tx, &self.random, organization_id, now, entry).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// What the link with this token leads to; nothing when it is not good any more.
    pub async fn invitation(&self, token: &str) -> Result<Option<Invited>, StoreError> {
        const TABLE: &str = "invitation";
        let row = sqlx::query!(
            r#"select i.organization_id, o.name, i.email, i.role, p.person_id as "person_id?",
                   p.password_hash as "password_hash?"
               from invitation i
               join organization o on o.organization_id = i.organization_id
               left join person p on p.email = i.email
               where i.token_hash = $1 and i.expires_at > $2"#,
            token_hash(token),
            self.now(),
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Invited {
            organization_id: OrganizationId(row.organization_id),
            organization_name: row.name,
            email: readable(Email::parse(&row.email).ok(), TABLE, "email")?,
            role: readable(Role::parse(&row.role), TABLE, "role")?,
            person_id: row.person_id.map(PersonId),
            password_hash: row.password_hash,
        }))
    }

    /// Makes the one who is invited a member; the link is used up then. Who it is and of what.
    pub async fn join(
        &self,
        token: &str,
        proof: Proof,
    ) -> Result<(PersonId, OrganizationId), InvitationError> {
        let invited = self.invitation(token).await?.ok_or(InvitationError::Gone)?;
        let joining = self.joining(&invited, proof).await?;
        let (organization_id, role, now) = (invited.organization_id, invited.role, self.now());
        let mut tx = begin(&self.pool).await?;
        let used = sqlx::query!(
            "delete from invitation where organization_id = $1 and token_hash = $2",
            organization_id.0,
            token_hash(token),
        )
        .execute(&mut *tx)
        .await?;
        if used.rows_affected() == 0 {
            return Err(InvitationError::Gone);
        }
        let id = self
            .person_in(&mut tx, &invited.email, joining, now)
            .await?;
        sqlx::query!(
            "insert into member (organization_id, person_id, role, created_at) values ($1, $2, $3, $4)
             on conflict do nothing",
            organization_id.0,
            id.0,
            role.as_str(),
            now,
        )
        .execute(&mut *tx)
        .await?;
        let actor = Actor::Person { id, role }.himself();
        let detail = format!("{} as {role}", invited.email);
        let entry = member::entry(actor, id.0, "joined", &detail);
        audit::write_in(&mut tx, &self.random, organization_id, now, entry).await?;
        tx.commit().await?;
        Ok((id, organization_id))
    }

    /// Looks at the proof.
    async fn joining(&self, invited: &Invited, proof: Proof) -> Result<Joining, InvitationError> {
        match (invited.person_id, &invited.password_hash, proof) {
            (Some(id), _, Proof::Session(signed_in)) if id == signed_in => Ok(Joining::Known(id)),
            (_, _, Proof::Session(_)) => Err(InvitationError::WrongPassword),
            (_, _, Proof::Password(password)) if !is_password(&password) => {
                Err(InvitationError::BadPassword)
            }
            (Some(id), Some(hash), Proof::Password(password)) => {
                if verify_password(password, hash.clone()).await {
                    Ok(Joining::Known(id))
                } else {
                    Err(InvitationError::WrongPassword)
                }
            }
            (_, _, Proof::Password(password)) => {
                Ok(Joining::New(hash_password(password, &self.random).await))
            }
        }
    }

    async fn person_in(
        &self,
        db: &mut PgConnection,
        email: &Email,
        joining: Joining,
        now: DateTime<Utc>,
    ) -> Result<PersonId, InvitationError> {
        let password_hash = match joining {
            Joining::Known(id) => return Ok(id),
            Joining::New(hash) => hash,
        };
        let id = PersonId(self.new_id(now));
        let made = sqlx::query!(
            "insert into person (person_id, email, password_hash, created_at) values ($1, $2, $3, $4)
             on conflict (email) do nothing",
            id.0,
            email.as_str(),
            password_hash,
            now,
        )
        .execute(db)
        .await?;
        // Somebody else has just become this person, with a password of his own.
        if made.rows_affected() == 0 {
            return Err(InvitationError::WrongPassword);
        }
        Ok(id)
    }
}
