//! Takes the rows of imports in, batch by batch. A batch and the place behind it are one transaction, so whoever
//! goes on after a crash takes no row in twice and leaves none out.

use chrono::{DateTime, Duration, Utc};
use domain::{
    campaign::Campaign,
    id::{ImportId, OrganizationId},
    import::{Columns, ImportKind, ImportState, LineError, Reading},
    money::Currency,
};
use sqlx::PgConnection;

use super::{
    Import, Outcome, Place, affiliates,
    file::{BadFile, Record, records, slice_in},
    progress::{advance_in, errors_in, is_where_it_was_in},
    sales, statistics,
    upload::forget_file_in,
};
use crate::{Store, StoreError, campaign, error::readable, intake::lock_in, transaction::begin};

/// How many rows one transaction takes in: other sales of the organization wait behind it.
const BATCH: usize = 500;
/// How many batches of an import come before those of the next one.
const TURN: usize = 20;
/// For how long a server has an import to itself; it asks again with every batch.
pub(super) const LEASE: Duration = Duration::seconds(30);

/// What a batch's rows are taken in with.
pub(super) struct Batch<'a> {
    pub(super) organization_id: OrganizationId,
    pub(super) import: &'a Import,
    pub(super) columns: &'a Columns,
    pub(super) reading: Reading,
    pub(super) campaigns: &'a [Campaign],
    pub(super) rows: &'a [Record],
    pub(super) now: DateTime<Utc>,
}

impl Batch<'_> {
    /// The campaign that is meant, by name or short name, whatever its case.
    pub(super) fn campaign(&self, called: &str) -> Option<&Campaign> {
        let is_it = |campaign: &&Campaign| {
            let name = campaign.name.as_str().to_lowercase();
            name == called.to_lowercase() || campaign.slug.as_str().eq_ignore_ascii_case(called)
        };
        self.campaigns.iter().find(is_it)
    }

    /// The campaign of rows that name none, if one was chosen.
    pub(super) fn chosen(&self) -> Option<&Campaign> {
        let id = self.import.campaign_id?;
        self.campaigns.iter().find(|campaign| campaign.id == id)
    }
}

/// How it goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    More,
    Over,
}

impl Store {
    /// Takes some rows of every import that runs and that no other server is at; tells whether there is more.
    ///
    /// # Errors
    /// Below. What was not taken in is taken in the next time.
    pub async fn run_imports(&self) -> Result<bool, StoreError> {
        let now = self.now();
        let due = sqlx::query!(
            "select organization_id, import_id from import
             where state = 'running' and (claimed_until is null or claimed_until <= $1)
             order by import_id",
            now,
        )
        .fetch_all(&self.pool)
        .await?;
        let mut is_more = false;
        for one in due {
            let organization_id = OrganizationId(one.organization_id);
            is_more |= self
                .run_import(organization_id, ImportId(one.import_id))
                .await?;
        }
        Ok(is_more)
    }

    /// A turn of one import.
    async fn run_import(
        &self,
        organization_id: OrganizationId,
        id: ImportId,
    ) -> Result<bool, StoreError> {
        let now = self.now();
        let claimed = sqlx::query!(
            "update import set claimed_until = $3
             where organization_id = $1 and import_id = $2 and state = 'running'
                 and (claimed_until is null or claimed_until <= $4)",
            organization_id.0,
            id.0,
            now + LEASE,
            now,
        )
        .execute(&self.pool)
        .await?;
        if claimed.rows_affected() == 0 {
            return Ok(false);
        }
        let mut step = Step::More;
        for _ in 0..TURN {
            step = self.import_batch(organization_id, id).await?;
            if step == Step::Over {
                break;
            }
        }
        sqlx::query!(
            "update import set claimed_until = null where organization_id = $1 and import_id = $2",
            organization_id.0,
            id.0,
        )
        .execute(&self.pool)
        .await?;
        Ok(step == Step::More)
    }

