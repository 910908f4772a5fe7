//! The sales list as CSV, streamed: `COPY .. TO STDOUT` in, RFC 4180 out.
//!
//! The rows, their order and their filter are those of `sales`. The list is walked along an index from
//! its newest end, so the first line leaves at once, nothing is sorted and nothing piles up, whatever
//! the number of rows: between Postgres and the reader are a few buffers.

mod csv;

use bytes::Bytes;
use domain::{id::OrganizationId, sales::Filter};
use futures::{Stream, StreamExt};
use sqlx::PgConnection;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};

use self::csv::Writer;
use crate::{
    Store, StoreError,
    sales::{bounds::Bounds, condition::condition},
};

/// Exports that this process runs at once; more wait. Each holds a connection for as long as its
/// reader takes.
const AT_ONCE: usize = 4;
static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);

/// Size of the pieces that are handed to the reader, and how many may wait for him.
const PIECE_BYTES: usize = 64 * 1024;
const PIECES: usize = 2;

/// Makes the walk along the index the plan: sorting a million rows first, in parallel workers, looks
/// cheaper to the planner than it is, and keeps the reader waiting. How long it may take is the reader's
/// doing, not the statement's.
const SET_UP: &str = "begin read only; set local enable_sort = off;
    set local max_parallel_workers_per_gather = 0; set local jit = off; set local statement_timeout = 0";

type Piece = Result<Bytes, StoreError>;

impl Store {
    /// All rows of the list as CSV, newest first, with a header. Waits while too many exports are
    /// running. Dropping the stream ends the export.
    pub async fn export_sales(
        &self,
        organization_id: OrganizationId,
        filter: &Filter,
    ) -> Result<impl Stream<Item = Piece> + Send + use<>, StoreError> {
        // A closed semaphore is the only failure, and nobody closes this one.
        let place = PLACES.acquire().await.ok();
        let mut db = self.pool.acquire().await?;
        // Half-read, it can't be used again. Taken to its end, it is not worth a second way.
        db.close_on_drop();
        let copy = copy_statement(organization_id, filter);
        let (sender, mut pieces) = mpsc::channel(PIECES);
        tokio::spawn(async move { run(&mut db, &copy, sender, place).await });
        // The first piece is the header, sent when the database has accepted the statement: what is
        // wrong before that is an error of this call and not a broken file.
        let first = pieces.recv().await.transpose()?;
        let rest = futures::stream::poll_fn(move |context| pieces.poll_recv(context));
        Ok(futures::stream::iter(first.map(Ok)).chain(rest))
    }
}

/// Only ids and words of our own go into the text: `COPY` takes no parameters.
fn copy_statement(organization_id: OrganizationId, filter: &Filter) -> String {
    let condition = condition(organization_id, filter, Bounds::of(filter));
    format!(
        "copy (select {columns} from conversion c
             join affiliate a on a.organization_id = c.organization_id and a.affiliate_id = c.affiliate_id
             join campaign g on g.organization_id = c.organization_id and g.campaign_id = c.campaign_id
             where {condition} order by c.conversion_id desc) to stdout",
        columns = csv::expressions(),
    )
}

/// The export's task: until everything is sent, or the reader is gone.
async fn run(
    db: &mut PgConnection,
    copy: &str,
    sender: mpsc::Sender<Piece>,
    _place: Option<SemaphorePermit<'static>>,
) {
    let outcome = tokio::select! {
        outcome = send(db, copy, &sender) => outcome,
        () = sender.closed() => return,
    };
    if let Err(error) = outcome {
        // The reader may have left meanwhile.
        drop(sender.send(Err(error)).await);
    }
}

async fn send(
    db: &mut PgConnection,
    copy: &str,
    sender: &mpsc::Sender<Piece>,
) -> Result<(), StoreError> {
    sqlx::raw_sql(SET_UP).execute(&mut *db).await?;
    let mut rows = db.copy_out_raw(copy).await?;
    let mut writer = Writer::default();
    hand_over(sender, csv::header()).await;
    while let Some(row) = rows.next().await {
        writer.row(&row?)?;
        if writer.len() >= PIECE_BYTES {
            hand_over(sender, writer.take()).await;
        }
    }
    hand_over(sender, writer.take()).await;
    Ok(())
}

/// A reader who left is noticed by [`run`].
async fn hand_over(sender: &mpsc::Sender<Piece>, piece: Bytes) {
    if !piece.is_empty() {
        drop(sender.send(Ok(piece)).await);
    }
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
    }
}
