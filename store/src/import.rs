//! Imports: files of affiliates and sales from other platforms, kept in the database until they are read, so
//! that whichever server runs goes on where another stopped. `upload` keeps them, `file` reads them, `run` takes
//! their rows in batch by batch, `sales` and `affiliates` say what becomes of a row.

mod affiliates;
mod file;
mod fuzzing;
mod list;
mod progress;
mod run;
mod sales;
mod statistics;
mod sums;
mod upload;

use chrono::{DateTime, Utc};
use domain::{
    id::{ApiKeyId, CampaignId, ImportId, OrganizationId, PersonId},
    import::{
        DateOrder, Field, ImportKind, ImportState, MAX_WAITING_BYTES, MAX_WAITING_FILES, Mapping,
        NotAMapping, Platform,
    },
    lifecycle::Status,
    member::Role,
    money::Money,
};
use thiserror::Error;
use uuid::Uuid;

pub use self::{
    file::BadFile, fuzzing::read_for_fuzzing, list::ImportError as RowError, sums::CurrencySum,
    upload::Upload,
};
use crate::{
    Store, StoreError,
    audit::{self, Actor},
    error::readable,
    transaction::begin,
};

const TABLE: &str = "import";

/// The longest name of a file that is kept, in characters.
const MAX_FILE_NAME: usize = 200;

/// An import as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Which.
    pub id: ImportId,
    /// What the file holds.
    pub kind: ImportKind,
    /// Where it stands.
    pub state: ImportState,
    /// What the file was called.
    pub file_name: String,
    /// How long it is, in bytes.
    pub file_bytes: i64,
    /// Between two cells: a comma, a semicolon, a tab or a bar.
    pub delimiter: u8,
    /// The names of its columns.
    pub header: Vec<String>,
    /// Where it comes from.
    pub platform: Platform,
    /// Which column holds what.
    pub mapping: Mapping,
    /// How dates like 03/04/2026 are meant.
    pub dates: DateOrder,
    /// The campaign of rows that name none; else the affiliate's, or the oldest open one.
    pub campaign_id: Option<CampaignId>,
    /// Is, or was, nothing to be stored?
    pub is_dry_run: bool,
    /// How far it was read, in bytes.
    pub next_byte: i64,
    /// How many rows were read.
    pub read: i64,
    /// How many of them made something, or would.
    pub created: i64,
    /// How many were here before.
    pub existing: i64,
    /// How many could not be taken.
    pub failed: i64,
    /// As what those stand that made something; of sales only.
    pub standings: Standings,
    /// What those come to, by currency.
    pub sums: Vec<CurrencySum>,
    /// Why the file was not read to its end, in words.
    pub problem: Option<String>,
    /// When it was uploaded.
    pub created_at: DateTime<Utc>,
    /// When it was read to its end, or stopped.
    pub finished_at: Option<DateTime<Utc>>,
    /// Which start of it this is.
    run: i64,
    /// How many rows stand before the next one, as a spreadsheet counts.
    next_row: i64,
    actor_kind: String,
    actor_id: Option<Uuid>,
}

/// How many of the sales that an import created, or would have, stand as what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standings {
    /// Not payable yet.
    pub pending: i64,
    /// To be paid out.
    pub approved: i64,
    /// Paid out elsewhere.
    pub paid: i64,
    /// All of the money went back.
    pub refunded: i64,
    /// Turned down.
    pub denied: i64,
}

/// How a file is to be read.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where it comes from.
    pub platform: Platform,
    /// Which column holds what.
    pub mapping: Mapping,
    /// How dates like 03/04/2026 are meant.
    pub dates: DateOrder,
    /// The campaign of rows that name none.
    pub campaign_id: Option<CampaignId>,
    /// Is nothing to be stored?
    pub is_dry_run: bool,
}

