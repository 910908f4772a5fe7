//! Files of imports coming in, and being forgotten. What an organization keeps of files that are not imported has
//! an end.

use domain::{
    id::{ImportId, OrganizationId},
    import::{ImportKind, ImportState, MAX_FILE, MAX_WAITING_BYTES, MAX_WAITING_FILES},
};
use sqlx::PgConnection;

use super::{
    Import, ImportError, MAX_FILE_NAME, TABLE,
    file::{BadFile, PIECE, header_of, slice_in},
    list::shelve_in,
    suggested,
};
use crate::{
    Store, StoreError,
    audit::{self, Actor},
    error::readable,
    transaction::begin,
};

/// A file that is coming in. One that is dropped before its end leaves nothing; of one whose server was killed the
/// rest is removed after a day.
pub struct Upload {
    store: Store,
    organization_id: OrganizationId,
    id: ImportId,
    kind: ImportKind,
    buffer: Vec<u8>,
    pieces: i32,
    bytes: u64,
    /// Is it kept as an import, or removed?
    is_over: bool,
}

/// What an organization keeps of files that are not imported.
struct Kept {
    files: i64,
    bytes: i64,
}

impl Store {
    /// Begins to take a file in.
    ///
    /// # Errors
    /// [`ImportError::Full`]; below.
    pub async fn begin_import(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        kind: ImportKind,
        file_name: &str,
    ) -> Result<Upload, ImportError> {
        let (actor_kind, actor_id) = actor.manages()?.parts();
        let now = self.now();
        let id = ImportId(self.new_id(now));
        let seen = |letter: &char| !letter.is_control();
        let name: String = file_name.chars().filter(seen).take(MAX_FILE_NAME).collect();
        sqlx::query!(
            "insert into import (organization_id, import_id, kind, state, file_name, file_bytes, delimiter, header,
                 platform, mapping, date_order, is_dry_run, run, next_byte, next_row, rows_read, rows_created,
                 rows_existing, rows_failed, rows_pending, rows_approved, rows_paid, rows_refunded, rows_denied,
                 sums, actor_kind, actor_id, created_at)
             values ($1, $2, $3, 'uploading', $4, 0, ',', '{}', 'other', '{}', 'clear', true, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                 0, 0, 0, '[]', $5, $6, $7)",
            organization_id.0,
            id.0,
            kind.as_str(),
            name,
            actor_kind,
            actor_id,
            now,
        )
        .execute(&self.pool)
        .await?;
        let mut upload = Upload {
            store: self.clone(),
            organization_id,
            id,
            kind,
            buffer: Vec::new(),
            pieces: 0,
            bytes: 0,
            is_over: false,
        };
        // Of uploads that begin at once each sees itself, and perhaps the others: never do too many stay.
        let mut db = self.pool.acquire().await?;
        let kept = kept_in(&mut db, organization_id).await?;
        drop(db);
        if kept.files > MAX_WAITING_FILES || kept.bytes >= MAX_WAITING_BYTES {
            upload.discard().await?;
            return Err(ImportError::Full);
        }
        Ok(upload)
    }

    /// Removes an import that was never started, with its file.
    ///
    /// # Errors
    /// Below.
    pub async fn discard_import(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        id: ImportId,
    ) -> Result<(), StoreError> {
        actor.manages()?;
        let mut tx = begin(&self.pool).await?;
        let waiting = sqlx::query_scalar!(
            "select import_id from import
             where organization_id = $1 and import_id = $2 and state = 'uploaded' for update",
            organization_id.0,
            id.0,
        )
        .fetch_optional(&mut *tx)
        .await?;
        if waiting.is_some() {
            remove_in(&mut tx, organization_id, id).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Forgets the file of an import, and the rows that could not be taken. What it has stored stays, and what was
    /// counted; one that was never started is gone altogether.
    ///
    /// # Errors
    /// [`ImportError::NotFound`], and [`ImportError::CantRemove`] while it runs and when it is done.
    pub async fn remove_import(
        &self,
        actor: Actor,
        organization_id: OrganizationId,
        id: ImportId,
    ) -> Result<(), ImportError> {
        let actor = actor.manages()?;
        let now = self.now();
        let mut tx = begin(&self.pool).await?;
        let found = sqlx::query!(
            "select state, run, file_name from import
             where organization_id = $1 and import_id = $2 and state <> 'uploading' for update",
            organization_id.0,
            id.0,
        )
        .fetch_optional(&mut *tx)
        .await?;
        let found = found.ok_or(ImportError::NotFound)?;
        let state = readable(ImportState::parse(&found.state), TABLE, "state")?;
        if !state.can_start() {
            return Err(ImportError::CantRemove(state));
        }
        if found.run == 0 {
            remove_in(&mut tx, organization_id, id).await?;
        } else {
            shelve_in(&mut tx, organization_id, id).await?;
        }
        let entry = audit::Entry {
            actor,
            subject: TABLE,
            subject_id: id.0,
            action: "removed",
            detail: &found.file_name,
        };
        audit::write_in(&mut tx, &self.random, organization_id, now, entry).await?;
        tx.commit().await?;
        Ok(())
    }
}

impl Upload {
    /// Takes more of the file in.
    ///
    /// # Errors
    /// [`BadFile::TooLarge`], [`ImportError::Full`]; below.
    pub async fn push(&mut self, content: &[u8]) -> Result<(), ImportError> {
        self.bytes += u64::try_from(content.len()).unwrap_or(u64::MAX);
        if self.bytes > MAX_FILE {
            self.discard().await?;
            return Err(BadFile::TooLarge.into());
        }
        self.buffer.extend_from_slice(content);
        while self.buffer.len() >= PIECE {
            let rest = self.buffer.split_off(PIECE);
            let piece = std::mem::replace(&mut self.buffer, rest);
            self.keep(piece).await?;
        }
        Ok(())
    }

    async fn keep(&mut self, piece: Vec<u8>) -> Result<(), ImportError> {
        let (organization_id, id) = (self.organization_id, self.id);
        let bytes = i64::try_from(piece.len()).unwrap_or(i64::MAX);
        let mut tx = begin(&self.store.pool).await?;
        sqlx::query!(
            "insert into import_piece (organization_id, import_id, piece, content) values ($1, $2, $3, $4)",
            organization_id.0,
            id.0,
            self.pieces,
            piece,
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "update import set file_bytes = file_bytes + $3 where organization_id = $1 and import_id = $2",
            organization_id.0,
            id.0,
            bytes,
        )
        .execute(&mut *tx)
        .await?;
        let kept = kept_in(&mut tx, organization_id).await?;
        tx.commit().await?;
        self.pieces += 1;
        if kept.bytes > MAX_WAITING_BYTES {
            self.discard().await?;
            return Err(ImportError::Full);
        }
        Ok(())
    }

    /// The file is here: reads its header and suggests what its columns mean.
    ///
    /// # Errors
    /// [`BadFile`]; then nothing of the file is kept. [`ImportError::Full`].
    pub async fn finish(mut self) -> Result<Import, ImportError> {
        let last = std::mem::take(&mut self.buffer);
        self.keep(last).await?;
        let (organization_id, id) = (self.organization_id, self.id);
        let mut db = self.store.pool.acquire().await.map_err(StoreError::from)?;
        let start = slice_in(&mut db, organization_id, id, 0).await?;
        drop(db);
        let (header, delimiter) = match header_of(&start) {
            Ok(header) => header,
            Err(bad) => {
                self.discard().await?;
                return Err(bad.into());
            }
        };
        let (platform, mapping) = suggested(self.kind, &header);
        let mapping = serde_json::to_string(&mapping).unwrap_or_else(|_| "{}".to_owned());
        sqlx::query!(
            "update import set state = 'uploaded', delimiter = $3, header = $4, platform = $5,
                 mapping = $6::text::json
             where organization_id = $1 and import_id = $2",
            organization_id.0,
            id.0,
            char::from(delimiter).to_string(),
            &header,
            platform.as_str(),
            mapping,
        )
        .execute(&self.store.pool)
        .await?;
        self.is_over = true;
        let import = self.store.import(organization_id, id).await?;
        import.ok_or(ImportError::NotFound)
    }

    /// Removes what came in.
    ///
    /// # Errors
    /// Below.
    pub async fn discard(&mut self) -> Result<(), StoreError> {
        discard(&self.store, self.organization_id, self.id).await?;
        self.is_over = true;
        Ok(())
    }
}

impl Drop for Upload {
    /// Whoever hangs up in the middle of a file doesn't come to its end.
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        if self.is_over {
            return;
        }
        let (store, organization_id, id) = (self.store.clone(), self.organization_id, self.id);
        runtime.spawn(async move {
            if let Err(error) = discard(&store, organization_id, id).await {
                tracing::warn!(%error, import = %id, "an upload that broke off is removed later");
            }
        });
    }
}

