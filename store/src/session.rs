//! Who is signed in to the dashboard.

use std::{num::NonZeroUsize, sync::LazyLock};

use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier, password_hash::SaltString};
use chrono::Duration;
use domain::{
    email::Email,
    id::{OrganizationId, PersonId},
    member::{MAX_PASSWORD, Role},
};
use sha2::{Digest, Sha256};
use thiserror::Error;
use tokio::sync::Semaphore;

use crate::{Random, Store, StoreError, error::readable};

/// A session ends when it is not used for so long.
pub const IDLE_LIMIT: Duration = Duration::days(14);
/// A session ends so long after sign-in, used or not.
pub const ABSOLUTE_LIMIT: Duration = Duration::days(90);
/// How often the last use is written down.
const TOUCH_EVERY: Duration = Duration::minutes(5);

/// The signed-in member of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// Who.
    pub person_id: PersonId,
    /// In which organization.
    pub organization_id: OrganizationId,
    /// Its name.
    pub organization_name: String,
    /// The person's e-mail.
    pub email: String,
    /// What he may do.
    pub role: Role,
}

/// A fresh session: the token goes into the browser's cookie and is nowhere else.
pub struct SignedIn {
    /// 256 random bits in hexadecimal.
    pub token: String,
    /// Who signed in.
    pub viewer: Viewer,
}

/// Why a sign-in failed. Unknown and wrong are one answer, so that nobody can ask who has an account.
#[derive(Debug, Error)]
pub enum SignInError {
    /// Unknown e-mail, wrong password, or a person without an organization.
    #[error("e-mail and password do not fit together")]
    Refused,
    /// Below.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for SignInError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// What the password of nobody is compared with, so that an unknown e-mail takes as long as a known one.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$GpZ3sK/oH9p7VIiV56G/64Zo/8GaUw434IimaPqxwCo";

/// Hashing fills a core and 19 MiB of memory. No more run at once than there are cores; the others
/// wait, and what else the server does goes on.
static HASHING: LazyLock<Semaphore> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    Semaphore::new(cores)
});

/// Runs the work of a hash beside the server's other work, when its turn comes.
async fn hashing<T: Send + 'static>(
    work: impl FnOnce() -> Option<T> + Send + 'static,
) -> Option<T> {
    let turn = HASHING.acquire().await.ok()?;
    // The turn goes with the work: a caller who hangs up does not end it.
    let run = move || (work(), turn).0;
    tokio::task::spawn_blocking(run).await.ok().flatten()
}

pub(crate) async fn hash_password(password: String, random: &Random) -> String {
    let salt = random.bytes::<16>();
    let hashed = hashing(move || {
        let salt = SaltString::encode_b64(&salt).ok()?;
        let hash = Argon2::default()
            .hash_password(password.as_bytes(), &salt)
            .ok()?;
        Some(hash.to_string())
    });
    match hashed.await {
        Some(hash) => hash,
        None => unreachable!("argon2 hashes any password of this length with a 16-byte salt"),
    }
}

pub(crate) async fn verify_password(password: String, hash: String) -> bool {
    let verified = hashing(move || {
        let parsed = PasswordHash::new(&hash).ok()?;
        Argon2::default()
            .verify_password(password.as_bytes(), &parsed)
            .ok()
    });
    verified.await.is_some()
}

/// What is kept of a token.
pub(crate) fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

impl Store {
    /// Signs a person in to the organization he joined first. The session that the browser presented
    /// is over then: `replaces` is its token.
    pub async fn sign_in(
        &self,
        email: &Email,
        password: String,
        user_agent: &str,
        replaces: Option<&str>,
    ) -> Result<SignedIn, SignInError> {
        let person = sqlx::query!(
            "select person_id, password_hash from person where email = $1",
            email.as_str(),
        )
        .fetch_optional(&self.pool)
        .await?;
        let hash = person
            .as_ref()
            .map_or(NOBODY, |person| person.password_hash.as_str());
        let fits =
            password.len() <= MAX_PASSWORD && verify_password(password, hash.to_owned()).await;
        let person = person.filter(|_| fits).ok_or(SignInError::Refused)?;
        let organization = sqlx::query_scalar!(
            "select organization_id from member where person_id = $1 order by created_at, organization_id limit 1",
            person.person_id,
        )
        .fetch_optional(&self.pool)
        .await?
        .ok_or(SignInError::Refused)?;
        let (id, organization) = (PersonId(person.person_id), OrganizationId(organization));
        let opened = self.open_session(id, organization, user_agent, replaces);
        Ok(opened.await?)
    }