/// Why an import can't be started, changed or shown.
#[derive(Debug, Error)]
pub enum ImportError {
    /// There is no such import in the organization.
    #[error("there is no such import")]
    NotFound,
    /// It is running, or was done.
    #[error("it is {} and can't be started now", .0.label().to_lowercase())]
    CantStart(ImportState),
    /// It is not running.
    #[error("it is {} and can't be stopped", .0.label().to_lowercase())]
    CantStop(ImportState),
    /// It is running, or was done.
    #[error("it is {} and can't be removed{}", .0.label().to_lowercase(), if *.0 == ImportState::Running { ": stop it first" } else { "" })]
    CantRemove(ImportState),
    /// No further file is kept.
    #[error(
        "at most {MAX_WAITING_FILES} files and {} GiB are kept that are not imported: import some of them, or remove them",
        MAX_WAITING_BYTES / 1024 / 1024 / 1024
    )]
    Full,
    /// There is no such campaign.
    #[error("there is no such campaign")]
    NoCampaign,
    /// The columns don't do.
    #[error(transparent)]
    Mapping(#[from] NotAMapping),
    /// The file is no CSV that can be read.
    #[error(transparent)]
    File(#[from] BadFile),
    /// Below.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for ImportError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Import {
    /// How much of the file was read, in percent.
    pub fn percent(&self) -> i64 {
        if self.file_bytes == 0 || matches!(self.state, ImportState::Done | ImportState::Checked) {
            return 100;
        }
        (self.next_byte.saturating_mul(100) / self.file_bytes).clamp(0, 100)
    }

    /// Who started it. What he might do then was looked at then.
    fn actor(&self) -> Actor {
        match (self.actor_kind.as_str(), self.actor_id) {
            ("person", Some(id)) => Actor::Person {
                id: PersonId(id),
                role: Role::Manager,
            },
            ("key", Some(id)) => Actor::Key(ApiKeyId(id)),
            _ => Actor::System,
        }
    }
}

impl Store {
    /// Starts an import, or starts it again from its first row: with what is there already nothing happens
    /// twice.
    ///
    /// # Errors
    /// [`ImportError`].
    pub async fn start_import(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        id: ImportId,
        setup: Setup,
    ) -> Result<Import, ImportError> {
        let allowed = actor.manages()?;
        let now = self.now();
        let import = self.import(organization_id, id).await?;
        let import = import.ok_or(ImportError::NotFound)?;
        setup.mapping.columns(import.kind, &import.header)?;
        if let Some(campaign_id) = setup.campaign_id {
            let campaign = self.campaign(organization_id, campaign_id).await?;
            campaign.ok_or(ImportError::NoCampaign)?;
        }
        let (actor_kind, actor_id) = allowed.parts();
        let mapping = serde_json::to_string(&setup.mapping).unwrap_or_else(|_| "{}".to_owned());
        let mut tx = begin(&self.pool).await?;
        let started = sqlx::query!(
            "update import set state = 'running', platform = $3, mapping = $4::text::json, date_order = $5,
                 campaign_id = $6, is_dry_run = $7, run = run + 1, next_byte = 0, next_row = 0, rows_read = 0,
                 rows_created = 0, rows_existing = 0, rows_failed = 0, rows_pending = 0, rows_approved = 0,
                 rows_paid = 0, rows_refunded = 0, rows_denied = 0, sums = '[]', problem = null, actor_kind = $8, actor_id = $9,
                 claimed_until = null, finished_at = null
             where organization_id = $1 and import_id = $2
                 and state in ('uploaded', 'checked', 'failed', 'cancelled')",
            organization_id.0,
            id.0,
            setup.platform.as_str(),
            mapping,
            setup.dates.as_str(),
            setup.campaign_id.map(|id| id.0),
            setup.is_dry_run,
            actor_kind,
            actor_id,
        )
        .execute(&mut *tx)
        .await?;
        if started.rows_affected() == 0 {
            return Err(ImportError::CantStart(import.state));
        }
        upload::forget_rows_in(&mut tx, organization_id, id).await?;
        let what = if setup.is_dry_run { "dry run" } else { "run" };
        let entry = audit::Entry {
            actor: allowed,
            subject: TABLE,
            subject_id: id.0,
            action: "started",
            detail: &format!("{what} of {} ({})", import.file_name, import.kind),
        };
        audit::write_in(&mut tx, &self.random, organization_id, now, entry).await?;
        tx.commit().await?;
        let import = self.import(organization_id, id).await?;
        import.ok_or(ImportError::NotFound)
    }

    /// Stops an import that runs. What it has stored stays.
    ///
    /// # Errors
    /// [`ImportError`].
    pub async fn stop_import(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        id: ImportId,
    ) -> Result<(), ImportError> {
        let allowed = actor.manages()?;
        let now = self.now();
        let mut tx = begin(&self.pool).await?;
        let stopped = sqlx::query_scalar!(
            "update import set state = 'cancelled', finished_at = $3, claimed_until = null
             where organization_id = $1 and import_id = $2 and state = 'running' returning file_name",
            organization_id.0,
            id.0,
            now,
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(file_name) = stopped else {
            let import = self.import(organization_id, id).await?;
            let import = import.ok_or(ImportError::NotFound)?;
            return Err(ImportError::CantStop(import.state));
        };
        let entry = audit::Entry {
            actor: allowed,
            subject: TABLE,
            subject_id: id.0,
            action: "stopped",
            detail: &file_name,
        };
        audit::write_in(&mut tx, &self.random, organization_id, now, entry).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// The mapping as it is stored.
fn mapping_of(text: &str) -> Result<Mapping, StoreError> {
    readable(serde_json::from_str(text).ok(), TABLE, "mapping")
}

/// What a file's header suggests.
fn suggested(kind: ImportKind, header: &[String]) -> (Platform, Mapping) {
    let platform = Platform::detect(header);
    (platform, Mapping::guess(kind, platform, header))
}

/// A place in a file that a row begins at, and how many rows stand before it as a spreadsheet counts.
#[derive(Clone, Copy, Debug)]
struct Place {
    byte: i64,
    rows: i64,
}

/// A sale that a row made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Made {
    /// As what it stands.
    status: Status,
    /// What the customer paid.
    amount: Money,
    /// What is due for it.
    commission: Money,
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    /// A sale, or an affiliate.
    Created(Option<Made>),
    Existing,
    Failed(domain::import::LineError),
}

impl Outcome {
    fn failed(field: Field, columns: &domain::import::Columns, message: impl Into<String>) -> Self {
        Self::Failed(columns.error(field, message))
    }
}
