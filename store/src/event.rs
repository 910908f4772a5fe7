//! The inbox of processor events: its list, one event with its payload, how many failed.
//!
//! Events are written by the intake, in the transaction that processes them; so is what a replay finds
//! (`intake::replay`). Here they are read, and here are the months they are kept in.

mod cursor;
mod list;

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::{
    connection::{Mode, Processor},
    event::{MAX_FAILED_COUNT, Outcome},
    id::{CampaignId, ConnectionId, ConversionId, EventId, OrganizationId},
};
use serde::Serialize;
use uuid::Uuid;

pub use self::{
    cursor::{EventCursor, EventStart},
    list::EventPage,
};
use crate::{
    Store, StoreError,
    connection::{Connection, Secrets},
    error::readable,
    intake::Content,
};

const TABLE: &str = "event";

/// The most kinds of events that a list of them names.
const MAX_KINDS: i64 = 200;

/// Which events to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EventFilter {
    /// Only this processor's.
    pub processor: Option<Processor>,
    /// Only those that came through this connection.
    pub connection_id: Option<ConnectionId>,
    /// Only those that the processor calls so: `invoice.paid`.
    pub kind: Option<String>,
    /// Only those with this outcome.
    pub outcome: Option<Outcome>,
    /// Received at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Received before this time.
    pub until: Option<DateTime<Utc>>,
}

/// An event as people and the API see it.
#[derive(Clone, Debug)]
pub struct EventView {
    /// Which event.
    pub id: EventId,
    /// Through which connection it came.
    pub connection_id: ConnectionId,
    /// What the connection is called.
    pub connection_name: String,
    /// Whose event it is.
    pub processor: Processor,
    /// Whether the connection carries real money.
    pub mode: Mode,
    /// The processor's id of it.
    pub external_id: String,
    /// The processor's name for its type.
    pub kind: String,
    /// When it happened at the processor.
    pub occurred_at: DateTime<Utc>,
    /// When it came in.
    pub received_at: DateTime<Utc>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, in words.
    pub detail: String,
    /// The conversion it made or met.
    pub conversion_id: Option<ConversionId>,
    /// How often it was taken in; 1 for one that went well at once.
    pub attempts: u32,
    /// When a failed one is tried again by itself.
    pub next_attempt_at: Option<DateTime<Utc>>,
}

/// An event with everything needed to take it in again.
#[derive(Clone, Debug)]
pub struct StoredEvent {
    /// What is known of it.
    pub view: EventView,
    /// The body as received.
    pub payload: Bytes,
    /// The connection it came through, removed or not, without its secrets.
    pub connection: Arc<Connection>,
}

/// Reads a stored event as this version of the program reads its processor's events.
pub type Reading = fn(&StoredEvent) -> Content;

/// Columns of an event beside its connection's.
struct EventRow {
    event_id: Uuid,
    connection_id: Uuid,
    connection_name: String,
    processor: String,
    mode: String,
    external_id: String,
    kind: String,
    occurred_at: DateTime<Utc>,
    received_at: DateTime<Utc>,
    outcome: String,
    detail: String,
    conversion_id: Option<Uuid>,
    attempts: i32,
    next_attempt_at: Option<DateTime<Utc>>,
}

impl TryFrom<EventRow> for EventView {
    type Error = StoreError;

    fn try_from(row: EventRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: EventId(row.event_id),
            connection_id: ConnectionId(row.connection_id),
            connection_name: row.connection_name,
            processor: readable(Processor::parse(&row.processor), "connection", "processor")?,
            mode: readable(Mode::parse(&row.mode), "connection", "mode")?,
            external_id: row.external_id,
            kind: row.kind,
            occurred_at: row.occurred_at,
            received_at: row.received_at,
            outcome: readable(Outcome::parse(&row.outcome), TABLE, "outcome")?,
            detail: row.detail,
            conversion_id: row.conversion_id.map(ConversionId),
            attempts: readable(u32::try_from(row.attempts).ok(), TABLE, "attempts")?,
            next_attempt_at: row.next_attempt_at,
        })
    }
}

impl Store {
    /// One event with its payload.
    pub async fn event(
        &self,
        organization_id: OrganizationId,
        id: EventId,
    ) -> Result<Option<StoredEvent>, StoreError> {
        let row = sqlx::query!(
            "select e.connection_id, c.name, c.processor, c.mode, c.campaign_id, e.external_id, e.kind,
                 e.occurred_at, e.received_at, e.outcome, e.detail, e.conversion_id, e.attempts,
                 e.next_attempt_at, e.payload, c.created_at
             from event e
             join connection c on c.organization_id = e.organization_id and c.connection_id = e.connection_id
             where e.organization_id = $1 and e.event_id = $2",
            organization_id.0,
            id.0,
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let view = EventView::try_from(EventRow {
            event_id: id.0,
            connection_id: row.connection_id,
            connection_name: row.name,
            processor: row.processor,
            mode: row.mode,
            external_id: row.external_id,
            kind: row.kind,
            occurred_at: row.occurred_at,
            received_at: row.received_at,
            outcome: row.outcome,
            detail: row.detail,
            conversion_id: row.conversion_id,
            attempts: row.attempts,
            next_attempt_at: row.next_attempt_at,
        })?;
        let connection = Connection {
            id: view.connection_id,
            organization_id,
            processor: view.processor,
            mode: view.mode,
            campaign_id: row.campaign_id.map(CampaignId),
            secrets: Secrets::default(),
            created_at: row.created_at,
        };
        Ok(Some(StoredEvent {
            view,
            payload: row.payload.into(),
            connection: Arc::new(connection),
        }))
    }

    /// How many events have failed and were not mended: at most [`MAX_FAILED_COUNT`].
    pub async fn failed_events(&self, organization_id: OrganizationId) -> Result<i64, StoreError> {
        let count = sqlx::query_scalar!(
            r#"select count(*) as "count!" from (
                   select from event where organization_id = $1 and outcome = 'failed' limit $2) failed"#,
            organization_id.0,
            MAX_FAILED_COUNT,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(count)
    }

    /// The kinds of events that have come in, by name. Goes from one to the next in the index, whatever
    /// the number of events.
    pub async fn event_kinds(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Vec<String>, StoreError> {
        let kinds = sqlx::query_scalar!(
            r#"with recursive known (kind) as (
                   (select kind from event where organization_id = $1 order by kind limit 1)
                   union all
                   select (select e.kind from event e where e.organization_id = $1 and e.kind > known.kind
                       order by e.kind limit 1)
                   from known where known.kind is not null)
               select kind as "kind!" from known where kind is not null limit $2"#,
            organization_id.0,
            MAX_KINDS,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(kinds)
    }
}
