//! Organizations: the first one, further ones, and what each starts with.

mod settings;

use chrono::{DateTime, Utc};
use domain::{
    campaign::Terms,
    commission::{Duration, Plan, Rate},
    email::Email,
    id::{OrganizationId, PersonId},
    member::{MAX_PASSWORD, MIN_PASSWORD, Role},
    money::Currency,
    rate::BasisPoints,
    text::Name,
};
use sqlx::PgConnection;
use thiserror::Error;

pub use self::settings::{Organization, SettingsError};
use crate::{
    Store, StoreError,
    api_key::{self, BadKey},
    audit::{self, Actor},
    campaign::{CampaignError, NewCampaign},
    error::breaks,
    session::{hash_password, verify_password},
    transaction::begin,
};

/// The campaign every organization starts with: 20 % of every payment.
const DEFAULT_CAMPAIGN: &str = "Default";
const DEFAULT_SHARE: u16 = 2000;

/// The constraint that keeps a key from two organizations.
const UNIQUE_KEY: &str = "api_key_key_hash_key";

/// A new organization and its owner.
#[derive(Clone)]
pub struct NewOrganization {
    /// The merchant's name.
    pub name: Name,
    /// Who owns it. A person who is known already keeps his password, which must be given.
    pub owner_email: Email,
    /// The owner's password.
    pub owner_password: String,
    /// A key with every scope to start with.
    pub api_key: Option<String>,
}

/// What was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Created {
    /// The organization.
    pub organization_id: OrganizationId,
    /// Its owner.
    pub owner_id: PersonId,
}