    async fn import_batch(
        &self,
        organization_id: OrganizationId,
        id: ImportId,
    ) -> Result<Step, StoreError> {
        let import = self.import(organization_id, id).await?;
        let Some(import) = import.filter(|import| import.state == ImportState::Running) else {
            return Ok(Step::Over);
        };
        match self.rows_of(organization_id, &import).await? {
            Ok((rows, _, true)) if rows.is_empty() => {
                self.end_import(organization_id, &import, None).await?;
                Ok(Step::Over)
            }
            Ok((rows, next, _)) => {
                self.take_rows_in(organization_id, &import, &rows, next)
                    .await
            }
            Err(problem) => {
                self.end_import(organization_id, &import, Some(&problem))
                    .await?;
                Ok(Step::Over)
            }
        }
    }

    /// The next rows of the file, the place behind them and whether the file's end was in sight; or why they can't be
    /// read.
    async fn rows_of(
        &self,
        organization_id: OrganizationId,
        import: &Import,
    ) -> Result<Result<(Vec<Record>, Place, bool), String>, StoreError> {
        let mut db = self.pool.acquire().await?;
        let slice = slice_in(&mut db, organization_id, import.id, import.next_byte).await?;
        let from = import.place();
        if from.byte == 0 && slice.is_empty() {
            return Ok(Err("the file is no longer kept: upload it again".to_owned()));
        }
        let read = records(&slice, import.delimiter, from, BATCH);
        let read = read.map(|(rows, next)| (rows, next, slice.is_last()));
        Ok(read.map_err(|bad: BadFile| bad.to_string()))
    }

    /// Takes rows in: together, or one by one where the database does not like one of them.
    async fn take_rows_in(
        &self,
        organization_id: OrganizationId,
        import: &Import,
        rows: &[Record],
        next: Place,
    ) -> Result<Step, StoreError> {
        match self
            .commit_rows(organization_id, import, rows, next, None)
            .await
        {
            Err(StoreError::Database(error)) => {
                tracing::warn!(%error, import = %import.id, "a batch of an import failed; its rows are tried one by one");
                self.one_by_one(organization_id, import, rows).await
            }
            done => done,
        }
    }

    async fn one_by_one(
        &self,
        organization_id: OrganizationId,
        import: &Import,
        rows: &[Record],
    ) -> Result<Step, StoreError> {
        let mut import = import.clone();
        for _ in rows {
            let mut db = self.pool.acquire().await?;
            let slice = slice_in(&mut db, organization_id, import.id, import.next_byte).await?;
            drop(db);
            let read = records(&slice, import.delimiter, import.place(), 1);
            let Ok((one, next)) = read else {
                return Ok(Step::More);
            };
            let done = self
                .commit_rows(organization_id, &import, &one, next, None)
                .await;
            let step = match done {
                Err(StoreError::Database(error)) => {
                    // What it says is for who runs the server.
                    tracing::warn!(%error, import = %import.id, "a row of an import could not be stored");
                    let why = LineError::of_row("it could not be stored: try this row again");
                    self.commit_rows(organization_id, &import, &one, next, Some(why))
                        .await?
                }
                done => done?,
            };
            let now = self.import(organization_id, import.id).await?;
            match now.filter(|_| step == Step::More) {
                Some(now) => import = now,
                None => return Ok(Step::Over),
            }
        }
        Ok(Step::More)
    }

