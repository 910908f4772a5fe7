//! The sales list as CSV, streamed: `COPY .. TO STDOUT` in, RFC 4180 out.
//!
//! The rows, their order and their filter are those of `sales`. The list is walked along an index from
//! its newest end, so the first line leaves at once, nothing is sorted and nothing piles up, whatever
//! the number of rows: between Postgres and the reader are a few buffers.

mod csv;
mod place;

use std::time::Duration;

use bytes::Bytes;
use domain::{
    id::{ConversionId, OrganizationId},
    sales::Filter,
};
use futures::{Stream, StreamExt, stream};
use sqlx::{Postgres, pool::PoolConnection};
use thiserror::Error;
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

pub(crate) use self::place::Places;
use self::{csv::Writer, place::Place};
use crate::{
    Store, StoreError,
    sales::{bounds::Bounds, condition::condition},
};

/// Size of the pieces that are handed to the reader, and how many may wait for him.
const PIECE_BYTES: usize = 64 * 1024;
const PIECES: usize = 2;

/// How many sales can be picked for an export: as many as a page of the list shows.
pub const MAX_PICKED: usize = 200;

/// An export of which nothing was taken, or nothing came, for so long is ended: it holds a connection.
const NO_PROGRESS: Duration = Duration::from_mins(1);

/// Makes the walk along the index the plan: sorting a million rows first, in parallel workers, looks
/// cheaper to the planner than it is, and keeps the reader waiting. How long it may take is the reader's
/// doing, not the statement's.
const SET_UP: &str = "begin read only; set local enable_sort = off;
    set local max_parallel_workers_per_gather = 0; set local jit = off; set local statement_timeout = 0";

/// Why there is no export, or no more of it.
#[derive(Debug, Error)]
pub enum ExportError {
    /// As many are running as may: the organization's or everybody's.
    #[error("too many exports are running: try again when one of them has ended")]
    Full,
    /// Nothing of it was taken, or nothing came from the database, for too long.
    #[error("the export stood still for too long")]
    Stalled,
    /// The server stops.
    #[error("the export was ended because the server stops")]
    Stopped,
    /// Below.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for ExportError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

type Piece = Result<Bytes, ExportError>;

impl Store {
    /// All rows of the list as CSV, newest first, with a header. Dropping the stream ends the export.
    ///
    /// # Errors
    /// [`ExportError::Full`] while too many are running. A stream that ends without an error is whole.
    pub async fn export_sales(
        &self,
        organization_id: OrganizationId,
        filter: &Filter,
    ) -> Result<impl Stream<Item = Piece> + Send + use<>, ExportError> {
        self.export_sales_within(organization_id, filter, NO_PROGRESS)
            .await
    }

    /// [`Store::export_sales`] with a patience of one's own.
    pub async fn export_sales_within(
        &self,
        organization_id: OrganizationId,
        filter: &Filter,
        patience: Duration,
    ) -> Result<impl Stream<Item = Piece> + Send + use<>, ExportError> {
        let copy = copy_statement(organization_id, filter);
        self.export(organization_id, copy, patience).await
    }

    /// [`Store::export_sales`] of at most [`MAX_PICKED`] sales that were picked from the list. What is not
    /// in the organization's list is left out.
    pub async fn export_picked_sales(
        &self,
        organization_id: OrganizationId,
        picked: &[ConversionId],
    ) -> Result<impl Stream<Item = Piece> + Send + use<>, ExportError> {
        let copy = copy_picked_statement(organization_id, picked);
        self.export(organization_id, copy, NO_PROGRESS).await
    }

    async fn export(
        &self,
        organization_id: OrganizationId,
        copy: String,
        patience: Duration,
    ) -> Result<impl Stream<Item = Piece> + Send + use<>, ExportError> {
        let place = self.exports.enter(organization_id)?;
        let mut db = self.pool.acquire().await?;
        // Half-read, it can't be used again. Taken to its end, it is not worth a second way.
        db.close_on_drop();
        let (sender, pieces) = mpsc::channel(PIECES);
        let desk = Desk { sender, patience };
        let task = Some(tokio::spawn(run(db, copy, desk, place)));
        let mut running = Running { pieces, task };
        // The first piece is the header, sent when the database has accepted the statement: what is
        // wrong before that is an error of this call and not a broken file.
        let first = running.next().await.transpose()?;
        let rest = stream::unfold(running, async |mut running| {
            Some((running.next().await?, running))
        });
        Ok(stream::iter(first.map(Ok)).chain(rest))
    }
}

/// An export as its reader has it.
struct Running {
    pieces: mpsc::Receiver<Bytes>,
    task: Option<JoinHandle<Result<(), ExportError>>>,
}

impl Running {
    /// The next piece; after the last one, once, what went wrong.
    async fn next(&mut self) -> Option<Piece> {
        if let Some(piece) = self.pieces.recv().await {
            return Some(Ok(piece));
        }
        match self.task.take()?.await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(Err(error)),
            // It panicked, or the runtime is going down.
            Err(_) => Some(Err(ExportError::Stopped)),
        }
    }
}

