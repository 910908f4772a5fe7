//! A person's own account: his password, his e-mail, the browsers he is signed in with, and the organizations he
//! is a member of.

use chrono::{DateTime, Utc};
use domain::{
    email::Email,
    id::{OrganizationId, PersonId, SessionId},
    member::{MIN_PASSWORD, Role},
};
use sqlx::PgConnection;
use thiserror::Error;
use uuid::Uuid;

use crate::{
    Store, StoreError,
    audit::{self, Actor},
    error::{breaks, readable},
    organization::is_password,
    session::{
        ABSOLUTE_LIMIT, IDLE_LIMIT, SignedIn, Viewer, hash_password, token_hash, verify_password,
    },
    transaction::begin,
};

/// The constraint that keeps an e-mail from two people.
const UNIQUE_EMAIL: &str = "person_email_key";

/// A browser that somebody is signed in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// Which.
    pub id: SessionId,
    /// In which organization.
    pub organization_name: String,
    /// When he signed in.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to some minutes.
    pub last_seen_at: DateTime<Utc>,
    /// What the browser said it is.
    pub user_agent: String,
    /// Is it the one that asks?
    pub is_this: bool,
}

/// An organization that somebody is a member of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Which.
    pub organization_id: OrganizationId,
    /// Its name.
    pub name: String,
    /// What he may do in it.
    pub role: Role,
}

/// Why somebody's account stays as it is.
#[derive(Debug, Error)]
pub enum AccountError {
    /// Not his.
    #[error("that is not your password")]
    WrongPassword,
    /// Too short or too long.
    #[error("a password of at least {MIN_PASSWORD} characters is needed")]
    BadPassword,
    /// Somebody else signs in with it.
    #[error("somebody else signs in with that e-mail")]
    EmailTaken,
    /// Below.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for AccountError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Store {
    /// The sessions of a person that have not ended, in all of his organizations, last used first. `token`: the
    /// one that asks.
    pub async fn own_sessions(
        &self,
        person_id: PersonId,
        token: &str,
    ) -> Result<Vec<SessionView>, StoreError> {
        let now = self.now();
        let rows = sqlx::query!(
            "select s.session_id, s.token_hash, s.created_at, s.last_seen_at, s.user_agent, o.name
             from session s join organization o on o.organization_id = s.organization_id
             where s.person_id = $1 and s.created_at > $2 and s.last_seen_at > $3
             order by s.last_seen_at desc, s.session_id desc",
            person_id.0,
            now - ABSOLUTE_LIMIT,
            now - IDLE_LIMIT,
        )
        .fetch_all(&self.pool)
        .await?;
        let this = token_hash(token);
        let views = rows.into_iter().map(|row| SessionView {
            id: SessionId(row.session_id),
            organization_name: row.name,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            user_agent: row.user_agent,
            is_this: row.token_hash == this,
        });
        Ok(views.collect())
    }