    /// One transaction: what becomes of the rows, and the place behind them. `refused`: why none of them can
    /// be taken.
    async fn commit_rows(
        &self,
        organization_id: OrganizationId,
        import: &Import,
        rows: &[Record],
        next: Place,
        refused: Option<LineError>,
    ) -> Result<Step, StoreError> {
        let mut tx = begin(&self.pool).await?;
        let stores_sales = import.kind == ImportKind::Sales && !import.is_dry_run;
        // In front of everything that is read, as for every other sale.
        let position = if stores_sales {
            lock_in(&mut tx, organization_id).await?
        } else {
            0
        };
        if !is_where_it_was_in(&mut tx, organization_id, import).await? {
            return Ok(Step::Over);
        }
        let campaigns = campaign::all_in(&mut tx, organization_id).await?;
        let columns = import.mapping.columns(import.kind, &import.header).ok();
        let columns = readable(columns, super::TABLE, "mapping")?;
        let batch = Batch {
            organization_id,
            import,
            columns: &columns,
            reading: import.reading(&campaigns),
            campaigns: &campaigns,
            rows,
            now: self.now(),
        };
        let (outcomes, moved_to) = match (refused, import.kind) {
            (Some(why), _) => (vec![Outcome::Failed(why)], None),
            // Nothing but empty lines.
            (None, _) if rows.is_empty() => (Vec::new(), None),
            (None, ImportKind::Affiliates) => {
                (affiliates::take_in(&mut tx, self, &batch).await?, None)
            }
            (None, ImportKind::Sales) => sales::take_in(&mut tx, self, &batch, position).await?,
        };
        errors_in(&mut tx, organization_id, import, rows, &outcomes).await?;
        advance_in(
            &mut tx,
            organization_id,
            import,
            next,
            &outcomes,
            self.now(),
        )
        .await?;
        tx.commit().await?;
        if !import.is_dry_run {
            let read = i64::try_from(outcomes.len()).unwrap_or(i64::MAX);
            statistics::told(&self.pool, import.read, import.read.saturating_add(read)).await;
        }
        if let Some(position) = moved_to {
            self.live.changed(organization_id, position);
        }
        if import.kind == ImportKind::Affiliates && !import.is_dry_run {
            self.directory.forget(&self.pool, organization_id).await;
        }
        Ok(Step::More)
    }

    /// The end: all rows were read, or why they could not be.
    async fn end_import(
        &self,
        organization_id: OrganizationId,
        import: &Import,
        problem: Option<&str>,
    ) -> Result<(), StoreError> {
        let state = match (problem, import.is_dry_run) {
            (Some(_), _) => ImportState::Failed,
            (None, true) => ImportState::Checked,
            (None, false) => ImportState::Done,
        };
        let now = self.now();
        let mut tx = begin(&self.pool).await?;
        let ended = sqlx::query!(
            "update import set state = $3, problem = $4, finished_at = $5
             where organization_id = $1 and import_id = $2 and state = 'running' and run = $6",
            organization_id.0,
            import.id.0,
            state.as_str(),
            problem,
            now,
            import.run,
        )
        .execute(&mut *tx)
        .await?;
        if ended.rows_affected() == 0 {
            return Ok(());
        }
        sqlx::query!(
            "delete from import_seen where organization_id = $1 and import_id = $2",
            organization_id.0,
            import.id.0,
        )
        .execute(&mut *tx)
        .await?;
        if state == ImportState::Done {
            // It can't be run again.
            forget_file_in(&mut tx, organization_id, import.id).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

impl Import {
    fn place(&self) -> Place {
        Place {
            byte: self.next_byte,
            rows: self.next_row,
        }
    }

    fn reading(&self, campaigns: &[Campaign]) -> Reading {
        let chosen = campaigns
            .iter()
            .find(|one| Some(one.id) == self.campaign_id);
        let campaign = chosen.or_else(|| campaigns.first());
        Reading {
            platform: self.platform,
            dates: self.dates,
            currency: campaign.map_or(Currency::USD, |campaign| campaign.terms.currency),
        }
    }
}

/// Notes what a dry run would have stored, and tells which of it was noted before.
pub(super) async fn seen_before_in(
    db: &mut PgConnection,
    batch: &Batch<'_>,
    keys: &[String],
) -> Result<Vec<String>, StoreError> {
    let known = sqlx::query_scalar!(
        "select seen from import_seen where organization_id = $1 and import_id = $2 and seen = any($3)",
        batch.organization_id.0,
        batch.import.id.0,
        keys,
    )
    .fetch_all(db)
    .await?;
    Ok(known)
}

/// Notes what a dry run would have stored.
pub(super) async fn see_in(
    db: &mut PgConnection,
    batch: &Batch<'_>,
    keys: &[String],
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into import_seen (organization_id, import_id, seen)
         select $1, $2, seen from unnest($3::text[]) as s (seen) on conflict do nothing",
        batch.organization_id.0,
        batch.import.id.0,
        keys,
    )
    .execute(db)
    .await?;
    Ok(())
}
