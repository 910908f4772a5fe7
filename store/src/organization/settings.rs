//! What an organization sets about itself.

use chrono::{DateTime, Utc};
use domain::{
    id::{OrganizationId, PersonId},
    member::Role,
    organization::{Defaults, Settings, TimeZone},
    text::Name,
};
use sqlx::PgConnection;
use thiserror::Error;
use uuid::Uuid;

use crate::{
    Store, StoreError,
    audit::{self, Actor},
    error::readable,
    transaction::begin,
};

/// An organization with its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Which organization.
    pub id: OrganizationId,
    /// Who owns it; of several owners the first.
    pub owner_id: PersonId,
    /// What it set about itself.
    pub settings: Settings,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When its settings changed last.
    pub changed_at: DateTime<Utc>,
}

/// Why settings can't be written.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// The database knows no such time zone.
    #[error("there is no time zone {}: a name such as Europe/Berlin or UTC is needed", .0.as_str())]
    NoTimeZone(TimeZone),
    /// Below.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for SettingsError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

struct Row {
    name: String,
    time_zone: String,
    default_hold_days: i32,
    default_cookie_days: i32,
    default_payout_threshold: i64,
    default_requires_consent: bool,
    created_at: DateTime<Utc>,
    changed_at: Option<DateTime<Utc>>,
}

impl TryFrom<&Row> for Settings {
    type Error = StoreError;

    fn try_from(row: &Row) -> Result<Self, StoreError> {
        const TABLE: &str = "organization";
        let small = |value: i32, column| readable(u16::try_from(value).ok(), TABLE, column);
        Ok(Self {
            name: readable(Name::parse(&row.name).ok(), TABLE, "name")?,
            time_zone: readable(TimeZone::parse(&row.time_zone).ok(), TABLE, "time_zone")?,
            defaults: Defaults {
                hold_days: small(row.default_hold_days, "default_hold_days")?,
                cookie_days: small(row.default_cookie_days, "default_cookie_days")?,
                payout_threshold_hundredths: row.default_payout_threshold,
                requires_consent: row.default_requires_consent,
            },
        })
    }
}

impl Store {
    /// The organization with what it set about itself.
    pub async fn organization(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Organization, StoreError> {
        let mut db = self.pool.acquire().await?;
        read_in(&mut db, organization_id).await
    }

    /// Changes settings; the organization is returned as it is afterwards. `change` is given them as they
    /// are, and nobody else changes them meanwhile.
    pub async fn change_settings<E: From<SettingsError>>(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        change: impl FnOnce(Settings) -> Result<Settings, E> + Send,
    ) -> Result<Organization, E> {
        let actor = actor.administers().map_err(SettingsError::from)?;
        let mut tx = begin(&self.pool).await.map_err(SettingsError::from)?;
        let old = locked_in(&mut tx, organization_id).await?;
        let new = change(old.clone())?;
        if new.time_zone != old.time_zone {
            known_in(&mut tx, &new.time_zone).await?;
        }
        if new != old {
            let now = self.now();
            let written = write_in(&mut tx, organization_id, &new, now).await;
            written.map_err(SettingsError::from)?;
            let detail = changes(&old, &new);
            let entry = audit::Entry {
                actor,
                subject: "organization",
                subject_id: organization_id.0,
                action: "changed",
                detail: &detail,
            };
            let told = audit::write_in(&mut tx, &self.random, organization_id, now, entry).await;
            told.map_err(SettingsError::from)?;
        }
        let organization = read_in(&mut tx, organization_id).await;
        let organization = organization.map_err(SettingsError::from)?;
        tx.commit().await.map_err(SettingsError::from)?;
        Ok(organization)
    }

    /// The names of all time zones that the database knows, in order.
    pub async fn time_zones(&self) -> Result<Vec<String>, StoreError> {
        let names = sqlx::query_scalar!(
            r#"select name as "name!" from pg_timezone_names where name !~ '^posix' order by name"#
        );
        Ok(names.fetch_all(&self.pool).await?)
    }
}

/// Reads the row of an organization.
macro_rules! row {
    ($organization_id:expr, $lock:literal) => {
        sqlx::query_as!(
            Row,
            "select name, time_zone, default_hold_days, default_cookie_days, default_payout_threshold,
                 default_requires_consent, created_at, changed_at
             from organization where organization_id = $1" + $lock,
            $organization_id.0,
        )
    };
}

async fn read_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
) -> Result<Organization, StoreError> {
    let row = row!(organization_id, "").fetch_one(&mut *db).await?;
    Ok(Organization {
        id: organization_id,
        owner_id: owner_in(db, organization_id).await?,
        settings: Settings::try_from(&row)?,
        created_at: row.created_at,
        changed_at: row.changed_at.unwrap_or(row.created_at),
    })
}

async fn owner_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
) -> Result<PersonId, StoreError> {
    let owner: Uuid = sqlx::query_scalar!(
        "select person_id from member where organization_id = $1 and role = $2
         order by created_at, person_id limit 1",
        organization_id.0,
        Role::Owner.as_str(),
    )
    .fetch_one(db)
    .await?;
    Ok(PersonId(owner))
}

/// The settings, which nobody else changes until the transaction ends.
async fn locked_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
) -> Result<Settings, SettingsError> {
    let row = row!(organization_id, " for no key update");
    Ok(Settings::try_from(&row.fetch_one(db).await?)?)
}

async fn known_in(db: &mut PgConnection, zone: &TimeZone) -> Result<(), SettingsError> {
    let is_known = sqlx::query_scalar!(
        r#"select exists (select from pg_timezone_names where name = $1 and name !~ '^posix') as "is_known!""#,
        zone.as_str(),
    );
    if is_known.fetch_one(db).await? {
        Ok(())
    } else {
        Err(SettingsError::NoTimeZone(zone.clone()))
    }
}

async fn write_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let defaults = &settings.defaults;
    sqlx::query!(
        "update organization set name = $2, time_zone = $3, default_hold_days = $4, default_cookie_days = $5,
             default_payout_threshold = $6, default_requires_consent = $7, changed_at = $8
         where organization_id = $1",
        organization_id.0,
        settings.name.as_str(),
        settings.time_zone.as_str(),
        i32::from(defaults.hold_days),
        i32::from(defaults.cookie_days),
        defaults.payout_threshold_hundredths,
        defaults.requires_consent,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What is different, for the audit log.
fn changes(old: &Settings, new: &Settings) -> String {
    let (before, after) = (&old.defaults, &new.defaults);
    let told = |is_new: bool, text: String| is_new.then_some(text);
    let changes = [
        told(old.name != new.name, format!("name: {}", new.name)),
        told(
            old.time_zone != new.time_zone,
            format!("time zone: {}", new.time_zone.as_str()),
        ),
        told(
            before.hold_days != after.hold_days,
            format!("default hold: {} days", after.hold_days),
        ),
        told(
            before.cookie_days != after.cookie_days,
            format!("default cookie: {} days", after.cookie_days),
        ),
        told(
            before.payout_threshold_hundredths != after.payout_threshold_hundredths,
            format!(
                "default payout threshold: {} hundredths",
                after.payout_threshold_hundredths
            ),
        ),
        told(
            before.requires_consent != after.requires_consent,
            format!("default consent: {}", after.requires_consent),
        ),
    ];
    changes.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