/// Why an organization can't be made.
#[derive(Debug, Error)]
pub enum OrganizationError {
    /// The first run is over.
    #[error("this Tributary is set up already: sign in instead")]
    AlreadySetUp,
    /// Too short or too long.
    #[error("a password of at least {MIN_PASSWORD} characters is needed")]
    BadPassword,
    /// That person exists and has another password.
    #[error("a person with that e-mail exists, with another password")]
    WrongPassword,
    /// Not a key we would accept.
    #[error(transparent)]
    BadKey(#[from] BadKey),
    /// A key is one organization's.
    #[error("that API key is in use already: give another one")]
    KeyTaken,
    /// Below.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for OrganizationError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Store {
    /// Is this database still without an organization?
    pub async fn needs_setup(&self) -> Result<bool, StoreError> {
        let any = sqlx::query_scalar!(r#"select exists (select from organization) as "any!""#)
            .fetch_one(&self.pool)
            .await?;
        Ok(!any)
    }

    /// Is this the only organization of the database?
    pub async fn is_only_one(&self, organization_id: OrganizationId) -> Result<bool, StoreError> {
        let others = sqlx::query_scalar!(
            r#"select exists (select from organization where organization_id <> $1) as "others!""#,
            organization_id.0,
        );
        Ok(!others.fetch_one(&self.pool).await?)
    }

    /// The merchant's name.
    pub async fn organization_name(
        &self,
        organization_id: OrganizationId,
    ) -> Result<String, StoreError> {
        let name = sqlx::query_scalar!(
            "select name from organization where organization_id = $1",
            organization_id.0,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(name)
    }

    /// Makes the first organization; refused when there is one, also when two try at once. Only the
    /// first one's password is hashed: strangers can't make this database work.
    pub async fn set_up(&self, new: NewOrganization) -> Result<Created, OrganizationError> {
        if !self.needs_setup().await? {
            return Err(OrganizationError::AlreadySetUp);
        }
        check(&new)?;
        let mut tx = begin(&self.pool).await?;
        sqlx::query!("lock table organization in share row exclusive mode")
            .execute(&mut *tx)
            .await?;
        let any = sqlx::query_scalar!(r#"select exists (select from organization) as "any!""#)
            .fetch_one(&mut *tx)
            .await?;
        if any {
            return Err(OrganizationError::AlreadySetUp);
        }
        let hash = hash_password(new.owner_password.clone(), &self.random).await;
        let created = self.create_in(&mut tx, &new, &hash).await?;
        tx.commit().await?;
        Ok(created)
    }

    /// Makes a further organization.
    pub async fn create_organization(
        &self,
        new: NewOrganization,
    ) -> Result<Created, OrganizationError> {
        check(&new)?;
        let hash = hash_password(new.owner_password.clone(), &self.random).await;
        let mut tx = begin(&self.pool).await?;
        let created = self.create_in(&mut tx, &new, &hash).await?;
        tx.commit().await?;
        Ok(created)
    }

    async fn create_in(
        &self,
        db: &mut PgConnection,
        new: &NewOrganization,
        password_hash: &str,
    ) -> Result<Created, OrganizationError> {
        let now = self.now();
        let organization_id = OrganizationId(self.new_id(now));
        sqlx::query!(
            "insert into organization (organization_id, name, created_at) values ($1, $2, $3)",
            organization_id.0,
            new.name.as_str(),
            now,
        )
        .execute(&mut *db)
        .await?;
        sqlx::query!(
            "insert into organization_position (organization_id, position) values ($1, 0)",
            organization_id.0,
        )
        .execute(&mut *db)
        .await?;
        let owner_id = self.owner_in(db, new, password_hash, now).await?;
        sqlx::query!(
            "insert into member (organization_id, person_id, role, created_at) values ($1, $2, $3, $4)",
            organization_id.0,
            owner_id.0,
            Role::Owner.as_str(),
            now,
        )
        .execute(&mut *db)
        .await?;
        if let Some(key) = &new.api_key {
            api_key::store_first_in(db, &self.random, organization_id, now, key)
                .await
                .map_err(|error| match error {
                    StoreError::Database(error) if breaks(&error, UNIQUE_KEY) => {
                        OrganizationError::KeyTaken
                    }
                    error => error.into(),
                })?;
        }
        self.default_campaign_in(db, organization_id).await?;
        let (id, role) = (owner_id, Role::Owner);
        let entry = audit::Entry {
            actor: Actor::Person { id, role }.administers()?,
            subject: "organization",
            subject_id: organization_id.0,
            action: "created",
            detail: new.name.as_str(),
        };
        audit::write_in(db, &self.random, organization_id, now, entry).await?;
        Ok(Created {
            organization_id,
            owner_id,
        })
    }

    async fn owner_in(
        &self,
        db: &mut PgConnection,
        new: &NewOrganization,
        password_hash: &str,
        now: DateTime<Utc>,
    ) -> Result<PersonId, OrganizationError> {
        let known = sqlx::query!(
            "select person_id, password_hash from person where email = $1",
            new.owner_email.as_str(),
        )
        .fetch_optional(&mut *db)
        .await?;
        if let Some(known) = known {
            let fits = verify_password(new.owner_password.clone(), known.password_hash).await;
            return if fits {
                Ok(PersonId(known.person_id))
            } else {
                Err(OrganizationError::WrongPassword)
            };
        }
        let id = PersonId(self.new_id(now));
        sqlx::query!(
            "insert into person (person_id, email, password_hash, created_at) values ($1, $2, $3, $4)",
            id.0,
            new.owner_email.as_str(),
            password_hash,
            now,
        )
        .execute(db)
        .await?;
        Ok(id)
    }

    async fn default_campaign_in(
        &self,
        db: &mut PgConnection,
        organization_id: OrganizationId,
    ) -> Result<(), StoreError> {
        let (Ok(name), Ok(share)) = (
            Name::parse(DEFAULT_CAMPAIGN),
            BasisPoints::new(DEFAULT_SHARE),
        ) else {
            unreachable!("the constants are a name and a share")
        };
        let plan = Plan {
            rate: Rate::Percent(share),
            duration: Duration::Recurring,
        };
        let terms = Terms::new(Currency::USD, plan);
        let campaign = NewCampaign {
            name,
            slug: None,
            terms,
        };
        match self
            .add_campaign_in(db, Actor::System, organization_id, campaign)
            .await
        {
            Ok(_) => Ok(()),
            Err(CampaignError::Store(error)) => Err(error),
            Err(other) => unreachable!("the first campaign of an organization: {other}"),
        }
    }
}

/// Is the text long enough to be a password, and short enough to be hashed?
pub fn is_password(text: &str) -> bool {
    text.chars().count() >= MIN_PASSWORD && text.len() <= MAX_PASSWORD
}

fn check(new: &NewOrganization) -> Result<(), OrganizationError> {
    if !is_password(&new.owner_password) {
        return Err(OrganizationError::BadPassword);
    }
    if let Some(key) = &new.api_key {
        api_key::check(key)?;
    }
    Ok(())
}
