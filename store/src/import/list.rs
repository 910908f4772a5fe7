//! Imports as people see them, and what is forgotten of them in time.

use chrono::{DateTime, Duration, Utc};
use domain::{
    id::{CampaignId, ImportId, OrganizationId},
    import::{DateOrder, ImportKind, ImportState, Platform},
};
use uuid::Uuid;

use super::{
    Import, Place, Standings, TABLE,
    file::{records, slice_in},
    mapping_of,
    upload::{forget_file_in, forget_rows_in, remove_in},
};
use crate::{Store, StoreError, error::readable, transaction::begin};

/// How long a file that never came in whole is kept.
const UPLOAD: Duration = Duration::days(1);
/// How long files and errors of others are kept. What was counted is kept for good.
const FILE: Duration = Duration::days(30);
/// How many rows a sample has.
const SAMPLE: usize = 5;

/// A row that could not be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportError {
    /// Which; the header is row 1.
    pub row: i64,
    /// The column, as the file calls it; empty when it is about the row.
    pub column: String,
    /// What is wrong, and what to do.
    pub message: String,
    /// The row's cells.
    pub text: String,
}

struct ImportRow {
    import_id: Uuid,
    kind: String,
    state: String,
    file_name: String,
    file_bytes: i64,
    delimiter: String,
    header: Vec<String>,
    platform: String,
    mapping: String,
    date_order: String,
    campaign_id: Option<Uuid>,
    is_dry_run: bool,
    next_byte: i64,
    rows_read: i64,
    rows_created: i64,
    rows_existing: i64,
    rows_failed: i64,
    rows_pending: i64,
    rows_approved: i64,
    rows_paid: i64,
    rows_refunded: i64,
    rows_denied: i64,
    sums: String,
    run: i64,
    next_row: i64,
    problem: Option<String>,
    actor_kind: String,
    actor_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl TryFrom<ImportRow> for Import {
    type Error = StoreError;
    fn try_from(row: ImportRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: ImportId(row.import_id),
            kind: readable(ImportKind::parse(&row.kind), TABLE, "kind")?,
            state: readable(ImportState::parse(&row.state), TABLE, "state")?,
            file_name: row.file_name,
            file_bytes: row.file_bytes,
            delimiter: readable(row.delimiter.bytes().next(), TABLE, "delimiter")?,
            header: row.header,
            platform: readable(Platform::parse(&row.platform), TABLE, "platform")?,
            mapping: mapping_of(&row.mapping)?,
            dates: readable(DateOrder::parse(&row.date_order), TABLE, "date_order")?,
            campaign_id: row.campaign_id.map(CampaignId),
            is_dry_run: row.is_dry_run,
            next_byte: row.next_byte,
            read: row.rows_read,
            created: row.rows_created,
            existing: row.rows_existing,
            failed: row.rows_failed,
            standings: Standings {
                pending: row.rows_pending,
                approved: row.rows_approved,
                paid: row.rows_paid,
                refunded: row.rows_refunded,
                denied: row.rows_denied,
            },
            sums: readable(serde_json::from_str(&row.sums).ok(), TABLE, "sums")?,
            run: row.run,
            next_row: row.next_row,
            problem: row.problem,
            created_at: row.created_at,
            finished_at: row.finished_at,
            actor_kind: row.actor_kind,
            actor_id: row.actor_id,
        })
    }
}