    /// A session for a person who has proven who he is, in the place of the one whose token is `replaces`.
    pub async fn open_session(
        &self,
        person_id: PersonId,
        organization_id: OrganizationId,
        user_agent: &str,
        replaces: Option<&str>,
    ) -> Result<SignedIn, StoreError> {
        let now = self.now();
        let token = self.random_hex::<32>();
        let shown: String = user_agent.chars().take(200).collect();
        sqlx::query!(
            "insert into session (token_hash, session_id, organization_id, person_id, created_at, last_seen_at, user_agent)
             values ($1, $2, $3, $4, $5, $5, $6)",
            token_hash(&token),
            self.new_id(now),
            organization_id.0,
            person_id.0,
            now,
            shown,
        )
        .execute(&self.pool)
        .await?;
        if let Some(before) = replaces {
            self.sign_out(before).await?;
        }
        let viewer = self.viewer(&token).await?;
        let viewer = readable(viewer, "session", "person_id")?;
        Ok(SignedIn { token, viewer })
    }

    /// Who holds this session token; nobody when it ran out or was signed out.
    pub async fn viewer(&self, token: &str) -> Result<Option<Viewer>, StoreError> {
        let now = self.now();
        let hash = token_hash(token);
        let row = sqlx::query!(
            "select s.person_id, s.organization_id, s.created_at, s.last_seen_at, p.email, m.role, o.name
             from session s
             join person p on p.person_id = s.person_id
             join member m on m.person_id = s.person_id and m.organization_id = s.organization_id
             join organization o on o.organization_id = s.organization_id
             where s.token_hash = $1",
            hash,
        )
        .fetch_optional(&self.pool)
        .await?;
        let alive = |created, seen| now - created < ABSOLUTE_LIMIT && now - seen < IDLE_LIMIT;
        let Some(row) = row.filter(|row| alive(row.created_at, row.last_seen_at)) else {
            return Ok(None);
        };
        if now - row.last_seen_at > TOUCH_EVERY {
            sqlx::query!(
                "update session set last_seen_at = $2 where token_hash = $1",
                hash,
                now
            )
            .execute(&self.pool)
            .await?;
        }
        Ok(Some(Viewer {
            person_id: PersonId(row.person_id),
            organization_id: OrganizationId(row.organization_id),
            organization_name: row.name,
            email: row.email,
            role: readable(Role::parse(&row.role), "member", "role")?,
        }))
    }

    /// Ends a session.
    pub async fn sign_out(&self, token: &str) -> Result<(), StoreError> {
        sqlx::query!(
            "delete from session where token_hash = $1",
            token_hash(token)
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Removes sessions that ran out. A job for all organizations.
    pub async fn tidy_sessions(&self) -> Result<(), StoreError> {
        let now = self.now();
        sqlx::query!(
            "delete from session where created_at <= $1 or last_seen_at <= $2",
            now - ABSOLUTE_LIMIT,
            now - IDLE_LIMIT,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        thread,
        time::Duration,
    };

    use super::*;

    #[tokio::test]
    async fn no_more_hashes_run_at_once_than_there_are_cores() {
        let cores = HASHING.available_permits();
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let work = || {
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            tokio::spawn(hashing(move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(5));
                running.fetch_sub(1, Ordering::SeqCst);
                Some(())
            }))
        };
        let all: Vec<_> = (0..cores * 4).map(|_| work()).collect();
        for one in all {
            assert_eq!(one.await.expect("no panic"), Some(()));
        }
        assert!((1..=cores).contains(&most.load(Ordering::SeqCst)));
    }
}