/// Where an export lays its pieces down.
struct Desk {
    sender: mpsc::Sender<Bytes>,
    patience: Duration,
}

impl Desk {
    async fn hand_over(&self, piece: Bytes) -> Result<(), ExportError> {
        if piece.is_empty() {
            return Ok(());
        }
        let taken = timeout(self.patience, self.sender.send(piece)).await;
        // A reader who left is noticed by `run`.
        taken.map(drop).map_err(|_| ExportError::Stalled)
    }
}

/// Only ids and words of our own go into the text: `COPY` takes no parameters.
fn copy_statement(organization_id: OrganizationId, filter: &Filter) -> String {
    let condition = condition(organization_id, filter, Bounds::of(filter));
    copy_from("conversion", &condition)
}

/// The picked rows are fetched first: with sorting discouraged, the whole list would be walked for them.
fn copy_picked_statement(organization_id: OrganizationId, picked: &[ConversionId]) -> String {
    let ids: Vec<String> = picked.iter().map(|id| format!("'{id}'")).collect();
    let ids = ids.join(", ");
    let rows = format!(
        "(select * from conversion where organization_id = '{organization_id}' and conversion_id in ({ids}) offset 0)"
    );
    copy_from(&rows, "true")
}

fn copy_from(conversions: &str, condition: &str) -> String {
    format!(
        "copy (select {columns} from {conversions} c
             join affiliate a on a.organization_id = c.organization_id and a.affiliate_id = c.affiliate_id
             join campaign g on g.organization_id = c.organization_id and g.campaign_id = c.campaign_id
             where {condition} order by c.conversion_id desc) to stdout",
        columns = csv::expressions(),
    )
}

/// The export's task: until everything is sent, the reader is gone, or the server stops.
async fn run(
    mut db: PoolConnection<Postgres>,
    copy: String,
    desk: Desk,
    place: Place,
) -> Result<(), ExportError> {
    tokio::select! {
        outcome = send(&mut db, &copy, &desk) => outcome,
        () = desk.sender.closed() => Ok(()),
        () = place.stopped() => Err(ExportError::Stopped),
    }
}

async fn send(
    db: &mut PoolConnection<Postgres>,
    copy: &str,
    desk: &Desk,
) -> Result<(), ExportError> {
    sqlx::raw_sql(SET_UP).execute(&mut **db).await?;
    let mut rows = db.copy_out_raw(copy).await?;
    let mut writer = Writer::default();
    desk.hand_over(csv::header()).await?;
    loop {
        let filled = fill(&mut writer, &mut rows);
        let more = timeout(desk.patience, filled).await;
        let more = more.map_err(|_| ExportError::Stalled)??;
        desk.hand_over(writer.take()).await?;
        if !more {
            return Ok(());
        }
    }
}

/// Reads rows until there is a piece of them; `false` when there are no more.
async fn fill(
    writer: &mut Writer,
    rows: &mut (impl Stream<Item = Result<Bytes, sqlx::Error>> + Unpin),
) -> Result<bool, StoreError> {
    while let Some(row) = rows.next().await {
        writer.row(&row?)?;
        if writer.len() >= PIECE_BYTES {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::lifecycle::Status;
    use uuid::Uuid;

    #[test]
    fn the_statement_selects_what_the_columns_name() {
        let filter = Filter {
            statuses: vec![Status::Paid],
            ..Filter::default()
        };
        let statement = copy_statement(OrganizationId(Uuid::nil()), &filter);
        assert!(statement.starts_with("copy (select c.created_at, c.occurred_at, c.kind, "));
        assert!(statement.contains("c.status in ('paid') order by"));
        let picked = [ConversionId(Uuid::from_u128(1))];
        let statement = copy_picked_statement(OrganizationId(Uuid::nil()), &picked);
        assert!(statement.contains("conversion_id in ('00000000-0000-0000-0000-000000000001')"));
    }
}