impl Store {
    /// One import.
    ///
    /// # Errors
    /// Below.
    pub async fn import(
        &self,
        organization_id: OrganizationId,
        id: ImportId,
    ) -> Result<Option<Import>, StoreError> {
        let row = sqlx::query_as!(
            ImportRow,
            r#"select import_id, kind, state, file_name, file_bytes, delimiter, header, platform,
                   mapping::text as "mapping!", date_order, campaign_id, is_dry_run, next_byte, rows_read,
                   rows_created, rows_existing, rows_failed, rows_pending, rows_approved, rows_paid, rows_refunded, rows_denied,
                   sums::text as "sums!", problem, run, next_row, actor_kind, actor_id, created_at, finished_at
               from import where organization_id = $1 and import_id = $2 and state <> 'uploading'"#,
            organization_id.0,
            id.0,
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(Import::try_from).transpose()
    }

    /// Imports of some kinds, newest first: `limit` of them after the first `offset`, and how many there are.
    ///
    /// # Errors
    /// Below.
    pub async fn imports(
        &self,
        organization_id: OrganizationId,
        kinds: &[ImportKind],
        offset: i64,
        limit: i64,
    ) -> Result<(Vec<Import>, i64), StoreError> {
        let kinds: Vec<String> = kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
        let rows = sqlx::query_as!(
            ImportRow,
            r#"select import_id, kind, state, file_name, file_bytes, delimiter, header, platform,
                   mapping::text as "mapping!", date_order, campaign_id, is_dry_run, next_byte, rows_read,
                   rows_created, rows_existing, rows_failed, rows_pending, rows_approved, rows_paid, rows_refunded, rows_denied,
                   sums::text as "sums!", problem, run, next_row, actor_kind, actor_id, created_at, finished_at
               from import where organization_id = $1 and kind = any($4) and state <> 'uploading'
               order by import_id desc limit $2 offset $3"#,
            organization_id.0,
            limit,
            offset,
            &kinds,
        )
        .fetch_all(&self.pool)
        .await?;
        let total = sqlx::query_scalar!(
            r#"select count(*) as "count!" from import
               where organization_id = $1 and kind = any($2) and state <> 'uploading'"#,
            organization_id.0,
            &kinds,
        )
        .fetch_one(&self.pool)
        .await?;
        let imports: Result<Vec<_>, _> = rows.into_iter().map(Import::try_from).collect();
        Ok((imports?, total))
    }

    /// Rows that could not be taken, in their order: `limit` of them behind the row `after`.
    ///
    /// # Errors
    /// Below.
    pub async fn import_errors(
        &self,
        organization_id: OrganizationId,
        id: ImportId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<ImportError>, StoreError> {
        let rows = sqlx::query_as!(
            ImportError,
            r#"select row_number as "row", column_name as "column", message, row_text as "text" from import_error
               where organization_id = $1 and import_id = $2 and row_number > $3 order by row_number limit $4"#,
            organization_id.0,
            id.0,
            after,
            limit,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    /// The first rows of a file; none when it was forgotten or can't be read.
    ///
    /// # Errors
    /// Below.
    pub async fn import_sample(
        &self,
        organization_id: OrganizationId,
        import: &Import,
    ) -> Result<Vec<Vec<String>>, StoreError> {
        let mut db = self.pool.acquire().await?;
        let slice = slice_in(&mut db, organization_id, import.id, 0).await?;
        let start = Place { byte: 0, rows: 0 };
        let rows = records(&slice, import.delimiter, start, SAMPLE);
        let rows = rows.map(|(rows, _)| rows).unwrap_or_default();
        Ok(rows.into_iter().map(|row| row.cells).collect())
    }

    /// Forgets the files of old imports, and uploads that broke off.
    ///
    /// # Errors
    /// Below; what is left is forgotten the next time.
    pub async fn tidy_imports(&self) -> Result<(), StoreError> {
        let now = self.now();
        let old = sqlx::query!(
            r#"select i.organization_id, i.import_id, i.state = 'uploading' as "is_broken!" from import i
               where (i.state = 'uploading' and i.created_at < $1)
                   or (i.state <> 'running' and i.created_at < $2
                       and (exists (select from import_piece p
                               where p.organization_id = i.organization_id and p.import_id = i.import_id)
                           or exists (select from import_error e
                               where e.organization_id = i.organization_id and e.import_id = i.import_id)))
               limit 1000"#,
            now - UPLOAD,
            now - FILE,
        )
        .fetch_all(&self.pool)
        .await?;
        for one in old {
            let (organization_id, id) =
                (OrganizationId(one.organization_id), ImportId(one.import_id));
            let mut tx = begin(&self.pool).await?;
            if one.is_broken {
                remove_in(&mut tx, organization_id, id).await?;
            } else {
                shelve_in(&mut tx, organization_id, id).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }
}

/// Removes a file and what was said about its rows; it can't be run again.
pub(super) async fn shelve_in(
    db: &mut sqlx::PgConnection,
    organization_id: OrganizationId,
    id: ImportId,
) -> Result<(), StoreError> {
    forget_rows_in(db, organization_id, id).await?;
    forget_file_in(db, organization_id, id).await?;
    sqlx::query!(
        "update import set state = 'cancelled' where organization_id = $1 and import_id = $2 and state <> 'done'",
        organization_id.0,
        id.0,
    )
    .execute(db)
    .await?;
    Ok(())
}