    /// Ends one of his own sessions; `false` when it has ended already, or is not his.
    pub async fn end_session(&self, viewer: &Viewer, id: SessionId) -> Result<bool, StoreError> {
        let mut tx = begin(&self.pool).await?;
        let ended = sqlx::query!(
            "delete from session where person_id = $1 and session_id = $2",
            viewer.person_id.0,
            id.0,
        )
        .execute(&mut *tx)
        .await?;
        if ended.rows_affected() == 0 {
            return Ok(false);
        }
        self.note_in(
            &mut tx,
            viewer,
            ("session", id.0),
            "signed out",
            "one browser",
        )
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Ends all of his sessions but the one with this token; how many.
    pub async fn end_other_sessions(
        &self,
        viewer: &Viewer,
        token: &str,
    ) -> Result<u64, StoreError> {
        let mut tx = begin(&self.pool).await?;
        let ended = end_others_in(&mut tx, viewer.person_id, token).await?;
        if ended > 0 {
            let subject = ("person", viewer.person_id.0);
            let detail = format!("other browsers: {ended}");
            self.note_in(&mut tx, viewer, subject, "signed out", &detail)
                .await?;
        }
        tx.commit().await?;
        Ok(ended)
    }

    /// Gives him another password and ends all of his sessions but the one with this token.
    pub async fn change_password(
        &self,
        viewer: &Viewer,
        token: &str,
        current: String,
        new: String,
    ) -> Result<(), AccountError> {
        if !is_password(&new) {
            return Err(AccountError::BadPassword);
        }
        self.prove(viewer.person_id, current).await?;
        let hash = hash_password(new, &self.random).await;
        let mut tx = begin(&self.pool).await?;
        sqlx::query!(
            "update person set password_hash = $2 where person_id = $1",
            viewer.person_id.0,
            hash,
        )
        .execute(&mut *tx)
        .await?;
        end_others_in(&mut tx, viewer.person_id, token).await?;
        let subject = ("person", viewer.person_id.0);
        self.note_in(&mut tx, viewer, subject, "changed", "password")
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Lets him sign in with another e-mail.
    pub async fn change_email(
        &self,
        viewer: &Viewer,
        current: String,
        email: &Email,
    ) -> Result<(), AccountError> {
        self.prove(viewer.person_id, current).await?;
        if email.as_str() == viewer.email {
            return Ok(());
        }
        let mut tx = begin(&self.pool).await?;
        sqlx::query!(
            "update person set email = $2 where person_id = $1",
            viewer.person_id.0,
            email.as_str(),
        )
        .execute(&mut *tx)
        .await
        .map_err(|error| {
            if breaks(&error, UNIQUE_EMAIL) {
                AccountError::EmailTaken
            } else {
                error.into()
            }
        })?;
        let subject = ("person", viewer.person_id.0);
        let detail = format!("e-mail {} → {email}", viewer.email);
        self.note_in(&mut tx, viewer, subject, "changed", &detail)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The organizations somebody is a member of, by name.
    pub async fn memberships(&self, person_id: PersonId) -> Result<Vec<Membership>, StoreError> {
        let rows = sqlx::query!(
            "select m.organization_id, m.role, o.name
             from member m join organization o on o.organization_id = m.organization_id
             where m.person_id = $1 order by o.name, m.organization_id",
            person_id.0,
        )
        .fetch_all(&self.pool)
        .await?;
        let mut memberships = Vec::with_capacity(rows.len());
        for row in rows {
            memberships.push(Membership {
                organization_id: OrganizationId(row.organization_id),
                name: row.name,
                role: readable(Role::parse(&row.role), "member", "role")?,
            });
        }
        Ok(memberships)
    }

    /// A session in another of his organizations, in the place of the one with this token; nothing when he is
    /// no member of it.
    pub async fn switch_organization(
        &self,
        viewer: &Viewer,
        organization_id: OrganizationId,
        user_agent: &str,
        token: &str,
    ) -> Result<Option<SignedIn>, StoreError> {
        let person_id = viewer.person_id;
        let memberships = self.memberships(person_id).await?;
        if !memberships
            .iter()
            .any(|one| one.organization_id == organization_id)
        {
            return Ok(None);
        }
        let opened = self.open_session(person_id, organization_id, user_agent, Some(token));
        opened.await.map(Some)
    }

    /// Is it his password?
    async fn prove(&self, person_id: PersonId, password: String) -> Result<(), AccountError> {
        let hash = sqlx::query_scalar!(
            "select password_hash from person where person_id = $1",
            person_id.0,
        )
        .fetch_one(&self.pool)
        .await?;
        let fits = is_password(&password) && verify_password(password, hash).await;
        fits.then_some(()).ok_or(AccountError::WrongPassword)
    }

    /// A line about what is somebody's own, in the organization he is signed in to.
    async fn note_in(
        &self,
        db: &mut PgConnection,
        viewer: &Viewer,
        (subject, subject_id): (&'static str, Uuid),
        action: &'static str,
        detail: &str,
    ) -> Result<(), StoreError> {
        let (id, role) = (viewer.person_id, viewer.role);
        let entry = audit::Entry {
            actor: Actor::Person { id, role }.himself(),
            subject,
            subject_id,
            action,
            detail,
        };
        audit::write_in(db, &self.random, viewer.organization_id, self.now(), entry).await
    }
}

async fn end_others_in(
    db: &mut PgConnection,
    person_id: PersonId,
    token: &str,
) -> Result<u64, StoreError> {
    let ended = sqlx::query!(
        "delete from session where person_id = $1 and token_hash <> $2",
        person_id.0,
        token_hash(token),
    )
    .execute(db)
    .await?;
    Ok(ended.rows_affected())
}