async fn discard(
    store: &Store,
    organization_id: OrganizationId,
    id: ImportId,
) -> Result<(), StoreError> {
    let mut tx = begin(&store.pool).await?;
    remove_in(&mut tx, organization_id, id).await?;
    tx.commit().await?;
    Ok(())
}

/// What is kept of files that are not imported: those that come in, wait, run, were stopped or only checked.
async fn kept_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
) -> Result<Kept, StoreError> {
    let kept = sqlx::query_as!(
        Kept,
        r#"select count(*) as "files!", coalesce(sum(i.file_bytes), 0)::bigint as "bytes!" from import i
           where i.organization_id = $1 and i.state <> 'done'
               and (i.state = 'uploading' or exists (select from import_piece p
                   where p.organization_id = i.organization_id and p.import_id = i.import_id))"#,
        organization_id.0,
    )
    .fetch_one(db)
    .await?;
    Ok(kept)
}

/// Removes an import with everything that belongs to it.
pub(super) async fn remove_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    id: ImportId,
) -> Result<(), StoreError> {
    forget_rows_in(db, organization_id, id).await?;
    forget_file_in(db, organization_id, id).await?;
    sqlx::query!(
        "delete from import where organization_id = $1 and import_id = $2",
        organization_id.0,
        id.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets a file.
pub(super) async fn forget_file_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    id: ImportId,
) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from import_piece where organization_id = $1 and import_id = $2",
        organization_id.0,
        id.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets what was found out about a file's rows.
pub(super) async fn forget_rows_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    id: ImportId,
) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from import_error where organization_id = $1 and import_id = $2",
        organization_id.0,
        id.0,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "delete from import_seen where organization_id = $1 and import_id = $2",
        organization_id.0,
        id.0,
    )
    .execute(db)
    .await?;
    Ok(())
}
